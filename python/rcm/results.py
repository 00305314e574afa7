"""Results: ranked chunks as the values that a search returns, and the list that these come in."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from itertools import islice
from typing import SupportsIndex, overload

from rcm.rank import Ranked
from rcm.store.lexical.reader import Part, StoredChunk
from rcm.store.reader import IndexedFile, IndexReader
from rcm.types import SearchResult, Span


class SearchResults(list[SearchResult]):
    """The results of one search, best first: a list that notebooks show as HTML.

    Args:
        results: What was found.
        query: What was asked, for highlighting; empty for none.
    """

    def __init__(self, results: Iterable[SearchResult] = (), query: str = "") -> None:
        super().__init__(results)
        self.query = query

    @overload
    def __getitem__(self, at: SupportsIndex) -> SearchResult: ...
    @overload
    def __getitem__(self, at: slice) -> SearchResults: ...
    def __getitem__(self, at: SupportsIndex | slice) -> SearchResult | SearchResults:
        """Return one result, or some of them as such a list."""
        if isinstance(at, slice):
            return SearchResults(super().__getitem__(at), self.query)
        return super().__getitem__(at)

    def _repr_html_(self) -> str:
        from rcm.present.html import results_html

        return results_html(self, self.query)


def results_of(
    reader: IndexReader,
    ranked: Sequence[Ranked],
    root: str,
    called: Callable[[StoredChunk], Part],
) -> list[SearchResult]:
    """Return one result per ranked chunk, in their order, as they were indexed.

    Args:
        reader: The index that they were found in.
        ranked: What was found.
        root: Absolute path of the tree.
        called: Which definition a chunk is called by.
    """
    wanted = [chunk_id for one in ranked for chunk_id in (one.chunk_id, *one.also)]
    chunks = iter(reader.chunks(wanted))
    return [
        _result(
            reader.file_of(one.chunk_id),
            one,
            chunk := next(chunks),
            called(chunk),
            tuple(_span(other, called(other)) for other in islice(chunks, len(one.also))),
            root,
        )
        for one in ranked
    ]


def _span(chunk: StoredChunk, named: Part) -> Span:
    return Span(chunk.start_line, chunk.end_line, named.symbol, named.kind)


def _result(
    file: IndexedFile,
    ranked: Ranked,
    chunk: StoredChunk,
    named: Part,
    also: tuple[Span, ...],
    root: str,
) -> SearchResult:
    return SearchResult(
        path=file.path,
        start_line=chunk.start_line,
        end_line=chunk.end_line,
        symbol=named.symbol,
        kind=named.kind,
        language=file.language,
        score=ranked.score,
        text=chunk.text,
        signals=dict(ranked.signals),
        root=root,
        also=also,
    )
