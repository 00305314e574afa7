"""Whatever stands in files, names, errors and indexes, a terminal gets text and our colours, nothing else."""

from __future__ import annotations

import contextlib
import dataclasses
import os
import pty
import re
import subprocess
import sys
import typing
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import rcm
from command_runs import write
from rcm.cli import exits
from rcm.present.inspection import STAGES, render_inspection
from rcm.present.json import render_json, report_object, status_object
from rcm.present.status import render_status
from rcm.present.style import Style
from rcm.present.summary import render_summary, render_warning

COLOUR = re.compile(r"\x1b\[[0-9;]*m")
#: Controls but tab and line feed, invisible and bidirectional characters, tags, lone surrogates.
DANGEROUS = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff"
    "\ud800-\udfff\U000e0000-\U000e0fff]"
)
TRICKS = st.sampled_from(
    [
        "\x1b]0;owned\x07",
        "\x1b[2J",
        "\r",
        "\x9b31m",
        "\u202e",
        "\u2066",
        "\u200b",
        "\U000e0041",
        "\udcff",
        "\x00",
        "\b",
        "\n",
    ]
)
TEXT = st.lists(
    TRICKS | st.text(st.characters(codec=None, exclude_categories=()), max_size=5), max_size=4
).map("".join)
STYLES = st.builds(Style, colour=st.booleans(), escape=st.just(True), width=st.integers(40, 200))


def values(kind: type) -> st.SearchStrategy[Any]:
    """Any value of a dataclass, all its text hostile."""
    hints = typing.get_type_hints(kind)
    return st.builds(
        kind, **{field.name: _of(hints[field.name]) for field in dataclasses.fields(kind)}
    )


def _of(hint: Any) -> st.SearchStrategy[Any]:
    inner = typing.get_args(hint)
    if hint is str:
        return TEXT
    if hint is float:
        return st.floats(0, 1e6)
    if hint is int:
        return st.integers(0, 1 << 40)
    if hint is bool:
        return st.booleans()
    if dataclasses.is_dataclass(hint):
        return values(typing.cast(type, hint))
    if typing.get_origin(hint) is tuple:
        return st.lists(_of(inner[0]), max_size=3).map(tuple)
    if typing.get_origin(hint) is typing.Literal:
        return st.sampled_from(inner)
    if type(None) in inner:
        return st.none() | _of(next(kind for kind in inner if kind is not type(None)))
    return st.dictionaries(_of(inner[0]), _of(inner[1]), max_size=3)  # a mapping


def check(shown: str) -> None:
    found = DANGEROUS.search(COLOUR.sub("", shown))
    assert found is None, (found, shown)


@settings(max_examples=60, deadline=None)
@given(values(rcm.IndexReport), TEXT, STYLES)
def test_a_summary_is_safe(report: rcm.IndexReport, place: str, style: Style) -> None:
    check(render_summary(report, style, index_dir=place))
    check(render_warning(report.warning or place, style))
    check(render_json(report_object(report, index_dir=place)))


@settings(max_examples=60, deadline=None)
@given(values(rcm.IndexStatus), STYLES)
def test_a_status_is_safe(status: rcm.IndexStatus, style: Style) -> None:
    check(render_status(status, style))
    check(render_json(status_object(status)))


@settings(max_examples=60, deadline=None)
@given(TEXT, TEXT, TEXT, STYLES, st.sampled_from([None, *STAGES]))
def test_an_inspection_is_safe(
    path: str, name: str, code: str, style: Style, stage: str | None
) -> None:
    symbol = {
        "name": name,
        "qualified": name,
        "kind": name,
        "start_line": 1,
        "end_line": 2,
        "line": 1,
    }
    chunk = {
        "start_line": 1,
        "end_line": 2,
        "symbol": name,
        "kind": name,
        "signature": f"f {code}",
        "definitions": [name],
        "text": code,
    }
    inspection = {
        "path": path, "root": path, "size": 1, "walk": name, "read": name, "sha256": "00", "language": name,
        "degraded": name, "symbols": [symbol], "references": 1, "chunks": [chunk],
        "filter": {"lossy": True, "redactions": [{"rule": name, "line": 1}]}, "phases": {"read": 0.1},
    }  # fmt: skip
    check(render_inspection(inspection, style, stage))


@settings(max_examples=60, deadline=None)
@given(TEXT, TEXT, STYLES)
def test_an_error_is_safe(message: str, hint: str, style: Style) -> None:
    for error in (
        exits.UsageError(message, hint=hint),
        rcm.IndexDamagedError(message, hint=hint),
        OSError(5, message or "x", hint),
        ValueError(message),
        TypeError(message),
    ):
        check(exits.describe(error, style))


def on_terminal(*arguments: str, cwd: Path) -> str:
    """What a terminal gets, of both streams."""
    ours, theirs = pty.openpty()
    with subprocess.Popen(
        [sys.executable, "-m", "rcm", *arguments],
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        cwd=cwd,
    ) as child:
        os.close(theirs)
        got = b""
        with contextlib.suppress(OSError):  # how Linux says that the other end is closed
            while piece := os.read(ours, 65536):
                got += piece
        child.wait(60)
    os.close(ours)
    return got.decode().replace("\r\n", "\n")


NAME = "a\x1b]0;owned\x07\u202e\u200b\ufeff.py"


@pytest.mark.parametrize(
    "arguments",
    [
        ["index"],
        ["search", "evil", "--explain"],
        ["search", "\x1b[2J\u202e nothing"],
        ["search", "x", "\x1b[2Jnowhere"],
        ["related", f"{NAME}:1"],
        ["related", "\x1b[2J:1"],
        ["related", f"{NAME}:99"],
        ["status"],
        ["inspect", NAME],
        ["inspect", "\x1b[2J"],
        ["--\x1b[2J"],
        ["search", "x", "-t", "\x1b[2J"],
        ["search", "x", "-g", "\x1b[2J"],
        ["search", "x", "--index-dir", "\x1b[2J"],
        ["clear", "--yes"],
    ],
    ids=lambda arguments: re.sub(r"[^ -~]", "?", " ".join(arguments)),
)
def test_every_command_is_safe_on_a_terminal(arguments: list[str], tmp_path: Path) -> None:
    root = write(
        tmp_path / "t\x1b[31mree",
        {NAME: "def evil():\n    return '\x1b[2J\u202e\x9b'\n", ".git/x": "", "e\x1b.py": ""},
    )
    shown = on_terminal(*arguments, cwd=root)
    check(shown.replace("\x1b[?25l", "").replace("\x1b[?25h", ""))
