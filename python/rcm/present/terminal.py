"""Search results as text for people: readable without colour, safe on a terminal."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from rcm.present.escape import escape_code, escape_path
from rcm.present.hyperlink import NO_LINKS, Links
from rcm.present.snippet import Line, QueryPattern, choose_lines, find_words, query_pattern
from rcm.present.style import Style
from rcm.types import SearchResult

PATH, LINES, SYMBOL, DIM, MATCH, STALE = "35", "32", "1;36", "2", "1;33", "1;31"


def render_results(
    results: Sequence[SearchResult],
    query: str,
    style: Style,
    *,
    explain: bool = False,
    around: Callable[[SearchResult, Sequence[Line]], Sequence[Line]] | None = None,
    name: Callable[[str, str], str] | None = None,
    links: Links = NO_LINKS,
) -> str:
    """All results, best first, a blank line between them; ends with a line break unless empty.

    Args:
        results: What `Index.search` returned.
        query: The query, for choosing and highlighting lines; empty for none.
        style: What the reader can take.
        explain: Whether to add a line with each part of the score.
        around: Adds lines to those shown of a result; by default none.
        name: How a path is shown, by its tree and its path in that; by default the latter.
        links: Whether paths are links.
    """
    pattern = query_pattern(query)
    out = []
    for result in results:
        shown: Sequence[Line] = choose_lines(
            find_words(result.text, pattern), result.start_line, result.symbol
        )
        shown = around(result, shown) if around is not None else shown
        path = result.path if name is None else name(result.root, result.path)
        body = _body(result, shown, pattern, style, explain)
        out.append("\n".join([_head(result, path, style, links), *body]) + "\n")
    return "\n".join(out)


def render_signals(signals: Mapping[str, float]) -> str:
    """`name=value` for each part of a score, largest first whatever the sign."""
    ordered = sorted(signals.items(), key=lambda item: (-abs(item[1]), item[0]))
    return "  ".join(f"{name}={value:+.3f}" for name, value in ordered)


def location(path: str, start_line: int, end_line: int) -> str:
    """`path:12-30`, or `path:12` for a single line; the path escaped."""
    span = f"{start_line}-{end_line}" if end_line > start_line else f"{start_line}"
    return f"{escape_path(path)}:{span}"


def _body(
    result: SearchResult,
    shown: Sequence[Line],
    pattern: QueryPattern | None,
    style: Style,
    explain: bool,
) -> list[str]:
    margin = max((len(str(line.number)) for line in shown if line.number), default=1)
    body = [_code_line(line, margin + 2, pattern, style) for line in shown]
    if result.also:
        places = ", ".join(escape_path(str(span)) for span in result.also)
        body.append(style.paint(f"  also: {places}", DIM))
    if explain and result.signals:
        body.append(style.paint(f"  signals: {escape_path(render_signals(result.signals))}", DIM))
    return body


def _head(result: SearchResult, name: str, style: Style, links: Links) -> str:
    path, _, span = location(name, result.start_line, result.end_line).rpartition(":")
    linked = links.around(style.paint(path, PATH), result.root, result.path)
    parts = [f"{linked}:{style.paint(span, LINES)}"]
    if result.symbol or result.kind:
        kind = f"({escape_path(result.kind)})" if result.kind else ""
        symbol = style.paint(escape_path(result.symbol), SYMBOL)
        parts.append(" ".join(part for part in (symbol, kind) if part))
    parts.append(style.paint(f"{result.score:.3f}", DIM))
    if result.freshness != "fresh":
        parts.append(style.paint(_stale(result), STALE))
    return "  ".join(parts)


def _stale(result: SearchResult) -> str:
    if result.freshness == "deleted":
        return "[deleted; as indexed]"
    return "[changed since it was indexed]" if result.anchored else "[changed; lines as indexed]"


def _code_line(line: Line, margin: int, pattern: QueryPattern | None, style: Style) -> str:
    if line.number is None:
        return style.paint("...".rjust(margin), DIM)
    number = style.paint(str(line.number).rjust(margin), DIM)
    text = _clip(line.text, max(20, style.width - margin - 2), pattern)
    if style.escape:
        text = escape_code(text)
    if style.colour and pattern is not None:
        text = pattern.regex.sub(lambda match: style.paint(match.group(), MATCH), text)
    return f"{number}  {text}".rstrip()


def _clip(text: str, width: int, pattern: QueryPattern | None) -> str:
    """Cuts a long line to `width` characters, around the first match if that lies further right."""
    if len(text) <= width:
        return text
    match = pattern.regex.search(text) if pattern else None
    if match is None or match.end() <= width - 3:
        return text[: width - 3] + "..."
    start = max(0, match.start() - width // 3)
    piece = text[start : start + width - 6]
    return f"...{piece}" + ("..." if start + width - 6 < len(text) else "")
