"""`rcm secrets`: which secrets stand in a tree, and where."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING

from rcm.cli import exits
from rcm.cli.arguments import add_json, byte_count
from rcm.cli.console import write_notice, write_result
from rcm.cli.interrupts import interruptible
from rcm.cli.tree import chosen_root
from rcm.present.progress import ProgressBar
from rcm.present.secrets import render_findings, render_verdict
from rcm.present.style import style_for
from rcm.present.summary import render_warning

if TYPE_CHECKING:
    from rcm.reports.secrets import SecretsReport

SUMMARY = "list the secrets that stand in a tree, never their values"
EXAMPLES = """\
  rcm secrets                        the repository around the working directory
  rcm secrets --hidden               hidden files, too: workflows, dotfiles
  rcm secrets --json | jq -r '.findings[] | select(.confidence == "high") | .path'
  ! rcm secrets -q                   in a pipeline: fails when there is one
A line is PATH:LINE: RULE CONFIDENCE FINGERPRINT. To let a secret stay, write `rcm:allow` on its
line, or its fingerprint into .rcm-secrets-allow in the folder that is scanned.
Exit status, as grep's: 0 there is one that is not allowed, 1 there is none, 2 error."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of `rcm secrets`."""
    parser.add_argument(
        "dir",
        metavar="DIR",
        nargs="?",
        help="folder (default: the repository that the working directory is in)",
    )
    parser.add_argument(
        "--hidden", action="store_true", help="look at hidden files and folders, too"
    )
    parser.add_argument(
        "--no-ignore", action="store_true", help="look at what .gitignore and its like leave out"
    )
    parser.add_argument(
        "--max-file-size",
        metavar="BYTES",
        type=byte_count,
        default=1 << 20,
        help="leave out larger files; K, M and G may follow the number (default: 1M)",
    )
    add_json(parser)
    parser.add_argument("-q", "--quiet", action="store_true", help="only the exit status")


def run(args: argparse.Namespace) -> int:
    """Scans the tree and lists what it found."""

    def look() -> SecretsReport:
        from rcm.secrets import find_secrets

        return find_secrets(
            chosen_root(args.dir),
            use_ignore=not args.no_ignore,
            hidden=args.hidden,
            max_file_bytes=args.max_file_size,
        )

    report = interruptible(look, ProgressBar(None, enabled=False))
    if report.warning and not args.quiet:
        write_notice(render_warning(report.warning, style_for(sys.stderr)))
    if args.json:
        from rcm.present.json import render_json, secrets_object

        write_result(render_json(secrets_object(report)))
    elif not args.quiet:
        write_result(render_findings(report, style_for(sys.stdout)))
        write_notice(render_verdict(report))
    found = any(not finding.allowed for finding in report.findings)
    return exits.FOUND if found else exits.NOTHING
