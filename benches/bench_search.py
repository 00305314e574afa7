"""Answering: in a warm process by mode, and from the shell in a cold one.

Measured: `Index.search` over the questions of `conftest.py`, ten answers each, per question; and the
CPU seconds of `rcm search` from process start to exit, next to those of an interpreter that does
nothing.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

import rcm
from corpus import Corpus
from rcm.types import SearchMode, SearchResult
from timing import QUESTIONS, Timer

PASSES = 20


@pytest.mark.benchmark(group="search")
@pytest.mark.parametrize("mode", ["hybrid", "bm25", "semantic"])
def test_warm_search(timer: Timer, reference_index: rcm.Index, mode: SearchMode) -> None:
    expected = [reference_index.search(question, mode=mode) for question in QUESTIONS]
    milliseconds: list[float] = []

    def ask_all() -> list[list[SearchResult]]:
        answers: list[list[SearchResult]] = []
        for question in QUESTIONS:
            start = time.perf_counter()
            answers.append(reference_index.search(question, mode=mode))
            milliseconds.append((time.perf_counter() - start) * 1000)
        return answers

    assert timer.run(ask_all, repeat=PASSES) == expected
    assert all(expected)
    p50, p99 = np.percentile(milliseconds, [50, 99])
    timer.facts.update(p50_ms=float(p50), p99_ms=float(p99), queries=len(milliseconds))


@pytest.mark.benchmark(group="cold process")
def test_cold_search(timer: Timer, corpus: Corpus, tmp_path: Path) -> None:
    run_cli(tmp_path, "index", str(corpus.root))
    printed = timer.run(
        lambda: run_cli(tmp_path, "search", "RegexBuilder", str(corpus.root), "--json")
    )
    assert "RegexBuilder" in printed
    json.loads(printed)


@pytest.mark.benchmark(group="cold process")
def test_bare_interpreter(timer: Timer) -> None:
    done = timer.run(
        lambda: subprocess.run([sys.executable, "-c", "print(1)"], check=True, capture_output=True)
    )
    assert done.stdout == b"1\n"


def run_cli(home: Path, *arguments: str) -> str:
    """Run `rcm` in a process of its own, with its indexes below `home`."""
    done = subprocess.run(
        [sys.executable, "-m", "rcm", *arguments],
        check=True,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "RCM_HOME": str(home)},
    )
    return done.stdout
