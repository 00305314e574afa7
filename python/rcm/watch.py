"""Watch: an index that follows its tree. What the system says of changes is a hint, a scan the truth.

Only folders that hold something to index are watched, one by one and not those below them: what a
build writes into ignored folders wakes nobody, and no link is followed. Hints may get lost, so the
tree is scanned now and then anyway, and again a little after a flood of them.
"""

from __future__ import annotations

import math
import os
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path, PurePosixPath
from threading import Event
from typing import TYPE_CHECKING

from rcm.chunks import walk
from rcm.errors import IndexLockedError, RcmError
from rcm.index import Index
from rcm.refresh import LOCKED, REBUILD
from rcm.reports.looking import WatchEvent
from rcm.types import WatchEventKind

if TYPE_CHECKING:
    from rcm.reports.update import IndexReport, Progress

#: Hints are gathered until there is none for so long, but no longer than the second figure.
_QUIET_MS, _GATHER_MS = 100, 1_000
#: How often the loop looks whether it is time for something.
_TICK_MS = 500
#: So many hints at once may be fewer than there were, and a new folder may get its first files before
#: it is watched: scan again a little later.
_FLOOD, _AGAIN_SECONDS = 1_000, 2.0
#: After a scan of so many seconds nothing is scanned for so many times as long: at most a quarter of one
#: core goes into following a tree that never rests.
_REST = 3.0
#: Between two scans where the system gives no hints.
_POLL_SECONDS = 5.0
#: Before something that failed is tried again: doubled each time, up to the second figure.
_RETRY_SECONDS, _MAX_RETRY_SECONDS = 1.0, 30.0


def follow(
    index: Index,
    stop: Event,
    *,
    rescan_seconds: float = 60.0,
    progress: Callable[[Progress], None] | None = None,
) -> Iterator[WatchEvent]:
    """Bring an index up to date and keep it so, until `stop` is set.

    Args:
        index: The index; made if it is missing.
        stop: Ends it, within half a second.
        rescan_seconds: Longest time between two scans of the tree, hints or not.
        progress: Called now and then with how far an update has come.

    Yields:
        What happened, as it happens.

    Raises:
        FileNotFoundError: If the tree is gone.
    """
    follower = _Follower(index, stop, rescan_seconds, progress)
    yield from follower.catch_up()
    yield _event("watching")
    while not stop.is_set():
        yield from follower.watch()


class _Follower:
    """When the tree is scanned next, and what came of the last time."""

    def __init__(
        self,
        index: Index,
        stop: Event,
        rescan_seconds: float,
        progress: Callable[[Progress], None] | None,
    ) -> None:
        self._index, self._stop, self._progress = index, stop, progress
        self._rescan_seconds = rescan_seconds
        #: When to scan at the latest, when once more, and when not yet; by the monotonic clock.
        self._due, self._again, self._rest_until = 0.0, math.inf, 0.0
        self._failures = 0
        self._made: dict[str, float] = {}

    # --- when ----------------------------------------------------------------------------------

    def watch(self) -> Iterator[WatchEvent]:
        """Watch the folders that there are now, until there are others."""
        try:
            yield from self._watch_folders(self._folders())
        except FileNotFoundError:
            # One of them went while the system was told of it: look which there are now.
            _there(self._index.root)
            self._stop.wait(_TICK_MS / 1000)
        except (OSError, RuntimeError) as error:
            _there(self._index.root)
            yield _event("polling", reason=f"the system gives no hints of changes: {error}")
            while not self._stop.wait(min(_POLL_SECONDS, self._rescan_seconds)):
                yield from self._scan()

    def _watch_folders(self, folders: set[str]) -> Iterator[WatchEvent]:
        from watchfiles import watch

        now = time.monotonic()
        self._made = {
            path: at for path, at in self._made.items() if now - at < self._rescan_seconds
        }
        made = {path for path in self._made if _is_folder(path)}
        # What happened before the system began to watch gave no hint.
        self._due = 0.0
        hints = watch(
            *sorted(folders | made),
            watch_filter=None,
            debounce=_GATHER_MS,
            step=_QUIET_MS,
            rust_timeout=_TICK_MS,
            yield_on_timeout=True,
            stop_event=self._stop,
            raise_interrupt=False,
            recursive=False,
            ignore_permission_denied=True,
        )
        with closing(hints):
            for changes in hints:
                new = self._hinted({path for _, path in changes}, folders)
                if time.monotonic() >= max(min(self._due, self._again), self._rest_until):
                    events = list(self._scan())
                    yield from events
                    new = new or bool(events and self._folders() - folders - made)
                if new:
                    return

    def _hinted(self, paths: set[str], folders: set[str]) -> bool:
        """Take note of hints; True if a folder was made that is to be watched, too."""
        if not paths:
            return False
        now = time.monotonic()
        self._due = min(self._due, now)
        # Below a folder without anything to index, such as one of a build, nothing is watched.
        made = {
            path
            for path in paths - folders - self._made.keys()
            if os.path.dirname(path) in folders and _is_folder(path)
        }
        if made or len(paths) >= _FLOOD:
            self._again = now + _AGAIN_SECONDS
        self._made.update(dict.fromkeys(made, now))
        return bool(made)

    def _folders(self) -> set[str]:
        """Return the folders that hold files which pass the path rules, and those above them."""
        root = self._index.root
        walked = walk(root, self._index.scan_options())
        found = {PurePosixPath(".")}
        for path in (*walked.paths, *(path for path, _ in walked.skipped)):
            found.update(PurePosixPath(path).parents)
        folders = {os.path.normpath(root / folder) for folder in found}
        return {folder for folder in folders if _is_utf8(folder)}

    # --- what ----------------------------------------------------------------------------------

    def catch_up(self) -> Iterator[WatchEvent]:
        """Scan until the index is up to date, however often it takes."""
        while not self._stop.is_set():
            yield from self._scan()
            if not self._failures:
                return
            self._stop.wait(self._retry_seconds())

    def _scan(self) -> Iterator[WatchEvent]:
        started = time.monotonic()
        event = self._look()
        now = time.monotonic()
        self._rest_until = now + _REST * (now - started)
        if started >= self._again:
            self._again = math.inf
        failed = event is not None and event.event != "updated"
        waited = self._failures
        self._failures = waited + 1 if failed else 0
        self._due = now + (self._retry_seconds() if failed else self._rescan_seconds)
        # The first time only: what is in the way is still in the way.
        if event is not None and not (failed and waited):
            yield event

    def _retry_seconds(self) -> float:
        return min(_RETRY_SECONDS * float(1 << min(self._failures, 10)), _MAX_RETRY_SECONDS)

    def _look(self) -> WatchEvent | None:
        """Compare and update; None if there was nothing to do."""
        root = self._index.root
        _there(root)
        try:
            looked = self._index.refresh(budget=math.inf, progress=self._progress)
            report = looked.report
            if not looked.checked or looked.reason.startswith(REBUILD):
                # There is no index, or one that was made otherwise.
                report = self._index.update(lock_timeout=0.0, progress=self._progress)
        except IndexLockedError as error:
            return _event("waiting", reason=str(error))
        except (RcmError, OSError) as error:
            _there(root)
            return _event("failed", reason=str(error))
        if report is None and looked.pending:
            kind: WatchEventKind = "waiting" if looked.reason == LOCKED else "failed"
            return _event(kind, reason=looked.reason)
        return _updated(report) if report is not None else None


def _updated(report: IndexReport) -> WatchEvent | None:
    if not (report.files_indexed or report.files_removed):
        return None
    return _event(
        "updated",
        files_indexed=report.files_indexed,
        files_removed=report.files_removed,
        chunks_total=report.chunks_total,
        seconds=report.seconds,
        reason=report.warning or "",
    )


def _event(kind: WatchEventKind, **facts: object) -> WatchEvent:
    now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    return WatchEvent(kind, now, **facts)  # type: ignore[arg-type]


def _there(root: Path) -> None:
    if not root.is_dir():
        raise FileNotFoundError(2, "the folder that was watched is gone", str(root))


def _is_folder(path: str) -> bool:
    return os.path.isdir(path) and not os.path.islink(path) and os.path.basename(path)[:1] != "."


def _is_utf8(path: str) -> bool:
    try:
        path.encode()
    except UnicodeEncodeError:
        return False
    return True
