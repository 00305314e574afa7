"""A file that ends the process while it is parsed is left out by the next run; a mere kill skips nothing."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from rcm import Index
from rcm.crashes import watched
from small_trees import SMALL_TREE, dump, write_tree

#: Updates in a process that ends by a signal once files are in hand, as if a grammar had aborted.
DYING = """
import os, sys
from rcm import Index
def told(progress):
    if progress.phase == "index":
        os.kill(os.getpid(), int(sys.argv[3]))
Index.open(sys.argv[1], index_dir=sys.argv[2]).update(progress=told)
"""


def die(root: Path, folder: Path, number: signal.Signals) -> None:
    command = [sys.executable, "-c", DYING, str(root), str(folder), str(int(number))]
    ended = subprocess.run(command, check=False, capture_output=True)
    assert ended.returncode == -number


@pytest.fixture
def interpreter(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An interpreter that ends by a signal when it is to parse a file named `deadly.yaml`."""
    made = tmp_path / "python"
    made.write_text(
        f'#!/bin/sh\ncase "$*" in *deadly.yaml*) kill -ABRT $$;; esac\nexec {sys.executable} "$@"\n'
    )
    made.chmod(0o700)
    monkeypatch.setattr(sys, "executable", str(made))
    return made


@pytest.mark.parametrize("number", [signal.SIGABRT, signal.SIGSEGV, signal.SIGBUS])
def test_the_file_that_ends_a_process_is_left_out_until_it_changes(
    number: signal.Signals, tmp_path: Path, interpreter: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The last file of the walk is in the slot of its worker when the run dies.
    root = write_tree(tmp_path / "tree", {"a.py": "x = 1\n", "z/deadly.yaml": "a: [1]\n"})
    folder = tmp_path / "index"
    with monkeypatch.context() as patch:
        patch.setattr(sys, "executable", _real())
        die(root, folder, number)
    assert (folder / "CRASH").stat().st_size > 0
    with Index.open(root, index_dir=folder) as index:
        report = index.update()
        assert report.skipped == {"crashed": 1}
        assert report.files_indexed == 1
        assert report.warning is not None
        assert "z/deadly.yaml" in report.warning
        assert not {path.name for path in folder.iterdir()} & {"CRASH", "CRASHED", "IN-FLIGHT"}
        assert index.update().warning is None
        assert index.update().skipped == {"crashed": 1}, "remembered by content"
        write_tree(root, {"z/deadly.yaml": "a: [1, 2]\n"})
        report = index.update()
        assert (report.files_indexed, report.skipped) == (1, {}), "an edited file is tried again"


def _real() -> str:
    return str(Path(sys.prefix) / "bin" / Path(sys.orig_argv[0]).name)


def test_innocent_files_in_hand_are_indexed(tmp_path: Path) -> None:
    root, folder = write_tree(tmp_path / "tree", SMALL_TREE), tmp_path / "index"
    die(root, folder, signal.SIGABRT)
    with Index.open(root, index_dir=folder) as index, Index.open(root) as fresh:
        report = index.update()
        fresh.update()
        assert "crashed" not in report.skipped
        assert report.warning is None
        assert dump(index) == dump(fresh)


def test_a_kill_is_no_crash(tmp_path: Path, interpreter: Path) -> None:
    root = write_tree(tmp_path / "tree", {"deadly.yaml": "a: 1\n"})
    folder = tmp_path / "index"
    command = [_real(), "-c", DYING, str(root), str(folder), str(int(signal.SIGKILL))]
    assert subprocess.run(command, check=False, capture_output=True).returncode == -signal.SIGKILL
    assert (folder / "CRASH").stat().st_size == 0
    with Index.open(root, index_dir=folder) as index:
        assert index.update().skipped == {}


def test_what_was_found_guilty_outlives_runs_that_do_not_end(
    tmp_path: Path, interpreter: Path
) -> None:
    root = write_tree(tmp_path / "tree", {"a.py": "x = 1\n", "deadly.yaml": "a: 1\n"})
    folder = tmp_path / "index"
    command = [_real(), "-c", DYING, str(root), str(folder), str(int(signal.SIGABRT))]
    subprocess.run(command, check=False, capture_output=True)
    with contextlib.suppress(KeyboardInterrupt), watched(folder, root, 1 << 20) as watch:
        assert len(watch.crashed) == 1
        raise KeyboardInterrupt
    with Index.open(root, index_dir=folder) as index:
        assert index.update().skipped == {"crashed": 1}


@pytest.mark.parametrize("content", [b"", b"\xff" * 100, b"zz\n" * 40, b"../../etc/passwd\n"])
def test_records_are_data_and_may_hold_anything(tmp_path: Path, content: bytes) -> None:
    root, folder = write_tree(tmp_path / "tree", SMALL_TREE), tmp_path / "index"
    folder.mkdir()
    for name in ("IN-FLIGHT", "CRASH", "CRASHED"):
        (folder / name).write_bytes(content)
    with Index.open(root, index_dir=folder) as index:
        assert "crashed" not in index.update().skipped


def test_all_of_an_index_is_for_its_owner_alone(tmp_path: Path) -> None:
    root, home = write_tree(tmp_path / "tree", SMALL_TREE), tmp_path / "home"
    env = {**os.environ, "RCM_HOME": str(home)}
    loose = f"umask 000; exec {sys.executable} -m rcm index {root} --json"
    report = json.loads(
        subprocess.run(["sh", "-c", loose], env=env, check=True, capture_output=True).stdout
    )
    write_tree(root, {"new.py": "def arrived():\n    pass\n"})
    subprocess.run(["sh", "-c", loose], env=env, check=True, capture_output=True)
    assert Path(report["index_dir"]).is_relative_to(home)
    found = [home, *home.rglob("*")]
    assert len(found) > 15
    for path in found:
        mode = stat.S_IMODE(path.lstat().st_mode)
        assert mode == (0o700 if path.is_dir() else 0o600), path
