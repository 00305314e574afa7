"""One way to change any format of configuration file, checked: nothing but the entry differs."""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from typing import Any, Literal, Protocol, cast

from rcm.agents.edits import ConfigError, lookup, same, with_value, without

Format = Literal["json", "toml", "yaml"]
"""`json` is JSON with comments: agents that allow none have none in their files."""


class _Editor(Protocol):
    def parse(self, text: str) -> dict[str, Any]: ...

    def put(self, text: str, keys: Sequence[str], value: dict[str, Any]) -> str: ...

    def drop(self, text: str, keys: Sequence[str]) -> str: ...


def parse(form: Format, text: str) -> dict[str, Any]:
    """The values that a text holds.

    Raises:
        ConfigError: If the text is not of that format.
    """
    return _editor(form).parse(text)


def put(form: Format, text: str, keys: Sequence[str], value: dict[str, Any]) -> str:
    """The text with `value` at `keys`: the same text if that is what stands there.

    Raises:
        ConfigError: If the text is not of that format, or something else would change.
    """
    before = parse(form, text)
    if same(lookup(before, keys), value):
        return text
    expected = with_value(before, keys, value)
    return _checked(form, _editor(form).put(text, keys, value), expected)


def drop(form: Format, text: str, keys: Sequence[str]) -> str:
    """The text without what is at `keys`: the same text if nothing is.

    Raises:
        ConfigError: If the text is not of that format, or something else would change.
    """
    before = parse(form, text)
    if lookup(before, keys) is None:
        return text
    after = without(before, keys)
    result = _editor(form).drop(text, keys)
    try:
        return _checked(form, result, after)
    except ConfigError:
        # In TOML a table that nothing is left of is not there at all.
        emptied = lookup(after, keys[:-1]) == {}
        return _checked(form, result, without(after, keys[:-1]) if emptied else after)


def _checked(form: Format, text: str, expected: dict[str, Any]) -> str:
    try:
        as_meant = same(parse(form, text), expected)
    except ConfigError:
        as_meant = False
    if not as_meant:
        raise ConfigError("is written in a way that cannot be changed without changing more")
    return text


def _editor(form: Format) -> _Editor:
    return cast(_Editor, importlib.import_module(f"rcm.agents.{form}_edit"))
