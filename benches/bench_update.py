"""Bringing an index up to date: nothing changed, one file edited, every file touched.

Measured: `Index.update` on an open index in a warm process. The edited file is one of the corpus'
larger ones; each round gives it other text of the same length.
"""

from __future__ import annotations

import itertools
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

import rcm
from corpus import Corpus, regular_files
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
    path = largest_python_file(copy)
    text = path.read_text(encoding="utf-8")
    words = (f"zygomorphic{number:04d}" for number in itertools.count())
    written = []

    def edit() -> tuple[tuple[()], dict[str, object]]:
        written.append(next(words))
        path.write_text(f"def {written[-1]}():\n    return 1\n\n\n{text}", encoding="utf-8")
        return (), {}

    report = timer.run(index.update, setup=edit)
    assert report.files_indexed == 1
    found = index.search(written[-1], top_k=1)
    assert found[0].path == path.relative_to(copy).as_posix()
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


def largest_python_file(root: Path) -> Path:
    """The largest Python file that is not close to any size limit."""
    sizes = {
        path: size
        for path in regular_files(root)
        if path.suffix == ".py" and (size := path.stat().st_size) < 100_000
    }
    return max(sizes, key=lambda path: (sizes[path], path))
