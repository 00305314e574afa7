"""Settings: one frozen value, and the one place that reads the environment."""

from __future__ import annotations

import os
from pathlib import Path
from typing import NamedTuple

from rcm import _rcm

#: Worker threads never exceed this: beyond it, one writer thread is the limit.
MAX_WORKERS = 12
#: Workers when memory is short.
LOW_MEMORY_WORKERS = 4
#: "Short" means less free memory than this.
LOW_MEMORY_BYTES = 4 << 30
#: Trees with at least this many changed files take the pipeline mode unless a mode is asked for.
PIPELINE_FILES = 5_000

#: Seconds that an update before a search may take unless the user says otherwise: as long as a
#: person waits without wondering.
REFRESH_SECONDS = 1.0

_UNITS = {"K": 1 << 10, "M": 1 << 20, "G": 1 << 30}


class Settings(NamedTuple):
    """What the environment asks for.

    Attributes:
        home: Folder of everything rcm keeps (`RCM_HOME`, else `rcm` in the user's cache folder).
        force_sequential: Whether `FORCE_SEQUENTIAL=1` is set.
        memory_map: False reads vector segments into memory (`RCM_NO_MMAP=1`, for network drives).
        max_memory: Most bytes of memory that an update may use (`RCM_MAX_MEMORY`, such as 512M).
    """

    home: Path
    force_sequential: bool = False
    memory_map: bool = True
    max_memory: int | None = None

    @classmethod
    def from_environment(cls) -> Settings:
        """Read `RCM_HOME`, `FORCE_SEQUENTIAL`, `RCM_NO_MMAP` and `RCM_MAX_MEMORY`.

        Raises:
            ValueError: If `RCM_MAX_MEMORY` is not a number of bytes.
        """
        return cls(
            home=_home(),
            force_sequential=_flag("FORCE_SEQUENTIAL"),
            memory_map=not _flag("RCM_NO_MMAP"),
            max_memory=_bytes("RCM_MAX_MEMORY"),
        )

    @property
    def embedding_cache(self) -> Path:
        """File with the vectors of dear embedders, beside the indexes."""
        return self.home / "embeddings.sqlite"

    @property
    def indexes(self) -> Path:
        """Folder of all indexes but those that were put elsewhere."""
        return self.home / "indexes"

    def index_dir(self, root: Path) -> Path:
        """Return the index folder of a root: one per real path.

        Args:
            root: Resolved path of the indexed tree.
        """
        return self.indexes / index_name(root)


def index_name(root: Path) -> str:
    """Return the name of the folder with a root's index.

    Args:
        root: Resolved path of the indexed tree.
    """
    return _rcm.sha256(os.fsencode(root)).hex()[:24]


def byte_count(text: str) -> int:
    """Read a number of bytes from 1 on, with K, M or G for powers of 1,024.

    Raises:
        ValueError: If it is something else.
    """
    digits, unit = text, ""
    if text[-1:].upper() in _UNITS:
        digits, unit = text[:-1], text[-1:].upper()
    if not (digits.isascii() and digits.isdigit()) or int(digits) < 1:
        raise ValueError(
            f"{text!r} is not a number of bytes of 1 or more, such as 500000, 500K or 2M"
        )
    return int(digits) * _UNITS.get(unit, 1)


def _bytes(name: str) -> int | None:
    text = os.environ.get(name)
    try:
        return byte_count(text) if text else None
    except ValueError as error:
        raise ValueError(f"{name}: {error}") from None


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
