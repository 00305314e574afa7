"""T14: one process that updates and searches for long grows neither in memory, files nor bytes."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path
from statistics import median

import pytest

from rcm import Index
from reliability.driver import assert_sound, bring, files_at, sized, state_at
from small_trees import dump

Figure = Callable[[str, str, str], None]

COMMITS = sized(40, 500)
QUERIES = sized(4_000, 20_000)
#: Caches of tantivy, SQLite and the allocator fill during this part.
WARM_UP = 0.25
MAX_SLOPE_BYTES = 1 << 20
"""Per 1,000 queries."""
MAX_COMMIT_GROWTH = 1.5
"""Median memory of the last third of the commits, to that of the first: what tantivy's threads take
from the allocator differs from commit to commit by tens of megabytes."""
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


def ask(index: Index, times: int) -> int:
    """Ask queries in turn; return how many."""
    for nth in range(times):
        assert index.search(WORDS[nth % len(WORDS)], top_k=5)
    return times


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
            asked += ask(index, QUERIES // 2 // COMMITS)
            memory.append((asked, resident_bytes()))
            if step > WARM_UP * COMMITS:
                descriptors.add(len(os.listdir("/proc/self/fd")))
            n_files, n_bytes = sizes(folder)
            most_files, most_bytes = max(most_files, n_files), max(most_bytes, n_bytes)
        still = list[tuple[int, int]]()
        for _ in range(100):
            asked += ask(index, QUERIES // 2 // 100)
            still.append((asked, resident_bytes()))
        assert dump(index) == state_at(COMMITS)
    assert_sound(root, folder, "after the soak")
    warm = [bytes_ for _, bytes_ in memory[int(WARM_UP * len(memory)) :]]
    third = len(warm) // 3
    grown = median(warm[-third:]) / median(warm[:third])
    per_thousand = slope(still) * 1000
    figure(
        "T14 soak",
        f"{COMMITS} commits, {asked:,} queries",
        f"{per_thousand / 1024:+.0f} KiB of memory per 1,000 queries, {grown:.2f} times over the "
        f"commits; {min(descriptors)} to {max(descriptors)} descriptors, {most_files} files and "
        f"{most_bytes / fresh_bytes:.1f} times the bytes of a new index at most",
    )
    assert per_thousand <= MAX_SLOPE_BYTES
    assert grown <= MAX_COMMIT_GROWTH
    assert max(descriptors) - min(descriptors) <= 2
    assert most_files < MAX_FILES
    assert most_bytes <= MAX_GROWTH * fresh_bytes
