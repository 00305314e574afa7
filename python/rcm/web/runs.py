"""Index runs that the page starts: one at a time for each tree, each in a thread, told while they go on."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal, TypeAlias

if TYPE_CHECKING:
    from rcm.reports.update import IndexReport, Progress


RunState: TypeAlias = Literal["idle", "running", "done", "failed"]


@dataclass(frozen=True, slots=True)
class Run:
    """The last run over one tree.

    Attributes:
        root: The tree.
        state: What has become of it; `"idle"` if this server has run none.
        phase: `"walk"`, `"index"` or `"commit"` while it runs.
        done: Files done in this phase.
        total: Files in this phase, or None while unknown.
        chunks: Chunks made so far.
        error: Why it failed, or an empty string.
        hint: What to do about that, or an empty string.
        report: What it did, once it is done.
    """

    root: str
    state: RunState = "idle"
    phase: str = ""
    done: int = 0
    total: int | None = None
    chunks: int = 0
    error: str = ""
    hint: str = ""
    report: IndexReport | None = None


class Runs:
    """What runs and what ran last, by tree. Safe to use from several threads."""

    def __init__(self, roots: Sequence[str]) -> None:
        self._lock = threading.Lock()
        self._runs = {root: Run(root) for root in roots}
        self._version = 0

    def snapshot(self) -> tuple[int, list[Run]]:
        """Return a number that grows with every change, and the runs in the order of the trees."""
        with self._lock:
            return self._version, list(self._runs.values())

    def of(self, root: str) -> Run:
        """Return the last run over a tree."""
        with self._lock:
            return self._runs[root]

    def start(self, root: str, work: Callable[[Callable[[Progress], None]], IndexReport]) -> bool:
        """Run `work`, which is given the function to tell progress to; False if one runs already."""
        with self._lock:
            if self._runs[root].state == "running":
                return False
            self._set(Run(root, "running", "walk"))
        threading.Thread(target=self._run, args=(root, work), name="rcm-run", daemon=True).start()
        return True

    def note(self, root: str, report: IndexReport) -> None:
        """Remember a run that was done otherwise, unless one goes on."""
        with self._lock:
            if self._runs[root].state != "running":
                self._set(Run(root, "done", report=report))

    def _run(self, root: str, work: Callable[[Callable[[Progress], None]], IndexReport]) -> None:
        def tell(progress: Progress) -> None:
            with self._lock:
                self._set(
                    Run(
                        root,
                        "running",
                        progress.phase,
                        progress.done,
                        progress.total,
                        progress.chunks,
                    )
                )

        try:
            report = work(tell)
        except Exception as error:  # noqa: BLE001 (whatever it is, the page has to tell)
            said = str(error) or type(error).__name__
            self._end(root, state="failed", error=said, hint=getattr(error, "hint", ""))
        else:
            self._end(root, state="done", report=report)

    def _end(
        self,
        root: str,
        *,
        state: RunState,
        report: IndexReport | None = None,
        error: str = "",
        hint: str = "",
    ) -> None:
        with self._lock:
            last = self._runs[root]
            self._set(replace(last, state=state, report=report, error=error, hint=hint))

    def _set(self, run: Run) -> None:
        self._runs[run.root] = run
        self._version += 1
