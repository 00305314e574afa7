"""The lexical index: what it counts when chunks were deleted, and chunks fetched together."""

from __future__ import annotations

from pathlib import Path

import pytest

from rcm import Index
from rcm.store.folder import IndexFolder
from rcm.store.reader import IndexReader, open_reader


def reader_of(index: Index) -> IndexReader:
    return open_reader(IndexFolder(index.index_dir))


def test_frequencies_count_live_chunks_only(tree: Path) -> None:
    for nth in range(4):
        (tree / f"waltz{nth}.txt").write_text("quickstep foxtrot\n" * 3, encoding="utf-8")
    with Index.open(tree) as index:
        index.update()
        assert reader_of(index).lexical.document_frequency("foxtrot") == 4
        (tree / "waltz0.txt").write_text("quickstep\n", encoding="utf-8")
        (tree / "waltz1.txt").unlink()
        index.update()
        reader = reader_of(index)
        frequency = reader.lexical.document_frequency
        assert (frequency("foxtrot"), frequency("quickstep"), frequency("tango")) == (2, 3, 0)


def test_chunks_come_in_the_order_asked_for(tree: Path) -> None:
    with Index.open(tree) as index:
        index.update()
        reader = reader_of(index)
        ids = [
            chunk_id
            for file in reader.files
            for chunk_id in range(file.first_id, file.first_id + file.n_chunks)
        ]
        together = reader.chunks(ids[::-1])
        assert together == [reader.chunk(chunk_id) for chunk_id in ids[::-1]]
        assert reader.chunks([]) == []
        with pytest.raises(KeyError):
            reader.lexical.chunks([ids[0], 10_000])
