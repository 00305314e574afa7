"""A first index of the corpus: the three modes, and the naive flow they replace.

Measured: the whole of `Index.update` in a warm process on warm files, model load included, into an
empty folder. Every index must equal the reference, answers included, or its time counts for nothing.
"""

from __future__ import annotations

import itertools
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

import rcm
from corpus import Corpus, sample
from naive import index_naively
from rcm.reports.update import IndexReport
from rcm.types import IndexMode
from timing import Timer, fingerprint

NAIVE_FILES = 150


@pytest.mark.benchmark(group="first index")
@pytest.mark.parametrize("mode", ["sequential", "parallel", "pipeline"])
def test_first_index(
    timer: Timer, corpus: Corpus, reference: dict[str, Any], tmp_path: Path, mode: IndexMode
) -> None:
    folders = (tmp_path / str(number) for number in itertools.count())

    def index(folder: Path) -> tuple[IndexReport, Path]:
        with rcm.Index.open(corpus.root, index_dir=folder) as made:
            return made.update(mode=mode, reuse=False), folder

    report, folder = timer.run(index, setup=lambda: ((next(folders),), {}))
    assert report.mode == mode
    assert report.failures == ()
    assert report.files_unchanged == 0
    with rcm.Index.open(corpus.root, index_dir=folder) as made:
        assert fingerprint(made) == reference
    timer.facts.update(
        reference,
        workers=report.workers,
        commits=report.commits,
        phases=dict(report.phases),
        peak_memory_bytes=report.peak_memory_bytes,
    )


@pytest.fixture(scope="module")
def part(corpus: Corpus, tmp_path_factory: pytest.TempPathFactory) -> Corpus:
    """A sample of the corpus: a commit per file would take many minutes on the whole."""
    return sample(corpus, tmp_path_factory.mktemp("part"), NAIVE_FILES)


@pytest.mark.benchmark(group="first index of a sample")
def test_sample(timer: Timer, part: Corpus, tmp_path: Path) -> None:
    folders = (tmp_path / str(number) for number in itertools.count())

    def index(folder: Path) -> IndexReport:
        with rcm.Index.open(part.root, index_dir=folder) as made:
            return made.update(mode="parallel", reuse=False)

    report = timer.run(index, setup=lambda: ((next(folders),), {}))
    timer.facts.update(corpus=part.facts(), chunks=report.chunks_total)


@pytest.mark.benchmark(group="first index of a sample")
def test_naive(timer: Timer, part: Corpus, tmp_path: Path) -> None:
    with rcm.Index.open(part.root, index_dir=tmp_path / "index") as index:
        expected = index.update(mode="sequential").chunks_total
    report = timer.run(lambda: index_naively(part.root, tmp_path / "naive"), rounds=1)
    assert report.chunks == expected
    with closing(sqlite3.connect(tmp_path / "naive" / "files.sqlite")) as database:
        assert database.execute("SELECT sum(chunks) FROM files").fetchone() == (expected,)
    timer.facts.update(corpus=part.facts(), files=report.files, chunks=report.chunks)
