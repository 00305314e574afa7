"""SQLite, opened the way every table of rcm wants it: crash-safe, private, readers beside a writer."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote_from_bytes

from rcm.errors import IndexDamagedError

Connection = sqlite3.Connection
DatabaseError = sqlite3.DatabaseError


def connect(path: Path, *, write: bool) -> Connection:
    """Open a database.

    Args:
        path: The file; a writer makes it if it is missing.
        write: False opens for reading only; a reader never writes and never waits for a writer.

    Raises:
        IndexDamagedError: If the file is no database or cannot be read as one.
        FileNotFoundError: If a reader finds no file.
    """
    if not write and not path.exists():
        raise FileNotFoundError(2, "no such file", str(path))
    if write:
        # SQLite gives the files beside it the same mode.
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
    mode = "rwc" if write else "ro"
    if not write and _is_frozen(path):
        mode = "ro&immutable=1"
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
        raise IndexDamagedError(
            f"{path}: {error}", hint="rcm index --force builds it anew"
        ) from error
    return connection


def _is_frozen(path: Path) -> bool:
    """Tell whether nobody can be writing: SQLite otherwise wants to make files beside the database."""
    return not os.access(path.parent, os.W_OK) and not os.path.exists(f"{path}-wal")


@contextmanager
def transaction(connection: Connection, *, write: bool = True) -> Iterator[None]:
    """Run the block in one transaction: all of it happens, or none."""
    connection.execute("BEGIN IMMEDIATE" if write else "BEGIN")
    try:
        yield
    except BaseException:
        connection.execute("ROLLBACK")
        raise
    connection.execute("COMMIT")
