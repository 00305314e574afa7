"""T7: two writers that are killed now and then, and readers that never see anything but one epoch."""

from __future__ import annotations

import fcntl
import os
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from reliability.driver import assert_sound, bring, dice, sized, state_of, update

Figure = Callable[[str, str, str], None]

SECONDS = sized(8, 60)
READERS = sized(2, 4)
FILES = 8

#: Updates as often as it can; the tree does not change during one, so that each commit is of one step.
WRITER = """
import fcntl, sys
from rcm import Index, IndexLockedError
root, folder, gate, turn = sys.argv[1:]
with Index.open(root, index_dir=folder) as index, open(gate) as file, open(turn) as queue:
    while True:
        # Who wants to change the tree holds the queue: else the two would never both let go.
        fcntl.flock(queue, fcntl.LOCK_EX)
        fcntl.flock(file, fcntl.LOCK_SH)
        fcntl.flock(queue, fcntl.LOCK_UN)
        try:
            index.update(lock_timeout=20)
            print("updated", flush=True)
        finally:
            fcntl.flock(file, fcntl.LOCK_UN)
"""


def tree(step: int) -> dict[str, str]:
    return {
        f"src/part_{nth}.py": f"def marker_of_this_step():\n    return 'step {step}'\n" * (nth + 1)
        for nth in range(FILES)
    }


def start(code: tuple[str, ...], *arguments: object) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, *code, *map(str, arguments)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )


class Output(threading.Thread):
    """Collects the lines of a process."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        super().__init__(daemon=True)
        self.process, self.lines = process, list[str]()
        self.start()

    def run(self) -> None:
        assert self.process.stdout is not None
        self.lines.extend(line.strip() for line in self.process.stdout)

    def stop(self) -> str:
        """Kill the process; return what it said on standard error."""
        self.process.kill()
        self.join()
        assert self.process.stdout is not None
        assert self.process.stderr is not None
        self.process.stdout.close()
        errors = self.process.stderr.read()
        self.process.stderr.close()
        self.process.wait()
        return errors


@pytest.mark.slow
def test_readers_see_whole_epochs_while_writers_die(tmp_path: Path, figure: Figure) -> None:
    random, seen = dice(), Counter[str]()
    root, folder = bring(tmp_path / "tree", tree(0)), tmp_path / "index"
    gate, turn = tmp_path / "gate", tmp_path / "turn"
    gate.touch()
    turn.touch()
    writer_arguments = (root, folder, gate, turn)
    update(root, folder)
    reader = ("-m", "reliability.reader")
    readers = [Output(start(reader, root, folder, FILES)) for _ in range(READERS)]
    writers = [Output(start(("-c", WRITER), *writer_arguments)) for _ in range(2)]
    step, end = 0, time.monotonic() + SECONDS
    with open(gate) as file, open(turn) as queue:
        while time.monotonic() < end:
            time.sleep(random.uniform(0, 0.3))
            if random.random() < 0.3:
                victim = random.randrange(2)
                errors = writers[victim].stop()
                assert "Traceback" not in errors, errors
                seen["updates"] += writers[victim].lines.count("updated")
                writers[victim] = Output(start(("-c", WRITER), *writer_arguments))
                seen["kills"] += 1
            # An update under way sees the tree as it was when it began.
            fcntl.flock(queue, fcntl.LOCK_EX)
            fcntl.flock(file, fcntl.LOCK_EX)
            step += 1
            bring(root, tree(step))
            fcntl.flock(file, fcntl.LOCK_UN)
            fcntl.flock(queue, fcntl.LOCK_UN)
    for writer in writers:
        errors = writer.stop()
        assert "Traceback" not in errors, errors
        seen["updates"] += writer.lines.count("updated")
    for reader_ in readers:
        assert reader_.process.poll() is None, reader_.stop()
        errors = reader_.stop()
        assert errors == ""
        assert reader_.lines[0] == "ready"
        assert not [line for line in reader_.lines if "wrong" in line], reader_.lines[-1]
        # The last line may have been cut off by the kill.
        steps = [int(line) for line in reader_.lines[1:-1]]
        assert steps == sorted(steps), "a reader went back to an older epoch"
        seen["answers"] += len(steps)
        seen["epochs seen"] = max(seen["epochs seen"], len(set(steps)))
    assert seen["epochs seen"] > 1
    assert seen["kills"]
    assert update(root, folder) == state_of(tree(step))
    assert_sound(root, folder, "at the end")
    figure(
        "T7 writers and readers",
        f"2 writers, {READERS} readers, {SECONDS} s",
        ", ".join(f"{n} {what}" for what, n in seen.items()) + "; 0 errors, 0 mixed, 0 backwards",
    )
