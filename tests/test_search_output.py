"""`rcm search` as people and editors read it: context, paths, links, a pager, several trees."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest

from rcm import Index
from rcm.cli import main
from rcm.present.context import with_context
from rcm.present.hyperlink import Links, links_for
from rcm.present.lines import column_of
from rcm.present.snippet import Line
from small_trees import SMALL_TREE, write_tree

Streams = pytest.CaptureFixture[str]


@pytest.fixture
def here(tree: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The small tree, indexed, as the working directory."""
    monkeypatch.chdir(tree)
    with Index.open(tree) as index:
        index.update()
    return tree


def search(capsys: Streams, *words: str, code: int = 0) -> str:
    assert main(["search", *words]) == code
    return capsys.readouterr().out


def test_context_is_read_from_the_file(here: Path, capsys: Streams) -> None:
    assert "  14  def backoff_seconds" in search(capsys, "--symbol", "backoff_seconds")
    wide = search(capsys, "--symbol", "backoff_seconds", "-B", "4", "-A", "99")
    assert "return attempt < MAX_RETRIES" in wide
    assert wide.count("def backoff_seconds") == 1
    assert wide.rstrip().endswith("return 0.1 * 2**attempt")


@pytest.mark.parametrize(
    ("chosen", "before", "after", "expected"),
    [
        ([3], 1, 1, [2, 3, 4]),
        ([1], 2, 0, [1]),
        ([5], 0, 9, [5, 6]),
        ([1, 6], 0, 1, [1, 2, None, 6]),
        ([1, 3], 1, 1, [1, 2, 3, 4]),
        ([3], 10**30, 10**30, [1, 2, 3, 4, 5, 6]),
    ],
)
def test_lines_around(
    chosen: list[int], before: int, after: int, expected: list[int | None]
) -> None:
    lines = [f"line {number}" for number in range(1, 7)]

    def read(first: int, last: int) -> str:
        return "\n".join(lines[first - 1 : last])

    picked = [Line(number, f"line {number}") for number in chosen]
    shown = with_context(picked, read, before=before, after=after)
    assert [line.number for line in shown] == expected
    changed = [Line(number, "something else") for number in chosen]
    assert with_context(changed, read, before=before, after=after) == changed


def test_lines_around_of_a_file_that_is_gone() -> None:
    def read(first: int, last: int) -> str:
        raise FileNotFoundError(2, "gone", "a.py")

    assert with_context([Line(1, "x")], read, before=1, after=1) == [Line(1, "x")]


def test_one_line_a_result_opens_in_an_editor(here: Path, capsys: Streams) -> None:
    out = search(capsys, "retry policy", "--vimgrep", "-k", "3")
    assert out.splitlines()[0] == "src/retry.py:6:7:class RetryPolicy:"
    for line in out.splitlines():
        path, number, column, text = line.split(":", 3)
        said = (here / path).read_text().splitlines()[int(number) - 1]
        assert said == text
        assert 1 <= int(column) <= len(said) + 1
    assert search(capsys, "retry policy", "--no-heading", "-k", "3") == out


def test_columns_are_bytes() -> None:
    assert column_of("äöü x", 4) == 8
    assert column_of("\udcff x", 2) == 5


def test_paths_alone(here: Path, capsys: Streams, monkeypatch: pytest.MonkeyPatch) -> None:
    assert sorted(search(capsys, "backoff", "-l", "-t", "py").splitlines()) == [
        "src/retry.py",
        "tests/test_retry.py",
    ]
    monkeypatch.chdir(here / "tests")
    paths = search(capsys, "backoff", "-l0", "-t", "py", str(here)).split("\0")
    assert sorted(paths) == ["", "../src/retry.py", "test_retry.py"]


def test_kinds_classes_and_globs(here: Path, capsys: Streams) -> None:
    def paths(*words: str, code: int = 0) -> set[str]:
        return set(search(capsys, "retry", "-l", *words, code=code).splitlines())

    assert paths("--kind", "class") == {"src/retry.py"}
    assert paths("--kind", "struct") == {"src/cache.rs"}
    assert paths("--class", "tests") == {"tests/test_retry.py"}
    assert "tests/test_retry.py" not in paths("-g", "!tests/**")
    assert paths("--kind", "macro", code=1) == set()


def test_one_object_a_line(here: Path, capsys: Streams) -> None:
    whole = json.loads(search(capsys, "retry", "--json"))
    lines = [json.loads(line) for line in search(capsys, "retry", "--jsonl").splitlines()]
    assert lines == whole["results"]
    assert whole["root"] == str(here)
    assert main(["search", "retry", "--json", "--jsonl"]) == 2


def test_a_symbol_is_where_it_is_defined(here: Path, capsys: Streams) -> None:
    with Index.open(here) as index:
        (found,) = index.definitions("LruCache::get")
        assert (found.path, found.kind) == ("src/cache.rs", "method")
        assert "pub fn get" in found.text
        assert [hit.path for hit in index.definitions("retry_policy")] == ["src/retry.py"]
        assert index.definitions("Cache.get") == []
        assert index.definitions("get", kinds=["function"]) == []
        with pytest.raises(ValueError, match="not the name of a symbol"):
            index.definitions("where is the cache")
    assert "src/cache.rs" in search(capsys, "--symbol", "LruCache")
    assert search(capsys, "--symbol", "Nothing", code=1) == ""


def test_several_trees_are_one_answer(
    tmp_path: Path, capsys: Streams, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = write_tree(tmp_path / "one", SMALL_TREE)
    two = write_tree(tmp_path / "two", {"limits.py": "def rate_limit(calls):\n    return calls\n"})
    monkeypatch.chdir(tmp_path)
    out = search(capsys, "rate limit of calls", "one", "two", "-l")
    assert out.splitlines()[0] == "two/limits.py"
    assert "one/src/retry.py" in out.splitlines()
    assert "two/limits.py:1-2" in search(capsys, "rate limit of calls", "one", "two")
    found = json.loads(search(capsys, "rate limit of calls", "one", "two", "--json"))
    assert found["root"] is None
    assert found["roots"] == [str(one), str(two)]
    assert found["results"][0]["root"] == str(two)
    assert "two/limits.py:1:5:" in search(
        capsys, "--symbol", "rate_limit", "one", "two", "--vimgrep"
    )


def test_links_for_terminals_that_know_them() -> None:
    assert links_for("never", terminal=True, environ={"TERM_PROGRAM": "WezTerm"}) == Links()
    assert not links_for("auto", terminal=True, environ={"TERM": "xterm-256color"}).enabled
    assert not links_for("auto", terminal=False, environ={"TERM": "xterm-kitty"}).enabled
    assert links_for("auto", terminal=True, environ={"TERM": "xterm-kitty"}).enabled
    assert links_for("auto", terminal=True, environ={"VTE_VERSION": "6800"}).enabled
    assert not links_for("auto", terminal=True, environ={"VTE_VERSION": "4000"}).enabled
    link = Links(enabled=True, host="here").around("a b", "/tree", "a b\udcff\x1b.py")
    assert link == "\x1b]8;;file://here/tree/a%20b%FF%1B.py\x1b\\a b\x1b]8;;\x1b\\"


def test_links_and_colours(here: Path, capsys: Streams) -> None:
    out = search(capsys, "retry", "--hyperlink", "always", "--color", "always", "-k", "1")
    assert f"file://{os.uname().nodename}{here}/src/retry.py\x1b\\" in out
    assert "\x1b[35m" in out
    assert "\x1b" not in search(capsys, "retry", "-k", "1")


def on_a_terminal(rows: int, *words: str, pager: str, home: Path) -> str:
    """Run the command with a terminal as standard output; return what came through."""
    master, slave = pty.openpty()
    import fcntl
    import struct
    import termios

    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", rows, 100, 0, 0))
    environ = {**os.environ, "RCM_PAGER": pager, "NO_COLOR": "1", "RCM_HOME": str(home)}
    with subprocess.Popen(
        [sys.executable, "-m", "rcm", "search", *words],
        stdout=slave,
        stderr=subprocess.DEVNULL,
        stdin=slave,
        env=environ,
    ) as child:
        os.close(slave)
        out = b""
        while True:
            try:
                block = os.read(master, 1 << 16)
            except OSError:  # the other end is closed
                break
            if not block:
                break
            out += block
        child.wait()
    os.close(master)
    return out.decode()


def test_a_pager_shows_what_is_longer_than_the_terminal(here: Path) -> None:
    home = Path(os.environ["RCM_HOME"])
    mark = "sed s/^/PAGED:/"
    assert "PAGED:src/retry.py" in on_a_terminal(5, "retry", pager=mark, home=home)
    assert "PAGED" not in on_a_terminal(200, "retry", pager=mark, home=home)
    assert "PAGED" not in on_a_terminal(5, "retry", "--no-pager", pager=mark, home=home)
    for unusable in ("", "cat", "no-such-pager-anywhere", "'"):
        assert "src/retry.py" in on_a_terminal(5, "retry", pager=unusable, home=home)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["retry", "-t", "pyhton"], "did you mean python?"),
        (["retry", "--kind", "functon"], "did you mean function?"),
        (["retry", "-l", "rust"], "-t rust is the language"),
        (["retry", "-l", "of", "requests"], "quote a query of several words"),
    ],
)
def test_what_was_meant_is_said_before_anything_is_indexed(
    tree: Path, monkeypatch: pytest.MonkeyPatch, capsys: Streams, words: list[str], said: str
) -> None:
    monkeypatch.chdir(tree)
    assert main(["search", *words]) == 2
    streams = capsys.readouterr()
    assert streams.out == ""
    assert said in streams.err
    assert "making it" not in streams.err
