"""Crashes: a file that ended a run while it was parsed is found, and left out from then on.

Grammars are compiled C. One that aborts ends the process, and with it the run; without a record
the next run would meet the same file and end the same way, for ever. So the workers note the file
they have in hand (`IN-FLIGHT`, one slot per thread), and Python's own fault handler writes to
`CRASH` if a signal such as SIGABRT or SIGSEGV ends the process. A run that finds something there
tries each noted file in a process of its own. What ends that process, too, is the culprit: its
digest goes to `CRASHED`, and files with that content are skipped. A run that was merely killed,
or lost its power, leaves `CRASH` empty, and nothing is skipped.

`rcm index --force` forgets nothing of a crash that no run has outlived yet; an edited file has
another digest and is tried again, and so is every file once an index is rebuilt.
"""

from __future__ import annotations

import faulthandler
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from rcm import _rcm
from rcm.store.folder import CRASH_RECORDS

_TRIAL_SECONDS = 60
_TRIAL = """\
import sys
from rcm import _rcm
_rcm.inspect(sys.argv[1], sys.argv[2], max_file_bytes=int(sys.argv[3]))
"""


@dataclass(frozen=True, slots=True)
class Watch:
    """What a run has to know of crashes.

    Attributes:
        notes: Where workers note the files they have in hand.
        crashed: SHA-256 of contents that are not parsed.
        warning: What the last run ended of, or None.
    """

    notes: Path
    crashed: frozenset[bytes] = frozenset()
    warning: str | None = None


@contextmanager
def watched(folder: Path, root: Path, max_file_bytes: int) -> Iterator[Watch]:
    """Watch over one run; what it learns is forgotten only when a run comes to its end.

    Args:
        folder: The index folder.
        root: The tree.
        max_file_bytes: The run's size cap.
    """
    notes, evidence, found = (folder / name for name in CRASH_RECORDS)
    crashed = _digests(found)
    guilty: list[str] = []
    if evidence.is_file() and evidence.stat().st_size:
        for path, digest in _rcm.last_noted(notes):
            if _ends_a_process(root, path, max_file_bytes):
                guilty.append(path)
                crashed.add(digest)
        _write(found, "".join(f"{digest.hex()}\n" for digest in sorted(crashed)))
    with _evidence(evidence):
        yield Watch(notes, frozenset(crashed), _warning(guilty))
    for record in (notes, found):
        record.unlink(missing_ok=True)


def _warning(guilty: list[str]) -> str | None:
    if not guilty:
        return None
    return f"the last run ended while it parsed {', '.join(guilty)}: left out until it changes"


def _ends_a_process(root: Path, path: str, max_file_bytes: int) -> bool:
    """Tell whether parsing a file ends the process that does it."""
    import subprocess

    if not sys.executable:
        return True  # no interpreter to try it with: better without the file than without an index
    # -P and another working directory: nothing is imported from the tree.
    command = [sys.executable, "-P", "-c", _TRIAL, str(root), path, str(max_file_bytes)]
    try:
        ended = subprocess.run(
            command,
            cwd=Path(sys.executable).parent,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            timeout=_TRIAL_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return True
    return ended.returncode < 0


@contextmanager
def _evidence(path: Path) -> Iterator[None]:
    """Have the fault handler write to a file, unless the program uses it for its own purposes."""
    if faulthandler.is_enabled():
        path.unlink(missing_ok=True)
        yield
        return
    with open(_new_file(path), "w", encoding="utf-8") as file:
        faulthandler.enable(file)
        try:
            yield
        finally:
            faulthandler.disable()
            path.unlink(missing_ok=True)


def _digests(path: Path) -> set[bytes]:
    try:
        lines = path.read_text(encoding="ascii", errors="replace").split()
    except FileNotFoundError:
        return set()
    return {bytes.fromhex(line) for line in lines if len(line) == 64 and _is_hex(line)}


def _is_hex(text: str) -> bool:
    return all(digit in "0123456789abcdef" for digit in text)


def _write(path: Path, text: str) -> None:
    with open(_new_file(path), "w", encoding="ascii") as file:
        file.write(text)


def _new_file(path: Path) -> int:
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC
    return os.open(path, flags, 0o600)
