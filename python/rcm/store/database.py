"""SQLite, opened the way every table of rcm wants it: crash-safe, private, readers beside a writer."""

from __future__ import annotations

import errno
import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote_from_bytes

from rcm.errors import IndexDamagedError

Connection = sqlite3.Connection
DatabaseError = sqlite3.DatabaseError

#: What SQLite says when the system refuses, as the system would say it. Anything else is damage.
_REFUSALS = {
    sqlite3.SQLITE_FULL: errno.ENOSPC,
    sqlite3.SQLITE_IOERR: errno.EIO,
    sqlite3.SQLITE_READONLY: errno.EROFS,
    sqlite3.SQLITE_PERM: errno.EACCES,
    sqlite3.SQLITE_BUSY: errno.EBUSY,
    sqlite3.SQLITE_NOMEM: errno.ENOMEM,
    sqlite3.SQLITE_CANTOPEN: errno.EACCES,
}


def connect(path: Path, *, write: bool) -> Connection:
    """Open a database.

    Args:
        path: The file; a writer makes it if it is missing, private to the user.
        write: False opens for reading only; a reader never writes and never waits for a writer.

    Raises:
        IndexDamagedError: If the file is no database or cannot be read as one.
        FileNotFoundError: If a reader finds no file.
        OSError: If the system refuses.
    """
    if write:
        os.close(os.open(path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600))
    elif not path.exists():
        raise FileNotFoundError(2, "no such file", str(path))
    mode = "rwc" if write else "ro"
    uri = f"file:{quote_from_bytes(str(path).encode('utf-8', 'surrogateescape'))}?mode={mode}"
    try:
        connection = sqlite3.connect(
            uri, uri=True, timeout=10, isolation_level=None, check_same_thread=False
        )
        if write:
            connection.execute("PRAGMA journal_mode=WAL")
            connection.execute("PRAGMA synchronous=FULL")
        else:
            connection.execute("PRAGMA query_only=ON")
    except sqlite3.DatabaseError as error:
        raise meaning(path, error) from error
    return connection


def meaning(path: Path, error: DatabaseError) -> OSError | IndexDamagedError:
    """Return what an error of SQLite means for the index: the system refuses, or it is damaged."""
    code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_CORRUPT) & 0xFF
    if code == sqlite3.SQLITE_CANTOPEN and not path.exists():
        return FileNotFoundError(2, "no such file", str(path))
    if code in _REFUSALS:
        number = _REFUSALS[code]
        if number == errno.EIO and _is_full(path.parent):
            # SQLite tells so of its data only, not of the index of its log.
            number = errno.ENOSPC
        return OSError(number, f"{os.strerror(number)} ({error})", str(path))
    return IndexDamagedError(f"{path}: {error}", hint="rcm index builds it anew")


def _is_full(folder: Path) -> bool:
    """Tell whether there is no room for another page of the log's index, 32 KiB."""
    try:
        room = os.statvfs(folder)
    except OSError:
        return False
    return room.f_bavail * room.f_frsize < 32 << 10


@contextmanager
def transaction(connection: Connection, *, write: bool = True) -> Iterator[None]:
    """Run the block in one transaction: all of it happens, or none."""
    connection.execute("BEGIN IMMEDIATE" if write else "BEGIN")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        # A full disk has SQLite roll back by itself.
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise
