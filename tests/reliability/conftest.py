"""What holds for every test here: no descriptor and no child process is left behind."""

from __future__ import annotations

import gc
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

_DESCRIPTORS = Path("/proc/self/fd")


@pytest.fixture(autouse=True)
def _nothing_left() -> Iterator[None]:
    """Fail a test that leaves open files or children of this process."""
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
