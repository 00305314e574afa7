"""Lines around those shown of a result, read from the file as it is now."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Sequence

from rcm.present.snippet import Line

#: Reads lines of a file: first and last line to the text of those there are.
Read = Callable[[int, int], str]


def with_context(chosen: Sequence[Line], read: Read, *, before: int, after: int) -> list[Line]:
    """Return the chosen lines and those around them, gaps marked.

    Where the file cannot be read or says something else by now, the chosen lines are all there is.

    Args:
        chosen: Lines of an answer, in order.
        read: Reads lines of its file; raises `ValueError` or `OSError` where it cannot.
        before: Lines before each.
        after: Lines after each.
    """
    shown = {line.number: line.text for line in chosen if line.number is not None}
    first, last = max(1, min(shown) - before), max(shown) + after
    try:
        lines = dict(enumerate(read(first, last).split("\n"), first))
    except (ValueError, OSError):
        return list(chosen)
    if any(lines.get(number) != text for number, text in shown.items()):
        return list(chosen)
    numbers = sorted(shown)
    out: list[Line] = []
    for number in lines:
        at = bisect_left(numbers, number - after)
        if at == len(numbers) or numbers[at] > number + before:
            continue
        if out and out[-1].number != number - 1:
            out.append(Line(None, ""))
        out.append(Line(number, lines[number]))
    return out
