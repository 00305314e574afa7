"""Trees: what a call is about, made ready to be asked.

A tree that is not indexed is indexed first, one that has changed is refreshed when that is cheap, and
what could not be done in time is said in the answer. Whole disks and home folders are refused.
"""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from pathlib import Path

from rcm.errors import IndexLockedError
from rcm.index import Index
from rcm.mcp.failure import ToolFailure
from rcm.mcp.jobs import Job, Jobs, Reporter
from rcm.mcp.paths import meant, spelled
from rcm.mcp.schemas import Pending
from rcm.refusal import whole_disk_or_home
from rcm.types import RefreshPolicy
from rcm.workspace import Workspace

#: Seconds that a call waits for an indexing run; clients are known to give up after sixty.
WAIT_S = 45.0


class Trees:
    """The trees of one server, or of one client's roots.

    Args:
        roots: The trees.
        jobs: Indexing runs under way.
        index_dir: As in `Workspace.open`.
        embedder: As in `Workspace.open`.
        policy: Whether indexes are refreshed before they are asked.
    """

    def __init__(
        self,
        roots: Sequence[Path],
        jobs: Jobs,
        *,
        index_dir: str | None = None,
        embedder: str | None = None,
        policy: RefreshPolicy = "auto",
    ) -> None:
        self.workspace = Workspace.open(roots, index_dir=index_dir, embedder=embedder)
        self._jobs, self._policy = jobs, policy
        # Trees whose index was seen to be complete; it stays so, and asking costs more than a search's words.
        self._made: set[str] = set()

    @property
    def labels(self) -> dict[str, str]:
        """What to call each tree where there are several: its folder's name, or its path if that is taken.

        Both are spelled as answers show them.
        """
        roots = [spelled(root) for root in self.workspace.roots]
        if len(roots) < 2:
            return {}
        names = [os.path.basename(root) for root in roots]
        return {
            root: name if name and names.count(name) == 1 else root
            for root, name in zip(roots, names, strict=True)
        }

    def asked(self, root: str) -> list[Index]:
        """Return the indexes that a call is about.

        Raises:
            ValueError: If there is no such tree.
        """
        if not root:
            return [self.workspace.index(path) for path in self.workspace.roots]
        try:
            return [self.workspace.index(meant(root))]
        except ValueError:
            return [self.workspace.index(root)]

    def root(self, root: str) -> str | None:
        """Return the path of the tree that a call names, None if it names none.

        Raises:
            ValueError: If there is no such tree.
        """
        return str(self.asked(root)[0].root) if root else None

    def path(self, path: str, root: str) -> str:
        """Return the path that a call names: as an answer spelled it, or else as it stands.

        Raises:
            ValueError: If there is no such tree.
            RcmError: If an index cannot be used.
        """
        read = meant(path)
        if read == path or any(index.contains(read) for index in self.asked(root)):
            return read
        return path

    def ready(self, root: str, reporter: Reporter) -> list[Pending]:
        """Make the trees of a call searchable; return those whose index is behind all the same.

        Raises:
            ToolFailure: If one is not to be indexed, or nothing of it is indexed yet.
            RcmError: If indexing it failed.
            OSError: If indexing it failed.
        """
        until = time.monotonic() + WAIT_S
        behind = (self._ready(index, reporter, until) for index in self.asked(root))
        return [pending for pending in behind if pending is not None]

    def job(self, index: Index) -> Job | None:
        """Return the indexing run under way over a tree."""
        return self._jobs.running(index)

    def start(self, index: Index) -> Job:
        """Start indexing a tree, or return the run that is under way.

        Raises:
            ToolFailure: If it is not to be indexed.
        """
        self.allow(index)
        return self._jobs.start(index)

    def allow(self, index: Index) -> None:
        """Do nothing if a tree may be walked unasked.

        Raises:
            ToolFailure: If it is a whole disk or a home folder without an index.
        """
        refused = whole_disk_or_home(index.root)
        if refused is not None and not index.exists():
            raise ToolFailure(
                f"{spelled(str(index.root))} is {refused}, which is not indexed unasked; ask the "
                "user to start rcm mcp with the folders to search, or to run rcm index --anywhere"
            )

    def _ready(self, index: Index, reporter: Reporter, until: float) -> Pending | None:
        name = str(index.root)
        if not (name in self._made and index.searchable()):
            if not index.exists():
                return self._first(index, reporter, until)
            self._made.add(name)
        if self.job(index) is not None:
            return Pending(root=spelled(name), files=0, reason="being indexed")
        told = self.workspace.refresh(self._policy, root=name)[name]
        if not told.pending:
            return None
        reason = "call index to bring it up to date"
        return Pending(root=spelled(name), files=told.pending, reason=reason)

    def _first(self, index: Index, reporter: Reporter, until: float) -> Pending | None:
        name, job = str(index.root), self.start(index)
        try:
            if job.wait(until - time.monotonic(), reporter):
                return None
        except IndexLockedError:
            if not index.searchable():
                raise
        if index.searchable():
            return Pending(root=spelled(name), files=0, reason="first indexing still under way")
        done = "" if job.progress is None else f", {job.progress.done:,} files so far"
        raise ToolFailure(
            f"{spelled(name)} is being indexed for the first time{done}; call this again in a while"
        )
