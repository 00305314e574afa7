"""The commit protocol: prepare, switch, apply.

1. *Prepare*: write new vector segments, then the change as rows of the next epoch, durably. A
   reader of the present epoch sees none of it.
2. *Switch*: one tantivy commit that carries the next epoch and the hash of the change.
3. *Apply*: make the rows the present ones; delete files that no epoch needs.

Whatever kills the process, the next writer finds either the old control document and discards, or
the new one and applies.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cached_property

from rcm import _rcm
from rcm.errors import RcmError
from rcm.faults import reach
from rcm.store.file_rows import FileChange, FileRow, SegmentRow
from rcm.store.files import FileTable
from rcm.store.folder import Generation
from rcm.store.lexical.reader import control
from rcm.store.lexical.writer import HEAP_BYTES, LexicalWriter
from rcm.store.manifest import Seal
from rcm.store.tantivy_files import lexical_files
from rcm.store.vectors import (
    VectorSink,
    merge_segments,
    segments_to_merge,
    write_segment,
)

#: Files looked up at a time when many are taken out.
_AT_A_TIME = 10_000


@dataclass(slots=True)
class _Pending:
    """What the next commit will do; all of it together is what a run holds of its files."""

    put: dict[str, FileRow] = field(default_factory=dict)
    #: Paths that the table has at the present epoch, and that go or come anew.
    removed: set[str] = field(default_factory=set)
    replaced: set[str] = field(default_factory=set)
    dead: list[tuple[int, int]] = field(default_factory=list)
    first_id: int | None = None
    n_chunks: int = 0


class IndexWriter:
    """Writes one generation; the caller holds the lock.

    Args:
        generation: Where to write; made if missing, settled if an earlier writer was killed.
        dim: Length of vectors kept in local segments, 0 when `sink` keeps them.
        model: SHA-256 of the embedding model.
        sink: Where dense vectors go instead.
        heap_bytes: tantivy's writing buffer.

    Raises:
        IndexDamagedError: If the parts of the index cannot belong together.
    """

    def __init__(
        self,
        generation: Generation,
        *,
        dim: int,
        model: bytes,
        sink: VectorSink | None = None,
        heap_bytes: int = HEAP_BYTES,
    ) -> None:
        self.generation = generation.make()
        self._dim, self._model, self._sink = dim, model, sink
        self._heap_bytes = heap_bytes
        self._seal = Seal(generation)
        self.table = FileTable(generation.database, write=True)
        self.epoch = self._settle()
        self._sweep()
        self._next_id = self.table.next_id()
        self._pending = _Pending()
        self._builder = _rcm.SegmentBuilder(dim, model)
        self._failed = False
        self.commits = 0
        self.seconds = {"lexical": 0.0, "vectors": 0.0, "commit": 0.0}

    def _settle(self) -> int:
        epoch, change_hash = control(self.generation.lexical)
        if not self.table.is_settled(epoch):
            self._seal.break_()
        return self.table.settle(epoch, change_hash)

    @cached_property
    def _lexical(self) -> LexicalWriter:
        # An update that finds nothing changed never pays for opening it.
        self._seal.break_()
        return LexicalWriter(self.generation.lexical, self._heap_bytes)

    def plan(self, walked: _rcm.Walked) -> _rcm.Plan:
        """Compare a walk with the files as of the last commit."""
        return self.table.plan(walked, self.epoch)

    def alive(self) -> list[tuple[int, int]]:
        """Return the chunk ids of the files as of the last commit, as ranges, sorted and disjoint."""
        return self.table.alive(self.epoch)

    @property
    def pending_chunks(self) -> int:
        """Chunks that the next commit will add."""
        return self._pending.n_chunks

    @property
    def pending_files(self) -> int:
        """Files that the next commit will write."""
        return len(self._pending.put)

    def counts(self) -> tuple[int, dict[str, int]]:
        """Return the chunks as of the last commit, and the files without chunks by the reason."""
        return self.table.counts(self.epoch)

    def merkle_root(self) -> str:
        """Return the root of the tree of all files, those of the next commit included, in hexadecimal."""
        pending, meta = self._pending, self.table.meta()
        if not (pending.put or pending.removed) and meta.get("complete") == "1":
            recorded = meta.get("merkle_root")
            if recorded is not None:
                return recorded
        return self.table.merkle_root(self.epoch, pending.put.values(), pending.removed).hex()

    # --- collecting a change -----------------------------------------------------------------

    def put(
        self,
        batch: _rcm.Batch,
        outcomes: Sequence[_rcm.FileOutcome],
        vectors: Sequence[_rcm.Vectors],
        scanned_ns: int,
    ) -> None:
        """Add a batch of processed files: indexed and skipped ones replace what was known of them.

        Args:
            batch: The processed files.
            outcomes: `batch.files`.
            vectors: One row per chunk of the batch, in order.
            scanned_ns: When the scan began.
        """
        first_id = self._next_id
        at = 0
        kept = [
            (outcome, digest)
            for outcome in outcomes
            if outcome.status in ("indexed", "skipped") and (digest := outcome.digest) is not None
        ]
        self._forget([outcome.path for outcome, _ in kept])
        for outcome, digest in kept:
            count = outcome.n_chunks
            row = FileRow(
                outcome.path, outcome.stat, digest, scanned_ns, outcome.language,
                outcome.reason, first_id + at if count else 0, count,
            )  # fmt: skip
            self._pending.put[row.path] = row
            self._add_documents(batch, at, row)
            at += count
        started = time.perf_counter()
        if at:
            if self._pending.first_id is None:
                self._pending.first_id = first_id
            if self._sink is None:
                self._builder.add(batch, first_id, list(vectors))
            else:
                self._builder.add(batch, first_id)
                self._sink.add(first_id, batch, vectors)
        self.seconds["vectors"] += time.perf_counter() - started
        self._next_id += at
        self._pending.n_chunks += at

    def _add_documents(self, batch: _rcm.Batch, at: int, row: FileRow) -> None:
        started = time.perf_counter()
        key = str(row.first_id)
        for offset in range(row.n_chunks):
            terms, stored = batch.document(at + offset)
            self._lexical.add(row.first_id + offset, key, row.language, terms, stored)
        self.seconds["lexical"] += time.perf_counter() - started

    def remove(self, paths: Sequence[str]) -> int:
        """Take files out; return how many of them were in."""
        count = 0
        for start in range(0, len(paths), _AT_A_TIME):
            known = self._forget(paths[start : start + _AT_A_TIME])
            self._pending.removed.update(known & self._pending.replaced)
            self._pending.replaced -= known
            count += len(known)
        return count

    def _forget(self, paths: Sequence[str]) -> set[str]:
        """Drop the chunks of what was known of some paths; return those of which something was."""
        pending = self._pending
        rows = self.table.rows(self.epoch, paths) if self.epoch else {}
        # What was forgotten before is gone already: only the first time counts.
        rows = {
            path: row
            for path, row in rows.items()
            if path not in pending.removed and path not in pending.replaced
        }
        pending.replaced.update(rows)
        later = [pending.put.pop(path) for path in paths if path in pending.put]
        for row in (*rows.values(), *later):
            if row.n_chunks:
                self._lexical.remove_file(str(row.first_id))
                pending.dead.append((row.first_id, row.first_id + row.n_chunks))
        return {*rows, *(row.path for row in later)}

    def refresh(self, rows: Sequence[tuple[str, tuple[int, int, int, int], int]]) -> None:
        """Note new stats of files whose content is as indexed; needs no commit."""
        if rows:
            self._seal.break_()
            self.table.refresh(rows)

    # --- commit --------------------------------------------------------------------------------

    def commit(self, meta: dict[str, str], *, final: bool = True) -> bool:
        """Make everything put and removed since the last commit the next epoch.

        Args:
            meta: Values that hold from this epoch on.
            final: Whether no more commits of this run will follow; segments are merged then.

        Returns:
            False when there was nothing to commit.

        Raises:
            OSError: If the disk refuses; the index is as it was before, or as it was to become.
            IndexDamagedError: If what is to be merged is not as it was written.
        """
        pending = self._pending
        if not (pending.put or pending.removed) and meta.items() <= self.table.meta().items():
            return False
        started = time.perf_counter()
        epoch = self.epoch + 1
        now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        self._seal.break_()
        try:
            meta = {**meta, "updated_at": now, "next_id": str(self._next_id)}
            change = self._change(epoch, meta, final=final)
            change_hash = self.table.prepare(epoch, change)
            self._lexical.commit(epoch, change_hash)
            self.table.apply(epoch)
        except BaseException:
            self._failed = True
            raise
        self.epoch = epoch
        self.commits += 1
        if self._sink is not None:
            self._sink.remove(sorted(pending.dead))
        self._sweep()
        self._pending = _Pending()
        self._builder = _rcm.SegmentBuilder(self._dim, self._model)
        self.seconds["commit"] += time.perf_counter() - started
        return True

    def _change(self, epoch: int, meta: dict[str, str], *, final: bool) -> FileChange:
        pending, folder = self._pending, self.generation.vectors
        rows = self.table.segments(self.epoch)
        old_dead = self.table.dead(self.epoch)
        new_dead = sorted(pending.dead)
        added: list[SegmentRow] = []
        if pending.first_id is not None:
            added = [write_segment(folder, epoch, self._builder, pending.first_id)]
        dead = sorted([*old_dead, *new_dead])
        merged = segments_to_merge([*rows, *added], dead, final=final)
        dropped: list[str] = []
        revived: list[int] = []
        if merged:
            reach("merge")
            one = merge_segments(folder, epoch, merged, dead, dim=self._dim, model=self._model)
            names = {row.name for row in merged}
            dropped = [row.name for row in rows if row.name in names]
            for row in added:
                if row.name in names:
                    (folder / row.name).unlink()
            added = [row for row in added if row.name not in names] + ([one] if one else [])
            # Rows that the merge left out need no mask any more.
            revived = [start for start, _ in old_dead if start >= merged[0].first_id]
            new_dead = [span for span in new_dead if span[0] < merged[0].first_id]
        return FileChange(
            put=list(pending.put.values()),
            removed=sorted(pending.removed),
            replaced=sorted(pending.replaced),
            segments=added,
            dropped_segments=dropped,
            dead=new_dead,
            revived=revived,
            meta=meta,
        )

    def _sweep(self) -> None:
        """Delete segment files that no epoch needs."""
        reach("sweep")
        needed = {row.name for row in self.table.segments(self.epoch)}
        for path in self.generation.vectors.iterdir():
            if path.name not in needed:
                path.unlink(missing_ok=True)

    def seal(self) -> None:
        """Write down, once all is done, which files there are and their checksums.

        Raises:
            IndexDamagedError: If files merged into others were not as they were written.
        """
        if self._seal.unbroken:
            return
        if "_lexical" in self.__dict__:
            self._lexical.close()
        # With a reader in the way the manifest stays open; the next writer closes it.
        if self.table.checkpoint():
            lexical = self.generation.lexical.name
            names = [f"{lexical}/{name}" for name in lexical_files(self.generation.lexical)]
            self._seal.renew([self.generation.database.name, *names])

    def close(self) -> None:
        """Forget what was not committed and let go of the files."""
        if "_lexical" in self.__dict__:
            self._lexical.close()
        if self._failed:
            # On a full disk, say, give back what the commit took; else the next writer does it.
            with suppress(OSError, RcmError):
                self.epoch = self._settle()
                self._sweep()
        self._seal.let_go()
        self.table.close()
