"""The lexical index: tantivy finds chunks by term and keeps their text; its commit is the switch.

Terms come split and joined by blanks, for the whitespace analyzer. One control document carries
the epoch and the hash of the change that the commit belongs to. BM25 scores of tantivy only pick
candidates: its statistics count deleted chunks until they are merged away, so the ranking scores
candidates from the term bags in the vector segments, and an update ranks like a fresh index.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import cached_property
from operator import itemgetter
from pathlib import Path
from typing import Any, NamedTuple, cast

import tantivy

from rcm.errors import IndexDamagedError
from rcm.faults import reach
from rcm.store.folder import fsync_folder
from rcm.store.tantivy_files import damaged, meaning

#: Bytes of tantivy's writing buffer: 20,000 chunks fit in one segment.
HEAP_BYTES = 64 << 20

_ADDRESS = itemgetter(1)
_Query = tantivy.Query
_Must, _Should, _MustNot = tantivy.Occur.Must, tantivy.Occur.Should, tantivy.Occur.MustNot
#: Terms whose frequency is remembered: spelling, scores and rarity ask for the same ones.
_MOST_FREQUENCIES = 1 << 16
_TEMPORARY = re.compile(r"\.tmp\w+$")
_SEGMENT_FILE = re.compile(r"[0-9a-f]{32}\.")


class StoredChunk(NamedTuple):
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


def _may_lock(folder: Path) -> bool:
    """Tell whether tantivy can take the lock that it takes to open an index for reading."""
    lock = folder / ".tantivy-meta.lock"
    return os.access(lock, os.W_OK) if lock.exists() else os.access(folder, os.W_OK)


def _searcher(folder: Path) -> tuple[tantivy.Schema, tantivy.Searcher]:
    index = _open(folder, make=False)
    return index.schema, index.searcher()


def _searcher_beside(folder: Path) -> tuple[tantivy.Schema, tantivy.Searcher]:
    """Open a folder that may not be written, through a temporary one of links where tantivy can lock."""
    from tempfile import TemporaryDirectory

    with TemporaryDirectory(prefix="rcm-") as links:
        for path in folder.iterdir():
            if not path.name.endswith(".lock"):
                os.symlink(path, os.path.join(links, path.name))
        # Its files are mapped once it is open: the links are not needed any longer.
        return _searcher(Path(links))


class LexicalReader:
    """One committed state of the lexical index; later commits do not show.

    Raises:
        IndexDamagedError: If tantivy cannot open the folder.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        with self._reading():
            self._schema, self._searcher = (
                _searcher(folder) if _may_lock(folder) else _searcher_beside(folder)
            )
        self._frequencies: dict[str, int] = {}

    def control(self) -> tuple[int, str]:
        """Return epoch and change hash of the commit, (0, "") before the first."""
        hits = self._search(self._term("control", "epoch"), 2).hits
        if not hits:
            return 0, ""
        if len(hits) > 1:
            raise damaged(self._folder, ValueError("more than one control document"))
        (content,) = self._stored([hits[0][1]])
        if [type(value) for value in content] != [int, str]:
            raise damaged(self._folder, ValueError("the control document has other fields"))
        return content[0], content[1]

    @contextmanager
    def _reading(self) -> Iterator[None]:
        try:
            yield
        except (ValueError, OSError) as error:
            raise meaning(self._folder, error) from error
        except RecursionError as error:
            raise damaged(self._folder, error) from error
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

    def _stored(self, addresses: Iterable[tantivy.DocAddress]) -> list[list[Any]]:
        with self._reading():
            return [self._content(address) for address in addresses]

    def _content(self, address: tantivy.DocAddress) -> list[Any]:
        value = self._searcher.doc(address).get_first("stored")
        if value is None:
            raise ValueError("a document without content")
        return cast("list[Any]", json.loads(bytes(value).decode()))

    def _ids(self, hits: list[tuple[Any, tantivy.DocAddress]]) -> list[int]:
        with self._reading():
            values = self._searcher.fast_field_values("id", list(map(_ADDRESS, hits)))
        # The field holds unsigned integers, and only the control document has none.
        found = [value for value in values if value is not None] if None in values else values
        return cast("list[int]", found)

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

    def near(self, term: str, distance: int, without: Sequence[str], limit: int) -> list[int]:
        """Return ids of chunks that hold a term within some edits of one, a swap counting as one.

        Args:
            term: The term; it need not occur.
            distance: Most edits, 1 or 2.
            without: Chunks with one of these terms are left out.
            limit: Most chunks returned.
        """
        fuzzy = _Query.fuzzy_term_query(self._schema, "terms", term, distance)
        query = _Query.boolean_query(
            [(_Must, fuzzy), *((_MustNot, self._term("terms", other)) for other in without)]
        )
        return self._ids(self._search(query, limit).hits)

    def document_frequency(self, term: str) -> int:
        """Return how many live chunks hold a term; deleted ones do not count."""
        known = self._frequencies.get(term)
        if known is None:
            known = self._count(term)
            if len(self._frequencies) < _MOST_FREQUENCIES:
                self._frequencies[term] = known
        return known

    def _count(self, term: str) -> int:
        if self._nothing_deleted:
            with self._reading():
                return self._searcher.doc_freq("terms", term)
        found = self._search(self._term("terms", term), 1, count=True)
        # The stub leaves `count` out; it is None when it was not asked for.
        return int(getattr(found, "count", None) or 0)

    @cached_property
    def _nothing_deleted(self) -> bool:
        """Whether the index holds live chunks only; then the frequencies that it stores are true.

        tantivy does not tell, but the frequencies of the languages count deleted chunks too, each
        once, and its number of documents does not; one of these is the control document.
        """
        with self._reading():
            languages = self._searcher.terms_with_prefix("language", "")
        return sum(count for _, count in languages) == self._searcher.num_docs - 1

    def _addresses(self, ids: Sequence[int]) -> list[tantivy.DocAddress]:
        """Return where documents are, in the order asked for; errors as those of `chunks`."""
        # A first index is written in the order of ids, which begin at 1: most are where they should be.
        if self._one_segment and min(ids) >= 1 and max(ids) <= self._searcher.num_docs:
            likely = [tantivy.DocAddress(0, chunk_id - 1) for chunk_id in ids]
            with self._reading():
                if self._searcher.fast_field_values("id", likely) == list(ids):
                    return likely
        # One search for all: a set query over as many terms takes ten times as long.
        query = _Query.boolean_query([(_Should, self._term("id", chunk_id)) for chunk_id in ids])
        hits = self._search(query, len(ids)).hits
        found = dict(zip(self._ids(hits), (address for _, address in hits), strict=True))
        return [found[chunk_id] for chunk_id in ids]

    @cached_property
    def _one_segment(self) -> bool:
        """Whether all documents are in one segment and live, so that none is behind their number."""
        return self._searcher.num_segments == 1 and self._nothing_deleted

    def chunks(self, ids: Sequence[int]) -> list[StoredChunk]:
        """Return text and place of chunks, in the order asked for.

        Raises:
            KeyError: If there is no live chunk with one of the ids.
        """
        if not ids:
            return []
        stored = self._stored(self._addresses(ids))
        for chunk_id, chunk in zip(ids, stored, strict=True):
            if [type(value) for value in chunk] != [int, int, str, str, str]:
                raise damaged(self._folder, ValueError(f"chunk {chunk_id} has other fields"))
        return [StoredChunk(*chunk) for chunk in stored]

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

    Args:
        folder: Where it is; made if missing.
        heap_bytes: tantivy's writing buffer; a full one becomes a segment of its own.

    Raises:
        IndexDamagedError: If tantivy cannot open the folder for writing.
    """

    def __init__(self, folder: Path, heap_bytes: int = HEAP_BYTES) -> None:
        self._folder = folder
        self._closed = False
        index = _open(folder, make=True)
        self._schema = index.schema
        try:
            self._writer = index.writer(heap_bytes, num_threads=1)
            # A killed writer can leave a delete bitmap whose name the next commit wants to
            # create: without this collection every later commit fails, for ever.
            self._writer.garbage_collect_files()
        except (ValueError, OSError) as error:
            raise meaning(folder, error) from error
        self._uncommitted = False
        for path in _left_over(folder):
            path.unlink(missing_ok=True)

    def add(self, chunk_id: int, file: str, language: str, terms: str, stored: bytes) -> None:
        """Add one chunk.

        Args:
            chunk_id: Its id.
            file: Key of its file.
            language: Language of its file.
            terms: Its terms, joined by blanks.
            stored: The fields of a `StoredChunk`, in order, as JSON.
        """
        document = tantivy.Document()
        document.add_unsigned("id", chunk_id)
        document.add_text("file", file)
        document.add_text("language", language)
        document.add_text("terms", terms)
        document.add_bytes("stored", stored)
        self._uncommitted = True
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
        self._uncommitted = True
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
        self._uncommitted = False
        # tantivy renames its new meta file but leaves the folder unsynced: without this, 19 of
        # 60 simulated power cuts lost a commit already reported as done.
        reach("lexical-sync-folder")
        fsync_folder(self._folder)
        self._make_private()

    def rollback(self) -> None:
        """Forget everything since the last commit."""
        if self._closed:
            return
        self._uncommitted = False
        with suppress(ValueError, OSError):
            self._writer.rollback()
            self._writer.garbage_collect_files()

    def close(self) -> None:
        """Forget what was not committed, wait for merges and let go of tantivy's own lock."""
        if self._closed:
            return
        # A rollback stops merges half-way: segments would pile up, and their files stay for ever.
        if self._uncommitted:
            self.rollback()
        self._closed = True
        with suppress(ValueError, OSError):
            self._writer.wait_merging_threads()
        self._make_private()

    def _make_private(self) -> None:
        """Take the rights of others away: tantivy makes its files as the umask leaves them."""
        with os.scandir(self._folder) as entries:
            for entry in entries:
                with suppress(FileNotFoundError):  # merges delete files meanwhile
                    if entry.stat(follow_symlinks=False).st_mode & 0o077:
                        os.chmod(entry.path, 0o600, follow_symlinks=False)


def _left_over(folder: Path) -> list[Path]:
    """Return what stopped writers left: temporary files, and segment files that nobody lists.

    tantivy's own collection deletes only files in its list, and a merge that was stopped is not in it.
    """
    try:
        listed = set(json.loads((folder / ".managed.json").read_bytes()))
    except (FileNotFoundError, ValueError):
        return []
    return [
        path
        for path in folder.iterdir()
        if _TEMPORARY.match(path.name)
        or (_SEGMENT_FILE.match(path.name) and path.name not in listed)
    ]
