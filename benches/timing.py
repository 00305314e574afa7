"""How a benchmark is timed and checked: CPU seconds and load beside wall time, and what must be equal."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from typing import Any, TypeVar

from pytest_benchmark.fixture import BenchmarkFixture

import rcm
from corpus import Corpus
from rcm.bench.machine import Stopwatch

T = TypeVar("T")

# Asked of every index that a benchmark makes: equal answers are part of a valid measurement.
QUESTIONS = (
    "walk a directory tree and honour gitignore",
    "RegexBuilder",
    "idle threads steal work from each other",
    "parse a regular expression into a syntax tree",
    "draw a progress bar on the terminal",
    "memchr",
    "shrink a failing example",
    "matrix multiplication",
    "highlight source code with colours",
    "convert a Python exception to an error",
)


class Timer:
    """Runs work as a benchmark and stores load, CPU seconds and facts beside its wall time."""

    def __init__(self, benchmark: BenchmarkFixture, corpus: Corpus, rounds: int) -> None:
        self._benchmark = benchmark
        self._rounds = rounds
        self.facts: dict[str, Any] = benchmark.extra_info
        self.facts["corpus"] = corpus.facts()

    def run(
        self,
        work: Callable[..., T],
        *,
        setup: Callable[[], tuple[tuple[Any, ...], dict[str, Any]]] | None = None,
        rounds: int | None = None,
        repeat: int = 1,
    ) -> T:
        """Time `work` and return its last result.

        Args:
            work: What to time; its arguments come from `setup`.
            setup: Called before each round, untimed.
            rounds: Rounds, by default what `--rounds` says.
            repeat: Calls in one round, for work of microseconds; stored figures are per call.
        """
        usages = []

        def once(*args: Any, **kwargs: Any) -> T:
            with Stopwatch() as watch:
                for _ in range(repeat):
                    result = work(*args, **kwargs)
            usages.append(watch.usage)
            return result

        result: T = self._benchmark.pedantic(  # type: ignore[no-untyped-call]
            once, setup=setup, rounds=rounds or self._rounds
        )
        best = min(usages, key=lambda usage: usage.wall_seconds)
        self.facts.update(
            wall_seconds=best.wall_seconds / repeat,
            cpu_seconds=min(usage.cpu_seconds for usage in usages) / repeat,
            cores_used=best.cores_used,
            load_before=usages[0].load_before,
            load_after=usages[-1].load_after,
        )
        return result


def fingerprint(index: rcm.Index) -> dict[str, Any]:
    """What must be equal for two indexes to count as the same: tree, chunks and answers."""
    status = index.status()
    answers = [
        (hit.path, hit.start_line, hit.end_line, hit.symbol, round(hit.score, 4))
        for question in QUESTIONS
        for hit in index.search(question, top_k=20)
    ]
    return {
        "files": status.files,
        "chunks": status.chunks,
        "merkle_root": status.merkle_root,
        "answers": hashlib.sha256(json.dumps(answers).encode()).hexdigest(),
    }
