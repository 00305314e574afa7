"""One line of output for each line found, as grep, compilers and editors write and read them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from rcm.present.escape import escape_code, escape_path
from rcm.present.hyperlink import Links
from rcm.present.snippet import Line, QueryPattern, choose_lines, find_words, query_pattern
from rcm.present.style import Style
from rcm.present.terminal import DIM, LINES, MATCH, PATH
from rcm.types import SearchResult

if TYPE_CHECKING:
    from rcm.reports.exact import MatchedLine

#: Tells how a path is shown, by its tree and its path in that.
Name = Callable[[str, str], str]


def render_matches(
    lines: Sequence[MatchedLine],
    name: Name,
    style: Style,
    links: Links,
    *,
    column: bool = False,
    numbers: bool = True,
    after: tuple[str, int] | None = None,
) -> str:
    """`path:12:text` for each line, `path-11-text` beside it, `--` where lines of a file are left out.

    Args:
        lines: What an exact search found, in order.
        name: How paths are shown.
        style: What the reader can take.
        links: Whether paths are links.
        column: Give the column of the first match, too, in bytes from 1 on, as editors count.
        numbers: Give line numbers.
        after: Path and number of the line written last, if there was one and lines beside are shown.
    """
    out = []
    for line in lines:
        if after is not None and after != (line.path, line.line - 1):
            out.append(style.paint("--", DIM))
        after = (line.path, line.line) if after is not None else None
        mark = ":" if line.matched else "-"
        path = style.paint(escape_path(name(line.root, line.path)), PATH)
        fields = [links.around(path, line.root, line.path)]
        if numbers:
            fields.append(style.paint(str(line.line), LINES))
        if column and line.matched:
            fields.append(str(column_of(line.text, line.spans[0][0])))
        out.append(mark.join([*fields, _text(line.text, line.spans, style)]))
    return "".join(f"{line}\n" for line in out)


def render_places(
    results: Sequence[SearchResult], query: str, name: Name, style: Style, links: Links
) -> str:
    """`path:12:5:text` for the one line of each result that says most, best result first."""
    pattern = query_pattern(query)
    out = []
    for result in results:
        line = telling_line(result, pattern)
        found = pattern.regex.search(line.text) if pattern is not None else None
        at = found.start() if found else len(line.text) - len(line.text.lstrip())
        path = style.paint(escape_path(name(result.root, result.path)), PATH)
        number = style.paint(str(line.number), LINES)
        spans = [found.span()] if found else []
        fields = [links.around(path, result.root, result.path), number]
        out.append(
            ":".join([*fields, str(column_of(line.text, at)), _text(line.text, spans, style)])
        )
    return "".join(f"{line}\n" for line in out)


def telling_line(result: SearchResult, pattern: QueryPattern | None) -> Line:
    """Return the line of a result that meets the query best: of those shown the first with most words."""
    shown = choose_lines(find_words(result.text, pattern), result.start_line, result.symbol)

    def words(line: Line) -> int:
        found = pattern.regex.findall(line.text) if pattern is not None else []
        return len({word.lower() for word in found})

    return max((line for line in shown if line.number is not None), key=words)


def column_of(text: str, character: int) -> int:
    """Return the 1-based column, in bytes of UTF-8, of a character counted from 0."""
    return len(text[:character].encode("utf-8", "surrogatepass")) + 1


def _text(text: str, spans: Sequence[tuple[int, int]], style: Style) -> str:
    show = escape_code if style.escape else str
    pieces, at = [], 0
    for start, end in spans:
        pieces += [show(text[at:start]), style.paint(show(text[start:end]), MATCH)]
        at = end
    return "".join([*pieces, show(text[at:])])
