"""The lexical index: tantivy finds chunks by term and keeps their text; its commit is the switch.

Terms come split and joined by blanks, for the whitespace analyzer. One control document carries
the epoch and the hash of the change that the commit belongs to. BM25 scores of tantivy only pick
candidates: its statistics count deleted chunks until they are merged away, so the ranking scores
candidates from the term bags in the vector segments, and an update ranks like a fresh index.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import tantivy

from rcm.errors import IndexDamagedError
from rcm.faults import reach
from rcm.store.folder import fsync_folder
from rcm.store.tantivy_files import damaged, meaning

#: Bytes of tantivy's writing buffer: 20,000 chunks fit in one segment.
HEAP_BYTES = 64 << 20

_Query = tantivy.Query
_Must, _Should = tantivy.Occur.Must, tantivy.Occur.Should
_TEMPORARY = re.compile(r"\.tmp\w+$")


@dataclass(frozen=True, slots=True)
class StoredChunk:
    """A chunk as it was indexed: lines (1-based, inclusive), symbol, kind and redacted text."""

    start_line: int
    end_line: int
    symbol: str
    kind: str
    text: str


def _schema() -> tantivy.Schema:
    builder = tantivy.SchemaBuilder()
    builder.add_unsigned_field("id", indexed=True, fast=True)
    builder.add_text_field("terms", tokenizer_name="whitespace", index_option="freq")
    builder.add_text_field("file", tokenizer_name="raw", index_option="basic")
    builder.add_text_field("language", tokenizer_name="raw", index_option="basic")
    builder.add_text_field("control", tokenizer_name="raw", index_option="basic")
    builder.add_bytes_field("stored", stored=True, indexed=False)
    return builder.build()


def _open(folder: Path, *, make: bool) -> tantivy.Index:
    try:
        if make and not tantivy.Index.exists(str(folder)):
            return tantivy.Index(_schema(), path=str(folder))
        return tantivy.Index.open(str(folder))
    except (ValueError, OSError) as error:
        raise meaning(folder, error) from error


def control(folder: Path) -> tuple[int, str]:
    """Return epoch and change hash of the last commit, (0, "") when there is none."""
    return LexicalReader(folder).control() if tantivy.Index.exists(str(folder)) else (0, "")


class LexicalReader:
    """One committed state of the lexical index; later commits do not show.

    Raises:
        IndexDamagedError: If tantivy cannot open the folder.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        index = _open(folder, make=False)
        self._schema = index.schema
        with self._reading():
            self._searcher = index.searcher()

    def control(self) -> tuple[int, str]:
        """Return epoch and change hash of the commit, (0, "") before the first."""
        hits = self._search(self._term("control", "epoch"), 2).hits
        if not hits:
            return 0, ""
        if len(hits) > 1:
            raise damaged(self._folder, ValueError("more than one control document"))
        epoch, change_hash = self._stored(hits[0][1])
        return int(epoch), str(change_hash)

    @contextmanager
    def _reading(self) -> Iterator[None]:
        try:
            yield
        except (ValueError, OSError) as error:
            raise meaning(self._folder, error) from error
        except BaseException as error:
            # tantivy panics over some damaged files; the bridge's class cannot be imported.
            if type(error).__name__ != "PanicException":
                raise
            raise damaged(self._folder, RuntimeError(str(error))) from error

    def _search(
        self, query: tantivy.Query, limit: int, *, count: bool = False
    ) -> tantivy.SearchResult:
        with self._reading():
            return self._searcher.search(query, limit, count=count)

    def _stored(self, address: tantivy.DocAddress) -> list[Any]:
        with self._reading():
            value = self._searcher.doc(address).get_first("stored")
            if value is None:
                raise ValueError("a document without content")
            return cast("list[Any]", json.loads(bytes(value)))

    def _ids(self, hits: list[tuple[Any, tantivy.DocAddress]]) -> list[int]:
        with self._reading():
            values = self._searcher.fast_field_values("id", [address for _, address in hits])
        return [int(value) for value in values if value is not None]

    def _term(self, field: str, value: str | int) -> tantivy.Query:
        return _Query.term_query(self._schema, field, value)

    def candidates(
        self,
        terms: Sequence[str],
        limit: int,
        *,
        languages: Sequence[str] | None = None,
        files: Sequence[str] | None = None,
    ) -> list[int]:
        """Return ids of the chunks that match best.

        Args:
            terms: Query terms, any of which may match.
            limit: Most ids wanted.
            languages: Only chunks of these languages.
            files: Only chunks of these file keys.
        """
        if not terms:
            return []
        query = _Query.boolean_query([(_Should, self._term("terms", term)) for term in terms])
        for field, allowed in (("language", languages), ("file", files)):
            if allowed is not None:
                among = _Query.term_set_query(self._schema, field, list(allowed))
                silent = _Query.const_score_query(among, 0.0)
                query = _Query.boolean_query([(_Must, query), (_Must, silent)])
        return self._ids(self._search(query, limit).hits)

    def document_frequency(self, term: str) -> int:
        """Return how many live chunks hold a term; deleted ones do not count."""
        found = self._search(self._term("terms", term), 1, count=True)
        # The stub leaves `count` out; it is None when it was not asked for.
        return int(getattr(found, "count", None) or 0)

    def chunk(self, chunk_id: int) -> StoredChunk:
        """Return a chunk's text and place.

        Raises:
            KeyError: If no live chunk has this id.
        """
        hits = self._search(self._term("id", chunk_id), 1).hits
        if not hits:
            raise KeyError(chunk_id)
        return StoredChunk(*self._stored(hits[0][1]))

    @property
    def n_chunks(self) -> int:
        """Number of live chunks; the control document is none."""
        return max(self._searcher.num_docs - 1, 0)

    def ids(self) -> list[int]:
        """Return the ids of all live chunks, sorted."""
        everything = _Query.all_query()
        count = self._searcher.num_docs
        return sorted(self._ids(self._search(everything, max(count, 1)).hits))


class LexicalWriter:
    """The one writer of a lexical index; hold the lock while there is one.

    Raises:
        IndexDamagedError: If tantivy cannot open the folder for writing.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._closed = False
        index = _open(folder, make=True)
        self._schema = index.schema
        try:
            self._writer = index.writer(HEAP_BYTES, num_threads=1)
            # A killed writer can leave a delete bitmap whose name the next commit wants to
            # create: without this collection every later commit fails, for ever.
            self._writer.garbage_collect_files()
        except (ValueError, OSError) as error:
            raise meaning(folder, error) from error
        for path in folder.iterdir():
            if _TEMPORARY.match(path.name):
                path.unlink(missing_ok=True)

    def add(
        self, chunk_id: int, file: str, language: str, terms: str, chunk: tuple[object, ...]
    ) -> None:
        """Add one chunk.

        Args:
            chunk_id: Its id.
            file: Key of its file.
            language: Language of its file.
            terms: Its terms, joined by blanks.
            chunk: The fields of a `StoredChunk`, in order.
        """
        document = tantivy.Document()
        document.add_unsigned("id", chunk_id)
        document.add_text("file", file)
        document.add_text("language", language)
        document.add_text("terms", terms)
        document.add_bytes("stored", json.dumps(chunk, ensure_ascii=False).encode())
        try:
            self._writer.add_document(document)
        except ValueError as error:
            # Its thread ended earlier; why, only the commit is told.
            raise self._cause(error) from error

    def _cause(self, error: ValueError) -> OSError | IndexDamagedError:
        try:
            self._writer.commit()
        except (ValueError, OSError) as cause:
            return meaning(self._folder, cause)
        return damaged(self._folder, error)

    def remove_file(self, file: str) -> None:
        """Remove all chunks of a file key."""
        self._writer.delete_documents_by_term("file", file)

    def commit(self, epoch: int, change_hash: str) -> None:
        """Commit everything since the last commit: the switch to `epoch`.

        Raises:
            OSError: If the disk refuses; the index is as it was before.
        """
        self._writer.delete_documents_by_term("control", "epoch")
        document = tantivy.Document()
        document.add_text("control", "epoch")
        document.add_bytes("stored", json.dumps([epoch, change_hash]).encode())
        self._writer.add_document(document)
        reach("lexical-commit")
        try:
            self._writer.commit()
        except (ValueError, OSError) as error:
            self.rollback()
            raise meaning(self._folder, error) from error
        # tantivy renames its new meta file but leaves the folder unsynced: without this, 19 of
        # 60 simulated power cuts lost a commit already reported as done.
        reach("lexical-sync-folder")
        fsync_folder(self._folder)

    def rollback(self) -> None:
        """Forget everything since the last commit."""
        if self._closed:
            return
        with suppress(ValueError, OSError):
            self._writer.rollback()
            self._writer.garbage_collect_files()

    def close(self) -> None:
        """Wait for merges and let go of tantivy's own lock."""
        if self._closed:
            return
        self._closed = True
        with suppress(ValueError, OSError):
            self._writer.wait_merging_threads()
