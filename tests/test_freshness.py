"""Results held against the files: never text that a file no longer has, unless the result says so."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from rcm import Index, SearchResult

SOURCE = "src/retry.py"


@pytest.fixture
def index(tree: Path) -> Index:
    """The small tree, indexed well after it was written: stats are believed."""
    age(tree)
    index = Index.open(tree)
    index.update()
    return index


def age(tree: Path) -> None:
    for path in tree.rglob("*"):
        os.utime(path, ns=(1_700_000_000 * 10**9,) * 2)


def found(index: Index, query: str = "backoff_seconds", path: str = SOURCE) -> SearchResult:
    return next(one for one in index.search(query) if one.path == path)


def check(index: Index, freshness: str, *, anchored: bool = True) -> SearchResult:
    """Compare what a result says with the file; return the result."""
    one = found(index)
    assert (one.freshness, one.anchored) == (freshness, anchored)
    assert one.root == str(index.root)
    if anchored:
        lines = (index.root / one.path).read_text().split("\n")
        assert one.text == "\n".join(lines[one.start_line - 1 : one.end_line])
    return one


def test_an_untouched_file_is_fresh(index: Index) -> None:
    check(index, "fresh")


def test_a_touched_file_is_fresh(index: Index, tree: Path) -> None:
    (tree / SOURCE).touch()
    check(index, "fresh")


def test_a_file_replaced_by_an_equal_one_is_fresh(index: Index, tree: Path) -> None:
    shutil.copy(tree / SOURCE, tree / "other")
    os.replace(tree / "other", tree / SOURCE)
    check(index, "fresh")


def test_lines_before_the_result_move_it(index: Index, tree: Path) -> None:
    before = check(index, "fresh")
    path = tree / SOURCE
    path.write_text("# one\n# two\n" + path.read_text())
    after = check(index, "changed")
    assert after.text == before.text
    assert after.start_line == before.start_line + 2


def test_a_same_size_edit_with_its_old_mtime_is_seen(index: Index, tree: Path) -> None:
    path = tree / SOURCE
    before = path.stat()
    path.write_text(path.read_text().replace("0.1 * 2**attempt", "0.3 * 4**attempt"))
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert (path.stat().st_size, path.stat().st_mtime_ns) == (before.st_size, before.st_mtime_ns)
    assert "0.3 * 4**attempt" in check(index, "changed").text


def test_text_that_is_gone_is_said_to_be_that_of_the_index(index: Index, tree: Path) -> None:
    (tree / SOURCE).write_text("x = 1\n")
    assert "backoff_seconds" in check(index, "changed", anchored=False).text


def test_a_deleted_file_comes_last_and_says_so(index: Index, tree: Path) -> None:
    assert index.search("backoff_seconds")[0].path == SOURCE
    (tree / SOURCE).unlink()
    check(index, "deleted", anchored=False)
    assert index.search("backoff_seconds")[-1].path == SOURCE


def test_a_deleted_folder(index: Index, tree: Path) -> None:
    shutil.rmtree(tree / "src")
    check(index, "deleted", anchored=False)


def test_a_branch_switch_is_seen(tree: Path) -> None:
    def git(*words: str) -> None:
        subprocess.run(
            ["git", "-c", "user.name=a", "-c", "user.email=a@b", *words],
            cwd=tree, check=True, capture_output=True,
        )  # fmt: skip

    git("init", "-q")
    git("add", "-A")
    git("commit", "-qm", "one")
    git("checkout", "-qb", "other")
    other = (tree / SOURCE).read_text().replace("0.1 * 2**attempt", "9.0")
    (tree / SOURCE).write_text(other)
    (tree / "src/cache.rs").unlink()
    git("commit", "-qam", "two")
    git("checkout", "-q", "-")
    index = Index.open(tree)
    index.update()
    assert "0.1 * 2**attempt" in check(index, "fresh").text
    git("checkout", "-q", "other")
    assert "return 9.0" in check(index, "changed").text
    assert found(index, "LruCache", "src/cache.rs").freshness == "deleted"
    index.refresh()
    assert "return 9.0" in check(index, "fresh").text
    assert all(one.path != "src/cache.rs" for one in index.search("LruCache"))


def test_a_secret_written_since_is_not_shown(index: Index, tree: Path) -> None:
    path = tree / SOURCE
    secret = "ghp_" + "a1B2c3D4e5F6g7H8i9J0" + "k1L2m3N4o5P6q7R8"
    path.write_text(
        path.read_text().replace("    return 0.1", f'    key = "{secret}"\n    return 0.1')
    )
    one = found(index)
    assert one.freshness == "changed"
    assert secret not in one.text
    assert "<secret:" in one.text


def test_nothing_is_read_through_a_link(index: Index, tree: Path, tmp_path: Path) -> None:
    outside = tmp_path / "outside.py"
    outside.write_text("def backoff_seconds(attempt: int) -> float:\n    return 'private'\n")
    (tree / SOURCE).unlink()
    (tree / SOURCE).symlink_to(outside)
    assert "private" not in check(index, "changed", anchored=False).text


def test_a_file_that_is_no_text_any_more(index: Index, tree: Path) -> None:
    (tree / SOURCE).write_bytes(bytes(100))
    check(index, "changed", anchored=False)


def test_related_code_is_held_against_its_files(index: Index, tree: Path) -> None:
    (tree / "src/cache.rs").unlink()
    related = {one.path: one.freshness for one in index.find_related(SOURCE, 9)}
    assert related["src/cache.rs"] == "deleted"
    assert "fresh" in related.values()


def related_to(index: Index, line: int, path: str = SOURCE) -> list[tuple[str, float]]:
    return [(one.path, one.score) for one in index.find_related(path, line)]


def test_a_line_is_that_of_the_file_as_it_is_now(index: Index, tree: Path) -> None:
    subjects = ["socket", "cache", "invoice", "matrix", "password", "kettle"]
    lines = [
        line
        for subject in subjects
        for line in (
            f"def handle_{subject}(request):",
            *(f"    {subject}_{nth} = request.{subject}({nth})" for nth in range(40)),
            f"    return {subject}_0",
            "",
        )
    ]
    path = tree / "src/many.py"
    path.write_text("\n".join(lines))
    index.update()
    asked = [nth for nth, line in enumerate(lines, 1) if line.strip()]
    as_indexed = {line: related_to(index, line, "src/many.py") for line in asked}
    assert len({tuple(found) for found in as_indexed.values()}) >= len(subjects)

    def moved(by: int, lines: list[int]) -> None:
        found = {line: related_to(index, line + by, "src/many.py") for line in lines}
        assert found == {line: as_indexed[line] for line in lines}

    path.write_text("# moved\n" * 40 + "\n".join(lines))
    moved(40, asked)
    path.write_text("\n".join(lines[43:]))
    moved(-43, [line for line in asked if line > 43])


def test_a_line_that_is_not_indexed_yet_says_so(index: Index, tree: Path) -> None:
    path = tree / SOURCE
    new = "\n\ndef entirely_new(things):\n    return sorted(things, key=len)\n"
    n_lines = len(path.read_text().splitlines())
    path.write_text(path.read_text() + new * 30)
    with pytest.raises(ValueError, match="not indexed yet") as told:
        index.find_related(SOURCE, n_lines + 60)
    assert "rcm index" in told.value.hint  # type: ignore[attr-defined]
    with pytest.raises(ValueError, match=f"its lines are 1 to {n_lines + 120}"):
        index.find_related(SOURCE, 9_999)
    index.update()
    assert index.find_related(SOURCE, n_lines + 60)


def test_of_a_file_that_is_gone_the_indexed_lines_count(index: Index, tree: Path) -> None:
    found = related_to(index, 9)
    (tree / SOURCE).unlink()
    assert related_to(index, 9) == found
    with pytest.raises(ValueError, match="the indexed lines are"):
        index.find_related(SOURCE, 9_999)


def test_a_commit_that_comes_in_between_is_no_trouble(index: Index, tree: Path) -> None:
    index.search("backoff")
    reader = index._access.reader()
    path = tree / SOURCE
    path.write_text("# one\n" + path.read_text())
    Index.open(tree).update()
    index._access.reader = lambda **_: reader  # type: ignore[method-assign]
    check(index, "changed")
