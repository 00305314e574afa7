"""The folder of one index: a lock, generations, and the name of the one that counts.

```text
<index>/                 0700, files 0600
  LOCK                   flock; one writer, readers never wait
  CURRENT                name of the generation that readers use; replaced by rename
  IN-FLIGHT, CRASH, CRASHED   only while a run goes on or after it crashed (`rcm/crashes.py`)
  g-copy/                only while a first index begins as a copy of another tree's
  g-000001/              one complete index: lex/, vec/, rcm.sqlite, MANIFEST
    DAMAGED              why it must not be used any more, if it is so
```

Changes never touch `CURRENT`: they are epochs inside a generation. Only a rebuild (other model,
other format, `--force`) makes a new generation beside the old one and switches by one rename, so
a search finds a complete index at every moment.
"""

from __future__ import annotations

import errno
import os
import re
from pathlib import Path
from typing import NamedTuple

from rcm.errors import IndexDamagedError, IndexNotFoundError, IndexNotWritableError
from rcm.faults import reach
from rcm.store.lock import WriterLock

_CURRENT = "CURRENT"
_PREFIX = "g-"
#: What a run leaves when it crashes: files in hand, what the fault handler wrote, digests found guilty.
CRASH_RECORDS = ("IN-FLIGHT", "CRASH", "CRASHED")
_NEW_FILE = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC
_POINTER = re.compile(rb"g-[0-9]{6,}\n")


class Generation(NamedTuple):
    """Where the parts of one complete index lie."""

    folder: Path

    @property
    def lexical(self) -> Path:
        """Folder of the lexical index."""
        return self.folder / "lex"

    @property
    def vectors(self) -> Path:
        """Folder of the vector segments."""
        return self.folder / "vec"

    @property
    def database(self) -> Path:
        """The file table."""
        return self.folder / "rcm.sqlite"

    @property
    def damage_mark(self) -> Path:
        """File that says that the generation was found damaged."""
        return self.folder / "DAMAGED"

    def check_mark(self) -> None:
        """Refuse a generation that was found damaged.

        Raises:
            IndexDamagedError: With what was found.
        """
        try:
            found = self.damage_mark.read_text(encoding="utf-8", errors="replace")
        except FileNotFoundError:
            return
        raise IndexDamagedError(found.strip() or str(self.folder), hint="rcm index builds it anew")

    def mark_damaged(self, found: str) -> None:
        """Keep everyone from using the generation; the next update builds a new one."""
        write_durably(self.damage_mark, found.encode("utf-8", "replace") + b"\n")

    @property
    def is_new(self) -> bool:
        """Whether nothing has been written yet."""
        return not self.folder.exists()

    def make(self) -> Generation:
        """Make the folders, private to the user."""
        for folder in (self.folder, self.lexical, self.vectors):
            make_private(folder)
        return self

    def bytes_on_disk(self) -> int:
        """Return the size of all its files."""
        return sum(path.lstat().st_size for path in self.folder.rglob("*") if path.is_file())


class IndexFolder:
    """The folder of one index.

    Args:
        path: The folder; it need not exist.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    @property
    def pointer(self) -> Path:
        """The file that names the current generation."""
        return self.path / _CURRENT

    def exists(self) -> bool:
        """Tell whether there is an index to search."""
        return self.pointer.is_file()

    def lock(self, *, timeout: float = 0.0) -> WriterLock:
        """Make the folder and take the writer's lock.

        Raises:
            IndexLockedError: If another process holds it after `timeout` seconds.
            IndexNotWritableError: If this user may not write there.
        """
        try:
            make_private(self.path)
            if not os.access(self.path, os.W_OK | os.X_OK):
                raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(self.path))
            return WriterLock(self.path / "LOCK", timeout=timeout)
        except OSError as error:
            if error.errno not in (errno.EACCES, errno.EPERM, errno.EROFS):
                raise
            raise IndexNotWritableError(
                f"{error.filename or self.path}: the index may not be written here",
                hint="--index-dir and RCM_HOME name another place",
            ) from error

    def current(self) -> Generation:
        """Return the generation that readers use.

        Raises:
            IndexNotFoundError: If there is none.
            IndexDamagedError: If `CURRENT` names none.
        """
        try:
            name = self.pointer.read_bytes()
        except FileNotFoundError:
            raise IndexNotFoundError(
                f"{self.path}: no index here", hint="rcm index builds one"
            ) from None
        if _POINTER.fullmatch(name) is None:
            raise IndexDamagedError(
                f"{self.pointer}: names no generation", hint="rcm index builds it anew"
            )
        generation = Generation(self.path / name.decode("ascii").strip())
        if not generation.folder.is_dir():
            raise IndexDamagedError(
                f"{self.pointer}: names {generation.folder.name}, which is not there",
                hint="rcm index builds it anew",
            )
        return generation

    def points_to(self, generation: Generation) -> bool:
        """Tell whether readers use a generation; a damaged pointer points to none."""
        try:
            return self.current() == generation
        except (IndexNotFoundError, IndexDamagedError):
            return False

    def generations(self) -> list[Generation]:
        """Return all generations, oldest first."""
        return [Generation(path) for path in sorted(self.path.glob(f"{_PREFIX}[0-9]*"))]

    def next_generation(self) -> Generation:
        """Return a generation that does not exist yet."""
        numbers = [int(made.folder.name[len(_PREFIX) :]) for made in self.generations()]
        return Generation(self.path / f"{_PREFIX}{max(numbers, default=0) + 1:06d}")

    @property
    def draft(self) -> Generation:
        """Where a copy of another index's generation is made, before it becomes one of this."""
        return Generation(self.path / "g-copy")

    def switch(self, generation: Generation) -> None:
        """Make a generation the current one, durably, and drop all others."""
        write_durably(self.pointer, f"{generation.folder.name}\n".encode("ascii"))
        reach("drop-others")
        for old in self.generations():
            if old.folder != generation.folder:
                drop(old)

    def clear(self) -> None:
        """Remove everything rcm made here; the folder itself goes when nothing else is in it."""
        (self.path / _CURRENT).unlink(missing_ok=True)
        (self.path / f"{_CURRENT}.part").unlink(missing_ok=True)
        for generation in (*self.generations(), self.draft):
            drop(generation)
        for name in (*CRASH_RECORDS, "LOCK"):
            (self.path / name).unlink(missing_ok=True)
        if self.path.is_dir() and not any(self.path.iterdir()):
            self.path.rmdir()


def make_private(path: Path) -> None:
    """Make a folder and those above it that are missing, for this user alone."""
    missing = [folder for folder in (path, *path.parents) if not folder.exists()]
    for folder in reversed(missing or [path]):
        folder.mkdir(mode=0o700, exist_ok=True)


def drop(generation: Generation) -> None:
    """Remove a generation, if there is one; what cannot be removed now is removed by a later writer."""
    if not os.path.lexists(generation.folder):
        return
    from shutil import rmtree

    rmtree(generation.folder, ignore_errors=True)


def write_durably(path: Path, data: bytes) -> None:
    """Give a file this content, whole or not at all, even if the power fails.

    Raises:
        OSError: If the disk refuses, with the path.
    """
    part = path.with_name(f"{path.name}.part")
    try:
        reach("file-write")
        with open(os.open(part, _NEW_FILE, 0o600), "wb") as file:
            file.write(data)
            file.flush()
            reach("file-sync")
            os.fsync(file.fileno())
        reach("file-rename")
        os.rename(part, path)
        reach("file-sync-folder")
        fsync_folder(path.parent)
    except OSError as error:
        part.unlink(missing_ok=True)
        raise OSError(error.errno, error.strerror, str(path)) from error


def fsync_folder(path: Path) -> None:
    """Make renames and new names in a folder durable."""
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
