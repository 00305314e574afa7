"""Scoring: what one query gives for each thing that can be said of a file; `_rcm` adds it up."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import TypeAlias

from rcm import _rcm
from rcm.content import is_code
from rcm.embed.static import packaged_table
from rcm.query import Question
from rcm.query.names import looks_like_code
from rcm.rank import signals
from rcm.rank.weights import Weights
from rcm.search import Candidates, term_weights
from rcm.store.reader import IndexedFile, IndexReader

#: By file: how much something speaks for it, and the chunk that says so.
Pointers: TypeAlias = Mapping[int, tuple[float, int]]

#: The parts of a score, in the order in which they are added.
PARTS = (
    "semantic",
    "lexical",
    "stem",
    "folder",
    "definition",
    "references",
    "test",
    "prose",
    "bundled",
    "place",
    "rare",
    "verbatim",
)
#: Languages that are no code, numbered from 1; a file of another one that is none counts as text.
_NOT_CODE = tuple(language for language in (*_rcm.languages(), "text") if not is_code(language))
_NUMBERS = {language: number for number, language in enumerate(_NOT_CODE, start=1)}


def score_files(
    question: Question,
    candidates: Candidates,
    reader: IndexReader,
    weights: Weights,
    top_k: int,
    *,
    definitions: Pointers,
    places: Pointers,
    rare: Mapping[int, float],
    quotes: Pointers,
) -> list[tuple[int, int, float, tuple[float, ...]]]:
    """Score files: (position, best chunk, score, its parts in the order of `PARTS`), the best first.

    Equal scores are in the order of paths.
    A chunk's score counts whole for the best of a file, and by a decaying share for the best few of it
    (itself included). Files that are defined or named in the query count even if no chunk was found.

    Args:
        question: The query.
        candidates: What was retrieved.
        reader: The index that it was retrieved from.
        weights: The constants, with the question's shares of words and meaning; none is negative.
        top_k: Most files wanted.
        definitions: Shares of the query's names that files define.
        places: How much the query means files by their paths.
        rare: Shares of the query's terms that are rare and that files have.
        quotes: Shares of an error message that files have.
    """
    alone = question.names.alone
    defines = weights.definition * (weights.one_word if alone else 1.0)
    at_least = weights.identifier if alone and _is_unmistakable(question.names.wanted[0]) else 0.0
    words = signals.words(question.about)
    nothing = (0.0, 0)
    shares = _shares(weights.aggregation, weights.decay, weights.aggregated)
    rows = reader.segments.rank(
        reader.by_file,
        candidates.scored,
        lambda index: _traits(reader.files[index]),
        top_k,
        shares=(weights.semantic, weights.lexical, weights.pool, shares),
        references=None if alone else (weights.references, weights.referring, weights.definers),
        terms=question.terms,
        folder_terms=_folder_terms(question, reader, weights),
        points=(
            weights.stem,
            weights.folder,
            -weights.test * (weights.asked if signals.asks_for_tests(words) else 1.0),
            0.0 if signals.asks_for_declarations(words) else -weights.prose,
            0.0 if signals.asks_for_bundled(words) else -weights.bundled,
        ),
        prose=[0.0, *(_of_prose(words, language, weights) for language in _NOT_CODE)],
        singled=[
            (
                index,
                (
                    defines * definitions[index][0] + at_least if index in definitions else 0.0,
                    weights.place * places.get(index, nothing)[0],
                    weights.rare * rare.get(index, 0.0),
                    weights.verbatim * quotes.get(index, nothing)[0],
                ),
            )
            for index in {*definitions, *places, *rare, *quotes}
        ],
        added=[(index, chunk_id) for index, (_, chunk_id) in {**definitions, **places}.items()],
    )
    rows.sort(key=lambda row: (-row[2], reader.files[row[0]].path))
    return rows[:top_k]


def _traits(
    file: IndexedFile,
) -> tuple[list[str], list[list[str]], int, bool, bool, bool]:
    """Return what is said of a file whatever is asked: `_rcm` remembers it."""
    stem, test, bundled, declarations = signals.traits(file.path)
    language = 0 if is_code(file.language) else _NUMBERS.get(file.language, _NUMBERS["text"])
    folders = signals.folder_terms(file.path.rpartition("/")[0])
    return list(stem), folders, language, test, bundled, declarations


def _folder_terms(question: Question, reader: IndexReader, weights: Weights) -> dict[str, float]:
    """Return what the terms of a question, or of its headline, tell of a folder that has them in its name."""
    known = term_weights(reader, question.headline_terms)
    return {term: min(weight / weights.folder_rarity, 1.0) for term, weight in known.items()}


def _is_unmistakable(name: str) -> bool:
    """Tell an identifier from a word that a sentence may have: of several parts, or not a frequent one."""
    is_code = "_" in name or looks_like_code(name)
    return is_code or len(packaged_table().encode(name.lower())) > 1


def _of_prose(words: frozenset[str], language: str, weights: Weights) -> float:
    return 0.0 if signals.asks_for_prose(words, language) else -weights.prose


@lru_cache(maxsize=64)
def _shares(aggregation: float, decay: float, aggregated: int) -> list[float]:
    """Return what the best chunk of a file, its second and so on add to its best."""
    return [aggregation * decay**nth for nth in range(aggregated)]
