"""A run stays within the memory it was given, and makes the same index."""

from __future__ import annotations

import itertools
import os
import subprocess
import sys
from pathlib import Path

import pytest

from rcm import Index
from rcm.memory import LEAST_BYTES, MemoryPlan, plan_memory
from rcm.settings import Settings
from small_trees import dump
from test_real_tree import QUERIES, source

LIMIT = 256 << 20
#: Indexes with everything loaded that a run needs, then no more heap than `LIMIT` on top of it. The
#: limit is on data, not on addresses: mapped segments are files, and threads reserve address space.
LIMITED_RUN = f"""
import re, resource, sys
from rcm import Index
index = Index.open(sys.argv[1])
index.status()
with open("/proc/self/status") as lines:
    held = next(int(line.split()[1]) for line in lines if line.startswith("VmData:")) << 10
limit = held + {LIMIT}
resource.setrlimit(resource.RLIMIT_DATA, (limit, limit))
report = index.update(mode=sys.argv[2], max_memory={LIMIT})
assert not report.failures, report.failures
print(report.chunks_written)
"""


def check(limit: int | None, workers: int, expected: MemoryPlan) -> None:
    assert plan_memory(limit, workers) == expected


def test_a_limit_is_shared_out() -> None:
    check(None, 12, MemoryPlan(12))
    check(64 << 30, 12, MemoryPlan(12))
    small = plan_memory(LEAST_BYTES, 12)
    assert small.workers == 1
    assert small.heap_bytes >= 15 << 20
    sizes = [plan_memory(limit << 20, 12) for limit in (160, 200, 256, 300)]
    for less, more in itertools.pairwise(sizes):
        assert less.workers <= more.workers
        assert less.heap_bytes <= more.heap_bytes
        assert less.block_bytes < more.block_bytes
        assert less.checkpoint_chunks <= more.checkpoint_chunks


def test_too_little_is_refused(tree: Path) -> None:
    with Index.open(tree) as index, pytest.raises(ValueError, match=r"160M.* or more"):
        index.update(max_memory=100 << 20)


def test_the_environment_sets_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RCM_MAX_MEMORY", "300M")
    assert Settings.from_environment().max_memory == 300 << 20
    monkeypatch.setenv("RCM_MAX_MEMORY", "lots")
    with pytest.raises(ValueError, match="RCM_MAX_MEMORY: 'lots' is not a number of bytes"):
        Settings.from_environment()


@pytest.mark.slow
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="RLIMIT_DATA counts heap on Linux")
@pytest.mark.parametrize("mode", ["parallel", "pipeline"])
def test_a_real_tree_within_a_hard_limit(
    mode: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = source()
    done = subprocess.run(
        [sys.executable, "-c", LIMITED_RUN, str(root), mode],
        env={**os.environ, "RCM_HOME": str(tmp_path / "limited")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) > 100
    found = []
    for home in ("limited", "free"):
        monkeypatch.setenv("RCM_HOME", str(tmp_path / home))
        with Index.open(root) as index:
            if home == "free":
                index.update()
            answers = [index.search(query, top_k=20) for query in QUERIES]
            found.append((dump(index), answers))
    assert found[0] == found[1]
