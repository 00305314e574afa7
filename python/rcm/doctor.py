"""Doctor: is the index whole, and is it the index of this tree? What is wrong is named and marked.

A generation that is found damaged gets a mark, with which nothing is served from it any more, and
which the next update answers by building a new one.
"""

from __future__ import annotations

import hashlib
import os
import random
import shutil
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from rcm.errors import IndexDamagedError, IndexLockedError, IndexNotFoundError
from rcm.reports.doctor import DoctorReport, Finding
from rcm.store.checks import Examination
from rcm.store.file_rows import FileRow
from rcm.store.folder import Generation, IndexFolder
from rcm.store.lock import WriterLock
from rcm.types import FindingLevel

if TYPE_CHECKING:
    from rcm.reports.update import IndexReport

#: Files compared with the tree: enough to see that an index is of another state, and quick.
SAMPLE_QUICK, SAMPLE_FULL = 50, 500
#: Looks at an index that another process is writing.
_ATTEMPTS = 5
#: An update needs room for a second copy of what it merges; below this it may not find it.
_LOW_DISK_BYTES = 256 << 20


def examine(
    root: Path,
    folder: IndexFolder,
    identity: Callable[[dict[str, str]], dict[str, str]],
    *,
    full: bool,
    repair: bool = False,
) -> DoctorReport:
    """Look at an index; mark it if it is damaged.

    Args:
        root: The tree.
        folder: The index.
        identity: Gives the identity wanted now, from what the index says of itself.
        full: Read every byte instead of sizes and beginnings.
        repair: Remove what belongs to nothing, and make private what is not. Damage stays.

    Raises:
        IndexNotFoundError: If there is no index.
    """
    started, started_cpu = time.perf_counter(), time.process_time()
    if not folder.exists() and not folder.generations():
        raise IndexNotFoundError(f"{folder.path}: no index here", hint="rcm index builds one")
    lock, findings = _lock(folder)
    findings += _disk(folder.path)
    looked = None
    try:
        generation = _current(folder)
        looked, found = _look(generation, full, attempts=_ATTEMPTS if lock is None else 1)
        findings += found
        if repair and lock is not None:
            findings = [_repaired(finding, looked) for finding in findings]
        damage = [finding.message for finding in findings if finding.level == "damage"]
        if damage and lock is not None:
            # Without the right to write, the finding is all there is.
            with suppress(OSError):
                generation.mark_damaged(damage[0])
        elif not damage:
            findings += _identity(identity(looked.meta), looked.meta)
            findings += _sample(root, looked.files, full=full)
    except IndexDamagedError as error:
        findings.append(Finding("damage", "pointer", str(error)))
    finally:
        if lock is not None:
            lock.release()
    return DoctorReport(
        root=str(root),
        index_dir=str(folder.path),
        full=full,
        sealed=looked is not None and looked.manifest is not None and looked.manifest.sealed,
        findings=tuple(findings),
        bytes_read=looked.bytes_read if looked is not None else 0,
        seconds=time.perf_counter() - started,
        cpu_seconds=time.process_time() - started_cpu,
    )


def examine_and_repair(
    look: Callable[..., DoctorReport], update: Callable[[], IndexReport]
) -> DoctorReport:
    """Look at an index and repair what can be repaired; what was damaged, an update rebuilds.

    Args:
        look: `examine` of the index.
        update: Brings the index up to date.
    """
    report = look(repair=True)
    if report.verdict != "damaged" and report.sealed:
        return report
    made = update()
    was = [
        Finding("repaired", found.check, f"{found.message}: the index was rebuilt")
        for found in report.findings
        if found.level == "damage"
    ]
    if not was:
        text = f"what an interrupted update left is finished, epoch {made.epoch}"
        was = [Finding("repaired", "manifest", text)]
    again = look()
    return replace(again, findings=(*was, *again.findings))


def _look(
    generation: Generation, full: bool, *, attempts: int
) -> tuple[Examination, list[Finding]]:
    """Examine; beside a writer what looks like damage may be a change: look again then."""
    while True:
        looked = Examination(generation, full)
        found = list(looked.run())
        attempts -= 1
        if attempts < 1 or not any(finding.level == "damage" for finding in found):
            return looked, found


def _current(folder: IndexFolder) -> Generation:
    try:
        return folder.current()
    except IndexNotFoundError:
        # Before its first commit an index has no pointer, and no manifest that is closed.
        closed = [made for made in folder.generations() if (made.folder / "MANIFEST").exists()]
        if closed:
            raise IndexDamagedError(f"{folder.pointer}: missing") from None
        raise


def _lock(folder: IndexFolder) -> tuple[WriterLock | None, list[Finding]]:
    """Keep writers away meanwhile, if that is possible."""
    try:
        return folder.lock(), [Finding("ok", "lock", "free")]
    except IndexLockedError as error:
        return None, [Finding("note", "lock", str(error))]
    except OSError as error:
        return None, [Finding("note", "lock", f"{folder.path}: {error.strerror}")]


def _disk(path: Path) -> list[Finding]:
    free = shutil.disk_usage(path).free
    level: FindingLevel = "warning" if free < _LOW_DISK_BYTES else "ok"
    return [Finding(level, "disk", f"{free >> 20:,} MiB free")]


def _repaired(finding: Finding, looked: Examination) -> Finding:
    if finding.check == "orphans":
        for path in looked.sweepable:
            if finding.message.startswith(f"{path}:"):
                path.unlink(missing_ok=True)
                return Finding("repaired", "orphans", f"{path}: removed")
    if finding.check == "permissions":
        for path in looked.exposed:
            path.chmod(0o700 if path.is_dir() else 0o600)
        return Finding("repaired", "permissions", f"{finding.message}: made private")
    return finding


def _identity(wanted: dict[str, str], meta: dict[str, str]) -> list[Finding]:
    different = [name for name, value in wanted.items() if meta.get(name) != value]
    if different:
        text = f"made with other {', '.join(different)}: rcm index rebuilds it"
        return [Finding("warning", "identity", text)]
    return [Finding("ok", "identity", "made as this rcm would make it")]


def _sample(root: Path, rows: list[FileRow], *, full: bool) -> list[Finding]:
    """Compare some files with their rows: by stat, and when `full` by content."""
    wanted = SAMPLE_FULL if full else SAMPLE_QUICK
    # Any sample will do; another one each time finds more in the long run.
    some = rows if len(rows) <= wanted else random.sample(rows, wanted)
    real_root = os.path.realpath(root)
    differing = [row.path for row in some if not _agrees(real_root, row, read=full)]
    if not differing:
        return [Finding("ok", "tree", f"{len(some)} files looked at, all as indexed")]
    text = f"{len(differing)} of {len(some)} files looked at differ, {differing[0]!r} for one"
    return [Finding("note", "tree", f"{text}: rcm index brings the index up to date")]


def _agrees(real_root: str, row: FileRow, *, read: bool) -> bool:
    path = os.path.join(real_root, row.path)
    if os.path.realpath(path) != path:
        return False
    try:
        stat = os.stat(path, follow_symlinks=False)
        if (stat.st_size, stat.st_mtime_ns) != row.stat[:2]:
            return False
        return not read or _digest(path, row.stat[0]) == row.digest
    except OSError:
        return False


def _digest(path: str, size: int) -> bytes:
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    with open(descriptor, "rb") as file:
        return hashlib.sha256(file.read(size + 1)).digest()
