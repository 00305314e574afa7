"""`rcm status`: what an index holds and whether it agrees with the tree."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING

from rcm.cli import exits
from rcm.cli.arguments import add_json, add_models, add_tree
from rcm.cli.console import write_result
from rcm.cli.interrupts import interruptible
from rcm.cli.tree import chosen_root, open_index
from rcm.present.progress import ProgressBar
from rcm.present.status import render_status
from rcm.present.style import style_for

if TYPE_CHECKING:
    from rcm.reports.looking import IndexStatus

SUMMARY = "say what the index holds and whether it is up to date"
EXAMPLES = """\
  rcm status
  rcm status ~/src/burn --json | jq .fresh
Exit status: 0 there is an index, 1 there is none, 2 error."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of `rcm status`."""
    add_tree(parser)
    add_models(parser)
    add_json(parser)


def run(args: argparse.Namespace) -> int:
    """Compares the index with the tree and prints the verdict."""

    def look() -> IndexStatus:
        with open_index(args, chosen_root(args.dir)) as index:
            return index.status()

    status = interruptible(look, ProgressBar(None, enabled=False))
    if args.json:
        from rcm.present.json import render_json, status_object

        write_result(render_json(status_object(status)))
    else:
        write_result(render_status(status, style_for(sys.stdout)))
    return exits.FOUND if status.exists else exits.NOTHING
