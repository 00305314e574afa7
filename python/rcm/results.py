"""Results: ranked chunks as the values that a search returns."""

from __future__ import annotations

from collections.abc import Sequence

from rcm.rank import Ranked
from rcm.store.lexical import StoredChunk
from rcm.store.reader import IndexedFile, IndexReader
from rcm.types import SearchResult


def results_of(reader: IndexReader, ranked: Sequence[Ranked], root: str) -> list[SearchResult]:
    """Return one result per ranked chunk, in their order, as they were indexed.

    Args:
        reader: The index that they were found in.
        ranked: What was found.
        root: Absolute path of the tree.
    """
    chunks = reader.chunks([one.chunk_id for one in ranked])
    return [
        _result(reader.file_of(one.chunk_id), one, chunk, root)
        for one, chunk in zip(ranked, chunks, strict=True)
    ]


def _result(file: IndexedFile, ranked: Ranked, chunk: StoredChunk, root: str) -> SearchResult:
    return SearchResult(
        path=file.path,
        start_line=chunk.start_line,
        end_line=chunk.end_line,
        symbol=chunk.symbol,
        kind=chunk.kind,
        language=file.language,
        score=ranked.score,
        text=chunk.text,
        signals=dict(ranked.signals),
        root=root,
    )
