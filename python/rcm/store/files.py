"""The file table: what the index knows of each file, epoch by epoch.

Rows carry the epoch `since` which they hold and the epoch `until` which they held. A change is
*prepared* by adding rows of the next epoch and closing those they replace; nothing a reader of
the present epoch sees is touched. When the lexical commit has switched, the change is *applied*
(closed rows go, the epoch moves on) or, if the switch never came, *discarded*. Both are
idempotent, so a killed writer's change is settled by whoever writes next, and a reader that finds
the switch done but the change not yet applied simply reads the rows of the newer epoch.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from heapq import merge
from pathlib import Path
from typing import Any

from rcm import _rcm
from rcm.errors import IndexDamagedError
from rcm.faults import reach
from rcm.store.database import DatabaseError, connect, meaning, transaction
from rcm.store.file_rows import FileChange, FileRow, SegmentRow, file_row, hash_of, signed

_SCHEMA = """
CREATE TABLE IF NOT EXISTS meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS files (
    path BLOB NOT NULL, since INTEGER NOT NULL, until INTEGER,
    size INTEGER NOT NULL, mtime_ns INTEGER NOT NULL, ctime_ns INTEGER NOT NULL,
    inode INTEGER NOT NULL, digest BLOB NOT NULL, scanned_ns INTEGER NOT NULL,
    language TEXT NOT NULL, skip TEXT NOT NULL,
    first_id INTEGER NOT NULL, n_chunks INTEGER NOT NULL,
    PRIMARY KEY (path, since)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS closed ON files (until) WHERE until IS NOT NULL;
CREATE TABLE IF NOT EXISTS segments (
    name TEXT PRIMARY KEY, since INTEGER NOT NULL, until INTEGER,
    first_id INTEGER NOT NULL, n_rows INTEGER NOT NULL, bytes INTEGER NOT NULL, crc32 INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS dead (
    start INTEGER PRIMARY KEY, stop INTEGER NOT NULL, since INTEGER NOT NULL, until INTEGER
);
CREATE TABLE IF NOT EXISTS epochs (epoch INTEGER PRIMARY KEY, change_hash TEXT NOT NULL);
"""
_VERSIONED = ("files", "segments", "dead")
#: What holds at an epoch.
LIVE = "since <= :epoch AND (until IS NULL OR until > :epoch)"
_LIVE_AT = LIVE.replace(":epoch", "?1")
#: Values in one question: every SQLite takes as many.
MOST_VALUES = 500


class FileTable:
    """The SQLite side of an index.

    Args:
        path: The database file.
        write: Whether to open it for writing (and make it if missing).

    Raises:
        IndexDamagedError: If the file is no database.
        FileNotFoundError: If there is none and `write` is False.
    """

    def __init__(self, path: Path, *, write: bool) -> None:
        self.path = path
        self._connection = connect(path, write=write)
        if write:
            self._execute_script(_SCHEMA)

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()

    def _execute_script(self, script: str) -> None:
        try:
            self._connection.executescript(script)
        except DatabaseError as error:
            raise meaning(self.path, error) from error

    def _rows(self, query: str, values: Mapping[str, object] | Sequence[object] = ()) -> list[Any]:
        try:
            return self._connection.execute(query, values).fetchall()
        except DatabaseError as error:
            raise self._damaged(error) from error

    def _number(self, value: object) -> int:
        try:
            return int(value)  # type: ignore[call-overload, no-any-return]
        except (TypeError, ValueError, OverflowError) as error:
            raise self._damaged(error) from error

    def _damaged(self, error: Exception) -> Exception:
        return meaning(self.path, error)

    # --- what holds at an epoch -------------------------------------------------------------

    def meta(self, epoch: int | None = None) -> dict[str, str]:
        """Return identity fields and the like, as of a prepared `epoch` if that is asked for."""
        rows = dict(self._rows("SELECT key, value FROM meta"))
        pending = {key[8:]: value for key, value in rows.items() if key.startswith("pending.")}
        present = {key: value for key, value in rows.items() if not key.startswith("pending.")}
        ahead = epoch is not None and epoch > self._number(present.get("epoch", 0))
        return {**present, **pending} if ahead else present

    def epoch(self) -> int:
        """Return the last applied epoch, 0 for a new table."""
        rows = self._rows("SELECT value FROM meta WHERE key = 'epoch'")
        return self._number(rows[0][0]) if rows else 0

    def readable_at(self, epoch: int) -> bool:
        """Tell whether the rows of `epoch` are all here: it is applied last, or prepared next."""
        return self.epoch() in (epoch, epoch - 1)

    def snapshot(self) -> AbstractContextManager[None]:
        """Return a context in which all reads see one state."""
        return transaction(self._connection, write=False)

    def _stream(self, query: str, values: Sequence[object]) -> Iterable[tuple[Any, ...]]:
        """Give rows one by one: a table of a million files is not held in memory."""
        try:
            yield from self._connection.execute(query, values)
        except DatabaseError as error:
            raise self._damaged(error) from error

    def plan(self, walked: _rcm.Walked, epoch: int) -> _rcm.Plan:
        """Compare a walk with the files at an epoch.

        Raises:
            IndexDamagedError: If the table cannot be read, or holds something else than stats.
        """
        rows = self._stream(
            "SELECT path, size, mtime_ns, ctime_ns, inode, digest, scanned_ns FROM files "
            f"WHERE {_LIVE_AT} ORDER BY path",
            (epoch,),
        )
        with self._checked():
            return walked.plan(rows)

    def merkle_root(self, epoch: int, put: Iterable[FileRow], removed: Iterable[str]) -> bytes:
        """Return the root of the tree of the files at an epoch, once a change is made to them."""
        changed = sorted((os.fsencode(row.path), row.digest) for row in put)
        gone = {path for path, _ in changed}
        gone.update(map(os.fsencode, removed))
        rows = self._stream(
            f"SELECT path, digest FROM files WHERE {_LIVE_AT} ORDER BY path", (epoch,)
        )
        if gone:
            rows = merge((row for row in rows if row[0] not in gone), changed)
        with self._checked():
            return _rcm.merkle_root(rows)

    def rows(self, epoch: int, paths: Sequence[str]) -> dict[str, FileRow]:
        """Return what is known of some files at an epoch, by path."""
        found: dict[str, FileRow] = {}
        for start in range(0, len(paths), MOST_VALUES):
            asked = [os.fsencode(path) for path in paths[start : start + MOST_VALUES]]
            rows = self._rows(
                f"SELECT * FROM files WHERE {_LIVE_AT} AND path IN ({', '.join('?' * len(asked))})",
                (epoch, *asked),
            )
            with self._checked():
                found.update((row.path, row) for row in map(file_row, rows))
        return found

    def alive(self, epoch: int) -> list[tuple[int, int]]:
        """Return the chunk ids of the files at an epoch as ranges, sorted and disjoint."""
        found: list[tuple[int, int]] = []
        for start, count in self._stream(
            f"SELECT first_id, n_chunks FROM files WHERE n_chunks > 0 AND {_LIVE_AT} "
            "ORDER BY first_id",
            (epoch,),
        ):
            if found and found[-1][1] == start:
                found[-1] = (found[-1][0], start + count)
            else:
                found.append((start, start + count))
        return found

    def counts(self, epoch: int) -> tuple[int, dict[str, int]]:
        """Return the number of chunks at an epoch, and of files without chunks by the reason."""
        rows = self._rows(
            f"SELECT skip, count(*), sum(n_chunks) FROM files WHERE {_LIVE_AT} GROUP BY skip",
            (epoch,),
        )
        return sum(row[2] for row in rows), {row[0]: row[1] for row in rows if row[0]}

    @contextmanager
    def _checked(self) -> Iterator[None]:
        try:
            yield
        except (TypeError, ValueError, OverflowError) as error:
            raise self._damaged(error) from error

    def files(self, epoch: int) -> list[FileRow]:
        """Return all files at an epoch, sorted by path bytes."""
        rows = self._rows(f"SELECT * FROM files WHERE {LIVE} ORDER BY path", {"epoch": epoch})
        try:
            return [file_row(row) for row in rows]
        except (TypeError, ValueError) as error:
            raise self._damaged(error) from error

    def chunked(self, epoch: int) -> list[tuple[int, int, str, str]]:
        """Return (first id, number of chunks, path, language) of files with chunks, by id."""
        rows = self._rows(
            f"SELECT first_id, n_chunks, path, language FROM files WHERE n_chunks > 0 AND {LIVE} "
            "ORDER BY first_id",
            {"epoch": epoch},
        )
        encoding, errors = sys.getfilesystemencoding(), sys.getfilesystemencodeerrors()
        try:
            # As `os.fsdecode`, at a fifth of its time: a cold search does little else as often.
            return [
                (first, count, path.decode(encoding, errors), language)
                for first, count, path, language in rows
            ]
        except (AttributeError, UnicodeDecodeError, TypeError) as error:
            raise self._damaged(error) from error

    def segments(self, epoch: int) -> list[SegmentRow]:
        """Return the vector segments of an epoch, by first id."""
        rows = self._rows(
            "SELECT name, first_id, n_rows, bytes, crc32 FROM segments "
            f"WHERE {LIVE} ORDER BY first_id",
            {"epoch": epoch},
        )
        return [SegmentRow(*row) for row in rows]

    def dead(self, epoch: int) -> list[tuple[int, int]]:
        """Return the id ranges (start, stop) of an epoch's segments that belong to no file."""
        return self._rows(
            f"SELECT start, stop FROM dead WHERE {LIVE} ORDER BY start", {"epoch": epoch}
        )

    def next_id(self) -> int:
        """Return the first chunk id never given out by a committed or prepared change."""
        rows = self._rows(
            "SELECT max(coalesce((SELECT max(first_id + n_rows) FROM segments), 1),"
            " coalesce((SELECT max(first_id + n_chunks) FROM files), 1),"
            " coalesce((SELECT max(stop) FROM dead), 1))"
        )
        # Rows of dead chunks go when segments merge; the number given out last is kept.
        return max(self._number(rows[0][0]), self._number(self.meta().get("next_id", 1)))

    # --- prepare, apply, discard -------------------------------------------------------------

    def prepare(self, epoch: int, change: FileChange) -> str:
        """Write a change as rows of the coming `epoch`, durably, invisible to readers.

        Returns:
            The hash that the lexical commit must carry for the change to hold.
        """
        change_hash = hash_of(epoch, change)
        close = f"SET until = {int(epoch)} WHERE until IS NULL AND"
        reach("prepare")
        with self._writing():
            run = self._connection
            gone = (os.fsencode(path) for path in (*change.removed, *change.replaced))
            run.executemany(f"UPDATE files {close} path = ?", ((path,) for path in gone))
            run.executemany(
                f"INSERT INTO files VALUES (?, {int(epoch)}, NULL, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (row.columns() for row in change.put),
            )
            run.executemany(
                f"UPDATE segments {close} name = ?", ((name,) for name in change.dropped_segments)
            )
            run.executemany(
                f"INSERT INTO segments VALUES (?, {int(epoch)}, NULL, ?, ?, ?, ?)",
                ((s.name, s.first_id, s.n_rows, s.bytes, s.crc32) for s in change.segments),
            )
            run.executemany(
                f"UPDATE dead {close} start = ?", ((start,) for start in change.revived)
            )
            run.executemany(f"INSERT INTO dead VALUES (?, ?, {int(epoch)}, NULL)", change.dead)
            pending = [(f"pending.{key}", value) for key, value in (change.meta or {}).items()]
            run.executemany("INSERT OR REPLACE INTO meta VALUES (?, ?)", pending)
            run.execute("INSERT OR REPLACE INTO epochs VALUES (?, ?)", (epoch, change_hash))
            reach("prepare-commit")
        return change_hash

    def apply(self, epoch: int) -> None:
        """Make a prepared epoch the present one and drop what it replaced; idempotent."""
        reach("apply")
        with self._writing():
            run = self._connection
            for table in _VERSIONED:
                run.execute(f"DELETE FROM {table} WHERE until <= ?", (epoch,))
            run.execute(
                "INSERT OR REPLACE INTO meta SELECT substr(key, 9), value FROM meta "
                "WHERE key LIKE 'pending.%'"
            )
            run.execute("DELETE FROM meta WHERE key LIKE 'pending.%'")
            run.execute("DELETE FROM epochs WHERE epoch < ?", (epoch,))
            run.execute("INSERT OR REPLACE INTO meta VALUES ('epoch', ?)", (str(epoch),))
            reach("apply-commit")

    def discard(self, epoch: int) -> None:
        """Take back a prepared epoch whose switch never came; idempotent."""
        reach("discard")
        with self._writing():
            run = self._connection
            for table in _VERSIONED:
                run.execute(f"DELETE FROM {table} WHERE since >= ?", (epoch,))
                run.execute(f"UPDATE {table} SET until = NULL WHERE until >= ?", (epoch,))
            run.execute("DELETE FROM meta WHERE key LIKE 'pending.%'")
            run.execute("DELETE FROM epochs WHERE epoch >= ?", (epoch,))
            reach("discard-commit")

    def is_settled(self, epoch: int) -> bool:
        """Tell whether an earlier writer left nothing to apply or to discard."""
        later = self._rows("SELECT 1 FROM epochs WHERE epoch > ? LIMIT 1", (epoch,))
        return epoch == self.epoch() and not later

    def settle(self, epoch: int, change_hash: str) -> int:
        """Finish or discard what an earlier writer left, given what the lexical index says.

        Args:
            epoch: Epoch of the lexical control document, 0 when there is none.
            change_hash: The hash that it carries.

        Returns:
            The epoch that holds now.

        Raises:
            IndexDamagedError: If the two sides cannot belong together.
        """
        if self.is_settled(epoch):
            return epoch
        applied = self.epoch()
        prepared = self._rows("SELECT change_hash FROM epochs WHERE epoch = ?", (applied + 1,))
        if epoch == applied + 1 and prepared == [(change_hash,)]:
            self.apply(epoch)
        elif epoch == applied:
            self.discard(applied + 1)
        else:
            raise IndexDamagedError(
                f"{self.path}: the file table is at epoch {applied}, the lexical index at {epoch}",
                hint="rcm index builds it anew",
            )
        return epoch

    def refresh(self, rows: Iterable[tuple[str, tuple[int, int, int, int], int]]) -> None:
        """Note new stats of files whose content is as indexed: (path, stat, scanned_ns).

        Stats only save reads, so this needs no epoch.
        """
        reach("refresh")
        with self._writing():
            self._connection.executemany(
                "UPDATE files SET size = ?, mtime_ns = ?, ctime_ns = ?, inode = ?, scanned_ns = ? "
                "WHERE path = ? AND until IS NULL",
                ((*signed(stat), scanned, os.fsencode(path)) for path, stat, scanned in rows),
            )

    def checkpoint(self) -> bool:
        """Bring everything into the one file; False if a reader is in the way for a second."""
        reach("checkpoint")
        self._rows("PRAGMA busy_timeout = 1000")
        busy, _, _ = self._rows("PRAGMA wal_checkpoint(TRUNCATE)")[0]
        return not busy

    def check(self) -> list[str]:
        """Have SQLite look at its own structure; return what is wrong, [] if nothing is."""
        found = [str(row[0]) for row in self._rows("PRAGMA integrity_check(10)")]
        return [] if found == ["ok"] else found

    def set_meta(self, values: Mapping[str, str]) -> None:
        """Store values that belong to no epoch."""
        with self._writing():
            self._connection.executemany(
                "INSERT OR REPLACE INTO meta VALUES (?, ?)", values.items()
            )

    @contextmanager
    def _writing(self) -> Iterator[None]:
        try:
            with transaction(self._connection):
                yield
        except DatabaseError as error:
            raise meaning(self.path, error) from error
