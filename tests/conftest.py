"""What all tests share: private index folders and a small tree."""

from __future__ import annotations

from pathlib import Path

import pytest

from small_trees import SMALL_TREE, write_tree


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
