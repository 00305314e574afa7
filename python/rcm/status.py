"""Status: what an index holds, and how the tree differs from it, by content."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from pathlib import Path

from rcm import _rcm
from rcm.chunks import ScanOptions, walk
from rcm.last_run import from_meta
from rcm.reports.looking import IndexStatus
from rcm.store.files import FileTable
from rcm.store.folder import IndexFolder
from rcm.store.lexical.reader import control


def status(
    root: Path, folder: IndexFolder, identity: Callable[[dict[str, str]], dict[str, str]]
) -> IndexStatus:
    """Compare an index with its tree.

    Args:
        root: The tree.
        folder: The index; it need not exist.
        identity: Gives the identity wanted now, from what the index says of itself.

    Raises:
        IndexDamagedError: If the index cannot be read.
    """
    if not folder.exists():
        return _absent(root, folder)
    generation = folder.current()
    table = FileTable(generation.database, write=False)
    try:
        with table.snapshot():
            epoch, _ = control(generation.lexical)
            files, meta = table.files(epoch), table.meta(epoch)
    finally:
        table.close()
    walked = walk(root, ScanOptions.from_meta(meta))
    plan = walked.plan([(row.path, *row.stat, row.digest, row.scanned_ns) for row in files])
    indexed = [(row.path, row.digest) for row in files]
    same = set(plan.unchanged)
    # Only what the stat cannot vouch for is read; the trees then tell what differs by content.
    present = [pair for pair in indexed if pair[0] in same] + _rcm.hash_files(plan)
    added, changed, removed = _rcm.Tree(indexed).diff(_rcm.Tree(present))
    wanted = identity(meta)
    return IndexStatus(
        root=str(root),
        index_dir=str(folder.path),
        exists=True,
        epoch=epoch,
        files=sum(not row.skip for row in files),
        chunks=sum(row.n_chunks for row in files),
        languages=dict(Counter(row.language for row in files if row.n_chunks).most_common()),
        embedder=meta.get("embedder", ""),
        dim=int(meta.get("dim", 0)),
        index_bytes=generation.bytes_on_disk(),
        merkle_root=meta.get("merkle_root", ""),
        added=tuple(added),
        changed=tuple(changed),
        removed=tuple(removed),
        stale_fields=tuple(name for name, value in wanted.items() if meta.get(name) != value),
        updated_at=meta.get("updated_at", ""),
        last_run=from_meta(meta),
    )


def _absent(root: Path, folder: IndexFolder) -> IndexStatus:
    return IndexStatus(
        root=str(root), index_dir=str(folder.path), exists=False, epoch=0, files=0, chunks=0,
        languages={}, embedder="", dim=0, index_bytes=0, merkle_root="", added=(), changed=(),
        removed=(), stale_fields=(), updated_at="",
    )  # fmt: skip
