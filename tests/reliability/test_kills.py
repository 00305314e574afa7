"""T1: SIGKILL at any moment of `rcm index` leaves the old state or the new; nothing is lost or torn."""

from __future__ import annotations

import random
import shutil
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from rcm import Index
from rcm.store.folder import IndexFolder
from reliability.driver import (
    CHECKPOINTING,
    RCM,
    assert_sound,
    bring,
    dice,
    files_at,
    sized,
    start,
    state,
    state_at,
    state_of,
    update,
    wall_seconds,
)
from small_trees import write_tree

Figure = Callable[[str, str, str], None]

KILLS = {"incremental": sized(16, 200), "compaction": sized(10, 120), "rebuild": sized(10, 100)}
#: Files replaced with each step: a few, or so many that all segments are written anew.
CHURN = {"incremental": 2, "compaction": 7, "rebuild": 2}
FIRST_KILLS = sized(8, 80)
#: Blocks of files are cut at some hundreds: enough for several commits.
FIRST_FILES = {f"src/m{nth}.py": f"def made_{nth}():\n    return {nth}\n" for nth in range(1200)}


def killed(
    random: random.Random, longest: float, *arguments: str | Path, command: tuple[str, ...] = RCM
) -> bool:
    """Kill the command at a random moment; True if it had ended well before that."""
    with start(*arguments, command=command) as process:
        # Its first third goes to starting Python.
        time.sleep(random.uniform(0.25, 1.15) * longest)
        process.kill()
        process.communicate()
    return process.returncode == 0


@pytest.mark.slow
@pytest.mark.parametrize("scenario", KILLS)
def test_a_killed_update_leaves_the_old_state_or_the_new(
    scenario: str, tmp_path: Path, figure: Figure
) -> None:
    random, kills, churn = dice(), KILLS[scenario], CHURN[scenario]
    root, folder = bring(tmp_path / "tree", files_at(0, churn=churn)), tmp_path / "index"
    command = ("index", root, "--index-dir", folder, "-q")
    command += ("--force",) if scenario == "rebuild" else ()
    wall_seconds(*command)
    bring(root, files_at(1, churn=churn))
    longest = wall_seconds(*command)
    before, seen = state_at(1, churn), Counter[str]()
    for step in range(2, kills + 2):
        bring(root, files_at(step, churn=churn))
        after = state_at(step, churn)
        acknowledged = killed(random, longest, *command)
        now = state(root, folder)
        assert now in (before, after), f"step {step}: neither the old state nor the new one"
        assert now == after or not acknowledged, f"step {step}: a finished update was lost"
        assert_sound(root, folder, f"step {step}")
        seen["new" if now == after else "old"] += 1
        seen["acknowledged"] += acknowledged
        # Mostly the left-overs of kills pile up; now and then the work is finished in peace.
        if step % 7 == 6:
            now = update(root, folder)
            assert now == after
        before = now
    assert update(root, folder) == state_at(kills + 1, churn)
    assert_sound(root, folder, "at the end")
    assert seen["old"], "some kills must come before the switch"
    figure(
        f"T1 killed: {scenario}",
        f"{kills} kills",
        f"{seen['old']} old, {seen['new']} new, {seen['acknowledged']} finished before; 0 torn, 0 lost",
    )


@pytest.mark.slow
def test_a_killed_first_index_is_a_part_and_goes_on_from_there(
    tmp_path: Path, figure: Figure
) -> None:
    random = dice()
    root, folder = write_tree(tmp_path / "tree", FIRST_FILES), tmp_path / "index"
    expected = state_of(FIRST_FILES)
    command = ("index", root, "--index-dir", folder, "-q")
    longest = wall_seconds(*command, command=CHECKPOINTING)
    seen = Counter[str]()
    shutil.rmtree(folder)
    for nth in range(FIRST_KILLS):
        acknowledged = killed(random, longest, *command, command=CHECKPOINTING)
        if not IndexFolder(folder).exists():
            assert not acknowledged, f"kill {nth}: a finished index was lost"
            seen["none"] += 1
            continue
        now = state(root, folder)
        with Index.open(root, index_dir=folder) as index:
            complete = index.exists()
        assert complete or not acknowledged, f"kill {nth}: a finished index was lost"
        assert now == expected if complete else set(now[2:]) <= set(expected[2:])
        assert_sound(root, folder, f"kill {nth}")
        seen["complete" if complete else "partial"] += 1
        # A part is mostly gone on with by the next one, which is killed, too.
        if complete or nth % 3 == 2:
            assert update(root, folder) == expected
            assert_sound(root, folder, f"kill {nth}, finished")
            shutil.rmtree(folder)
    figure(
        "T1 killed: first index",
        f"{FIRST_KILLS} kills",
        f"{seen['none']} none, {seen['partial']} partial, {seen['complete']} complete; 0 wrong",
    )
