"""How text may look on a stream: colour, escaping, width."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import NamedTuple, TextIO

_PLAIN_WIDTH = 300


class Style(NamedTuple):
    """What the reader at the other end can take.

    Attributes:
        colour: Whether ANSI colours are written.
        escape: Whether control characters in code are made visible.
        width: Longest line of code, in characters.
    """

    colour: bool = False
    escape: bool = False
    width: int = _PLAIN_WIDTH

    def paint(self, text: str, sgr: str) -> str:
        """Wraps `text` in the SGR parameters `sgr` (`"1;31"`), if colours are written."""
        return f"\x1b[{sgr}m{text}\x1b[0m" if self.colour and text else text


def style_for(stream: TextIO | None, environ: Mapping[str, str] | None = None) -> Style:
    """The style for a stream.

    `NO_COLOR` turns colours off, `FORCE_COLOR` turns them on where `NO_COLOR` is unset; empty
    values count as unset. Text that may end on a terminal is always escaped.
    """
    env = os.environ if environ is None else environ
    terminal = is_terminal(stream)
    forced = env.get("FORCE_COLOR", "") not in ("", "0")
    colour = not env.get("NO_COLOR") and (forced or (terminal and env.get("TERM") != "dumb"))
    width = _terminal_width(stream) if terminal else _PLAIN_WIDTH
    return Style(colour=colour, escape=terminal or colour, width=width)


def is_terminal(stream: TextIO | None) -> bool:
    """Whether somebody looks at the stream."""
    try:
        return stream is not None and stream.isatty()
    except ValueError:  # closed
        return False


def _terminal_width(stream: TextIO | None) -> int:
    try:
        columns = os.get_terminal_size(stream.fileno() if stream else 1).columns
    except (OSError, ValueError):
        columns = 0
    return max(40, columns or 80)
