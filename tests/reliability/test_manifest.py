"""The manifest: closed after each update, open while one works, and no checksum computed twice."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest

from rcm import Index, _rcm
from rcm.store.database import connect
from rcm.store.folder import IndexFolder
from rcm.store.manifest import read_manifest
from reliability.driver import bring, files_at, run, state_at, update


def content(folder: Path) -> dict[str, bytes]:
    """Return all files of the current generation but SQLite's companions."""
    generation = IndexFolder(folder).current().folder
    paths = [path for path in generation.rglob("*") if path.is_file()]
    kept = [path for path in paths if not path.name.endswith(("-wal", "-shm", ".lock"))]
    return {str(path.relative_to(generation)): path.read_bytes() for path in kept}


def test_an_update_that_finds_nothing_changed_changes_no_byte(tmp_path: Path) -> None:
    root, folder = bring(tmp_path / "tree", files_at(0)), tmp_path / "index"
    update(root, folder)
    # Files this young are read again, and the time of that is noted.
    time.sleep(2.1)
    update(root, folder)
    before = content(folder)
    with Index.open(root, index_dir=folder) as index:
        assert index.search("retry")
        index.update()
    assert content(folder) == before


def test_only_new_files_are_read_for_their_checksums(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root, folder = bring(tmp_path / "tree", files_at(0)), tmp_path / "index"
    update(root, folder)
    old = {entry.name for entry in read_manifest(IndexFolder(folder).current()).final}
    read: list[str] = []
    sums = _rcm.checksums

    def spy(files: list[tuple[Path, int | None]]) -> list[tuple[int, int, int]]:
        read.extend(path.name for path, _ in files)
        return sums(files)

    monkeypatch.setattr(_rcm, "checksums", spy)
    bring(root, files_at(1))
    update(root, folder)
    new = {entry.name for entry in read_manifest(IndexFolder(folder).current()).final}
    assert old & new, "files of the first commit are still in use"
    assert not {Path(name).name for name in old} & set(read)


def test_a_reader_in_the_way_leaves_it_open_and_the_next_update_closes_it(tmp_path: Path) -> None:
    root, folder = bring(tmp_path / "tree", files_at(0)), tmp_path / "index"
    update(root, folder)
    generation = IndexFolder(folder).current()
    slow = connect(generation.database, write=False)
    slow.execute("BEGIN")
    slow.execute("SELECT * FROM meta").fetchall()
    bring(root, files_at(1))
    assert update(root, folder) == state_at(1)
    assert not read_manifest(generation).sealed
    with Index.open(root, index_dir=folder) as index:
        assert index.doctor(full=True).verdict == "ok"
        assert not index.doctor().sealed
        slow.execute("COMMIT")
        slow.close()
        index.update()
        assert read_manifest(generation).sealed


def test_everything_is_private(tmp_path: Path) -> None:
    root, folder = bring(tmp_path / "tree", files_at(0)), tmp_path / "index"
    update(root, folder)
    for path in folder.rglob("*"):
        if not path.name.endswith(".lock"):
            assert path.stat().st_mode & 0o077 == 0, path


def test_the_doctor_as_json(tmp_path: Path) -> None:
    root, folder = bring(tmp_path / "tree", files_at(0)), tmp_path / "index"
    update(root, folder)
    done = run("doctor", root, "--index-dir", folder, "--full", "--json")
    assert done.returncode == 0
    report = json.loads(done.stdout)
    assert report["verdict"] == "ok"
    assert report["sealed"]
    checks = {finding["check"] for finding in report["findings"]}
    assert {"lock", "disk", "files", "control", "segments", "ids", "identity", "tree"} <= checks
    both = run("doctor", root, "--quick", "--full")
    assert both.returncode == 2
    assert "not allowed with" in both.stderr


def test_the_doctor_notices_that_the_tree_has_changed(tmp_path: Path) -> None:
    root, folder = bring(tmp_path / "tree", files_at(0)), tmp_path / "index"
    update(root, folder)
    (root / "src/retry.py").write_text("changed = True\n")
    with Index.open(root, index_dir=folder) as index:
        (found,) = [f for f in index.doctor().findings if f.check == "tree"]
    assert found.level == "note"
    assert "src/retry.py" in found.message
