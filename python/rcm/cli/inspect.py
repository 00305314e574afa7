"""`rcm inspect`: what every stage makes of one file."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path
from typing import Any

from rcm.cli import exits
from rcm.cli.arguments import add_json
from rcm.cli.console import write_result
from rcm.cli.interrupts import interruptible
from rcm.present.escape import escape_path
from rcm.present.inspection import STAGES, render_inspection, select_stage
from rcm.present.progress import ProgressBar
from rcm.present.style import style_for

SUMMARY = "show what every stage makes of one file"
EXAMPLES = """\
  rcm inspect src/lib.rs                 why is it indexed the way it is?
  rcm inspect src/lib.rs --stage parse   only the symbols
  rcm inspect .env --stage walk          why is it left out?
  rcm inspect src/lib.rs --json | jq '.chunks | length'"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of `rcm inspect`."""
    parser.add_argument("file", metavar="FILE", help="any file; no index is needed")
    parser.add_argument("--stage", choices=STAGES, help="only this stage (default: all)")
    add_json(parser)


def run(args: argparse.Namespace) -> int:
    """Runs the stages on the file and prints what each made."""
    file = Path(args.file)
    if not os.path.lexists(file):
        raise exits.UsageError(f"no such file: {escape_path(repr(args.file))}")
    if file.is_dir() and not file.is_symlink():
        raise exits.UsageError(
            f"is a directory: {escape_path(repr(args.file))}", hint="name one file in it"
        )

    def look() -> dict[str, Any]:
        import rcm

        return rcm.inspect_file(file)

    inspection = interruptible(look, ProgressBar(None, enabled=False))
    if args.json:
        from rcm.present.json import render_json

        write_result(render_json(select_stage(inspection, args.stage)))
    else:
        write_result(render_inspection(inspection, style_for(sys.stdout), args.stage))
    return exits.FOUND
