"""`rcm list`: the indexes that are kept, of which trees, and what they take."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING

from rcm.cli import exits
from rcm.cli.arguments import add_json
from rcm.cli.console import write_result
from rcm.cli.interrupts import interruptible
from rcm.present.indexes import render_indexes
from rcm.present.progress import ProgressBar
from rcm.present.style import style_for

if TYPE_CHECKING:
    from rcm.reports.looking import KeptIndex

SUMMARY = "list the indexes that are kept, and what they take"
EXAMPLES = """\
  rcm list
  rcm list --json | jq -r '.indexes[] | select(.state == "missing") | .root'
`rcm prune` removes those that nobody needs. An index that --index-dir put elsewhere is not listed.
Exit status: 0 there are some, 1 there is none, 2 error."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of `rcm list`."""
    add_json(parser)


def run(args: argparse.Namespace) -> int:
    """Looks through the cache folder and prints a table."""

    def look() -> tuple[list[KeptIndex], int]:
        from rcm.home import embedding_cache_bytes, list_indexes

        return list_indexes(), embedding_cache_bytes()

    indexes, cache_bytes = interruptible(look, ProgressBar(None, enabled=False))
    if args.json:
        from rcm.present.json import indexes_object, render_json

        write_result(render_json(indexes_object(indexes, cache_bytes)))
    else:
        write_result(render_indexes(indexes, cache_bytes, style_for(sys.stdout)))
    return exits.FOUND if indexes else exits.NOTHING
