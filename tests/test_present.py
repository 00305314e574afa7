"""What people and programs get to see, from values made here."""

from __future__ import annotations

import io
import json
import re
import threading
import time
from types import MappingProxyType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rcm.present.escape import escape_code, escape_path
from rcm.present.inspection import STAGES, render_inspection, select_stage
from rcm.present.json import (
    is_fresh,
    related_object,
    render_json,
    report_object,
    results_object,
    status_object,
)
from rcm.present.progress import ProgressBar, progress_facts
from rcm.present.quantities import count, duration, size
from rcm.present.snippet import _find_by_expression, choose_lines, find_words, query_pattern
from rcm.present.status import render_status
from rcm.present.style import Style, style_for
from rcm.present.summary import PHASES, render_summary, render_warning
from rcm.present.terminal import render_results
from rcm.reports.looking import IndexStatus
from rcm.reports.update import FileFailure, IndexReport, Progress
from rcm.types import Freshness, Refreshed, SearchResult, Span

PLAIN = Style()
TERMINAL = Style(colour=True, escape=True, width=80)
SGR = re.compile(r"\x1b\[[0-9;]*m")
DANGEROUS = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff"
    "\ud800-\udfff\U000e0000-\U000e007f]"
)
CODE = """\
# reading of settings

def other():
    pass


def parse_config(path):
    text = path.read_text()
    if not text:
        return None
    first = 1
    second = 2
    third = 3
    fourth = 4
    return Config.from_toml(text)
"""


def result(**changes: object) -> SearchResult:
    values = {
        "path": "src/settings.py",
        "start_line": 10,
        "end_line": 24,
        "symbol": "Tool.parse_config",
        "kind": "method",
        "language": "python",
        "score": 0.91234,
        "text": CODE,
        "signals": MappingProxyType({"bm25": 0.25, "size prior": -0.5, "semantic": 0.3}),
    }
    return SearchResult(**(values | changes))  # type: ignore[arg-type]


OTHERS = (Span(40, 52, "Tool.read\x1b[31m", "method"), Span(60, 61, "", ""))


def test_where_else_to_look_is_one_line() -> None:
    text = render_results([result(also=OTHERS)], "", Style())
    assert text.endswith("  also: 40-52 Tool.read\\x1b[31m, 60-61\n")
    assert "also" not in render_results([result()], "", Style())
    found = json.loads(render_json(result(also=OTHERS)))
    assert found["also"][1] == {"start_line": 60, "end_line": 61, "symbol": "", "kind": ""}


def report(**changes: object) -> IndexReport:
    values = {
        "root": "/src/tool",
        "mode": "parallel",
        "mode_reason": "default",
        "workers": 2,
        "files_total": 1500,
        "files_indexed": 1200,
        "files_unchanged": 299,
        "files_removed": 3,
        "skipped": MappingProxyType({"binary": 7, "empty": 2, "symlink": 9}),
        "failures": (FileFailure("bad\x1bname.py", "permission denied"),),
        "changed_during_run": ("moving.py",),
        "redactions": 2,
        "chunks_written": 6000,
        "chunks_total": 7000,
        "seconds": 2.0,
        "cpu_seconds": 3.5,
        "phases": MappingProxyType({"walk": 0.5, "embed": 1.5}),
        "peak_memory_bytes": 200 << 20,
        "merkle_root": "ab" * 32,
        "epoch": 4,
        "commits": 2,
        "warning": None,
    }
    return IndexReport(**(values | changes))  # type: ignore[arg-type]


def status(**changes: object) -> IndexStatus:
    values = {
        "root": "/src/tool",
        "index_dir": "/cache/rcm/1",
        "exists": True,
        "epoch": 4,
        "files": 1500,
        "chunks": 7000,
        "languages": MappingProxyType({"python": 3, "rust": 9}),
        "embedder": "static:1",
        "dim": 256,
        "index_bytes": 5 << 20,
        "merkle_root": "ab" * 32,
        "added": (),
        "changed": (),
        "removed": (),
        "stale_fields": (),
        "updated_at": "2026-01-02T03:04:05Z",
    }
    return IndexStatus(**(values | changes))  # type: ignore[arg-type]


# Results as text


def test_a_result_reads_well_without_colour() -> None:
    assert render_results([result()], "parse the config", PLAIN) == (
        "src/settings.py:10-24  Tool.parse_config (method)  0.912\n"
        "  16  def parse_config(path):\n"
        "  17      text = path.read_text()\n"
        "  18      if not text:\n"
        "  19          return None\n"
        "  20      first = 1\n"
    )


def test_the_definition_and_the_best_lines_are_shown_with_a_gap_between() -> None:
    shown = render_results([result()], "second third fourth", PLAIN).splitlines()[1:]
    assert shown[0] == "  16  def parse_config(path):"
    assert shown[1] == " ..."
    assert shown[2:] == [
        "  21      second = 2",
        "  22      third = 3",
        "  23      fourth = 4",
    ]


def test_a_blank_line_separates_results() -> None:
    text = render_results([result(text="a\nb"), result(text="c", end_line=10)], "x", PLAIN)
    blocks = text.split("\n\n")
    assert [block.splitlines()[0].split("  ")[0] for block in blocks] == [
        "src/settings.py:10-24",
        "src/settings.py:10",
    ]
    assert render_results([], "x", PLAIN) == ""


def test_a_result_without_symbol_has_no_empty_parentheses() -> None:
    head = render_results([result(symbol="", kind="")], "x", PLAIN).splitlines()[0]
    assert head == "src/settings.py:10-24  0.912"


def test_explain_lists_signals_largest_first() -> None:
    last = render_results([result()], "x", PLAIN, explain=True).splitlines()[-1]
    assert last == "  signals: size prior=-0.500  semantic=+0.300  bm25=+0.250"


def test_colour_marks_query_words_and_changes_no_text() -> None:
    coloured = render_results([result()], "parsing configs", TERMINAL)
    assert SGR.sub("", coloured) == render_results([result()], "parsing configs", PLAIN)
    assert "\x1b[1;33mpars\x1b[0me_\x1b[1;33mconfig\x1b[0m" in coloured
    assert "\x1b" not in render_results([result()], "parsing configs", PLAIN)


def test_long_lines_are_cut_around_the_match() -> None:
    line = "x" * 500 + " needle " + "y" * 500
    shown = render_results([result(text=line, symbol="")], "needle", Style(width=80))
    code = shown.splitlines()[1]
    assert "needle" in code
    assert len(code) <= 80
    assert code.count("...") == 2


def test_windows_line_ends_are_not_shown() -> None:
    shown = render_results([result(text="one\r\ntwo\r\n", symbol="")], "one", TERMINAL)
    assert "\\x0d" not in shown


@pytest.mark.parametrize(
    ("query", "code", "found"),
    [
        ("parse", "parseConfig()", True),
        ("config", "parseConfig()", True),
        ("form", "platform()", False),
        ("HTTPServer", "http_server", True),
        ("parsing", "def parse():", True),
        ("how do I open", "how = 1", False),
        ("größe", "GRÖSSE größe", True),
        ("x", "xylophone", False),
        ("x", "for x in y", True),
    ],
)
def test_query_words_in_code(query: str, code: str, found: bool) -> None:
    pattern = query_pattern(query)
    assert pattern is not None
    assert bool(pattern.regex.search(code)) is found
    assert bool(find_words(code, pattern).spans[0]) is found


ANY_TEXT = st.text(st.characters(codec=None, exclude_categories=()))


PIECES = [
    *["a", "A", "get", "GET", "Set9", "_", ".", "x", "xy", "foo", "Foo", "fooBar", "ſ", "ß"],
    "\n",
    " ",
]


@given(
    st.lists(st.sampled_from(PIECES)),
    st.lists(st.sampled_from(["a", "x", "xy", "foo", "get", "set", "bar", "9", "s"]), min_size=1),
)
def test_words_are_found_as_by_their_expression(pieces: list[str], words: list[str]) -> None:
    text, pattern = "".join(pieces), query_pattern(" ".join(words))
    assert find_words(text, pattern).spans == _find_by_expression(text, pattern)


@given(ANY_TEXT, ANY_TEXT)
def test_words_of_any_text_are_found_as_by_their_expression(text: str, query: str) -> None:
    pattern = query_pattern(query)
    assert find_words(text, pattern).spans == _find_by_expression(text, pattern)


def test_a_query_without_words_has_no_pattern() -> None:
    assert query_pattern("+-*/ ()") is None


# Safety


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        ("a\x1b[2Jb", "a\\x1b[2Jb"),
        ("\u202egnp.exe", "\\u202egnp.exe"),
        ("zero\u200bwidth", "zero\\u200bwidth"),
        ("tag\U000e0041", "tag\\U000e0041"),
        ("\udcff.py", "\\udcff.py"),
        ("a\nb\tc", "a\\x0ab\\x09c"),
        ("größe/文件.py", "größe/文件.py"),
    ],
)
def test_escaped_paths(raw: str, shown: str) -> None:
    assert escape_path(raw) == shown


@given(ANY_TEXT, ANY_TEXT, ANY_TEXT)
def test_nothing_a_terminal_obeys_gets_through(path: str, code: str, query: str) -> None:
    hostile = [result(path=path, text=code, symbol=path, kind=path, signals={path: 1.0})]
    plain = render_results(hostile, query, Style(escape=True, width=80), explain=True)
    assert not DANGEROUS.search(plain)
    coloured = render_results(hostile, query, TERMINAL, explain=True)
    assert not DANGEROUS.search(SGR.sub("", coloured))
    assert SGR.sub("", coloured) == plain
    assert not DANGEROUS.search(escape_code(code) + escape_path(path))


@given(ANY_TEXT, ANY_TEXT)
def test_any_query_chooses_lines_of_the_chunk(code: str, query: str) -> None:
    lines = code.split("\n")
    words = find_words(code, query_pattern(query))
    shown = [line for line in choose_lines(words, 7, query[:3]) if line.number]
    assert 1 <= len(shown) <= 5
    numbers = [line.number for line in shown]
    assert numbers == sorted(set(numbers), key=lambda n: n or 0)
    for line in shown:
        assert line.number is not None
        assert line.text == lines[line.number - 7].removesuffix("\r")


@given(ANY_TEXT)
def test_json_carries_any_path(path: str) -> None:
    text = render_json(
        results_object([result(path=path)], query=path, corrections={}, roots=["/r"], mode="hybrid")
    )
    text.encode("ascii")
    found = json.loads(text)
    pairs_joined = json.loads(json.dumps(path))
    assert found["query"] == pairs_joined
    assert found["results"][0]["path"] == pairs_joined


# JSON


def test_search_json_has_stable_keys() -> None:
    found = json.loads(
        render_json(
            results_object([result()], query="q", corrections={}, roots=["/src"], mode="bm25")
        )
    )
    assert list(found) == ["query", "corrections", "root", "mode", "refreshed", "results"]
    assert list(found["results"][0]) == [
        "path", "start_line", "end_line", "symbol", "kind", "language", "score", "text", "signals",
        "freshness", "anchored", "root", "also",
    ]  # fmt: skip
    assert found["results"][0]["signals"] == {"bm25": 0.25, "size prior": -0.5, "semantic": 0.3}


def test_search_json_says_what_a_look_at_the_tree_came_to() -> None:
    looked = Refreshed("auto", True, False, 12, "about 3.0 s of work, more than 1", 0.02)
    found = results_object(
        [], query="q", corrections={}, roots=["/src"], mode="bm25", refreshed=looked
    )
    assert found["refreshed"] == {
        "policy": "auto", "checked": True, "updated": False, "pending": 12,
        "reason": "about 3.0 s of work, more than 1",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("freshness", "anchored", "said"),
    [
        ("fresh", True, ""),
        ("changed", True, "[changed since it was indexed]"),
        ("changed", False, "[changed; lines as indexed]"),
        ("deleted", False, "[deleted; as indexed]"),
    ],
)
def test_a_result_says_how_fresh_it_is(freshness: Freshness, anchored: bool, said: str) -> None:
    shown = render_results([result(freshness=freshness, anchored=anchored)], "", Style())
    assert shown.splitlines()[0].partition("[")[1:] == said.partition("[")[1:]


def test_related_json_names_the_place() -> None:
    found = related_object([result()], path="a.py", line=3, root="/src")
    assert (found["path"], found["line"], len(found["results"])) == ("a.py", 3, 1)


def test_a_path_that_is_not_utf8_also_comes_as_bytes() -> None:
    found = results_object(
        [result(path="\udcff.py")], query="q", corrections={}, roots=["/"], mode="bm25"
    )
    assert found["results"][0]["path_base64"] == "/y5weQ=="
    assert (
        "path_base64"
        not in results_object([result()], query="q", corrections={}, roots=["/"], mode="bm25")[
            "results"
        ][0]
    )


def test_index_json_has_all_of_the_report() -> None:
    found = json.loads(render_json(report_object(report(), index_dir="/cache/1")))
    assert set(found) == {
        *IndexReport.__dataclass_fields__, "index_dir", "files_per_second", "chunks_per_second",
    }  # fmt: skip
    assert found["failures"] == [{"path": "bad\x1bname.py", "error": "permission denied"}]
    assert found["files_per_second"] == 600.0
    assert report_object(report(seconds=0.0), index_dir="")["files_per_second"] == 0.0


# Summary and status


def test_the_summary_has_every_fact() -> None:
    text = render_summary(report(), PLAIN, index_dir="/cache/1")
    for fact in (
        "1,500 total: 1,200 indexed, 299 unchanged, 3 removed, 18 skipped, 1 failed",
        "9 symlink, 7 binary, 2 empty",
        "2 replaced before chunking",
        "6,000 written, 7,000 in the index",
        "2.00 s (3.50 s of CPU), 600 files/s, 3,000 chunks/s",
        "parallel (default), 2 workers",
        "200 MB at the peak",
        "/cache/1 (epoch 4, 2 commits in this run)",
        "bad\\x1bname.py: permission denied",
        "moving.py",
    ):
        assert fact in text
    rows = [line.split()[0] for line in text.splitlines()[-len(PHASES) :]]
    assert rows == list(PHASES)
    assert re.search(r"walk +0\.500 +25\.0%", text)
    assert re.search(r"read +0\.000 +0\.0%", text)


def test_a_long_list_of_failures_is_cut_and_says_so() -> None:
    failures = tuple(FileFailure(f"f{i}", "gone") for i in range(50))
    text = render_summary(report(failures=failures), PLAIN, index_dir="/c")
    assert "f19: gone" in text
    assert "f20: gone" not in text
    assert "... and 30 more (--json lists all)" in text


def test_a_run_that_did_nothing_is_summed_up_without_rates() -> None:
    text = render_summary(
        report(files_indexed=0, seconds=0.0, phases={}, skipped={}, failures=()),
        PLAIN,
        index_dir="/c",
    )
    assert "files/s" not in text
    assert "skipped  none" in text
    assert "failed:" not in text


def test_a_warning_is_loud_without_colour() -> None:
    assert render_warning("no files left\nsee /.gitignore", PLAIN) == (
        "WARNING: no files left\n         see /.gitignore\n"
    )


def test_status_says_fresh_only_when_nothing_differs() -> None:
    assert "fresh: the index agrees with the files" in render_status(status(), PLAIN)
    for differs in ("added", "changed", "removed", "stale_fields"):
        other = status(**{differs: ("x",)})
        assert not is_fresh(other)
        assert "fresh:" not in render_status(other, PLAIN)
        assert status_object(other)["fresh"] is False
    assert not is_fresh(status(exists=False))


def test_status_names_the_first_ten_and_counts_the_rest() -> None:
    text = render_status(
        status(added=tuple(f"n{i:02}" for i in range(9)), changed=("c1", "c2"), removed=("r\n1",)),
        PLAIN,
    )
    assert "9 added, 2 changed, 1 removed" in text
    assert "    + n08\n    ~ c1\n    ... and 2 more (--json lists all)" in text


def test_status_names_stale_fields_and_languages() -> None:
    text = render_status(status(stale_fields=("chunker", "model")), PLAIN)
    assert "stale: made with other chunker, model; `rcm index` rebuilds it" in text
    assert "rust 9, python 3" in text


def test_status_without_an_index_says_what_to_do() -> None:
    text = render_status(status(exists=False), PLAIN)
    assert "not indexed: `rcm index` makes the index" in text
    assert "holds" not in text


# Inspection

INSPECTION = {
    "path": "src/a.py",
    "root": "/r",
    "size": 2048,
    "stat": {"mtime_ns": 5},
    "sha256": "cd" * 32,
    "walk": "kept",
    "filter": {"lossy": True, "redactions": [{"rule": "aws", "line": 3}]},
    "language": "python",
    "degraded": False,
    "symbols": [
        {"name": n, "qualified": n, "kind": k, "start_line": s, "end_line": e, "line": s, "doc": ""}
        for n, k, s, e in (("A", "class", 1, 9), ("f", "method", 2, 4), ("g", "function", 11, 12))
    ],
    "references": 7,
    "chunks": [
        {
            "start_line": 1, "end_line": 9, "symbol": "A", "kind": "class", "signature": "class A:",
            "chars": 1234, "terms": 12, "tokens": 30, "definitions": [{"name": "A"}, {"name": "f"}],
            "text": "class A:",
        }
    ],
    "phases": {"read": 0.001},
}  # fmt: skip


def test_inspect_shows_every_stage_in_order() -> None:
    text = render_inspection(INSPECTION, PLAIN)
    assert [line for line in text.splitlines() if line in STAGES] == list(STAGES)
    for fact in (
        "2.0 KB, sha256:" + "cd" * 32,
        "kept, bytes that are not UTF-8 replaced, 1 secret replaced",
        "line 3: aws",
        "python, 3 symbols, 7 references",
        "  class A  1-9\n    method f  2-4\n  function g  11-12\n",
        "1-9  A (class)  1,234 characters, 12 terms, 30 tokens",
        "part of: class A:",
        "defines: A, f",
        "read 1 ms",
    ):
        assert fact in text


def test_inspect_of_a_file_left_out_stops_at_the_stage_that_did() -> None:
    left_out = {"path": ".env", "root": "/r", "walk": "sensitive-name", "stat": {}}
    assert render_inspection(left_out, PLAIN) == ".env\nwalk\n  left out: sensitive-name\n"
    gone = {**left_out, "walk": "kept", "read": "gone"}
    assert render_inspection(gone, PLAIN).endswith("read\n  not read: gone\n")
    binary = {**left_out, "walk": "kept", "filter": {"skipped": "binary"}}
    assert render_inspection(binary, PLAIN).endswith("filter\n  left out: binary\n")


def test_inspect_says_when_the_parser_gave_up() -> None:
    text = render_inspection({**INSPECTION, "degraded": "nesting"}, PLAIN)
    assert "(in part only: the parser's nesting limit was reached)" in text


@pytest.mark.parametrize("stage", STAGES)
def test_inspect_of_one_stage_shows_only_that(stage: str) -> None:
    text = render_inspection(INSPECTION, PLAIN, stage)
    assert [line for line in text.splitlines() if line in STAGES] == [stage]
    chosen = select_stage(INSPECTION, stage)
    assert {"path", "root"} < set(chosen) < set(INSPECTION)
    assert select_stage(INSPECTION, None) == INSPECTION


# Style, quantities, progress


class Screen(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("terminal", "environ", "colour", "escape"),
    [
        (True, {}, True, True),
        (False, {}, False, False),
        (True, {"NO_COLOR": "1"}, False, True),
        (True, {"NO_COLOR": ""}, True, True),
        (False, {"FORCE_COLOR": "1"}, True, True),
        (False, {"FORCE_COLOR": "1", "NO_COLOR": "1"}, False, False),
        (False, {"FORCE_COLOR": "0"}, False, False),
        (True, {"TERM": "dumb"}, False, True),
    ],
)
def test_style_of_a_stream(
    terminal: bool, environ: dict[str, str], colour: bool, escape: bool
) -> None:
    style = style_for(Screen() if terminal else io.StringIO(), environ)
    assert (style.colour, style.escape) == (colour, escape)


def test_quantities() -> None:
    assert [count(1, "file"), count(2000, "file")] == ["1 file", "2,000 files"]
    assert [size(n) for n in (0, 1023, 1536, 20 << 20, 3 << 40)] == [
        "0 B", "1023 B", "1.5 KB", "20 MB", "3.0 TB",
    ]  # fmt: skip
    assert [duration(s) for s in (0.0034, 1.239, 125.2)] == ["3 ms", "1.24 s", "2 min 05 s"]


def test_progress_facts() -> None:
    assert progress_facts(Progress("index", 1200, 20000, 4000), 0.5) == (
        "1,200/20,000 files  2,400 files/s  4,000 chunks"
    )
    assert progress_facts(Progress("walk", 10, None, 0), 0.0) == "10 files"


def test_the_bar_waits_a_second_then_draws_and_cleans_up(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 100.0
    monkeypatch.setattr(time, "monotonic", lambda: now)
    screen = Screen()
    bar = ProgressBar(screen, enabled=True)
    assert not bar.moved
    bar.report(Progress("walk", 5, None, 0))
    bar.tick()
    assert bar.moved
    assert screen.getvalue() == ""
    now = 101.5
    bar.report(Progress("index", 100, 20000, 900))
    bar.tick()
    now = 102.0
    bar.tick()
    assert "indexing" in screen.getvalue()
    assert "100/20,000 files" in screen.getvalue()
    bar.report(Progress("commit", 1, 2, 900))
    bar.tick()
    assert "committing" in screen.getvalue()
    bar.close()
    drawn = screen.getvalue()
    bar.tick()
    assert screen.getvalue() == drawn


def test_a_bar_that_is_off_draws_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    screen = Screen()
    bar = ProgressBar(screen, enabled=False)
    monkeypatch.setattr(time, "monotonic", lambda: 1e9)
    bar.report(Progress("index", 1, 100, 1))
    bar.tick()
    bar.close()
    assert screen.getvalue() == ""


def test_reports_come_from_any_thread() -> None:
    bar = ProgressBar(None, enabled=True)
    thread = threading.Thread(target=bar.report, args=(Progress("index", 1, 2, 3),))
    thread.start()
    thread.join()
    assert bar.moved


def test_the_last_lines_of_a_chunk_are_shown_behind_blank_ones():
    text = 'class Retry:\n    pass\n\n\n\n\n\n\ndef pause(attempt):\n    """How long to wait."""'
    words = find_words(text, query_pattern("how long to wait"))
    shown = choose_lines(words, 1, "Retry")
    assert [line.number for line in shown][-1] == 10


def test_documentation_that_answers_is_shown_before_a_constant_called_alike():
    text = (
        '"""\nAn extension to retry failed requests.\n\nRETRY_TIMES - how many times\n"""\n'
        + "\n" * 20
        + "retry_logger = get_logger(__name__)"
    )
    words = find_words(text, query_pattern("retry failed downloads"))
    shown = choose_lines(words, 1, "retry_logger")
    assert [line.number for line in shown] == [2, 3, 4, None, 26]
