"""The whole flow on a real tree: this repository's own sources, or any tree that `RCM_TEST_TREE` names."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from rcm import Index
from rcm.types import IndexMode
from small_trees import dump, git

QUERIES = [
    "where is a file redacted before chunking",
    "Index",
    "how are batches kept in order",
    "parse budget",
    "merge small segments",
    "error when another process holds the lock",
]
LEFT_OUT = shutil.ignore_patterns(
    ".git", ".venv", "target", "*.so", "__pycache__", ".*_cache", "model"
)


def source() -> Path:
    return Path(os.environ.get("RCM_TEST_TREE", Path(__file__).resolve().parent.parent))


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A private copy of the tree, in a git repository with a second branch."""
    root = tmp_path_factory.mktemp("real") / "tree"
    shutil.copytree(source(), root, ignore=LEFT_OUT, symlinks=True)
    git(root, "init", "-q", "-b", "main")
    git(root, "add", "-A")
    git(root, "commit", "-q", "-m", "one")
    git(root, "checkout", "-q", "-b", "other")
    for path in code_files(root)[::3]:
        path.unlink()
    for path in code_files(root)[::4]:
        path.write_bytes(path.read_bytes() + b"\n# another branch\n")
    git(root, "commit", "-q", "-a", "-m", "two")
    git(root, "checkout", "-q", "main")
    return root


def code_files(root: Path) -> list[Path]:
    found = [path for suffix in ("*.rs", "*.py") for path in root.rglob(suffix) if path.is_file()]
    assert len(found) > 30, "the tree has code in it"
    return sorted(found)


@pytest.fixture
def index(copy: Path, tmp_path: Path) -> Iterator[Index]:
    with Index.open(copy, index_dir=tmp_path / "index") as made:
        made.update()
        yield made


def answers(index: Index) -> list[object]:
    return [index.search(query, top_k=20) for query in QUERIES]


def check_against_fresh(index: Index, folder: Path) -> None:
    report = index.update()
    assert report.failures == ()
    with Index.open(index.root, index_dir=folder) as fresh:
        fresh.update()
        assert dump(index) == dump(fresh)
        assert answers(index) == answers(fresh)
        assert index.status().merkle_root == fresh.status().merkle_root


@pytest.mark.slow
def test_every_mode_makes_the_same_index(copy: Path, tmp_path: Path, index: Index) -> None:
    expected, found = dump(index), answers(index)
    runs: list[tuple[IndexMode, int]] = [("sequential", 1), ("parallel", 1), ("parallel", 4)]
    runs += [("pipeline", 1), ("pipeline", 2), ("pipeline", 4)]
    reports = []
    for mode, workers in runs:
        with Index.open(copy, index_dir=tmp_path / f"{mode}-{workers}") as other:
            reports.append(other.update(mode=mode, workers=workers))
            assert dump(other) == expected
            assert answers(other) == found
    first = reports[0]
    for report in reports:
        assert report.files_indexed == first.files_indexed
        assert report.skipped == first.skipped
        assert report.chunks_total == first.chunks_total
        assert report.redactions == first.redactions


@pytest.mark.slow
def test_updates_equal_a_fresh_index_through_a_day_of_edits(index: Index, tmp_path: Path) -> None:
    root = index.root
    again = index.update()
    assert again.files_indexed == 0, "a second run finds all unchanged"
    assert again.commits == 0
    files = code_files(root)

    files[0].write_bytes(files[0].read_bytes() + b"\n// edited\n")
    check_against_fresh(index, tmp_path / "edit")

    before = files[1].stat()
    files[1].write_bytes(files[1].read_bytes()[::-1])
    os.utime(files[1], ns=(before.st_atime_ns, before.st_mtime_ns))
    check_against_fresh(index, tmp_path / "same-size")

    files[2].unlink()
    check_against_fresh(index, tmp_path / "delete")

    files[3].rename(files[3].with_name("renamed_" + files[3].name))
    check_against_fresh(index, tmp_path / "rename")

    files[4].chmod(0o755)
    check_against_fresh(index, tmp_path / "chmod")

    git(root, "stash", "-q", "--include-untracked")
    git(root, "checkout", "-q", "other")
    check_against_fresh(index, tmp_path / "branch")

    git(root, "checkout", "-q", "main")
    check_against_fresh(index, tmp_path / "back")


@pytest.mark.slow
def test_every_file_that_passed_the_walk_is_accounted_for(copy: Path, tmp_path: Path) -> None:
    with Index.open(copy, index_dir=tmp_path / "index") as index:
        report = index.update()
    accounted = (
        report.files_indexed
        + report.files_unchanged
        + sum(report.skipped.values())
        + len(report.failures)
    )
    assert accounted == report.files_total
