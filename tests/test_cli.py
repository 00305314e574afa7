"""The command as people and scripts meet it: what it prints where, and how it ends."""

from __future__ import annotations

import contextlib
import errno
import io
import json
import os
import pty
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from rcm.cli import COMMANDS, build_parser, exits, main
from rcm.cli.arguments import byte_count, positive
from rcm.cli.exits import UsageError
from rcm.cli.interrupts import interruptible, signals_stop
from rcm.cli.related import parse_place, path_in_tree
from rcm.errors import IndexDamagedError, IndexLockedError, IndexStaleError
from rcm.index import Index
from rcm.present.progress import ProgressBar
from rcm.present.style import Style
from rcm.reports.update import Progress

FILES = {
    "src/settings.py": (
        '"""Settings of the tool."""\n\n\n'
        "def parse_config(path):\n"
        '    """Reads the configuration file."""\n'
        "    return dict(line.split('=') for line in open(path))\n"
    ),
    "src/retry.rs": (
        "/// How often a request is tried again.\n"
        "pub struct RetryPolicy {\n    pub limit: usize,\n}\n\n"
        "impl RetryPolicy {\n"
        "    pub fn should_retry(&self, attempt: usize) -> bool {\n"
        "        attempt < self.limit\n    }\n}\n"
    ),
    "docs/guide.md": "# Guide\n\nThe tool retries requests and reads a configuration file.\n",
    "empty.py": "",
}


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A small repository, which is the working directory, and a place for indexes beside it."""
    root = tmp_path / "tree"
    for name, text in FILES.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text, encoding="utf-8")
    (root / ".git").mkdir()
    monkeypatch.setenv("RCM_HOME", str(tmp_path / "home"))
    for name in ("NO_COLOR", "FORCE_COLOR", "FORCE_SEQUENTIAL", "RCM_DEBUG"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(root)
    return root


def rcm(*arguments: str, **options: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(  # type: ignore[call-overload, no-any-return]
        [sys.executable, "-m", "rcm", *arguments],
        **{"capture_output": True, "text": True, "timeout": 120, "check": False, **options},
    )


Streams = pytest.CaptureFixture[str]


# Index and search


def test_search_of_a_tree_without_index_makes_it_first(tree: Path, capsys: Streams) -> None:
    assert main(["search", "parse_config"]) == exits.FOUND
    out, err = capsys.readouterr()
    head, *code = out.splitlines()
    assert re.fullmatch(
        r"src/settings\.py:\d+-\d+  \S*parse_config \(function\)  -?\d+\.\d{3}", head
    )
    assert any("def parse_config(path):" in line for line in code)
    assert "no index of" in err
    assert re.search(r"indexed 3 files in [\d.]+ m?s, \d+ chunks? in the index", err)
    assert "\x1b" not in out + err

    assert main(["search", "parse_config"]) == exits.FOUND
    again = capsys.readouterr()
    assert again.out == out
    assert again.err == ""


def test_index_prints_the_summary_on_stdout(tree: Path, capsys: Streams) -> None:
    assert main(["index", "--workers", "1", "--mode", "sequential"]) == exits.FOUND
    out, err = capsys.readouterr()
    assert err == ""
    assert "3 indexed, 0 unchanged, 0 removed, 1 skipped, 0 failed" in out
    assert "1 empty" in out
    assert "sequential (asked for), 1 worker" in out

    (tree / "docs/guide.md").unlink()
    assert main(["index"]) == exits.FOUND
    assert "0 indexed, 2 unchanged, 1 removed" in capsys.readouterr().out


def test_index_json_is_one_object(tree: Path, capsys: Streams) -> None:
    assert main(["index", "--json"]) == exits.FOUND
    out, err = capsys.readouterr()
    assert err == ""
    assert out.count("\n") == 1
    found = json.loads(out)
    assert (found["files_indexed"], found["skipped"], found["failures"]) == (3, {"empty": 1}, [])
    assert found["root"] == str(tree.resolve())
    assert Path(found["index_dir"]).is_dir()
    assert {"mode", "mode_reason", "phases", "peak_memory_bytes", "chunks_per_second"} <= set(found)


def test_index_quiet_prints_nothing(tree: Path, capsys: Streams) -> None:
    assert main(["index", "-q"]) == exits.FOUND
    assert capsys.readouterr() == ("", "")


def test_index_options_reach_the_walk(tree: Path, capsys: Streams) -> None:
    (tree / ".gitignore").write_text("docs/\n", encoding="utf-8")
    (tree / ".hidden.py").write_text("def hidden_thing():\n    pass\n", encoding="utf-8")
    (tree / "large.py").write_text("x = 1\n" * 1000, encoding="utf-8")

    def total(*options: str) -> int:
        assert main(["index", "--json", *options]) == exits.FOUND
        return int(json.loads(capsys.readouterr().out)["chunks_total"])

    least = total("--max-file-size", "1K")
    assert total("--max-file-size", "1M") > least
    assert total("--max-file-size", "1K", "--no-ignore") > least
    assert total("--max-file-size", "1K", "--hidden") > least


def test_a_tree_that_ignores_everything_is_warned_about(tree: Path, capsys: Streams) -> None:
    (tree / ".gitignore").write_text("/*\n", encoding="utf-8")
    assert main(["index", "-q"]) == exits.FOUND
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("WARNING: ")
    assert ".gitignore" in err


def test_search_json(tree: Path, capsys: Streams) -> None:
    assert main(["search", "should_retry", "--json", "-k", "1", "--mode", "bm25"]) == exits.FOUND
    found = json.loads(capsys.readouterr().out)
    assert (found["query"], found["mode"]) == ("should_retry", "bm25")
    assert found["root"] == str(tree.resolve())
    (hit,) = found["results"]
    assert hit["path"] == "src/retry.rs"
    assert hit["language"] == "rust"
    assert hit["start_line"] <= 7 <= hit["end_line"]
    assert "should_retry" in hit["text"]


def test_search_reads_an_issue_from_standard_input(
    tree: Path, capsys: Streams, monkeypatch: pytest.MonkeyPatch
) -> None:
    issue = "Requests are retried for ever\n\nA server that answers 503 is asked again without end."
    main(["search", issue, str(tree), "--json"])
    typed = json.loads(capsys.readouterr().out)["results"]
    monkeypatch.setattr("sys.stdin", io.StringIO(issue))
    assert main(["search", "-", str(tree), "--json"]) == 0
    piped = json.loads(capsys.readouterr().out)
    assert (piped["query"], piped["results"]) == (issue, typed)
    for nothing in (io.StringIO(" \n"), None):
        monkeypatch.setattr("sys.stdin", nothing)
        assert main(["search", "-", str(tree)]) == 2
        assert "empty query" in capsys.readouterr().err
    log = io.TextIOWrapper(io.BytesIO(b"retry \xff a request"), encoding="utf-8")
    monkeypatch.setattr("sys.stdin", log)
    assert main(["search", "-", str(tree)]) == 0
    capsys.readouterr()
    monkeypatch.setattr("sys.stdin", io.StringIO("retry " * 20_000))
    main(["search", "-", str(tree)])
    assert "more than 65,536 characters: only the first 65,536" in capsys.readouterr().err


def test_search_filters_by_language_and_glob(tree: Path, capsys: Streams) -> None:
    def paths(*options: str) -> set[str]:
        main(["search", "retry requests configuration", "--json", *options])
        return {hit["path"] for hit in json.loads(capsys.readouterr().out)["results"]}

    assert {"src/retry.rs", "docs/guide.md"} <= paths()
    assert paths("-t", "rust") == {"src/retry.rs"}
    assert paths("-t", "rust", "-t", "markdown") == {"src/retry.rs", "docs/guide.md"}
    assert paths("-g", "docs/**") == {"docs/guide.md"}


def test_search_that_finds_nothing_ends_with_1(tree: Path, capsys: Streams) -> None:
    assert main(["search", "zzqqxx", "--mode", "bm25"]) == exits.NOTHING
    assert capsys.readouterr().out == ""
    assert main(["search", "zzqqxx", "--mode", "bm25", "--json"]) == exits.NOTHING
    assert json.loads(capsys.readouterr().out)["results"] == []


def test_explain_adds_signals(tree: Path, capsys: Streams) -> None:
    main(["search", "parse_config", "-k", "1", "--explain"])
    last = capsys.readouterr().out.splitlines()[-1]
    assert re.match(r"  signals: \S.*=[+-]\d", last)


def test_refresh_sees_new_files(tree: Path, capsys: Streams) -> None:
    main(["index", "-q"])
    (tree / "late.py").write_text("def arrived_late():\n    return 1\n", encoding="utf-8")
    assert main(["search", "arrived_late", "--mode", "bm25", "--refresh"]) == exits.FOUND
    assert capsys.readouterr().out.startswith("late.py:")


def test_the_default_tree_is_the_enclosing_repository(
    tree: Path, capsys: Streams, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tree / "docs")
    assert main(["search", "should_retry"]) == exits.FOUND
    assert capsys.readouterr().out.startswith("src/retry.rs:")


def test_related_takes_places_as_search_prints_them(tree: Path, capsys: Streams) -> None:
    main(["search", "should_retry", "-k", "1"])
    place = capsys.readouterr().out.split("  ")[0]
    code = main(["related", place, "--json"])
    found = json.loads(capsys.readouterr().out)
    assert code == (exits.FOUND if found["results"] else exits.NOTHING)
    assert found["path"] == "src/retry.rs"
    assert str(found["line"]) == re.split("[:-]", place)[1]
    assert found["results"]


def test_status_before_and_after(tree: Path, capsys: Streams) -> None:
    assert main(["status"]) == exits.NOTHING
    assert "not indexed" in capsys.readouterr().out
    main(["index", "-q"])
    assert main(["status"]) == exits.FOUND
    assert "fresh" in capsys.readouterr().out
    (tree / "new.py").write_text("x = 1\n", encoding="utf-8")
    assert main(["status", "--json"]) == exits.FOUND
    found = json.loads(capsys.readouterr().out)
    assert (found["fresh"], found["added"]) == (False, ["new.py"])


def test_inspect(tree: Path, capsys: Streams) -> None:
    assert main(["inspect", "src/retry.rs"]) == exits.FOUND
    out = capsys.readouterr().out
    assert "should_retry" in out
    assert "sha256:" in out
    assert main(["inspect", "src/retry.rs", "--json"]) == exits.FOUND
    found = json.loads(capsys.readouterr().out)
    assert (found["walk"], found["language"]) == ("kept", "rust")
    assert "should_retry" in {symbol["name"] for symbol in found["symbols"]}
    assert main(["inspect", "src/retry.rs", "--json", "--stage", "chunk"]) == exits.FOUND
    assert set(json.loads(capsys.readouterr().out)) == {"path", "root", "chunks"}


def test_clear_asks_and_deletes_only_the_index(tree: Path, capsys: Streams) -> None:
    before = sorted(p for p in tree.rglob("*"))
    main(["index", "-q"])
    refused = rcm("clear", stdin=subprocess.DEVNULL)
    assert (refused.returncode, refused.stdout) == (exits.ERROR, "")
    assert "hint: `rcm clear --yes` does not ask" in refused.stderr
    assert main(["status"]) == exits.FOUND
    assert main(["clear", "--yes"]) == exits.FOUND
    assert main(["status"]) == exits.NOTHING
    assert main(["clear", "--yes"]) == exits.FOUND
    assert "nothing to delete" in capsys.readouterr().err
    assert sorted(p for p in tree.rglob("*")) == before


# Errors


def check_error(capsys: Streams, arguments: list[str], *said: str) -> None:
    assert main(arguments) == exits.ERROR
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("error: ")
    assert "Traceback" not in err
    for text in said:
        assert text in err


def test_what_cannot_be_done_is_named_as_typed(tree: Path, capsys: Streams) -> None:
    check_error(capsys, ["search", "  "], "empty query")
    check_error(capsys, ["search", "x", "nowhere"], "no such directory: 'nowhere'", "hint: quote")
    check_error(capsys, ["search", "x", "empty.py"], "not a directory: 'empty.py'")
    check_error(capsys, ["index", "no\x1bwhere"], "no such directory: 'no\\x1bwhere'")
    check_error(capsys, ["search", "x", "-k", "0"], "'0' is not a whole number of 1 or more")
    check_error(capsys, ["search", "x", "-k", "many"], "'many'")
    check_error(capsys, ["search", "x", "--mode", "fast"], "'fast'", "hybrid", "bm25", "semantic")
    check_error(capsys, ["index", "--workers", "-3"], "--workers")
    check_error(capsys, ["index", "--max-file-size", "1X"], "'1X'")
    check_error(capsys, ["related", "src/retry.rs"], "not PATH:LINE", "'src/retry.rs'")
    check_error(capsys, ["related", "gone.rs:3"], "no such file", "'gone.rs'")
    check_error(capsys, ["inspect", "gone.rs"], "no such file: 'gone.rs'")
    check_error(capsys, ["inspect", "src"], "is a directory: 'src'")
    check_error(capsys, ["search"], "QUERY", "hint: `rcm search --help`")
    check_error(capsys, ["frobnicate"], "'frobnicate'", "hint: `rcm --help`")
    check_error(capsys, [], "hint: `rcm --help`")


def test_a_query_may_begin_with_a_dash(tree: Path, capsys: Streams) -> None:
    assert main(["search", "--mode", "bm25", "--", "-parse_config", "."]) == exits.FOUND
    assert capsys.readouterr().out.startswith("src/settings.py:")


def test_options_may_stand_between_query_and_directory(tree: Path, capsys: Streams) -> None:
    assert main(["search", "parse_config", "-k", "1", str(tree)]) == exits.FOUND


@pytest.mark.parametrize(
    ("error", "code", "hint"),
    [
        (IndexLockedError("locked by process 7"), 75, "hint: run the same command again"),
        (IndexStaleError("made with other chunker"), 3, "hint: `rcm index` rebuilds the index"),
        (IndexDamagedError("x is damaged", hint="delete it"), 2, "hint: delete it"),
        (PermissionError(errno.EACCES, "Permission denied", "/x"), 2, "/x: permission denied"),
        (TypeError("no"), 2, "error: internal error: TypeError: no"),
    ],
)
def test_errors_have_a_code_and_say_what_to_do(
    tree: Path,
    capsys: Streams,
    monkeypatch: pytest.MonkeyPatch,
    error: Exception,
    code: int,
    hint: str,
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(Index, "update", fail)
    assert main(["index"]) == code
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("error: ")
    assert hint in err
    assert exits.describe(error, Style()) == err

    monkeypatch.setenv("RCM_DEBUG", "1")
    with pytest.raises(type(error)):
        main(["index"])


def test_a_locked_index_ends_with_75(tree: Path) -> None:
    main(["index", "-q"])
    with Index.open(tree) as index:
        lock = index.index_dir / "LOCK"
    assert lock.exists()
    hold = (
        "import fcntl, sys, time; f = open(sys.argv[1], 'a'); "
        "fcntl.flock(f, fcntl.LOCK_EX); print('held', flush=True); time.sleep(60)"
    )
    holder = subprocess.Popen([sys.executable, "-c", hold, str(lock)], stdout=subprocess.PIPE)
    try:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"held\n"
        ended = rcm("index")
        assert (ended.returncode, ended.stdout) == (exits.LOCKED, "")
        assert "hint: " in ended.stderr
        assert rcm("search", "parse_config").returncode == exits.FOUND
    finally:
        holder.kill()
        holder.wait()
        holder.stdout.close()


# Arguments


def test_places() -> None:
    assert parse_place("a.py:3") == ("a.py", 3)
    assert parse_place("a.py:3-9") == ("a.py", 3)
    assert parse_place("a.py:3:9") == ("a.py", 3)
    assert parse_place("C:\\a b:c.py:12") == ("C:\\a b:c.py", 12)
    for wrong in ("a.py", "a.py:", "a.py:0", ":3", "a.py:-1", "a.py:x"):
        with pytest.raises(UsageError):
            parse_place(wrong)


def test_paths_are_relative_to_where_we_are_or_to_the_root(
    tree: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert path_in_tree("src/retry.rs", tree) == "src/retry.rs"
    assert path_in_tree(str(tree / "docs" / "guide.md"), tree) == "docs/guide.md"
    monkeypatch.chdir(tree / "src")
    assert path_in_tree("retry.rs", tree) == "src/retry.rs"
    assert path_in_tree("../docs/guide.md", tree) == "docs/guide.md"
    assert path_in_tree("src/retry.rs", tree) == "src/retry.rs"
    with pytest.raises(UsageError):
        path_in_tree(sys.executable, tree)


def test_numbers() -> None:
    assert positive("12") == 12
    assert [byte_count(t) for t in ("500", "2k", "1M", "1G")] == [500, 2048, 1 << 20, 1 << 30]


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help_with_examples(command: str, capsys: Streams) -> None:
    assert main([command, "--help"]) == 0
    out, err = capsys.readouterr()
    assert f"usage: rcm {command}" in out
    assert f"examples:\n  rcm {command}" in out
    assert err == ""


def test_help_and_version(capsys: Streams) -> None:
    assert main(["--help"]) == 0
    help_text = capsys.readouterr().out
    assert all(f"    {command}" in help_text for command in COMMANDS)
    assert main(["--version"]) == 0
    assert re.fullmatch(r"rcm \d+\.\d+\S*\n", capsys.readouterr().out)
    assert build_parser().prog == "rcm"


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completions(shell: str, capsys: Streams) -> None:
    pytest.importorskip("shtab", reason="completions need shtab")
    assert main(["completions", shell]) == 0
    script = capsys.readouterr().out
    assert "rcm" in script
    assert "qdrant" in script


def test_completions_without_shtab_say_what_to_install(
    capsys: Streams, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "shtab", None)
    check_error(capsys, ["completions", "bash"], "shtab", "hint: pip install shtab")


# Streams


def test_search_imports_nothing_heavy(tree: Path) -> None:
    main(["index", "-q"])
    script = (
        "import sys; from rcm.cli import main; code = main(['search', 'parse_config']); "
        "heavy = {'rich', 'fastembed', 'qdrant_client', 'mcp', 'tokenizers', 'onnxruntime', 'shtab',"
        " 'asyncio'}; print(*sorted(heavy & set(sys.modules)), file=sys.stderr);"
        " sys.exit(code)"
    )
    ended = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=False
    )
    assert (ended.returncode, ended.stderr) == (0, "\n")


def test_a_reader_that_leaves_ends_it_silently(tree: Path) -> None:
    main(["index", "-q"])
    for arguments in (["search", "parse_config"], ["--help"], ["status", "--json"]):
        read, write = os.pipe()
        os.close(read)
        try:
            ended = rcm(*arguments, capture_output=False, stdout=write, stderr=subprocess.PIPE)
        finally:
            os.close(write)
        assert (ended.returncode, ended.stderr) == (exits.PIPE_CLOSED, "")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_a_full_disk_under_stdout_is_an_error(tree: Path) -> None:
    with Path("/dev/full").open("w", encoding="utf-8") as full:
        ended = rcm("status", capture_output=False, stdout=full, stderr=subprocess.PIPE)
    assert ended.returncode == exits.ERROR
    assert ended.stderr.startswith("error: cannot write to standard output")


def test_an_ascii_stdout_shows_everything(tree: Path) -> None:
    (tree / "größe.py").write_text("def größe_messen():\n    return '文'\n", encoding="utf-8")
    env = {**os.environ, "PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"}
    ended = rcm("search", "messen", "--mode", "bm25", env=env)
    assert ended.returncode == exits.FOUND
    assert "gr\\xf6\\xdfe.py:" in ended.stdout


def on_terminal(arguments: list[str], environ: dict[str, str]) -> tuple[int, str]:
    """Runs rcm with stdout on a terminal; exit code and what the terminal got."""
    ours, theirs = pty.openpty()
    env = {**os.environ, "TERM": "xterm", **environ}
    with subprocess.Popen(
        [sys.executable, "-m", "rcm", *arguments], stdout=theirs, stderr=subprocess.DEVNULL, env=env
    ) as child:
        os.close(theirs)
        got = b""
        with contextlib.suppress(OSError):  # how Linux says that the other end is closed
            while piece := os.read(ours, 65536):
                got += piece
        code = child.wait(60)
    os.close(ours)
    return code, got.decode()


def test_colour_only_on_a_terminal_and_unless_refused(tree: Path) -> None:
    main(["index", "-q"])
    search = ["search", "parse_config"]
    code, coloured = on_terminal(search, {})
    assert code == exits.FOUND
    assert "\x1b[" in coloured
    code, plain = on_terminal(search, {"NO_COLOR": "1"})
    assert code == exits.FOUND
    assert "\x1b" not in plain
    assert re.sub(r"\x1b\[[0-9;]*m", "", coloured) == plain
    assert "\x1b" not in rcm(*search).stdout
    assert "\x1b[" in rcm(*search, env={**os.environ, "FORCE_COLOR": "1"}).stdout


def test_a_terminal_gets_no_control_characters_from_code(tree: Path) -> None:
    (tree / "evil.py").write_text(
        "def evil_thing():\n    return '\x1b]0;owned\x07 \u202e'\n", encoding="utf-8"
    )
    code, shown = on_terminal(["search", "evil_thing", "--mode", "bm25"], {"NO_COLOR": "1"})
    assert code == exits.FOUND
    assert "\\x1b]0;owned\\x07 \\u202e" in shown
    assert not re.search("[\x00-\x08\x0b\x0c\x0e-\x1f\u202e]", shown)


# Stopping


@pytest.fixture
def large_tree(tree: Path) -> Iterator[Path]:
    """Enough files that indexing takes longer than starting."""
    for i in range(3000):
        folder = tree / "many" / f"d{i % 50}"
        folder.mkdir(parents=True, exist_ok=True)
        body = "".join(f"def f{i}_{j}(a, b):\n    return a + b * {j}\n\n" for j in range(20))
        (folder / f"m{i}.py").write_text(body, encoding="utf-8")
    yield tree
    shutil.rmtree(tree / "many")


def heed_interrupts() -> None:
    """Undo what a shell does to jobs in its background: they ignore Ctrl-C, and rcm leaves it so."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("arguments", "sent", "code"),
    [(["index"], signal.SIGINT, 130), (["search", "f1"], signal.SIGTERM, 143)],
    ids=["index-SIGINT", "search-SIGTERM"],
)
def test_a_signal_stops_at_once_and_nothing_is_lost(
    large_tree: Path, arguments: list[str], sent: signal.Signals, code: int
) -> None:
    home = Path(os.environ["RCM_HOME"])
    with subprocess.Popen(
        [sys.executable, "-m", "rcm", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=heed_interrupts,
    ) as child:
        deadline = time.monotonic() + 60
        while not any(home.rglob("LOCK")):  # the update has begun
            assert child.poll() is None, "ended before it could be stopped"
            assert time.monotonic() < deadline
            time.sleep(0.01)
        time.sleep(0.1)
        assert child.poll() is None, "ended before it could be stopped"
        before = time.monotonic()
        child.send_signal(sent)
        out, err = child.communicate(timeout=60)
        took = time.monotonic() - before
    assert (child.returncode, out) == (code, "")
    assert err.splitlines()[-1].startswith("stopped")
    assert "Traceback" not in err
    assert took < 2.0  # 0.1 s on an idle machine

    again = rcm(*arguments)
    assert again.returncode == exits.FOUND, again.stderr
    report = json.loads(rcm("index", "--json").stdout)
    assert (report["files_indexed"], report["files_unchanged"]) == (0, 3003)
    assert rcm("search", "f2999_7", "--mode", "bm25").returncode == exits.FOUND


def test_work_is_left_when_a_signal_comes() -> None:
    script = (
        "import os, signal, threading, time\n"
        "from rcm.cli import exits\n"
        "from rcm.cli.interrupts import interruptible, leave, signals_stop\n"
        "from rcm.present.progress import ProgressBar\n"
        "from rcm.reports.update import Progress\n"
        "bar = ProgressBar(None, enabled=False)\n"
        "def work():\n"
        "    bar.report(Progress('index', 1, 2, 3))\n"
        "    os.kill(os.getpid(), signal.SIGINT)\n"
        "    time.sleep(60)\n"
        "try:\n"
        "    with signals_stop():\n"
        "        interruptible(work, bar)\n"
        "except exits.Stopped as stopped:\n"
        "    print(stopped.message)\n"
        "    leave(stopped.exit_code)\n"
    )
    before = time.monotonic()
    ended = subprocess.run(
        [sys.executable, "-c", script],
        capture_output=True,
        text=True,
        timeout=50,
        check=False,
        preexec_fn=heed_interrupts,
    )
    assert ended.returncode == 130
    assert ended.stdout.startswith("stopped; everything committed so far is kept")
    assert time.monotonic() - before < 20


def test_work_hands_over_its_result_and_its_error() -> None:
    bar = ProgressBar(None, enabled=False)
    before = {s: signal.getsignal(s) for s in (signal.SIGINT, signal.SIGTERM)}
    with signals_stop():
        assert interruptible(lambda: 42, bar) == 42
        with pytest.raises(ZeroDivisionError):
            interruptible(lambda: 1 // 0, bar)
    assert {s: signal.getsignal(s) for s in before} == before
    assert not bar.moved
    bar.report(Progress("walk", 1, None, 0))
    assert bar.moved
