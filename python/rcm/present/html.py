"""Search results as HTML for notebooks: readable in light and dark, everything in them escaped."""

from __future__ import annotations

from collections.abc import Sequence

from rcm.markup import visible
from rcm.present.escape import escape_code
from rcm.present.snippet import Line, QueryPattern, choose_lines, find_words, query_pattern
from rcm.types import SearchResult

_PRE = (
    "margin:.2em 0 1em;padding:.4em .6em;overflow-x:auto;border-left:3px solid rgba(127,127,127,.5);"
    "background:rgba(127,127,127,.1);color:inherit"
)
_MARK = "background:rgba(255,196,0,.35);color:inherit"
_FADED = "opacity:.6"


def results_html(results: Sequence[SearchResult], query: str) -> str:
    """All results, best first.

    Args:
        results: What a search found.
        query: The query, for choosing and highlighting lines; empty for none.
    """
    if not results:
        return "<div><em>nothing found</em></div>"
    pattern = query_pattern(query)
    return f"<div>{''.join(_result(result, pattern) for result in results)}</div>"


def _result(result: SearchResult, pattern: QueryPattern | None) -> str:
    shown = choose_lines(find_words(result.text, pattern), result.start_line, result.symbol)
    margin = max((len(str(line.number)) for line in shown if line.number), default=1)
    kind = f" ({visible(result.kind)})" if result.kind else ""
    stale = "" if result.freshness == "fresh" else f" <em>[{visible(result.freshness)}]</em>"
    place = f"{result.path}:{result.start_line}-{result.end_line}"
    return (
        f"<div><strong><code>{visible(place)}</code></strong> {visible(result.symbol)}{kind} "
        f'<span style="{_FADED}">{result.score:.3f}</span>{stale}'
        f'<pre style="{_PRE}">{_lines(shown, margin, pattern)}</pre>{_also(result)}</div>'
    )


def _also(result: SearchResult) -> str:
    if not result.also:
        return ""
    places = ", ".join(visible(str(span)) for span in result.also)
    return f'<div style="{_FADED}">also <code>{places}</code></div>'


def _lines(shown: Sequence[Line], margin: int, pattern: QueryPattern | None) -> str:
    out = []
    for line in shown:
        number = "..." if line.number is None else str(line.number)
        head = f'<span style="{_FADED}">{number.rjust(margin)}</span>'
        out.append(f"{head}  {_marked(line.text, pattern)}".rstrip())
    return "\n".join(out)


def _marked(text: str, pattern: QueryPattern | None) -> str:
    pieces, at = [], 0
    for found in pattern.regex.finditer(text) if pattern is not None else ():
        marked = f'<mark style="{_MARK}">{_code(found.group())}</mark>'
        pieces += [_code(text[at : found.start()]), marked]
        at = found.end()
    return "".join([*pieces, _code(text[at:])])


def _code(text: str) -> str:
    return visible(escape_code(text))
