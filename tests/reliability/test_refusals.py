"""T2 below our own code: the system refuses the N-th sync, write or rename, or the process dies there.

strace lets calls fail as they would on a broken disk, within tantivy and SQLite as well.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from reliability.driver import (
    FULL,
    RCM,
    assert_sound,
    bring,
    dice,
    files_at,
    state,
    state_at,
    update,
)

Figure = Callable[[str, str, str], None]

SYNC, WRITE, RENAME = "fsync,fdatasync", "pwrite64", "rename,renameat,renameat2"
#: What happens to which calls.
REFUSALS = {
    "no sync": (SYNC, "error=EIO"),
    "no write": (WRITE, "error=ENOSPC"),
    "no rename": (RENAME, "error=EIO"),
    "killed at a sync": (SYNC, "signal=KILL"),
    "killed at a rename": (RENAME, "signal=KILL"),
}
#: In the short form some calls of each kind, drawn anew for each run.
SAMPLE = 4


@pytest.mark.slow
@pytest.mark.parametrize("kind", REFUSALS)
def test_every_call_may_be_refused(kind: str, tmp_path: Path, figure: Figure) -> None:
    if shutil.which("strace") is None:
        pytest.skip("strace is not installed")
    random, seen = dice(), Counter[str]()
    root, saved, folder = tmp_path / "tree", tmp_path / "saved", tmp_path / "index"
    for step in range(2):
        bring(root, files_at(step))
        update(root, saved)
    bring(root, files_at(2))
    before, after = state_at(1), state_at(2)
    calls, what = REFUSALS[kind]
    command = ["index", str(root), "--index-dir", str(folder), "-q"]
    shutil.copytree(saved, folder)
    _, log = traced(tmp_path, calls, None, command)
    assert state(root, folder) == after
    # strace counts for each thread and call apart.
    counts = Counter(tuple(line.split("(")[0].split()) for line in log.splitlines())
    wanted = range(1, max(counts.values()) + 1)
    for nth in wanted if FULL else sorted(random.sample(wanted, min(SAMPLE, len(wanted)))):
        shutil.rmtree(folder)
        shutil.copytree(saved, folder)
        done, log = traced(tmp_path, calls, f"{what}:when={nth}", command)
        context = f"{kind}, call {nth}: {done.returncode} {done.stderr}\n{log}"
        hit = "INJECTED" in log or "SIGKILL" in log
        assert "Traceback" not in done.stderr, context
        assert done.returncode in ((0, 2, 28, -9, 137) if hit else (0,)), context
        now = state(root, folder)
        assert now == after if done.returncode == 0 else now in (before, after), context
        assert_sound(root, folder, context)
        assert update(root, folder) == after, context
        seen["refused" if hit else "passed"] += 1
        seen["new" if now == after else "old"] += 1
    assert seen["refused"], "no call was met"
    figure(
        f"T2 system calls: {kind}",
        f"{seen['refused'] + seen['passed']} runs",
        f"{seen['refused']} refused; {seen['old']} old, {seen['new']} new; 0 torn",
    )


def traced(
    folder: Path, calls: str, inject: str | None, command: list[str]
) -> tuple[subprocess.CompletedProcess[str], str]:
    """Run the command under strace; return how it ended, and the calls."""
    log = folder / "strace.log"
    fault = ["-e", f"inject={calls}:{inject}"] if inject else []
    done = subprocess.run(
        ["strace", "-f", "-qq", "-o", str(log), "-e", f"trace={calls}", *fault, *RCM, *command],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        text=True,
        check=False,
    )
    if "ptrace" in done.stderr.lower():
        pytest.skip("no right to trace a process")
    return done, log.read_text(errors="replace")
