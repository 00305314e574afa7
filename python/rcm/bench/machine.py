"""What a stored measurement says about where it was taken, and how busy the machine was."""

from __future__ import annotations

import os
import platform
import resource
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

import rcm


def machine_facts(repository: Path | None = None) -> dict[str, object]:
    """Version, interpreter, processor, cores and load.

    Args:
        repository: A clone whose commit is told, too.
    """
    return {
        "rcm": rcm.__version__,
        **({"commit": commit_of(repository)} if repository is not None else {}),
        "python": platform.python_version(),
        "machine": f"{platform.system()} {platform.machine()}",
        "processor": _processor(),
        "cores": available_cores(),
        "load": round(os.getloadavg()[0], 2),
        "taken": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
    }


@dataclass(frozen=True, slots=True)
class Usage:
    """Wall and CPU seconds of one piece of work, and the load around it.

    A wall time counts for something when `cores_used` is near what the work can use: on a shared
    machine CPU seconds are the steadier figure.
    """

    wall_seconds: float
    cpu_seconds: float
    load_before: float
    load_after: float

    @property
    def cores_used(self) -> float:
        """Mean number of cores that the work kept busy."""
        return self.cpu_seconds / self.wall_seconds if self.wall_seconds else 0.0


class Stopwatch:
    """Measures the block it is entered for; `usage` holds the result afterwards.

    CPU seconds are those of this process with all its threads, children included.
    """

    usage: Usage

    def __enter__(self) -> Stopwatch:
        self._load = os.getloadavg()[0]
        self._cpu = _cpu_seconds()
        self._wall = time.perf_counter()
        return self

    def __exit__(self, *_: object) -> None:
        wall = time.perf_counter() - self._wall
        cpu = _cpu_seconds() - self._cpu
        self.usage = Usage(wall, cpu, self._load, os.getloadavg()[0])


def _cpu_seconds() -> float:
    # Not os.times(): it counts in steps of 10 ms, as much as starting Python takes.
    usages = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(usage.ru_utime + usage.ru_stime for usage in usages)


def available_cores() -> int:
    """Cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def commit_of(repository: Path) -> str:
    """What git calls the state of a clone, an empty string where it cannot tell."""
    try:
        done = subprocess.run(
            ["git", "describe", "--always", "--dirty"],
            cwd=repository,
            check=False,
            capture_output=True,
            text=True,
        )
    except OSError:  # no git
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor()
