"""The lexical index: what it counts when chunks were deleted, and chunks fetched together."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from rcm import Index, _rcm
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


def test_a_chunk_stored_with_other_fields_is_no_chunk() -> None:
    def read(*fields: object) -> object:
        return _rcm.read_stored(json.dumps(fields).encode())

    first = (1, 2, "Pool", "class", 'class "Pöol":\n')
    part = (1, 2, "Pool", "class")
    assert read(*first, [part]) == (*first, [part])
    assert read(*first, []) == (*first, [])
    for parts in ([7], [[1, 2, "Pool"]], ["Pool"], {}, [[1, 2, "Pool", None]], [[-1, 2, "", ""]]):
        assert read(*first, parts) is None
    assert read(*first) is None
    assert read(*first, [part], 7) is None
    for broken in (b"", b"[", b"\xff", b"[" * 100_000):
        assert _rcm.read_stored(broken) is None


def test_small_updates_pile_up_neither_segments_nor_files(tree: Path) -> None:
    note = tree / "note.txt"
    with Index.open(tree) as index:
        for nth in range(25):
            note.write_text(f"number {nth}\n", encoding="utf-8")
            index.update()
        folder = reader_of(index).lexical._folder
    segments = json.loads((folder / "meta.json").read_bytes())["segments"]
    assert len(segments) <= 10, "merges are let come to their end"
    listed = {segment["segment_id"].replace("-", "") for segment in segments}
    files = [path.name for path in folder.iterdir() if not path.name.startswith(".")]
    left = [name for name in files if name != "meta.json" and name.split(".")[0] not in listed]
    assert len(left) <= 8, "at most what the last merge replaced"


def test_files_of_a_stopped_merge_are_deleted(tree: Path) -> None:
    with Index.open(tree) as index:
        index.update()
        folder = reader_of(index).lexical._folder
        orphan = folder / f"{'0' * 32}.store"
        orphan.write_bytes(b"left")
        (tree / "note.txt").write_text("changed\n", encoding="utf-8")
        index.update()
        assert not orphan.exists()
        assert index.search("changed")
