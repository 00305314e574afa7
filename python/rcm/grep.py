"""Exact search: every line that matches a pattern, in the files that an index of the tree would hold.

Files are walked and read anew, under the rules of the index and through its filter: the answer is that
of the tree as it is now, complete for these files, and holds no secret. No index is needed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from rcm import _rcm
from rcm.allow_list import read_allow_list
from rcm.chunks import ScanOptions, walk
from rcm.content import class_of, is_test
from rcm.filters import Filters
from rcm.globs import glob_matcher
from rcm.reports.exact import GrepReport, MatchedLine
from rcm.reports.update import FileFailure


@dataclass(frozen=True, slots=True)
class Pattern:
    """What is looked for.

    Attributes:
        text: A regular expression in the syntax of Rust's `regex`; of several lines, any.
        fixed: The text is plain, no expression.
        ignore_case: Upper case is lower case.
        word: A match has no word character before or after it.
        before: Lines to show before each that matches.
        after: Lines to show after each that matches.
    """

    text: str
    fixed: bool = False
    ignore_case: bool = False
    word: bool = False
    before: int = 0
    after: int = 0


class Grep:
    """One exact search; iterate over it for the lines, block by block, in the order of paths.

    Args:
        root: The tree.
        pattern: What is looked for.
        filters: Files to look at; kinds of definitions mean nothing here.
        options: Which files an index holds.

    Raises:
        ValueError: If the pattern cannot be compiled.
        OSError: If the root cannot be listed.
    """

    def __init__(
        self, root: Path, pattern: Pattern, filters: Filters, options: ScanOptions
    ) -> None:
        self._root, self._pattern = root, pattern
        walked = walk(root, options)
        wanted, languages = _wanted(walked.paths, filters)
        try:
            self._blocks = _rcm.Grep(
                walked,
                pattern.text,
                wanted,
                languages,
                fixed=pattern.fixed,
                ignore_case=pattern.ignore_case,
                word=pattern.word,
                before=pattern.before,
                after=pattern.after,
                max_file_bytes=options.max_file_bytes,
                secrets=options.secrets,
                allowed=list(read_allow_list(root).fingerprints),
            )
        except ValueError as error:
            raise ValueError(f"{pattern.text!r} is no regular expression: {error}") from None
        self._skipped = Counter(reason for _, reason in walked.skipped)
        self._failures = list(walked.failures)
        self._searched = self._matched = 0
        self._complete = False

    def __iter__(self) -> Iterator[list[MatchedLine]]:
        for files, searched, skipped, failures in self._blocks:
            self._searched += searched
            self._matched += len(files)
            self._skipped.update(reason for _, reason in skipped)
            self._failures += failures
            yield [
                MatchedLine(path, number, text, tuple(spans), matched, language, str(self._root))
                for path, language, lines in files
                for number, matched, text, spans in lines
            ]
        self._complete = True

    def report(self, lines: Sequence[MatchedLine] = ()) -> GrepReport:
        """Return what has been looked at so far, with the lines given."""
        return GrepReport(
            root=str(self._root),
            pattern=self._pattern.text,
            lines=tuple(lines),
            files_searched=self._searched,
            files_matched=self._matched,
            skipped=dict(sorted(self._skipped.items())),
            failures=tuple(FileFailure(path, error) for path, error in self._failures),
            complete=self._complete and not self._failures,
        )


def grep(
    root: Path, pattern: Pattern, filters: Filters, options: ScanOptions, most: int | None = None
) -> GrepReport:
    """Search a tree and gather all lines, or the first so many that match; errors as in `Grep`."""
    search = Grep(root, pattern, filters, options)
    lines: list[MatchedLine] = []
    left = most
    for block in search:
        for line in block:
            if left == 0 and line.matched:
                return search.report(lines)
            lines.append(line)
            left = left - 1 if left is not None and line.matched else left
    return search.report(lines)


def _wanted(
    paths: Sequence[str], filters: Filters
) -> tuple[list[tuple[str, int | None]], list[list[str]]]:
    """Return the files whose path passes, each with the list of languages that it has to be in."""
    match = glob_matcher(filters.paths) if filters.paths is not None else None
    kept = [path for path in paths if match is None or match(path)]
    if filters.languages is None and filters.classes is None:
        return [(path, None) for path in kept], []
    lists = [_languages(filters, test=test) for test in (False, True)]
    return [(path, int(is_test(path))) for path in kept if lists[is_test(path)]], lists


def _languages(filters: Filters, *, test: bool) -> list[str]:
    """Return the languages that a file may be in, by whether its path is that of a test."""
    return [
        name
        for name in (*_rcm.languages(), "text")
        if (filters.languages is None or name in filters.languages)
        and (filters.classes is None or class_of(name, test=test) in filters.classes)
    ]
