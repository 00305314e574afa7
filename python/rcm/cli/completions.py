"""`rcm completions`: a script that teaches a shell to complete rcm's commands, options and their values."""

from __future__ import annotations

import argparse
from collections.abc import Iterator

from rcm.cli import exits
from rcm.cli.console import write_result
from rcm.cli.shells import mended

SUMMARY = "print a completion script for a shell"
EXAMPLES = """\
  rcm completions bash > ~/.local/share/bash-completion/completions/rcm
  rcm completions zsh > ~/.zfunc/_rcm            with `fpath+=~/.zfunc` before compinit in ~/.zshrc
  rcm completions fish > ~/.config/fish/completions/rcm.fish"""

_FOLDERS = frozenset({"dir", "dirs", "index_dir", "tree", "words"})
_FILES = frozenset({"place", "file", "plot"})


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of `rcm completions`."""
    parser.add_argument("shell", choices=("bash", "zsh", "fish"), help="which shell")


def run(args: argparse.Namespace) -> int:
    """Prints the script."""
    try:
        import shtab
    except ImportError:
        raise exits.UsageError(
            "completions need the package shtab, which is not installed",
            hint="pip install shtab",
        ) from None
    from rcm.cli import build_parser

    parser = build_parser()
    values = _values()
    for action in _actions(parser):
        if action.dest in _FOLDERS:
            action.complete = shtab.DIRECTORY  # type: ignore[attr-defined]
        elif action.dest in _FILES:
            action.complete = shtab.FILE  # type: ignore[attr-defined]
        elif action.dest in values:
            action.choices = values[action.dest]
    write_result(mended(args.shell, shtab.complete(parser, shell=args.shell) + "\n"))
    return exits.FOUND


def _values() -> dict[str, list[str]]:
    """Return what options take that are checked elsewhere, by destination."""
    from typing import get_args

    from rcm import _rcm
    from rcm.agents.table import IDS
    from rcm.bench.rivals import RIVALS
    from rcm.types import ContentClass, RefreshPolicy

    return {
        "language": [*_rcm.languages(), "text"],
        "kind": _rcm.kinds(),
        "classes": list(get_args(ContentClass)),
        "agents": list(IDS),
        "against": list(RIVALS),
        "refresh": list(get_args(RefreshPolicy)),
    }


def _actions(parser: argparse.ArgumentParser) -> Iterator[argparse.Action]:
    for action in parser._actions:
        yield action
        if isinstance(action, argparse._SubParsersAction):
            for child in action.choices.values():
                yield from _actions(child)
