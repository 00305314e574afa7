"""One table over all harnesses: what was done how often, what came out."""

from __future__ import annotations

import gc
import os
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest


@dataclass(frozen=True)
class Row:
    node: str
    test: str
    size: str
    figure: str


#: The test of a row of the table of bad inputs; its id begins with the row's number.
_BAD_INPUT = re.compile(r"test_bad_inputs_\w+\.py::.*?[\[-](\d\d) ")
_ROWS = pytest.StashKey[list[Row]]()


def pytest_configure(config: pytest.Config) -> None:
    config.stash.setdefault(_ROWS, [])


@pytest.fixture
def figure(request: pytest.FixtureRequest) -> Callable[[str, str, str], None]:
    """Record a row of the table: `figure("T1 killed updates", "40 kills", "0 torn")`."""
    rows = request.config.stash.setdefault(_ROWS, [])

    def record(test: str, size: str, figure: str) -> None:
        rows.append(Row(request.node.nodeid, test, size, figure))

    return record


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    failed = {
        report.nodeid
        for outcome in ("failed", "error")
        for report in terminalreporter.stats.get(outcome, [])
    }
    table = [
        (row.test, row.size, row.figure, "FAILED" if row.node in failed else "held")
        for row in config.stash.get(_ROWS, [])
    ]
    bad_inputs = {
        outcome: {
            int(found[1])
            for report in terminalreporter.stats.get(outcome, [])
            if (found := _BAD_INPUT.search(report.nodeid))
        }
        for outcome in ("passed", "failed", "error")
    }
    wrong = bad_inputs["failed"] | bad_inputs["error"]
    if tried := bad_inputs["passed"] | wrong:
        held = f"{len(tried - wrong)} as expected"
        table.append(
            ("T13 bad inputs", f"{len(tried)} of 60 rows", held, "FAILED" if wrong else "held")
        )
    recorded = {row.node for row in config.stash.get(_ROWS, [])}
    table += [
        (node.rpartition("/")[2], "", "", "FAILED")
        for node in sorted(failed - recorded)
        if "reliability" in node
    ]
    table += [
        (report.nodeid.rpartition("/")[2], "", report.longrepr[2], "SKIPPED")
        for report in terminalreporter.stats.get("skipped", [])
        if "reliability" in report.nodeid
    ]
    if not table:
        return
    terminalreporter.section("reliability")
    widths = [max(len(row[column]) for row in table) for column in range(3)]
    for row in table:
        cells = [cell.ljust(width) for cell, width in zip(row, widths, strict=False)]
        terminalreporter.write_line("  ".join([*cells, row[3]]))


_DESCRIPTORS = Path("/proc/self/fd")


@pytest.fixture(autouse=True)
def _nothing_left(request: pytest.FixtureRequest) -> Iterator[None]:
    """Fail a test of bad input that leaves open files or children of this process.

    Other tests leave writers as a crash would.
    """
    if not request.path.name.startswith("test_bad_inputs"):
        yield
        return
    before = _open_files()
    yield
    gc.collect()
    left = {name: target for name, target in _open_files().items() if name not in before}
    assert not left, f"descriptors left open: {left}"
    with pytest.raises(ChildProcessError):
        os.waitpid(-1, os.WNOHANG)


def _open_files() -> dict[str, str]:
    if not _DESCRIPTORS.is_dir():
        return {}
    found = {}
    for entry in _DESCRIPTORS.iterdir():
        try:
            found[entry.name] = str(entry.readlink())
        except FileNotFoundError:  # the descriptor of this very listing
            continue
    return found
