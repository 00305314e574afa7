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
#: What opening gives where the shared memory beside a database cannot be made: a folder that may not
#: be written, a full disk.
_NO_SHARED_MEMORY = (
    sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_READONLY,
)  # fmt: skip

#: Less than this is no space: the shared memory beside a database takes 32 KiB, its log more.
_NO_SPACE_BYTES = 256 << 10

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


def connect(path: Path, *, write: bool, patience: float = 10) -> Connection:
    """Open a database.

    Args:
        path: The file; a writer makes it if it is missing, private to the user.
        write: False opens for reading only; a reader never writes and never waits for a writer.
        patience: Seconds that a writer waits for another one.

    Raises:
        IndexDamagedError: If the file is no database or cannot be read as one.
        FileNotFoundError: If a reader finds no file.
        OSError: If the system refuses.
    """
    if not write and not path.exists():
        raise FileNotFoundError(2, "no such file", str(path))
    if write:
        # SQLite gives the files beside it the same mode.
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
    mode = "rwc" if write else "ro"
    try:
        return _connect(path, mode, write=write, patience=patience)
    except sqlite3.DatabaseError as error:
        if not write and error.sqlite_errorcode & 0xFF in _NO_SHARED_MEMORY and _is_settled(path):
            return _connect(path, "ro&immutable=1", write=False, patience=patience)
        raise meaning(path, error) from error


def _connect(path: Path, mode: str, *, write: bool, patience: float) -> Connection:
    uri = f"file:{quote_from_bytes(str(path).encode('utf-8', 'surrogateescape'))}?mode={mode}"
    connection = sqlite3.connect(
        uri, uri=True, timeout=patience, isolation_level=None, check_same_thread=False
    )
    try:
        if write:
            connection.execute("PRAGMA journal_mode=WAL")
            connection.execute("PRAGMA synchronous=FULL")
        else:
            connection.execute("PRAGMA query_only=ON")
            connection.execute("PRAGMA schema_version").fetchone()  # the first look at the file
    except sqlite3.DatabaseError:
        connection.close()
        raise
    return connection


def meaning(path: Path, error: Exception) -> OSError | IndexDamagedError:
    """Return what an error of SQLite means for the index: the system refuses, or it is damaged."""
    code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_CORRUPT) & 0xFF
    if code == sqlite3.SQLITE_CANTOPEN and not path.exists():
        return FileNotFoundError(2, "no such file", str(path))
    if code in _REFUSALS:
        number = _REFUSALS[code]
        if number == errno.EIO:
            number = _reason(path)
        return OSError(number, f"{os.strerror(number)} ({error})", str(path))
    return IndexDamagedError(f"{path}: {error}", hint="rcm index builds it anew")


def _reason(path: Path) -> int:
    """Return why the disk refused: SQLite does not pass the number of the error on."""
    from resource import RLIM_INFINITY, RLIMIT_FSIZE, getrlimit

    disk = os.statvfs(path.parent)
    if disk.f_bavail * disk.f_frsize < _NO_SPACE_BYTES:
        return errno.ENOSPC
    return errno.EIO if getrlimit(RLIMIT_FSIZE)[0] == RLIM_INFINITY else errno.EFBIG


def _is_settled(path: Path) -> bool:
    """Tell whether the database file holds everything: no log beside it has to be read with it."""
    try:
        return os.stat(f"{path}-wal").st_size == 0
    except FileNotFoundError:
        return True


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
