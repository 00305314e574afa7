"""A first index that begins as a copy of another tree's: the same index, for less work."""

from __future__ import annotations

import os
import shutil
import subprocess
import threading
from pathlib import Path

import pytest

from rcm import Index
from rcm.cli import main
from rcm.store import borrow
from rcm.store.folder import Generation, IndexFolder
from small_trees import PYTHON_SOURCE, dump, write_tree

FILES = {
    f"src/part{nth % 7}/module{nth}.py": PYTHON_SOURCE.replace("5", str(nth)).replace(
        "backoff_seconds", f"backoff_seconds_{nth}"
    )
    for nth in range(120)
}
QUERIES = ("how long to wait before an attempt", "backoff_seconds_17", "RetryPolicy")


@pytest.fixture
def first(tmp_path: Path) -> Index:
    """An indexed tree of 120 files and one that is skipped."""
    index = Index.open(write_tree(tmp_path / "first", {**FILES, "logo.bin": "\x00\x01"}))
    index.update()
    return index


def copied(first: Index, name: str = "second") -> Path:
    return shutil.copytree(first.root, first.root.parent / name)


def generation(index: Index) -> Generation:
    return IndexFolder(index.index_dir).current()


def fresh(root: Path, tmp_path: Path) -> Index:
    """An index of the same tree that was made from nothing."""
    index = Index.open(root, index_dir=tmp_path / "from-nothing")
    index.update(reuse=False)
    return index


def check(first: Index, root: Path, tmp_path: Path, *, reused: int) -> Index:
    """Index a tree; compare what it holds and answers with an index made from nothing."""
    second = Index.open(root)
    report = second.update()
    assert report.files_reused == reused
    assert report.reused_from == (str(first.root) if reused else "")
    anew = fresh(root, tmp_path)
    assert dump(second) == dump(anew)
    for query in QUERIES:
        assert second.search(query) == anew.search(query)
    assert second.doctor(full=True).verdict == "ok"
    assert not IndexFolder(second.index_dir).draft.folder.exists()
    status = second.status()
    assert (status.root, status.added, status.changed, status.removed) == (str(root), (), (), ())
    return second


def test_a_copy_of_a_tree_is_not_indexed_again(first: Index, tmp_path: Path) -> None:
    second = check(first, copied(first), tmp_path, reused=120)
    assert second.update().files_indexed == 0
    assert second.refresh().reason == "nothing has changed"


def test_what_differs_is_indexed(first: Index, tmp_path: Path) -> None:
    root = copied(first)
    (root / "src/part1/module1.py").write_text("def another():\n    return 1\n")
    (root / "src/part2/module2.py").unlink()
    (root / "src/part3/module3.py").rename(root / "src/part3/moved.py")
    (root / "src/added.py").write_text("def added():\n    return 1\n")
    check(first, root, tmp_path, reused=117)


def test_a_same_size_difference_is_seen(first: Index, tmp_path: Path) -> None:
    root = copied(first)
    path = root / "src/part0/module0.py"
    before = path.stat()
    path.write_text(path.read_text().replace("0.1 *", "0.9 *"))
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    check(first, root, tmp_path, reused=119)


def test_other_options_hold_for_the_new_index_only(first: Index, tmp_path: Path) -> None:
    root = copied(first)
    (root / ".hidden.py").write_text("def hidden():\n    return 1\n")
    second = Index.open(root)
    assert second.update(hidden=True).files_reused == 120
    anew = Index.open(root, index_dir=tmp_path / "from-nothing")
    anew.update(hidden=True, reuse=False)
    assert dump(second) == dump(anew)
    assert not first.scan_options().hidden


def test_a_worktree_reuses_its_repository(
    first: Index, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def git(*words: str) -> None:
        who = ["-c", "user.name=a", "-c", "user.email=a@b"]
        subprocess.run(["git", *who, *words], cwd=first.root, check=True, capture_output=True)

    git("init", "-q")
    git("add", "-A")
    git("commit", "-qm", "one")
    git("worktree", "add", "-q", "../worktree", "-b", "other")
    assert main(["index", str(tmp_path / "worktree")]) == 0
    said = f"  reused   120 files from the index of {first.root}"
    assert said in capsys.readouterr().out.splitlines()


# When it is not


def test_no_reuse_asked_for(first: Index, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["index", str(copied(first)), "--no-reuse"]) == 0
    assert "reused" not in capsys.readouterr().out


def test_force_begins_from_nothing(first: Index) -> None:
    assert Index.open(copied(first)).update(force=True).files_indexed == 120


def test_an_unrelated_tree(first: Index, tmp_path: Path) -> None:
    other = {f"other/thing{nth}.py": f"def thing{nth}():\n    pass\n" for nth in range(120)}
    check(first, write_tree(tmp_path / "unrelated", other), tmp_path, reused=0)


def test_another_identity(first: Index) -> None:
    assert Index.open(copied(first)).update(secrets="off").files_reused == 0


def test_a_writer_at_work(first: Index, tmp_path: Path) -> None:
    folder = generation(first).folder
    (folder / "MANIFEST").rename(folder / "MANIFEST.open")
    check(first, copied(first), tmp_path, reused=0)


def flip(path: Path, at: int) -> None:
    data = bytearray(path.read_bytes())
    data[at] ^= 0x55
    path.write_bytes(data)


@pytest.mark.parametrize(
    "kind", ["store", "idx", "term", "fieldnorm", "seg", "sqlite", "meta.json"]
)
def test_damage_is_not_inherited(first: Index, tmp_path: Path, kind: str) -> None:
    """Beyond the first 16 KiB nobody looks in a search; whoever copies does."""
    (path, *_) = [
        path for path in generation(first).folder.rglob(f"*{kind}") if path.is_file()
    ]  # fmt: skip
    flip(path, path.stat().st_size * 2 // 3)
    check(first, copied(first), tmp_path, reused=0)


def test_a_missing_file_is_not_inherited(first: Index, tmp_path: Path) -> None:
    next(generation(first).vectors.iterdir()).unlink()
    check(first, copied(first), tmp_path, reused=0)


def test_a_link_is_not_copied(first: Index, tmp_path: Path) -> None:
    path = next(generation(first).vectors.iterdir())
    path.rename(tmp_path / "elsewhere")
    path.symlink_to(tmp_path / "elsewhere")
    check(first, copied(first), tmp_path, reused=0)


def test_a_full_disk_while_copying(
    first: Index, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(borrow, "_copy_file", refuse)
    check(first, copied(first), tmp_path, reused=0)


def test_a_file_system_without_links(
    first: Index, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise OSError(1, "Operation not permitted")

    monkeypatch.setattr("os.link", refuse)
    check(first, copied(first), tmp_path, reused=120)


def test_a_copy_that_was_killed_is_begun_again(first: Index, tmp_path: Path) -> None:
    root = copied(first)
    draft = IndexFolder(Index.open(root).index_dir).draft
    (draft.folder / "lex").mkdir(parents=True)
    (draft.folder / "rcm.sqlite").write_bytes(b"half")
    check(first, root, tmp_path, reused=120)


def test_a_run_killed_after_the_copy_goes_on(first: Index, tmp_path: Path) -> None:
    root = copied(first)
    (root / "src/part0/module0.py").write_text("def another():\n    return 1\n")
    second = Index.open(root)
    made = Generation(second.index_dir / "g-000001")
    made.folder.parent.mkdir(parents=True, mode=0o700)
    identity = {"format": first._access.recorded()["format"]}
    assert borrow.borrow(first.index_dir.parent, made, root, identity) == str(first.root)
    assert not second.exists()
    report = second.update()
    assert (report.files_indexed, report.files_unchanged) == (1, 119)
    assert dump(second) == dump(fresh(root, tmp_path))


# Two indexes, one origin


def test_the_two_go_their_own_ways(first: Index, tmp_path: Path) -> None:
    before = dump(first)
    second = check(first, copied(first), tmp_path, reused=120)
    for nth in range(30):
        (second.root / f"src/part{nth % 7}/module{nth}.py").write_text(
            f"def new_{nth}():\n    pass\n"
        )
        second.update()
    assert dump(first) == before
    assert first.doctor(full=True).verdict == "ok"
    assert second.doctor(full=True).verdict == "ok"
    second.clear()
    assert dump(first) == before
    assert first.doctor(full=True).verdict == "ok"


def test_copies_beside_a_writer_are_whole(first: Index, tmp_path: Path) -> None:
    """Whatever the writer of the other index does meanwhile, what is copied is one of its states."""
    stop = threading.Event()

    def write() -> None:
        nth = 0
        while not stop.is_set():
            path = first.root / f"src/part{nth % 7}/module{nth % 120}.py"
            path.write_text(f"def written_{nth}():\n    return {nth}\n")
            Index.open(first.root).update()
            nth += 1

    roots = [copied(first, f"second{nth}") for nth in range(6)]
    writer = threading.Thread(target=write)
    writer.start()
    try:
        made = [Index.open(root) for root in roots]
        for index in made:
            index.update()
    finally:
        stop.set()
        writer.join()
    expected = dump(fresh(roots[0], tmp_path))
    for index in made:
        assert dump(index) == expected
        assert index.doctor(full=True).verdict == "ok"
