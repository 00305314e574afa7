"""What exact searches and reading lines report."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from rcm.reports.update import FileFailure
from rcm.types import Freshness


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
class MatchedLine:
    """One line of an exact search.

    Attributes:
        path: Relative to the root, with forward slashes.
        line: 1-based.
        text: The line as it is on disk now, secrets replaced, without its end.
        spans: What matches: (first character, the one after the last), from 0.
        matched: False for a line beside one that matches.
        language: Name of the file's language.
        root: Absolute path of the tree.
    """

    path: str
    line: int
    text: str
    spans: tuple[tuple[int, int], ...]
    matched: bool
    language: str
    root: str


@dataclass(frozen=True, slots=True)
class GrepReport:
    """What one `Index.grep` found, and where it looked.

    Attributes:
        root: Absolute path of the tree.
        pattern: What was looked for.
        lines: In order of path and line.
        files_searched: Files whose text was searched; filters left the others out.
        files_matched: Files with a line that matches.
        skipped: Files that no index would hold, by reason (`"binary"`, `"too-large"`, ...).
        failures: Files that could not be read.
        complete: Whether every file that passes was searched: none failed, and no limit was reached.
    """

    root: str
    pattern: str
    lines: tuple[MatchedLine, ...]
    files_searched: int
    files_matched: int
    skipped: Mapping[str, int]
    failures: tuple[FileFailure, ...]
    complete: bool
