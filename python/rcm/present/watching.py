"""What happens while a tree is watched, as lines for people and as one line that stays."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rcm.present.escape import escape_code, escape_path
from rcm.present.quantities import count, duration
from rcm.present.style import Style

if TYPE_CHECKING:
    from rcm.reports.looking import WatchEvent

_COLOURS = {
    "watching": "1;32",
    "updated": "32",
    "waiting": "1;33",
    "failed": "1;31",
    "polling": "1;33",
}


def render_event(event: WatchEvent, root: str, style: Style) -> str:
    """One event: the time of day in UTC, what happened, to what; ends with a line break."""
    clock = style.paint(_clock(event), "2")
    kind = style.paint(event.event, _COLOURS[event.event])
    return f"{clock}  {kind}  {_what(event, root)}\n"


def status_line(event: WatchEvent, root: str, style: Style) -> str:
    """What is going on, without a line break: it is drawn over by what comes next."""
    text = f"watching {escape_path(root)}, last event {_clock(event)} UTC (Ctrl-C stops)"
    return style.paint(text[: style.width - 1], "2")


def erase_line() -> str:
    """What takes a status line away."""
    return "\r\x1b[K"


def _clock(event: WatchEvent) -> str:
    return event.time.partition("T")[2].removesuffix("Z")


def _what(event: WatchEvent, root: str) -> str:
    if event.event == "watching":
        return escape_path(root)
    if event.event != "updated":
        return escape_code(event.reason)
    parts = []
    if event.files_indexed:
        parts.append(f"{count(event.files_indexed, 'file')} indexed")
    if event.files_removed:
        parts.append(f"{event.files_removed:,} removed")
    done = f"{', '.join(parts)} in {duration(event.seconds)}"
    text = f"{done}, {count(event.chunks_total, 'chunk')} in the index"
    return f"{text}\n  {escape_code(event.reason)}" if event.reason else text
