"""`rcm bench`: the table is complete, its figures are true, and nothing is left behind."""

from __future__ import annotations

import dataclasses
import hashlib
import importlib.util
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

import published
from command_runs import check_clean, rcm
from rcm.bench import children, scratch
from rcm.bench.children import BenchError, Room
from rcm.bench.contender import percentile
from rcm.bench.edit import choose_edit
from rcm.bench.plot import check_target
from rcm.bench.questions import questions
from rcm.bench.report import TITLES, BenchReport, Check, Figure, Size
from rcm.bench.ripgrep import words_of
from rcm.bench.rivals import parse
from rcm.bench.run import measure
from rcm.bench.scratch import Original
from rcm.bench.semble import interpreter_of
from rcm.bench.table import render_report, seconds
from rcm.present.style import Style
from small_trees import PYTHON_SOURCE, SMALL_TREE, write_tree

MEGABYTE = 1 << 20


def state(tree: Path) -> dict[str, tuple[str, int, int, int, int]]:
    """Everything about every file of a tree that somebody could notice."""
    found = {}
    for path in sorted(tree.rglob("*")):
        stat = path.lstat()
        content = path.read_bytes() if path.is_file() and not path.is_symlink() else b""
        digest = hashlib.sha256(content).hexdigest()
        found[str(path.relative_to(tree))] = (
            digest, stat.st_mtime_ns, stat.st_ctime_ns, stat.st_ino, stat.st_nlink,
        )  # fmt: skip
    return found


@dataclasses.dataclass
class Whole:
    """One run of the command and what was there around it."""

    printed: dict[str, Any]
    err: str
    before: dict[str, Any]
    after: dict[str, Any]
    left: list[str]
    kept: list[str]


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Whole:
    """A run on a small tree, with a rival that fails and one that is not there."""
    folder = tmp_path_factory.mktemp("bench")
    tree = write_tree(folder / "tree", SMALL_TREE)
    for name in ("tmp", "home", "bin"):
        (folder / name).mkdir()
    rival = folder / "semble"
    rival.write_text(f"#!{sys.executable}\nimport sys\nsys.exit('no model to be found')\n")
    rival.chmod(0o755)
    before = state(tree)
    ended = rcm(
        "bench", tree, "--json", "--repeat", "1", "--against", f"semble={rival},ripgrep",
        env={
            "TMPDIR": str(folder / "tmp"),
            "RCM_HOME": str(folder / "home"),
            "PATH": str(folder / "bin"),
        },
    )  # fmt: skip
    assert ended.code == 0, ended
    left, kept = os.listdir(folder / "tmp"), os.listdir(folder / "home")
    return Whole(ended.json, ended.err, before, state(tree), left, kept)


def test_every_work_has_a_figure(whole):
    figures = whole.printed["figures"]
    assert {one["work"] for one in figures} == set(TITLES)
    first = [one["variant"] for one in figures if one["work"] == "first-index"]
    assert first == ["sequential", "parallel", "pipeline"]
    for one in figures:
        assert one["tool"] == "rcm"
        assert 0 < one["fastest_seconds"] <= one["wall_seconds"] <= one["slowest_seconds"]
        assert one["cpu_seconds"] > 0
        assert one["peak_bytes"] > 10 * MEGABYTE
        assert one["runs"] >= 1


def test_the_object_has_the_fields_of_the_report(whole):
    printed = whole.printed
    assert set(printed) == {field.name for field in dataclasses.fields(BenchReport)}
    assert set(printed["figures"][0]) == {field.name for field in dataclasses.fields(Figure)}
    assert set(printed["sizes"][0]) == {field.name for field in dataclasses.fields(Size)}
    assert printed["schema"] == 1
    assert {"rcm", "python", "processor", "cores", "load_before", "load_after"} <= set(
        printed["machine"]
    )


def test_modes_agree_and_the_rest_was_checked(whole):
    checks = {one["name"]: one for one in whole.printed["checks"]}
    assert len(checks) == 6
    assert all(one["ok"] for one in checks.values()), checks
    assert "results to" in checks["modes answer alike"]["detail"]
    assert not checks["modes answer alike"]["detail"].startswith("0 ")


def test_the_tree_is_what_an_index_holds(whole):
    tree = whole.printed["tree"]
    assert (tree["files"], tree["indexed_files"]) == (len(SMALL_TREE), len(SMALL_TREE) - 1)
    size = whole.printed["sizes"][0]
    assert size["chunks"] == tree["chunks"] > 0
    ratio = whole.printed["ratios"]["index : source, rcm"]
    assert ratio == pytest.approx(size["index_bytes"] / tree["size_bytes"])
    assert {"parallel : sequential", "pipeline : sequential"} <= set(whole.printed["ratios"])


def test_the_tree_stays_as_it_is_and_nothing_is_left(whole):
    assert whole.after == whole.before
    assert whole.left == []
    assert whole.kept == [], "indexes and caches of the user are not touched"
    assert whole.err == "", "progress is for terminals"


def test_rivals_that_are_missing_or_fail_are_told_and_do_not_end_the_run(whole):
    told = {one["name"]: one for one in whole.printed["contenders"]}
    assert told["rcm"]["status"] == "measured"
    assert told["ripgrep"]["status"] == "not installed"
    assert "`rg`" in told["ripgrep"]["detail"]
    assert told["semble"]["status"] == "failed"
    assert "no model to be found" in told["semble"]["detail"]


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> BenchReport:
    """A report of the small tree, with ripgrep if it is there."""
    tree = write_tree(tmp_path_factory.mktemp("table") / "tree", SMALL_TREE)
    return measure(tree, rivals=parse("ripgrep"), repeat=1)


def test_the_table_has_every_row(report):
    text = render_report(report, Style())
    for title in TITLES.values():
        assert f"\n{title}\n" in text
    assert text.count("\n  ok ") == 6
    assert "\x1b" not in text
    assert "load" in text
    assert "parallel : sequential" in text
    assert "█" in text
    assert "█" not in render_report(report, Style(), bars=False)
    assert "\x1b[" in render_report(report, Style(colour=True))
    if shutil.which("rg"):
        assert "ripgrep : rcm, search, whole process" in text
    else:
        assert "ripgrep: not installed" in text
    failed = dataclasses.replace(report, checks=(Check("all is well", False, "it is not"),))
    assert not failed.ok
    assert "FAIL all is well (it is not)" in render_report(failed, Style())


def test_a_page_and_a_picture_are_made(tree, tmp_path):
    pytest.importorskip("matplotlib")
    picture = tmp_path / "bench.png"
    ended = rcm("bench", tree, "--repeat", "1", "--markdown", "--plot", picture)
    assert ended.code == 0, ended
    assert picture.read_bytes().startswith(b"\x89PNG")
    for title in TITLES.values():
        assert f"| {title} | rcm" in ended.out
    assert ended.out.count("- Holds:") == 6
    rows = [line for line in ended.out.splitlines() if line.startswith("|")]
    assert {line.count("|") for line in rows} == {6}


def test_the_published_page_is_written_between_its_markers(report, tmp_path):
    page = tmp_path / "page.md"
    page.write_text(f"before\n{published.BEGIN}\nold\n{published.END}\nafter\n")
    burn = published.REPOSITORIES[0]
    published.write_page(page, published.page_of([(burn, report)]))
    text = page.read_text()
    assert text.startswith(f"before\n{published.BEGIN}\n")
    assert text.endswith(f"{published.END}\nafter\n")
    assert "\nold\n" not in text
    assert burn.commit[:12] in text
    assert report.tree.root not in text, "no path of this machine is published"
    summary = next(line for line in text.splitlines() if line.startswith("| [burn](#burn)"))
    assert summary.count("|") == 12
    if shutil.which("rg"):
        assert "| ripgrep : rcm | search, whole process |" in text


def test_only_the_files_of_the_commit_are_published(tmp_path):
    flask = next(one for one in published.REPOSITORIES if one.name == "flask")
    with pytest.raises(BenchError, match="not there") as told:
        published.files_of(flask, tmp_path, tmp_path)
    assert flask.url in told.value.hint
    write_tree(tmp_path / "flask", SMALL_TREE)
    with pytest.raises(BenchError, match="not the files of"):
        published.files_of(flask, tmp_path, tmp_path)


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_leaves_nothing_behind(tmp_path, tree, number, code):
    temporary = tmp_path / "tmp"
    temporary.mkdir()
    child = subprocess.Popen(
        [sys.executable, "-m", "rcm", "bench", str(tree), "--repeat", "1000"],
        env={**os.environ, "TMPDIR": str(temporary)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    deadline = time.monotonic() + 60
    while not list(temporary.glob("*/index-parallel/CURRENT")):
        assert time.monotonic() < deadline
        assert child.poll() is None, child.communicate()
        time.sleep(0.01)
    child.send_signal(number)
    _, err = child.communicate(timeout=60)
    check_clean(err)
    assert child.returncode == code, err
    assert err == "stopped\n"
    assert os.listdir(temporary) == []
    assert not working_in(temporary)


def working_in(folder: Path) -> list[str]:
    """Processes that have a folder in their environment."""
    found = []
    for environ in Path("/proc").glob("[0-9]*/environ"):
        try:
            if str(folder).encode() in environ.read_bytes():
                found.append(environ.parent.name)
        except OSError:
            continue
    return found


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--against", "grep"], "rival is 'grep', not one of semble, ripgrep"),
        (["--against", "semble=/nowhere"], "no program there"),
        (["--plot", "table.bmp"], "not one of .png, .svg, .pdf"),
        (["--plot", "nowhere/table.png"], "no such directory"),
        (["--repeat", "0"], "not a whole number of 1 or more"),
        (["--json", "--markdown"], "not allowed with"),
    ],
)
def test_wrong_arguments_are_told_before_anything_is_measured(tree, arguments, said):
    if "--plot" in arguments and importlib.util.find_spec("matplotlib") is None:
        said = "needs matplotlib"
    ended = rcm("bench", tree, *arguments)
    assert ended.code == 2
    assert said in ended.err
    assert ended.out == ""


def test_a_temporary_folder_in_the_tree_is_refused(tree):
    ended = rcm("bench", tree, env={"TMPDIR": str(tree / "src")})
    assert (ended.code, "is in the tree" in ended.err) == (2, True)
    assert sorted(os.listdir(tree / "src")) == ["cache.rs", "config.toml", "retry.py"]


def test_a_tree_without_text_is_an_error(tmp_path):
    empty = tmp_path / "empty"
    empty.mkdir()
    ended = rcm("bench", empty)
    assert (ended.code, "nothing to index" in ended.err) == (2, True)
    (empty / "logo.bin").write_bytes(b"\0\1\2")
    ended = rcm("bench", empty)
    assert (ended.code, "no text" in ended.err) == (2, True)


def test_a_missing_matplotlib_is_told(monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(BenchError, match="needs matplotlib") as told:
        check_target(Path("bench.png"))
    assert "rcm-search[bench]" in told.value.hint


# --- processes that are measured ---------------------------------------------------------------


def python(room: Room, code: str) -> children.Ran:
    return room.run([sys.executable, "-I", "-c", code])


def test_a_child_is_measured_without_its_parent():
    ballast = bytearray(os.urandom(MEGABYTE)) * 200
    with Room() as room:
        small = python(room, "print('done')")
        large = python(room, "x = b'1' * (150 << 20); sum(range(3_000_000)); print(len(x))")
    assert small.out == "done\n"
    assert small.peak_bytes < len(ballast) / 2, "what this process holds does not count"
    assert large.peak_bytes > 150 * MEGABYTE
    assert large.cpu_seconds > small.cpu_seconds > 0
    assert large.wall_seconds > 0


@pytest.mark.skipif(not Path("/proc/self/smaps_rollup").exists(), reason="needs Linux's /proc")
def test_memory_of_descendants_is_added_up():
    code = (
        "import subprocess, sys, time\n"
        "x = b'1' * (60 << 20)\n"
        "wait = 'import time; x = b\"1\" * (60 << 20); time.sleep(1)'\n"
        "subprocess.run([sys.executable, '-I', '-c', wait], check=True)\n"
    )
    with Room() as room:
        assert python(room, code).peak_bytes > 110 * MEGABYTE


def test_a_failure_says_why(monkeypatch):
    with Room() as room:
        with pytest.raises(BenchError, match="exit code 3: nothing works"):
            python(room, "import sys; print('nothing works', file=sys.stderr); sys.exit(3)")
        with pytest.raises(BenchError, match="exit code 139"):
            python(room, "import os; os.kill(os.getpid(), 11)")
        monkeypatch.setattr(children, "LIMIT_S", 0.2)
        with pytest.raises(BenchError, match="not done after"):
            python(room, "import time; time.sleep(60)")
    assert not room.path.exists()


def test_an_error_removes_the_room():
    room = Room()

    def use() -> None:
        with room:
            (room.folder("a") / "file").write_text("x")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        use()
    assert not room.path.exists()


# --- the copy, the questions, the edit ---------------------------------------------------------


def test_the_copy_holds_what_an_index_holds(tmp_path):
    tree = write_tree(
        tmp_path / "tree",
        {
            **SMALL_TREE,
            ".gitignore": "*.log\n",
            ".gitattributes": "gen/* linguist-generated\n",
            "gen/made.py": "x = 1\n",
            "build.log": "noise\n",
            ".env": "TOKEN=secret\n",
            ".hidden/file.py": "x = 1\n",
        },
    )
    (tree / "link.py").symlink_to(tree / "src" / "retry.py")
    original = Original(tree)
    copy = original.copy(tmp_path / "copy")
    copied = {str(path.relative_to(copy.root)) for path in copy.root.rglob("*") if path.is_file()}
    assert copied == {*SMALL_TREE, ".gitattributes"}
    assert copy.files == len(SMALL_TREE)
    assert (copy.root / "src/retry.py").read_text() == PYTHON_SOURCE
    assert (copy.root / "src/retry.py").stat().st_ino != (tree / "src/retry.py").stat().st_ino
    assert original.touched() == []
    (tree / "notes.txt").write_text("other words, same file\n")
    (tree / "new.py").write_text("y = 2\n")
    assert original.touched() == ["new.py", "notes.txt"]


def test_a_tree_too_large_to_copy_is_refused(tree, tmp_path, monkeypatch):
    monkeypatch.setattr(scratch, "MOST_BYTES", 100)
    with pytest.raises(BenchError, match="no more than 100 B is copied") as told:
        Original(tree).copy(tmp_path / "copy")
    assert told.value.hint == "name a folder in it"


def test_questions_are_names_and_sentences_of_the_tree(tree):
    asked = questions(tree)
    assert asked == questions(tree)
    assert "backoff_seconds" in asked or "RetryPolicy" in asked
    assert "Decides whether a failed request is sent again." in asked
    assert len(asked) == len(set(asked)) <= 50
    assert len(questions(tree, most=3)) == 3


def test_a_tree_of_prose_is_asked_its_lines(tmp_path):
    tree = write_tree(tmp_path, {"a.txt": "Five words make up this line.\nno\n"})
    assert questions(tree) == ["Five words make up this line."]


def test_the_edited_file_is_source_code_of_the_product(tree):
    edit = choose_edit(tree)
    assert edit.path in ("src/retry.py", "src/cache.rs")
    assert "zygomorph" in edit.form.format("zygomorph")


def test_rivals_are_found_on_the_path_or_where_they_are_said_to_be(tmp_path, monkeypatch):
    program = tmp_path / "rg"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert parse("ripgrep,semble") == {"ripgrep": program, "semble": None}
    assert parse(f"semble={program}") == {"semble": program}
    assert parse("") == {}


def test_the_interpreter_of_a_console_script_is_found(tmp_path):
    script = tmp_path / "semble"
    script.write_text(f"#!{sys.executable}\nimport semble\n")
    assert interpreter_of(script) == Path(sys.executable)
    script.write_text("#!/bin/sh\nexec true\n")
    with pytest.raises(BenchError, match="no Python interpreter"):
        interpreter_of(script)
    (tmp_path / "python").write_text("")
    assert interpreter_of(script) == tmp_path / "python"


@pytest.mark.parametrize(
    ("question", "words"),
    [
        ("where is the retry limit set?", ["where", "retry", "limit"]),
        ("a b", ["a", "b"]),
        ("->", ["->"]),
        ("backoff_seconds", ["backoff_seconds"]),
    ],
)
def test_ripgrep_is_asked_for_the_words_that_say_something(question, words):
    assert words_of(question) == words


def test_percentiles_are_values_that_were_measured():
    values = [float(n) for n in range(1, 201)]
    assert (percentile(values, 50), percentile(values, 99)) == (100.0, 198.0)
    assert percentile([7.0], 99) == 7.0


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.00085, "0.85 ms"), (0.0123, "12.3 ms"), (0.5, "500 ms"), (1.2345, "1.23 s"), (103.2, "103 s")],
)  # fmt: skip
def test_times_have_three_digits(value, text):
    assert seconds(value) == text
