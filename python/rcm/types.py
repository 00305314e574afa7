"""The values that flow through rcm and out of it: frozen, comparable, printable.

What updates, checks and scans report is in `rcm.reports`, loaded when it is asked for: a search needs
none of it, and making the classes takes as long as a query.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, TypeAlias

if TYPE_CHECKING:
    from rcm.reports import DoctorReport as DoctorReport
    from rcm.reports import FileFailure as FileFailure
    from rcm.reports import Finding as Finding
    from rcm.reports import IndexReport as IndexReport
    from rcm.reports import IndexStatus as IndexStatus
    from rcm.reports import Progress as Progress
    from rcm.reports import SecretFinding as SecretFinding
    from rcm.reports import SecretsReport as SecretsReport

IndexMode: TypeAlias = Literal["sequential", "parallel", "pipeline"]
SearchMode: TypeAlias = Literal["hybrid", "bm25", "semantic"]
SecretsMode: TypeAlias = Literal["redact", "skip-chunk", "skip-file", "off"]
ContentClass: TypeAlias = Literal["code", "docs", "config", "tests"]
Freshness: TypeAlias = Literal["fresh", "changed", "deleted"]
RefreshPolicy: TypeAlias = Literal["auto", "never", "always"]
FindingLevel: TypeAlias = Literal["ok", "note", "warning", "repaired", "damage"]


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


@dataclass(frozen=True, slots=True)
class Excerpt:
    """Lines of an indexed file as they are on disk now, secrets replaced.

    Attributes:
        root: Absolute path of the tree.
        path: Relative to the root, with forward slashes.
        start_line: First line, 1-based.
        end_line: Last line, inclusive.
        total_lines: Lines of the file, up to the last one that is not blank.
        text: The lines, joined by line feeds.
        language: Name of the file's language.
        freshness: `"changed"` if the file no longer says what was indexed.
    """

    root: str
    path: str
    start_line: int
    end_line: int
    total_lines: int
    text: str
    language: str
    freshness: Freshness


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


def __getattr__(name: str) -> object:
    # Only reports are missing here; a typing error in a name is not to import anything.
    if name[:1].isupper():
        from rcm import reports

        if name in reports.__all__:
            return getattr(reports, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
