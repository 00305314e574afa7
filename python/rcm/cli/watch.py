"""`rcm watch`: keeps the index of a tree up to date while it runs."""

from __future__ import annotations

import argparse
import sys
import threading
from typing import TYPE_CHECKING

from rcm.cli import exits
from rcm.cli.arguments import add_json, add_models, add_tree, positive
from rcm.cli.console import write_notice, write_result
from rcm.cli.interrupts import interruptible
from rcm.cli.tree import chosen_root, open_index, refuse_everything
from rcm.present.progress import ProgressBar
from rcm.present.style import is_terminal, style_for
from rcm.present.watching import erase_line, render_event, status_line
from rcm.watch import follow

if TYPE_CHECKING:
    from rcm.reports.looking import WatchEvent

SUMMARY = "keep the index of a tree up to date while it changes"
EXAMPLES = """\
  rcm watch                      the repository around the working directory, until Ctrl-C
  rcm watch ~/src/burn --json    one JSON object a line for everything that happens
  rcm watch --for 3600 &         for an hour
Searches, other watchers and `rcm index` may run beside it.
Exit status: 0 after --for, 2 error, 130 stopped by Ctrl-C."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of `rcm watch`."""
    add_tree(parser)
    parser.add_argument(
        "--for",
        dest="seconds",
        metavar="SECONDS",
        type=positive,
        help="end by itself after so long (default: only when stopped)",
    )
    parser.add_argument(
        "--rescan",
        metavar="SECONDS",
        type=positive,
        default=60,
        help="scan the tree at least that often, whatever the system reports (default: 60)",
    )
    parser.add_argument(
        "--anywhere",
        action="store_true",
        help="watch even the root of the file system or the home folder",
    )
    add_models(parser)
    add_json(parser)


def run(args: argparse.Namespace) -> int:
    """Follows the tree and prints what happens."""
    stop = threading.Event()
    drawn = is_terminal(sys.stderr)
    bar = ProgressBar(sys.stderr, enabled=drawn)
    if args.seconds is not None:
        timer = threading.Timer(args.seconds, stop.set)
        timer.daemon = True
        timer.start()

    def watch() -> None:
        with open_index(args, chosen_root(args.dir)) as index:
            if not args.anywhere:
                refuse_everything(index)
            happened = follow(index, stop, rescan_seconds=float(args.rescan), progress=bar.report)
            for event in happened:
                if event.event == "watching":
                    bar.close()
                _tell(event, str(index.root), as_json=args.json, drawn=drawn)

    try:
        interruptible(watch, bar)
    finally:
        if drawn and not args.json:
            write_notice(erase_line())
    return exits.FOUND


def _tell(event: WatchEvent, root: str, *, as_json: bool, drawn: bool) -> None:
    if as_json:
        from rcm.present.json import render_json, watch_object

        write_result(render_json(watch_object(event, root=root)))
        return
    if drawn:
        write_notice(erase_line())
    write_result(render_event(event, root, style_for(sys.stdout)))
    if drawn:
        write_notice(status_line(event, root, style_for(sys.stderr)))
