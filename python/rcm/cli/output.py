"""What commands that print places share: colours, links, paths that can be opened, the pager."""

from __future__ import annotations

import argparse
import os
import sys
from dataclasses import dataclass

from rcm.cli.arguments import natural
from rcm.cli.console import write_result
from rcm.cli.exits import UsageError
from rcm.cli.tree import working_directory
from rcm.present.hyperlink import Links, links_for
from rcm.present.style import Style, is_terminal, style_for


def add_output(parser: argparse.ArgumentParser) -> None:
    """In which form results are printed, and to whom."""
    parser.add_argument(
        "--vimgrep",
        "--no-heading",
        action="store_true",
        help="one line a result, PATH:LINE:COLUMN:TEXT, as editors read it",
    )
    parser.add_argument(
        "--files",
        "-l",
        "--files-with-matches",
        dest="files",
        action="store_true",
        help="only paths, each once",
    )
    parser.add_argument(
        "-0", "--null", action="store_true", help="with -l: a zero byte ends a path"
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--jsonl", action="store_true", help="print one JSON object a line")
    parser.add_argument(
        "--color",
        choices=("auto", "always", "never"),
        default="auto",
        help="colours (default: auto, on a terminal; NO_COLOR and FORCE_COLOR count)",
    )
    parser.add_argument(
        "--hyperlink",
        choices=("auto", "always", "never"),
        default="auto",
        help="paths that a click opens (default: auto, on a terminal that is known to have such)",
    )
    parser.add_argument(
        "--no-pager",
        action="store_true",
        help="do not show what is longer than the terminal through RCM_PAGER, PAGER or less",
    )


def add_context(parser: argparse.ArgumentParser) -> None:
    """Lines around those found."""
    for short, long, what in (
        ("-A", "--after-context", "after"),
        ("-B", "--before-context", "before"),
        ("-C", "--context", "before and after"),
    ):
        parser.add_argument(
            short, long, metavar="N", type=natural, help=f"show N lines {what}, read from the disk"
        )


def add_filters(parser: argparse.ArgumentParser) -> None:
    """Which files are looked at."""
    parser.add_argument(
        "-t",
        "--type",
        "--language",
        dest="language",
        metavar="LANG",
        action="append",
        help="only this language, such as rust, py or c++; may be repeated",
    )
    parser.add_argument(
        "-g",
        "--glob",
        metavar="GLOB",
        action="append",
        help="only paths that match, such as 'src/**/*.py', or with '!tests/**' none that does; "
        "may be repeated",
    )
    parser.add_argument(
        "--class",
        dest="classes",
        metavar="CLASS",
        action="append",
        help="only files that are for this: code, docs, config or tests; may be repeated",
    )


@dataclass(frozen=True, slots=True)
class Output:
    """How what is found is printed.

    Attributes:
        style: Colours, escaping, width.
        links: Whether paths are links.
        before: Lines shown before each found.
        after: Lines shown after each found.
        end: What ends a path that stands alone.
    """

    style: Style
    links: Links
    before: int
    after: int
    end: str

    @classmethod
    def of(cls, args: argparse.Namespace) -> Output:
        """Read the options of `add_output` and `add_context`.

        Raises:
            UsageError: If two of them exclude each other.
        """
        forms = [
            name for name in ("json", "jsonl", "files", "vimgrep", "count") if _is_set(args, name)
        ]
        if len(forms) > 1:
            raise UsageError(f"--{forms[0]} and --{forms[1]} are two forms of output: give one")
        environ = {**os.environ}
        if args.color != "auto":
            environ |= {"NO_COLOR": "", "FORCE_COLOR": "1"}
        if args.color == "never":
            environ["NO_COLOR"] = "1"
        terminal = is_terminal(sys.stdout)
        around = args.context or 0
        return cls(
            style=style_for(sys.stdout, environ),
            links=links_for(args.hyperlink, terminal=terminal),
            before=around if args.before_context is None else args.before_context,
            after=around if args.after_context is None else args.after_context,
            end="\0" if args.null else "\n",
        )

    @property
    def has_context(self) -> bool:
        """Whether lines around those found are shown."""
        return bool(self.before or self.after)


def shown_path(root: str, path: str) -> str:
    """Return a path of a tree as it can be opened from the working directory.

    It is relative where the working directory and the tree lie within each other, else absolute.
    """
    here = os.path.realpath(working_directory())
    if os.path.commonpath([here, root]) in (here, root):
        return os.path.relpath(os.path.join(root, path), here)
    return os.path.join(root, path)


def write_paged(text: str, *, paged: bool) -> None:
    """Write a result, through a pager if it is longer than the terminal it goes to."""
    if paged and is_terminal(sys.stdout):
        from rcm.cli.pager import page

        if page(text):
            return
    write_result(text)


def _is_set(args: argparse.Namespace, name: str) -> bool:
    return bool(getattr(args, name, False))
