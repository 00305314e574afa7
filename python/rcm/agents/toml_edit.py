"""Changes one table in TOML; every other byte stays.

A text is cut into statements by letting the parser say where each ends: lines are added to a piece
until the piece parses. A new table goes to the end of the text.
"""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from rcm.agents.edits import ConfigError, line_break, lookup

_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")
_PLACE = re.compile(r"\(at line (\d+), column (\d+)\)")


def parse(text: str) -> dict[str, Any]:
    """The values of a document.

    Raises:
        ConfigError: If it is no TOML.
    """
    try:
        return tomllib.loads(text.removeprefix("\ufeff"))
    except tomllib.TOMLDecodeError as error:
        message = str(error)
        place = _PLACE.search(message)
        line, column = (int(place[1]), int(place[2])) if place else (0, 0)
        reason = _PLACE.sub("", message).strip()
        reason = reason[:1].lower() + reason[1:]
        raise ConfigError(reason, line=line, column=column) from None
    except RecursionError:
        raise ConfigError("nested too deeply") from None


def put(text: str, keys: Sequence[str], value: dict[str, Any]) -> str:
    """The text with the table `value` at `keys`; keys of it that `value` does not name stay.

    Raises:
        ConfigError: If the text cannot be parsed.
    """
    there = lookup(parse(text), keys)
    newline = line_break(text)
    if there is None:
        before = text if not text or text.endswith("\n") else text + newline
        block = [_header(keys), *(f"{_key(k)} = {_value(v)}" for k, v in value.items())]
        return before + (newline if before else "") + newline.join(block) + newline
    for key, part in value.items():
        if not isinstance(there, dict) or there.get(key) != part:
            text = _assign(text, keys, key, f"{_key(key)} = {_value(part)}{newline}")
    return text


def drop(text: str, keys: Sequence[str]) -> str:
    """The text without the table at `keys` and those in it; the same text if there is none.

    Raises:
        ConfigError: If the text cannot be parsed.
    """
    parse(text)
    kept, pending, inside = [""], "", False
    for statement in _statements(text):
        if statement.table is not None:
            was, inside = inside, statement.table[: len(keys)] == tuple(keys)
            if inside and not was:  # the blank line before it goes, too
                kept[-1] = re.sub(r"(\n|\A)\r?\n\Z", r"\1", kept[-1])
            elif was and not inside:
                kept.append(pending)
            pending = ""
        if not inside:
            kept[-1] += statement.text
        elif statement.silent:  # may belong to the table that follows
            pending += statement.text
        else:
            pending = ""
    return "".join(kept)


@dataclass(frozen=True, slots=True)
class _Statement:
    """Whole lines: a header with its path, an assignment with its values, or nothing (`silent`)."""

    text: str
    table: tuple[str, ...] | None
    values: dict[str, Any]

    @property
    def silent(self) -> bool:
        return self.table is None and not self.values


def _statements(text: str) -> Iterator[_Statement]:
    """The statements of a text that parses; put together they are the text."""
    piece = ""
    for line in text.splitlines(keepends=True) if "\r" not in text else _lines(text):
        piece += line
        try:
            values = tomllib.loads(piece.removeprefix("\ufeff"))
        except tomllib.TOMLDecodeError:
            continue
        header = piece.lstrip(" \t\ufeff").startswith("[")
        yield _Statement(piece, _path(values) if header else None, {} if header else values)
        piece = ""
    if piece:
        raise ConfigError("cannot be cut into statements")


def _lines(text: str) -> list[str]:
    return re.findall(r"[^\n]*\n|[^\n]+\Z", text)


def _path(values: Any) -> tuple[str, ...]:
    """The keys of a header: each level has one."""
    path: list[str] = []
    while values:
        if isinstance(values, list):
            values = values[0]
            continue
        ((key, values),) = values.items()
        path.append(key)
    return tuple(path)


def _assign(text: str, keys: Sequence[str], key: str, line: str) -> str:
    """Replaces the assignment of `key` in the table `keys`, or makes it the first there."""
    parts: list[str] = []
    table: tuple[str, ...] = ()
    header = None
    replaced = False
    for statement in _statements(text):
        if statement.table is not None:
            table = statement.table
            header = len(parts) if table == tuple(keys) and header is None else header
        ours = table == tuple(keys) and statement.table is None and key in statement.values
        parts.append(line if ours and not replaced else "" if ours else statement.text)
        replaced = replaced or ours
    if header is None:
        raise ConfigError(f"{_header(keys)} is not written as a table of its own")
    if not replaced:
        parts[header] += line
    return "".join(parts)


def _header(keys: Sequence[str]) -> str:
    return "[" + ".".join(_key(key) for key in keys) + "]"


def _key(key: str) -> str:
    return key if _BARE_KEY.fullmatch(key) else _value(key)


def _value(value: Any) -> str:
    """Strings, numbers, truth values and lists of them, as TOML shares them with JSON."""
    if isinstance(value, list):
        return "[" + ", ".join(_value(item) for item in value) + "]"
    # JSON may keep DEL as it is, TOML may not.
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
