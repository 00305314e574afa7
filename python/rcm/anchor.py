"""Anchor: where the lines of an indexed chunk are in a file that has changed since."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import Counter
from dataclasses import dataclass

from rcm.types import last_part

#: A line of fewer letters and digits (`}`, `else:`, `return`) tells no place from another.
_TELLING = 8
#: Share of a chunk's telling lines that a file must still have, in their order, for it to be the
#: chunk; its definition's line counts as enough.
_ENOUGH = 0.5
#: A place so many times as long as the chunk is no place: the lines were scattered.
_MOST_GROWTH = 3
#: Places tried for the very lines, the nearest first: a file may say the same thing over and over.
_MOST_TRIED = 1_000
_WORDS = re.compile(r"\w")


@dataclass(frozen=True, slots=True)
class Place:
    """A run of lines as a file has them: 1-based, inclusive, and their text."""

    start_line: int
    end_line: int
    text: str


def find_place(current: str, chunk: str, start_line: int, symbol: str) -> Place | None:
    """Find a chunk in the present text of its file.

    First the very lines, the nearest ones if they are there more than once; then lines between
    those of the chunk that the file still has, what has changed among them included.

    Args:
        current: The file's text now, after the filter.
        chunk: The indexed text.
        start_line: 1-based line where it was.
        symbol: Name of the definition it shows, or "".

    Returns:
        The place and what stands there now, or None if nothing says that it is the chunk.
    """
    lines, wanted = _lines(current), _lines(chunk)
    at = _exact(lines, wanted, start_line - 1)
    if at is not None:
        return _place(lines, at, at + len(wanted))
    span = _alike(lines, wanted, start_line - 1, symbol)
    return _place(lines, *span) if span is not None else None


def _lines(text: str) -> list[str]:
    return [line.removesuffix("\r") for line in text.removesuffix("\n").split("\n")]


def _place(lines: list[str], start: int, stop: int) -> Place | None:
    while start < stop and not lines[start].strip():
        start += 1
    while stop > start and not lines[stop - 1].strip():
        stop -= 1
    return Place(start + 1, stop, "\n".join(lines[start:stop])) if start < stop else None


def _exact(lines: list[str], wanted: list[str], near: int) -> int | None:
    """Return where the wanted lines stand in a row, nearest to where they were."""
    if lines[near : near + len(wanted)] == wanted:
        return near
    rare = min(range(len(wanted)), key=lambda nth: -len(wanted[nth]))
    starts = [at - rare for at, line in enumerate(lines[rare:], rare) if line == wanted[rare]]
    starts.sort(key=lambda at: abs(at - near))
    fits = (at for at in starts[:_MOST_TRIED] if lines[at : at + len(wanted)] == wanted)
    return next(fits, None)


def _alike(lines: list[str], wanted: list[str], near: int, symbol: str) -> tuple[int, int] | None:
    """Return the run of lines that has most of the wanted ones in their order."""
    defined = _definition(wanted, symbol)
    telling = _telling(wanted, defined)
    places = _positions(lines, telling)
    shift = [at - nth - near for nth, found in telling.items() for at in places.get(found, ())]
    if not shift:
        return None
    # Most lines moved by as much as their neighbours: the commonest shift, nearest to none, leads.
    counts = Counter(shift)
    moved = min(counts, key=lambda by: (-counts[by], abs(by)))
    pairs = _in_order(
        [
            (nth, min(places[line], key=lambda at: abs(at - nth - near - moved)))
            for nth, line in telling.items()
            if line in places
        ]
    )
    enough = len(pairs) >= max(2, _ENOUGH * len(telling))
    if not (enough or any(nth == defined for nth, _ in pairs)):
        return None
    (first, start), (last, stop) = pairs[0], pairs[-1]
    start, stop = max(0, start - first), min(len(lines), stop + len(wanted) - last)
    return (start, stop) if stop - start <= _MOST_GROWTH * len(wanted) else None


def _telling(wanted: list[str], defined: int | None) -> dict[int, str]:
    """Return the lines that are there once and say something, by their number in the chunk.

    The line of the definition always does, however short.
    """
    stripped = [line.strip() for line in wanted]
    times = Counter(stripped)
    return {
        nth: line
        for nth, line in enumerate(stripped)
        if times[line] == 1 and (nth == defined or len(_WORDS.findall(line)) >= _TELLING)
    }


def _positions(lines: list[str], telling: dict[int, str]) -> dict[str, list[int]]:
    wanted, places = set(telling.values()), dict[str, list[int]]()
    for at, line in enumerate(lines):
        if (bare := line.strip()) in wanted:
            places.setdefault(bare, []).append(at)
    return places


def _in_order(pairs: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Return the longest part of the pairs, sorted by the first number, in which both numbers grow."""
    ends: list[int] = []
    chains: list[list[tuple[int, int]]] = []
    for pair in pairs:
        at = bisect_left(ends, pair[1])
        chain = [*(chains[at - 1] if at else []), pair]
        ends[at : at + 1], chains[at : at + 1] = [pair[1]], [chain]
    return chains[-1] if chains else []


def _definition(wanted: list[str], symbol: str) -> int | None:
    """Return the first line that has the last part of a symbol's name as a word."""
    name = last_part(symbol)
    if not name:
        return None
    word = re.compile(rf"(?<!\w){re.escape(name)}(?!\w)")
    return next((nth for nth, line in enumerate(wanted) if word.search(line)), None)
