"""One committed epoch, open for searching; never writes, never waits for a writer."""

from __future__ import annotations

import bisect
import os
from collections.abc import Callable, Sequence
from functools import cached_property, partial
from pathlib import Path
from typing import NamedTuple, cast

from rcm import _rcm
from rcm.errors import IndexDamagedError, RcmError
from rcm.store.files import FileTable
from rcm.store.folder import Generation, IndexFolder
from rcm.store.known import KnownFiles
from rcm.store.lexical.reader import LexicalReader, StoredChunk
from rcm.store.manifest import altered, heads_differ, read_manifest
from rcm.store.vectors import VectorStore, open_segments

_ATTEMPTS = 5
#: Chunks that are kept when they were read: about one and a half kilobytes each.
_MOST_READ = 256


class IndexedFile(NamedTuple):
    """A file with chunks: ids `first_id` up to `first_id + n_chunks`, in order of lines."""

    first_id: int
    n_chunks: int
    path: str
    language: str


class IndexReader:
    """Lexical index, segments and file table of one epoch.

    Args:
        lexical: The lexical side.
        segments: Open segments of the same epoch.
        files: Files with chunks, by first id.
        meta: Identity fields and the like.
        epoch: The epoch.
        vectors: Where dense vectors are; the segments themselves unless given.
        database: The file table.
    """

    def __init__(
        self,
        lexical: LexicalReader,
        segments: _rcm.Segments,
        files: list[IndexedFile],
        meta: dict[str, str],
        epoch: int,
        vectors: VectorStore | None = None,
        *,
        database: Path,
    ) -> None:
        self.lexical, self.segments, self.files = lexical, segments, files
        self.meta, self.epoch = meta, epoch
        self.vectors = vectors if vectors is not None else cast("VectorStore", segments)
        self.vectors_are_local = vectors is None
        self.known = KnownFiles(database, epoch)
        self._read: dict[int, StoredChunk] = {}
        self._first_ids = [file.first_id for file in files]
        self._search = partial(bisect.bisect_right, self._first_ids)

    @cached_property
    def by_file(self) -> _rcm.Files:
        """Knows which file a chunk is of, and what files say of themselves; positions as in `files`."""
        return _rcm.Files(self._first_ids)

    def file_index(self, chunk_id: int) -> int:
        """Return the position in `files` of the file that a live chunk belongs to."""
        return self._search(chunk_id) - 1

    def alive(self, ids: list[int]) -> list[int]:
        """Return those ids that belong to a file of this epoch; a remote store may hold others."""
        if self.vectors_are_local:
            return ids
        return [chunk_id for chunk_id in ids if self._is_alive(chunk_id)]

    def _is_alive(self, chunk_id: int) -> bool:
        index = self.file_index(chunk_id)
        return index >= 0 and chunk_id < self.files[index].first_id + self.files[index].n_chunks

    def file_of(self, chunk_id: int) -> IndexedFile:
        """Return the file that a live chunk belongs to."""
        return self.files[self.file_index(chunk_id)]

    @cached_property
    def by_path(self) -> dict[str, IndexedFile]:
        """Files with chunks, by path."""
        return {file.path: file for file in self.files}

    @cached_property
    def by_name(self) -> dict[str, list[IndexedFile]]:
        """Files with chunks, by the last part of their path."""
        named: dict[str, list[IndexedFile]] = {}
        for file in self.files:
            named.setdefault(file.path.rpartition("/")[2], []).append(file)
        return named

    def chunks(self, ids: Sequence[int]) -> list[StoredChunk]:
        """Return text and place of chunks, in the order asked for.

        Raises:
            IndexDamagedError: If the lexical index does not have one of them.
        """
        read = self._read
        unread = [chunk_id for chunk_id in dict.fromkeys(ids) if chunk_id not in read]
        try:
            read.update(zip(unread, self.lexical.chunks(unread), strict=True))
        except KeyError as missing:
            (chunk_id,) = missing.args
            raise IndexDamagedError(
                f"chunk {chunk_id} of {self.file_of(chunk_id).path} is not in the lexical index",
                hint="rcm index builds it anew",
            ) from None
        found = [read[chunk_id] for chunk_id in ids]
        if len(read) > _MOST_READ:
            # Searches in other threads keep the one that they hold.
            self._read = dict(zip(ids, found, strict=True)) if len(ids) <= _MOST_READ else {}
        return found

    def chunk(self, chunk_id: int) -> StoredChunk:
        """Return a chunk's text and place; errors as those of `chunks`."""
        return self.chunks([chunk_id])[0]


def open_reader(
    folder: IndexFolder,
    *,
    memory_map: bool = True,
    vectors: Callable[[dict[str, str], int], VectorStore | None] | None = None,
) -> IndexReader:
    """Open the epoch that the lexical index says is true.

    A writer may move on between two steps; then everything is opened anew, a few times.

    Args:
        folder: The index.
        memory_map: False reads segments into memory.
        vectors: Makes the remote vector store of an index, if it has one, from its `meta` and
            the end of its ids.

    Raises:
        IndexNotFoundError: If there is no index.
        IndexDamagedError: If its parts do not fit together.
    """
    attempt = 0
    while True:
        attempt += 1
        try:
            return _open_once(folder, memory_map, vectors)
        except (FileNotFoundError, IndexDamagedError, _MovedOnError) as error:
            if attempt < _ATTEMPTS:
                continue
            if isinstance(error, IndexDamagedError):
                raise
            raise IndexDamagedError(
                f"{folder.path}: {error}", hint="rcm index builds it anew"
            ) from error


class _MovedOnError(Exception):
    """A writer applied a newer epoch while this one was being opened."""


def _open_once(
    folder: IndexFolder,
    memory_map: bool,
    vectors: Callable[[dict[str, str], int], VectorStore | None] | None,
) -> IndexReader:
    generation = folder.current()
    check_files(generation)
    lexical = LexicalReader(generation.lexical)
    epoch, _ = lexical.control()
    table = FileTable(generation.database, write=False)
    try:
        with table.snapshot():
            if not table.readable_at(epoch):
                raise _MovedOnError(f"epoch {epoch} is not in the file table")
            files = [IndexedFile._make(row) for row in table.chunked(epoch)]
            _check_rows(generation, files)
            rows, dead, meta = table.segments(epoch), table.dead(epoch), table.meta(epoch)
    finally:
        table.close()
    dim, model = vector_shape(generation, meta)
    segments = open_segments(
        generation.vectors, rows, dead, dim=dim, model=model, memory_map=memory_map
    )
    stop = files[-1].first_id + files[-1].n_chunks if files else 0
    remote = vectors(meta, stop) if vectors is not None else None
    return IndexReader(lexical, segments, files, meta, epoch, remote, database=generation.database)


def _check_rows(generation: Generation, files: list[IndexedFile]) -> None:
    """Refuse paths that lead out of the tree, and ids that overlap: a table may come from anywhere."""
    end = 0
    for file in files:
        outside = ".." in file.path and ".." in file.path.split("/")
        if outside or file.path[:1] in ("", "/") or "\0" in file.path or file.first_id < end:
            raise IndexDamagedError(
                f"{generation.database}: {file.path!r} cannot be a file of the tree",
                hint="rcm index builds it anew",
            )
        end = file.first_id + file.n_chunks


def check_files(generation: Generation) -> None:
    """Compare sizes and beginnings of all files with what was written; takes a millisecond.

    Vector segments are compared when they are opened.

    Raises:
        IndexDamagedError: If something differs, or damage was found earlier.
        FileNotFoundError: If a file is missing.
    """
    generation.check_mark()
    differing = heads_differ(generation, read_manifest(generation))
    if differing is not None:
        raise IndexDamagedError(differing, hint="rcm index builds it anew")


def vector_shape(generation: Generation, meta: dict[str, str]) -> tuple[int, bytes]:
    """Return length and model digest of the vectors in local segments.

    Raises:
        IndexDamagedError: If the index does not say.
    """
    try:
        return 0 if meta.get("qdrant_url") else int(meta["dim"]), bytes.fromhex(meta["model"])
    except (KeyError, ValueError) as error:
        raise IndexDamagedError(
            f"{generation.database}: no shape of vectors ({error})", hint="rcm index builds it anew"
        ) from error


def recorded_meta(generation: Generation) -> dict[str, str]:
    """Return what a generation says of itself, {} if there is none or it is damaged."""
    try:
        table = FileTable(generation.database, write=False)
    except (RcmError, FileNotFoundError):
        return {}
    try:
        return table.meta()
    except RcmError:
        return {}
    finally:
        table.close()


def trusted_meta(generation: Generation) -> dict[str, str]:
    """Return what a generation says of itself, {} if its file table is not as it was written.

    For an update, which takes over what was chosen earlier; reads the whole file table.
    """
    try:
        manifest = read_manifest(generation)
        table = [e for e in manifest.entries if e.name == generation.database.name]
        wrong = altered(generation, table) if manifest.sealed else []
    except RcmError:
        return {}
    for _, what in wrong:
        generation.mark_damaged(f"{generation.database}: {what}")
        return {}
    return recorded_meta(generation)


class Stamp(NamedTuple):
    """Files and what their stats were: two stats tell whether anything was committed or rebuilt."""

    paths: tuple[str, ...]
    stats: tuple[tuple[int, int, int] | None, ...]

    @classmethod
    def of(cls, *paths: str) -> Stamp:
        """Take the stats of some files now; a missing file has none."""
        return cls(paths, tuple(map(_stat, paths)))

    def holds(self) -> bool:
        """Tell whether the files are as they were."""
        return tuple(map(_stat, self.paths)) == self.stats


def _stat(path: str) -> tuple[int, int, int] | None:
    try:
        stat = os.stat(path)
    except FileNotFoundError:
        return None
    return stat.st_mtime_ns, stat.st_ino, stat.st_size
