"""Search: a query to candidate chunks, by meaning and by words, filters applied before scoring.

Lexical scores are BM25 in Lucene's form over the one bag of terms of a chunk, computed from the bags of
live chunks only; semantic scores are cosines. Both are brought to 0..1 per query. Pools have a
fixed size, so the first ten results do not depend on how many are asked for.
"""

from __future__ import annotations

import bisect
import math
from collections.abc import Sequence
from dataclasses import dataclass

from rcm import _rcm
from rcm.embed import Embedder
from rcm.globs import glob_matcher
from rcm.store.reader import IndexedFile, IndexReader
from rcm.types import SearchMode

#: Chunks taken from each side, and all that tie with the last: which of several equal chunks came
#: first in the index must not decide. Aggregation needs the best 400 of the fused order.
POOL = 400
#: What the lexical index is asked for: its own order is not ours, and its statistics still count
#: deleted chunks, so the exact scores choose among more than the pool.
_LEXICAL_REACH = 1_000
#: What the vector scan is asked for, so that ties with the last of the pool are seen.
_SEMANTIC_REACH = POOL + 100
#: BM25 saturation and length normalisation; b .5 was +.002, k1 1.0 was -.002 on the benchmark.
K1, B = 1.5, 0.75


@dataclass(frozen=True, slots=True)
class Filters:
    """What results are limited to.

    Attributes:
        languages: Language names, or None for all.
        paths: Glob patterns over paths relative to the root, or None for all.
    """

    languages: tuple[str, ...] | None = None
    paths: tuple[str, ...] | None = None

    @classmethod
    def of(cls, languages: Sequence[str] | None, paths: Sequence[str] | None) -> Filters:
        """Check what a user asked for; empty means all.

        Raises:
            ValueError: If a language is unknown.
        """
        known = {*_rcm.languages(), "text"}
        for language in languages or ():
            if language not in known:
                raise ValueError(f"language is {language!r}, not one of {', '.join(sorted(known))}")
        return cls(tuple(languages) if languages else None, tuple(paths) if paths else None)


@dataclass(frozen=True, slots=True)
class Candidates:
    """Retrieved chunks with both scores, each in 0..1 (the best of the query is 1).

    Attributes:
        ids: Chunk ids, no order.
        semantic: One score per id.
        lexical: One score per id.
        allowed: Id ranges that the filters leave, sorted and disjoint, or None for all.
    """

    ids: list[int]
    semantic: list[float]
    lexical: list[float]
    allowed: list[tuple[int, int]] | None = None

    def allows(self, chunk_id: int) -> bool:
        """Tell whether the filters leave a chunk."""
        if self.allowed is None:
            return True
        at = bisect.bisect_right(self.allowed, (chunk_id, math.inf)) - 1
        return at >= 0 and chunk_id < self.allowed[at][1]


_NONE = Candidates([], [], [])


LONGEST_QUERY = 64 << 10
"""Characters of a query that are looked at. A word of a million letters took 25 s of CPU, these a tenth."""

_TO_BLANKS = str.maketrans(dict.fromkeys({*range(32)} - {10}, " "))


def plain_text(query: str) -> str:
    """Make any string one that can be searched.

    No lone surrogates, no control characters but line breaks, and not longer than `LONGEST_QUERY`.
    """
    return query[:LONGEST_QUERY].translate(_TO_BLANKS).encode("utf-8", "replace").decode()


def retrieve(
    query: str, reader: IndexReader, embedder: Embedder | None, mode: SearchMode, filters: Filters
) -> Candidates:
    """Find the candidates of a query.

    Args:
        query: What was asked, as typed.
        reader: The index.
        embedder: The embedder that the index was made with; None if words are all that counts.
        mode: `"bm25"` and `"semantic"` leave the other side's candidates and scores out.
        filters: What to look at.
    """
    allowed = _allowed(reader, filters)
    if allowed is not None and not allowed:
        return _NONE
    terms = _rcm.query_terms(query) if mode != "semantic" else []
    weighted = _weighted(reader, terms)
    reached = _lexical_reach(reader, terms, filters) if weighted else []
    vector = embedder.embed_query(query) if embedder is not None else []
    near: list[int] = []
    low = high = 0.0
    if any(vector):
        nearest, scores, low, high = reader.vectors.nearest(vector, _SEMANTIC_REACH, allowed)
        near = reader.alive(_best(nearest, scores))
    ids, lexical = reader.segments.by_words(weighted, reached, near, pool=POOL, k1=K1, b=B)
    semantic = _cosines(reader, vector, ids, low, high) if high > low else [0.0] * len(ids)
    return Candidates(ids, semantic, lexical, allowed)


def nearest_chunks(reader: IndexReader, chunk_id: int, limit: int) -> list[tuple[int, float]]:
    """Return (id, cosine) of the chunks most like a given one, best first, itself left out."""
    vector = reader.vectors.vector(chunk_id)
    if vector is None or not any(vector):
        return []
    ids, scores, _, _ = reader.vectors.nearest(vector, limit + 1)
    alive = set(reader.alive(ids)) - {chunk_id}
    return [(found, score) for found, score in zip(ids, scores, strict=True) if found in alive]


def _best(ids: list[int], scores: list[float]) -> list[int]:
    """Return the ids of the best `POOL` scores and of all that tie with the last; best first both."""
    end = POOL
    while end < len(ids) and scores[end] == scores[POOL - 1]:
        end += 1
    return ids[:end]


def _lexical_reach(reader: IndexReader, terms: list[str], filters: Filters) -> list[int]:
    files = None
    if filters.paths is not None:
        keep = _Keep(filters)
        files = [str(file.first_id) for file in reader.files if keep(file)]
    return reader.lexical.candidates(
        terms, _LEXICAL_REACH, languages=filters.languages, files=files
    )


def _weighted(reader: IndexReader, terms: list[str]) -> list[tuple[int, float]]:
    """Return (key, idf) of the terms that occur, idf in Lucene's form over live chunks."""
    total = reader.segments.live_rows
    weighted = []
    for term in terms:
        frequency = reader.lexical.document_frequency(term)
        if frequency:
            idf = math.log1p((total - frequency + 0.5) / (frequency + 0.5))
            weighted.append((_rcm.term_key(term), idf))
    return weighted


def _cosines(
    reader: IndexReader, vector: list[float], ids: list[int], low: float, high: float
) -> list[float]:
    scale = 1 / (high - low)
    # A candidate of the other side can lie below the lowest row scanned only by rounding.
    return [
        (score - low) * scale if score > low else 0.0
        for score in reader.vectors.similarity(vector, ids)
    ]


def _allowed(reader: IndexReader, filters: Filters) -> list[tuple[int, int]] | None:
    if filters.languages is None and filters.paths is None:
        return None
    return reader.ranges(_Keep(filters))


class _Keep:
    """Tells whether a file passes the filters."""

    def __init__(self, filters: Filters) -> None:
        self._languages = None if filters.languages is None else frozenset(filters.languages)
        self._match = None if filters.paths is None else glob_matcher(filters.paths)

    def __call__(self, file: IndexedFile) -> bool:
        if self._languages is not None and file.language not in self._languages:
            return False
        return self._match is None or self._match(file.path)
