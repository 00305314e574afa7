"""A pager for what is longer than the terminal, as git has it."""

from __future__ import annotations

import contextlib
import os
import shlex
import signal
import subprocess
import sys

#: What less is told unless `LESS` says otherwise, as git tells it: end where one screen is enough, keep
#: colours, leave the text on the screen.
_LESS = "FRX"


def page(text: str) -> bool:
    """Show a text by `RCM_PAGER`, `PAGER` or `less`; return whether that was done.

    Not if it fits on the terminal, if the pager is empty or `cat`, or cannot be started.
    """
    command = os.environ.get("RCM_PAGER", os.environ.get("PAGER", "less"))
    if text.count("\n") < _rows() or command.strip() in ("", "cat"):
        return False
    environ = {"LESS": _LESS, "LV": "-c", **os.environ}
    # Ctrl-C is for the pager: it ends a search in it, not us.
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        pager = subprocess.Popen(shlex.split(command), stdin=subprocess.PIPE, env=environ)
        with contextlib.suppress(BrokenPipeError):  # the reader has seen enough
            pager.communicate(text.encode(sys.stdout.encoding or "utf-8", "backslashreplace"))
        pager.wait()
    except (OSError, ValueError):
        return False
    finally:
        signal.signal(signal.SIGINT, before)
    return True


def _rows() -> int:
    try:
        return os.get_terminal_size(sys.stdout.fileno()).lines or 24
    except (OSError, ValueError):
        return 24
