"""Fixtures and options of the benchmarks."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

import rcm
from corpus import REPOSITORY, Corpus, bench_corpus, describe
from rcm.bench.machine import machine_facts
from timing import Timer, fingerprint


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the benchmarks' own options."""
    group = parser.getgroup("rcm benchmarks")
    group.addoption("--corpus", type=Path, metavar="DIR", help="measure this tree instead")
    group.addoption("--rounds", type=int, default=5, metavar="N", help="repetitions of long runs")


def pytest_benchmark_update_machine_info(machine_info: dict[str, Any]) -> None:
    """Store with every run what its figures depend on."""
    machine_info.update(machine_facts(REPOSITORY))


@pytest.fixture(scope="session")
def corpus(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Corpus:
    """The tree to measure: the fixed one, or what `--corpus` names."""
    asked: Path | None = request.config.getoption("--corpus")
    if asked is not None:
        return describe(asked.resolve(strict=True), [str(asked)])
    return bench_corpus(tmp_path_factory.mktemp("corpus"))


@pytest.fixture
def timer(benchmark: BenchmarkFixture, corpus: Corpus, request: pytest.FixtureRequest) -> Timer:
    """The benchmark's stopwatch."""
    return Timer(benchmark, corpus, request.config.getoption("--rounds"))


@pytest.fixture(scope="session")
def reference_index(
    corpus: Corpus, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[rcm.Index]:
    """An index of the corpus made sequentially; making it also warms the page cache."""
    with rcm.Index.open(corpus.root, index_dir=tmp_path_factory.mktemp("reference")) as index:
        index.update(mode="sequential")
        yield index


@pytest.fixture(scope="session")
def reference(reference_index: rcm.Index) -> dict[str, Any]:
    """The fingerprint that every other index of the corpus must have."""
    return fingerprint(reference_index)
