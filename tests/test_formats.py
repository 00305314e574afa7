"""Indexes of every released format, kept as they were written: opened, or refused by name and rebuilt."""

from __future__ import annotations

import importlib.util
import shutil
import sqlite3
import tarfile
from pathlib import Path

import pytest

from rcm import Index, IndexStaleError
from rcm.cli import exits
from rcm.settings import root_name
from rcm.store.folder import IndexFolder
from small_trees import dump

FOLDER = Path(__file__).with_name("golden_indexes")
STORED = sorted(FOLDER.glob("*.tar.gz"))


def unpacked(archive: Path, tmp_path: Path) -> tuple[Path, Path]:
    """A tree and the stored index of it, as if it had been made for that tree's place."""
    spec = importlib.util.spec_from_file_location("make", FOLDER / "make.py")
    assert spec is not None
    assert spec.loader is not None
    make = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(make)
    root: Path = make.write_tree(tmp_path / "tree")
    with tarfile.open(archive) as packed:
        packed.extractall(tmp_path, filter="data")
    set_meta(tmp_path / "index", "root", root_name(root))
    return root, tmp_path / "index"


def set_meta(folder: Path, key: str, value: str) -> None:
    table = sqlite3.connect(IndexFolder(folder).current().database)
    with table:
        table.execute("UPDATE meta SET value = ? WHERE key = ?", (value, key))
    table.close()


def test_there_are_stored_indexes() -> None:
    assert STORED
    assert sum(archive.stat().st_size for archive in STORED) < 100_000


@pytest.mark.parametrize("archive", STORED, ids=lambda path: path.name)
def test_a_stored_index_is_opened_or_refused_and_rebuilt(archive: Path, tmp_path: Path) -> None:
    root, folder = unpacked(archive, tmp_path)
    with Index.open(root, index_dir=folder) as index:
        refused: IndexStaleError | None = None
        try:
            assert index.search("backoff_seconds")[0].path == "src/retry.py"
        except IndexStaleError as error:
            refused = error
        if refused is not None:
            assert "changed" in str(refused)
            assert exits.exit_code(refused) == exits.STALE
            assert refused.hint
        report = index.update()
        assert ("rebuilt from nothing" in (report.warning or "")) is (refused is not None)
        assert index.search("backoff_seconds")[0].path == "src/retry.py"
        with Index.open(root, index_dir=tmp_path / "fresh") as fresh:
            fresh.update()
            assert dump(index) == dump(fresh)


@pytest.mark.parametrize("number", ["0", "2000000000", "not a number"])
def test_a_format_of_another_time_is_refused_and_left_alone(number: str, tmp_path: Path) -> None:
    root, folder = unpacked(STORED[-1], tmp_path)
    set_meta(folder, "format", number)
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    with Index.open(root, index_dir=folder) as index:
        with pytest.raises(IndexStaleError, match="format"):
            index.search("backoff_seconds")
        assert {path: path.read_bytes() for path in before} == before, "a search writes nothing"
        assert "rebuilt from nothing" in (index.update().warning or "")
    shutil.rmtree(folder)
