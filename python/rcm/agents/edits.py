"""What the editors of configuration files share: their error, and values inside nested mappings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any


class ConfigError(Exception):
    """A configuration file cannot be read, or not be changed safely; it was not touched.

    Attributes:
        line: Where, 1-based; 0 if it is about the whole file.
        column: Where in the line, 1-based; 0 if it is about the whole line.
    """

    def __init__(self, message: str, *, line: int = 0, column: int = 0) -> None:
        """Says what, lower case, no full stop."""
        super().__init__(message)
        self.line = line
        self.column = column


def lookup(data: Mapping[str, Any], keys: Sequence[str]) -> Any:
    """The value at `keys`, or None where there is none."""
    value: Any = data
    for key in keys:
        if not isinstance(value, Mapping) or key not in value:
            return None
        value = value[key]
    return value


def nested(keys: Sequence[str], value: Any) -> Any:
    """`value` inside one mapping for each of `keys`, outermost first."""
    for key in reversed(keys):
        value = {key: value}
    return value


def with_value(data: Mapping[str, Any], keys: Sequence[str], value: Any) -> dict[str, Any]:
    """A copy of `data` that has `value` at `keys`.

    Raises:
        ConfigError: If something on the way there is no mapping.
    """
    key, *rest = keys
    if not rest:
        return {**data, key: value}
    inner = data.get(key)
    if inner is not None and not isinstance(inner, Mapping):
        raise ConfigError(f"`{key}` is there, but no table of settings")
    return {**data, key: with_value(inner or {}, rest, value)}


def without(data: Mapping[str, Any], keys: Sequence[str]) -> dict[str, Any]:
    """A copy of `data` that has nothing at `keys`; mappings that become empty stay."""
    key, *rest = keys
    if not rest:
        return {name: value for name, value in data.items() if name != key}
    inner = data.get(key)
    return {**data, key: without(inner, rest)} if isinstance(inner, Mapping) else dict(data)


def same(one: Any, other: Any) -> bool:
    """Whether two parsed values are equal, with `true` unlike `1` and a NaN like another."""
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        return one.keys() == other.keys() and all(same(one[key], other[key]) for key in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(same, one, other))
    if type(one) is not type(other):
        return False
    return bool(one == other or (one != one and other != other))


def line_break(text: str) -> str:
    """The line break that a text uses."""
    return "\r\n" if "\r\n" in text else "\n"
