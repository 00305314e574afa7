"""`rcm completions`: a script that teaches a shell to complete rcm's commands and options."""

from __future__ import annotations

import argparse

from rcm.cli import exits
from rcm.cli.console import write_result

SUMMARY = "print a completion script for a shell"
EXAMPLES = """\
  rcm completions bash > ~/.local/share/bash-completion/completions/rcm
  rcm completions zsh > ~/.zfunc/_rcm
  rcm completions fish > ~/.config/fish/completions/rcm.fish"""


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

    write_result(shtab.complete(build_parser(), shell=args.shell) + "\n")
    return exits.FOUND
