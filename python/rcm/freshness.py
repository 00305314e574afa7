"""Freshness: results held against the files as they are when the search returns.

A file is taken for unchanged by its stat, under the rules of an update; where that proves nothing
it is read and hashed. Files are opened beneath the root and never through a link, and what is read
of them goes through the filter: a changed file shows no secret either.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import cast

from rcm import _rcm
from rcm.errors import IndexDamagedError
from rcm.store.known import KnownRow
from rcm.store.reader import IndexReader
from rcm.types import Freshness, SearchResult

#: A row for files of which the present table knows nothing: a writer has moved on meanwhile.
_UNKNOWN = (0, 0, 0, 0, bytes(32), 0)


def verified(
    root: Path, reader: IndexReader, results: Sequence[SearchResult]
) -> list[SearchResult]:
    """Return results with what has become of their files; those of deleted files come last.

    Args:
        root: The tree.
        reader: The index that they were found in.
        results: As they were indexed.
    """
    rows = _known(reader, [result.path for result in results])
    seen = look(root, reader.meta, rows)
    told = [_told(result, *now) for result, now in zip(results, seen, strict=True)]
    return sorted(told, key=lambda result: result.freshness == "deleted")


def look(root: Path, meta: dict[str, str], rows: list[KnownRow]) -> list[tuple[str, str | None]]:
    """Look at files: for each its freshness and, if it changed to something indexable, its text.

    Args:
        root: The tree.
        meta: What the index says of itself: size cap and what is done about secrets.
        rows: What it knows of the files.
    """
    cap, secrets = int(meta.get("max_file_bytes", 1 << 20)), meta.get("secrets", "redact")
    seen = _rcm.look(root, rows, max_file_bytes=cap, secrets=secrets)
    changed = [nth for nth, (state, _) in enumerate(seen) if state == "changed"]
    if changed and meta.get("secrets_allowed"):
        from rcm.allow_list import read_allow_list

        # Only a changed file is shown from disk; it keeps the secrets that its index kept.
        allowed = read_allow_list(root)
        if allowed.digest == meta["secrets_allowed"]:
            again = _rcm.look(
                root,
                [rows[nth] for nth in changed],
                max_file_bytes=cap,
                secrets=secrets,
                allowed=list(allowed.fingerprints),
            )
            for nth, now in zip(changed, again, strict=True):
                seen[nth] = now
    return seen


def now(root: Path, reader: IndexReader, path: str) -> tuple[Freshness, str | None]:
    """Look at one file: its freshness and, if it changed to something indexable, its text.

    Args:
        root: The tree.
        reader: Its index.
        path: Relative to the root.
    """
    ((state, text),) = look(root, reader.meta, _known(reader, [path]))
    return cast("Freshness", state), text


def _known(reader: IndexReader, paths: list[str]) -> list[KnownRow]:
    try:
        rows = reader.known.of(paths)
    except (OSError, IndexDamagedError):
        # The generation was replaced under an open reader: then contents have to tell.
        rows = {}
    return [rows.get(path) or (path, *_UNKNOWN) for path in paths]


def _told(result: SearchResult, state: str, text: str | None) -> SearchResult:
    if state == "fresh":
        return result
    if state == "deleted":
        return replace(result, freshness="deleted", anchored=False, also=())
    from rcm.anchor import find_place

    place = None
    if text is not None:
        place = find_place(text, result.text, result.start_line, result.symbol)
    if place is None:
        return replace(result, freshness="changed", anchored=False, also=())
    return replace(
        result,
        freshness="changed",
        start_line=place.start_line,
        end_line=place.end_line,
        text=place.text,
        also=(),
    )
