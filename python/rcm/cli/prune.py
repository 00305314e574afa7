"""`rcm prune`: deletes indexes that nobody needs, never anything else."""

from __future__ import annotations

import argparse
import re
import sys
from datetime import timedelta
from typing import TYPE_CHECKING

from rcm.cli import exits
from rcm.cli.arguments import add_json
from rcm.cli.clear import confirmed
from rcm.cli.console import write_notice, write_result
from rcm.cli.interrupts import interruptible
from rcm.errors import RcmError
from rcm.present.escape import escape_code
from rcm.present.indexes import counted, render_pruned
from rcm.present.progress import ProgressBar
from rcm.present.style import style_for

if TYPE_CHECKING:
    from rcm.reports.looking import KeptIndex

SUMMARY = "delete indexes that nobody needs: of trees that are gone, of other formats"
EXAMPLES = """\
  rcm prune --dry-run
  rcm prune --older-than 30d --yes
  rcm prune --all-missing            also where the folder around the tree is gone, too
Only indexes in the cache folder are deleted, never a file of a tree, nor one that is being written.
Exit status: 0 deleted, or nothing to delete, 1 not confirmed, 2 error, or one could not be deleted."""

_AGE = re.compile(r"(\d{1,6})([hdw])", re.ASCII)
_HOURS = {"h": 1, "d": 24, "w": 7 * 24}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of `rcm prune`."""
    parser.add_argument(
        "--older-than",
        metavar="AGE",
        type=age,
        help="also what was not updated for so long: 12h, 30d, 8w",
    )
    parser.add_argument(
        "--all-missing",
        action="store_true",
        help="also of trees whose parent folder is gone: it may be a drive that is not mounted now",
    )
    parser.add_argument(
        "-n", "--dry-run", action="store_true", help="only say what would be deleted"
    )
    parser.add_argument("-y", "--yes", action="store_true", help="do not ask")
    add_json(parser)


def run(args: argparse.Namespace) -> int:
    """Says what is superfluous, asks, and deletes it."""

    def look() -> list[KeptIndex]:
        from rcm.home import list_indexes, superfluous

        return superfluous(list_indexes(), older_than=args.older_than, all_missing=args.all_missing)

    chosen = interruptible(look, ProgressBar(None, enabled=False))
    if not args.json:
        write_result(render_pruned(chosen, style_for(sys.stdout)))
    removed: list[KeptIndex] = []
    failed: list[str] = []
    if chosen and not args.dry_run:
        if not args.yes and not confirmed("delete them?", "rcm prune --yes"):
            write_notice("nothing deleted\n")
            return exits.NOTHING
        removed, failed = interruptible(lambda: _remove(chosen), ProgressBar(None, enabled=False))
    for message in failed:
        write_notice(f"{escape_code(message)}\n")
    if removed:
        write_notice(f"deleted {counted(len(removed))}\n")
    if args.json:
        from rcm.present.json import pruned_object, render_json

        write_result(render_json(pruned_object(chosen, removed, failed)))
    return exits.ERROR if failed else exits.FOUND


def age(text: str) -> timedelta:
    """A time span: a number with `h`, `d` or `w`."""
    match = _AGE.fullmatch(text)
    if match is None:
        raise argparse.ArgumentTypeError(f"{text!r} is not a time such as 12h, 30d or 8w")
    return timedelta(hours=int(match[1]) * _HOURS[match[2]])


def _remove(chosen: list[KeptIndex]) -> tuple[list[KeptIndex], list[str]]:
    from rcm.home import remove

    removed, failed = [], []
    for index in chosen:
        try:
            remove(index)
            removed.append(index)
        except (RcmError, OSError) as error:
            failed.append(f"not deleted: {index.index_dir}: {error}")
    return removed, failed
