"""What the harnesses share: trees that are a function of a step, runs of the command, checks."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import time
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from rcm import DoctorReport, Index
from small_trees import SMALL_TREE, dump, write_tree

#: `RCM_TEST_SIZE=full` runs the long form of every harness.
FULL = os.environ.get("RCM_TEST_SIZE", "ci") == "full"
#: The command, as a user starts it.
RCM = (sys.executable, "-m", "rcm")
#: The command with a commit after every block of files.
CHECKPOINTING = (
    sys.executable,
    "-c",
    "import sys, rcm.update; rcm.update.CHECKPOINT_CHUNKS = 1;"
    "from rcm.cli import main; sys.exit(main())",
)


def sized(ci: int, full: int) -> int:
    """Choose how often something is done."""
    return full if FULL else ci


def dice() -> random.Random:
    """Random numbers of this run; `RCM_TEST_SEED` repeats those of another."""
    seed = int(os.environ.get("RCM_TEST_SEED", time.time_ns() % 1_000_000))
    print(f"RCM_TEST_SEED={seed}")
    return random.Random(seed)


def files_at(step: int, *, churn: int = 2) -> dict[str, str]:
    """Return a tree, a function of the step: `churn` of twelve files differ from the step before."""
    files = {name: text for name, text in SMALL_TREE.items() if name != "notes.txt"}
    for nth in range(12):
        # The last step at which this file was the turn.
        turn = max(s for s in range(step - 12, step + 1) if (nth - s * churn) % 12 < churn)
        body = "".join(f"\n\ndef part_{nth}_{k}(n):\n    return n + {turn}\n" for k in range(4))
        files[f"src/part_{nth}.py"] = f'"""Part {nth} of step {turn}."""{body}'
    if step % 3:
        files[f"src/extra_{step % 3}.py"] = f"def extra_{step}():\n    return '{step}'\n"
    return files


def bring(root: Path, files: Mapping[str, str]) -> Path:
    """Make a tree hold these files and no others; what is as it should be is left alone."""
    for path in sorted(root.rglob("*")) if root.exists() else ():
        if path.is_file() and path.relative_to(root).as_posix() not in files:
            path.unlink()
    changed = {
        name: text
        for name, text in files.items()
        if not (root / name).exists() or (root / name).read_text() != text
    }
    return write_tree(root, changed)


@cache
def state_at(step: int, churn: int = 2) -> list[object]:
    """Return what an index of the tree at a step must hold."""
    return state_of(files_at(step, churn=churn))


def state_of(files: Mapping[str, str]) -> list[object]:
    """Return what an index of these files must hold."""
    with TemporaryDirectory() as folder:
        root = write_tree(Path(folder) / "tree", files)
        with Index.open(root, index_dir=Path(folder) / "index") as index:
            index.update()
            return dump(index)


def start(
    *arguments: str | Path, command: tuple[str, ...] = RCM, fault: str = ""
) -> subprocess.Popen[str]:
    """Start the command."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    if fault:
        environment["RCM_FAULT"] = fault
    return subprocess.Popen(
        [*command, *map(str, arguments)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment,
    )


def run(
    *arguments: str | Path, command: tuple[str, ...] = RCM, fault: str = ""
) -> subprocess.CompletedProcess[str]:
    """Run the command to its end."""
    with start(*arguments, command=command, fault=fault) as process:
        output, errors = process.communicate(timeout=120)
    return subprocess.CompletedProcess(process.args, process.returncode, output, errors)


def wall_seconds(*arguments: str | Path, command: tuple[str, ...] = RCM) -> float:
    """Return how long the command takes on this machine now."""
    started = time.monotonic()
    done = run(*arguments, command=command)
    assert done.returncode == 0, done.stderr
    return time.monotonic() - started


def state(root: Path, folder: Path) -> list[object]:
    """Return what an index holds."""
    with Index.open(root, index_dir=folder) as index:
        return dump(index)


def update(root: Path, folder: Path) -> list[object]:
    """Update an index in peace; return what it holds."""
    with Index.open(root, index_dir=folder) as index:
        index.update()
        return dump(index)


def examine(root: Path, folder: Path, *, full: bool = True) -> DoctorReport:
    """Have the doctor look at an index."""
    with Index.open(root, index_dir=folder) as index:
        return index.doctor(full=full)


def assert_sound(root: Path, folder: Path, context: str) -> None:
    """Have the doctor read every byte of an index, and find nothing wrong."""
    report = examine(root, folder)
    assert report.verdict == "ok", f"{context}: {[f for f in report.findings if f.level != 'ok']}"
