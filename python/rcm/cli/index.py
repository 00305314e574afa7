"""`rcm index`: brings the index of a tree up to date and says what it did."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING

from rcm.cli import exits
from rcm.cli.arguments import add_json, add_models, add_tree, byte_count, positive
from rcm.cli.console import write_notice, write_result
from rcm.cli.interrupts import interruptible
from rcm.cli.tree import chosen_root, open_index, refuse_everything
from rcm.present.progress import ProgressBar
from rcm.present.style import is_terminal, style_for
from rcm.present.summary import render_summary, render_warning

if TYPE_CHECKING:
    from rcm.reports.update import IndexReport

SUMMARY = "index a tree, or bring its index up to date"
EXAMPLES = """\
  rcm index                      the repository around the working directory
  rcm index ~/src/burn           another folder
  rcm index --force              everything anew
  rcm index --mode pipeline      read, parse and embed overlapped: for very large trees
  rcm index --json | jq .skipped
FORCE_SEQUENTIAL=1 in the environment forces --mode sequential."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of `rcm index`."""
    add_tree(parser)
    parser.add_argument(
        "--mode",
        choices=("sequential", "parallel", "pipeline"),
        help="when stages run, never what they do "
        "(default: parallel; pipeline for very large trees)",
    )
    parser.add_argument("--force", action="store_true", help="index every file anew")
    parser.add_argument(
        "--workers", metavar="N", type=positive, help="worker threads (default: cores, at most 12)"
    )
    parser.add_argument(
        "--ignore",
        action=argparse.BooleanOptionalAction,
        help="honour .gitignore and its like (default: as last time, at first yes)",
    )
    parser.add_argument(
        "--hidden",
        action=argparse.BooleanOptionalAction,
        help="index hidden files and folders, too (default: as last time, at first no)",
    )
    parser.add_argument(
        "--cross-mounts",
        action=argparse.BooleanOptionalAction,
        help="enter file systems mounted below DIR, too (default: as last time, at first no)",
    )
    parser.add_argument(
        "--anywhere",
        action="store_true",
        help="index even the root of the file system or the home folder, with all that is in it",
    )
    parser.add_argument(
        "--max-file-size",
        metavar="BYTES",
        type=byte_count,
        help="leave out larger files; K, M and G may follow the number "
        "(default: as last time, at first 1M)",
    )
    parser.add_argument(
        "--secrets",
        choices=("redact", "skip-chunk", "skip-file", "off"),
        help="replace their values, leave out chunks or files that hold one, or index them as they "
        "are (default: as last time, at first redact); another choice rebuilds the index",
    )
    parser.add_argument(
        "--reuse",
        action=argparse.BooleanOptionalAction,
        default=True,
        help="let a first index begin as a copy of the index of a tree that is much the same, such as "
        "another worktree (default: yes)",
    )
    parser.add_argument(
        "--max-memory",
        metavar="SIZE",
        type=byte_count,
        help="memory that the run may allocate, 160M or more; less is slower, never another index "
        "(default: RCM_MAX_MEMORY, else no limit)",
    )
    add_models(parser)
    add_json(parser)
    parser.add_argument(
        "-q", "--quiet", action="store_true", help="no progress and no summary, only warnings"
    )


def run(args: argparse.Namespace) -> int:
    """Updates the index and prints the summary."""
    drawn = is_terminal(sys.stderr) and not args.quiet
    bar = ProgressBar(sys.stderr, enabled=drawn)

    def update() -> tuple[IndexReport, str]:
        with open_index(args, chosen_root(args.dir)) as index:
            if not args.anywhere:
                refuse_everything(index)
            report = index.update(
                mode=args.mode,
                force=args.force,
                workers=args.workers,
                use_ignore=args.ignore,
                hidden=args.hidden,
                max_file_bytes=args.max_file_size,
                secrets=args.secrets,
                max_memory=args.max_memory,
                cross_mounts=args.cross_mounts,
                reuse=args.reuse,
                progress=bar.report,
            )
            return report, str(index.index_dir)

    report, index_dir = interruptible(update, bar)
    if report.warning:
        write_notice(render_warning(report.warning, style_for(sys.stderr)))
    if args.json:
        from rcm.present.json import render_json, report_object

        write_result(render_json(report_object(report, index_dir=index_dir)))
    elif not args.quiet:
        write_result(render_summary(report, style_for(sys.stdout), index_dir=index_dir))
    return exits.FOUND
