"""Names: the identifiers that a query asks for, however they are spelled or decorated."""

from __future__ import annotations

import re
from typing import NamedTuple

_PART = r"[^\W\d]\w*[!?]?"
_JOIN = r"(?:::|->|\.|#|\\|/|:)"
#: A name with its qualifiers; a hyphen joins parts of one name.
_PATH = rf"{_PART}(?:-\w+)*(?:{_JOIN}{_PART}(?:-\w+)*)*"
#: Words before a name that no sentence begins with, and words that one may.
_PLAIN_KEYWORD = (
    r"def|fn|func|fun|impl|defmodule|defp|defmacro|async|await|pub(?:\([a-z]+\))?|const|extern"
)
_WORD_KEYWORD = (
    r"function|class|struct|enum|trait|interface|type|module|namespace|object|record|static|public|"
    r"private|protected|abstract|final|export|default|let|var|val|new|return|import|package|override"
)
_ONE = re.compile(
    rf"(?P<keywords>(?:(?:{_PLAIN_KEYWORD}|{_WORD_KEYWORD})\s+)*)"
    rf"[`'\"@$&*:.#(\[-]*(?P<name>{_PATH})[`'\"\])]*"
    r"(?P<tail>\s*(?:<[^<>]*>)?\s*(?:\(.*|\{.*|\[.*\]|->.*|:)?\s*[;,.!?:{})]*)",
    re.DOTALL,
)
_PLAIN = re.compile(rf"(?:{_PLAIN_KEYWORD})\s")
_SPLIT = re.compile(_JOIN)
_WORD = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_INNER_CAPITAL = re.compile(r"[a-z0-9][A-Z]|[A-Z][A-Z][a-z]")
#: In a sentence (compiled when first used): a name in code quotes, called, or qualified.
_QUOTED = rf"`({_PATH})(?:\(\))?`"
_CALLED = rf"(?<!\w)({_PATH})\(\)"
_QUALIFIED = rf"(?<![\w./\\]){_PART}(?:(?:::|->|#|\.){_PART})+(?![\w/\\])"
#: What follows the last dot of a file's name, of a host's, or of an abbreviation, not of a method.
_NO_NAME = (
    r"[a-z]|py|pyi|rs|go|js|mjs|cjs|ts|tsx|jsx|java|kt|cs|cpp|cc|hpp|rb|php|swift|scala|lua|sh|hs|exs?|"
    r"zig|html|css|json|ya?ml|toml|md|txt|cfg|ini|lock|com|org|net|io|dev|NET"
)
#: Before the first word of a sentence.
_BEGIN = r"(?:^|[.!?:]\s)[^\w\s]*"
#: What follows the brackets of a definition's first line, and what of a sentence.
_SIGNATURE = r"->|=>|//|#|[;={]|(?:throws|extends|implements|const|noexcept|override)\b"
_TWO_WORDS = r"\b[A-Za-z][\w'-]*,? [A-Za-z]"
#: Characters of a query that are looked at; a longer one is pasted text.
_LONGEST = 8_192


class Names(NamedTuple):
    """The identifiers of a query.

    Attributes:
        wanted: Last parts of the names (`Router` of `axum::Router`), in order.
        alone: Whether the query is one name and no more.
        scopes: Qualifiers of the one name, outermost first.
    """

    wanted: tuple[str, ...]
    alone: bool
    scopes: tuple[str, ...] = ()


def find_names(text: str, *, capitals: bool = True) -> Names:
    """Return the identifiers that a query names.

    A query is one name when it is one word (`axum::Router`, `get-user-name`, `--max-size`,
    `parse(x, y)`) or a definition's first line (`def parse(self, x):`). In a longer one, names are
    words with an inner capital or an underscore, qualified, called or quoted ones.

    Args:
        text: The query.
        capitals: Whether capitalised words count, too, that begin no sentence, as in English.
    """
    text = text.strip()[:_LONGEST]
    alone = _ONE.fullmatch(text)
    if alone is not None and _is_one(alone):
        *scopes, last = _SPLIT.split(alone["name"])
        return Names((last.rstrip("!?") or last,), True, tuple(scopes))
    if len(text.split()) <= 1:
        return Names((), False)
    found: dict[str, None] = {}
    for mark, pattern in (("`", _QUOTED), ("()", _CALLED)):
        for match in re.finditer(pattern, text) if mark in text else ():
            found[_SPLIT.split(match[1])[-1].rstrip("!?")] = None
    joined = any(join in text for join in ("::", "->", "#", "."))
    for match in re.finditer(_QUALIFIED, text) if joined else ():
        last = _SPLIT.split(match[0])[-1].rstrip("!?")
        if not re.fullmatch(_NO_NAME, last):
            found[last] = None
    begins = {match.end() for match in re.finditer(_BEGIN, text)} if capitals else set()
    for match in _WORD.finditer(text):
        word = match[0]
        named = capitals and word[0].isupper() and match.start() not in begins
        if named or looks_like_code(word):
            found[word] = None
    return Names(tuple(found), False)


def _goes_on(keywords: str, tail: str) -> bool:
    """Tell whether a sentence follows the brackets that a tail begins with, as in `fix(parser): Keep blanks`.

    A return type, base classes, exceptions, a body and a remark are part of a definition's first line.
    """
    close = {"(": ")", "{": "}"}.get(tail[:1])
    depth = 0
    for at, letter in enumerate(tail) if close is not None else ():
        depth += (letter == tail[0]) - (letter == close)
        if not depth:
            rest = tail[at + 1 :].strip()
            signature = re.match(_SIGNATURE, rest) or rest.endswith(("{", "}", ";"))
            if signature or (keywords and rest.startswith(":")):
                return False
            return re.search(_TWO_WORDS, rest) is not None
    return False


def looks_like_code(word: str) -> bool:
    """Tell whether a word is an identifier of several parts, not one of a sentence."""
    return "_" in word.strip("_") or _INNER_CAPITAL.search(word) is not None


def _is_one(match: re.Match[str]) -> bool:
    """Tell a name, a call or a definition's first line from a sentence (`type conversion`)."""
    keywords, name, tail = match["keywords"], match["name"], match["tail"].strip()
    if not _PLAIN.search(keywords) and _goes_on(keywords, tail):
        return False
    if not keywords:
        # `retry (again)` is a sentence, `retry(again)` a call.
        return not match["tail"][:1].isspace() or not tail
    return (
        _PLAIN.search(keywords) is not None
        or tail[:1] in ("(", "{", ":", "<", ";")
        or looks_like_code(name)
    )
