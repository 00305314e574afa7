"""Ranking: candidate chunks to files in order, one result per file, the best chunk of each shown."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import islice
from typing import NamedTuple

from rcm import _rcm
from rcm.query import Question
from rcm.rank import signals
from rcm.rank.places import mentioned
from rcm.rank.rarity import rare_words
from rcm.rank.scoring import PARTS, score_files
from rcm.rank.shown import LOOK, code_among, to_show
from rcm.rank.verbatim import quoted
from rcm.rank.weights import DEFAULT, IN_SCOPE, Weights
from rcm.search import Candidates
from rcm.store.reader import IndexReader

#: Files of which further places are told. 85 % of those that sentences of documentation find are among them.
#: Told of ten files, they made an agent's answer 194 tokens longer, of three 65.
TELLING = 3


class Ranked(NamedTuple):
    """A file's place in the answer.

    Attributes:
        chunk_id: The chunk to show.
        score: Higher is better.
        signals: The parts of the score, which add up to it.
        also: The next best chunks of the file, best first, if they were asked for.
    """

    chunk_id: int
    score: float
    signals: Mapping[str, float]
    also: tuple[int, ...] = ()


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
    weights, candidates = _weighed(weights, question, candidates)
    one_word = question.names.alone
    definitions = _definitions(question, candidates, reader)
    places = mentioned(question.places, candidates, reader)
    quotes = quoted(question.text, candidates, reader)
    pinned = {index: chunk_id for index, (_, chunk_id) in quotes.items()}
    if one_word:
        pinned |= {index: chunk_id for index, (_, chunk_id) in definitions.items()}
    pinned |= {index: chunk_id for index, (_, chunk_id) in places.items()}
    rows = score_files(
        question,
        candidates,
        reader,
        weights,
        len(reader.files) if top_k is None else min(top_k, len(reader.files)),
        definitions=definitions,
        places=places,
        rare=rare_words(question.terms, candidates, reader),
        quotes=quotes,
    )
    best = {index: chunk_id for index, chunk_id, *_ in rows if index not in pinned}
    pinned |= to_show(best, question, candidates, reader, weights)
    return [
        Ranked(
            pinned.get(index, chunk_id),
            score,
            {name: part for name, part in zip(PARTS, parts, strict=True) if part},
        )
        for index, chunk_id, score, parts in rows
    ]


def _weighed(
    weights: Weights, question: Question, candidates: Candidates
) -> tuple[Weights, Candidates]:
    """Return the question's shares of words and meaning, and the candidates with scores above their floor."""
    shared = weights.shared(question.n_words, candidates.scored.after_best(weights.peak))
    floors = weights.floor, weights.semantic_floor, weights.lexical_floor
    return shared, candidates.above_floor(*floors)


def with_more(
    ranked: list[Ranked],
    question: Question,
    candidates: Candidates,
    reader: IndexReader,
    also: int,
    weights: Weights = DEFAULT,
) -> list[Ranked]:
    """Add to the first `TELLING` files their best other chunks by words and meaning.

    Tests beside the code come last, unless the question asks for tests.

    Args:
        ranked: Files in order, each once.
        question: What was asked.
        candidates: What was retrieved.
        reader: The index that it was retrieved from.
        also: Most further chunks wanted of each file.
        weights: The constants.
    """
    weights, candidates = _weighed(weights, question, candidates)
    files = [reader.file_of(one.chunk_id) for one in ranked[:TELLING]]
    also = min(also, max((file.n_chunks for file in files), default=0))
    best = candidates.best_of(files, weights.semantic, weights.lexical, 1 + also + LOOK)
    wants_tests = signals.asks_for_tests(signals.words(question.about))
    told = []
    for one, rows in zip(ranked, best, strict=False):
        others = [chunk_id for chunk_id, _ in rows if chunk_id != one.chunk_id]
        first = [] if wants_tests else list(islice(code_among(others, reader), also))
        last = [chunk_id for chunk_id in others if chunk_id not in first]
        told.append(one._replace(also=(*first, *last)[:also]))
    return told + ranked[TELLING:]


def by_chunk_score(
    question: Question, candidates: Candidates, weights: Weights = DEFAULT
) -> list[Ranked]:
    """Order chunks by their fused score alone, best first; ties by id. No other signal, no grouping."""
    weights, candidates = _weighed(weights, question, candidates)
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
