"""Pages: results as an answer shows them, as many as its token budget holds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from rcm.mcp.paths import spelled
from rcm.mcp.schemas import Hit
from rcm.mcp.text import clean_code, clean_name, clipped, hit_lines, numbered
from rcm.mcp.tokens import count_tokens
from rcm.present.snippet import QueryPattern, choose_lines, find_words, query_pattern
from rcm.types import SearchResult

#: What an answer needs besides its results, in either form: notices, marks, keys.
FRAME_TOKENS = 120


def page_of(
    results: Sequence[SearchResult],
    query: str,
    *,
    snippet_lines: int,
    max_tokens: int,
    labels: Mapping[str, str],
) -> list[Hit]:
    """Return as many of the results, from the first on, as the budget holds; one at least.

    The text and the structured form must each fit. A first result too large for the budget alone
    is shown without further places, then with fewer lines.

    Args:
        results: Best first.
        query: What was asked; decides which lines are shown.
        snippet_lines: Lines shown of each.
        max_tokens: The budget of the whole answer.
        labels: As in `hit_lines`.
    """
    pattern = query_pattern(query)
    text_left = json_left = max_tokens - FRAME_TOKENS
    page: list[Hit] = []
    for result in results:
        lines = snippet_lines
        hit = shown(result, pattern, lines)
        while not page and _cost(hit, labels) > min(text_left, json_left):
            if result.also:
                result = replace(result, also=())
            elif lines:
                lines //= 2
            else:
                break
            hit = shown(result, pattern, lines)
        text_left -= _text_tokens(hit, labels)
        json_left -= _json_tokens(hit)
        if page and min(text_left, json_left) < 0:
            break
        page.append(hit)
    return page


def shown(result: SearchResult, pattern: QueryPattern | None, snippet_lines: int) -> Hit:
    """Return a result with the lines that meet the query best, everything of it made safe to read."""
    lines = []
    if snippet_lines:
        words = find_words(result.text, pattern)
        chosen = choose_lines(words, result.start_line, result.symbol, snippet_lines)
        lines = [numbered(line.number, clipped(clean_code(line.text))) for line in chosen]
    return Hit(
        root=spelled(result.root),
        path=spelled(result.path),
        start_line=result.start_line,
        end_line=result.end_line,
        symbol=clean_name(result.symbol),
        kind=result.kind,
        language=result.language,
        score=round(result.score, 4),
        freshness=result.freshness,
        lines=lines,
        also=[clean_name(str(span)) for span in result.also],
    )


def _cost(hit: Hit, labels: Mapping[str, str]) -> int:
    return max(_text_tokens(hit, labels), _json_tokens(hit))


def _text_tokens(hit: Hit, labels: Mapping[str, str]) -> int:
    return count_tokens("\n".join(hit_lines(hit, labels)) + "\n")


def _json_tokens(hit: Hit) -> int:
    return count_tokens(hit.model_dump_json())
