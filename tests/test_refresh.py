"""A look at the tree before a search: updated when cheap, told when not, never in the way."""

from __future__ import annotations

import json
import os
import sqlite3
from pathlib import Path

import pytest

from rcm import Index, IndexLockedError, Refreshed, RefreshPolicy
from rcm.cli import exits, main
from rcm.store.folder import IndexFolder

Streams = pytest.CaptureFixture[str]
LATE = "def arrived_late():\n    return 1\n"


@pytest.fixture
def index(tree: Path) -> Index:
    index = Index.open(tree)
    index.update()
    return index


def check(looked: Refreshed, *, updated: bool, pending: int, reason: str) -> None:
    assert looked.checked
    assert (looked.updated, looked.pending) == (updated, pending)
    assert reason in looked.reason


def slow(index: Index) -> None:
    """Have the index remember that a file takes an hour."""
    database = IndexFolder(index.index_dir).current().database
    with sqlite3.connect(database) as connection:
        connection.execute("INSERT OR REPLACE INTO meta VALUES ('seconds_per_file', '3600')")
    connection.close()
    (database.parent / "MANIFEST").rename(database.parent / "MANIFEST.open")


def test_nothing_has_changed(index: Index) -> None:
    check(index.refresh(), updated=False, pending=0, reason="nothing has changed")


def test_a_change_is_indexed(index: Index, tree: Path) -> None:
    (tree / "late.py").write_text(LATE)
    check(index.refresh(), updated=True, pending=0, reason="files have changed")
    (one, *_) = index.search("arrived_late")
    assert (one.path, one.freshness) == ("late.py", "fresh")


def test_a_removed_file_is_a_change(index: Index, tree: Path) -> None:
    (tree / "src/retry.py").unlink()
    check(index.refresh(), updated=True, pending=0, reason="files have changed")
    assert all(one.path != "src/retry.py" for one in index.search("backoff_seconds"))


def test_touched_files_are_no_change(index: Index, tree: Path) -> None:
    for path in tree.rglob("*.*"):
        path.touch()
    check(index.refresh(), updated=False, pending=0, reason="nothing has changed")


def test_many_doubtful_stats_are_noted_once_that_helps(
    tree: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for nth in range(80):
        path = tree / f"f{nth}.py"
        path.write_text(f"x{nth} = 1\n")
    index = Index.open(tree)
    index.update()
    for nth in range(80):
        os.utime(tree / f"f{nth}.py", ns=(1_700_000_000 * 10**9,) * 2)
    check(index.refresh(), updated=False, pending=0, reason="nothing has changed")
    monkeypatch.setattr("rcm.refresh._RACY_NS", 0)
    check(index.refresh(), updated=True, pending=0, reason="stats noted")
    assert index.status().epoch == 1


def test_dear_changes_wait_and_are_counted(index: Index, tree: Path) -> None:
    slow(index)
    (tree / "late.py").write_text(LATE)
    (tree / "notes.txt").unlink()
    check(index.refresh(), updated=False, pending=2, reason="s of work, more than 1")
    check(index.refresh(budget=1e9), updated=True, pending=0, reason="files have changed")


def test_without_time_to_read_stats_have_to_do(index: Index, tree: Path) -> None:
    (tree / "late.py").write_text(LATE)
    check(index.refresh(budget=0.0), updated=False, pending=1, reason="more than 0")


def test_never_does_not_look(index: Index, tree: Path) -> None:
    (tree / "late.py").write_text(LATE)
    looked = index.refresh("never")
    assert (looked.checked, looked.updated, looked.pending) == (False, False, 0)


def test_always_makes_an_index(tree: Path) -> None:
    index = Index.open(tree)
    assert not index.refresh().checked
    assert index.refresh("always").updated
    assert index.search("backoff_seconds")


def test_an_unknown_policy_is_refused(index: Index) -> None:
    with pytest.raises(ValueError, match="policy is 'often'"):
        index.refresh("often")  # type: ignore[arg-type]


@pytest.mark.parametrize("policy", ["auto", "always"])
def test_a_lock_keeps_nobody_from_searching(
    index: Index, tree: Path, policy: RefreshPolicy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("rcm.refresh._PATIENCE", {"auto": 0.0, "always": 0.0})
    (tree / "late.py").write_text(LATE)
    lock = IndexFolder(index.index_dir).lock()
    try:
        looked = index.refresh(policy)
        assert (looked.updated, looked.reason) == (False, "another process is writing the index")
        assert index.search("backoff_seconds")
        with pytest.raises(IndexLockedError):
            index.update(lock_timeout=0)
    finally:
        lock.release()


def test_a_full_disk_keeps_nobody_from_searching(
    index: Index, tree: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(**_: object) -> None:
        raise OSError(28, "No space left on device", "/index")

    (tree / "late.py").write_text(LATE)
    monkeypatch.setattr(index, "update", refuse)
    check(index.refresh(), updated=False, pending=1, reason="No space left on device")
    with pytest.raises(OSError, match="No space"):
        index.refresh("always")


def test_a_file_that_cannot_be_read_is_not_tried_again_and_again(tree: Path) -> None:
    if os.getuid() == 0:
        pytest.skip("root reads everything")
    (tree / "late.py").write_text(LATE)
    (tree / "late.py").chmod(0)
    index = Index.open(tree)
    index.update()
    check(index.refresh(), updated=False, pending=0, reason="nothing has changed")


# The command


def test_a_search_is_up_to_date_by_itself(
    tree: Path, capsys: Streams, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tree)
    main(["index", "-q", str(tree)])
    (tree / "late.py").write_text(LATE)
    assert main(["search", "arrived_late", str(tree), "--json"]) == exits.FOUND
    shown = json.loads(capsys.readouterr().out)
    assert shown["results"][0]["path"] == "late.py"
    assert (shown["refreshed"]["updated"], shown["refreshed"]["pending"]) == (True, 0)


def test_a_search_says_what_it_did(index: Index, tree: Path, capsys: Streams) -> None:
    def told() -> str:
        main(["search", "backoff", str(tree)])
        return capsys.readouterr().err.partition(" in ")[0]

    (tree / "late.py").write_text(LATE)
    assert told() == "indexed 1 file"
    (tree / "late.py").write_text("x = 1\n")
    (tree / "notes.txt").unlink()
    assert told() == "indexed 1 file, removed 1 file"
    (tree / "late.py").unlink()
    assert told() == "removed 1 file"
    assert told() == ""


def test_a_search_says_what_it_left(index: Index, tree: Path, capsys: Streams) -> None:
    slow(index)
    (tree / "late.py").write_text(LATE)
    assert main(["search", "backoff_seconds", str(tree)]) == exits.FOUND
    told = capsys.readouterr().err
    assert told.startswith("1 file changed since the index was made (about 3600.1 s of work")
    assert told.endswith("`rcm index` brings it up to date\n")
    assert main(["related", str(tree / "src/retry.py") + ":9", str(tree)]) == exits.FOUND
    assert capsys.readouterr().err == told


def test_never_and_always(index: Index, tree: Path, capsys: Streams) -> None:
    slow(index)
    (tree / "late.py").write_text(LATE)
    main(["search", "arrived_late", str(tree), "--refresh", "never", "--mode", "bm25", "--json"])
    never = json.loads(capsys.readouterr().out)
    assert (never["results"], never["refreshed"]["checked"]) == ([], False)
    main(["search", "arrived_late", str(tree), "--mode", "bm25", "--json", "--refresh"])
    assert json.loads(capsys.readouterr().out)["results"][0]["path"] == "late.py"


def test_a_query_taken_for_a_policy_is_explained(tree: Path, capsys: Streams) -> None:
    assert main(["search", "--refresh", "arrived late", str(tree)]) == exits.ERROR
    assert "'arrived late' is not auto, never or always" in capsys.readouterr().err
