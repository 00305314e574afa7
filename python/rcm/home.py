"""Home: everything rcm keeps for a user, index by index, and how what nobody needs is removed."""

from __future__ import annotations

import fcntl
import os
import re
import stat
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from rcm.access import FORMAT_VERSION
from rcm.errors import IndexDamagedError, RcmError
from rcm.reports.looking import KeptIndex
from rcm.settings import Settings
from rcm.store.files import FileTable
from rcm.store.folder import CRASH_RECORDS, Generation, IndexFolder
from rcm.store.reader import recorded_meta
from rcm.types import IndexState

#: What an index folder is called, and what one of the names in it looks like.
_KEY = re.compile(r"[0-9a-f]{24}")
_PARTS = re.compile(r"g-[0-9]{6,}|CURRENT")


def list_indexes() -> list[KeptIndex]:
    """Return the indexes in the user's cache folder (`RCM_HOME`), the one updated last first.

    Indexes that `--index-dir` put elsewhere are not known of. Nothing is written.
    """
    folder = Settings.from_environment().home / "indexes"
    try:
        paths = sorted(folder.iterdir())
    except FileNotFoundError:
        return []
    found = [_look(path) for path in paths if _is_ours(path)]
    return sorted(found, key=lambda kept: (kept.updated_at, kept.index_dir), reverse=True)


def embedding_cache_bytes() -> int:
    """Return the size of the cache of vectors that embedders other than `static` made."""
    cache = Settings.from_environment().embedding_cache
    beside = (cache, *(cache.with_name(cache.name + end) for end in ("-wal", "-shm")))
    return sum(path.stat().st_size for path in beside if path.is_file())


def superfluous(
    kept: Sequence[KeptIndex], *, older_than: timedelta | None = None, all_missing: bool = False
) -> list[KeptIndex]:
    """Return the indexes that nobody needs: of trees that are gone, of other formats, old ones.

    Args:
        kept: What `list_indexes` gave.
        older_than: Also those that were not updated for so long.
        all_missing: Also those of trees whose whole parent folder is gone, which may be a drive that
            is not mounted now.
    """
    chosen = []
    for index in kept:
        gone = index.state == "missing" and (all_missing or _parent_is_there(index.root))
        old = older_than is not None and _is_older(index, older_than)
        if not index.locked and (gone or old or index.state == "other-format"):
            chosen.append(index)
    return chosen


def remove(index: KeptIndex) -> None:
    """Delete an index that `list_indexes` gave, vectors on a server included.

    What else stands in its folder stays, and then the folder, too.

    Raises:
        IndexLockedError: If a process is writing it.
        IndexDamagedError: If there is no index by now; nothing is deleted.
        VectorStoreError: If its vectors are on a server that does not answer.
        OSError: If it may not be deleted.
    """
    path = Path(index.index_dir)
    if not _is_ours(path):
        raise IndexDamagedError(f"{path}: no index there")
    folder = IndexFolder(path)
    lock = folder.lock()
    try:
        meta = _meta(folder)
        if meta.get("qdrant_url") and meta.get("collection"):
            from rcm.store.qdrant import QdrantVectors

            QdrantVectors(meta["qdrant_url"], meta["collection"], int(meta["dim"])).clear()
        folder.clear()
    finally:
        lock.release()


def _is_ours(path: Path) -> bool:
    """Tell whether a path is a folder, no link to one, that is called and looks like an index."""
    try:
        if _KEY.fullmatch(path.name) is None or not stat.S_ISDIR(path.lstat().st_mode):
            return False
        names = os.listdir(path)
    except OSError:
        return False
    return any(_PARTS.fullmatch(name) for name in names)


def _look(path: Path) -> KeptIndex:
    folder = IndexFolder(path)
    meta = _meta(folder)
    files, chunks = _counts(folder, meta)
    root = meta.get("root", "")
    return KeptIndex(
        root=root,
        index_dir=str(path),
        state=_state(folder, meta),
        locked=_is_locked(path / "LOCK"),
        files=files,
        chunks=chunks,
        index_bytes=sum(one.bytes_on_disk() for one in folder.generations()),
        crash_bytes=sum(_size(path / name) for name in CRASH_RECORDS),
        updated_at=meta.get("updated_at", ""),
    )


def _meta(folder: IndexFolder) -> dict[str, str]:
    try:
        return recorded_meta(folder.current())
    except RcmError:
        return {}


def _state(folder: IndexFolder, meta: dict[str, str]) -> IndexState:
    if not meta:
        return "damaged" if folder.exists() or not folder.generations() else "unfinished"
    if meta.get("format") != str(FORMAT_VERSION):
        return "other-format"
    if _is_gone(folder, meta.get("root", "")):
        return "missing"
    try:
        folder.current().check_mark()
    except RcmError:
        return "damaged"
    return "ok" if meta.get("complete") == "1" else "unfinished"


def _is_gone(folder: IndexFolder, root: str) -> bool:
    """Tell whether a tree is gone, if its name can be trusted: the folder's name is made of it."""
    trusted = Settings.from_environment().index_dir(Path(root)).name == folder.path.name
    return bool(root) and trusted and not os.path.lexists(root)


def _parent_is_there(root: str) -> bool:
    return os.path.isdir(os.path.dirname(root))


def _is_older(index: KeptIndex, age: timedelta) -> bool:
    try:
        updated = datetime.fromisoformat(index.updated_at)
    except ValueError:
        return False
    updated = updated if updated.tzinfo else updated.replace(tzinfo=UTC)
    return datetime.now(UTC) - updated > age


def _counts(folder: IndexFolder, meta: dict[str, str]) -> tuple[int, int]:
    if meta.get("format") != str(FORMAT_VERSION):
        return 0, 0
    try:
        generation: Generation = folder.current()
        table = FileTable(generation.database, write=False)
    except (RcmError, FileNotFoundError):
        return 0, 0
    try:
        rows = table.chunked(table.epoch())
        return len(rows), sum(n_chunks for _, n_chunks, *_ in rows)
    except RcmError:
        return 0, 0
    finally:
        table.close()


def _is_locked(path: Path) -> bool:
    """Tell whether a writer holds the lock; the file is not made, and its text stays."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False


def _size(path: Path) -> int:
    try:
        return path.lstat().st_size
    except FileNotFoundError:
        return 0
