"""How the command ends: exit codes, and errors as one or two lines for people."""

from __future__ import annotations

import errno
import sys

from rcm.errors import (
    EmbeddingServiceError,
    IndexDamagedError,
    IndexLockedError,
    IndexNotFoundError,
    IndexNotWritableError,
    IndexStaleError,
    RcmError,
    VectorStoreError,
)
from rcm.present.escape import escape_code, escape_path
from rcm.present.style import Style

FOUND = 0
NOTHING = 1
ERROR = 2
STALE = 3
NOT_INDEXED = 4
NOT_WRITABLE = 13
"""`EACCES`: the folder of the index may not be written."""
DISK_FULL = 28
"""`ENOSPC`: no space, quota or allowed file size left for the index; it is as it was."""
UNAVAILABLE = 69
"""`EX_UNAVAILABLE` of sysexits.h: a remote vector store or embedder does not answer."""
LOCKED = 75
"""`EX_TEMPFAIL` of sysexits.h: try again later."""
PIPE_CLOSED = 141
"""128 + SIGPIPE, as a shell reports a program that the signal ended."""

_CODES: tuple[tuple[type[BaseException], int], ...] = (
    (IndexLockedError, LOCKED),
    (IndexNotFoundError, NOT_INDEXED),
    (IndexNotWritableError, NOT_WRITABLE),
    (IndexStaleError, STALE),
    (VectorStoreError, UNAVAILABLE),
    (EmbeddingServiceError, UNAVAILABLE),
)
_HINTS: tuple[tuple[type[BaseException], str], ...] = (
    (IndexLockedError, "run the same command again when the other one has ended"),
    (IndexStaleError, "`rcm index` rebuilds the index"),
    (IndexDamagedError, "`rcm index` builds it anew"),
)
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


class UsageError(Exception):
    """What the user typed cannot be done."""

    def __init__(self, message: str, *, hint: str = "") -> None:
        """Says what, lower case, no full stop, and in `hint` what to do instead."""
        super().__init__(message)
        self.hint = hint


class OutputClosed(Exception):  # noqa: N818 (not an error: the reader has seen enough)
    """Nobody reads standard output any more."""


class Stopped(BaseException):
    """SIGINT or SIGTERM came.

    Attributes:
        signal_number: Which.
        began_writing: Whether an index update was under way.
    """

    def __init__(self, signal_number: int) -> None:
        """Takes the number of the signal that came."""
        super().__init__(signal_number)
        self.signal_number = signal_number
        self.began_writing = False

    @property
    def exit_code(self) -> int:
        """128 + the signal's number."""
        return 128 + self.signal_number

    @property
    def message(self) -> str:
        """What it means for the user's index."""
        if self.began_writing:
            return "stopped; everything committed so far is kept, run the same command to go on"
        return "stopped"


def exit_code(error: BaseException) -> int:
    """The exit code for an error."""
    if _is_full(error):
        return DISK_FULL
    return next((code for kind, code in _CODES if isinstance(error, kind)), ERROR)


def _is_full(error: BaseException) -> bool:
    return isinstance(error, OSError) and error.errno in _FULL


def describe(error: BaseException, style: Style) -> str:
    """The `error:` line and, if there is something to do next, the `hint:` line."""
    message, hint = _message(error), getattr(error, "hint", "")
    if not hint:
        hint = next((text for kind, text in _HINTS if isinstance(error, kind)), "")
    if isinstance(error, UnicodeEncodeError) and sys.getfilesystemencoding() != "utf-8":
        message = f"names of files cannot be told in the encoding {sys.getfilesystemencoding()}"
        hint = "PYTHONUTF8=1 in the environment makes Python take them as UTF-8"
    if not hint and _is_full(error):
        hint = "free some space and run the same command again; what was committed is kept"
    if not _expected(error):
        message = f"internal error: {type(error).__name__}: {message}"
        hint = "this is a bug in rcm; RCM_DEBUG=1 shows where"
    lines = [f"{style.paint('error:', '1;31')} {escape_code(message)}\n"]
    if hint:
        lines.append(f"{style.paint('hint:', '1;36')} {escape_code(str(hint))}\n")
    return "".join(lines)


def _expected(error: BaseException) -> bool:
    return isinstance(error, RcmError | UsageError | OSError | ValueError | MemoryError)


def _message(error: BaseException) -> str:
    if isinstance(error, OSError) and error.strerror:
        reason = error.strerror[0].lower() + error.strerror[1:]
        if error.filename is not None:
            return f"{escape_path(str(error.filename))}: {reason}"
        return reason
    if isinstance(error, MemoryError):
        return "out of memory"
    return str(error) or type(error).__name__
