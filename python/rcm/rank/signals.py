"""Signals: what a path or a definition says about an answer. One function each."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

from rcm import _rcm
from rcm.content import is_test
from rcm.rank.weights import FORWARD, INDENT, INDENT_CAP, KIND_WEIGHTS

_BUNDLED_PATH = re.compile(
    r"(?:^|/)(?:dist|vendor(?:ed)?|third[_-]?party|3rd[_-]?party|node_modules|bower_components|"
    r"bundled?|__?generated(?:__)?|generated|single[_-]include|amalgamat(?:ed|ion))/|"
    r"[_-]amalgamated\.[^/.]+\Z",
    re.IGNORECASE,
)
_DECLARATIONS_PATH = re.compile(r"\.d\.[cm]?ts\Z|\.pyi\Z")
_WORD = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def words(query: str) -> frozenset[str]:
    """Return the words of a query in lower case, as typed."""
    return frozenset(word.lower() for word in _WORD.findall(query))


#: A query with one of these words asks for such files. Words as typed, not stems: "sets" is no "settings".
_ASKS_FOR_TESTS = words(
    "test tests testing spec specs bench benchmark benchmarks example examples sample samples demo "
    "demos doc docs fixture fixtures legacy"
)
_ASKS_FOR_BUNDLED = words("dist vendor vendored bundle bundled generated thirdparty third_party")
_ASKS_FOR_DOCUMENTS = words(
    "readme changelog license doc docs documentation guide guides tutorial tutorials manual"
)
_ASKS_FOR_SETTINGS = words(
    "config configuration setting settings workflow workflows manifest makefile dockerfile"
)
#: What asks for files of each language that is not code; for others what asks for either kind.
_ASKS_FOR_LANGUAGE = {
    "markdown": _ASKS_FOR_DOCUMENTS | {"markdown"},
    "html": _ASKS_FOR_DOCUMENTS | {"html"},
    "json": _ASKS_FOR_SETTINGS | {"json"},
    "yaml": _ASKS_FOR_SETTINGS | {"yaml"},
    "toml": _ASKS_FOR_SETTINGS | {"toml"},
}
_ASKS_FOR_DECLARATIONS = words("declaration declarations stub stubs type types typing typings")
_ASKS_FOR_PROSE = _ASKS_FOR_DOCUMENTS | _ASKS_FOR_SETTINGS
_KINDS = [KIND_WEIGHTS[kind] for kind in _rcm.kinds()]


def stem_terms(path: str) -> frozenset[str]:
    """Return the terms of the part of a path that names its topic."""
    return frozenset(_rcm.terms(_rcm.effective_stem(path)))


@lru_cache(maxsize=1 << 16)
def folder_terms(folder: str) -> list[list[str]]:
    """Return the terms of the name of each folder of a path, outermost first, none of them empty."""
    text = folder.encode("utf-8", "replace").decode()  # a name may hold any bytes
    named = (list(dict.fromkeys(_rcm.terms(name))) for name in text.split("/"))
    return [terms for terms in named if terms]


def is_bundled(path: str) -> bool:
    """Tell whether a path is that of a build's output or of somebody else's code kept in the tree."""
    return _BUNDLED_PATH.search(path) is not None


def asks_for_bundled(words: frozenset[str]) -> bool:
    """Tell whether the words of a query ask for build output or vendored code."""
    return not _ASKS_FOR_BUNDLED.isdisjoint(words)


def is_declarations(path: str) -> bool:
    """Tell whether a path is that of types declared for code that stands elsewhere."""
    return _DECLARATIONS_PATH.search(path) is not None


def asks_for_declarations(words: frozenset[str]) -> bool:
    """Tell whether the words of a query ask for declarations of types."""
    return not _ASKS_FOR_DECLARATIONS.isdisjoint(words)


class Traits(NamedTuple):
    """What a path says of its file, whatever is asked: worked out once a path."""

    stem: frozenset[str]
    test: bool
    bundled: bool
    declarations: bool


@lru_cache(maxsize=1 << 17)
def traits(path: str) -> Traits:
    """Return the terms of a path's stem, and whether it is one of a test, bundled code, declarations."""
    return Traits(stem_terms(path), is_test(path), is_bundled(path), is_declarations(path))


def asks_for_prose(words: frozenset[str], language: str) -> bool:
    """Tell whether the words of a query ask for files of a language of documents, settings or data."""
    return not _ASKS_FOR_LANGUAGE.get(language, _ASKS_FOR_PROSE).isdisjoint(words)


def asks_for_tests(words: frozenset[str]) -> bool:
    """Tell whether the words of a query ask for tests, examples or the like."""
    return not _ASKS_FOR_TESTS.isdisjoint(words)


def definition_weight(kind: int, indent: int, forward: bool) -> float:
    """Return how much a definition counts, by kind, indentation (columns) and having a body."""
    return _KINDS[kind] - (FORWARD if forward else 0.0) - INDENT * min(indent, INDENT_CAP)
