"""Settings: one frozen value, and the one place that reads the environment."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path

#: Worker threads never exceed this: beyond it, one writer thread is the limit.
MAX_WORKERS = 12
#: Workers when memory is short.
LOW_MEMORY_WORKERS = 4
#: "Short" means less free memory than this.
LOW_MEMORY_BYTES = 4 << 30
#: Trees with at least this many changed files take the pipeline mode unless a mode is asked for.
PIPELINE_FILES = 5_000


@dataclass(frozen=True, slots=True)
class Settings:
    """What the environment asks for.

    Attributes:
        home: Folder of everything rcm keeps (`RCM_HOME`, else `rcm` in the user's cache folder).
        force_sequential: Whether `FORCE_SEQUENTIAL=1` is set.
        memory_map: False reads vector segments into memory (`RCM_NO_MMAP=1`, for network drives).
    """

    home: Path
    force_sequential: bool = False
    memory_map: bool = True

    @classmethod
    def from_environment(cls) -> Settings:
        """Read the environment variables `RCM_HOME`, `FORCE_SEQUENTIAL` and `RCM_NO_MMAP`."""
        return cls(
            home=_home(),
            force_sequential=_flag("FORCE_SEQUENTIAL"),
            memory_map=not _flag("RCM_NO_MMAP"),
        )

    @property
    def embedding_cache(self) -> Path:
        """File with the vectors of dear embedders, beside the indexes."""
        return self.home / "embeddings.sqlite"

    def index_dir(self, root: Path) -> Path:
        """Return the index folder of a root: one per real path.

        Args:
            root: Resolved path of the indexed tree.
        """
        return self.home / "indexes" / hashlib.sha256(os.fsencode(root)).hexdigest()[:24]


def root_name(root: Path) -> str:
    """Return the path of a tree as text that any database takes: bytes that are not UTF-8 escaped."""
    return os.fsencode(root).decode("utf-8", "backslashreplace")


def _home() -> Path:
    asked = os.environ.get("RCM_HOME")
    if asked:
        return Path(asked).absolute()
    # platformdirs costs 70 ms of CPU; the one case that every search on Linux takes needs none of it.
    cache = os.environ.get("XDG_CACHE_HOME")
    if os.name == "posix" and os.uname().sysname == "Linux":
        folder = Path(cache) if cache and os.path.isabs(cache) else Path("~/.cache").expanduser()
        return folder / "rcm"
    from platformdirs import user_cache_path

    return user_cache_path("rcm", appauthor=False)


def _flag(name: str) -> bool:
    return os.environ.get(name, "").lower() not in ("", "0", "false", "no")


def default_workers() -> int:
    """Return min(cores, 12) workers, at most 4 when less than 4 GB of memory is free."""
    cores = (
        len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    )
    workers = min(cores, MAX_WORKERS)
    free = _free_memory_bytes()
    if free is not None and free < LOW_MEMORY_BYTES:
        return min(workers, LOW_MEMORY_WORKERS)
    return workers


def _free_memory_bytes() -> int | None:
    try:
        with open("/proc/meminfo", encoding="ascii") as lines:
            for line in lines:
                if line.startswith("MemAvailable:"):
                    return int(line.split()[1]) * 1024
    except OSError:
        pass
    return None
