"""Two ways in which an agent finds code, as the texts that it reads one after the other.

* rcm: one `search` with its defaults; then `read` of the span of each result, best first; then the
  next page, and so on.
* grep: ripgrep for the query's keywords, in any case; the ten files with most of them are listed with
  their counts (files with more of the different keywords come first, then those with more matches); then
  each is read whole, as far as tools for agents read at once (2,000 lines); then the next ten files.

Keywords are what rcm itself takes for the words of a query: function words dropped, identifiers split,
endings off. That, no charge for command lines, and the order by different keywords are in grep's favour.
"""

from __future__ import annotations

import re
import subprocess
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from rcm.mcp.schemas import ReadInput, ReadOutput, SearchInput, SearchOutput
from rcm.mcp.tools import read, search
from rcm.mcp.trees import Trees
from rcm.present.snippet import query_pattern
from rcm.reports.update import Progress

FILES_LISTED = 10
LINES_READ = 2_000


@dataclass(frozen=True, slots=True)
class Step:
    """A text that the agent reads.

    Attributes:
        text: The text.
        shown: (path, first line, last line) of each place whose lines are in it.
        listed: True if places are only shown in passing, before anything is read.
    """

    text: str
    shown: tuple[tuple[str, int, int], ...]
    listed: bool = False


def by_rcm(trees: Trees, query: str) -> Iterator[Step]:
    """Yield what an agent with the MCP server reads."""
    offset: int | None = 0
    while offset is not None:
        text, found = search(
            trees, SearchInput.model_validate({"query": query, "offset": offset}), _silent
        )
        assert isinstance(found, SearchOutput)
        places = tuple((hit.path, hit.start_line, hit.end_line) for hit in found.results)
        yield Step(text, places, listed=True)
        for path, start, end in places:
            line: int | None = start
            while line is not None:
                span = {"path": path, "start_line": line, "end_line": end}
                asked = ReadInput.model_validate(span)
                text, excerpt = read(trees, asked, _silent)
                assert isinstance(excerpt, ReadOutput)
                yield Step(text, ((path, excerpt.start_line, excerpt.end_line),))
                line = excerpt.next_line
        offset = found.next_offset if found.next_offset and found.next_offset <= 350 else None


def by_grep(root: Path, query: str) -> Iterator[Step]:
    """Yield what an agent with ripgrep and a tool to read files reads."""
    ranked = grep_ranked(root, query)
    for first in range(0, len(ranked), FILES_LISTED):
        page = ranked[first : first + FILES_LISTED]
        yield Step("\n".join(f"{path}:{count}" for path, count in page), ())
        for path, _ in page:
            lines = (root / path).read_text(encoding="utf-8", errors="replace").split("\n")
            lines = lines[:LINES_READ]
            yield Step("\n".join([path, *lines]), ((path, 1, len(lines)),))


def grep_ranked(root: Path, query: str) -> list[tuple[str, int]]:
    """Return files with their matches: most different keywords first, then most matches, then by path."""
    matches: Counter[str] = Counter()
    different: Counter[str] = Counter()
    for keyword in keywords(query):
        command = ["rg", "--count-matches", "--ignore-case", "--no-messages", "--", keyword, "."]
        done = subprocess.run(command, cwd=root, capture_output=True, check=False)
        for line in done.stdout.decode("utf-8", "replace").splitlines():
            path, _, count = line.rpartition(":")
            path = path.removeprefix("./")
            matches[path] += int(count)
            different[path] += 1
    order = sorted(matches, key=lambda path: (-different[path], -matches[path], path))
    return [(path, matches[path]) for path in order]


def keywords(query: str) -> list[str]:
    """Return the words that a query is about, as regular expressions, without the rule where they begin."""
    pattern = query_pattern(query)
    return [] if pattern is None else [re.escape(stem) for stem in pattern.stems]


def _silent(_progress: Progress) -> None:
    """Nobody waits for the progress of a measurement."""
