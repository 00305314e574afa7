"""Search: a query to candidate chunks, by meaning and by words, filters applied before scoring.

Lexical scores are BM25 in Lucene's form over the one bag of terms of a chunk, computed from the bags of
live chunks only; semantic scores are cosines. Both are brought to 0..1 per query. Pools have a
fixed size, so the first ten results do not depend on how many are asked for.
"""

from __future__ import annotations

import bisect
import math
from collections.abc import Sequence
from typing import NamedTuple

from rcm import _rcm
from rcm.embed import Embedder
from rcm.filters import Filters
from rcm.query import Question
from rcm.store.reader import IndexedFile, IndexReader
from rcm.types import SearchMode

#: Chunks taken from each side, and all that tie with the last: which of several equal chunks came
#: first in the index must not decide. Aggregation needs the best 400 of the fused order.
POOL = 400
#: What the lexical index is asked for: its own order is not ours, and its statistics still count
#: deleted chunks, so the exact scores choose among more than the pool.
_LEXICAL_REACH = 1_000
#: So many chunks are scored one by one sooner than they are looked for.
_SCORED_ALL = 20_000
#: What the vector scan is asked for, so that ties with the last of the pool are seen.
_SEMANTIC_REACH = POOL + 100
#: BM25 saturation and length normalisation; b .5 was +.002, k1 1.0 was -.002 on the benchmark.
K1, B = 1.5, 0.75
#: What a pair of terms that stand side by side counts, of a term as rare.
PAIR_SHARE = 0.4
#: How often the terms of a question's headline count: 1.5 to 3 are alike.
_HEADLINE_TERMS = 2.0


class Candidates(NamedTuple):
    """Retrieved chunks with both scores, each in 0..1 (the best of the query is 1).

    Attributes:
        scored: Chunk ids, no order, and both scores of each.
        allowed: Id ranges that the filters leave, sorted and disjoint, or None for all.
    """

    scored: _rcm.Scored
    allowed: list[tuple[int, int]] | None = None

    def above_floor(self, n: int, semantic: float, lexical: float) -> Candidates:
        """Return the same with scores measured from a floor: what most chunks have counts for nothing.

        Args:
            n: The floor is the score after the best `n` chunks by it; of few chunks it is lower.
            semantic: Share of it for the semantic score.
            lexical: Share of it for the lexical score.
        """
        return self._replace(scored=self.scored.above_floor(n, semantic, lexical))

    def allows(self, chunk_id: int) -> bool:
        """Tell whether the filters leave a chunk."""
        if self.allowed is None:
            return True
        at = bisect.bisect_right(self.allowed, (chunk_id, math.inf)) - 1
        return at >= 0 and chunk_id < self.allowed[at][1]

    def allows_any(self, start: int, stop: int) -> bool:
        """Tell whether the filters leave any chunk from `start` up to `stop`."""
        if self.allowed is None:
            return True
        at = bisect.bisect_left(self.allowed, (stop,)) - 1
        return at >= 0 and self.allowed[at][1] > start

    def best_of(
        self, files: Sequence[IndexedFile], semantic: float, lexical: float, most: int
    ) -> list[list[tuple[int, float]]]:
        """Return for each file (id, score) of its best chunks, `most` at most, best first; ties by id.

        Args:
            files: The files.
            semantic: Weight of the semantic score.
            lexical: Weight of the lexical score.
            most: Chunks wanted of each.
        """
        spans = [(file.first_id, file.first_id + file.n_chunks) for file in files]
        return self.scored.best_within(spans, semantic, lexical, most)


_NONE = Candidates(_rcm.Scored([], [], []))


LONGEST_QUERY = 64 << 10
"""Characters of a query that are looked at. A word of a million letters took 25 s of CPU, these a tenth."""

_TO_BLANKS = str.maketrans(dict.fromkeys({*range(32)} - {10}, " "))


def plain_text(query: str) -> str:
    """Make any string one that can be searched.

    No lone surrogates, no control characters but line breaks, and not longer than `LONGEST_QUERY`.
    """
    return query[:LONGEST_QUERY].translate(_TO_BLANKS).encode("utf-8", "replace").decode()


def retrieve(
    question: Question,
    reader: IndexReader,
    embedder: Embedder | None,
    mode: SearchMode,
    filters: Filters,
) -> Candidates:
    """Find the candidates of a query.

    Args:
        question: What was asked.
        reader: The index.
        embedder: The embedder that the index was made with; None if words are all that counts.
        mode: `"bm25"` and `"semantic"` leave the other side's candidates and scores out.
        filters: What to look at.
    """
    allowed = filters.allowed(reader)
    if allowed is not None and not allowed:
        return _NONE
    terms = question.terms if mode != "semantic" else []
    vector = question_vector(question, embedder) if embedder is not None else []
    vector = vector if any(vector) else []
    # Of a large index the scan goes on while words are looked up.
    scan = None
    if reader.vectors_are_local:
        scan = reader.segments.scan(vector, _SEMANTIC_REACH, allowed)
    weighted = weighted_terms(reader, question) if terms else []
    pairs = _rcm.query_pairs(question.about) if weighted else []
    reached = _lexical_reach(reader, terms, filters, allowed) if weighted else []
    if scan is not None:
        told = (pairs, PAIR_SHARE)
        scored = reader.segments.retrieve(
            weighted, reached, scan, pairs=told, pool=POOL, form=(K1, B)
        )
    else:
        scored = _scored_beside(reader, weighted, pairs, reached, vector, allowed)
    return Candidates(scored, allowed)


def question_vector(question: Question, embedder: Embedder) -> list[float]:
    """Return the vector of a question: half of it the headline's, if it has one.

    Length 1, or all zeros. Half or .7 are alike, .3 is less.
    """
    whole = embedder.embed_query(question.text)
    if not question.headline:
        return whole
    both = [a + b for a, b in zip(whole, embedder.embed_query(question.headline), strict=True)]
    length = math.hypot(*both)
    return [value / length for value in both] if length else whole


def _scored_beside(
    reader: IndexReader,
    weighted: list[tuple[int, float]],
    pairs: list[int],
    reached: list[int],
    vector: list[float],
    allowed: list[tuple[int, int]] | None,
) -> _rcm.Scored:
    """Return the best by words and by meaning with both scores, the vectors being in another store."""
    near: list[int] = []
    low = high = 0.0
    if vector:
        nearest, scores, low, high = reader.vectors.nearest(vector, _SEMANTIC_REACH, allowed)
        near = reader.alive(_best(nearest, scores))
    told = (pairs, PAIR_SHARE)
    scored = reader.segments.by_words(weighted, reached, near, pairs=told, pool=POOL, form=(K1, B))
    if high > low:
        scored = scored.with_cosines(reader.vectors.similarity(vector, scored.ids), low, high)
    return scored


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


def _lexical_reach(
    reader: IndexReader,
    terms: list[str],
    filters: Filters,
    allowed: list[tuple[int, int]] | None,
) -> list[int]:
    if filters.kinds is not None and allowed is not None:
        return _reach_of_kinds(reader, terms, filters, allowed)
    return reader.lexical.candidates(
        terms, _LEXICAL_REACH, languages=filters.languages, files=filters.passing(reader).files
    )


def _reach_of_kinds(
    reader: IndexReader, terms: list[str], filters: Filters, allowed: list[tuple[int, int]]
) -> list[int]:
    """Return chunks that match, of kinds that the lexical index does not know.

    Few are scored all; of many, the best are asked for until enough of them are left.
    """
    n_allowed = sum(stop - start for start, stop in allowed)
    if n_allowed <= _SCORED_ALL:
        return [chunk_id for start, stop in allowed for chunk_id in range(start, stop)]
    files, left = filters.passing(reader).files, Candidates(_NONE.scored, allowed)
    limit = 2 * _LEXICAL_REACH * reader.segments.live_rows // n_allowed
    while True:
        found = reader.lexical.candidates(terms, limit, languages=filters.languages, files=files)
        kept = [chunk_id for chunk_id in found if left.allows(chunk_id)]
        if len(kept) >= _LEXICAL_REACH or len(found) < limit:
            return kept[:_LEXICAL_REACH]
        limit *= 4


def weighted_terms(reader: IndexReader, question: Question) -> list[tuple[int, float]]:
    """Return (key, weight) of a question's terms that occur: how rare each is, and how often it counts."""
    weights = term_weights(reader, question.terms)
    counts = term_counts(question)
    return [(_rcm.term_key(term), weight * counts[term]) for term, weight in weights.items()]


def term_counts(question: Question) -> dict[str, float]:
    """Return how often each term of a question counts: those of its headline more than once."""
    counts = dict.fromkeys(question.terms, 1.0)
    if question.headline:
        counts.update(dict.fromkeys(question.headline_terms, _HEADLINE_TERMS))
    return counts


def term_weights(reader: IndexReader, terms: list[str]) -> dict[str, float]:
    """Return the idf of the terms that occur among live chunks, in the order given."""
    total = reader.segments.live_rows
    frequencies = ((term, reader.lexical.document_frequency(term)) for term in terms)
    return {term: idf(count, total) for term, count in frequencies if count}


def idf(count: int, total: int) -> float:
    """Return the weight of a term that `count` of `total` chunks hold, in Lucene's form."""
    return math.log1p((total - count + 0.5) / (count + 0.5))
