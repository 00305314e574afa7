"""Bad surroundings: signals, closed pipes, odd environments; and the list of all rows."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from command_runs import as_nobody, check_clean, rcm, row, write
from rcm import Index
from small_trees import SMALL_TREE, dump, write_tree

#: Rows of the table of bad inputs.
ROWS = 60

MANY = {
    f"d{n % 40}/m{n}.py": f"def made_{n}(a, b):\n    return a + b * {n}\n\n" * 20
    for n in range(2_000)
}


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write(tmp_path_factory.mktemp("large") / "tree", MANY)


def heed_signals() -> None:
    """Undo what a shell does to jobs in its background."""
    for number in (signal.SIGINT, signal.SIGHUP, signal.SIGPIPE):
        signal.signal(number, signal.SIG_DFL)


@row(49, "signals during a run")
@pytest.mark.parametrize(
    ("sent", "codes"),
    [
        ([signal.SIGKILL], {-9}),
        ([signal.SIGINT], {130}),
        ([signal.SIGINT, signal.SIGINT], {130}),
        ([signal.SIGTERM], {143}),
        ([signal.SIGHUP], {-1, 129}),
    ],
    ids=["kill", "ctrl-c", "ctrl-c twice", "term", "hang-up"],
)
def test_a_signal_ends_the_run_and_the_next_goes_on(
    row: int, sent: list[signal.Signals], codes: set[int], tmp_path: Path, large: Path
) -> None:
    folder = tmp_path / "index"
    command = [sys.executable, "-m", "rcm", "index", large, "--index-dir", folder]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, preexec_fn=heed_signals
    ) as child:
        deadline = time.monotonic() + 60
        while not (folder / "IN-FLIGHT").exists():  # files are being parsed
            assert child.poll() is None, "ended before it could be stopped"
            assert time.monotonic() < deadline
            time.sleep(0.002)
        for number in sent:
            child.send_signal(number)
        out, err = child.communicate(timeout=60)
    assert (child.returncode in codes, out) == (True, b""), (child.returncode, err)
    check_clean(err.decode())
    assert rcm("index", large, "--index-dir", folder, "-q").code == 0
    with Index.open(large, index_dir=folder) as index:
        assert not index.status().changed
        assert index.status().files == len(MANY)


@row(49, "reader of the output gone")
def test_a_closed_pipe_ends_with_141(row: int, tmp_path: Path) -> None:
    root = write_tree(tmp_path / "tree", SMALL_TREE)
    assert rcm("index", root, "-q").code == 0
    read, out = os.pipe()
    os.close(read)
    try:
        ended = subprocess.run(
            [sys.executable, "-m", "rcm", "search", "retry", root],
            stdout=out, stderr=subprocess.PIPE, check=False, timeout=60,
        )  # fmt: skip
    finally:
        os.close(out)
    assert (ended.returncode, ended.stderr) == (141, b"")


def _closed(*descriptors: int) -> Callable[[], None]:
    def close() -> None:
        for descriptor in descriptors:
            os.close(descriptor)

    return close


@row(59, "odd environments")
@pytest.mark.parametrize(
    "env",
    [
        {"HOME": None, "XDG_CACHE_HOME": None},
        {"LANG": "C", "LC_ALL": "C", "PYTHONUTF8": None, "PYTHONIOENCODING": None},
        {"LC_ALL": "POSIX", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": None},
        {"TMPDIR": "/nowhere/at/all"},
        {"TERM": None, "COLUMNS": "0", "PATH": ""},
        {"HOME": "/nowhere", "USER": None, "LOGNAME": None},
    ],
    ids=["no HOME", "LANG=C", "POSIX", "no TMPDIR", "no TERM, no PATH", "HOME is nowhere"],
)
def test_odd_environments(row: int, env: dict[str, str | None], tmp_path: Path) -> None:
    name = "gr\u00f6\u00dfe.py"
    root = write(
        tmp_path / "tree", {**SMALL_TREE, name: "def gr\u00f6\u00dfe_messen():\n    pass\n"}
    )
    assert rcm("index", root, "-q", env=env).code == 0
    ended = rcm("search", "messen", root, "--mode", "bm25", env=env)
    assert (ended.code, ended.err) == (0, "")
    assert "messen" in ended.out


@row(59, "Python told not to use UTF-8")
def test_an_encoding_that_lacks_names_is_named(row: int, tmp_path: Path) -> None:
    env = {"LC_ALL": "C", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0"}
    root = write_tree(tmp_path / "tree", SMALL_TREE)
    assert rcm("search", "backoff_seconds", root, env=env).code == 0
    write(root, {"gr\u00f6\u00dfe.py": "x = 1\n"})
    ended = rcm("index", root, env=env)
    assert (ended.code, ended.out) == (2, "")
    assert "hint: PYTHONUTF8=1" in ended.err


@row(59, "working directory deleted")
def test_a_deleted_working_directory_is_named(row: int, tmp_path: Path) -> None:
    gone = tmp_path / "gone"
    root = write_tree(tmp_path / "tree", SMALL_TREE)
    script = f"mkdir {gone} && cd {gone} && rmdir {gone} && exec {sys.executable} -P -m rcm"
    for arguments, code in (("status", 2), (f"index {root} -q", 0), (f"search retry {root}", 0)):
        ended = subprocess.run(
            ["sh", "-c", f"{script} {arguments}"], capture_output=True, text=True, check=False
        )
        check_clean(ended.stderr)
        assert ended.returncode == code, ended.stderr
        assert ("working directory no longer exists" in ended.stderr) == (code == 2)


@row(59, "standard streams closed")
@pytest.mark.parametrize("closed", [(0,), (1,), (2,), (0, 1, 2)], ids=str)
def test_closed_streams(row: int, closed: tuple[int, ...], tmp_path: Path) -> None:
    root = write_tree(tmp_path / "tree", SMALL_TREE)
    for arguments in (["index", root], ["search", "backoff_seconds", root], ["status", root]):
        ended = rcm(*arguments, prepare=_closed(*closed))
        assert ended.code == 0, (ended, arguments)
    with Index.open(root) as index, Index.open(root, index_dir=tmp_path / "fresh") as fresh:
        fresh.update()
        assert dump(index) == dump(fresh), "nothing was written into a file that got the number"


@row(59, "a home that may not be written")
def test_a_home_that_may_not_be_written(row: int, tmp_path: Path) -> None:
    root, home = write_tree(tmp_path / "tree", SMALL_TREE), write(tmp_path / "home", {})
    user = as_nobody(root, home)
    home.chmod(0o500)
    env = {"HOME": str(home), "RCM_HOME": None, "XDG_CACHE_HOME": None}
    for command in (["index", root], ["search", "retry", root]):
        ended = rcm(*command, env=env, before=user)
        assert (ended.code, ended.out) == (13, "")
        assert "RCM_HOME" in ended.err


def test_every_row_is_tried() -> None:
    sources = Path(__file__).parent.glob("test_bad_inputs_*.py")
    tried = {
        int(number)
        for source in sources
        for number in re.findall(r"^@row\((\d+),", source.read_text(encoding="utf-8"), re.MULTILINE)
    }
    assert tried == set(range(1, ROWS + 1))
