"""Workspaces: several trees as one; and excerpts: which files may be read, and what is shown of them."""

from __future__ import annotations

import os
import sys
import threading
import time
from pathlib import Path

import pytest

from rcm import Index, IndexNotFoundError, Workspace, _rcm
from small_trees import PYTHON_SOURCE, RUST_SOURCE, write_tree

KEY = "AKIA" + "QYLPMN5HFIQR7XYA"


@pytest.fixture
def trees(tmp_path: Path) -> list[Path]:
    one = write_tree(tmp_path / "one", {"src/retry.py": PYTHON_SOURCE, "README.md": "# One\n"})
    two = write_tree(tmp_path / "two", {"src/cache.rs": RUST_SOURCE, "README.md": "# Two\n"})
    return [one, two]


@pytest.fixture
def workspace(trees: list[Path]) -> Workspace:
    opened = Workspace.open(trees)
    opened.update()
    return opened


def places(results: list) -> list[tuple[str, str]]:
    return [(Path(result.root).name, result.path) for result in results]


def test_each_tree_answers_what_it_knows(workspace: Workspace) -> None:
    assert places(workspace.search("how long to wait before an attempt"))[0] == (
        "one",
        "src/retry.py",
    )
    assert places(workspace.search("forget what was used least recently"))[0] == (
        "two",
        "src/cache.rs",
    )


def test_results_are_the_best_of_all_trees_in_order(workspace: Workspace) -> None:
    found = workspace.search("attempt", top_k=3)
    assert len(found) == 3
    assert [hit.score for hit in found] == sorted((hit.score for hit in found), reverse=True)
    assert {Path(hit.root).name for hit in found} == {"one", "two"}


def test_where_else_to_look_is_told_of_the_first_three_of_all_trees(tmp_path: Path) -> None:
    source = "".join(
        f"def {verb}_connection(pool):\n"
        + "".join(f"    pool.{verb}_slot({nth}, wait=True)\n" for nth in range(40))
        for verb in ("open", "close", "count")
    )
    files = {f"pool{nth}.py": source for nth in range(3)}
    trees = [write_tree(tmp_path / name, files) for name in ("one", "two")]
    with Workspace.open(trees, index_dir=tmp_path / "indexes") as workspace:
        workspace.update()
        found = workspace.search("close a slot of the pool", also=2)
    assert [len(hit.also) for hit in found] == [2, 2, 2, 0, 0, 0]


def test_the_best_of_a_tree_that_knows_nothing_does_not_come_first(
    workspace: Workspace, trees: list[Path], tmp_path: Path
) -> None:
    filler = {
        f"f{nth}.py": f"def part{nth}(value):\n    return value + {nth}\n" for nth in range(8)
    }
    third = write_tree(tmp_path / "three", filler)
    with Workspace.open([third, *trees]) as opened:
        opened.update(third)
        for mode in ("hybrid", "bm25", "semantic"):
            found = opened.search("how often a failed request is sent again", mode=mode)
            assert places(found)[0] == ("one", "src/retry.py"), mode
            for hit in found:
                assert sum(hit.signals.values()) == pytest.approx(hit.score)
        assert opened.search("zzzz qqqq", mode="bm25") == []


@pytest.mark.parametrize("first", ["socket", "ledger"])
def test_a_long_question_is_answered_by_the_tree_that_it_begins_with(
    tmp_path: Path, first: str
) -> None:
    # The same words asked in another order: only what comes first tells the trees apart.
    trees = {
        "socket": "def reconnect(socket, backoff):\n    delay = backoff.jitter()\n",
        "ledger": "def balance(account, currency):\n    posted = account.journal()\n",
    }
    about = {
        "socket": "Socket reconnect ignores backoff jitter delay again.",
        "ledger": "Account balance ignores posted journal currency again.",
    }
    other = next(name for name in trees if name != first)
    roots = [
        write_tree(tmp_path / name, {"one.py": text, "two.py": "def part():\n    pass\n"})
        for name, text in trees.items()
    ]
    with Workspace.open(roots) as opened:
        opened.update()
        for mode in ("hybrid", "bm25", "semantic"):
            found = opened.search(f"{about[first]}\n\n{about[other]} Seen yesterday.", mode=mode)
            assert places(found)[0] == (first, "one.py"), mode


def test_one_tree_can_be_asked_alone(workspace: Workspace, trees: list[Path]) -> None:
    for root in ("two", str(trees[1]), trees[1]):
        assert {hit.root for hit in workspace.search("attempt", root=root)} == {str(trees[1])}


def test_filters_hold_in_every_tree(workspace: Workspace) -> None:
    assert places(workspace.search("attempt", languages=["rust"])) == [("two", "src/cache.rs")]
    assert places(workspace.search("attempt", classes=["docs"], kinds=["section"])) != []
    assert {path for _, path in places(workspace.search("one", classes=["docs"]))} == {"README.md"}
    assert all(path == "README.md" for _, path in places(workspace.search("one", paths=["*.md"])))


def test_one_tree_answers_as_its_index_does(workspace: Workspace, trees: list[Path]) -> None:
    with Index.open(trees[0]) as index, Workspace.open(trees[:1]) as alone:
        expected = [(hit.path, hit.score, hit.text) for hit in index.search("retry")]
        assert [(hit.path, hit.score, hit.text) for hit in alone.search("retry")] == expected


def test_a_word_is_misspelt_where_no_tree_knows_it(workspace: Workspace) -> None:
    one, two = workspace.roots
    assert workspace.corrections("RetryPolicc", root=one) == {"RetryPolicc": "RetryPolicy"}
    assert workspace.corrections("RetryPolicc", root=two) == {}, "nothing like it there"
    assert workspace.corrections("RetryPolicc") == {"RetryPolicc": "RetryPolicy"}
    assert workspace.corrections("RetryPolicy") == {}
    (Path(two) / "new.py").write_text("def RetryPolicc():\n    pass\n")
    workspace.update(two)
    assert workspace.index(two).knows("retry_policc")
    assert workspace.corrections("RetryPolicc") == {}


def test_a_tree_given_twice_counts_once(trees: list[Path]) -> None:
    opened = Workspace.open([trees[0], trees[1], trees[0] / "src" / ".."])
    assert opened.roots == (str(trees[0]), str(trees[1]))


def test_what_answers_to_no_tree_is_an_error(workspace: Workspace, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="no tree of this workspace"):
        workspace.index("three")
    with pytest.raises(ValueError, match="which tree"):
        workspace.index()
    with pytest.raises(ValueError, match="no tree given"):
        Workspace.open([])
    with pytest.raises(FileNotFoundError):
        Workspace.open([tmp_path / "none"])


def test_an_unindexed_tree_says_so(trees: list[Path]) -> None:
    with pytest.raises(IndexNotFoundError):
        Workspace.open(trees).search("retry")


def test_indexes_of_several_trees_may_lie_in_one_folder(trees: list[Path], tmp_path: Path) -> None:
    with Workspace.open(trees, index_dir=tmp_path / "indexes") as opened:
        opened.update()
        assert len(list((tmp_path / "indexes").iterdir())) == 2
        assert places(opened.search("LruCache", top_k=1)) == [("two", "src/cache.rs")]


def test_related_code_comes_from_the_files_own_tree(workspace: Workspace) -> None:
    assert {hit.root for hit in workspace.find_related("src/retry.py", 5)} <= {workspace.roots[0]}
    with pytest.raises(ValueError, match="several trees have it"):
        workspace.find_related("README.md", 1)
    workspace.find_related("README.md", 1, root="two")


def test_status_is_told_by_root(workspace: Workspace) -> None:
    files = {root: status.files for root, status in workspace.status().items()}
    assert files == dict.fromkeys(workspace.roots, 2)


def test_many_threads_may_ask_while_one_updates(workspace: Workspace, trees: list[Path]) -> None:
    wrong: list[object] = []

    def ask() -> None:
        try:
            for _ in range(10):
                if places(workspace.search("how long to wait", top_k=1)) != [
                    ("one", "src/retry.py")
                ]:
                    wrong.append("another answer")
                workspace.read("src/cache.rs", 1, 2)
        except Exception as error:  # noqa: BLE001 (all of them are what this looks for)
            wrong.append(error)

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for nth in range(5):
        (trees[0] / f"more{nth}.py").write_text(f"def more{nth}(): ...\n")
        workspace.update("one")
        workspace.close()
    for thread in threads:
        thread.join()
    assert not wrong


# --- reading ---------------------------------------------------------------------------------


def test_lines_are_read_as_they_stand(workspace: Workspace, trees: list[Path]) -> None:
    lines = PYTHON_SOURCE.split("\n")
    excerpt = workspace.read("src/retry.py", 3, 7)
    assert excerpt.text == "\n".join(lines[2:7])
    assert (excerpt.start_line, excerpt.end_line, excerpt.total_lines) == (3, 7, len(lines) - 1)
    assert (excerpt.root, excerpt.path, excerpt.language) == (
        str(trees[0]),
        "src/retry.py",
        "python",
    )
    assert excerpt.freshness == "fresh"
    assert workspace.read("src/retry.py").text == PYTHON_SOURCE.rstrip("\n")
    last = excerpt.total_lines
    assert workspace.read(str(trees[0] / "src/retry.py"), last, 999).end_line == last


@pytest.mark.parametrize(("start", "end"), [(0, 3), (-1, None), (17, None), (5, 4), (10**9, None)])
def test_lines_that_are_not_there_are_an_error(workspace: Workspace, start: int, end: int) -> None:
    with pytest.raises(ValueError, match="its lines are 1 to 16"):
        workspace.read("src/retry.py", start, end)


def test_a_changed_file_is_read_as_it_is_now_and_says_so(
    workspace: Workspace, trees: list[Path]
) -> None:
    file = trees[0] / "src/retry.py"
    for text in (PYTHON_SOURCE.replace("5", "6"), PYTHON_SOURCE + "more = 1\n", "short = 1\n"):
        file.write_text(text)
        excerpt = workspace.read("src/retry.py")
        assert (excerpt.text, excerpt.freshness) == (text.rstrip("\n"), "changed")
    file.write_text(PYTHON_SOURCE)
    assert workspace.read("src/retry.py").freshness == "fresh"


def test_other_threads_go_on_while_a_file_is_read(tmp_path: Path) -> None:
    """No thread has to give way here, so the other one moves only if reading lets go of the interpreter."""
    lines = (f"def f{nth}(request, attempts={nth}):\n    return request" for nth in range(3_000))
    tree = write_tree(tmp_path / "t", {"a.py": "\n".join(lines)})
    started, done = threading.Event(), threading.Event()
    ticks = 0

    def tick() -> None:
        nonlocal ticks
        started.set()
        while not done.is_set():
            ticks += 1
            time.sleep(0.000_1)

    thread = threading.Thread(target=tick)
    thread.start()
    started.wait()
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1_000)
    try:
        before = ticks
        found = _rcm.inspect(tree, Path("a.py"))
        after = ticks
    finally:
        sys.setswitchinterval(interval)
        done.set()
        thread.join()
    assert found["chunks"]
    assert after > before


def test_a_file_that_is_gone_is_said_to_be(workspace: Workspace, trees: list[Path]) -> None:
    (trees[0] / "src/retry.py").unlink()
    with pytest.raises(FileNotFoundError, match="gone since it was indexed"):
        workspace.read("src/retry.py")


def test_a_secret_written_after_indexing_is_replaced(
    workspace: Workspace, trees: list[Path]
) -> None:
    (trees[0] / "src/retry.py").write_text(f'KEY = "{KEY}"\nleft = 1\n')
    text = workspace.read("src/retry.py").text
    assert KEY not in text
    assert "<secret:" in text
    assert "left = 1" in text


def test_modes_of_secrets_hold_for_reading_too(tmp_path: Path) -> None:
    source = f"def first():\n    return 1\n\n\ndef second():\n    return '{KEY}'\n"
    tree = write_tree(tmp_path / "t", {"a.py": "def first():\n    return 1\n"})
    with Index.open(tree) as index:
        index.update(secrets="skip-file")
        (tree / "a.py").write_text(source)
        with pytest.raises(ValueError, match="not to be read: secrets"):
            index.read("a.py")
        index.update(secrets="off")
        assert KEY not in index.read("a.py").text
        assert index.read("a.py").freshness == "fresh"


def outside(tmp_path: Path, tree: Path) -> list[str]:
    """Places that must not be read: each exists, none is in the index."""
    evil = write_tree(tmp_path / "one-evil", {"a.py": "evil = 1\n"})
    write_tree(tree, {".env": "A=1\n", "ignored.py": "b = 1\n", ".gitignore": "ignored.py\n"})
    os.symlink(evil / "a.py", tree / "link.py")
    os.symlink(evil, tree / "linked")
    return [
        "../one-evil/a.py", "src/../../one-evil/a.py", str(evil / "a.py"), f"{tree}-evil/a.py",
        "link.py", "linked/a.py", str(tree / "linked/a.py"), ".env", "ignored.py", "/etc/passwd",
        "", ".", "/", "src", "src/retry.py/", "src/retry.py\0.txt", "\0", "~/.bashrc", "file:///etc/passwd",
        "..\\one-evil\\a.py", "SRC/RETRY.PY", "src//..//..//one-evil/a.py",
    ]  # fmt: skip


def test_no_other_file_is_read(workspace: Workspace, trees: list[Path], tmp_path: Path) -> None:
    for path in outside(tmp_path, trees[0]):
        if path == "src/retry.py/":  # the same file, spelt oddly
            continue
        for root in ("one", None):
            with pytest.raises(ValueError, match=r"not in the index|null|embedded"):
                workspace.read(path, root=root)


def test_a_file_that_turned_into_a_link_is_not_followed(
    workspace: Workspace, trees: list[Path], tmp_path: Path
) -> None:
    evil = write_tree(tmp_path / "evil", {"retry.py": "evil = 1\n"})
    (trees[0] / "src/retry.py").unlink()
    os.symlink(evil / "retry.py", trees[0] / "src/retry.py")
    with pytest.raises(ValueError, match="symlink"):
        workspace.read("src/retry.py")
    (trees[0] / "src/retry.py").unlink()
    (trees[0] / "src").rmdir()
    os.symlink(evil, trees[0] / "src")
    with pytest.raises((ValueError, OSError)):
        workspace.read("src/retry.py")
