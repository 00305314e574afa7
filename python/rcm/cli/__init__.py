"""The `rcm` command: translates what people type to `Index`, and what comes back to text.

Only the module of the command that runs is imported, and nothing that this command does not need:
the time a cold `rcm search` takes is a feature.
"""

from __future__ import annotations

import argparse
import contextlib
import gc
import importlib
import os
import sys
from collections.abc import Iterator, Sequence
from typing import Protocol, cast

from rcm.cli import exits
from rcm.cli.arguments import Parser
from rcm.cli.console import prepare_streams, write_notice, write_result
from rcm.cli.interrupts import leave, signals_stop
from rcm.present.style import is_terminal, style_for

COMMANDS = (
    "index", "search", "grep", "related", "watch", "status", "list", "prune", "doctor", "inspect",
    "secrets", "clear", "bench", "serve", "mcp", "install", "uninstall", "completions", "man",
)  # fmt: skip

#: A module called `list` would take the place of the built-in here.
_MODULES = {"list": "listing"}

_SUMMARY = "local code search: index a tree in seconds, search it by meaning, words and symbols"
_EXAMPLES = """\
  rcm search "where is the retry limit set"   index if needed, then search
  rcm grep 'retry_limit *='                    every line that matches, as the files are now
  rcm index ~/src/burn                        index another folder
  rcm related src/pool.rs:120                 code like the code at this line
  rcm inspect src/pool.rs                     what every stage makes of a file
`rcm COMMAND --help` shows the options and examples of a command.
Exit status: 0 found or done, 1 nothing found, 2 error, 3 stale index, 28 no space on the disk,
69 no answer from the vector server, 75 index locked by another process, 130 stopped by Ctrl-C."""


#: New objects until Python looks for unreachable cycles among them, instead of its 700.
_OBJECTS_A_COLLECTION = 50_000


class Command(Protocol):
    """What a module of this package offers for its command."""

    SUMMARY: str
    EXAMPLES: str

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Adds the command's arguments."""

    def run(self, args: argparse.Namespace) -> int:
        """Does it; returns the exit code."""


def main(argv: Sequence[str] | None = None) -> int:
    """Runs one command line (default: the process's own); returns the exit code, never raises.

    On SIGINT and SIGTERM the process ends here, with 130 and 143.
    """
    arguments = list(sys.argv[1:] if argv is None else argv)
    prepare_streams()
    try:
        with signals_stop(), _rare_collections():
            return _run(arguments)
    except exits.Stopped as stopped:
        after_echo = "\n" if is_terminal(sys.stderr) else ""  # the terminal shows ^C
        write_notice(f"{after_echo}{stopped.message}\n")
        leave(stopped.exit_code)
    except exits.OutputClosed:
        return exits.PIPE_CLOSED
    except SystemExit as end:  # argparse, after --help and --version
        return end.code if isinstance(end.code, int) else exits.FOUND
    except BaseException as error:
        if os.environ.get("RCM_DEBUG") == "1":
            raise
        write_notice(exits.describe(error, style_for(sys.stderr)))
        return exits.exit_code(error)


def build_parser() -> argparse.ArgumentParser:
    """The parser of the whole command line, with every command."""
    parser = Parser("rcm", _SUMMARY, _EXAMPLES)
    parser.add_argument("--version", action=_Version, nargs=0, help="show the version and exit")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    for name in COMMANDS:
        command = _load(name)
        command.add_arguments(
            commands.add_parser(
                name, help=command.SUMMARY, summary=command.SUMMARY, examples=command.EXAMPLES
            )
        )
    return parser


def _run(arguments: list[str]) -> int:
    if arguments and arguments[0] in COMMANDS:
        command = _load(arguments[0])
        parser = Parser(f"rcm {arguments[0]}", command.SUMMARY, command.EXAMPLES)
        command.add_arguments(parser)
        return command.run(parser.parse(arguments[1:]))
    build_parser().parse_args(arguments)  # shows help or the version, or raises
    raise exits.UsageError("no command", hint="`rcm --help` lists the commands")


@contextlib.contextmanager
def _rare_collections() -> Iterator[None]:
    """Spares a short command the search for garbage among its modules, also the last one at its end.

    It was 7 % of the CPU time of a cold `rcm search`.
    """
    usual = gc.get_threshold()
    gc.set_threshold(_OBJECTS_A_COLLECTION)
    try:
        yield
    finally:
        gc.freeze()
        gc.set_threshold(*usual)


def _load(name: str) -> Command:
    return cast(Command, importlib.import_module(f"rcm.cli.{_MODULES.get(name, name)}"))


class _Version(argparse.Action):
    """Looks the version up only when asked for."""

    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> None:
        """Prints it and ends the command."""
        from rcm import __version__

        write_result(f"rcm {__version__}\n")
        parser.exit()
