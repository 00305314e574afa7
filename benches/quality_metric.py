"""How good a ranking is: NDCG@10 and its company, over annotated queries.

An annotation names a query and its targets: files that answer it, some with a run of lines. Targets
marked relevant and secondary weigh the same (binary gain). A target's rank is that of the first
result that covers it: same path, and for a target with lines, at least one line in common.

Two ways of counting, since engines that return chunks and engines that return files differ:

* native: the first ten results as returned;
* file: the first fifty results reduced to ten distinct files, lines ignored.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np

DEPTH = 10
FILE_POOL = 50


class Hit(Protocol):
    """What the metric reads of a search result."""

    @property
    def path(self) -> str:
        """From the repository's root."""

    @property
    def start_line(self) -> int:
        """First line, 1-based."""

    @property
    def end_line(self) -> int:
        """Last line, inclusive."""


@dataclass(frozen=True, slots=True)
class Target:
    """A place that answers a query.

    Attributes:
        path: From the repository's root, with forward slashes.
        lines: First and last line, 1-based and inclusive, or None for the whole file.
    """

    path: str
    lines: tuple[int, int] | None = None

    def covered_by(self, hit: Hit, *, whole_file: bool = False) -> bool:
        """Whether `hit` shows this target."""
        if hit.path != self.path:
            return False
        if self.lines is None or whole_file:
            return True
        first, last = self.lines
        return hit.start_line <= last and first <= hit.end_line

    def __str__(self) -> str:
        return self.path if self.lines is None else f"{self.path}:{self.lines[0]}-{self.lines[1]}"


@dataclass(frozen=True, slots=True)
class Query:
    """A question and what answers it."""

    text: str
    category: str
    targets: tuple[Target, ...]


@dataclass(frozen=True, slots=True)
class Score:
    """How well one query was answered, each figure from 0 to 1.

    Attributes:
        native: NDCG@10 of the results as returned.
        file: NDCG@10 of the distinct files.
        recall: Share of the targets among the first ten results.
        reciprocal_rank: One over the rank of the first target found, 0 when none is.
    """

    native: float
    file: float
    recall: float
    reciprocal_rank: float


def load_annotations(path: Path) -> list[Query]:
    """Read the queries of one repository."""
    return [
        Query(
            text=entry["query"],
            category=entry["category"],
            targets=tuple(
                _target(target)
                for target in [*entry.get("relevant", ()), *(entry.get("secondary") or ())]
            ),
        )
        for entry in json.loads(path.read_text(encoding="utf-8"))
    ]


def score(query: Query, first: Sequence[Hit], deep: Iterable[Hit]) -> Score:
    """Score one answered query.

    Args:
        query: With at least one target.
        first: The engine's answer when asked for ten results.
        deep: Its answer when asked for fifty.
    """
    count = len(query.targets)
    ranks = target_ranks(query.targets, first[:DEPTH])
    file_ranks = target_ranks(query.targets, distinct_files(deep), whole_file=True)
    return Score(
        native=ndcg(ranks, count),
        file=ndcg(file_ranks, count),
        recall=len(ranks) / count,
        reciprocal_rank=1 / min(ranks) if ranks else 0.0,
    )


def target_ranks(
    targets: Iterable[Target], hits: Sequence[Hit], *, whole_file: bool = False
) -> list[int]:
    """The 1-based rank of the first hit that covers each target; targets not found have none."""
    ranks = []
    for target in targets:
        covering = (
            rank
            for rank, hit in enumerate(hits, start=1)
            if target.covered_by(hit, whole_file=whole_file)
        )
        rank = next(covering, None)
        if rank is not None:
            ranks.append(rank)
    return ranks


def ndcg(ranks: Iterable[int], targets: int) -> float:
    """Discounted gain of `ranks` over that of `targets` targets on the first ranks."""
    gain = sum(_discount(rank) for rank in ranks if rank <= DEPTH)
    return gain / sum(_discount(rank) for rank in range(1, min(DEPTH, targets) + 1))


def distinct_files(hits: Iterable[Hit]) -> list[Hit]:
    """The first hit of each file, of the first ten files among the first fifty hits."""
    first_of_file: dict[str, Hit] = {}
    for _, hit in zip(range(FILE_POOL), hits, strict=False):
        first_of_file.setdefault(hit.path, hit)
    return list(first_of_file.values())[:DEPTH]


def paired_interval(
    differences: Sequence[float], *, resamples: int = 10_000, seed: int = 20251122
) -> tuple[float, float]:
    """The 95 % bootstrap interval of the mean of paired differences.

    The pairs are repositories, not queries: queries of one repository share its difficulty.
    """
    values = np.asarray(differences, dtype=np.float64)
    draws = np.random.default_rng(seed).integers(0, len(values), size=(resamples, len(values)))
    low, high = np.percentile(values[draws].mean(axis=1), [2.5, 97.5])
    return float(low), float(high)


def _discount(rank: int) -> float:
    return 1 / math.log2(rank + 1)


def _target(entry: str | dict[str, Any]) -> Target:
    if isinstance(entry, str):
        return Target(entry)
    if "start_line" in entry:
        return Target(entry["path"], (entry["start_line"], entry["end_line"]))
    return Target(entry["path"])
