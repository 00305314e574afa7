"""The manifest: which files a generation is made of, their sizes and checksums.

It is there, as `MANIFEST`, while no writer works. Before the first change a writer renames it to
`MANIFEST.open`, and when all is done it writes a new one: so a change made by anything else, or a
file that the disk lost or altered, shows as a difference, and an interrupted writer does not.
Checksums of files that are never changed are carried over; only new files are read.

Vector segments are not listed: their sizes and checksums are in the file table, which is.
"""

from __future__ import annotations

import errno
import os
from binascii import crc32
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from rcm import _rcm
from rcm.errors import IndexDamagedError
from rcm.faults import reach
from rcm.store.folder import Generation, fsync_folder, write_durably

_SEALED, _OPEN = MANIFEST_NAMES = "MANIFEST", "MANIFEST.open"
_FIRST_LINE = "rcm manifest 1"
#: tantivy replaces these two in place of each other, the file table grows; all others are final.
_CHANGING = ("lex/meta.json", "lex/.managed.json", "rcm.sqlite")


class Entry(NamedTuple):
    """A file as it was written: size in bytes, CRC-32 of its first 16 KiB, CRC-32 of all of it."""

    name: str
    size: int
    head: int
    crc32: int


class Manifest(NamedTuple):
    """The files of a generation, relative to its folder.

    Attributes:
        entries: One per file.
        sealed: Whether it describes the generation as it is; False while a writer works, and after
            one was interrupted. Then only files that are never changed are as listed.
    """

    entries: tuple[Entry, ...]
    sealed: bool

    @property
    def final(self) -> tuple[Entry, ...]:
        """Entries of files that are written once."""
        return tuple(entry for entry in self.entries if entry.name not in _CHANGING)


def read_manifest(generation: Generation) -> Manifest:
    """Read what a generation says it is made of.

    Raises:
        IndexDamagedError: If there is no manifest, or it was altered.
    """
    for name in (_SEALED, _OPEN):
        path = generation.folder / name
        try:
            return Manifest(_parse(path, path.read_bytes()), sealed=name == _SEALED)
        except FileNotFoundError:
            continue
    raise _damaged(generation.folder / _SEALED, "missing")


def heads_differ(generation: Generation, manifest: Manifest) -> str | None:
    """Compare sizes and first 16 KiB of all files with a sealed manifest; return what differs.

    A writer may have begun meanwhile; then nothing differs.

    Raises:
        FileNotFoundError: If a file is missing, and no writer has begun.
    """
    if not manifest.sealed:
        return None
    paths = [generation.folder / entry.name for entry in manifest.entries]
    try:
        found = _rcm.heads(list(paths))
    except FileNotFoundError:
        if read_manifest(generation) != manifest:
            return None
        raise
    log = generation.database.with_name(f"{generation.database.name}-wal")
    # SQLite would take what is in the log for newer than the file; when it was closed, it was empty.
    if log.exists() and log.stat().st_size and read_manifest(generation) == manifest:
        return f"{log}: written after the index was closed"
    for path, entry, head in zip(paths, manifest.entries, found, strict=True):
        if head != (entry.size, entry.head) and read_manifest(generation) == manifest:
            said = f"{head[0]} bytes instead of {entry.size}"
            return f"{path}: {said if head[0] != entry.size else 'altered after it was written'}"
    return None


def altered(generation: Generation, entries: Iterable[Entry]) -> list[tuple[Entry, str]]:
    """Read files whole; return those that are not as they were written, and what is wrong."""
    there, wrong = [], []
    for entry in entries:
        if (generation.folder / entry.name).is_file():
            there.append(entry)
        else:
            wrong.append((entry, "missing"))
    sums = _rcm.checksums([(generation.folder / entry.name, None) for entry in there])
    for entry, (size, head, whole) in zip(there, sums, strict=True):
        if size != entry.size:
            wrong.append((entry, f"{size} bytes instead of {entry.size}"))
        elif (head, whole) != (entry.head, entry.crc32):
            wrong.append((entry, "altered after it was written"))
    return wrong


class Seal:
    """A generation's manifest in the hands of its writer.

    Args:
        generation: Its folder exists.
    """

    def __init__(self, generation: Generation) -> None:
        self._generation = generation
        self._known: dict[str, Entry] = {}
        self._unbroken = False
        folder = generation.folder
        if (folder / _SEALED).exists() or (folder / _OPEN).exists():
            manifest = read_manifest(generation)
            self._known = {entry.name: entry for entry in manifest.final}
            self._unbroken = manifest.sealed
        else:
            _write(folder / _OPEN, ())
        self._held: dict[str, int] = {}

    @property
    def unbroken(self) -> bool:
        """Whether nothing was changed since the manifest was written."""
        return self._unbroken

    def break_(self) -> None:
        """Say, durably, that changes are about to begin."""
        if not self._unbroken:
            return
        self._hold()
        folder = self._generation.folder
        reach("unseal-rename")
        os.rename(folder / _SEALED, folder / _OPEN)
        reach("unseal-sync-folder")
        fsync_folder(folder)
        self._unbroken = False

    def _hold(self) -> None:
        """Keep the known files readable: tantivy merges and deletes them, and checks nothing."""
        for name in self._known:
            path = self._generation.folder / name
            try:
                self._held[name] = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
            except FileNotFoundError as error:
                raise _damaged(path, "missing") from error
            except OSError as error:
                if error.errno not in (errno.EMFILE, errno.ENFILE):
                    raise
                # Too few descriptors to look at them later: look at all of them now.
                self.let_go()
                for entry, what in altered(self._generation, self._known.values()):
                    raise _damaged(self._generation.folder / entry.name, what) from error
                return

    def renew(self, names: Iterable[str]) -> None:
        """Write the manifest of what there is now.

        Args:
            names: Files of the generation, relative to its folder.

        Raises:
            IndexDamagedError: If a file that was merged into others was not as it was written.
        """
        wanted = sorted(names)
        self._check_merged(set(wanted))
        self.let_go()
        folder = self._generation.folder
        new = [name for name in wanted if name not in self._known]
        for name in new:
            os.chmod(folder / name, 0o600)
        sums = _rcm.checksums([(folder / name, None) for name in new])
        known = self._known | {
            name: Entry(name, *sum_) for name, sum_ in zip(new, sums, strict=True)
        }
        fsync_folder(folder / "lex")
        _write(folder / _SEALED, [known[name] for name in wanted])
        (folder / _OPEN).unlink(missing_ok=True)
        self._known = {name: known[name] for name in wanted if name not in _CHANGING}
        self._unbroken = True

    def _check_merged(self, wanted: set[str]) -> None:
        gone = [name for name in self._held if name not in wanted]
        sums = _rcm.checksums([(Path(f"/dev/fd/{self._held[name]}"), None) for name in gone])
        for name, (size, _, whole) in zip(gone, sums, strict=True):
            if (size, whole) != (self._known[name].size, self._known[name].crc32):
                raise _damaged(self._generation.folder / name, "altered before it was merged")

    def let_go(self) -> None:
        """Close what is held open."""
        for descriptor in self._held.values():
            os.close(descriptor)
        self._held = {}


def _write(path: Path, entries: Iterable[Entry]) -> None:
    lines = [_FIRST_LINE]
    lines += [f"{e.crc32:08x} {e.head:08x} {e.size} {e.name}" for e in entries]
    text = "".join(f"{line}\n" for line in lines).encode()
    write_durably(path, text + _last_line(text))


def _last_line(text: bytes) -> bytes:
    return b"%08x end\n" % crc32(text)


def _parse(path: Path, data: bytes) -> tuple[Entry, ...]:
    text, last = data[: data.rfind(b"\n", 0, -1) + 1], data[data.rfind(b"\n", 0, -1) + 1 :]
    if not text or last != _last_line(text):
        raise _damaged(path, "altered after it was written")
    lines = text.decode().splitlines()
    if lines[0] != _FIRST_LINE:
        raise _damaged(path, f"begins with {lines[0]!r}, not {_FIRST_LINE!r}")
    return tuple(_entry(path, line) for line in lines[1:])


def _entry(path: Path, line: str) -> Entry:
    try:
        whole, head, size, name = line.split(" ", 3)
        entry = Entry(name, int(size), int(head, 16), int(whole, 16))
    except ValueError:
        raise _damaged(path, f"the line {line!r} is no entry") from None
    if name.startswith("/") or ".." in name.split("/"):
        raise _damaged(path, f"{name!r} leads out of the index")
    return entry


def _damaged(path: Path, what: str) -> IndexDamagedError:
    return IndexDamagedError(f"{path}: {what}", hint="rcm index builds it anew")
