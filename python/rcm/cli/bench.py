"""`rcm bench`: how long everything takes on a tree, beside rivals if asked for."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from rcm.cli import exits
from rcm.cli.arguments import add_json, positive
from rcm.cli.console import write_notice, write_result
from rcm.cli.tree import chosen_root
from rcm.present.escape import escape_path
from rcm.present.style import is_terminal, style_for

SUMMARY = "measure indexing, updating and searching on a tree, beside other tools if asked for"
EXAMPLES = """\
  rcm bench                                  the repository around the working directory
  rcm bench ~/src/burn --against semble,ripgrep
  rcm bench --against semble=/opt/semble/bin/semble --repeat 5
  rcm bench --plot bench.png                 bars as a picture (pip install 'rcm-search[bench]')
  rcm bench --json | jq '.figures[] | [.work, .tool, .variant, .wall_seconds]'
All work is done on a temporary copy; DIR is only read, no index of yours is touched.
Exit status: 0 measured, and all checks hold; 1 a check does not hold; 2 error."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of `rcm bench`."""
    parser.add_argument(
        "dir",
        metavar="DIR",
        nargs="?",
        help="folder (default: the repository that the working directory is in)",
    )
    parser.add_argument(
        "--against",
        metavar="TOOLS",
        default="",
        help="rivals to measure in turn with rcm, separated by commas: semble, ripgrep; "
        "NAME=PATH for a program that is not on PATH",
    )
    parser.add_argument(
        "--repeat", metavar="N", type=positive, default=3, help="rounds (default: 3)"
    )
    parser.add_argument("--plot", metavar="FILE", help="also draw the bars: .png, .svg or .pdf")
    form = parser.add_mutually_exclusive_group()
    add_json(form)
    form.add_argument("--markdown", action="store_true", help="print a section of a Markdown page")


def run(args: argparse.Namespace) -> int:
    """Measures and prints the table."""
    from rcm.bench.rivals import parse
    from rcm.bench.run import measure

    root = chosen_root(args.dir).resolve()
    try:
        rivals = parse(args.against)
    except ValueError as error:
        raise exits.UsageError(f"--against: {error}") from None
    plot = Path(args.plot) if args.plot else None
    if plot is not None:
        from rcm.bench.plot import check_target

        check_target(plot)
    line = _StatusLine()
    # In this thread, unlike other commands: it only waits for processes, and a signal has to end
    # them and remove the copy on its way out.
    try:
        report = measure(root, rivals=rivals, repeat=args.repeat, progress=line.show)
    finally:
        line.clear()
    if plot is not None:
        from rcm.bench.plot import write_plot

        write_plot(report, plot)
    if args.json:
        from rcm.present.json import render_json

        write_result(render_json(report))
    elif args.markdown:
        from rcm.bench.table import render_markdown

        write_result(render_markdown(report, root.name))
    else:
        from rcm.bench.table import render_report

        write_result(render_report(report, style_for(sys.stdout), bars=_has_blocks()))
    return exits.FOUND if report.ok else exits.NOTHING


def _has_blocks() -> bool:
    encoding = getattr(sys.stdout, "encoding", None) or "ascii"
    try:
        "█".encode(encoding)
    except (UnicodeEncodeError, LookupError):
        return False
    return True


class _StatusLine:
    """What is being measured, on one line of a terminal that is taken away again."""

    def __init__(self) -> None:
        self._drawn = is_terminal(sys.stderr)

    def show(self, number: int, steps: int, what: str) -> None:
        """Replace the line."""
        if self._drawn:
            counted = f"{number}/{steps}  " if number else ""
            write_notice(f"\r\x1b[K{counted}{escape_path(what)}")

    def clear(self) -> None:
        """Take the line away."""
        if self._drawn:
            write_notice("\r\x1b[K")
