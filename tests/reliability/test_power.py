"""T3: the power fails at any moment: what was reported done is there, what was not is old or new.

A file system on a loop device; the writer is stopped, what its disk holds by then is copied, and
the copy is mounted. What the system had not written back by then is lost, as after a power cut.
"""

from __future__ import annotations

import gc
import os
import select
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from reliability.driver import (
    assert_sound,
    bring,
    dice,
    files_at,
    sized,
    state,
    state_at,
    update,
)

Figure = Callable[[str, str, str], None]

CUTS = sized(8, 60)
IMAGE_BYTES = 24 << 20
#: A stopped process's writes under way end within this time.
SETTLE_SECONDS = 0.06
#: ext4 writes renamed files back at once to be kind to programs that forget to sync; no kindness here.
OPTIONS = "loop,noauto_da_alloc"


def mount(image: Path, point: Path) -> None:
    point.mkdir(exist_ok=True)
    subprocess.run(
        ["mount", "-o", OPTIONS, str(image), str(point)], check=True, capture_output=True
    )


def unmount(point: Path) -> None:
    """Unmount; files mapped by objects that wait for the collector keep a file system busy."""
    gc.collect()
    for _ in range(50):
        if subprocess.run(["umount", str(point)], capture_output=True, check=False).returncode == 0:
            return
        time.sleep(0.05)
    subprocess.run(["umount", "--lazy", str(point)], check=True)


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[tuple[Path, Path]]:
    """An image, and where its file system is mounted."""
    image, point = tmp_path / "disk.img", tmp_path / "disk"
    image.touch()
    os.truncate(image, IMAGE_BYTES)
    try:
        made = ["mkfs.ext4", "-q", "-E", "lazy_itable_init=0", str(image)]
        subprocess.run(made, check=True, capture_output=True)
        mount(image, point)
    except (FileNotFoundError, subprocess.CalledProcessError):
        pytest.skip("no right to mount a loop device with ext4")
    yield image, point
    unmount(point)


@pytest.mark.slow
def test_a_power_cut_loses_nothing_that_was_reported_done(
    disk: tuple[Path, Path], tmp_path: Path, figure: Figure
) -> None:
    random = dice()
    image, point = disk
    root, folder = tmp_path / "tree", point / "index"
    bring(root, files_at(0))
    update(root, folder)
    bring(root, files_at(1))
    started = time.monotonic()
    update(root, folder)
    longest = 2 * (time.monotonic() - started)
    before, seen = state_at(1), Counter[str]()
    writer = subprocess.Popen(
        [sys.executable, "-m", "reliability.writer", str(root), str(folder)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    assert writer.stdin is not None
    assert writer.stdout is not None
    try:
        for step in range(2, CUTS + 2):
            bring(root, files_at(step))
            after = state_at(step)
            writer.stdin.write(f"{step}\n")
            writer.stdin.flush()
            acknowledged = select.select([writer.stdout], [], [], random.uniform(0, longest))[0]
            if acknowledged:
                assert writer.stdout.readline() == f"{step}\n"
                # The next commit's syncs must not make up for a missing one.
                time.sleep(random.uniform(0, 0.05))
            writer.send_signal(signal.SIGSTOP)
            time.sleep(SETTLE_SECONDS)
            copy = tmp_path / "cut.img"
            shutil.copyfile(image, copy)
            writer.send_signal(signal.SIGCONT)
            seen[look_at(copy, tmp_path / "cut", root, before, after, bool(acknowledged))] += 1
            if not acknowledged:
                assert writer.stdout.readline() == f"{step}\n"
            before = after
    finally:
        writer.kill()
        writer.communicate()
    figure(
        "T3 power cuts",
        f"{CUTS} cuts",
        ", ".join(f"{n} {what}" for what, n in seen.items()) + "; 0 lost, 0 torn",
    )


def look_at(
    copy: Path, point: Path, root: Path, before: object, after: object, acknowledged: bool
) -> str:
    """Check what a disk holds after its power was cut; return which state that is."""
    mount(copy, point)
    try:
        folder = point / "index"
        now = state(root, folder)
        assert now == after if acknowledged else now in (before, after)
        assert_sound(root, folder, "after the cut")
        assert update(root, folder) == after
        return "new, reported done" if acknowledged else "new" if now == after else "old"
    finally:
        unmount(point)
