"""Figures that the tests of this folder reach, printed in one table at the end of a run."""

from __future__ import annotations

from collections.abc import Callable

import pytest

_FIGURES = pytest.StashKey[list[tuple[str, str, str, str, bool]]]()


@pytest.fixture
def record_figure(request: pytest.FixtureRequest) -> Callable[[str, str, str, str, bool], None]:
    """Keeps one figure: what was tested, how much of it, the figure, what it must hold, and whether."""

    def record(test: str, size: str, figure: str, hold: str, ok: bool) -> None:
        request.config.stash.setdefault(_FIGURES, []).append((test, size, figure, hold, ok))

    return record


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    """Prints the figures."""
    figures = config.stash.get(_FIGURES, [])
    if figures:
        terminalreporter.section("figures")
    for test, size, figure, hold, ok in figures:
        verdict = "held" if ok else "NOT HELD"
        terminalreporter.write_line(f"{test:<45} {figure:>8}  {hold:<8} {verdict}  ({size})")
