"""Bringing an index up to date: nothing changed, one file edited, every file touched.

Measured: `Index.update` on an open index in a warm process. The edited file is one of the corpus'
larger ones, the same kind that `rcm bench` edits; each round gives it other text of the same length.
"""

from __future__ import annotations

import itertools
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

import rcm
from corpus import Corpus, regular_files
from rcm.bench.edit import choose_edit
from timing import Timer


@pytest.fixture(scope="module")
def copy(corpus: Corpus, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the corpus that may be edited."""
    root = tmp_path_factory.mktemp("edited") / "tree"
    shutil.copytree(corpus.root, root, symlinks=True)
    return root


@pytest.fixture(scope="module")
def index(copy: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[rcm.Index]:
    """An index of the copy."""
    with rcm.Index.open(copy, index_dir=tmp_path_factory.mktemp("index")) as made:
        made.update()
        yield made


@pytest.mark.benchmark(group="update")
def test_nothing_changed(timer: Timer, index: rcm.Index) -> None:
    files = index.status().files
    epoch = index.update().epoch
    report = timer.run(index.update)
    assert report.files_indexed == 0
    assert report.chunks_written == 0
    assert report.epoch == epoch
    timer.facts["files"] = files


@pytest.mark.benchmark(group="update")
def test_one_file_edited(timer: Timer, index: rcm.Index, copy: Path) -> None:
    chosen = choose_edit(copy)
    path = copy / chosen.path
    text = path.read_text(encoding="utf-8")
    words = (f"zygomorphic{number:04d}" for number in itertools.count())
    written = []

    def edit() -> tuple[tuple[()], dict[str, object]]:
        written.append(next(words))
        path.write_text(f"{text}\n\n{chosen.form.format(written[-1])}\n", encoding="utf-8")
        return (), {}

    report = timer.run(index.update, setup=edit)
    assert report.files_indexed == 1
    found = index.search(written[-1], top_k=1)
    assert found[0].path == chosen.path
    assert written[-1] in found[0].text
    for old in written[:-1]:
        assert not any(old in hit.text for hit in index.search(old, top_k=10))
    timer.facts["chunks"] = report.chunks_written


@pytest.mark.benchmark(group="update")
def test_every_file_touched(timer: Timer, index: rcm.Index, copy: Path) -> None:
    files = index.update().files_unchanged

    def touch() -> tuple[tuple[()], dict[str, object]]:
        for path in regular_files(copy):
            path.touch()
        return (), {}

    report = timer.run(index.update, setup=touch)
    assert report.files_indexed == 0
    assert report.files_unchanged == files
    timer.facts["files"] = files
