"""What the token benchmark counts: in which order things are read, and when a target was seen."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from quality_metric import Target
from rcm.mcp.jobs import Jobs
from rcm.mcp.tokens import count_tokens
from rcm.mcp.trees import Trees
from small_trees import SMALL_TREE, write_tree
from token_strategies import Step, by_grep, by_rcm, grep_ranked, keywords
from tokens import tokens_until_seen

QUERY = "how long to wait before an attempt"


def test_a_target_is_seen_when_its_lines_were_read() -> None:
    steps = [
        Step("a" * 30, (("x.py", 1, 5), ("y.py", 1, 9)), listed=True),
        Step("b" * 60, (("x.py", 1, 5),)),
        Step("c" * 90, (("y.py", 4, 6),)),
    ]
    targets = [Target("src/x.py"), Target("src/y.py", (6, 8)), Target("src/y.py", (7, 8))]

    def seen(*, listed: bool) -> list[int | None]:
        return tokens_until_seen(iter(steps), targets, "src/", listed=listed)

    assert seen(listed=False) == [30, 60, None]
    assert seen(listed=True) == [10, 10, 10]


def test_with_rcm_results_are_read_one_by_one(tmp_path: Path) -> None:
    trees = Trees([write_tree(tmp_path / "t", SMALL_TREE)], Jobs())
    steps = list(by_rcm(trees, QUERY))
    assert steps[0].listed
    assert [step.shown[0][0] for step in steps[1:]] == [path for path, *_ in steps[0].shown]
    assert "backoff_seconds" in steps[1].text
    assert all(count_tokens(step.text) > 10 for step in steps)


def test_with_grep_the_file_with_most_of_the_words_is_read_first(tmp_path: Path) -> None:
    if shutil.which("rg") is None:
        pytest.skip("there is no ripgrep to compare with")
    files = {
        "one.py": "wait = 1\n" * 9,
        "two.py": "wait, attempt = 1, 2\n",
        "none.py": "other = 1\n",
    }
    tree = write_tree(tmp_path / "t", files)
    assert grep_ranked(tree, QUERY) == [("two.py", 2), ("one.py", 9)]
    steps = list(by_grep(tree, QUERY))
    assert steps[0] == Step("two.py:2\none.py:9", ())
    assert steps[1].shown == (("two.py", 1, 2),)
    assert files["two.py"] in steps[1].text


def test_keywords_are_the_words_of_a_query_without_those_that_mean_nothing() -> None:
    assert set(keywords("how are the retries of getUserName limited?")) == {
        "retri", "get", "user", "name", "limit",
    }  # fmt: skip
    assert keywords("?!") == []
