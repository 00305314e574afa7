"""The argument parser and what several commands share."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, NoReturn

from rcm import settings
from rcm.cli.console import write_notice, write_result
from rcm.cli.exits import UsageError

if TYPE_CHECKING:
    from _typeshed import SupportsWrite


class Parser(argparse.ArgumentParser):
    """Reports errors as every other error of the command, and writes help as a result."""

    def __init__(self, prog: str, summary: str, examples: str) -> None:
        """`examples` are shown below the options as they are."""
        super().__init__(
            prog=prog,
            description=summary[0].upper() + summary[1:] + ".",
            epilog=f"examples:\n{examples}",
            formatter_class=_formatter,
            allow_abbrev=False,
        )

    def error(self, message: str) -> NoReturn:
        """Raises `UsageError` instead of ending the process."""
        raise UsageError(message, hint=f"`{self.prog} --help` shows how it is used")

    def parse(self, arguments: Sequence[str]) -> argparse.Namespace:
        """Parses options and positionals in any order; after `--` everything is positional."""
        if "--" in arguments:  # parse_intermixed_args would take what follows for options
            return self.parse_args(arguments)
        return self.parse_intermixed_args(arguments)

    def _print_message(self, message: str, file: SupportsWrite[str] | None = None) -> None:
        (write_result if file is sys.stdout else write_notice)(message)


def add_tree(parser: argparse.ArgumentParser) -> None:
    """The folder that a command is about, and where its index is."""
    parser.add_argument(
        "dir",
        metavar="DIR",
        nargs="?",
        help="folder (default: the repository that the working directory is in)",
    )
    add_index_dir(parser)


def add_index_dir(parser: argparse.ArgumentParser) -> None:
    """Where the index is."""
    parser.add_argument(
        "--index-dir",
        metavar="DIR",
        help="where the index is kept (default: the user's cache directory)",
    )


def add_models(parser: argparse.ArgumentParser) -> None:
    """How chunks become vectors and where these are kept."""
    parser.add_argument(
        "--embedder",
        metavar="SPEC",
        help="'static' (built in, the default), 'static:DIR' with a folder of your own, "
        "'fastembed:NAME-OR-DIR', or 'openai:MODEL@URL' (a server: uses the network)",
    )
    parser.add_argument(
        "--qdrant-url", metavar="URL", help="keep vectors on this Qdrant server instead of on disk"
    )


def add_refresh(parser: argparse.ArgumentParser) -> None:
    """Whether the tree is looked at before it is searched."""
    parser.add_argument(
        "--refresh",
        metavar="POLICY",
        nargs="?",
        type=_policy,
        const="always",
        default="auto",
        help="bring the index up to date first: 'auto' if that takes no more than a second "
        "(default), 'never', or 'always' (or nothing, at the end of the line)",
    )


def _policy(text: str) -> str:
    if text not in ("auto", "never", "always"):
        raise argparse.ArgumentTypeError(
            f"{text!r} is not auto, never or always; put --refresh last, or write --refresh=always"
        )
    return text


def add_ranked(parser: argparse.ArgumentParser) -> None:
    """How many results, and whether their scores are told in parts."""
    parser.add_argument(
        "-k",
        "--top-k",
        metavar="N",
        type=positive,
        default=10,
        help="results at most (default: 10)",
    )
    parser.add_argument(
        "--explain", action="store_true", help="show the parts of each score, largest first"
    )


def add_json(parser: argparse._ActionsContainer) -> None:
    """The form for programs."""
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def _formatter(*, prog: str) -> argparse.HelpFormatter:
    """Knows its width, so that argparse does not import shutil in every run to ask for it."""
    try:
        columns = os.get_terminal_size().columns
    except (OSError, ValueError):
        columns = 80
    return argparse.RawDescriptionHelpFormatter(prog, width=min(max(columns, 50), 100) - 2)


def positive(text: str) -> int:
    """A whole number from 1 on."""
    try:
        value = int(text)
    except ValueError:
        value = 0
    if value < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number of 1 or more")
    return value


def natural(text: str) -> int:
    """A whole number from 0 on."""
    if not (text.isascii() and text.isdigit()):
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number of 0 or more")
    return int(text)


def byte_count(text: str) -> int:
    """A number of bytes from 1 on, with K, M or G for powers of 1,024."""
    try:
        return settings.byte_count(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None
