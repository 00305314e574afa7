"""Exact searches: every line that matches, counted to the end and shown page by page."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import TYPE_CHECKING

from rcm.filters import Filters
from rcm.grep import Grep, Pattern
from rcm.mcp import text
from rcm.mcp.pages import FRAME_TOKENS
from rcm.mcp.paths import spelled
from rcm.mcp.schemas import MOST_MATCHES, FileMatches, GrepInput, GrepOutput
from rcm.mcp.tokens import count_tokens
from rcm.mcp.trees import WAIT_S, Trees
from rcm.reports.exact import MatchedLine
from rcm.reports.update import Progress

if TYPE_CHECKING:
    from rcm.mcp.jobs import Reporter

#: Characters kept before a match that stands far to the right in its line.
_BEFORE = 80


def grep(trees: Trees, asked: GrepInput, reporter: Reporter) -> tuple[str, GrepOutput]:
    """Find every line that matches, in all files that an index would hold, as they are now.

    The search goes on when the page is full, so that the answer can say how many there are; it ends
    after `MOST_MATCHES` lines or as many seconds as a call may take.

    Args:
        trees: The trees; none has to be indexed.
        asked: What is looked for, and which page of it is wanted.
        reporter: Told how many files were searched; raises where the call was cancelled.

    Raises:
        ToolFailure: If a tree is not to be walked unasked.
        ValueError: If the pattern is no expression, or a language or tree is unknown.
        OSError: If a tree cannot be listed.
    """
    page, until = _Page(asked, trees.labels), time.monotonic() + WAIT_S
    searched, complete = 0, True
    for search in _searches(trees, asked):
        cut = False
        for block in search:
            for (root, path), lines in groupby(block, lambda line: (line.root, line.path)):
                page.take(spelled(root), spelled(path), list(lines))
            reporter(Progress("grep", searched + search.report().files_searched, None, 0))
            cut = page.lines_found >= MOST_MATCHES or time.monotonic() >= until
            if cut:
                break
        looked = search.report()
        searched += looked.files_searched
        complete = complete and not cut and looked.complete
    output = GrepOutput(
        notice=text.NOTICE,
        files=page.files,
        lines_found=page.lines_found,
        files_found=page.files_found,
        files_searched=searched,
        complete=complete,
        next_offset=page.next_offset,
    )
    return text.grep_text(output, trees.labels), output


def _searches(trees: Trees, asked: GrepInput) -> Iterator[Grep]:
    pattern = Pattern(
        asked.pattern,
        fixed=asked.fixed,
        ignore_case=asked.ignore_case,
        before=0 if asked.files_only else asked.context,
        after=0 if asked.files_only else asked.context,
    )
    filters = Filters.of(asked.languages or None, asked.paths or None)
    indexes = trees.asked(asked.root)
    for index in indexes:
        trees.allow(index)
    for index in indexes:
        yield Grep(index.root, pattern, filters, index.scan_options())


@dataclass(slots=True)
class _Page:
    """What of all that is found is shown: from an offset on, as much as the budget holds.

    Offsets count lines that match, or files where only these are asked for. The text and the
    structured form must each fit.
    """

    asked: GrepInput
    labels: Mapping[str, str]
    files: list[FileMatches] = field(default_factory=list)
    lines_found: int = 0
    files_found: int = 0
    next_offset: int | None = None
    _spent: int = FRAME_TOKENS

    def take(self, root: str, path: str, lines: Sequence[MatchedLine]) -> None:
        """Count a file's lines and show what is still wanted of them."""
        before = self.files_found if self.asked.files_only else self.lines_found
        matches = sum(line.matched for line in lines)
        self.files_found += 1
        self.lines_found += matches
        file = FileMatches(root=root, path=path, matches=matches, lines=[])
        units = [[]] if self.asked.files_only else _units(lines, self.asked.context)
        for nth, unit in enumerate(units, before):
            if nth >= self.asked.offset and self.next_offset is None:
                self._show(file, unit, nth)

    def _show(self, file: FileMatches, unit: Sequence[str], nth: int) -> None:
        """Put lines of a file onto the page, or end it; one unit fits always."""
        begun = bool(self.files) and self.files[-1] is file
        cost = _cost(unit) + (0 if begun else self._cost_of(file))
        if self._spent + cost > self.asked.max_tokens and self.files:
            self.next_offset = nth
            return
        self._spent += cost
        if not begun:
            self.files.append(file)
        file.lines += unit

    def _cost_of(self, file: FileMatches) -> int:
        bare = file.model_copy(update={"lines": []})
        shown = "\n".join(text.file_lines(bare, self.labels))
        return max(count_tokens(f"{shown}\n"), count_tokens(f"{bare.model_dump_json()},"))


def _units(lines: Sequence[MatchedLine], context: int) -> list[list[str]]:
    """Return each line that matches, shown, with those beside it that belong to no earlier one."""
    units: list[list[str]] = []
    waiting: list[str] = []
    last = 0
    for line in lines:
        shown = text.numbered(line.line, _shown(line))
        if line.matched:
            units.append([*waiting, shown])
            waiting, last = [], line.line
            continue
        shown = shown.replace(": ", "- ", 1)
        (units[-1] if units and line.line - last <= context else waiting).append(shown)
    return units


def _shown(line: MatchedLine) -> str:
    """Return the line, of an endless one the part around what matches, safe to read."""
    start = max(0, line.spans[0][0] - _BEFORE) if line.spans else 0
    whole = text.clipped(line.text) == line.text
    part = line.text if whole or start <= _BEFORE else f"[line cut] {line.text[start:]}"
    return text.clean_code(text.clipped(part))


def _cost(lines: Sequence[str]) -> int:
    """Return the tokens of lines, in the form that takes more: each is quoted in JSON."""
    plain = sum(count_tokens(f"{line}\n") for line in lines)
    return max(
        plain, sum(count_tokens(f"{json.dumps(line, ensure_ascii=False)},") for line in lines)
    )
