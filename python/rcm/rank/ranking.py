"""Ranking: candidate chunks to files in order, one result per file, the best chunk of each shown."""

from __future__ import annotations

import heapq
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

from rcm import _rcm
from rcm.query import Question
from rcm.rank import signals
from rcm.rank.places import mentioned
from rcm.rank.rarity import rare_words
from rcm.rank.verbatim import quoted
from rcm.rank.weights import DEFAULT, IN_SCOPE, Weights
from rcm.search import Candidates
from rcm.store.reader import IndexedFile, IndexReader


@dataclass(frozen=True, slots=True)
class Ranked:
    """A file's place in the answer: the chunk to show, the score, and its parts, which add up to it."""

    chunk_id: int
    score: float
    signals: Mapping[str, float]


#: The parts of a score, in the order in which they are added.
PARTS = (
    "semantic",
    "lexical",
    "stem",
    "definition",
    "references",
    "size",
    "test",
    "prose",
    "bundled",
    "place",
    "rare",
    "verbatim",
)


def rank(
    question: Question,
    candidates: Candidates,
    reader: IndexReader,
    weights: Weights = DEFAULT,
    *,
    top_k: int | None = None,
) -> list[Ranked]:
    """Order files by the sum of their signals, best first; ties by path.

    Args:
        question: What was asked.
        candidates: What was retrieved.
        reader: The index that it was retrieved from.
        weights: The constants.
        top_k: Most results wanted; None gives all.
    """
    matches = _matches(candidates, reader, weights)
    one_word = question.names.alone
    definitions = _definitions(question, candidates, reader)
    referenced = {} if one_word else _referenced(candidates, matches, reader, weights)
    places = mentioned(question.places, candidates, reader)
    pinned = {index: chunk_id for index, (_, chunk_id) in definitions.items()} if one_word else {}
    pinned |= {index: chunk_id for index, (_, chunk_id) in places.items()}
    if matches:
        for index, (_, chunk_id) in (definitions | places).items():
            matches.setdefault(index, (index, chunk_id, 0.0, 0.0))
    best = max((match[2] + match[3] for match in matches.values()), default=0.0) or 1.0
    rare = rare_words(question.text, candidates, reader)
    quotes = quoted(question.text, candidates, reader)
    pinned = {index: chunk_id for index, (_, chunk_id) in quotes.items()} | pinned
    score = _Scorer(question, best, definitions, referenced, places, rare, quotes, weights)
    rows = _best_rows(matches, score, reader, len(matches) if top_k is None else top_k)
    return [
        Ranked(
            pinned.get(index, matches[index][1]),
            -negated,
            {name: part for name, part in zip(PARTS, parts, strict=True) if part},
        )
        for negated, _, index, parts in rows
    ]


#: A file's position, its best chunk, and the two halves of its aggregated score.
_Match: TypeAlias = tuple[int, int, float, float]
#: A file's negated score, path, position and parts: in this order rows are sorted.
_Row: TypeAlias = tuple[float, str, int, tuple[float, ...]]


def _best_rows(
    matches: dict[int, _Match], score: _Scorer, reader: IndexReader, top_k: int
) -> list[_Row]:
    """Score files, best aggregated ones first, until no other can be among the best `top_k`."""
    rows: list[_Row] = []
    best: list[float] = []
    for match in sorted(matches.values(), key=score.bound, reverse=True):
        if len(best) == top_k and score.bound(match) < best[0]:
            break
        index = match[0]
        file = reader.files[index]
        parts = score(file, match)
        total = sum(parts)
        rows.append((-total, file.path, index, parts))
        (heapq.heappush if len(best) < top_k else heapq.heappushpop)(best, total)
    rows.sort()
    return rows[:top_k]


class _Scorer:
    """Computes the parts of a file's score for one query."""

    def __init__(
        self,
        question: Question,
        best: float,
        definitions: dict[int, tuple[float, int]],
        referenced: dict[int, float],
        places: dict[int, tuple[float, int]],
        rare: dict[int, float],
        quotes: dict[int, tuple[float, int]],
        weights: Weights,
    ) -> None:
        self._terms = frozenset(_rcm.query_terms(question.text))
        self._best, self._definitions, self._weights = best, definitions, weights
        self._referenced = referenced
        self._place = {index: weights.place * share for index, (share, _) in places.items()}
        self._rare = {index: weights.rare * share for index, share in rare.items()}
        self._verbatim = {index: weights.verbatim * share for index, (share, _) in quotes.items()}
        self._definition = weights.definition * (weights.one_word if question.names.alone else 1.0)
        self._words = signals.words(question.text)
        asked = weights.asked if signals.asks_for_tests(self._words) else 1.0
        self._test = -weights.test * asked
        self._bundled = 0.0 if signals.asks_for_bundled(self._words) else -weights.bundled
        self._prose: dict[str, float] = {}
        declarations = signals.asks_for_declarations(self._words)
        self._declarations = 0.0 if declarations else -weights.prose
        # What the text and path of a file can add to its matches at most, and a rounding.
        size = weights.size * signals.size_prior(weights.size_cap, weights.size_cap)
        self._most = weights.stem + size + 1e-9

    def bound(self, match: _Match) -> float:
        """Return what the score of a file cannot be above."""
        index, _, semantic, lexical = match
        return (
            (semantic + lexical) / self._best
            + self._most
            + (self._definition * self._definitions[index][0] if index in self._definitions else 0.0)
            + self._weights.references * self._referenced.get(index, 0.0)
            + self._place.get(index, 0.0)
            + self._rare.get(index, 0.0)
            + self._verbatim.get(index, 0.0)
        )

    def __call__(self, file: IndexedFile, match: _Match) -> tuple[float, ...]:
        """Return the parts in the order of `PARTS`."""
        weights = self._weights
        index, _, semantic, lexical = match
        path = file.path
        defined = self._definitions[index][0] if index in self._definitions else 0.0
        return (
            semantic / self._best,
            lexical / self._best,
            weights.stem * signals.stem_coverage(path, self._terms),
            self._definition * defined,
            weights.references * self._referenced.get(index, 0.0),
            weights.size * signals.size_prior(file.n_chunks, weights.size_cap),
            self._test if signals.is_test(path) else 0.0,
            self._of_prose(file),
            self._bundled if signals.is_bundled(path) else 0.0,
            self._place.get(index, 0.0),
            self._rare.get(index, 0.0),
            self._verbatim.get(index, 0.0),
        )

    def _of_prose(self, file: IndexedFile) -> float:
        if signals.is_declarations(file.path):
            return self._declarations
        language = file.language
        if language not in self._prose:
            asked = signals.is_code(language) or signals.asks_for_prose(self._words, language)
            self._prose[language] = 0.0 if asked else -self._weights.prose
        return self._prose[language]


def by_chunk_score(candidates: Candidates, weights: Weights = DEFAULT) -> list[Ranked]:
    """Order chunks by their fused score alone, best first; ties by id. No other signal, no grouping."""
    scored = candidates.scored
    rows = zip(scored.ids, scored.semantic, scored.lexical, strict=True)
    ranked = [
        Ranked(
            chunk_id,
            weights.semantic * semantic + weights.lexical * lexical,
            {"semantic": weights.semantic * semantic, "lexical": weights.lexical * lexical},
        )
        for chunk_id, semantic, lexical in rows
    ]
    return sorted(ranked, key=lambda row: (-row.score, row.chunk_id))


def _matches(candidates: Candidates, reader: IndexReader, weights: Weights) -> dict[int, _Match]:
    """Aggregate chunks by file: the best plus a decaying share of the best few (itself included)."""
    sums = reader.by_file.sum(
        candidates.scored,
        weights=(weights.semantic, weights.lexical),
        pool=weights.pool,
        shares=[weights.aggregation * weights.decay**nth for nth in range(weights.aggregated)],
    )
    return {match[0]: match for match in sums}


def _referenced(
    candidates: Candidates, matches: dict[int, _Match], reader: IndexReader, weights: Weights
) -> dict[int, float]:
    """Return how much the best chunks refer to each other file that matches, the most being 1."""
    shares = reader.segments.referenced(
        reader.by_file,
        candidates.scored,
        weights=(weights.semantic, weights.lexical),
        pool=weights.referring,
        most=weights.definers,
    )
    found = [(index, share) for index, share in shares if index in matches]
    most = max((share for _, share in found), default=0.0)
    return {index: share / most for index, share in found} if most > 0 else {}


def _definitions(
    question: Question, candidates: Candidates, reader: IndexReader
) -> dict[int, tuple[float, int]]:
    """Return, by file, (share of the question's names it defines, chunk of the best definition)."""
    names = question.names
    found: dict[int, tuple[float, int]] = {}
    for name in names.wanted:
        best = _best_definitions(name, candidates, reader)
        for index, (weight, chunk_id) in best.items():
            total, shown = found.get(index, (0.0, chunk_id))
            found[index] = (total + weight / len(names.wanted), shown)
    if names.scopes and found:
        # `Pool.get` is the `get` of the file that defines `Pool`, too.
        for index in _best_definitions(names.scopes[-1], candidates, reader).keys() & found.keys():
            found[index] = (found[index][0] + IN_SCOPE, found[index][1])
    return found


def _best_definitions(
    name: str, candidates: Candidates, reader: IndexReader
) -> dict[int, tuple[float, int]]:
    """Return, by file, weight and chunk of its best definition of a name.

    Other spellings of the name count where none is as written: `get_user_name` finds `getUserName`.
    """
    defined = [
        one for one in reader.segments.definitions(_rcm.name_key(name)) if candidates.allows(one[0])
    ]
    as_written = any(exact for *_, exact in defined)
    best: dict[int, tuple[float, int]] = {}
    for chunk_id, kind, indent, forward, exact in defined:
        weight = signals.definition_weight(kind, indent, forward)
        index = reader.file_index(chunk_id)
        if exact >= as_written and (index not in best or weight > best[index][0]):
            best[index] = (weight, chunk_id)
    return best
