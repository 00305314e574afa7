"""Changes one value in JSON with comments and trailing commas; every other byte stays.

Where things are is looked up in the text with comments and trailing commas blanked (`json_text`); the
changes are spliced into the text as it was.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from rcm.agents.edits import ConfigError, line_break, nested
from rcm.agents.json_text import DECODER, SPACE, TOKEN, plain, without_comments


def parse(text: str) -> dict[str, Any]:
    """The values of a document; one that holds nothing but blanks and comments is empty.

    Raises:
        ConfigError: If it is no JSON, or no object.
    """
    bare = plain(without_comments(text))
    if not bare.strip(SPACE):
        return {}
    try:
        value = DECODER.decode(bare)
    except json.JSONDecodeError as error:
        raise ConfigError(error.msg.lower(), line=error.lineno, column=error.colno) from None
    except RecursionError:
        raise ConfigError("nested too deeply") from None
    if not isinstance(value, dict):
        raise ConfigError("not a JSON object", line=1)
    return value


def put(text: str, keys: Sequence[str], value: Any) -> str:
    """The text with `value` at `keys`; members of an object that `value` does not name stay.

    Raises:
        ConfigError: If the text cannot be parsed, or something on the way there is no object.
    """
    parse(text)
    document = _Document(text)
    if document.empty:
        start = text if not text or text.endswith("\n") else text + line_break(text)
        return start + _pretty(nested(keys, value), "  ", "", line_break(text)) + line_break(text)
    opening = document.root
    for depth, key in enumerate(keys):
        member = document.member(opening, key)
        if member is None:
            return document.insert(opening, key, nested(keys[depth + 1 :], value))
        there = json.loads(document.plain[member.value : member.end])
        if there is None:
            return document.replace(member, nested(keys[depth + 1 :], value))
        if depth == len(keys) - 1:
            if not isinstance(there, dict) or not isinstance(value, dict):
                return text if there == value else document.replace(member, value)
            for name, part in value.items():
                text = put(text, (*keys, name), part)
            return text
        if not isinstance(there, dict):
            raise ConfigError(f"`{key}` is there, but no object", line=document.line(member.value))
        opening = member.value
    raise AssertionError("keys are not empty")


def drop(text: str, keys: Sequence[str]) -> str:
    """The text without what is at `keys`, as it was before `put`; the same text if nothing is.

    Raises:
        ConfigError: If the text cannot be parsed.
    """
    parse(text)
    document = _Document(text)
    if document.empty:
        return text
    opening = document.root
    for key in keys[:-1]:
        member = document.member(opening, key)
        if member is None or document.plain[member.value] != "{":
            return text
        opening = member.value
    if document.member(opening, keys[-1]) is None:
        return text
    return drop(document.remove(opening, keys[-1]), keys)  # a key may stand there twice


@dataclass(frozen=True, slots=True)
class _Member:
    """Offsets of a member: its key's first quote, its value, the end of that."""

    key: str
    start: int
    value: int
    end: int


class _Document:
    """A text that parses, and where things are in it."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.bare = without_comments(text)
        self.plain = plain(self.bare)
        self.newline = line_break(text)
        self.root = self._skip(self.plain, 0)
        self.empty = self.root == len(text)

    def members(self, opening: int) -> tuple[list[_Member], int]:
        """The members of the object whose brace is at `opening`, and where it is closed."""
        found, at = [], self._skip(self.plain, opening + 1)
        while self.plain[at] != "}":
            start = at
            key, end = DECODER.raw_decode(self.plain, start)
            value = self._skip(self.plain, self._skip(self.plain, end) + 1)
            _, end = DECODER.raw_decode(self.plain, value)
            found.append(_Member(key, start, value, end))
            at = self._skip(self.plain, end)
            if self.plain[at] == ",":
                at = self._skip(self.plain, at + 1)
        return found, at

    def member(self, opening: int, key: str) -> _Member | None:
        """The member that counts: of several, parsers take the last."""
        found = [member for member in self.members(opening)[0] if member.key == key]
        return found[-1] if found else None

    def line(self, at: int) -> int:
        return self.text.count("\n", 0, at) + 1

    def replace(self, member: _Member, value: Any) -> str:
        indent = self._line_indent(member.start)
        if "\n" in self.text.strip(SPACE):
            rendered = _pretty(value, self._unit(), indent, self.newline)
        else:
            rendered = json.dumps(value, ensure_ascii=False)
        return self.text[: member.value] + rendered + self.text[member.end :]

    def insert(self, opening: int, key: str, value: Any) -> str:
        """A new last member."""
        members, closing = self.members(opening)
        if not members:
            return self._insert_first(opening, closing, key, value)
        last = members[-1]
        comma = self._comma(last.end)
        after = last.end if comma is None else comma + 1
        indent = self._line_indent(last.start)
        at = self._end_of_line(after, closing)
        name = f"{json.dumps(key, ensure_ascii=False)}: "
        if at is None:
            piece = f" {name}{json.dumps(value, ensure_ascii=False)}"
        else:
            piece = (
                self.newline + indent + name + _pretty(value, self._unit(), indent, self.newline)
            )
        at = at or after
        if comma is not None:
            return self.text[:at] + piece + "," + self.text[at:]
        return self.text[:after] + "," + self.text[after:at] + piece + self.text[at:]

    def remove(self, opening: int, key: str) -> str:
        """Without the member, the comma that belongs to it and its line, if nothing else is there."""
        members, closing = self.members(opening)
        number = max(i for i, member in enumerate(members) if member.key == key)
        member = members[number]
        comma = self._comma(member.end)
        end = member.end if comma is None else comma + 1
        start = len(self.text[: member.start].rstrip(" \t"))
        alone = not self.text[end:closing].split("\n")[0].strip(SPACE)
        if alone and self.text[:start].endswith("\n"):
            start -= 2 if self.text[:start].endswith("\r\n") else 1
        elif start and self.text[start - 1] == "\n":
            start = member.start
        before, after = self.text[:start], self.text[end:]
        if comma is None and number:
            previous = self._comma(members[number - 1].end)
            assert previous is not None, "two members have a comma between them"
            before = before[:previous] + before[previous + 1 :]
        if len(members) == 1 and not self.text[opening + 1 : start].strip(SPACE):
            rest = self.text[end:closing]
            if not rest.strip(SPACE):
                return self.text[: opening + 1] + self.text[closing:]
        return before + after

    def _insert_first(self, opening: int, closing: int, key: str, value: Any) -> str:
        inner = self.text[opening + 1 : closing]
        name = f"{json.dumps(key, ensure_ascii=False)}: "
        outer = self._line_indent(opening)
        indent = outer + self._unit()
        if inner.strip(SPACE):  # comments
            at = opening + 1 + len(inner.rstrip(SPACE))
            piece = (
                self.newline + indent + name + _pretty(value, self._unit(), indent, self.newline)
            )
            end = "" if "\n" in self.text[at:closing] else self.newline + outer
            return self.text[:at] + piece + end + self.text[at:]
        if opening != self.root and "\n" not in self.text.strip(SPACE):
            piece = name + json.dumps(value, ensure_ascii=False)
        else:
            piece = (
                self.newline + indent + name + _pretty(value, self._unit(), indent, self.newline)
            )
            piece += self.newline + outer
        return self.text[: opening + 1] + piece + self.text[closing:]

    def _comma(self, at: int) -> int | None:
        """Where the comma after a value is that ends at `at`, if there is one."""
        after = self._skip(self.bare, at)
        return after if self.bare[after] == "," else None

    def _end_of_line(self, after: int, closing: int) -> int | None:
        """The end of the line, behind its comments; None if the object is closed on it."""
        at = self.text.find("\n", after, closing)
        if at < 0:
            return None
        if self.text[at - 1] == "\r":
            at -= 1
        for comment in TOKEN.finditer(self.text, after, closing):
            if comment.start() < at < comment.end():  # a comment of several lines begins here
                return len(self.text[: comment.start()].rstrip(" \t"))
        return at

    def _line_indent(self, at: int) -> str:
        """The blanks that the line of `at` begins with."""
        line = self.text[self.text.rfind("\n", 0, at) + 1 : at].lstrip("\ufeff")
        return line[: len(line) - len(line.lstrip(" \t"))]

    def _unit(self) -> str:
        """What one level is indented by: what the first member of the document is, or two blanks."""
        members, _ = self.members(self.root)
        indent = self._line_indent(members[0].start) if members else ""
        return indent or "  "

    @staticmethod
    def _skip(text: str, at: int) -> int:
        while at < len(text) and text[at] in SPACE:
            at += 1
        return at


def _pretty(value: Any, unit: str, indent: str, newline: str) -> str:
    return json.dumps(value, ensure_ascii=False, indent=unit).replace("\n", newline + indent)
