"""Killed writers: the index is as it was before or after, and can be written again."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from rcm import Index
from rcm.store.folder import IndexFolder
from rcm.store.lock import WriterLock
from small_trees import SMALL_TREE, dump, write_tree

KILLS = 100

WRITER = """
import sys
from rcm import Index
index = Index.open(sys.argv[1], index_dir=sys.argv[2])
print("begin", flush=True)
index.update()
print("done", flush=True)
"""


def edit(root: Path, step: int) -> None:
    """Change, add and delete files; a pure function of the step."""
    write_tree(root, {
        "src/state.py": f"def state_{step}():\n    return {step}\n",
        f"src/extra_{step % 5}.py": f"def extra_{step}():\n    return '{step}'\n",
    })  # fmt: skip
    (root / f"src/extra_{(step + 2) % 5}.py").unlink(missing_ok=True)


def undisturbed_seconds(root: Path, folder: Path) -> float:
    """Return how long the writer's update takes when nobody kills it, on this machine now."""
    edit(root, -1)
    with subprocess.Popen(
        [sys.executable, "-c", WRITER, str(root), str(folder)], stdout=subprocess.PIPE, text=True
    ) as writer:
        assert writer.stdout is not None
        assert writer.stdout.readline() == "begin\n"
        started = time.monotonic()
        assert writer.stdout.readline() == "done\n"
        return time.monotonic() - started


def expected(root: Path, folder: Path, step: int) -> list[object]:
    with Index.open(root, index_dir=folder / f"expected-{step}") as fresh:
        fresh.update()
        state = dump(fresh)
        fresh.clear()
        return state


@pytest.mark.slow
def test_a_killed_update_leaves_the_old_state_or_the_new(tmp_path: Path) -> None:
    seed = int(os.environ.get("RCM_TEST_SEED", time.time_ns() % 1_000_000))
    print(f"seed {seed}")
    dice = random.Random(seed)
    root, folder = write_tree(tmp_path / "tree", SMALL_TREE), tmp_path / "index"
    with Index.open(root, index_dir=folder) as index:
        index.update()
        longest = 1.2 * undisturbed_seconds(root, folder)
        before = dump(index)
    seen = {"old": 0, "new": 0, "acknowledged": 0}
    for step in range(KILLS):
        edit(root, step)
        after = expected(root, tmp_path, step)
        with subprocess.Popen(
            [sys.executable, "-c", WRITER, str(root), str(folder)],
            stdout=subprocess.PIPE,
            text=True,
        ) as writer:
            assert writer.stdout is not None
            assert writer.stdout.readline() == "begin\n"
            time.sleep(dice.uniform(0, longest))
            writer.send_signal(signal.SIGKILL)
            acknowledged = "done" in writer.stdout.read()
        with Index.open(root, index_dir=folder) as index:
            state = dump(index)
            assert state in (before, after), f"step {step}: neither the old state nor the new one"
            if acknowledged:
                assert state == after, f"step {step}: an acknowledged update was lost"
            seen["new" if state == after else "old"] += 1
            seen["acknowledged"] += acknowledged
            # Now and then the work is finished in peace; else the left-overs of many kills pile up.
            if step % 10 == 9:
                index.update()
                state = dump(index)
                assert state == after
        before = state
    print(seen)
    assert seen["old"] > 0, "some kills must come before the switch"
    assert seen["new"] > 0, "some kills must come after the switch"
    with Index.open(root, index_dir=folder) as index:
        index.update()
        assert dump(index) == after


def test_a_killed_first_index_resumes(tmp_path: Path) -> None:
    files = {f"src/m{nth}.py": f"def made_{nth}():\n    return {nth}\n" for nth in range(1200)}
    root, folder = write_tree(tmp_path / "tree", files), tmp_path / "index"
    checkpointing = WRITER.replace(
        "from rcm import Index\n",
        "import rcm.update\nfrom rcm import Index\nrcm.update.CHECKPOINT_CHUNKS = 1\n",
    )
    with subprocess.Popen(
        [sys.executable, "-c", checkpointing, str(root), str(folder)],
        stdout=subprocess.PIPE,
        text=True,
    ) as writer:
        while not IndexFolder(folder).exists():
            assert writer.poll() is None, "it ended before its first checkpoint could be seen"
            time.sleep(0.001)
        writer.kill()
    with Index.open(root, index_dir=folder) as index:
        assert not index.exists(), "a partial index is not complete"
        report = index.update()
        assert report.files_unchanged > 0, "what the killed run had committed is kept"
        assert report.files_unchanged + report.files_indexed == 1200
        assert index.exists()
        assert dump(index) == expected(root, tmp_path, 0)


def test_a_second_writer_waits_or_is_told(tmp_path: Path) -> None:
    from rcm import IndexLockedError

    root = write_tree(tmp_path / "tree", SMALL_TREE)
    with Index.open(root) as index:
        index.update()
        lock = WriterLock(index.index_dir / "LOCK")
        with pytest.raises(IndexLockedError, match=f"process {os.getpid()}"):
            index.update(lock_timeout=0.1)
        assert index.search("retry"), "readers never wait"
        lock.release()
        index.update(lock_timeout=0.1)


def test_a_reader_of_the_old_state_is_not_disturbed(tmp_path: Path) -> None:
    from small_trees import reader_of

    root = write_tree(tmp_path / "tree", SMALL_TREE)
    with Index.open(root) as index:
        index.update()
        old = reader_of(index)
        chunk = old.files[0].first_id
        text = old.chunk(chunk).text
        for step in range(12):
            edit(root, step)
            index.update()
        assert old.chunk(chunk).text == text
        assert old.vectors.vector(chunk) is not None
        assert reader_of(index).epoch > old.epoch


def test_a_change_switched_but_not_applied_is_read_as_if_applied(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from rcm.store.files import FileTable

    root = write_tree(tmp_path / "tree", SMALL_TREE)
    with Index.open(root) as index:
        index.update()
        edit(root, 1)

        def die(self: FileTable, epoch: int) -> None:
            raise KeyboardInterrupt

        with monkeypatch.context() as patch:
            patch.setattr(FileTable, "apply", die)
            with pytest.raises(KeyboardInterrupt):
                index.update()
        after = expected(root, tmp_path, 1)
        assert dump(index) == after
        index.update()
        assert dump(index) == after


def test_a_change_prepared_but_not_switched_is_discarded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from rcm.store.lexical.writer import LexicalWriter

    root = write_tree(tmp_path / "tree", SMALL_TREE)
    with Index.open(root) as index:
        index.update()
        before = dump(index)
        edit(root, 1)

        def die(self: LexicalWriter, epoch: int, change_hash: str) -> None:
            raise OSError(28, "no space left on device")

        with monkeypatch.context() as patch:
            patch.setattr(LexicalWriter, "commit", die)
            with pytest.raises(OSError, match="no space"):
                index.update()
        assert dump(index) == before
        index.update()
        assert dump(index) == expected(root, tmp_path, 1)
