"""`rcm doctor`: examines an index, and repairs it if asked to."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING

from rcm.cli import exits
from rcm.cli.arguments import add_json, add_models, add_tree
from rcm.cli.console import write_result
from rcm.cli.interrupts import interruptible
from rcm.cli.tree import chosen_root, open_index
from rcm.present.doctor import render_doctor
from rcm.present.progress import ProgressBar
from rcm.present.style import style_for

if TYPE_CHECKING:
    from rcm.reports.doctor import DoctorReport

SUMMARY = "examine an index: files, checksums, whether its parts agree"
EXAMPLES = """\
  rcm doctor                     sizes and beginnings of files, in less than a second
  rcm doctor --full              every byte
  rcm doctor --full --repair     rebuild the index if it is damaged
A damaged index is not searched any more; the next `rcm index` builds it anew.
Exit status: 0 sound, 1 repaired, 2 damaged or another error."""

_EXIT = {"ok": exits.FOUND, "repaired": exits.NOTHING, "damaged": exits.ERROR}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of `rcm doctor`."""
    add_tree(parser)
    depth = parser.add_mutually_exclusive_group()
    depth.add_argument(
        "--quick",
        action="store_true",
        help="look at sizes and the beginnings of files (the default)",
    )
    depth.add_argument("--full", action="store_true", help="read every byte, compare every id")
    parser.add_argument(
        "--repair",
        action="store_true",
        help="remove what belongs to nothing, rebuild what is damaged",
    )
    add_models(parser)
    add_json(parser)


def run(args: argparse.Namespace) -> int:
    """Examines the index and prints what was found."""

    def look() -> DoctorReport:
        with open_index(args, chosen_root(args.dir)) as index:
            return index.doctor(full=args.full, repair=args.repair)

    report = interruptible(look, ProgressBar(None, enabled=False))
    if args.json:
        from rcm.present.json import doctor_object, render_json

        write_result(render_json(doctor_object(report)))
    else:
        write_result(render_doctor(report, style_for(sys.stdout)))
    return _EXIT[report.verdict]
