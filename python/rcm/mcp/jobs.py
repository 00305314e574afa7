"""Jobs: indexing runs, one per tree at a time, that go on when nobody waits for them any more.

Clients give up on a call after a minute or so, and a first run over a large tree takes longer. So a run
has a thread of its own; a call waits for it for a while, reports how far it has come, and leaves. The next
call finds the run, or what it has committed.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from rcm.index import Index
from rcm.reports.update import Progress

if TYPE_CHECKING:
    from rcm.reports.update import IndexReport

#: Seconds between two looks at a run.
_LOOK_S = 0.25

Reporter = Callable[[Progress], None]


@dataclass(slots=True)
class Job:
    """A run over one tree."""

    started: float = field(default_factory=time.monotonic)
    done: threading.Event = field(default_factory=threading.Event)
    progress: Progress | None = None
    report: IndexReport | None = None
    error: Exception | None = None

    @property
    def seconds(self) -> float:
        """Seconds since it began."""
        return time.monotonic() - self.started

    def wait(self, seconds: float, reporter: Reporter) -> bool:
        """Wait for the end, telling now and then how far it is; whether it has ended.

        Raises:
            Exception: What ended the run, if anything did.
        """
        until = time.monotonic() + seconds
        while not self.done.wait(min(_LOOK_S, max(until - time.monotonic(), 0.0))):
            if self.progress is not None:
                reporter(self.progress)
            if time.monotonic() >= until:
                return False
        if self.error is not None:
            raise self.error
        return True


class Jobs:
    """The runs of one server."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._running: dict[str, Job] = {}

    def running(self, index: Index) -> Job | None:
        """Return the run under way over a tree, if there is one."""
        with self._lock:
            return self._running.get(str(index.root))

    def start(self, index: Index) -> Job:
        """Start a run over a tree, or return the one that is under way."""
        root = str(index.root)
        with self._lock:
            if root in self._running:
                return self._running[root]
            job = self._running[root] = Job()
        threading.Thread(target=self._run, args=(index, job), name="rcm-index", daemon=True).start()
        return job

    def _run(self, index: Index, job: Job) -> None:
        def note(progress: Progress) -> None:
            job.progress = progress

        try:
            job.report = index.update(progress=note)
        except Exception as error:  # noqa: BLE001 (raised again by those who wait)
            job.error = error
        finally:
            with self._lock:
                self._running.pop(str(index.root), None)
            job.done.set()
