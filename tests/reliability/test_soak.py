"""T14: one process that updates and searches for long grows neither in memory, files nor bytes."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from rcm import Index
from reliability.driver import assert_sound, bring, files_at, sized, state_at
from small_trees import dump

Figure = Callable[[str, str, str], None]

COMMITS = sized(60, 500)
QUERIES = sized(2_400, 20_000)
#: Caches of tantivy, SQLite and the allocator fill during this part.
WARM_UP = 0.25
MAX_SLOPE_BYTES = 1 << 20
"""Per 1,000 queries."""
MAX_FILES = 200
#: Of an index made anew: dead rows, and segments of a few chunks with the fixed parts of each.
MAX_GROWTH = 6

WORDS = ("retry", "part of the turn", "LruCache", "return n", "how long to wait", "server port")


def resident_bytes() -> int:
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def slope(points: list[tuple[int, int]]) -> float:
    """Return the least-squares slope of (x, y)."""
    n = len(points)
    mean_x, mean_y = sum(x for x, _ in points) / n, sum(y for _, y in points) / n
    spread = sum((x - mean_x) ** 2 for x, _ in points)
    return sum((x - mean_x) * (y - mean_y) for x, y in points) / spread


def sizes(folder: Path) -> tuple[int, int]:
    """Return number and bytes of the files of an index."""
    files = [path for path in folder.rglob("*") if path.is_file()]
    return len(files), sum(path.stat().st_size for path in files)


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_nothing_grows(tmp_path: Path, figure: Figure) -> None:
    root, folder = bring(tmp_path / "tree", files_at(0)), tmp_path / "index"
    memory, descriptors = list[tuple[int, int]](), set[int]()
    asked, most_files, most_bytes = 0, 0, 0
    with Index.open(root, index_dir=folder) as index:
        index.update()
        _, fresh_bytes = sizes(folder)
        for step in range(1, COMMITS + 1):
            bring(root, files_at(step))
            index.update()
            for _ in range(QUERIES // COMMITS):
                assert index.search(WORDS[asked % len(WORDS)], top_k=5)
                asked += 1
            memory.append((asked, resident_bytes()))
            if step > WARM_UP * COMMITS:
                descriptors.add(len(os.listdir("/proc/self/fd")))
            n_files, n_bytes = sizes(folder)
            most_files, most_bytes = max(most_files, n_files), max(most_bytes, n_bytes)
        assert dump(index) == state_at(COMMITS)
    warm = memory[int(WARM_UP * len(memory)) :]
    grown = slope(warm) * 1000
    assert_sound(root, folder, "after the soak")
    figure(
        "T14 soak",
        f"{COMMITS} commits, {asked:,} queries",
        f"{grown / 1024:+.0f} KiB of memory per 1,000 queries, {min(descriptors)} to "
        f"{max(descriptors)} descriptors, {most_files} files at most, "
        f"{most_bytes / fresh_bytes:.1f} times the bytes of a new index at most",
    )
    assert grown <= MAX_SLOPE_BYTES
    assert max(descriptors) - min(descriptors) <= 2
    assert most_files < MAX_FILES
    assert most_bytes <= MAX_GROWTH * fresh_bytes
