"""Markup: values as HTML for notebooks, neutral to light and dark themes, everything in them escaped."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields
from html import escape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

#: Items of a list or mapping that are shown.
_MOST = 12
_CELL = "text-align:left;padding:.1em 1em .1em 0;vertical-align:top"


def visible(text: str) -> str:
    """Escape text for HTML, and make visible what a browser would hide or turn around."""
    shown = (one if one.isprintable() or one in "\n\t" else _code(one) for one in text)
    return escape("".join(shown))


def table_of(value: DataclassInstance, title: str) -> str:
    """Return the fields of a value as a table.

    Args:
        value: Any dataclass instance.
        title: What stands above it.
    """
    rows = ((field.name.replace("_", " "), getattr(value, field.name)) for field in fields(value))
    body = "".join(
        f'<tr><th style="{_CELL};font-weight:normal;opacity:.7">{visible(name)}</th>'
        f'<td style="{_CELL}">{visible(_shown(item))}</td></tr>'
        for name, item in rows
        if item not in (None, "", (), {})
    )
    head = f"<strong>{visible(title)}</strong>"
    return f'<div>{head}<table style="border-collapse:collapse">{body}</table></div>'


def _shown(value: object) -> str:
    if isinstance(value, bool) or value is None:
        return {True: "yes", False: "no", None: "-"}[value]
    if isinstance(value, float):
        return f"{value:,.3f}".rstrip("0").rstrip(".")
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, Mapping):
        return _few([f"{name} {_shown(item)}" for name, item in value.items()])
    if isinstance(value, Sequence) and not isinstance(value, str):
        return _few([_shown(item) for item in value])
    if hasattr(value, "path") and hasattr(value, "error"):
        return f"{value.path}: {value.error}"
    return str(value)


def _few(items: Sequence[str]) -> str:
    more = [f"{len(items) - _MOST:,} more"] if len(items) > _MOST else []
    return ", ".join([*items[:_MOST], *more])


def _code(one: str) -> str:
    return f"\\x{ord(one):02x}" if ord(one) < 0x100 else f"\\u{ord(one):04x}"
