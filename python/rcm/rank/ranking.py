"""Ranking: candidate chunks to files in order, one result per file, the best chunk of each shown."""

from __future__ import annotations

import heapq
from collections.abc import Mapping
from typing import NamedTuple, TypeAlias

from rcm import _rcm
from rcm.query import Question
from rcm.rank import signals
from rcm.rank.places import mentioned
from rcm.rank.rarity import rare_words
from rcm.rank.scoring import PARTS, Match, Scorer
from rcm.rank.verbatim import quoted
from rcm.rank.weights import DEFAULT, IN_SCOPE, Weights
from rcm.search import Candidates
from rcm.store.reader import IndexReader


class Ranked(NamedTuple):
    """A file's place in the answer: the chunk to show, the score, and its parts, which add up to it."""

    chunk_id: int
    score: float
    signals: Mapping[str, float]


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
    score = Scorer(question, best, definitions, referenced, places, rare, quotes, weights)
    rows = _best_rows(matches, score, reader, len(matches) if top_k is None else top_k)
    return [
        Ranked(
            pinned.get(index, matches[index][1]),
            -negated,
            {name: part for name, part in zip(PARTS, parts, strict=True) if part},
        )
        for negated, _, index, parts in rows
    ]


#: A file's negated score, path, position and parts: in this order rows are sorted.
_Row: TypeAlias = tuple[float, str, int, tuple[float, ...]]


def _best_rows(
    matches: dict[int, Match], score: Scorer, reader: IndexReader, top_k: int
) -> list[_Row]:
    """Score files, best aggregated ones first, until no other can be among the best `top_k`."""
    rows: list[_Row] = []
    best: list[float] = []
    bounded = sorted(
        zip(score.bounds(matches.values()), matches.values(), strict=True), reverse=True
    )
    for bound, match in bounded:
        if len(best) == top_k and bound < best[0]:
            break
        index = match[0]
        file = reader.files[index]
        parts = score(file, match)
        total = sum(parts)
        rows.append((-total, file.path, index, parts))
        (heapq.heappush if len(best) < top_k else heapq.heappushpop)(best, total)
    rows.sort()
    return rows[:top_k]


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


def _matches(candidates: Candidates, reader: IndexReader, weights: Weights) -> dict[int, Match]:
    """Aggregate chunks by file: the best plus a decaying share of the best few (itself included)."""
    sums = reader.by_file.sum(
        candidates.scored,
        weights=(weights.semantic, weights.lexical),
        pool=weights.pool,
        shares=[weights.aggregation * weights.decay**nth for nth in range(weights.aggregated)],
    )
    return {match[0]: match for match in sums}


def _referenced(
    candidates: Candidates, matches: dict[int, Match], reader: IndexReader, weights: Weights
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
