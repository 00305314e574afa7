"""At a line: which indexed chunk stands at a line of a file as it is now.

Whoever names a line has the file before their eyes, and results give lines as they are, too. The index may
be older: then its chunks are looked for in the present text.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from rcm.anchor import find_place
from rcm.freshness import now
from rcm.store.lexical.reader import StoredChunk
from rcm.store.reader import IndexedFile, IndexReader


def chunk_at(root: Path, reader: IndexReader, file: IndexedFile, line: int) -> int:
    """Return the id of the chunk at a line, at a blank line that of the next chunk.

    Args:
        root: The tree.
        reader: Its index.
        file: A file of the index.
        line: 1-based, of the file as it is on disk, or as it was indexed if it is gone or no longer
            to be indexed.

    Raises:
        ValueError: If there is no such line, or nothing at it was indexed.
    """
    chunks = reader.chunks(range(file.first_id, file.first_id + file.n_chunks))
    state, text = now(root, reader, file.path)
    moved = state == "changed" and text is not None
    nth = _moved(chunks, text or "", line) if moved else _indexed(chunks, line)
    if nth is not None:
        return file.first_id + nth
    if not moved:
        raise ValueError(f"{file.path}:{line}: the indexed lines are 1 to {chunks[-1].end_line}")
    n_lines = len((text or "").splitlines())
    if not 1 <= line <= n_lines:
        raise ValueError(f"{file.path}:{line}: its lines are 1 to {n_lines}")
    changed = ValueError(
        f"{file.path}:{line}: changed since it was indexed, and what stands here now is not indexed yet"
    )
    changed.hint = "`rcm index` brings the index up to date"  # type: ignore[attr-defined]
    raise changed


def _indexed(chunks: Sequence[StoredChunk], line: int) -> int | None:
    if line < 1:
        return None
    return next((nth for nth, chunk in enumerate(chunks) if chunk.end_line >= line), None)


def _moved(chunks: Sequence[StoredChunk], text: str, line: int) -> int | None:
    """Return the chunk that the present text has around a line, the nearest ones tried first."""
    lines = text.split("\n")
    if not 1 <= line <= len(lines):
        return None
    line = next((at for at in range(line, len(lines) + 1) if lines[at - 1].strip()), line)

    def distance(nth: int) -> int:
        return max(chunks[nth].start_line - line, line - chunks[nth].end_line, 0)

    for nth in sorted(range(len(chunks)), key=distance):
        chunk = chunks[nth]
        place = find_place(text, chunk.text, chunk.start_line, chunk.symbol)
        if place is not None and place.start_line <= line <= place.end_line:
            return nth
    return None
