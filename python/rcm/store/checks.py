"""What can be said about a generation without the tree: is it whole, and do its parts agree?

Each check yields what it finds, good and bad; a part that cannot be read is found damaged.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from rcm import _rcm
from rcm.errors import IndexDamagedError
from rcm.reports.doctor import Finding
from rcm.store.file_rows import FileRow, SegmentRow
from rcm.store.files import FileTable
from rcm.store.folder import Generation
from rcm.store.lexical.reader import LexicalReader
from rcm.store.manifest import MANIFEST_NAMES, Manifest, altered, heads_differ, read_manifest
from rcm.store.reader import vector_shape
from rcm.store.tantivy_files import lexical_files, own_checksum_holds
from rcm.store.vectors import open_segments

Found = Iterator[Finding]
#: SQLite's companions of the file table, which come and go.
_COMPANIONS = ("-wal", "-shm")
_OWN_NAME = re.compile(r"s-\d{8}-[0-9a-f]{8}\.seg|[0-9a-f]{32}\.[a-z0-9.]+|\.tmp\w+|.+\.part")
_LOCKS = (".tantivy-meta.lock", ".tantivy-writer.lock")


@dataclass(slots=True)
class Examination:
    """Looks at one generation.

    Args:
        generation: The generation.
        full: Read every byte, and compare ids one by one.
    """

    generation: Generation
    full: bool
    manifest: Manifest | None = None
    meta: dict[str, str] = field(default_factory=dict)
    files: list[FileRow] = field(default_factory=list)
    orphans: list[Path] = field(default_factory=list)
    exposed: list[Path] = field(default_factory=list)
    bytes_read: int = 0
    epoch: int = 0

    def run(self) -> Found:
        """Make one check after the other, up to the first that finds damage.

        What is damaged is not handed to tantivy, which may panic over it.
        """
        for check in (self._mark, self._files, self._contents, self._left_over, self._permissions):
            damaged = False
            try:
                for finding in check():
                    damaged = damaged or finding.level == "damage"
                    yield finding
            except IndexDamagedError as error:
                yield Finding("damage", _name(check), str(error))
                return
            except FileNotFoundError as error:
                path = error.filename or self.generation.folder
                yield Finding("damage", _name(check), f"{path}: missing")
                return
            if damaged:
                return

    def _mark(self) -> Found:
        self.generation.check_mark()
        yield from ()

    # --- files ---------------------------------------------------------------------------------

    def _files(self) -> Found:
        self.manifest = manifest = read_manifest(self.generation)
        if not manifest.sealed:
            yield Finding("note", "manifest", "open: a writer is at work, or was interrupted")
            yield from self._unsealed(manifest)
            return
        if not self.full:
            differing = heads_differ(self.generation, manifest)
            if differing is not None:
                yield Finding("damage", "files", differing)
        else:
            for entry, wrong in altered(self.generation, manifest.entries):
                yield Finding("damage", "files", f"{self.generation.folder / entry.name}: {wrong}")
        self.bytes_read += sum(
            e.size if self.full else min(e.size, 16384) for e in manifest.entries
        )
        yield Finding("ok", "files", f"{len(manifest.entries)} files as the manifest lists them")

    def _unsealed(self, manifest: Manifest) -> Found:
        """Check the files that are never changed: as listed, or by tantivy's own checksums."""
        if not self.full:
            return
        folder = self.generation.folder
        # What is listed and gone was merged into others; were it lost, tantivy would miss it.
        there = [entry for entry in manifest.final if (folder / entry.name).is_file()]
        for entry, wrong in altered(self.generation, there):
            yield Finding("damage", "files", f"{folder / entry.name}: {wrong}")
        listed = {folder / entry.name for entry in there}
        for name in lexical_files(self.generation.lexical):
            path = self.generation.lexical / name
            if path in listed:
                continue
            self.bytes_read += path.stat().st_size
            if own_checksum_holds(path) is False:
                yield Finding("damage", "files", f"{path}: altered after it was written")

    # --- contents ------------------------------------------------------------------------------

    def _contents(self) -> Found:
        lexical = LexicalReader(self.generation.lexical)
        self.epoch, _ = lexical.control()
        yield Finding("ok", "control", f"one control document, epoch {self.epoch}")
        table = FileTable(self.generation.database, write=False)
        try:
            with table.snapshot():
                if not table.readable_at(self.epoch):
                    raise IndexDamagedError(
                        f"{table.path}: at epoch {table.epoch()}, the lexical index at {self.epoch}"
                    )
                self.meta = table.meta(self.epoch)
                self.files = table.files(self.epoch)
                rows, dead = table.segments(self.epoch), table.dead(self.epoch)
                if self.full:
                    for wrong in table.check():
                        yield Finding("damage", "table", f"{table.path}: {wrong}")
        finally:
            table.close()
        yield from self._merkle_root()
        segments = self._segments(rows, dead)
        yield from self._verified(rows)
        yield from self._ids(lexical, segments)
        zero = segments.zero_vectors() if self.full else 0
        if zero:
            yield Finding(
                "note", "vectors", f"{zero} chunks have a vector of zeros; only words find them"
            )

    def _merkle_root(self) -> Found:
        if not self.full or self.meta.get("complete") != "1":
            return
        root = _rcm.Tree([(row.path, row.digest) for row in self.files]).root.hex()
        if root != self.meta.get("merkle_root"):
            yield Finding(
                "damage", "table", f"{self.generation.database}: its rows do not give its root"
            )

    def _segments(self, rows: list[SegmentRow], dead: list[tuple[int, int]]) -> _rcm.Segments:
        dim, model = vector_shape(self.generation, self.meta)
        return open_segments(self.generation.vectors, rows, dead, dim=dim, model=model)

    def _verified(self, rows: list[SegmentRow]) -> Found:
        for row in rows if self.full else ():
            self.bytes_read += row.bytes
            try:
                _rcm.Segments.verify(self.generation.vectors / row.name)
            except IndexDamagedError as error:
                yield Finding("damage", "segments", str(error))
        yield Finding("ok", "segments", f"{len(rows)} segments")

    def _ids(self, lexical: LexicalReader, segments: _rcm.Segments) -> Found:
        live = sorted((row.first_id, row.first_id + row.n_chunks) for row in self.files)
        n_live = sum(stop - start for start, stop in live)
        counts = {"lexical index": lexical.n_chunks, "vectors": segments.live_rows}
        for part, count in counts.items():
            if count != n_live:
                text = (
                    f"{self.generation.folder}: {count} chunks in the {part}, {n_live} in the table"
                )
                yield Finding("damage", "ids", text)
        if self.full:
            wanted = [chunk for start, stop in live for chunk in range(start, stop)]
            for part, ids in (("lexical index", lexical.ids()), ("vectors", segments.live_ids())):
                if sorted(ids) != wanted:
                    text = f"{self.generation.folder}: other chunks in the {part} than in the table"
                    yield Finding("damage", "ids", text)
        yield Finding("ok", "ids", f"{n_live} chunks in lexical index, vectors and file table")

    # --- the folder ----------------------------------------------------------------------------

    def _left_over(self) -> Found:
        if self.manifest is None:
            return
        folder, database = self.generation.folder, self.generation.database.name
        needed = {folder / name for name in (database, *MANIFEST_NAMES)}
        needed |= {folder / f"{database}{suffix}" for suffix in _COMPANIONS}
        needed |= {self.generation.lexical / name for name in _LOCKS}
        needed.add(self.generation.damage_mark)
        needed |= {folder / entry.name for entry in self.manifest.entries}
        if not self.manifest.sealed:
            return
        table = FileTable(self.generation.database, write=False)
        try:
            needed |= {self.generation.vectors / row.name for row in table.segments(self.epoch)}
        finally:
            table.close()
        present = {path for path in folder.rglob("*") if not path.is_dir() or path.is_symlink()}
        self.orphans = sorted(present - needed)
        for path in self.orphans:
            yield Finding("note", "orphans", f"{path}: belongs to nothing")

    @property
    def sweepable(self) -> list[Path]:
        """Orphans that rcm or tantivy made; what others put there is theirs."""
        return [path for path in self.orphans if _OWN_NAME.fullmatch(path.name)]

    def _permissions(self) -> Found:
        if self.manifest is None or not self.manifest.sealed:
            return
        for path in (self.generation.folder, *self.generation.folder.rglob("*")):
            mode = path.lstat().st_mode
            # tantivy's lock files are empty.
            known = path.name not in _LOCKS and path not in self.orphans
            if mode & 0o077 and known and not path.is_symlink():
                self.exposed.append(path)
                yield Finding(
                    "warning", "permissions", f"{path}: others may use it (mode {mode & 0o777:o})"
                )


def _name(check: Callable[[], Found]) -> str:
    return check.__name__.lstrip("_").replace("_", "-")
