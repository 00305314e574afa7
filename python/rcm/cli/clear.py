"""`rcm clear`: deletes the index of a tree, never anything in the tree."""

from __future__ import annotations

import argparse
import sys

from rcm.cli import exits
from rcm.cli.arguments import add_models, add_tree
from rcm.cli.console import write_notice
from rcm.cli.interrupts import interruptible
from rcm.cli.tree import chosen_root, open_index
from rcm.present.escape import escape_path
from rcm.present.progress import ProgressBar

SUMMARY = "delete the index of a tree"
EXAMPLES = """\
  rcm clear
  rcm clear ~/src/burn --yes
Only the index is deleted, never a file of the tree.
Exit status: 0 there is no index any more, 1 not confirmed, 2 error."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of `rcm clear`."""
    add_tree(parser)
    add_models(parser)
    parser.add_argument("-y", "--yes", action="store_true", help="do not ask")


def run(args: argparse.Namespace) -> int:
    """Asks, deletes, and says what was deleted."""
    root = chosen_root(args.dir)

    def exists() -> tuple[bool, str]:
        with open_index(args, root) as index:
            return index.index_dir.is_dir(), str(index.index_dir)

    def clear() -> None:
        with open_index(args, root) as index:
            index.clear()

    there, index_dir = interruptible(exists, ProgressBar(None, enabled=False))
    if not there:
        write_notice(f"no index of {escape_path(str(root))}: nothing to delete\n")
        return exits.FOUND
    if not args.yes and not confirmed(
        f"delete the index of {root} in {index_dir}?", "rcm clear --yes"
    ):
        write_notice("nothing deleted\n")
        return exits.NOTHING
    interruptible(clear, ProgressBar(None, enabled=False))
    write_notice(f"deleted the index in {escape_path(index_dir)}\n")
    return exits.FOUND


def confirmed(question: str, without: str) -> bool:
    """Asks before something is deleted.

    Args:
        question: What is asked.
        without: The command that does not ask.

    Raises:
        UsageError: If there is nobody to ask.
    """
    if sys.stdin is None or not sys.stdin.isatty():
        raise exits.UsageError(
            "deleting an index needs a yes, and standard input is not a terminal",
            hint=f"`{without}` does not ask",
        )
    write_notice(f"{escape_path(question)} [y/N] ")
    return sys.stdin.readline().strip().lower() in ("y", "yes")
