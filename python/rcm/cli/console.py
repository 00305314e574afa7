"""Standard output for results, standard error for everything else."""

from __future__ import annotations

import contextlib
import io
import os
import sys
from typing import TextIO

from rcm.cli.exits import OutputClosed, UsageError


def prepare_streams() -> None:
    """Makes printing unable to fail over a character that the stream's encoding lacks."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def write_result(text: str) -> None:
    """Writes to standard output, at once.

    Raises:
        OutputClosed: If the reader has gone.
        UsageError: If it cannot be written for another reason, such as a full disk.
    """
    if sys.stdout is None:
        return
    try:
        sys.stdout.write(text)
        sys.stdout.flush()
    except BrokenPipeError:
        _silence(sys.stdout)
        raise OutputClosed from None
    except OSError as error:
        _silence(sys.stdout)
        raise UsageError(f"cannot write to standard output: {error.strerror}") from None


def write_notice(text: str) -> None:
    """Writes to standard error; a message that cannot be written is dropped."""
    if sys.stderr is None:
        return
    with contextlib.suppress(OSError, ValueError):
        sys.stderr.write(text)
        sys.stderr.flush()


def _silence(stream: TextIO) -> None:
    """Lets what is still buffered end nowhere: the interpreter's own flush at exit stays quiet."""
    with contextlib.suppress(OSError, ValueError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())
        os.close(nowhere)
