"""T2: each step of a commit fails in each way; the index stays old or becomes new, and goes on.

The N-th arrival at any fault point goes wrong, for N = 1, 2, ... until a run meets no fault, as
SQLite tests itself. Which points were met is compared with those in the sources, so that a point
that no run reaches is no false comfort.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

import rcm
from rcm import Index
from rcm.store.folder import IndexFolder
from reliability.driver import (
    FULL,
    assert_sound,
    bring,
    dice,
    examine,
    files_at,
    run,
    state,
    state_at,
    update,
)

Figure = Callable[[str, str, str], None]

KINDS = ("abort", "eio", "enospc", "panic", "sleep")
EXIT = {"abort": -6, "eio": 2, "enospc": 28, "panic": 2, "sleep": 0}
#: Points of the Rust side; those of the Python side are found in the sources.
SEGMENT_POINTS = {
    f"segment-{step}" for step in ("create", "write", "sync", "rename", "sync-folder")
}


def points() -> set[str]:
    """Return all fault points there are."""
    package = Path(rcm.__file__).parent
    sources = "\n".join(path.read_text() for path in package.rglob("*.py"))
    return set(re.findall(r'\breach\("([a-z-]+)"\)', sources)) | SEGMENT_POINTS


class Scenario:
    """An index at step 1 and its tree at step 2, as often as wanted.

    Args:
        folder: Where to work.
        options: Options of `rcm index`.
        fault: What happened to the update before: its left-overs are part of the scenario.
        touched: Whether only stats differ.
    """

    def __init__(self, folder: Path, *options: str, fault: str = "", touched: bool = False) -> None:
        self.root, self.index, self._saved = folder / "tree", folder / "index", folder / "saved"
        self._options = options
        bring(self.root, files_at(0))
        update(self.root, self._saved)
        bring(self.root, files_at(1))
        update(self.root, self._saved)
        self.before = self.after = state_at(1)
        if touched:
            for path in self.root.rglob("*.py"):
                path.touch()
        else:
            bring(self.root, files_at(2))
            self.after = state_at(2)
        if fault:
            run("index", self.root, "--index-dir", self._saved, fault=fault)

    def reset(self) -> None:
        shutil.rmtree(self.index, ignore_errors=True)
        if self._saved.exists():
            shutil.copytree(self._saved, self.index)

    def trace(self) -> list[str]:
        """Return the points that a run without fault meets, in order."""
        self.reset()
        return self._index("*:0:trace", exits=(0,))

    def hit(self, nth: int, kind: str) -> list[str]:
        """Run with the nth point failing; return that point, or [] if there is no nth one."""
        self.reset()
        # A fault while a failure is dealt with is dealt with, too.
        exits = (EXIT[kind],) if kind == "abort" else (EXIT[kind], 0)
        return self._index(f"*:{nth}:{kind}", exits=exits)

    def _index(self, fault: str, *, exits: tuple[int, ...]) -> list[str]:
        done = run("index", self.root, "--index-dir", self.index, *self._options, fault=fault)
        met = re.findall(r"^fault: (\S+)$", done.stderr, re.MULTILINE)
        context = f"{fault} at {met}: {done.stderr}"
        assert done.returncode in (exits if met else (0,)), context
        self.check(context, must_be_new=done.returncode == 0)
        return met

    def check(self, context: str, *, must_be_new: bool) -> None:
        if IndexFolder(self.index).exists():
            now = state(self.root, self.index)
            assert now == self.after or (now == self.before and not must_be_new), context
            assert_sound(self.root, self.index, context)
        else:
            assert self.before is None, context
        assert update(self.root, self.index) == self.after, context
        report = examine(self.root, self.index)
        assert report.sealed, context
        assert [f for f in report.findings if f.level != "ok"] == [], context


class FirstIndex(Scenario):
    """No index yet."""

    def __init__(self, folder: Path) -> None:
        self.root, self.index, self._saved = folder / "tree", folder / "index", folder / "none"
        self._options = ()
        bring(self.root, files_at(1))
        self.before, self.after = None, state_at(1)


class Damaged(Scenario):
    """An index that turns out to be damaged when segments are merged."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        segment = max(self._saved.glob("g-*/vec/*.seg"), key=lambda path: path.stat().st_size)
        data = bytearray(segment.read_bytes())
        data[-100] ^= 1
        segment.write_bytes(data)
        bring(self.root, files_at(2, churn=12))
        self.after = state_at(2, churn=12)

    def check(self, context: str, *, must_be_new: bool) -> None:
        # What is there is damaged until it is rebuilt; nothing is said of the old state.
        assert update(self.root, self.index) == self.after, context
        assert_sound(self.root, self.index, context)


SCENARIOS: dict[str, Callable[[Path], Scenario]] = {
    "incremental": Scenario,
    "first": FirstIndex,
    "rebuild": lambda folder: Scenario(folder, "--force"),
    "touched": lambda folder: Scenario(folder, touched=True),
    "after a switch": lambda folder: Scenario(folder, fault="apply:1:abort"),
    "after a preparation": lambda folder: Scenario(folder, fault="lexical-commit:1:abort"),
    "damaged": Damaged,
}


@pytest.mark.slow
def test_every_step_may_fail_in_every_way(tmp_path: Path, figure: Figure) -> None:
    random, met, runs = dice(), set[str](), 0
    for name, make in SCENARIOS.items():
        folder = tmp_path / name.replace(" ", "-")
        folder.mkdir()
        scenario = make(folder)
        steps = scenario.trace()
        assert steps, f"{name}: no point was met"
        for nth, point in enumerate(steps, start=1):
            # The short form is content with each point once, in two ways.
            if not FULL and point in met:
                continue
            for kind in KINDS if FULL else ("abort", random.choice(KINDS[1:])):
                assert scenario.hit(nth, kind) == [point], f"{name}, {nth}th point"
                runs += 1
            met.add(point)
        assert scenario.hit(len(steps) + 1, "abort") == [], f"{name}: a point more than traced"
    assert met == points(), "a point that is never met proves nothing"
    figure(
        "T2 fault points", f"{runs} faults", f"all {len(met)} points; each old or new, all went on"
    )


def test_without_the_variable_a_point_is_nothing() -> None:
    from rcm import faults

    assert faults.reach("anything") is None
    assert faults.reach is faults._pass


def test_a_fault_can_be_aimed_at_one_point(tmp_path: Path) -> None:
    root, folder = bring(tmp_path / "tree", files_at(0)), tmp_path / "index"
    done = run("index", root, "--index-dir", folder, fault="prepare:1:enospc")
    assert done.returncode == 28
    assert "prepare: no space left on device" in done.stderr
    with Index.open(root, index_dir=folder) as index:
        assert not index.exists()
