"""The label-free check: its sentences are gone from the copy, its commits name files that are there."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

import label_free
from label_free_sources import (
    WRITTEN,
    commit_questions,
    doc_questions,
    export_commit,
    is_clone,
    message_questions,
    name_questions,
    written_questions,
)
from small_trees import write_tree

TREE = {
    "pool.py": '''\
class Pool:
    """Keep a few open connections for later use.

    More is said here.
    """

    def take(self):
        """Return a connection, or wait for one to come back."""
        return 1
''',
    "lib.rs": """\
/// Splits a path into what stands between the
/// slashes. And more.
///
/// Long talk.
pub fn split_path(path: &str) -> Vec<&str> {
    path.split('/').collect()
}

/// Too short.
pub fn other() {}
""",
    "pool.go": "package p\n\n// Drain closes all idle connections of the pool at once.\nfunc Drain() {}\n",
    "twice.py": 'def one():\n    """The same sentence stands here two times."""\n\n\n'
    'def two():\n    """The same sentence stands here two times."""\n',
    "pool.js": "/**\n * Waits until somebody gives a connection back.\n */\nfunction wait() {}\n",
}
ASKED = {
    "Keep a few open connections for later use.": ("pool.py", 1),
    "Return a connection, or wait for one to come back.": ("pool.py", 7),
    "Splits a path into what stands between the slashes.": ("lib.rs", 5),
    "closes all idle connections of the pool at once.": ("pool.go", 4),
    "Waits until somebody gives a connection back.": ("pool.js", 4),
}


def test_sentences_are_asked_and_gone(tmp_path: Path) -> None:
    tree, copy = write_tree(tmp_path / "tree", TREE), tmp_path / "copy"
    questions = doc_questions(tree, copy, 99)
    found = {one.text: (one.paths[0], one.first_line) for one in questions}
    assert found == ASKED
    left = "\n".join(path.read_text() for path in copy.iterdir())
    for gone in ("few open", "Return a", "Splits", "slashes", "closes all idle", "Waits until"):
        assert gone not in left
    assert "More is said here" in left
    assert left.count("The same sentence") == 2
    for path in TREE:
        assert len((copy / path).read_text().splitlines()) == len(TREE[path].splitlines())
    assert len(doc_questions(tree, tmp_path / "few", 2)) == 2


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    root = tmp_path / "clone"

    def git(*arguments: str) -> None:
        command = ["git", "-c", "user.name=a", "-c", "user.email=a@b", "-C", str(root), *arguments]
        subprocess.run(command, check=True, capture_output=True)

    root.mkdir()
    git("init", "-q")
    write_tree(root, TREE)
    git("add", ".")
    git("commit", "-qm", "Begin with a pool of connections (#1)")
    write_tree(root, {"gone.py": "x = 1\n"})
    git("add", ".")
    git("commit", "-qm", "Add a file that will be gone soon")
    (root / "gone.py").unlink()
    write_tree(root, {"pool.py": TREE["pool.py"].replace("return 1", "return 2")})
    git("commit", "-qam", "Give out the second connection of the pool")
    write_tree(root, {"lib.rs": TREE["lib.rs"] + "\n"})
    git("commit", "-qam", "short one")
    return root


def test_commits_are_asked_for_files_that_are_there(clone: Path, tmp_path: Path) -> None:
    assert is_clone(clone)
    assert not is_clone(tmp_path)
    head = export_commit(clone, tmp_path / "head")
    assert {path.name for path in head.iterdir()} == set(TREE)
    found = {one.text: set(one.paths) for one in commit_questions(clone, head, 99)}
    assert found == {"Begin with a pool of connections": set(TREE)}


def test_messages_are_asked_for_the_programs_they_changed(clone: Path, tmp_path: Path) -> None:
    explained = "Give out connections in turn\n\n" + "The oldest was used for every request. " * 6
    trailers = "\n\nReviewed-by: A B <a@b>\nChange-Id: I0123\nCloses #12\n"
    write_tree(
        clone, {"pool.py": TREE["pool.py"] + "\n", "tests/test_pool.py": "1\n", "a.md": "A\n"}
    )
    for command in (["add", "."], ["commit", "-qm", explained + trailers]):
        subprocess.run(
            ["git", "-c", "user.name=a", "-c", "user.email=a@b", "-C", str(clone), *command],
            check=True,
        )
    head = export_commit(clone, tmp_path / "head")
    (only,) = message_questions(clone, head, 99)
    assert only.text == explained.strip()
    assert only.paths == ("pool.py",)


def test_names_that_one_file_defines_are_asked(tmp_path: Path) -> None:
    tree = write_tree(tmp_path, {**TREE, "more.py": "def take(): ...\n"})
    asked = {one.text: (one.paths, one.first_line) for one in name_questions(tree, 99)}
    assert asked == {
        "Pool": (("pool.py",), 1),
        "split_path": (("lib.rs",), 1),
        "other": (("lib.rs",), 9),
        "Drain": (("pool.go",), 3),
        "wait": (("pool.js",), 1),
    }


def test_a_run_is_stored_without_the_questions(
    clone: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    stored = tmp_path / "run.json"
    assert label_free.main([str(clone), "--json", str(stored)]) == 0
    run = json.loads(stored.read_text())
    assert {(check["tree"], check["check"]) for check in run["checks"]} == {
        ("clone", "doc"),
        ("clone", "commit"),
        ("clone", "name"),
    }
    assert run["summary"]["name"]["reciprocal_rank"] == 1
    assert run["summary"]["doc"]["questions"] == len(ASKED)
    assert run["summary"]["doc"]["recall"] == 1
    assert 0 < run["summary"]["doc"]["reciprocal_rank"] <= 1
    assert "connections" not in stored.read_text()
    assert label_free.main([str(clone), "--against", str(stored)]) == 0
    assert "5 questions in both" in capsys.readouterr().out
    assert label_free.main([str(tmp_path / "none")]) == 2


def test_written_questions_are_asked_of_their_source(tmp_path: Path) -> None:
    rows = [line.split("\t") for line in WRITTEN.read_text(encoding="utf-8").splitlines()]
    assert len({(of, path, name) for of, path, name, _ in rows}) == len(rows) > 5_000
    assert {asked.count(" | ") for *_, asked in rows} == {2}
    assert len({of for of, *_ in rows}) > 80
    tree = write_tree(
        tmp_path,
        {"django/contrib/admin/checks.py": "def _check_filter_horizontal():\n    return []\n"},
    )
    asked = written_questions(tree, "Django", 10)
    assert len(asked) == 3
    assert {question.paths for question in asked} == {("django/contrib/admin/checks.py",)}
    assert {(question.first_line, question.last_line) for question in asked} == {(1, 2)}
    assert not written_questions(tree, "pandas", 10)
