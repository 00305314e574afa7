"""The list of secrets that a repository says may stay: fingerprints only, read from its root.

It is honoured although it comes with the tree, since it can only name values that stand in that
very tree, each at its rule and path: it cannot allow a rule, a pattern, or a value that someone
adds later. What it allows is counted in every report.
"""

from __future__ import annotations

import contextlib
import os
import re
import stat
from pathlib import Path
from typing import NamedTuple

from rcm import _rcm

#: Name of the list, in the root of the tree.
ALLOW_LIST = ".rcm-secrets-allow"
#: Bytes that are read of it: some ten thousand fingerprints with notes.
_MAX_BYTES = 1 << 20
_FINGERPRINT = re.compile(r"[0-9a-f]{8}", re.IGNORECASE)


class AllowList(NamedTuple):
    """Which secrets may stay.

    Attributes:
        fingerprints: Sorted, lower case.
        wrong_lines: 1-based lines of the file that begin with no fingerprint.
    """

    fingerprints: tuple[str, ...] = ()
    wrong_lines: tuple[int, ...] = ()

    @property
    def digest(self) -> str:
        """Identifies the list, whatever its order and notes; an empty string if it is empty."""
        if not self.fingerprints:
            return ""
        return _rcm.sha256("\n".join(self.fingerprints).encode()).hex()[:16]

    @property
    def warning(self) -> str | None:
        """What is wrong with the file, or None."""
        if not self.wrong_lines:
            return None
        shown = ", ".join(map(str, self.wrong_lines[:5]))
        return (
            f"{ALLOW_LIST}: no fingerprint at the start of line {shown}; "
            "`rcm secrets` prints them, eight hexadecimal digits each"
        )


NOTHING_ALLOWED = AllowList()


def read_allow_list(root: Path) -> AllowList:
    """Read the list of a tree; empty if there is none, or if it is no regular file.

    A line is a fingerprint and anything behind it, or a comment that begins with `#`.

    Args:
        root: The tree.
    """
    fingerprints: set[str] = set()
    wrong = []
    for number, line in enumerate(_content(root / ALLOW_LIST).splitlines(), start=1):
        word = line.split(maxsplit=1)[:1]
        if not word or word[0].startswith("#"):
            continue
        if _FINGERPRINT.fullmatch(word[0]):
            fingerprints.add(word[0].lower())
        else:
            wrong.append(number)
    return AllowList(tuple(sorted(fingerprints)), tuple(wrong))


def _content(path: Path) -> str:
    # Never through a link, and never waiting for a FIFO's writer: the tree may be anyone's.
    flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
    with contextlib.suppress(OSError):
        descriptor = os.open(path, flags)
        with open(descriptor, "rb") as file:
            if stat.S_ISREG(os.fstat(descriptor).st_mode):
                return file.read(_MAX_BYTES).decode("utf-8", errors="replace")
    return ""
