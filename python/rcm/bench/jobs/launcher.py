"""Run one command and write down what it took: wall and CPU seconds, peak memory, exit status.

    python -I -S launcher.py FIGURES_FILE SECONDS COMMAND ...

A process of its own, and a small one: the kernel's peak of a process includes what its parent held
when it was started, so nothing below this script's own 10 MB can be told. CPU seconds and peak come
from `wait4`, and count all descendants that were waited for. Where a command starts others, their
proportional memory (PSS) is added up every 50 ms. When the process that started this one ends, the
command is ended, too. Standard library only, as little of it as possible.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import sys
import threading
import time

INTERVAL_S = 0.05
ENDED_LATE = 124


def main(figures: str, limit_s: float, command: list[str]) -> int:
    """Run the command; returns its exit status as a shell would, 124 where it took too long."""
    done = threading.Event()
    watched = {"peak": 0, "late": 0}
    started = time.perf_counter()
    pid = os.posix_spawnp(command[0], command, os.environ)
    watch = threading.Thread(target=_watch, args=(pid, limit_s, done, watched), daemon=True)
    watch.start()
    _, status, usage = os.wait4(pid, 0)
    wall = time.perf_counter() - started
    done.set()
    watch.join()
    own = usage.ru_maxrss * (1 if sys.platform == "darwin" else 1024)
    code = os.waitstatus_to_exitcode(status)
    code = ENDED_LATE if watched["late"] else code if code >= 0 else 128 - code
    taken = {
        "wall_seconds": wall,
        "cpu_seconds": usage.ru_utime + usage.ru_stime,
        "peak_bytes": max(own, watched["peak"]),
        "exit_code": code,
    }
    with open(figures, "w", encoding="ascii") as file:
        json.dump(taken, file)
    return code


def _watch(pid: int, limit_s: float, done: threading.Event, watched: dict[str, int]) -> None:
    parent, started = os.getppid(), time.monotonic()
    while not done.wait(INTERVAL_S):
        if os.getppid() != parent:
            os.killpg(0, signal.SIGKILL)  # this process, too
        if time.monotonic() - started > limit_s and not watched["late"]:
            watched["late"] = 1
            for one in [*_descendants(pid), pid]:
                _kill(one)
        others = _descendants(pid)
        if others:
            total = sum(_pss(one) for one in [pid, *others])
            watched["peak"] = max(watched["peak"], total)


def _kill(pid: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)


def _descendants(pid: int) -> list[int]:
    """Processes that a process started and those that they started; empty where /proc cannot tell."""
    found: list[int] = []
    try:
        tasks = os.listdir(f"/proc/{pid}/task")
    except OSError:
        return found
    for task in tasks:
        try:
            with open(f"/proc/{pid}/task/{task}/children", encoding="ascii") as file:
                children = [int(word) for word in file.read().split()]
        except OSError:
            continue
        for child in children:
            found += [child, *_descendants(child)]
    return found


def _pss(pid: int) -> int:
    try:
        with open(f"/proc/{pid}/smaps_rollup", encoding="ascii") as file:
            for line in file:
                if line.startswith("Pss:"):
                    return int(line.split()[1]) * 1024
    except OSError:
        pass
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], float(sys.argv[2]), sys.argv[3:]))
