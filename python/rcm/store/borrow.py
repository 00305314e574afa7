"""Borrow: a first index begins as a copy of the index of a tree that is much the same.

A second worktree, a clone or a copy of a repository has mostly the files of the first. Its index
begins as the first one's generation, and an ordinary update follows: what has the same path and the
same SHA-256 keeps its chunks and vectors, everything else is indexed or removed. So nothing
depends on how alike the trees are but the time it takes.

The other index is read as every reader does, without a lock. It is copied only while its manifest
says that no writer works, which is looked at again at the end, and every byte of the copy is held
against its checksums before it becomes a generation: damage is not inherited.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from rcm import _rcm
from rcm.errors import IndexDamagedError, IndexNotFoundError, RcmError
from rcm.store.files import FileTable
from rcm.store.folder import Generation, IndexFolder, drop, fsync_folder, write_durably
from rcm.store.known import KnownFiles
from rcm.store.manifest import MANIFEST_NAMES, altered, read_manifest
from rcm.store.reader import recorded_meta, vector_shape
from rcm.store.vectors import open_segments

#: Indexes looked at, those updated last first.
_MOST_DONORS = 64
#: Files of one that are compared with the tree, by name and size.
_SAMPLE = 64
#: A smaller index is made anew in less time than it takes to look around.
_LEAST_FILES = 100
#: Share of them that the tree must have for a copy to be less work than a new index: copying is
#: cheap, but what is left of a poor match stays in the segments until they merge.
_ALIKE, _SAME = 0.5, 0.95
#: How often a copy is begun again because a writer came in between.
_ATTEMPTS = 3


def borrow(donors: Path, generation: Generation, root: Path, identity: dict[str, str]) -> str:
    """Make a generation as a copy of another index's, if there is one that is worth it.

    Args:
        donors: Folder with the indexes of other trees.
        generation: What to make; nothing is there yet. The caller holds its index's lock.
        root: The tree that the index is to be of.
        identity: What the other index must have been made under.

    Returns:
        The root of the tree whose index was copied, or "" if none was.
    """
    folder = IndexFolder(generation.folder.parent)
    drop(folder.draft)
    alike: list[tuple[float, Generation, str]] = []
    for donor in _donors(donors, folder):
        with suppress(RcmError, OSError):
            meta = recorded_meta(donor)
            share = _likeness(donor, meta, root, identity)
            if share >= _ALIKE:
                alike.append((share, donor, meta["root"]))
            if share >= _SAME:
                break
    for _, donor, name in sorted(alike, key=lambda one: -one[0]):
        if _copied(donor, folder.draft, generation):
            return name
    return ""


def _donors(donors: Path, own: IndexFolder) -> Iterator[Generation]:
    """Yield the current generations of other indexes of this user, those updated last first."""
    found = []
    with suppress(OSError):
        for entry in os.scandir(donors):
            folder = IndexFolder(Path(entry.path))
            if entry.is_dir(follow_symlinks=False) and folder.path != own.path and folder.exists():
                with suppress(RcmError, OSError):
                    generation = folder.current()
                    about = generation.database.stat()
                    if about.st_uid == os.getuid():
                        found.append((about.st_mtime_ns, generation))
    found.sort(key=lambda one: -one[0])
    yield from (generation for _, generation in found[:_MOST_DONORS])


def _likeness(
    donor: Generation, meta: dict[str, str], root: Path, identity: dict[str, str]
) -> float:
    """Return the share of a donor's files that the tree has, too, by name and size."""
    made_alike = all(meta.get(name) == value for name, value in identity.items())
    if not made_alike or meta.get("complete") != "1" or donor.damage_mark.exists():
        return 0.0
    rows = KnownFiles(donor.database, int(meta.get("epoch", "0"))).sample(
        max(_SAMPLE, _LEAST_FILES)
    )
    if len(rows) < _LEAST_FILES:
        return 0.0
    same = sum(_size(root, path) == size for path, size, *_ in rows[:_SAMPLE])
    return same / _SAMPLE


def _size(root: Path, path: str) -> int | None:
    if path.startswith("/") or ".." in path.split("/"):
        return None
    try:
        return os.lstat(root / path).st_size
    except (OSError, ValueError):
        return None


def _copied(donor: Generation, draft: Generation, generation: Generation) -> bool:
    """Copy a generation durably; False, and nothing is left, if it changes or is not whole."""
    for _ in range(_ATTEMPTS):
        try:
            if not _copy(donor, draft):
                continue
            _check(draft)
            os.rename(draft.folder, generation.folder)
            fsync_folder(generation.folder.parent)
            return True
        except FileNotFoundError:
            continue  # a writer has moved on
        except (IndexDamagedError, IndexNotFoundError, OSError):
            # Without a copy there is the work of making an index, and nothing else is lost.
            return False
        finally:
            drop(draft)
    return False


def _copy(donor: Generation, draft: Generation) -> bool:
    """Copy the files of a generation that no writer works on; False if one does or came."""
    sealed = donor.folder / MANIFEST_NAMES[0]
    before = sealed.read_bytes()
    manifest = read_manifest(donor)
    draft.make()
    final = {entry.name for entry in manifest.final}
    for entry in manifest.entries:
        (_link if entry.name in final else _copy_file)(
            donor.folder / entry.name, draft.folder / entry.name
        )
    table = FileTable(draft.database, write=False)
    try:
        segments = table.segments(table.epoch())
    finally:
        table.close()
    for row in segments:
        if os.path.basename(row.name) != row.name:
            raise IndexDamagedError(f"{donor.database}: {row.name!r} is no name of a segment")
        _link(donor.vectors / row.name, draft.vectors / row.name)
    for folder in (draft.lexical, draft.vectors):
        fsync_folder(folder)
    write_durably(draft.folder / sealed.name, before)
    return sealed.read_bytes() == before


def _link(source: Path, target: Path) -> None:
    """Give a file that is never changed a second name, or copy it where that cannot be."""
    _regular(source)
    try:
        os.link(source, target, follow_symlinks=False)
    except FileNotFoundError:
        raise
    except OSError:
        _copy_file(source, target)


def _copy_file(source: Path, target: Path) -> None:
    import shutil

    _regular(source)
    shutil.copyfile(source, target, follow_symlinks=False)
    os.chmod(target, 0o600)
    with open(target, "rb") as file:
        os.fsync(file.fileno())


def _regular(path: Path) -> None:
    """Refuse what is no plain file of one folder: an index may come from anywhere."""
    if not stat.S_ISREG(path.lstat().st_mode) or path.parent.is_symlink():
        raise IndexDamagedError(f"{path}: no regular file")


def _check(draft: Generation) -> None:
    """Hold every byte of a copy against its checksums."""
    manifest = read_manifest(draft)
    for entry, what in altered(draft, manifest.entries):
        raise IndexDamagedError(f"{draft.folder / entry.name}: {what}")
    table = FileTable(draft.database, write=False)
    try:
        epoch = table.epoch()
        meta, rows, dead = table.meta(), table.segments(epoch), table.dead(epoch)
    finally:
        table.close()
    dim, model = vector_shape(draft, meta)
    open_segments(draft.vectors, rows, dead, dim=dim, model=model)
    for row in rows:
        _rcm.Segments.verify(draft.vectors / row.name)
