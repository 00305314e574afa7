"""Known files: what one epoch knows of the files of its tree, for looking at them again."""

from __future__ import annotations

import os
from collections.abc import Iterable
from functools import cached_property
from pathlib import Path
from typing import TypeAlias

from rcm.errors import IndexDamagedError
from rcm.store.database import Connection, DatabaseError, connect, meaning
from rcm.store.files import INODE_MASK, LIVE

#: Path, size, mtime_ns, ctime_ns, inode, SHA-256 and when the scan that read it began.
KnownRow: TypeAlias = tuple[str, int, int, int, int, bytes, int]

_SELECT = (
    f"SELECT path, size, mtime_ns, ctime_ns, inode, digest, scanned_ns FROM files WHERE {LIVE}"
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

    @cached_property
    def _connection(self) -> Connection:
        return connect(self._database, write=False)

    def all(self) -> list[KnownRow]:
        """Return every file, those without chunks included.

        Raises:
            IndexDamagedError: If the table cannot be read.
            OSError: If the system refuses.
        """
        return self._rows([(_SELECT, {"epoch": self._epoch})])

    def of(self, paths: Iterable[str]) -> dict[str, KnownRow]:
        """Return the rows of some files; errors as those of `all`."""
        one = f"{_SELECT} AND path = :path"
        asked = [(one, {"epoch": self._epoch, "path": os.fsencode(path)}) for path in paths]
        return {row[0]: row for row in self._rows(asked)}

    def _rows(self, queries: Iterable[tuple[str, dict[str, object]]]) -> list[KnownRow]:
        try:
            run = self._connection.execute
            return [_known(row) for query, values in queries for row in run(query, values)]
        except DatabaseError as error:
            raise meaning(self._database, error) from error
        except (TypeError, ValueError) as error:
            raise IndexDamagedError(
                f"{self._database}: {error}", hint="rcm index builds it anew"
            ) from error


def _known(row: tuple[bytes, int, int, int, int, bytes, int]) -> KnownRow:
    path, size, mtime_ns, ctime_ns, inode, digest, scanned = row
    if len(digest) != 32:
        raise ValueError(f"a digest of {len(digest)} bytes")
    return os.fsdecode(path), size, mtime_ns, ctime_ns, inode & INODE_MASK, digest, scanned
