"""A progress bar on stderr for runs longer than a second.

The run itself only stores how far it is (`ProgressBar.report`, no lock, no drawing); whoever waits
for it calls `tick` some ten times a second, and that draws. So progress costs the run nothing, and
rich is imported only once there is something to draw.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from rich.progress import Progress as Bar
    from rich.progress import TaskID

    from rcm.reports.update import Progress

_PATIENCE_S = 1.0
_NOT_WORTH_IT_S = 0.5
_TITLES = {"walk": "looking at files", "index": "indexing", "commit": "committing"}


class ProgressBar:
    """Phase, count, rate and time left.

    Attributes:
        moved: Whether any progress was reported: a run has begun.
    """

    def __init__(self, stream: TextIO | None, *, enabled: bool) -> None:
        """Draws on `stream` if `enabled`; nothing appears before the first second is over."""
        self._stream = stream
        self._enabled = enabled and stream is not None
        self._latest: Progress | None = None
        self._started = time.monotonic()
        self._bar: Bar | None = None
        self._task: TaskID | None = None
        self._phase = ""
        self._phase_started = self._started

    @property
    def moved(self) -> bool:
        """Whether any progress was reported."""
        return self._latest is not None

    def report(self, progress: Progress) -> None:
        """Takes note of how far the run is; called by the run, from any thread."""
        self._latest = progress

    def tick(self) -> None:
        """Draws the latest progress, if it is time to; a bar that cannot be drawn is given up."""
        latest = self._latest
        if not self._enabled or latest is None:
            return
        try:
            self._show(latest)
        except (ImportError, OSError, ValueError):
            self._enabled, self._bar = False, None

    def _show(self, latest: Progress) -> None:
        now = time.monotonic()
        if latest.phase != self._phase:
            self._begin(latest, now)
        if self._bar is None:
            if now - self._started < _PATIENCE_S or self._left(latest, now) < _NOT_WORTH_IT_S:
                return
            self._open(latest)
        self._draw(latest, now)

    def close(self) -> None:
        """Takes the bar away and gives the cursor back."""
        bar, self._bar = self._bar, None
        self._enabled = False
        if bar is not None:
            bar.stop()

    def _begin(self, latest: Progress, now: float) -> None:
        self._phase, self._phase_started = latest.phase, now
        if self._bar is not None and self._task is not None:
            self._bar.remove_task(self._task)
            self._task = self._add(self._bar, latest)

    def _left(self, latest: Progress, now: float) -> float:
        if not latest.total or not latest.done:
            return float("inf")
        return (now - self._phase_started) * (latest.total - latest.done) / latest.done

    def _open(self, latest: Progress) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

        self._bar = Progress(
            TextColumn("{task.description}"),
            BarColumn(bar_width=30),
            TextColumn("{task.fields[facts]}"),
            TimeRemainingColumn(),
            console=Console(file=self._stream),
            auto_refresh=False,
            transient=True,
        )
        self._bar.start()
        self._task = self._add(self._bar, latest)

    def _add(self, bar: Bar, latest: Progress) -> TaskID:
        title = _TITLES.get(latest.phase, latest.phase)
        return bar.add_task(title, total=latest.total, facts="")

    def _draw(self, latest: Progress, now: float) -> None:
        if self._bar is None or self._task is None:
            return
        facts = progress_facts(latest, now - self._phase_started)
        self._bar.update(self._task, completed=latest.done, total=latest.total, facts=facts)
        self._bar.refresh()


def progress_facts(progress: Progress, seconds: float) -> str:
    """`1,200/20,000 files  3,400 files/s  15,000 chunks`, after `seconds` in this phase."""
    parts = [f"{progress.done:,} files"]
    if progress.total is not None:
        parts = [f"{progress.done:,}/{progress.total:,} files"]
    if seconds > 0 and progress.done:
        parts.append(f"{progress.done / seconds:,.0f} files/s")
    if progress.chunks:
        parts.append(f"{progress.chunks:,} chunks")
    return "  ".join(parts)
