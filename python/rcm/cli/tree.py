"""From what the user typed to an open index."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from rcm.cli.console import write_notice
from rcm.cli.exits import UsageError
from rcm.errors import IndexLockedError, IndexNotFoundError
from rcm.present.escape import escape_path
from rcm.present.progress import ProgressBar
from rcm.present.quantities import count, duration
from rcm.present.style import style_for
from rcm.present.summary import render_warning
from rcm.refusal import whole_disk_or_home
from rcm.types import Refreshed

if TYPE_CHECKING:
    from rcm.index import Index
    from rcm.reports.update import IndexReport
    from rcm.types import RefreshPolicy


#: What was done before a search: a first index, a look at the tree, or nothing.
Done: TypeAlias = "IndexReport | Refreshed | None"


def working_directory() -> Path:
    """The working directory, or an error for people when it has been deleted."""
    try:
        return Path.cwd()
    except FileNotFoundError:
        raise UsageError(
            "the working directory no longer exists", hint="change to one that does"
        ) from None


def chosen_root(directory: str | None, *, near: Path | None = None) -> Path:
    """The folder that was typed, or else the repository around `near` (default: where we are)."""
    if directory is None:
        from rcm.index import enclosing_root

        return enclosing_root(near or working_directory())
    if not os.path.lexists(directory):
        raise UsageError(f"no such directory: {escape_path(repr(directory))}")
    if not Path(directory).is_dir():
        folder = escape_path(str(Path(directory).parent))
        raise UsageError(
            f"not a directory: {escape_path(repr(directory))}",
            hint=f"name the folder that it is in: {folder}",
        )
    return Path(directory)


def open_index(args: argparse.Namespace, root: Path) -> Index:
    """The index of `root`, with the options of `add_tree` and `add_models`."""
    from rcm.index import Index

    return Index.open(
        root,
        index_dir=args.index_dir,
        embedder=getattr(args, "embedder", None),
        qdrant_url=getattr(args, "qdrant_url", None),
    )


def make_searchable(index: Index, bar: ProgressBar, policy: RefreshPolicy) -> Done:
    """Indexes a tree that has no index yet; looks whether one that it has is up to date.

    Returns:
        What was done, if anything; for `announce`, once no bar is drawn any more.
    """
    if index.exists():
        return index.refresh(policy, progress=bar.report)
    try:
        refuse_everything(index)
    except UsageError as error:
        raise IndexNotFoundError(f"not indexed: {error}", hint=error.hint) from None
    write_notice(f"no index of {escape_path(str(index.root))} yet: making it\n")
    try:
        # What another process has done so far is better than waiting for it.
        return index.update(progress=bar.report, lock_timeout=0.0 if index.searchable() else 5.0)
    except IndexLockedError:
        if not index.searchable():
            raise
        write_notice("another process is making it: only what it has done so far is searched\n")
        return None


def refuse_everything(index: Index) -> None:
    """Refuse to index a whole disk or home folder for the first time: it is rarely meant.

    Raises:
        UsageError: If that is what was asked for.
    """
    what = whole_disk_or_home(index.root)
    if what is not None and not index.exists():
        raise UsageError(
            f"{escape_path(str(index.root))} is {what}",
            hint="name a folder in it, or `rcm index --anywhere` indexes all of it",
        )


def announce(done: Done) -> None:
    """Says on standard error what was done before a search, and what was left."""
    report = done.report if isinstance(done, Refreshed) else done
    if isinstance(done, Refreshed) and (
        done.pending or (done.policy == "auto" and not done.checked)
    ):
        write_notice(f"{_behind(done)}\n")
    if report is None:
        return
    if report.warning:
        write_notice(render_warning(report.warning, style_for(sys.stderr)))
    if report.reused_from:
        reused = count(report.files_reused, "file")
        write_notice(f"reused {reused} from the index of {escape_path(report.reused_from)}\n")
    if report.files_indexed or report.files_removed:
        numbers = (("indexed", report.files_indexed), ("removed", report.files_removed))
        what = ", ".join(f"{verb} {count(n, 'file')}" for verb, n in numbers if n)
        chunks = count(report.chunks_total, "chunk")
        write_notice(f"{what} in {duration(report.seconds)}, {chunks} in the index\n")


def _behind(refreshed: Refreshed) -> str:
    if not refreshed.checked:
        return f"{escape_path(refreshed.reason)}; `rcm index` brings the index up to date"
    changed = f"{count(refreshed.pending, 'file')} changed since the index was made"
    return f"{changed} ({escape_path(refreshed.reason)}); `rcm index` brings it up to date"
