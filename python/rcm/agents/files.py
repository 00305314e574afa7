"""Changes small text files: whole or not at all, through symbolic links, with a copy kept beside."""

from __future__ import annotations

import contextlib
import os
import stat
import tempfile
from pathlib import Path

from rcm.agents.edits import ConfigError
from rcm.agents.entries import NAME

BACKUP_SUFFIX = ".rcm-backup"
"""The file as it was before the last change lies beside it under its name with this at the end."""


def read(path: Path) -> str | None:
    """The text of a file, line breaks as they are; None if there is none.

    Raises:
        ConfigError: If it is no regular file, or not in UTF-8.
        OSError: If it cannot be read.
    """
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            raise ConfigError("not a regular file")
        return path.read_bytes().decode("utf-8")
    except FileNotFoundError:
        return None
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        raise ConfigError("not UTF-8", line=line) from None


def backup_of(path: Path) -> Path:
    """Where the copy of a file is kept: beside what a link leads to."""
    real = Path(os.path.realpath(path))
    return real.with_name(real.name + BACKUP_SUFFIX)


def change(path: Path, before: str | None, after: str, *, backup: bool = True) -> None:
    """Puts `after` in the place of `before`, which `read` gave.

    Raises:
        ConfigError: If the file is no longer what it was.
        OSError: If it cannot be written; it is as it was, then.
    """
    real = Path(os.path.realpath(path))
    if read(real) != before:
        raise ConfigError("another program changed it just now; run the command again")
    mode = stat.S_IMODE(real.stat().st_mode) if before is not None else None
    real.parent.mkdir(parents=True, exist_ok=True)
    if before is not None and backup:
        _write(backup_of(real), before, mode)
    _write(real, after, mode)


def remove(path: Path, *, backup: str | None = None, above: Path | None = None) -> None:
    """Deletes a file of ours, and the folders that are empty then.

    Args:
        path: The file.
        backup: A text to keep beside it, if it held something that is not ours.
        above: The folder that stays in any case; without it only a folder named after rcm goes.
    """
    real = Path(os.path.realpath(path))
    if backup is not None:
        _write(backup_of(real), backup, stat.S_IMODE(real.stat().st_mode))
    path.unlink()
    with contextlib.suppress(OSError):  # not empty
        for folder in path.parents:
            if folder == above or (above is None and folder.name != NAME):
                return
            folder.rmdir()


def _write(path: Path, text: str, mode: int | None) -> None:
    """Writes a file that is there whole from the first moment, with the mode given or the usual one."""
    if mode is None:
        mask = os.umask(0)
        os.umask(mask)
        mode = 0o666 & ~mask
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".tmp", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(text.encode("utf-8"))
            file.flush()
            os.fsync(file.fileno())
        os.chmod(name, mode)
        os.replace(name, path)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(name)
        raise
    _sync_folder(path.parent)


def _sync_folder(folder: Path) -> None:
    with contextlib.suppress(OSError):  # Windows has none to open
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
