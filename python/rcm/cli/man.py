"""`rcm man`: the manual page, made of the commands' own descriptions, so that it cannot differ from them."""

from __future__ import annotations

import argparse
import re

from rcm.cli import exits
from rcm.cli.console import write_result

SUMMARY = "print the manual page"
EXAMPLES = """\
  rcm man | man -l -
  rcm man > ~/.local/share/man/man1/rcm.1     then: man rcm"""

_ENVIRONMENT = (
    ("RCM_HOME", "folder of everything rcm keeps (default: rcm in the user's cache folder)"),
    ("RCM_MAX_MEMORY", "memory that an update may use, such as 512M"),
    ("FORCE_SEQUENTIAL", "1 indexes in sequential mode unless --mode says otherwise"),
    ("RCM_PAGER, PAGER", "shows what is longer than the terminal; empty or cat for none"),
    ("RCM_DEBUG", "1 shows the traceback of an error"),
    ("NO_COLOR, FORCE_COLOR", "turn colours off, on"),
)
_SEE_ALSO = "rg(1), git(1), gitignore(5)"
#: What roff takes for a request at the beginning of a line.
_REQUEST = re.compile(r"^([.'])", re.MULTILINE)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """There are no options."""


def run(args: argparse.Namespace) -> int:  # noqa: ARG001 (every command takes them)
    """Prints the page."""
    from rcm import __version__
    from rcm.cli import build_parser

    write_result(manual_page(build_parser(), __version__))
    return exits.FOUND


def manual_page(parser: argparse.ArgumentParser, version: str) -> str:
    """The page in the macros of man(7).

    Args:
        parser: The whole command line.
        version: What the footer says.
    """
    commands = _commands(parser)
    description = (parser.description or "").rstrip(".")
    name, _, what = description.partition(": ")
    return "\n".join(
        [
            f'.TH {parser.prog.upper()} 1 "" "{parser.prog} {version}" "User Commands"',
            ".SH NAME",
            f"{parser.prog} \\- {text(f'{name}: {what}'[:1].lower() + f'{name}: {what}'[1:])}",
            ".SH SYNOPSIS",
            f".B {parser.prog}",
            "[\\fB\\-\\-version\\fR] [\\fB\\-\\-help\\fR] \\fICOMMAND\\fR ...",
            ".SH COMMANDS",
            *(line for command in commands for line in _command(command)),
            ".SH ENVIRONMENT",
            *(
                line
                for pair in _ENVIRONMENT
                for line in (".TP", f".B {text(pair[0])}", text(pair[1]))
            ),
            ".SH EXAMPLES",
            *_literal(parser.epilog or ""),
            ".SH SEE ALSO",
            text(_SEE_ALSO),
            "",
        ]
    )


def text(words: str) -> str:
    r"""Escape words for roff: backslashes, hyphens, and what a request begins with."""
    escaped = words.replace("\\", "\\e").replace("-", "\\-")
    return _REQUEST.sub(r"\\&\1", escaped)


def _commands(parser: argparse.ArgumentParser) -> list[argparse.ArgumentParser]:
    return [
        child
        for action in parser._actions
        if isinstance(action, argparse._SubParsersAction)
        for child in action.choices.values()
    ]


def _command(parser: argparse.ArgumentParser) -> list[str]:
    usage = " ".join(parser.format_usage().removeprefix("usage: ").split())
    return [
        f".SS {text(parser.prog)}",
        text(parser.description or ""),
        ".PP",
        f"\\fB{text(usage)}\\fR",
        *(line for action in parser._actions for line in _option(parser, action)),
        ".PP",
        *_literal(parser.epilog or ""),
    ]


def _option(parser: argparse.ArgumentParser, action: argparse.Action) -> list[str]:
    if action.help == argparse.SUPPRESS or isinstance(action, argparse._HelpAction):
        return []
    shown = parser._get_formatter()._format_action_invocation(action)
    words = (action.help or "") % {"default": action.default, "prog": parser.prog}
    return [".TP", f".B {text(shown)}", text(words)]


def _literal(words: str) -> list[str]:
    return [".nf", text(words.removeprefix("examples:\n")), ".fi"] if words else []
