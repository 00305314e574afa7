"""Exact search: every line of every file that an index would hold, and nothing that one would not show."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rcm import Index
from rcm.cli import main
from small_trees import SMALL_TREE, write_tree

Streams = pytest.CaptureFixture[str]


@pytest.fixture
def here(tree: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The small tree, as the working directory."""
    monkeypatch.chdir(tree)
    return tree


def grep(*words: str) -> int:
    return main(["grep", *words])


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["class \\w+Policy"], ["src/retry.py:6:class RetryPolicy:"]),
        (["-F", "2**attempt"], ["src/retry.py:16:    return 0.1 * 2**attempt"]),
        (["-i", "LRUCACHE X"], []),
        (
            ["-i", "lrucache<"],
            [
                "src/cache.rs:4:pub struct LruCache<K, V> {",
                "src/cache.rs:9:impl<K: PartialEq, V> LruCache<K, V> {",
            ],
        ),
        (["-w", "test"], []),
        (["-N", "port = "], ["src/config.toml:port = 8080"]),
        (["--vimgrep", "attempt <"], ["src/retry.py:11:16:        return attempt < MAX_RETRIES"]),
        (["-c", "backoff"], ["README.md:1", "src/retry.py:1", "tests/test_retry.py:3"]),
        (["-l", "backoff"], ["README.md", "src/retry.py", "tests/test_retry.py"]),
        (["-l", "backoff", "-t", "py"], ["src/retry.py", "tests/test_retry.py"]),
        (["-l", "backoff", "--class", "tests"], ["tests/test_retry.py"]),
        (["-l", "backoff", "--class", "docs", "--class", "code"], ["README.md", "src/retry.py"]),
        (["-l", "backoff", "-g", "!tests/**", "-g", "!*.md"], ["src/retry.py"]),
        (
            ["-e", "port =", "-e", "level ="],
            ["src/config.toml:2:port = 8080", 'src/config.toml:5:level = "info"'],
        ),
        (["--", "-> float"], ["src/retry.py:14:def backoff_seconds(attempt: int) -> float:"]),
    ],
)  # fmt: skip
def test_output_is_that_of_grep(
    here: Path, capsys: Streams, words: list[str], expected: list[str]
) -> None:
    assert grep(*words) == (0 if expected else 1)
    assert capsys.readouterr().out.splitlines() == expected


def test_lines_beside_matches(here: Path, capsys: Streams) -> None:
    assert grep("-C", "1", "port|level", "-t", "toml") == 0
    assert capsys.readouterr().out.splitlines() == [
        "src/config.toml-1-[server]",
        "src/config.toml:2:port = 8080",
        "src/config.toml-3-",
        "src/config.toml-4-[logging]",
        'src/config.toml:5:level = "info"',
    ]
    assert grep("-A", "1", "def ", "-t", "py", "-g", "src/**") == 0
    out = capsys.readouterr().out.splitlines()
    assert out[2] == "--"
    assert [line.split(":")[0].split("-")[0] for line in out if line != "--"] == [
        "src/retry.py"
    ] * 4


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["nothing-like-this"], 1, ""),
        (["("], 2, "unclosed group"),
        (["(?=x)"], 2, "look-around"),
        ([], 2, "no pattern"),
        (["x", "--class", "music"], 2, "class is 'music'"),
        (["x", "-t", "klingon"], 2, "klingon"),
        (["x", "missing-folder"], 2, "no such directory"),
        (["x", "-l", "-c"], 2, "two forms"),
    ],
)
def test_exit_codes(here: Path, capsys: Streams, words: list[str], code: int, said: str) -> None:
    assert grep(*words) == code
    streams = capsys.readouterr()
    assert streams.out == ""
    assert said in streams.err


def test_json_says_where_it_looked(here: Path, capsys: Streams) -> None:
    assert grep("--json", "backoff") == 0
    found = json.loads(capsys.readouterr().out)
    assert found["complete"] is True
    assert found["files_searched"] == len(SMALL_TREE) - 1
    assert found["skipped"] == {"binary": 1}
    assert [line["path"] for line in found["lines"]].count("tests/test_retry.py") == 3
    assert found["lines"][0]["spans"] == [[6, 13]]
    assert grep("--jsonl", "backoff") == 0
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert lines == found["lines"]


def test_no_index_is_needed_or_made_and_the_answer_is_never_old(tree: Path) -> None:
    with Index.open(tree) as index:
        assert index.grep("RetryPolicy").files_matched == 1
        assert not index.index_dir.exists()
        index.update()
        (tree / "src/retry.py").write_text("class Other: pass\n")
        (tree / "src/new.py").write_text("class RetryPolicy: pass\n")
        (tree / "src/cache.rs").unlink()
        report = index.grep("RetryPolicy|LruCache")
        assert [(line.path, line.line) for line in report.lines] == [("src/new.py", 1)]
        assert report.complete


def test_files_are_those_of_the_index(tmp_path: Path) -> None:
    tree = write_tree(
        tmp_path / "tree",
        {
            ".gitignore": "left_out.py\n",
            "left_out.py": "needle = 1\n",
            ".hidden.py": "needle = 2\n",
            "seen.py": "needle = 3\n",
            "id_rsa": "needle\n",
        },
    )
    (tree / ".git").mkdir()
    (tree / "link.py").symlink_to(tmp_path / "outside.py")
    (tmp_path / "outside.py").write_text("needle = 4\n")
    with Index.open(tree) as index:
        assert {line.path for line in index.grep("needle").lines} == {"seen.py"}
        assert index.grep("needle").skipped == {"sensitive-name": 1, "symlink": 1}
        index.update(hidden=True, use_ignore=False)
        assert {line.path for line in index.grep("needle").lines} == {
            "seen.py", ".hidden.py", "left_out.py",
        }  # fmt: skip


def test_secrets_are_neither_shown_nor_found(tmp_path: Path) -> None:
    key = "AKIA" + "Z7Q2M4X6K3P3R5T7"
    tree = write_tree(tmp_path / "tree", {"settings.py": f'name = "me"\nkey = "{key}"\n'})
    with Index.open(tree) as index:
        assert index.grep(key).lines == ()
        assert index.grep("AKIA").lines == ()
        (line,) = index.grep("key = ", before=1).lines[1:]
        assert key not in line.text
        assert "<secret:" in line.text
        assert index.grep("<secret:").files_matched == 1


def test_a_limit_is_said_not_to_be_complete(tree: Path) -> None:
    with Index.open(tree) as index:
        report = index.grep("e", most=3)
        assert len(report.lines) == 3
        assert not report.complete
        assert index.grep("MAX_RETRIES", most=99).complete


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads everything")
def test_a_file_that_cannot_be_read_is_told(here: Path, capsys: Streams) -> None:
    (here / "src/retry.py").chmod(0)
    assert grep("backoff") == 2
    assert "src/retry.py: permission denied" in capsys.readouterr().err.lower()


def test_several_trees_and_paths_that_open_from_here(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Streams
) -> None:
    one = write_tree(tmp_path / "one", {"a/x.py": "needle\n"})
    two = write_tree(tmp_path / "two", {"y.py": "needle\n"})
    monkeypatch.chdir(one / "a")
    assert grep("-l", "needle", str(one), str(two)) == 0
    found = capsys.readouterr().out.splitlines()
    assert found == ["x.py", str(two / "y.py")]
    assert all(Path(path).exists() for path in found)
    assert grep("-l0", "needle", str(two)) == 0
    assert capsys.readouterr().out == f"{two / 'y.py'}\0"


def test_colours_and_links_are_written_when_asked_for(here: Path, capsys: Streams) -> None:
    assert grep("--color", "always", "--hyperlink", "always", "port", "-t", "toml") == 0
    out = capsys.readouterr().out
    assert f"\x1b]8;;file://{os.uname().nodename}{here}/src/config.toml\x1b\\" in out
    assert "\x1b[1;33mport\x1b[0m" in out
    assert grep("port", "-t", "toml") == 0
    assert "\x1b" not in capsys.readouterr().out


@given(
    st.lists(st.text(st.sampled_from("abé \t<x>"), max_size=12), min_size=1, max_size=12),
    st.sampled_from(["a", "^b", "x$", "[^a]b", "a.*b", r"\bé", "^$", "(a|x) ?b", "a+", ""]),
)
def test_lines_are_those_that_python_finds(
    tmp_path_factory: pytest.TempPathFactory, lines: list[str], pattern: str
) -> None:
    tree = write_tree(tmp_path_factory.mktemp("tree"), {"a.txt": "\n".join([*lines, "end"])})
    with Index.open(tree) as index:
        found = [(line.line, line.text) for line in index.grep(pattern).lines]
    wanted = [
        (nth, line) for nth, line in enumerate([*lines, "end"], 1) if re.search(pattern, line)
    ]
    assert found == wanted


@pytest.mark.skipif(shutil.which("rg") is None, reason="there is no ripgrep to compare with")
@pytest.mark.parametrize(
    "pattern", ["def test_\\w+", "(?i)secret", "\\bimport\\b", "^$", "[^\\x00-\\x7f]"]
)
def test_lines_of_this_repository_are_those_of_ripgrep(pattern: str) -> None:
    root = Path(__file__).parent
    with Index.open(root) as index:
        report = index.grep(pattern, paths=["*.py"])
    found = {f"{line.path}:{line.line}" for line in report.lines}
    said = subprocess.run(
        ["rg", "-n", "--no-heading", "--no-messages", "-g", "*.py", pattern, "."],
        cwd=root, capture_output=True, text=True, check=False,
    ).stdout  # fmt: skip
    other = {":".join(line.removeprefix("./").split(":", 2)[:2]) for line in said.splitlines()}
    assert found
    # A redacted value is the one thing that ripgrep finds and we do not.
    assert found <= other | {place for place in found if "secret" in pattern}
    assert len(other - found) <= (200 if "secret" in pattern else 0)
