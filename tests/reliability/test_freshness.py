"""T15: agents, a command and a watcher on one index while the tree is edited: no text that is not there.

Every state that a file was in is written down with the time before and after the edit, by the clock that
all processes share. A result said to be fresh or found again must show lines that its file had at some
moment of the search; one said to be deleted, a file that was not there at some moment of it.
"""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from rcm import Index
from reliability.driver import dice, sized
from reliability.test_concurrent import Output, start

Figure = Callable[[str, str, str], None]

SECONDS = sized(8, 60)
AGENTS = sized(2, 4)
FILES = 40
#: An editor's pace: most of it is one file at a time, now and then a branch switch.
PAUSE_SECONDS, SWITCH_SHARE, DELETE_SHARE, KEPT_SHARE = 0.05, 0.03, 0.15, 0.3
PATIENCE_SECONDS = 60.0

#: Asks for as long as it lives; the first argument says whether it brings the index up to date itself.
AGENT = """
import json, random, sys, time
from rcm import Index
policy, root, seed = sys.argv[1:]
dice = random.Random(int(seed))
with Index.open(root) as index:
    while True:
        looked = index.refresh(policy)
        began = time.monotonic()
        found = index.search(f"waiting time of part {dice.randrange(40)}", top_k=10)
        ended = time.monotonic()
        rows = [(r.path, r.start_line, r.end_line, r.text, r.freshness, r.anchored) for r in found]
        print(json.dumps([began, ended, looked.updated, rows]), flush=True)
"""


@dataclass(frozen=True)
class State:
    """What a file was from one edit to the next: earliest and latest time of each, content or None."""

    began: float
    until: float
    content: str | None

    def held(self, began: float, ended: float) -> bool:
        return self.began <= ended and began <= self.until


class Tree:
    """A tree that is edited, and what each of its files was when."""

    def __init__(self, root: Path, source: random.Random) -> None:
        self.root, self._source = root, source
        self._states: dict[str, list[tuple[float, float, str | None]]] = {}
        self.edits = 0
        self._versions = Counter[str]()
        for nth in range(FILES):
            self._edit(f"src/part_{nth}.py", self._next(f"src/part_{nth}.py"))

    def _next(self, path: str) -> str:
        """Return content of the next version, of a size that says nothing, its lines moved now and then."""
        self._versions[path] += 1
        part, version = path.removeprefix("src/part_").removesuffix(".py"), self._versions[path]
        above = "# moved\n" * self._source.choice((0, 0, 0, 3))
        body = f"def waiting_time_of_part_{part}():\n    return 'version {version:06d} of {part}'\n"
        return f'{above}{body}\n\ndef other_{part}():\n    """Says nothing of waiting."""\n'

    def _edit(self, path: str, content: str | None, *, keep_time: bool = False) -> None:
        full = self.root / path
        full.parent.mkdir(parents=True, exist_ok=True)
        before = time.monotonic()
        if content is None:
            full.unlink(missing_ok=True)
        else:
            made = full.with_name(f".{full.name}.new")
            made.write_text(content)
            if keep_time and full.exists():
                os.utime(made, ns=(full.stat().st_atime_ns, full.stat().st_mtime_ns))
            os.replace(made, full)
        self._states.setdefault(path, []).append((before, time.monotonic(), content))
        self.edits += 1

    def change(self) -> None:
        """Edit one file, or a third of them at once."""
        paths = sorted(self._states)
        many = self._source.random() < SWITCH_SHARE
        for path in self._source.sample(paths, FILES // 3 if many else 1):
            gone = self._source.random() < DELETE_SHARE
            kept = self._source.random() < KEPT_SHARE
            self._edit(path, None if gone else self._next(path), keep_time=kept)

    def states(self, path: str) -> list[State]:
        rows = self._states[path]
        ends = [after for _, after, _ in rows[1:]] + [float("inf")]
        return [State(row[0], end, row[2]) for row, end in zip(rows, ends, strict=True)]

    def present(self) -> dict[str, str]:
        latest = {path: rows[-1][2] for path, rows in self._states.items()}
        return {path: content for path, content in latest.items() if content is not None}


class Editor(threading.Thread):
    """Changes the tree until told to stop."""

    def __init__(self, tree: Tree) -> None:
        super().__init__()
        self._tree, self.stop = tree, threading.Event()

    def run(self) -> None:
        while not self.stop.wait(PAUSE_SECONDS):
            self._tree.change()


def judge(
    states: list[State], began: float, ended: float, lines: tuple[int, int, str], said: str
) -> bool:
    """Tell whether what a result said was true at some moment of its search."""
    during = [state.content for state in states if state.held(began, ended)]
    if said == "deleted":
        return None in during
    start_line, end_line, text = lines
    shown = [c.split("\n")[start_line - 1 : end_line] for c in during if c is not None]
    return text.split("\n") in shown


def test_the_judge_is_not_blind() -> None:
    states = [State(0.0, 2.0, "one\ntwo"), State(1.9, 5.0, "three"), State(4.9, 9.0, None)]
    assert judge(states, 1.0, 1.5, (2, 2, "two"), "fresh")
    assert not judge(states, 1.0, 1.5, (1, 1, "two"), "fresh")
    assert not judge(states, 2.1, 3.0, (2, 2, "two"), "fresh"), "stale text is found out"
    assert judge(states, 1.0, 3.0, (1, 1, "three"), "changed")
    assert not judge(states, 1.0, 3.0, (1, 1, "three"), "deleted")
    assert judge(states, 4.0, 6.0, (1, 1, "three"), "deleted")


@pytest.mark.slow
def test_no_text_that_is_not_there(tmp_path: Path, figure: Figure) -> None:
    source = dice()
    tree = Tree(tmp_path / "tree", source)
    Index.open(tree.root).update()
    policies = ["auto" if nth % 2 == 0 else "never" for nth in range(AGENTS)]
    agents = [
        Output(start(("-c", AGENT), policy, tree.root, source.randrange(1 << 30)))
        for policy in policies
    ]
    watcher = Output(start(("-m", "rcm"), "watch", tree.root, "--json", "--rescan", 5))
    editor = Editor(tree)
    editor.start()
    commands = 0
    deadline = time.monotonic() + SECONDS
    while time.monotonic() < deadline:
        ended = rcm_search(tree.root)
        assert ended.returncode in (0, 1), ended.stderr
        commands += 1
    editor.stop.set()
    editor.join()
    errors = [agent.stop() for agent in agents]
    assert errors == [""] * AGENTS, "no search fails"

    said, wrong = Counter[str](), []
    for agent in agents:
        # The last line may have been cut by the end of its process.
        for line in agent.lines[:-1]:
            began, stopped, updated, rows = json.loads(line)
            said["updates by agents"] += updated
            for path, start_line, end_line, text, freshness, anchored in rows:
                kind = freshness if anchored or freshness == "deleted" else "unanchored"
                said[kind] += 1
                if kind == "unanchored":
                    continue
                place = (start_line, end_line, text)
                if not judge(tree.states(path), began, stopped, place, freshness):
                    wrong.append((path, freshness, text))
    assert not wrong, wrong[:3]
    assert said["fresh"] > 100
    assert said["changed"] > 0, "nothing was edited under a search"

    settle(tree)
    watcher.process.send_signal(signal.SIGINT)
    assert watcher.process.wait(PATIENCE_SECONDS) == 130
    assert "Traceback" not in watcher.stop()
    events = [json.loads(line)["event"] for line in watcher.lines]
    assert set(events) <= {"watching", "updated", "waiting"}
    hits = said["fresh"] + said["changed"] + said["unanchored"] + said["deleted"]
    figure(
        "T15 freshness",
        f"{AGENTS} agents, a command, a watcher, {tree.edits - FILES} edits, {SECONDS} s",
        f"{hits:,} results: {said['fresh']:,} fresh, {said['changed']:,} changed, "
        f"{said['unanchored']:,} not found again, {said['deleted']:,} deleted; 0 stale, 0 errors; "
        f"{said['updates by agents']} updates by agents, {events.count('updated')} by the watcher, "
        f"{commands} commands",
    )


def rcm_search(root: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "rcm", "search", "waiting time", str(root), "--json"]
    return subprocess.run(command, capture_output=True, text=True, timeout=100, check=False)


def settle(tree: Tree) -> None:
    """Wait for the watcher to have seen everything; then every answer is the newest."""
    index = Index.open(tree.root)
    deadline = time.monotonic() + PATIENCE_SECONDS
    while (differs := index.status()).added or differs.changed or differs.removed:
        assert time.monotonic() < deadline, differs
        time.sleep(0.1)
    present = tree.present()
    found = index.search("waiting time", top_k=FILES)
    assert found
    for result in found:
        lines = present[result.path].split("\n")[result.start_line - 1 : result.end_line]
        assert (result.freshness, result.text) == ("fresh", "\n".join(lines))
