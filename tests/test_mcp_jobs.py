"""Runs that calls wait for only so long, and progress that only grows."""

from __future__ import annotations

import threading
import time
from pathlib import Path
from typing import Any

import pytest

from rcm import Index
from rcm.mcp import trees as trees_module
from rcm.mcp.failure import ToolFailure
from rcm.mcp.jobs import Jobs
from rcm.mcp.tools import TOOLS
from rcm.mcp.trees import Trees
from rcm.reports.update import Progress
from small_trees import SMALL_TREE, write_tree


@pytest.fixture
def held(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Updates wait, having told of some progress, until the event is set."""
    go, update = threading.Event(), Index.update

    def waiting(self: Index, **options: Any) -> object:
        options["progress"](Progress("index", 3, 9, 5))
        assert go.wait(60)
        return update(self, **options)

    monkeypatch.setattr(Index, "update", waiting)
    monkeypatch.setattr(trees_module, "WAIT_S", 0.5)
    monkeypatch.setattr("rcm.mcp.tools.WAIT_S", 0.5)
    yield go
    go.set()


def call(trees: Trees, tool: str, told: list[Progress], **arguments: object) -> Any:
    asked = TOOLS[tool].takes.model_validate(arguments)
    return TOOLS[tool].run(trees, asked, told.append)


def test_a_call_does_not_wait_for_ever(held: Any, tmp_path: Path) -> None:
    trees = Trees([write_tree(tmp_path / "t", SMALL_TREE)], Jobs())
    told: list[Progress] = []
    with pytest.raises(ToolFailure, match="first time, 3 files so far; call this again"):
        call(trees, "search", told, query="retry")
    assert told[0].done == 3
    text, answer = call(trees, "index", told)
    assert (answer.trees[0].done, answer.trees[0].files_indexed) == (False, 3)
    assert "still indexing" in text
    assert call(trees, "status", told)[1].trees[0].indexing
    held.set()
    deadline = time.monotonic() + 60
    while trees.job(trees.workspace.index()) is not None:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    assert call(trees, "search", told, query="retry")[1].results


def test_an_index_that_exists_answers_while_it_is_brought_up_to_date(
    tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    trees = Trees([write_tree(tmp_path / "t", SMALL_TREE)], Jobs())
    call(trees, "index", [])
    request.getfixturevalue("held")
    call(trees, "index", [])
    text, found = call(trees, "search", [], query="retry")
    assert found.results
    assert found.pending[0].reason == "being indexed"
    assert "note: " in text


def test_what_ends_a_run_reaches_those_who_wait(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(self: Index, **options: Any) -> object:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Index, "update", full)
    trees = Trees([write_tree(tmp_path / "t", SMALL_TREE)], Jobs())
    for tool, arguments in (("search", {"query": "a"}), ("index", {})):
        with pytest.raises(OSError, match="No space left"):
            call(trees, tool, [], **arguments)
    assert trees.job(trees.workspace.index()) is None
