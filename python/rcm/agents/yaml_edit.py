"""Changes one entry of a mapping in YAML; every other byte stays.

The parser says where keys and values stand; lines are spliced in right below the mapping's own key.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from rcm.agents.edits import ConfigError, line_break

if TYPE_CHECKING:
    from ruamel.yaml import YAML
    from ruamel.yaml.nodes import MappingNode


def parse(text: str) -> dict[str, Any]:
    """The values of a document; one that holds nothing but comments is empty.

    Raises:
        ConfigError: If it is no YAML, or no mapping.
    """
    value = _read(text, "load")
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise ConfigError("not a YAML mapping", line=1)
    return value


def put(text: str, keys: Sequence[str], value: dict[str, Any]) -> str:
    """The text with the mapping `value` at the two `keys`, put first or in place of what is there.

    Raises:
        ConfigError: If the text cannot be parsed, or the first key has no mapping.
    """
    section, name = keys
    text = drop(text, keys)
    newline = line_break(text)
    found = _entry(_root(text), section)
    if found is None:
        before = text if not text or text.endswith("\n") else text + newline
        return before + f"{section}:{newline}" + _lines(name, value, 2, newline)
    key, node = found
    start, end = node.start_mark.index, node.end_mark.index
    if node.id == "mapping" and node.flow_style:
        if node.value:
            entry = f"{name}: {json.dumps(value, ensure_ascii=False)}, "
            return text[: start + 1] + entry + text[start + 1 :]
        text = text[:start].rstrip(" ") + text[end:]
    elif node.id == "scalar" and node.value in ("", "~", "null", "Null", "NULL"):
        text = text[:start].rstrip(" ") + text[end:] if end > start else text
    elif node.id != "mapping":
        raise ConfigError(f"`{section}` is there, but no mapping", line=node.start_mark.line + 1)
    column = node.value[0][0].start_mark.column if node.id == "mapping" and node.value else 2
    at = text.find("\n", key.end_mark.index) + 1
    if at == 0:
        text += newline
        at = len(text)
    return text[:at] + _lines(name, value, column, newline) + text[at:]


def drop(text: str, keys: Sequence[str]) -> str:
    """The text without the entry at the two `keys`; the same text if there is none.

    Raises:
        ConfigError: If the text cannot be parsed.
    """
    parse(text)
    section, name = keys
    found = _entry(_root(text), section)
    inner = _entry(found[1], name) if found else None
    if found is None or inner is None:
        return text
    key, node = inner
    if found[1].flow_style:
        start, end = key.start_mark.index, node.end_mark.index
        rest = text[end:].lstrip()
        if rest.startswith(","):
            return text[:start] + rest[1:].lstrip()
        return text[:start].rstrip().removesuffix(",") + text[end:]
    start = text.rfind("\n", 0, key.start_mark.index) + 1
    end = text.find("\n", _end(node) - 1) + 1 or len(text)
    if len(found[1].value) == 1:  # with no value at all it would be null, no mapping
        colon = text.index(":", found[0].end_mark.index) + 1
        return text[:colon] + " {}" + text[colon:start] + text[end:]
    return text[:start] + text[end:]


def _yaml() -> YAML:
    try:
        from ruamel.yaml import YAML
    except ImportError:
        raise ConfigError(
            "this file is YAML, and the package ruamel.yaml is not installed"
        ) from None
    return YAML(typ="safe", pure=True)


def _read(text: str, how: str) -> Any:
    yaml = _yaml()
    from ruamel.yaml.error import YAMLError

    try:
        return yaml.load(text) if how == "load" else yaml.compose(text)
    except YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        reason = getattr(error, "problem", None) or str(error).splitlines()[0]
        line, column = (mark.line + 1, mark.column + 1) if mark else (0, 0)
        raise ConfigError(str(reason).split("\n")[0], line=line, column=column) from None
    except (ValueError, RecursionError) as error:
        raise ConfigError(str(error).split("\n")[0] or "nested too deeply") from None


def _root(text: str) -> MappingNode | None:
    root: MappingNode | None = _read(text, "compose")
    return root


def _entry(node: Any, name: str) -> tuple[Any, Any] | None:
    """The key and the value called `name` in a mapping node."""
    if node is None or node.id != "mapping":
        return None
    for key, value in node.value:
        if key.id == "scalar" and key.value == name:
            return key, value
    return None


def _end(node: Any) -> int:
    """Where the last character of a node is: that of its last scalar or closing bracket."""
    if node.id == "scalar" or node.flow_style or not node.value:
        return int(node.end_mark.index)
    last = node.value[-1]
    return _end(last[1] if isinstance(last, tuple) else last)


def _lines(name: str, value: dict[str, Any], column: int, newline: str) -> str:
    """An entry as block lines; what is inside is JSON, which YAML takes in."""
    inner = [f"  {key}: {json.dumps(part, ensure_ascii=False)}" for key, part in value.items()]
    return "".join(" " * column + line + newline for line in [f"{name}:", *inner])
