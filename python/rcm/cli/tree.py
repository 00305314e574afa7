"""From what the user typed to an open index."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from rcm.cli.console import write_notice
from rcm.cli.exits import UsageError
from rcm.present.escape import escape_path
from rcm.present.progress import ProgressBar
from rcm.present.quantities import count, duration
from rcm.present.style import style_for
from rcm.present.summary import render_warning

if TYPE_CHECKING:
    from rcm.index import Index
    from rcm.types import IndexReport


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
        raise UsageError(f"not a directory: {escape_path(repr(directory))}")
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


def make_searchable(index: Index, bar: ProgressBar, *, refresh: bool) -> IndexReport | None:
    """Indexes a tree that has no index yet; with `refresh` brings one up to date.

    Returns:
        The report of the run, if there was one; for `announce`, once no bar is drawn any more.
    """
    new = not index.exists()
    if not new and not refresh:
        return None
    if new:
        write_notice(f"no index of {escape_path(str(index.root))} yet: making it\n")
    return index.update(progress=bar.report)


def announce(report: IndexReport | None) -> None:
    """Says on standard error what a run before a search did."""
    if report is None:
        return
    if report.warning:
        write_notice(render_warning(report.warning, style_for(sys.stderr)))
    if report.files_indexed or report.files_removed:
        indexed = count(report.files_indexed, "file")
        chunks = count(report.chunks_total, "chunk")
        seconds = duration(report.seconds)
        write_notice(f"indexed {indexed} in {seconds}, {chunks} in the index\n")
