"""Vector segments on this machine, and the protocol that a remote vector store shares with them.

A segment holds, for each chunk, what scoring needs: the dense vector (int8), the bag of terms and
the definitions. With a remote store the dense vectors live there and local segments keep the rest.
"""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from rcm import _rcm
from rcm.errors import IndexDamagedError
from rcm.store.file_rows import SegmentRow

#: Id ranges (start, stop), sorted and disjoint.
Ranges = Sequence[tuple[int, int]]

#: A segment is merged with its successors when it is not at least this many times their size:
#: segments grow geometrically, so there are O(log n) of them and each row is rewritten O(log n) times.
_GROWTH = 2
#: Between the checkpoints of a run so many may wait for the last commit, which merges them at once:
#: a row of a first index is written twice, instead of as often as the number of segments can be halved.
_MOST_WAITING = 32
#: All segments are rewritten when more than this share of their rows is dead.
_MAX_DEAD_SHARE = 0.25
_SEGMENT_NAME = re.compile(r"s-\d{8,}-[0-9a-f]{8}\.seg")


class VectorStore(Protocol):
    """Dense vectors by chunk id."""

    def nearest(
        self, query: list[float], k: int, allowed: Ranges | None = None
    ) -> tuple[list[int], list[float], float, float]:
        """Find the chunks nearest to a query by cosine.

        Returns:
            Ids, best first (ties by id), their scores, and the lowest and highest score seen.
        """

    def similarity(self, query: list[float], ids: list[int]) -> list[float]:
        """Return the cosine of each id with the query, 0 for ids that are not alive."""

    def vector(self, chunk_id: int) -> list[float] | None:
        """Return the stored vector of a chunk, if it is alive."""


class VectorSink(Protocol):
    """Where a writer puts dense vectors that are not kept in local segments."""

    @property
    def collection(self) -> str:
        """What the generation's vectors are found by."""

    def prepare(self, alive: Ranges, *, fresh: bool) -> None:
        """Get ready for a generation: nothing of it is committed yet (`fresh`), or ids are alive."""

    def add(self, first_id: int, batch: _rcm.Batch, vectors: Sequence[_rcm.Vectors]) -> None:
        """Store the vectors of a batch under ids from `first_id` on, before the switch."""

    def remove(self, ranges: Ranges) -> None:
        """Delete the vectors of ids that died, after the switch; what stays a later writer deletes."""

    def drop_others(self) -> None:
        """Delete the vectors of all other generations; what stays a later writer deletes."""


def open_segments(
    folder: Path,
    rows: Sequence[SegmentRow],
    dead: Ranges,
    *,
    dim: int,
    model: bytes,
    memory_map: bool = True,
) -> _rcm.Segments:
    """Open the segments of one epoch.

    Args:
        folder: Where they lie.
        rows: What the file table says of them.
        dead: Ids that belong to no file.
        dim: Length of their vectors.
        model: SHA-256 of the model that made these.
        memory_map: False reads them into memory.

    Raises:
        FileNotFoundError: If a file is gone: a writer has moved on, or it was lost.
        IndexDamagedError: If a file is not the one that the file table lists, or is damaged.
    """
    for row in rows:
        # The table may come from anywhere: what it names lies in this folder or is not opened.
        if not _SEGMENT_NAME.fullmatch(str(row.name)):
            raise IndexDamagedError(
                f"{folder}: {row.name!r} is no name of a segment",
                hint="rcm index builds it anew",
            )
    files = [(folder / row.name, row.n_rows, row.bytes, row.crc32) for row in rows]
    return _rcm.Segments(files, list(dead), dim=dim, model=model, memory_map=memory_map)


def write_segment(
    folder: Path, epoch: int, builder: _rcm.SegmentBuilder, first_id: int
) -> SegmentRow:
    """Write a new segment durably and return its row."""
    name = _segment_name(epoch)
    n_rows, size, crc32 = builder.write(folder / name)
    return SegmentRow(name, first_id, n_rows, size, crc32)


def _segment_name(epoch: int) -> str:
    # The random part keeps a name from being used twice when a killed writer's epoch is redone.
    return f"s-{epoch:08d}-{os.urandom(4).hex()}.seg"


def segments_to_merge(
    rows: Sequence[SegmentRow], dead: Ranges, *, final: bool = True
) -> Sequence[SegmentRow]:
    """Choose the segments, by first id, that one merge should replace; none or at least two.

    A lone segment is chosen when too much of it is dead. Before the final commit of a run only too
    many segments are a reason.
    """
    if not final and len(rows) <= _MOST_WAITING:
        return ()
    total = sum(row.n_rows for row in rows)
    if total and sum(stop - start for start, stop in dead) > _MAX_DEAD_SHARE * total:
        return rows
    start = len(rows) - 1
    size = rows[start].n_rows if rows else 0
    while start > 0 and rows[start - 1].n_rows < _GROWTH * size:
        start -= 1
        size += rows[start].n_rows
    return rows[start:] if start < len(rows) - 1 else ()


def merge_segments(
    folder: Path, epoch: int, rows: Sequence[SegmentRow], dead: Ranges, *, dim: int, model: bytes
) -> SegmentRow | None:
    """Write the live rows of segments as one new segment; None when nothing in them is alive.

    Raises:
        IndexDamagedError: If one of them is not as it was written.
    """
    try:
        segments = open_segments(folder, rows, dead, dim=dim, model=model)
    except FileNotFoundError as error:
        raise IndexDamagedError(str(error), hint="rcm index builds it anew") from error
    if not segments.live_rows:
        return None
    name = _segment_name(epoch)
    n_rows, size, crc32 = segments.merge(folder / name)
    return SegmentRow(name, rows[0].first_id, n_rows, size, crc32)
