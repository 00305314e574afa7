"""Known files: what one epoch knows of the files of its tree, for looking at them again."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TypeAlias

from rcm import _rcm
from rcm.store.database import Connection, DatabaseError, connect, meaning
from rcm.store.file_rows import INODE_MASK
from rcm.store.files import LIVE, MOST_VALUES

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
    """The file table as seen by those who look at the tree: read when asked.

    A later epoch may have been committed since; then files that it replaced are not found.

    Args:
        database: The file table.
        epoch: Which state of it.
    """

    def __init__(self, database: Path, epoch: int) -> None:
        self._database, self._epoch = database, epoch
        self._read: dict[str, KnownRow] = {}

    def plan(self, walked: _rcm.Walked) -> _rcm.Plan:
        """Compare a walk with every file, those without chunks included.

        Raises:
            IndexDamagedError: If the table cannot be read.
            OSError: If the system refuses.
        """
        with self._connected() as connection:
            rows = connection.execute(f"{_SELECT} ORDER BY path", (self._epoch,))
            return walked.plan(rows)

    def of(self, paths: Sequence[str]) -> dict[str, KnownRow]:
        """Return the rows of those files that are known, read once; errors as those of `plan`."""
        missing = [path for path in paths if path not in self._read]
        for start in range(0, len(missing), MOST_VALUES):
            some = missing[start : start + MOST_VALUES]
            asked = f"{_SELECT} AND path IN ({', '.join('?' * len(some))})"
            rows = self._rows(asked, (self._epoch, *map(os.fsencode, some)))
            self._read.update((row[0], row) for row in rows)
        return {path: self._read[path] for path in paths if path in self._read}

    def sample(self, count: int) -> list[KnownRow]:
        """Return some files, by no order that has to do with their place; errors as those of `plan`."""
        return self._rows(f"{_SELECT} ORDER BY digest LIMIT ?2", (self._epoch, count))

    def _rows(self, query: str, values: tuple[object, ...]) -> list[KnownRow]:
        decode, mask = os.fsdecode, INODE_MASK
        with self._connected() as connection:
            return [
                (decode(path), size, mtime, ctime, inode & mask, digest, scanned)
                for path, size, mtime, ctime, inode, digest, scanned in connection.execute(
                    query, values
                )
            ]

    @contextmanager
    def _connected(self) -> Iterator[Connection]:
        # Opened each time: a connection kept would keep files open as long as an agent lives.
        connection = connect(self._database, write=False)
        try:
            yield connection
        except DatabaseError as error:
            raise meaning(self._database, error) from error
        finally:
            connection.close()
