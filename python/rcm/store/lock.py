"""One writer at a time: an advisory lock that the kernel frees when its holder dies."""

from __future__ import annotations

import fcntl
import os
import time
from pathlib import Path

from rcm.errors import IndexLockedError

_POLL_SECONDS = 0.05


class WriterLock:
    """An exclusive `flock` on a file; what is written in it is for messages only.

    Args:
        path: The lock file; made if missing.
        timeout: Seconds to wait for another writer.

    Raises:
        IndexLockedError: If another process still holds it then.
    """

    def __init__(self, path: Path, *, timeout: float = 0.0) -> None:
        self._descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        deadline = time.monotonic() + timeout
        while not self._try():
            if time.monotonic() >= deadline:
                holder = os.read(self._descriptor, 200).decode("utf-8", "replace").strip()
                os.close(self._descriptor)
                raise IndexLockedError(
                    f"{path}: another process is writing this index ({holder or 'unknown'})",
                    hint="wait for it to finish, then run the command again",
                )
            time.sleep(_POLL_SECONDS)
        os.ftruncate(self._descriptor, 0)
        started = time.strftime("%Y-%m-%d %H:%M:%S")
        holder = f"process {os.getpid()} on {os.uname().nodename} since {started}\n"
        os.pwrite(self._descriptor, holder.encode(), 0)

    def _try(self) -> bool:
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def release(self) -> None:
        """Let the next writer in."""
        os.close(self._descriptor)
