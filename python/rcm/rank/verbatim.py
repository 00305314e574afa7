"""Verbatim: where the words of a pasted error message stand in a row, as the code that makes it has them."""

from __future__ import annotations

import re

from rcm.search import Candidates
from rcm.store.reader import IndexReader

#: What makes a query an error message.
_MESSAGE = re.compile(
    r"\w(?:Error|Exception|Warning|Failure|Panic)\b|"
    r"(?i:\b(?:error|fatal|panicked|exception|warning|failed)\b.*:|"
    r"\b(?:cannot|could not|can't|unable to)\b)"
)
_WORD = re.compile(r"[^\W_]+")
#: Chunks read, the best by words; fewest words in a row that are no accident.
_CHUNKS, _FEWEST = 40, 4


def quoted(text: str, candidates: Candidates, reader: IndexReader) -> dict[int, tuple[float, int]]:
    """Return, by file, (share of the message that a chunk has in one run of words, that chunk)."""
    if _MESSAGE.search(text) is None:
        return {}
    words = _WORD.findall(text.lower())
    if len(words) < _FEWEST:
        return {}
    best = sorted(zip(candidates.lexical, candidates.ids, strict=True), reverse=True)[:_CHUNKS]
    found: dict[int, tuple[float, int]] = {}
    for _, chunk_id in best:
        run = longest_run(words, _WORD.findall(reader.chunk(chunk_id).text.lower()))
        index = reader.file_index(chunk_id)
        if run >= _FEWEST and run / len(words) > found.get(index, (0.0, 0))[0]:
            found[index] = (run / len(words), chunk_id)
    return found


def longest_run(wanted: list[str], words: list[str]) -> int:
    """Return how many words in a row two texts share at most."""
    places: dict[str, list[int]] = {}
    for at, word in enumerate(wanted):
        places.setdefault(word, []).append(at)
    longest = 0
    before: dict[int, int] = {}
    for word in words:
        ending = {at: before.get(at - 1, 0) + 1 for at in places.get(word, ())}
        longest = max(longest, *ending.values()) if ending else longest
        before = ending
    return longest
