"""The kept indexes as a table for people."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from rcm.present.escape import escape_path
from rcm.present.quantities import size
from rcm.present.style import Style

if TYPE_CHECKING:
    from rcm.reports.looking import KeptIndex

_STATES = {
    "ok": "",
    "missing": "tree is gone",
    "other-format": "made by another version",
    "damaged": "damaged",
    "unfinished": "unfinished",
}
_UNITS = ((365 * 86_400, "y"), (7 * 86_400, "w"), (86_400, "d"), (3_600, "h"), (60, "min"))


def render_indexes(
    indexes: Sequence[KeptIndex], cache_bytes: int, style: Style, now: datetime | None = None
) -> str:
    """One line for each index, and what all of it takes; ends with a line break.

    Args:
        indexes: In the order of the lines.
        cache_bytes: Size of the cache of vectors.
        style: What the reader can take.
        now: For ages.
    """
    lines = _table(indexes, style, now or datetime.now(UTC))
    total = sum(index.index_bytes + index.crash_bytes for index in indexes)
    parts = [f"{counted(len(indexes))}, {size(total)}"]
    crashes = sum(index.crash_bytes for index in indexes)
    parts += [f"of it {size(crashes)} records of crashes"] if crashes else []
    parts += [f"{size(cache_bytes)} cached vectors"] if cache_bytes else []
    return "\n".join([*lines, style.paint("; ".join(parts), "2")]) + "\n"


def render_pruned(indexes: Sequence[KeptIndex], style: Style, now: datetime | None = None) -> str:
    """The indexes that are superfluous, and what they take."""
    if not indexes:
        return "no index is superfluous\n"
    total = size(sum(index.index_bytes + index.crash_bytes for index in indexes))
    lines = _table(indexes, style, now or datetime.now(UTC))
    return "\n".join([*lines, f"superfluous: {counted(len(indexes))}, {total}"]) + "\n"


def age(updated_at: str, now: datetime) -> str:
    """`3 d`: how long ago a time in ISO 8601 was, or `-` where none is told."""
    try:
        then = datetime.fromisoformat(updated_at)
    except ValueError:
        return "-"
    seconds = (now - (then if then.tzinfo else then.replace(tzinfo=UTC))).total_seconds()
    return next(
        (f"{seconds // span:.0f} {unit}" for span, unit in _UNITS if seconds >= span), "now"
    )


def _table(indexes: Sequence[KeptIndex], style: Style, now: datetime) -> list[str]:
    rows = [
        (
            f"{index.files:,}" if index.files else "-",
            f"{index.chunks:,}" if index.chunks else "-",
            size(index.index_bytes),
            age(index.updated_at, now),
            _name(index, style),
        )
        for index in indexes
    ]
    table = [("files", "chunks", "size", "age", "tree"), *rows] if rows else []
    widths = [max(len(row[column]) for row in table) for column in range(4)] if table else []
    return [
        "  ".join([*(cell.rjust(width) for cell, width in zip(row, widths, strict=False)), row[4]])
        for row in table
    ]


def _name(index: KeptIndex, style: Style) -> str:
    notes = [_STATES[index.state], "being written" if index.locked else ""]
    said = "; ".join(note for note in notes if note)
    name = escape_path(index.root or index.index_dir)
    return f"{name}  {style.paint(f'[{said}]', '1;33')}" if said else name


def counted(n: int) -> str:
    """`1 index`, `2 indexes`."""
    return f"{n:,} {'index' if n == 1 else 'indexes'}"
