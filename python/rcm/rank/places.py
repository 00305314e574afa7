"""Places: which files of the index a query's paths mean, and which of their chunks its lines."""

from __future__ import annotations

from collections.abc import Sequence

from rcm.query import Place
from rcm.search import Candidates
from rcm.store.reader import IndexedFile, IndexReader

#: Each further place counts this much of the one before it: callers say less than the innermost frame.
_DECAY = 0.8
#: A path without a line is less of a pointer.
_NO_LINE = 0.5
#: Paths that mean more files than this (`mod.rs`) mean none.
_MOST_FILES = 4


def mentioned(
    places: Sequence[Place], candidates: Candidates, reader: IndexReader
) -> dict[int, tuple[float, int]]:
    """Return, by file, (how much it is meant, 0 to 1; the chunk at the line, or the file's first).

    A path means the files that share most of its last parts, the file's name at least; it may be of
    another machine (`/srv/app/src/retry.py`) or cut short (`Retry.java`).
    """
    found: dict[int, tuple[float, int]] = {}
    share = 1.0
    for place in places:
        files = _files(place.path, candidates, reader)
        for file in files:
            index = reader.file_index(file.first_id)
            score = share * (1.0 if place.line else _NO_LINE)
            chunk_id = _chunk_at(file, place.line, reader)
            if candidates.allows(chunk_id) and score > found.get(index, (0.0, 0))[0]:
                found[index] = (score, chunk_id)
        share *= _DECAY if files else 1.0
    return found


def _files(path: str, candidates: Candidates, reader: IndexReader) -> list[IndexedFile]:
    wanted = [part for part in path.split("/") if part not in ("", ".", "..", "~")][::-1]
    if not wanted:
        return []
    shared: dict[int, list[IndexedFile]] = {}
    for file in reader.by_name.get(wanted[0], ()):
        if candidates.allows_any(file.first_id, file.first_id + file.n_chunks):
            parts = file.path.split("/")[::-1]
            alike = next(
                (nth for nth, (a, b) in enumerate(zip(parts, wanted, strict=False)) if a != b),
                min(len(parts), len(wanted)),
            )
            # A file at the tree's root is meant by its name alone only where no more is said.
            if alike == len(parts) or alike == len(wanted) or alike > 1:
                shared.setdefault(alike, []).append(file)
    best = shared[max(shared)] if shared else []
    return best if len(best) <= _MOST_FILES else []


def _chunk_at(file: IndexedFile, line: int | None, reader: IndexReader) -> int:
    low, high = 0, file.n_chunks - 1
    while line is not None and low < high:
        middle = (low + high) // 2
        if reader.chunk(file.first_id + middle).end_line >= line:
            high = middle
        else:
            low = middle + 1
    return file.first_id + low
