"""Verbatim: where the words of a pasted error message stand in a row, as the code that makes it has them."""

from __future__ import annotations

import heapq
import re

from rcm import _rcm
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
    words = len(_WORD.findall(text))
    if words < _FEWEST:
        return {}
    scored = zip(candidates.scored.lexical, candidates.scored.ids, strict=True)
    best = [chunk_id for _, chunk_id in heapq.nlargest(_CHUNKS, scored)]
    texts = [chunk.text for chunk in reader.chunks(best)]
    found: dict[int, tuple[float, int]] = {}
    for chunk_id, run in zip(best, _rcm.longest_runs(text, texts), strict=True):
        index = reader.file_index(chunk_id)
        if run >= _FEWEST and run / words > found.get(index, (0.0, 0))[0]:
            found[index] = (run / words, chunk_id)
    return found
