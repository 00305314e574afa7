"""What looks at an index, at all of them and at a watched tree report."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from rcm.reports.update import LastRun
from rcm.types import IndexState, WatchEventKind


@dataclass(frozen=True, slots=True)
class IndexStatus:
    """What an index holds and how it compares with the tree now.

    Attributes:
        root: Absolute path of the indexed root.
        index_dir: Folder of the index.
        exists: Whether there is an index.
        epoch: Number of the last commit.
        files: Files in the index.
        chunks: Chunks in the index.
        languages: Files per language.
        embedder: Identity of the embedder.
        dim: Vector length.
        index_bytes: Bytes on disk.
        merkle_root: Hex SHA-256 over paths and contents of all indexed files.
        added: Files on disk that the index does not have.
        changed: Files whose content differs.
        removed: Files that are gone from disk.
        stale_fields: Identity fields that differ from this version of rcm; a rebuild is needed
            when there are any.
        updated_at: When the last commit was made, ISO 8601 in UTC, or an empty string.
        last_run: What the last long run took, None if the index does not say.
    """

    root: str
    index_dir: str
    exists: bool
    epoch: int
    files: int
    chunks: int
    languages: Mapping[str, int]
    embedder: str
    dim: int
    index_bytes: int
    merkle_root: str
    added: tuple[str, ...]
    changed: tuple[str, ...]
    removed: tuple[str, ...]
    stale_fields: tuple[str, ...]
    updated_at: str
    last_run: LastRun | None = None

    def _repr_html_(self) -> str:
        """Return the status as a table, for notebooks."""
        from rcm.markup import table_of

        return table_of(self, f"index of {self.root}")


@dataclass(frozen=True, slots=True)
class KeptIndex:
    """One index in the user's cache folder.

    Attributes:
        root: Absolute path of its tree, empty where the index does not say.
        index_dir: Its folder.
        state: `"ok"`, or why it cannot be searched: its tree is `"missing"`, it is of an
            `"other-format"`, `"damaged"`, or its first update is `"unfinished"`.
        locked: Whether a process is writing it now.
        files: Files with chunks; 0 of another format.
        chunks: Chunks.
        index_bytes: Size on disk, all generations.
        crash_bytes: Size of what crashed runs have left.
        updated_at: When the last commit was made, ISO 8601 in UTC, or an empty string.
    """

    root: str
    index_dir: str
    state: IndexState
    locked: bool
    files: int
    chunks: int
    index_bytes: int
    crash_bytes: int
    updated_at: str


@dataclass(frozen=True, slots=True)
class WatchEvent:
    """What happened while a tree was watched.

    Attributes:
        event: `"watching"` once the index is up to date, `"updated"`, `"waiting"` for another
            writer, `"failed"` when an update did (it is tried again), `"polling"` when the system
            gives no hints and the tree is scanned every few seconds instead.
        time: When, ISO 8601 in UTC.
        files_indexed: Files (re)indexed.
        files_removed: Files that are gone.
        chunks_total: Chunks in the index then, 0 where nothing was updated.
        seconds: What the update took.
        reason: Why, where something is in the way.
    """

    event: WatchEventKind
    time: str
    files_indexed: int = 0
    files_removed: int = 0
    chunks_total: int = 0
    seconds: float = 0.0
    reason: str = ""
