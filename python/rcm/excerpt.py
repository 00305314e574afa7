"""Excerpt: lines of an indexed file as they are now, read under the rules that the index was made by.

The index says which files may be read; the file is opened beneath the root, through no symbolic link,
and what stands in it passes the filter again: a secret that somebody has added since is replaced.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rcm import _rcm
from rcm.allow_list import read_allow_list
from rcm.chunks import ScanOptions
from rcm.reports.exact import Excerpt
from rcm.store.reader import IndexedFile, IndexReader
from rcm.types import Freshness


def indexed_file(root: Path, reader: IndexReader, path: str) -> IndexedFile:
    """Return the file of the index that a path names, relative to the root or absolute.

    Raises:
        ValueError: If the index has no such file.
    """
    relative = os.path.normpath(path)
    if os.path.isabs(path):
        relative = os.path.relpath(os.path.realpath(path), root)
    file = reader.by_path.get(relative.replace(os.sep, "/"))
    if file is None:
        raise ValueError(f"{path}: not in the index of {root}")
    return file


def read_excerpt(
    root: Path, reader: IndexReader, path: str, start_line: int, end_line: int | None
) -> Excerpt:
    """Read lines of an indexed file from the disk.

    Args:
        root: The tree.
        reader: Its index.
        path: Relative to the root, or absolute.
        start_line: First line, 1-based.
        end_line: Last line, inclusive; None, or a line behind the last, gives all to the end.

    Raises:
        ValueError: If the index has no such file, the rules of the index would leave it out by now,
            or it has no such lines.
        FileNotFoundError: If it is gone since it was indexed.
    """
    file = indexed_file(root, reader, path)
    options = ScanOptions.from_meta(reader.meta)
    try:
        found: dict[str, Any] = _rcm.inspect(
            root,
            Path(file.path),
            max_file_bytes=options.max_file_bytes,
            allowed=list(read_allow_list(root).fingerprints),
        )
    except FileNotFoundError:
        raise _gone(path) from None
    lines = _lines(_kept(path, found, options))
    last = len(lines) if end_line is None else min(end_line, len(lines))
    if not 1 <= start_line <= last:
        asked = f"{start_line}-{'' if end_line is None else end_line}"
        raise ValueError(f"{path}:{asked}: its lines are 1 to {len(lines)}")
    return Excerpt(
        root=str(root),
        path=file.path,
        start_line=start_line,
        end_line=last,
        total_lines=len(lines),
        text="\n".join(lines[start_line - 1 : last]),
        language=file.language,
        freshness=_freshness(reader, file, found["sha256"]),
    )


def _kept(path: str, found: dict[str, Any], options: ScanOptions) -> list[dict[str, Any]]:
    """Return the chunks that the rules leave of a file."""
    walked, read = found["walk"], found.get("read", "")
    if read == "gone":
        raise _gone(path)
    filtered = found.get("filter", {})
    reason = read or filtered.get("skipped", "") or ("" if walked == "kept" else walked)
    redacted = [row["line"] for row in filtered.get("redactions", ())]
    if redacted and options.secrets == "skip-file":
        reason = "secrets"
    if reason:
        raise ValueError(f"{path}: changed since it was indexed, not to be read: {reason}")
    chunks: list[dict[str, Any]] = found["chunks"]
    if options.secrets == "skip-chunk":
        chunks = [
            chunk
            for chunk in chunks
            if not any(chunk["start_line"] <= line <= chunk["end_line"] for line in redacted)
        ]
    return chunks


def _lines(chunks: Sequence[dict[str, Any]]) -> list[str]:
    """Put the lines of a file together: chunks hold each that is not blank exactly once."""
    lines = [""] * max((chunk["end_line"] for chunk in chunks), default=0)
    for chunk in chunks:
        lines[chunk["start_line"] - 1 : chunk["end_line"]] = chunk["text"].split("\n")
    return lines


def _freshness(reader: IndexReader, file: IndexedFile, digest: str) -> Freshness:
    """Compare what was read with what was indexed; a row that a writer has replaced says nothing."""
    row = reader.known.of([file.path]).get(file.path)
    return "fresh" if row is not None and row[5].hex() == digest else "changed"


def _gone(path: str) -> FileNotFoundError:
    return FileNotFoundError(2, "gone since it was indexed", path)
