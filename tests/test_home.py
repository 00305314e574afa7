"""`rcm list` and `rcm prune`: what is kept is told as it is, and only what nobody needs is deleted."""

from __future__ import annotations

import json
import os
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from rcm import Index, KeptIndex, list_indexes
from rcm.cli import main
from rcm.cli.prune import age
from rcm.home import superfluous
from rcm.present.indexes import age as shown_age
from rcm.present.indexes import render_indexes
from rcm.present.style import Style
from rcm.store.database import connect
from rcm.store.folder import IndexFolder
from small_trees import write_tree

Streams = pytest.CaptureFixture[str]


def make(root: Path) -> Path:
    """Make and index a tree; return the folder of the index."""
    with Index.open(write_tree(root, {"a.py": "def a():\n    return 1\n"})) as index:
        index.update()
        return index.index_dir


def states() -> dict[str, str]:
    return {Path(kept.root).name: kept.state for kept in list_indexes()}


def forget_format(folder: Path) -> None:
    database = connect(IndexFolder(folder).current().database, write=True)
    database.execute("UPDATE meta SET value = '0' WHERE key = 'format'")
    database.close()


def test_nothing_is_kept_at_first(capsys: Streams) -> None:
    assert list_indexes() == []
    assert main(["list"]) == 1
    assert capsys.readouterr().out == "0 indexes, 0 B\n"
    assert main(["prune", "--yes"]) == 0


def test_every_index_is_listed_with_what_it_holds(tmp_path: Path, capsys: Streams) -> None:
    folder = make(tmp_path / "one")
    make(tmp_path / "two")
    (folder / "CRASH").write_text("x" * 100)
    kept = {Path(one.root).name: one for one in list_indexes()}
    assert (kept["one"].files, kept["one"].chunks, kept["one"].state) == (1, 1, "ok")
    assert kept["one"].index_bytes > 1_000
    assert (kept["one"].crash_bytes, kept["two"].crash_bytes) == (100, 0)
    assert kept["one"].index_dir == str(folder)
    assert main(["list", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert {one["root"] for one in found["indexes"]} == {str(tmp_path / n) for n in ("one", "two")}
    assert found["embedding_cache_bytes"] == 0
    assert main(["list"]) == 0
    out = capsys.readouterr().out.splitlines()
    assert out[0].split() == ["files", "chunks", "size", "age", "tree"]
    assert out[-1].startswith("2 indexes, ")


def test_states(tmp_path: Path) -> None:
    for name in ("good", "gone", "old", "bad", "marked"):
        folder = make(tmp_path / name)
        if name == "gone":
            shutil.rmtree(tmp_path / name)
        if name == "old":
            forget_format(folder)
        if name == "bad":
            (folder / "CURRENT").write_text("nonsense")
        if name == "marked":
            IndexFolder(folder).current().mark_damaged("a test says so")
    found = states()
    assert found.pop("") == "damaged"
    assert found == {"good": "ok", "gone": "missing", "old": "other-format", "marked": "damaged"}


def test_prune_deletes_what_nobody_needs(tmp_path: Path, capsys: Streams) -> None:
    good, gone, old = (make(tmp_path / name) for name in ("good", "gone", "old"))
    shutil.rmtree(tmp_path / "gone")
    forget_format(old)
    assert main(["prune", "--dry-run"]) == 0
    assert main(["prune"]) == 2, "nobody to ask"
    assert all(folder.exists() for folder in (good, gone, old))
    capsys.readouterr()
    assert main(["prune", "--yes", "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert sorted(said["removed"]) == sorted(map(str, (gone, old)))
    assert said["failed"] == []
    assert [folder.exists() for folder in (good, gone, old)] == [True, False, False]
    assert (tmp_path / "old/a.py").exists()


def test_a_tree_whose_whole_parent_is_gone_may_come_back(tmp_path: Path) -> None:
    folder = make(tmp_path / "drive/tree")
    shutil.rmtree(tmp_path / "drive")
    assert main(["prune", "--yes"]) == 0
    assert folder.exists()
    assert main(["prune", "--yes", "--all-missing"]) == 0
    assert not folder.exists()


def test_an_index_that_is_being_written_stays(tmp_path: Path, capsys: Streams) -> None:
    folder = make(tmp_path / "gone")
    shutil.rmtree(tmp_path / "gone")
    lock = IndexFolder(folder).lock()
    try:
        (kept,) = list_indexes()
        assert kept.locked
        assert main(["list"]) == 0
        assert "tree is gone; being written" in capsys.readouterr().out
        assert main(["prune", "--yes"]) == 0
        assert folder.exists()
    finally:
        lock.release()
    assert not list_indexes()[0].locked
    assert main(["prune", "--yes"]) == 0
    assert not folder.exists()


def test_what_is_no_index_is_neither_listed_nor_deleted(tmp_path: Path) -> None:
    make(tmp_path / "tree")
    indexes = Path(os.environ["RCM_HOME"]) / "indexes"
    (indexes / "notes").mkdir()
    (indexes / "notes/CURRENT").write_text("g-000001\n")
    (indexes / ("0" * 24)).mkdir()
    (indexes / ("1" * 24)).symlink_to(tmp_path)
    (indexes / ("2" * 24)).write_text("a file")
    assert len(list_indexes()) == 1
    assert main(["prune", "--yes", "--all-missing", "--older-than", "0h"]) == 0
    assert sorted(path.name for path in indexes.iterdir()) == [
        "0" * 24,
        "1" * 24,
        "2" * 24,
        "notes",
    ]


def test_what_else_is_in_the_folder_stays(tmp_path: Path) -> None:
    folder = make(tmp_path / "gone")
    shutil.rmtree(tmp_path / "gone")
    (folder / "mine.txt").write_text("not rcm's")
    assert main(["prune", "--yes"]) == 0
    assert [path.name for path in folder.iterdir()] == ["mine.txt"]
    assert list_indexes() == []


def kept(updated_at: str, state: str = "ok") -> KeptIndex:
    return KeptIndex("/r", "/h/indexes/x", state, False, 1, 1, 1, 0, updated_at)  # type: ignore[arg-type]


def test_old_ones() -> None:
    now = datetime.now(UTC)
    indexes = [kept((now - timedelta(days=days)).isoformat()) for days in (0, 29, 31)]
    assert superfluous(indexes) == []
    assert superfluous(indexes, older_than=timedelta(days=30)) == indexes[2:]
    assert superfluous([kept("")], older_than=timedelta(0)) == [], "who knows"


@pytest.mark.parametrize(("text", "hours"), [("12h", 12), ("30d", 720), ("2w", 336), ("0h", 0)])
def test_ages_as_typed(text: str, hours: int) -> None:
    assert age(text) == timedelta(hours=hours)


@pytest.mark.parametrize("text", ["", "30", "d", "-1d", "1.5d", "1y", "٣d"])
def test_what_is_no_age(text: str, capsys: Streams) -> None:
    assert main(["prune", f"--older-than={text}"]) == 2
    assert "is not a time" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [(5, "now"), (120, "2 min"), (7_300, "2 h"), (3 * 86_400, "3 d"), (20 * 86_400, "2 w")],
)
def test_ages_as_shown(seconds: int, expected: str) -> None:
    now = datetime.now(UTC)
    assert shown_age((now - timedelta(seconds=seconds)).isoformat(), now) == expected
    assert shown_age("never", now) == "-"


def test_names_of_trees_are_escaped() -> None:
    shown = render_indexes([KeptIndex("/a\x1b[2J", "/x", "ok", False, 1, 1, 1, 0, "")], 0, Style())
    assert "\x1b" not in shown
