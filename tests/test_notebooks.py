"""Values in notebooks: HTML that shows what is there, and nothing in it can act."""

from __future__ import annotations

from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rcm import Index, SearchResult, SearchResults, Span
from rcm.markup import visible
from rcm.reports.update import FileFailure

RESULT = SearchResult("a.py", 1, 2, "f", "function", "python", 1.5, "def retry(n):\n    return n")
ALLOWED = {"div", "strong", "code", "span", "em", "pre", "mark", "table", "tr", "th", "td"}


class Tags(HTMLParser):
    """Collects tags, attributes and text, and sees that every tag is closed."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.text = ""
        self._open: list[str] = []
        self.feed(html)
        self.close()
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}
        self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


def check(html: str) -> Tags:
    tags = Tags(html)
    assert tags.tags <= ALLOWED
    assert tags.attributes <= {"style"}
    return tags


def test_results_show_place_symbol_and_marked_lines() -> None:
    html = SearchResults([RESULT], "retry")._repr_html_()
    text = check(html).text
    assert "a.py:1-2" in text
    assert "f (function)" in text
    assert "1  def retry(n):" in text
    assert ">retry</mark>" in html
    assert "color:inherit" in html
    assert "nothing found" in check(SearchResults()._repr_html_()).text


def test_where_else_to_look_is_said() -> None:
    more = replace(RESULT, also=(Span(3, 4, "Pool<T>.get", "method"), Span(9, 9, "", "")))
    assert "also 3-4 Pool<T>.get, 9-9" in check(SearchResults([more])._repr_html_()).text
    assert "also" not in check(SearchResults([RESULT])._repr_html_()).text


def test_what_became_of_the_file_is_said() -> None:
    deleted = replace(RESULT, freshness="deleted")
    assert "[deleted]" in check(SearchResults([deleted])._repr_html_()).text


@given(st.text(), st.text(), st.text(max_size=20))
def test_no_text_of_a_tree_becomes_markup(path: str, text: str, query: str) -> None:
    also = (Span(3, 4, text, path),)
    hostile = replace(RESULT, path=path, symbol=text, kind=path, text=text or "x", also=also)
    html = SearchResults([hostile], query)._repr_html_()
    check(html).text.encode()
    assert not {chr(0x202E), chr(0x200B), "\x1b"} & set(html)


@pytest.mark.parametrize(
    "hostile",
    ["<script>alert(1)</script>", '" onload="x', "'>", "a\x1b[2J", "\u202egnp.exe", "\udcff"],
)
def test_hostile_names(hostile: str) -> None:
    assert "<" not in visible(hostile)
    assert '"' not in visible(hostile)
    visible(hostile).encode()
    check(SearchResults([replace(RESULT, path=hostile, text=hostile)], hostile)._repr_html_())


def test_reports_and_status_are_tables(tree: Path) -> None:
    with Index.open(tree) as index:
        report = index.update()
        text = check(report._repr_html_()).text
        assert f"indexed {tree}" in text
        assert "files indexed6" in text
        assert "binary 1" in text
        failed = replace(report, failures=(FileFailure("<b>.py", "permission denied"),))
        assert "<b>.py: permission denied" in check(failed._repr_html_()).text
        assert "python 2" in check(index.status()._repr_html_()).text


def test_results_are_a_list_as_before(tree: Path) -> None:
    with Index.open(tree) as index:
        index.update()
        found = index.search("retry")
        assert isinstance(found, list)
        assert found == list(found)
        assert list(found) == found
        assert isinstance(found[0], SearchResult)
        assert type(found[:2]) is SearchResults
        assert found[:2].query == "retry"
        assert type(index.find_related("src/retry.py", 6)) is SearchResults
