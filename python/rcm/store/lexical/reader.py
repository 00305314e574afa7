"""Reads one committed state: candidates by their terms, and the text of chunks."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property
from operator import itemgetter
from pathlib import Path
from typing import Any, NamedTuple, cast

import tantivy

from rcm import _rcm
from rcm.store.lexical.schema import open_lexical
from rcm.store.tantivy_files import damaged, meaning

_ADDRESS = itemgetter(1)
_Query = tantivy.Query
_Must, _Should, _MustNot = tantivy.Occur.Must, tantivy.Occur.Should, tantivy.Occur.MustNot
#: Terms whose frequency is remembered: spelling, scores and rarity ask for the same ones.
_MOST_FREQUENCIES = 1 << 16


class Part(NamedTuple):
    """A definition that begins in a chunk: lines (1-based, inclusive), qualified name and kind."""

    start_line: int
    end_line: int
    symbol: str
    kind: str


class StoredChunk(NamedTuple):
    """A chunk as it was indexed.

    Attributes:
        start_line: First line, 1-based.
        end_line: Last line, inclusive.
        symbol: Qualified name of the definition it shows, or an empty string.
        kind: Kind of that definition, or an empty string.
        text: The lines, secrets redacted.
        parts: The definitions that begin in it, outer ones first; none if that is `symbol` alone.
    """

    start_line: int
    end_line: int
    symbol: str
    kind: str
    text: str
    parts: tuple[Part, ...]


def control(folder: Path) -> tuple[int, str]:
    """Return epoch and change hash of the last commit, (0, "") when there is none."""
    return LexicalReader(folder).control() if tantivy.Index.exists(str(folder)) else (0, "")


def _may_lock(folder: Path) -> bool:
    """Tell whether tantivy can take the lock that it takes to open an index for reading."""
    lock = folder / ".tantivy-meta.lock"
    return os.access(lock, os.W_OK) if lock.exists() else os.access(folder, os.W_OK)


def _searcher(folder: Path) -> tuple[tantivy.Schema, tantivy.Searcher]:
    index = open_lexical(folder, make=False)
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
        (stored,) = self._stored([hits[0][1]])
        with self._reading():
            content = json.loads(stored)
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

    def _stored(self, addresses: Iterable[tantivy.DocAddress]) -> list[bytes]:
        with self._reading():
            return [self._content(address) for address in addresses]

    def _content(self, address: tantivy.DocAddress) -> bytes:
        value = self._searcher.doc(address).get_first("stored")
        if value is None:
            raise ValueError("a document without content")
        return bytes(value)

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
        return [self._chunk(chunk_id, one) for chunk_id, one in zip(ids, stored, strict=True)]

    def _chunk(self, chunk_id: int, stored: bytes) -> StoredChunk:
        fields = _rcm.read_stored(stored)
        if fields is None:
            raise damaged(self._folder, ValueError(f"chunk {chunk_id} has other fields"))
        first, last, symbol, kind, text, parts = fields
        return StoredChunk(first, last, symbol, kind, text, tuple(map(Part._make, parts)))

    @property
    def n_chunks(self) -> int:
        """Number of live chunks; the control document is none."""
        return max(self._searcher.num_docs - 1, 0)

    def ids(self) -> list[int]:
        """Return the ids of all live chunks, sorted."""
        everything = _Query.all_query()
        count = self._searcher.num_docs
        return sorted(self._ids(self._search(everything, max(count, 1)).hits))
