"""The folder of one index: a lock, generations, and the name of the one that counts.

```text
<index>/                 0700, files 0600
  LOCK                   flock; one writer, readers never wait
  CURRENT                name of the generation that readers use; replaced by rename
  IN-FLIGHT, CRASH, CRASHED   only while a run goes on or after it crashed (`rcm/crashes.py`)
  g-000001/              one complete index: lex/, vec/, rcm.sqlite
```

Changes never touch `CURRENT`: they are epochs inside a generation. Only a rebuild (other model,
other format, `--force`) makes a new generation beside the old one and switches by one rename, so
a search finds a complete index at every moment.
"""

from __future__ import annotations

import errno
import os
import shutil
from dataclasses import dataclass
from pathlib import Path

from rcm.errors import IndexDamagedError, IndexNotFoundError, IndexNotWritableError
from rcm.store.lock import WriterLock

_CURRENT = "CURRENT"
_PREFIX = "g-"
#: What a run leaves when it crashes: files in hand, what the fault handler wrote, digests found guilty.
CRASH_RECORDS = ("IN-FLIGHT", "CRASH", "CRASHED")


@dataclass(frozen=True, slots=True)
class Generation:
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
            name = (self.path / _CURRENT).read_text(encoding="ascii").strip()
        except FileNotFoundError:
            raise IndexNotFoundError(
                f"{self.path}: no index here", hint="rcm index builds one"
            ) from None
        except UnicodeDecodeError:
            name = ""
        if not (name.startswith(_PREFIX) and name[len(_PREFIX) :].isdigit()):
            raise IndexDamagedError(
                f"{self.path / _CURRENT}: names no generation",
                hint="rcm index --force builds it anew",
            )
        return Generation(self.path / name)

    def current_or_none(self) -> Generation | None:
        """Return the generation that readers use, None if `CURRENT` names none."""
        try:
            return self.current()
        except (IndexNotFoundError, IndexDamagedError):
            return None

    def generations(self) -> list[Generation]:
        """Return all generations, oldest first."""
        return [Generation(path) for path in sorted(self.path.glob(f"{_PREFIX}[0-9]*"))]

    def next_generation(self) -> Generation:
        """Return a generation that does not exist yet."""
        numbers = [int(made.folder.name[len(_PREFIX) :]) for made in self.generations()]
        return Generation(self.path / f"{_PREFIX}{max(numbers, default=0) + 1:06d}")

    def switch(self, generation: Generation) -> None:
        """Make a generation the current one, durably, and drop all others."""
        part = self.path / f"{_CURRENT}.part"
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC
        with open(os.open(part, flags, 0o600), "w", encoding="ascii") as file:
            file.write(generation.folder.name + "\n")
            file.flush()
            os.fsync(file.fileno())
        os.rename(part, self.path / _CURRENT)
        fsync_folder(self.path)
        for old in self.generations():
            if old.folder != generation.folder:
                drop(old)

    def clear(self) -> None:
        """Remove everything rcm made here; the folder itself goes when nothing else is in it."""
        (self.path / _CURRENT).unlink(missing_ok=True)
        (self.path / f"{_CURRENT}.part").unlink(missing_ok=True)
        for generation in self.generations():
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
    """Remove a generation; what cannot be removed now is removed by a later writer."""
    shutil.rmtree(generation.folder, ignore_errors=True)


def fsync_folder(path: Path) -> None:
    """Make renames and new names in a folder durable."""
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
