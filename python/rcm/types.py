"""The values that flow through a search and out of it: frozen, comparable, printable."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, TypeAlias

if TYPE_CHECKING:
    from rcm.reports.update import IndexReport

IndexMode: TypeAlias = Literal["sequential", "parallel", "pipeline"]
SearchMode: TypeAlias = Literal["hybrid", "bm25", "semantic"]
SecretsMode: TypeAlias = Literal["redact", "skip-chunk", "skip-file", "off"]
ContentClass: TypeAlias = Literal["code", "docs", "config", "tests"]
Freshness: TypeAlias = Literal["fresh", "changed", "deleted"]
RefreshPolicy: TypeAlias = Literal["auto", "never", "always"]
WatchEventKind: TypeAlias = Literal["watching", "updated", "waiting", "failed", "polling"]
IndexState: TypeAlias = Literal["ok", "missing", "other-format", "damaged", "unfinished"]
FindingLevel: TypeAlias = Literal["ok", "note", "warning", "repaired", "damage"]

_BETWEEN_PARTS = re.compile(r"::|[.#/\\]| > ")


def last_part(symbol: str) -> str:
    """Return the name itself of a qualified one: `run` of `Pool::run`, `Install` of `Guide > Install`."""
    return _BETWEEN_PARTS.split(symbol)[-1] or symbol


@dataclass(frozen=True, slots=True)
class Span:
    """A run of lines of a file.

    Attributes:
        start_line: First line, 1-based.
        end_line: Last line, inclusive.
        symbol: Qualified name of the definition there, or an empty string.
        kind: Kind of that definition, or an empty string.
    """

    start_line: int
    end_line: int
    symbol: str
    kind: str

    def __str__(self) -> str:
        """Return `12-30 Pool.get`."""
        return f"{self.start_line}-{self.end_line} {self.symbol}".rstrip()


@dataclass(frozen=True, slots=True)
class SearchResult:
    """One answer: a run of lines of one file.

    Attributes:
        path: Relative to the indexed root, with forward slashes.
        start_line: First line, 1-based.
        end_line: Last line, inclusive.
        symbol: Qualified name of the definition shown, or an empty string.
        kind: Kind of that definition (`"function"`, `"class"`, ...), or an empty string.
        language: Name of the file's language, `"text"` when none is known.
        score: Final score; higher is better; comparable within one query only.
        text: The lines, secrets redacted, joined by line feeds: what the file has now, unless
            `freshness` is `"deleted"` or `anchored` is False; then they are those of the index.
        signals: Each part of the score by name, in points of the final score.
        freshness: What the file was when the search returned: `"fresh"` with the content that was
            indexed, `"changed"` since then, or `"deleted"`.
        anchored: False if the file has changed and the lines could not be found in it: line numbers
            and text are those of the index.
        root: Absolute path of the tree.
        also: Where else in the file the query is met, best first, as many as were asked for, if it is
            among the first three results and has not changed since.
    """

    path: str
    start_line: int
    end_line: int
    symbol: str
    kind: str
    language: str
    score: float
    text: str
    signals: Mapping[str, float] = field(default_factory=dict)
    freshness: Freshness = "fresh"
    anchored: bool = True
    root: str = ""
    also: tuple[Span, ...] = ()


@dataclass(frozen=True, slots=True)
class Refreshed:
    """What one `Index.refresh` did.

    Attributes:
        policy: What was asked for.
        checked: Whether the tree was looked at.
        updated: Whether the index was brought up to date.
        pending: Files known to differ from the index, not indexed yet.
        reason: Why it was done or left, lower case, no full stop.
        seconds: Wall seconds.
        report: What the update did, if there was one.
    """

    policy: RefreshPolicy
    checked: bool
    updated: bool
    pending: int
    reason: str
    seconds: float
    report: IndexReport | None = None
