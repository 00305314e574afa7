"""Rows of the file table, and what one epoch changes of them."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from itertools import islice
from typing import Any, NamedTuple

from rcm import _rcm

#: Rows written out at a time to be hashed.
_HASHED_AT_A_TIME = 1_000
#: Inode numbers have 64 bits, SQLite's integers a sign.
INODE_MASK = (1 << 64) - 1


class FileRow(NamedTuple):
    """What the index knows of one file.

    Attributes:
        path: Relative to the root, as the file system names it (surrogate-escaped).
        stat: (size in bytes, mtime_ns, ctime_ns, inode) when its bytes were read.
        digest: SHA-256 of those bytes.
        scanned_ns: When the scan that read it began, nanoseconds since 1970.
        language: Language name, empty when the file was skipped.
        skip: Reason why it has no chunks, or empty.
        first_id: Id of its first chunk; the others follow without a gap.
        n_chunks: Number of chunks.
    """

    path: str
    stat: tuple[int, int, int, int]
    digest: bytes
    scanned_ns: int
    language: str
    skip: str
    first_id: int
    n_chunks: int

    def columns(self) -> tuple[object, ...]:
        """Return the values in the order of the table's columns, without since and until."""
        return (
            os.fsencode(self.path), *signed(self.stat), self.digest, self.scanned_ns,
            self.language, self.skip, self.first_id, self.n_chunks,
        )  # fmt: skip


class SegmentRow(NamedTuple):
    """A vector segment file: name in `vec/`, first id, rows, size in bytes, CRC-32 of its content."""

    name: str
    first_id: int
    n_rows: int
    bytes: int
    crc32: int


class FileChange(NamedTuple):
    """One epoch's difference: rows that come, paths and segments that go, id ranges that died.

    `replaced` are the paths of rows that come and were known before.
    """

    put: Sequence[FileRow] = ()
    removed: Sequence[str] = ()
    replaced: Sequence[str] = ()
    segments: Sequence[SegmentRow] = ()
    dropped_segments: Sequence[str] = ()
    dead: Sequence[tuple[int, int]] = ()
    revived: Sequence[int] = ()
    meta: Mapping[str, str] | None = None


def file_row(row: tuple[Any, ...]) -> FileRow:
    """Return the row that all columns of the table give, since and until left out.

    Raises:
        TypeError, ValueError, OverflowError: If a column holds something else.
    """
    path, _, _, size, mtime_ns, ctime_ns, inode, digest, scanned, language, skip, first, count = row
    if len(digest) != 32:
        raise ValueError(f"a digest of {len(digest)} bytes")
    stat = (size, mtime_ns, ctime_ns, inode & INODE_MASK)
    return FileRow(os.fsdecode(path), stat, digest, scanned, language, skip, first, count)


def signed(stat: tuple[int, int, int, int]) -> tuple[int, int, int, int]:
    """Fold a 64-bit inode number into SQLite's signed integers."""
    size, mtime_ns, ctime_ns, inode = stat
    return size, mtime_ns, ctime_ns, inode - (1 << 64) if inode >> 63 else inode


def hash_of(epoch: int, change: FileChange) -> str:
    """Return the SHA-256, in hex, of a change that makes an epoch."""
    digest = _rcm.sha256(repr(epoch).encode())
    parts: tuple[Iterable[object], ...] = (
        (row.columns() for row in change.put), change.removed, change.segments,
        change.dropped_segments, change.dead, change.revived, sorted((change.meta or {}).items()),
    )  # fmt: skip
    for part in parts:
        values = iter(part)
        while block := tuple(islice(values, _HASHED_AT_A_TIME)):
            digest = _rcm.sha256(digest + repr(block).encode("utf-8", "surrogateescape"))
        digest = _rcm.sha256(digest + b"\0")
    return digest.hex()
