"""Trees of extreme size, as large as a test may make them: counts are right, memory stays within its limit.

`benches/scale.py` takes the same shapes further, and measures.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tracemalloc
from pathlib import Path

import pytest

from rcm import Index
from rcm.embed import open_embedder
from rcm.store.file_rows import SegmentRow
from rcm.store.vectors import segments_to_merge
from small_trees import reader_of, write_tree
from test_memory import LIMITED_RUN

FILES = 20_000
#: Definitions in the long file, of a hundred lines each: 100,000 lines, and less than the size cap.
LONG = 1_000
#: Bytes of Python's memory that looking at a known file again may take: next to nothing.
KNOWN_FILE_BYTES = 100


def made(nth: int) -> str:
    return f"def made_{nth}(v):\n  return v + {nth}\n"


@pytest.fixture(scope="module")
def crowded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Many files in one folder and a long one beside it."""
    root = tmp_path_factory.mktemp("crowded")
    write_tree(root, {f"crowd/m{nth:05d}.py": made(nth) for nth in range(FILES)})
    steps = "  v+=1\n" * 98
    long = [made(nth).replace("\n", "\n" + steps, 1) for nth in range(FILES, FILES + LONG)]
    return write_tree(root, {"long.py": "".join(long)})


@pytest.fixture(scope="module")
def index_dir(crowded: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An index of it, made within a hard limit of memory."""
    home = tmp_path_factory.mktemp("home")
    if sys.platform.startswith("linux"):
        done = subprocess.run(
            [sys.executable, "-c", LIMITED_RUN, str(crowded), "pipeline"],
            env={**os.environ, "RCM_HOME": str(home)},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        assert int(done.stdout) >= FILES + LONG // 2
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RCM_HOME", str(home))
        with Index.open(crowded) as index:
            index.update()
            return index.index_dir


def test_every_file_of_a_crowded_folder_is_there(crowded: Path, index_dir: Path) -> None:
    with Index.open(crowded, index_dir=index_dir) as index:
        status = index.status()
        assert status.files == FILES + 1
        assert (status.added, status.changed, status.removed) == ((), (), ())
        for nth in (0, FILES // 2, FILES - 1):
            assert index.search(f"made_{nth}", top_k=1)[0].path == f"crowd/m{nth:05d}.py"


def test_every_line_of_a_long_file_is_there(crowded: Path, index_dir: Path) -> None:
    with Index.open(crowded, index_dir=index_dir) as index:
        for nth in (FILES, FILES + LONG // 2, FILES + LONG - 1):
            best = index.search(f"made_{nth}", top_k=1)[0]
            assert best.path == "long.py"
            assert made(nth).splitlines()[0] in best.text


def test_a_scan_in_other_threads_finds_what_its_steps_do(crowded: Path, index_dir: Path) -> None:
    query = open_embedder("static").embed_query("add to the value made before")
    with Index.open(crowded, index_dir=index_dir) as index:
        segments = reader_of(index).segments
        assert segments.live_rows > 20_000  # fewer are scanned at once
        allowed = [(1, 15_000), (16_000, 20_400)]
        for ranges in (None, allowed):
            near, cosines, low, high = segments.nearest(query, 500, ranges)
            alike = [
                chunk for chunk, cosine in zip(near, cosines, strict=True) if cosine >= cosines[39]
            ]
            steps = segments.by_words([], [], alike, pairs=([], 0.4), pool=40, form=(1.5, 0.75))
            steps = steps.with_cosines(segments.similarity(query, steps.ids), low, high)
            scan = segments.scan(query, 500, ranges)
            found = segments.retrieve([], [], scan, pairs=([], 0.4), pool=40, form=(1.5, 0.75))
            assert len(found) >= 40
            assert (found.ids, found.semantic) == (steps.ids, steps.semantic)
            with pytest.raises(RuntimeError, match="taken before"):
                segments.retrieve([], [], scan, pairs=([], 0.4), pool=40, form=(1.5, 0.75))


def test_looking_at_known_files_again_holds_none_of_them(crowded: Path, index_dir: Path) -> None:
    with Index.open(crowded, index_dir=index_dir) as index:
        index.update()
        tracemalloc.start()
        try:
            report = index.update()
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
    assert report.files_unchanged == FILES + 1
    assert peak < FILES * KNOWN_FILE_BYTES


def test_files_that_go_are_forgotten_and_the_rest_stays(tmp_path: Path) -> None:
    root = write_tree(tmp_path / "tree", {f"m{nth}.py": made(nth) for nth in range(1_200)})
    with Index.open(root, index_dir=tmp_path / "index") as index:
        index.update()
        for nth in range(0, 1_200, 2):
            (root / f"m{nth}.py").unlink()
        (root / "m1.py").write_text(made(5_001))
        report = index.update()
        assert (report.files_removed, report.files_indexed) == (600, 1)
        assert report.chunks_total == 600
    with Index.open(root, index_dir=tmp_path / "fresh") as fresh:
        assert fresh.update().merkle_root == report.merkle_root


def row(nth: int, n_rows: int) -> SegmentRow:
    return SegmentRow(f"s-{nth}", nth, n_rows, n_rows, 0)


def test_segments_wait_for_the_last_commit_of_a_run() -> None:
    few = [row(nth, 100) for nth in range(32)]
    assert segments_to_merge(few, [(0, 3_000)], final=False) == ()
    assert segments_to_merge(few, []) == few
    many = [row(0, 10_000), *(row(nth, 100) for nth in range(1, 33))]
    assert segments_to_merge(many, [], final=False) == many[1:]
