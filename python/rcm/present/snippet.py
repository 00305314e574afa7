"""Which lines of a chunk to show: the definition's line and those that meet the query best."""

from __future__ import annotations

import bisect
import re
from collections.abc import Sequence
from functools import cached_property
from itertools import accumulate
from typing import NamedTuple

from rcm import _rcm
from rcm.types import last_part

MAX_LINES = 5
_MAX_WORDS = 64
_MAX_QUERY_CHARS = 10_000
_MAX_LINE_CHARS = 2_000
_STOP = frozenset(
    (
        "a", "an", "and", "are", "as", "at", "be", "by", "can", "do", "does", "for", "from", "has",
        "have", "how", "i", "if", "in", "into", "is", "it", "its", "my", "of", "on", "or", "our",
        "that", "the", "their", "then", "there", "this", "to", "was", "we", "what", "when", "where",
        "which", "who", "why", "will", "with", "you",
    )
)  # fmt: skip
_PIECE = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[^\W\d_A-Z]+|\d+")


class Line(NamedTuple):
    """One line to show.

    Attributes:
        number: 1-based line of the file; None where lines were left out.
        text: The line, without its line break.
    """

    number: int | None
    text: str


class QueryPattern:
    """The words of a query, as they are looked for in code.

    Args:
        stems: Words without their endings, in lower case, longest first; at least one.
    """

    def __init__(self, stems: Sequence[str]) -> None:
        self.stems = list(stems)

    @cached_property
    def regex(self) -> re.Pattern[str]:
        """The same as an expression, compiled when first needed: that takes as long as a search."""
        any_stem = "|".join(
            re.escape(s) + ("" if len(s) > 2 else r"(?![^\W_])") for s in self.stems
        )
        # Most characters begin no stem: asking that first takes a quarter of the time.
        first = "".join(sorted({re.escape(stem[0]) for stem in self.stems}))
        return re.compile(
            rf"(?=(?i:[{first}]))(?:(?<![^\W\d_])|(?<=[a-z])(?=[A-Z]))(?i:{any_stem})"
        )


def query_pattern(query: str) -> QueryPattern | None:
    """What finds the query's words in code, or None if it has none.

    Identifiers are split (`parse_config`, `parseConfig`), endings dropped (`parsing` finds
    `parse`), and words match from the start of a word or of a camelCase part on, in any case.
    """
    pieces = [p.lower() for p in _PIECE.findall(query[:_MAX_QUERY_CHARS])]
    words = [p for p in pieces if p not in _STOP and len(p) > 1] or pieces
    stems = sorted(dict.fromkeys(_stem(w) for w in words[:_MAX_WORDS]), key=len, reverse=True)
    return QueryPattern(stems) if stems else None


class FoundWords(NamedTuple):
    """The words of a query in a text, line by line.

    Attributes:
        lines: The lines, without their breaks.
        spans: Of each line, where words stand in it, as (start, end).
        words: Of each line, the different words, in lower case.
    """

    lines: list[str]
    spans: list[list[tuple[int, int]]]
    words: list[tuple[str, ...]]


def find_words(text: str, pattern: QueryPattern | None) -> FoundWords:
    """Find the pattern's words in each line of a text; no word crosses the end of a line."""
    lines, spans = text.split("\n"), _find_spans(text, pattern)
    words = [
        tuple({line[start:end].lower() for start, end in pairs}) if pairs else ()
        for line, pairs in zip(lines, spans, strict=True)
    ]
    if "\r" in text:
        lines = [line.removesuffix("\r") for line in lines]
    return FoundWords(lines, spans, words)


def _find_spans(text: str, pattern: QueryPattern | None) -> list[list[tuple[int, int]]]:
    """All lines are looked through in one go."""
    if pattern is not None and text.isascii():
        found = _rcm.stems_in(text, pattern.stems, _MAX_LINE_CHARS)
        if found is not None:
            return found
    return _find_by_expression(text, pattern)


def _find_by_expression(text: str, pattern: QueryPattern | None) -> list[list[tuple[int, int]]]:
    lines = text.split("\n")
    words: list[list[tuple[int, int]]] = [[] for _ in lines]
    if pattern is not None:
        ends = list(accumulate(len(line) + 1 for line in lines))
        for match in pattern.regex.finditer(text):
            start, end = match.span()
            at = bisect.bisect_right(ends, start)
            begin = ends[at - 1] if at else 0
            if start - begin < _MAX_LINE_CHARS:
                words[at].append((start - begin, end - begin))
    return words


def choose_lines(
    words: FoundWords, start_line: int, symbol: str, limit: int = MAX_LINES
) -> list[Line]:
    """The lines to show of a chunk that starts at `start_line`: at most `limit`, the gap among them."""
    lines, found = words.lines, words.words
    defined = _definition(lines, symbol)
    is_blank = [not line.strip() for line in lines]
    first, end = _rcm.best_run(found, is_blank, defined, limit)
    chosen = list(range(first, end))
    if defined is not None and defined not in chosen:
        shorter = max(limit - 2, 0)  # The line of the definition and the gap.
        first, end = _rcm.best_run(found, is_blank, None, shorter) if shorter else (0, 0)
        chosen = sorted({defined, *range(first, end)})
    shown: list[Line] = []
    for at, index in enumerate(chosen):
        if at and index != chosen[at - 1] + 1:
            shown.append(Line(None, ""))
        shown.append(Line(start_line + index, lines[index]))
    return shown


def _stem(word: str) -> str:
    for ending in ("ings", "ing", "ed", "es", "s", "e"):
        if word.endswith(ending) and len(word) - len(ending) >= 4:
            return word.removesuffix(ending)
    return word


def _definition(lines: list[str], symbol: str) -> int | None:
    name = last_part(symbol)
    if not name:
        return None
    comment = ("//", "#", "*", "/*", "--", ";", '"', "'")
    hits = [i for i, line in enumerate(lines) if name in line and _stands_in(name, line)]
    code = [i for i in hits if not lines[i].lstrip().startswith(comment)]
    return next(iter(code or hits), None)


def _stands_in(name: str, line: str) -> bool:
    """Whether a name stands in a line as a whole word; cheaper than a pattern for each name."""
    at = line.find(name, 0, _MAX_LINE_CHARS)
    while at >= 0:
        before, after = line[at - 1 : at] if at else "", line[at + len(name) : at + len(name) + 1]
        if not (_is_word(before) or _is_word(after)):
            return True
        at = line.find(name, at + 1, _MAX_LINE_CHARS)
    return False


def _is_word(character: str) -> bool:
    return character.isalnum() or character == "_"
