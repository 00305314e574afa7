"""`rcm related`: code that is like the code at a line."""

from __future__ import annotations

import argparse
import re
import sys
from pathlib import Path

from rcm.cli import exits
from rcm.cli.arguments import add_json, add_models, add_ranked, add_refresh, add_tree
from rcm.cli.console import write_result
from rcm.cli.interrupts import interruptible
from rcm.cli.tree import Done, announce, chosen_root, make_searchable, open_index, working_directory
from rcm.present.escape import escape_path
from rcm.present.progress import ProgressBar
from rcm.present.style import is_terminal, style_for
from rcm.present.terminal import render_results
from rcm.types import Refreshed, SearchResult

SUMMARY = "find code that is like the code at a line"
EXAMPLES = """\
  rcm related src/pool.rs:120
  rcm related src/pool.rs:120-145 -k 3     as `rcm search` prints places
  rcm related src/pool.rs:120 ~/src/tool   the path relative to that folder
Exit status: 0 found, 1 nothing found, 2 error, 3 stale index."""

_PLACE = re.compile(r"(?P<path>.+?):(?P<line>\d{1,9})(?:[-:]\d{1,9})?", re.DOTALL | re.ASCII)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of `rcm related`."""
    parser.add_argument(
        "place", metavar="PATH:LINE", help="a line of a file in the tree, from 1 on"
    )
    add_tree(parser)
    add_refresh(parser)
    add_models(parser)
    add_ranked(parser)
    add_json(parser)


def run(args: argparse.Namespace) -> int:
    """Finds related code and prints it."""
    typed, line = parse_place(args.place)
    bar = ProgressBar(sys.stderr, enabled=is_terminal(sys.stderr))

    def related() -> tuple[list[SearchResult], str, str, Done]:
        root = _root_around(typed, args.dir)
        path = path_in_tree(typed, root)
        with open_index(args, root) as index:
            done = make_searchable(index, bar, args.refresh)
            results = index.find_related(path, line, top_k=args.top_k)
            return results, path, str(index.root), done

    results, path, root, done = interruptible(related, bar)
    announce(done)
    if args.json:
        from rcm.present.json import related_object, render_json

        refreshed = done if isinstance(done, Refreshed) else None
        found = related_object(results, path=path, line=line, root=root, refreshed=refreshed)
        write_result(render_json(found))
    else:
        write_result(render_results(results, "", style_for(sys.stdout), explain=args.explain))
    return exits.FOUND if results else exits.NOTHING


def parse_place(place: str) -> tuple[str, int]:
    """Splits `PATH:LINE`, `PATH:LINE-LINE` or `PATH:LINE:COLUMN` into path and first line."""
    match = _PLACE.fullmatch(place)
    if match is None or int(match["line"]) < 1:
        raise exits.UsageError(
            f"not PATH:LINE with a line of 1 or more: {escape_path(repr(place))}",
            hint="for example: rcm related src/pool.rs:120",
        )
    return match["path"], int(match["line"])


def path_in_tree(typed: str, root: Path) -> str:
    """The path relative to the root, with forward slashes.

    What was typed is taken relative to the working directory if such a file is there, else to the
    root.
    """
    root = root.resolve()
    for candidate in (Path(typed), root / typed):
        whole = candidate.parent.resolve() / candidate.name
        if candidate.exists() and whole.is_relative_to(root):
            return whole.relative_to(root).as_posix()
    raise exits.UsageError(f"no such file in {escape_path(str(root))}: {escape_path(repr(typed))}")


def _root_around(typed: str, directory: str | None) -> Path:
    """The tree: the one typed, or the one around the working directory, or else around the file."""
    root = chosen_root(directory)
    if directory is not None or not Path(typed).is_file():
        return root
    if (working_directory() / typed).resolve().is_relative_to(root.resolve()):
        return root
    return chosen_root(None, near=Path(typed).resolve().parent)
