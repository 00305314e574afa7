"""What all tests share: private index folders and a small tree."""

from __future__ import annotations

import signal
from pathlib import Path

import hypothesis
import pytest

from small_trees import SMALL_TREE, write_tree

# The same examples in every run: a change is judged by its own faults. `make fuzz` looks for new ones.
hypothesis.settings.register_profile("steady", derandomize=True, deadline=None)
hypothesis.settings.register_profile("fuzz", max_examples=2_000, deadline=None)
hypothesis.settings.load_profile("steady")

# A shell has what it starts in the background ignore Ctrl-C, and all that this starts in turn.
if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(autouse=True)
def _private_home(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Keep every index of a test in a folder of its own."""
    monkeypatch.setenv("RCM_HOME", str(tmp_path_factory.mktemp("rcm-home")))
    monkeypatch.delenv("FORCE_SEQUENTIAL", raising=False)


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A small tree in several languages."""
    return write_tree(tmp_path / "tree", SMALL_TREE)
