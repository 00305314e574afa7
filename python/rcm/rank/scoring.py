"""Scoring: the parts of a file's score for one query, and what the score cannot be above."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import TypeAlias

from rcm import _rcm
from rcm.content import is_code
from rcm.query import Question
from rcm.rank import signals
from rcm.rank.weights import Weights
from rcm.store.reader import IndexedFile

#: A file's position, its best chunk, and the two halves of its aggregated score.
Match: TypeAlias = tuple[int, int, float, float]
#: By file: how much something speaks for it, and the chunk that says so.
Pointers: TypeAlias = Mapping[int, tuple[float, int]]

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
#: Definition, references, place, rare and verbatim of the many files that have none of them.
_NOTHING = (0.0, 0.0, 0.0, 0.0, 0.0)


class Scorer:
    """Computes the parts of a file's score for one query.

    Args:
        question: The query.
        best: What the best aggregated score is; it counts 1.
        definitions: Shares of the query's names that files define.
        referenced: How much the best chunks refer to files.
        places: How much the query means files by their paths.
        rare: Shares of the query's terms that are rare and that files have.
        quotes: Shares of an error message that files have.
        weights: The constants; none is negative.
    """

    def __init__(
        self,
        question: Question,
        best: float,
        definitions: Pointers,
        referenced: Mapping[int, float],
        places: Pointers,
        rare: Mapping[int, float],
        quotes: Pointers,
        weights: Weights,
    ) -> None:
        self._terms = frozenset(_rcm.query_terms(question.text))
        self._best, self._weights = best, weights
        points = weights.definition * (weights.one_word if question.names.alone else 1.0)
        singled = {*definitions, *referenced, *places, *rare, *quotes}
        self._singled = {
            index: (
                points * definitions.get(index, (0.0, 0))[0],
                weights.references * referenced.get(index, 0.0),
                weights.place * places.get(index, (0.0, 0))[0],
                weights.rare * rare.get(index, 0.0),
                weights.verbatim * quotes.get(index, (0.0, 0))[0],
            )
            for index in singled
        }
        self._words = words = signals.words(question.text)
        self._test = -weights.test * (weights.asked if signals.asks_for_tests(words) else 1.0)
        self._bundled = 0.0 if signals.asks_for_bundled(words) else -weights.bundled
        self._declarations = 0.0 if signals.asks_for_declarations(words) else -weights.prose
        self._prose: dict[str, float] = {}
        self._sizes = _sizes(weights.size, weights.size_cap)

    def bounds(self, matches: Iterable[Match]) -> list[float]:
        """Return, for each match, what the score of its file cannot be above."""
        best, singled = self._best, self._singled
        # What a file's name and size can add at most, and a rounding.
        most = self._weights.stem + self._sizes[-1] + 1e-9
        more = {index: most + sum(parts) for index, parts in singled.items()}
        return [
            (semantic + lexical) / best + more.get(index, most)
            for index, _, semantic, lexical in matches
        ]

    def __call__(self, file: IndexedFile, match: Match) -> tuple[float, ...]:
        """Return the parts in the order of `PARTS`."""
        index, _, semantic, lexical = match
        stem, test, bundled, declarations = signals.traits(file.path)
        covered = 0.0 if stem.isdisjoint(self._terms) else len(stem & self._terms) / len(stem)
        definition, references, place, rare, verbatim = self._singled.get(index, _NOTHING)
        sizes = self._sizes
        return (
            semantic / self._best,
            lexical / self._best,
            self._weights.stem * covered,
            definition,
            references,
            sizes[file.n_chunks] if file.n_chunks < len(sizes) else sizes[-1],
            self._test if test else 0.0,
            self._declarations if declarations else self._of_prose(file.language),
            self._bundled if bundled else 0.0,
            place,
            rare,
            verbatim,
        )

    def _of_prose(self, language: str) -> float:
        known = self._prose.get(language)
        if known is None:
            asked = is_code(language) or signals.asks_for_prose(self._words, language)
            known = self._prose[language] = 0.0 if asked else -self._weights.prose
        return known


@lru_cache(maxsize=64)
def _sizes(weight: float, cap: int) -> tuple[float, ...]:
    """Return the size's part by number of chunks, up to the cap."""
    return tuple(weight * signals.size_prior(n_chunks, cap) for n_chunks in range(cap + 1))
