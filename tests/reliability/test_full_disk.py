"""T5: a disk that fills up at any byte of an update: a clear end, the old state whole, then it goes on."""

from __future__ import annotations

import os
import resource
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from reliability.driver import (
    assert_sound,
    bring,
    examine,
    files_at,
    run,
    sized,
    state,
    state_at,
    update,
)

Figure = Callable[[str, str, str], None]

SIZES = sized(10, 60)
#: Bytes by which the room left grows from run to run; tmpfs counts pages.
STEP_BYTES = sized(16, 4) << 10
DISK_FULL = 28


def left_over(folder: Path) -> list[Path]:
    """Return files that no commit needs: parts, and segments that the file table does not list."""
    return [path for path in folder.rglob("*") if path.name.endswith((".part", ".tmp"))]


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A small disk of its own."""
    mount = tmp_path / "disk"
    mount.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=4m,mode=700", "none", str(mount)]
    try:
        mounted = subprocess.run(command, capture_output=True, check=False).returncode == 0
    except FileNotFoundError:
        mounted = False
    if not mounted:
        pytest.skip("no right to mount a disk of limited size")
    yield mount
    subprocess.run(["umount", str(mount)], check=True)


def resize(disk: Path, size: int) -> None:
    subprocess.run(["mount", "-o", f"remount,size={size}", str(disk)], check=True)


@pytest.mark.slow
@pytest.mark.parametrize("forced", [False, True], ids=["update", "rebuild"])
def test_a_full_disk_leaves_the_old_state(
    disk: Path, tmp_path: Path, figure: Figure, forced: bool
) -> None:
    root, saved, folder = tmp_path / "tree", tmp_path / "saved", disk / "index"
    for step in range(2):
        bring(root, files_at(step))
        update(root, saved)
    bring(root, files_at(2))
    before, after, seen = state_at(1), state_at(2), Counter[str]()
    options = ("--force",) if forced else ()
    for nth in range(SIZES):
        room = nth * STEP_BYTES * (2 if forced else 1)
        resize(disk, 64 << 20)
        shutil.copytree(saved, folder)
        resize(disk, shutil.disk_usage(disk).used + room)
        done = run("index", root, "--index-dir", folder, "-q", *options)
        context = f"{room} bytes left: {done.returncode} {done.stderr}"
        assert done.returncode in (0, DISK_FULL), context
        assert "Traceback" not in done.stderr
        assert "internal" not in done.stderr, context
        now = state(root, folder)
        assert now == after if done.returncode == 0 else now in (before, after), context
        assert_sound(root, folder, context)
        assert left_over(folder) == [], context
        seen["ended with 28" if done.returncode else "had room"] += 1
        resize(disk, 64 << 20)
        assert update(root, folder) == after, context
        assert examine(root, folder).sealed, context
        shutil.rmtree(folder)
    assert seen["ended with 28"], "no size was too small"
    figure(
        f"T5 full disk: {'rebuild' if forced else 'update'}",
        f"{SIZES} sizes",
        ", ".join(f"{n} {what}" for what, n in seen.items()) + "; 0 lost",
    )


@pytest.mark.slow
def test_a_first_index_on_a_full_disk(disk: Path, tmp_path: Path, figure: Figure) -> None:
    root, folder = bring(tmp_path / "tree", files_at(1)), disk / "index"
    seen = Counter[str]()
    for nth in range(SIZES):
        resize(disk, 16384 + nth * STEP_BYTES * 8)
        done = run("index", root, "--index-dir", folder, "-q")
        assert done.returncode in (0, DISK_FULL), f"{done.returncode} {done.stderr}"
        assert "internal" not in done.stderr, done.stderr
        seen["ended with 28" if done.returncode else "had room"] += 1
        resize(disk, 64 << 20)
        assert update(root, folder) == state_at(1)
        assert_sound(root, folder, f"size {nth}")
        shutil.rmtree(folder)
    assert seen["ended with 28"]
    figure(
        "T5 full disk: first index",
        f"{SIZES} sizes",
        ", ".join(f"{n} {what}" for what, n in seen.items()) + "; 0 lost",
    )


@pytest.mark.slow
def test_a_limit_of_file_size_is_a_full_disk(tmp_path: Path, figure: Figure) -> None:
    root, saved, folder = tmp_path / "tree", tmp_path / "saved", tmp_path / "index"
    bring(root, files_at(1))
    update(root, saved)
    bring(root, files_at(2, churn=9))
    before, after, seen = state_at(1), state_at(2, churn=9), Counter[str]()
    for limit in range(4 << 10, 60 << 10, sized(8, 2) << 10):
        shutil.copytree(saved, folder)
        with subprocess.Popen(
            [sys.executable, "-m", "rcm", "index", str(root), "--index-dir", str(folder), "-q"],
            preexec_fn=lambda limit=limit: resource.setrlimit(
                resource.RLIMIT_FSIZE, (limit, limit)
            ),
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        ) as process:
            _, errors = process.communicate()
        context = f"files of at most {limit} bytes: {process.returncode} {errors}"
        # SQLite does not tell this refusal from any other.
        assert process.returncode in (0, DISK_FULL), context
        assert "internal" not in errors, context
        assert state(root, folder) in (before, after), context
        assert_sound(root, folder, context)
        assert update(root, folder) == after, context
        seen["had room" if process.returncode == 0 else "ended with an error"] += 1
        shutil.rmtree(folder)
    assert seen["ended with an error"]
    figure(
        "T5 limit of file size",
        f"{seen.total()} limits",
        ", ".join(f"{n} {what}" for what, n in seen.items()) + "; 0 lost",
    )
