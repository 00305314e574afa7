"""Known files: what one epoch knows of the files of its tree, for looking at them again."""

from __future__ import annotations

import os
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import TypeAlias
from weakref import finalize

from rcm.store.database import Connection, DatabaseError, connect, meaning
from rcm.store.files import INODE_MASK, LIVE

#: Path, size, mtime_ns, ctime_ns, inode, SHA-256 and when the scan that read it began.
KnownRow: TypeAlias = tuple[str, int, int, int, int, bytes, int]

#: A table may come from anywhere: a row of other types is as good as none, its file is looked at.
_NUMBERS = ("size", "mtime_ns", "ctime_ns", "inode", "scanned_ns")
_SELECT = (
    "SELECT path, size, mtime_ns, ctime_ns, inode, digest, scanned_ns FROM files "
    f"WHERE {LIVE.replace(':epoch', '?1')} "
    "AND typeof(path) = 'blob' AND typeof(digest) = 'blob' AND length(digest) = 32 AND size >= 0 AND "
    + " AND ".join(f"typeof({name}) = 'integer'" for name in _NUMBERS)
)


class KnownFiles:
    """The file table as seen by those who look at the tree: read when asked, one connection.

    A later epoch may have been committed since; then files that it replaced are not found.

    Args:
        database: The file table.
        epoch: Which state of it.
    """

    def __init__(self, database: Path, epoch: int) -> None:
        self._database, self._epoch = database, epoch
        # An epoch's rows never change, and the same files are found again and again.
        self._found: dict[str, KnownRow] = {}

    @cached_property
    def _connection(self) -> Connection:
        connection = connect(self._database, write=False)
        finalize(self, connection.close)
        return connection

    def all(self) -> list[KnownRow]:
        """Return every file, those without chunks included.

        Raises:
            IndexDamagedError: If the table cannot be read.
            OSError: If the system refuses.
        """
        return self._rows(_SELECT, (self._epoch,))

    def of(self, paths: Sequence[str]) -> dict[str, KnownRow]:
        """Return the rows of some files; errors as those of `all`."""
        missing = [path for path in paths if path not in self._found]
        if missing:
            asked = f"{_SELECT} AND path IN ({', '.join('?' * len(missing))})"
            rows = self._rows(asked, (self._epoch, *map(os.fsencode, missing)))
            self._found.update((row[0], row) for row in rows)
        return {path: self._found[path] for path in paths if path in self._found}

    def sample(self, count: int) -> list[KnownRow]:
        """Return some files, by no order that has to do with their place; errors as those of `all`."""
        return self._rows(f"{_SELECT} ORDER BY digest LIMIT ?2", (self._epoch, count))

    def _rows(self, query: str, values: tuple[object, ...]) -> list[KnownRow]:
        decode, mask = os.fsdecode, INODE_MASK
        try:
            return [
                (decode(path), size, mtime, ctime, inode & mask, digest, scanned)
                for path, size, mtime, ctime, inode, digest, scanned in self._connection.execute(
                    query, values
                )
            ]
        except DatabaseError as error:
            raise meaning(self._database, error) from error
