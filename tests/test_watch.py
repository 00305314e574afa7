"""An index that follows its tree, beside searches and other writers."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from rcm import Index, WatchEvent
from rcm.cli import exits, main
from rcm.present.style import Style
from rcm.present.watching import render_event, status_line
from rcm.store.folder import IndexFolder
from rcm.watch import follow

#: A loaded machine may take long; what never happens fails then.
PATIENCE_SECONDS = 60.0
NEVER = 3_600.0


class Watcher:
    """`follow` in a thread; what it yields is gathered."""

    def __init__(self, tree: Path, rescan_seconds: float) -> None:
        self.stop, self.events = threading.Event(), list[WatchEvent]()
        self.error: BaseException | None = None
        self.index = Index.open(tree)
        self._rescan_seconds = rescan_seconds
        self.thread = threading.Thread(target=self._run)
        self.thread.start()

    def _run(self) -> None:
        try:
            self.events.extend(follow(self.index, self.stop, rescan_seconds=self._rescan_seconds))
        except BaseException as error:  # noqa: BLE001 (looked at by the test)
            self.error = error

    def until(self, holds: Callable[[], bool]) -> None:
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not holds():
            assert time.monotonic() < deadline, self.kinds()
            time.sleep(0.05)

    def kinds(self) -> list[str]:
        return [event.event for event in self.events]

    def finds(self, query: str, path: str) -> bool:
        found = Index.open(self.index.root).search(query, mode="bm25")
        return any(one.path == path and one.freshness == "fresh" for one in found)


@pytest.fixture
def watched(tree: Path) -> Iterator[Callable[..., Watcher]]:
    made: list[Watcher] = []

    def make(rescan_seconds: float = NEVER) -> Watcher:
        watcher = Watcher(tree, rescan_seconds)
        made.append(watcher)
        watcher.until(lambda: "watching" in watcher.kinds() or watcher.error is not None)
        return watcher

    yield make
    for watcher in made:
        watcher.stop.set()
        watcher.thread.join(PATIENCE_SECONDS)
        assert not watcher.thread.is_alive()


def test_it_follows_edits_new_files_and_removals(
    tree: Path, watched: Callable[..., Watcher]
) -> None:
    watcher = watched()
    assert watcher.kinds()[:2] == ["updated", "watching"]
    (tree / "late.py").write_text("def arrived_late():\n    return 1\n")
    watcher.until(lambda: watcher.finds("arrived_late", "late.py"))
    (tree / "src/retry.py").write_text("def entirely_rewritten():\n    return 2\n")
    watcher.until(lambda: watcher.finds("entirely_rewritten", "src/retry.py"))
    (tree / "late.py").unlink()
    watcher.until(lambda: not Index.open(tree).search("arrived_late", paths=["late.py"]))


def test_new_folders_are_followed_and_folders_may_go(
    tree: Path, watched: Callable[..., Watcher]
) -> None:
    watcher = watched()
    for name in ("one", "two"):
        path = tree / "fresh" / name / "deep.py"
        path.parent.mkdir(parents=True)
        path.write_text(f"def dug_{name}():\n    return 1\n")
        watcher.until(lambda name=name: watcher.finds(f"dug_{name}", f"fresh/{name}/deep.py"))
    shutil.rmtree(tree / "fresh")
    watcher.until(lambda: not Index.open(tree).search("dug_one", paths=["fresh/**"]))
    (tree / "src/after.py").write_text("def still_here():\n    return 1\n")
    watcher.until(lambda: watcher.finds("still_here", "src/after.py"))


def test_nothing_to_do_makes_no_commit(tree: Path, watched: Callable[..., Watcher]) -> None:
    watcher = watched(rescan_seconds=0.2)
    epoch = watcher.index.status().epoch
    for path in tree.rglob("*.py"):
        path.touch()
    time.sleep(1.5)
    assert watcher.index.status().epoch == epoch
    assert watcher.kinds() == ["updated", "watching"]


def test_a_scan_finds_what_gave_no_hint(
    tree: Path, watched: Callable[..., Watcher], monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_hints(*_: object, stop_event: threading.Event, **__: object) -> Iterator[set[object]]:
        while not stop_event.wait(0.05):
            yield set()

    monkeypatch.setattr("watchfiles.watch", no_hints)
    watcher = watched(rescan_seconds=0.5)
    (tree / "late.py").write_text("def arrived_late():\n    return 1\n")
    watcher.until(lambda: watcher.finds("arrived_late", "late.py"))


def test_without_hints_the_tree_is_scanned(
    tree: Path, watched: Callable[..., Watcher], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> Iterator[set[object]]:
        raise OSError(28, "OS file watch limit reached")
        yield set()

    monkeypatch.setattr("watchfiles.watch", refuse)
    monkeypatch.setattr("rcm.watch._POLL_SECONDS", 0.2)
    watcher = watched()
    watcher.until(lambda: "polling" in watcher.kinds())
    (tree / "late.py").write_text("def arrived_late():\n    return 1\n")
    watcher.until(lambda: watcher.finds("arrived_late", "late.py"))
    assert "watch limit reached" in watcher.events[2].reason


def test_it_waits_for_another_writer(tree: Path, watched: Callable[..., Watcher]) -> None:
    watcher = watched()
    lock = IndexFolder(watcher.index.index_dir).lock()
    (tree / "late.py").write_text("def arrived_late():\n    return 1\n")
    watcher.until(lambda: "waiting" in watcher.kinds())
    lock.release()
    watcher.until(lambda: watcher.finds("arrived_late", "late.py"))
    assert watcher.kinds().count("waiting") == 1


def test_two_watchers_follow_one_tree(tree: Path, watched: Callable[..., Watcher]) -> None:
    first, second = watched(), watched()
    for nth in range(5):
        (tree / f"late{nth}.py").write_text(f"def arrived_{nth}():\n    return 1\n")
        first.until(lambda nth=nth: first.finds(f"arrived_{nth}", f"late{nth}.py"))
    assert first.thread.is_alive()
    assert second.thread.is_alive()
    updates = [e for w in (first, second) for e in w.events if e.event == "updated"]
    assert sum(event.files_indexed for event in updates[1:]) == 5, "each file once, by one of them"
    assert not {"failed", "polling"} & {*first.kinds(), *second.kinds()}


def test_a_tree_that_goes_ends_it(tree: Path, watched: Callable[..., Watcher]) -> None:
    watcher = watched(rescan_seconds=0.2)
    shutil.rmtree(tree)
    watcher.until(lambda: watcher.error is not None)
    assert isinstance(watcher.error, FileNotFoundError)


def test_links_lead_nowhere(
    tree: Path, tmp_path: Path, watched: Callable[..., Watcher], monkeypatch: pytest.MonkeyPatch
) -> None:
    import watchfiles

    told: list[tuple[str, ...]] = []
    real = watchfiles.watch

    def spy(*paths: str, **options: object) -> object:
        told.append(paths)
        return real(*paths, **options)  # type: ignore[arg-type]

    monkeypatch.setattr("watchfiles.watch", spy)
    (tmp_path / "outside").mkdir()
    (tree / "link").symlink_to(tmp_path / "outside")
    (tree / "node_modules/deep").mkdir(parents=True)
    (tree / ".gitignore").write_text("node_modules/\n")
    watcher = watched()
    watcher.until(lambda: bool(told))
    assert told[0] == (str(tree), str(tree / "src"), str(tree / "tests"))


# The command


def test_json_lines_and_an_end_of_its_own(tree: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["watch", str(tree), "--for", "1", "--json"]) == exits.FOUND
    events = [json.loads(line) for line in capfd.readouterr().out.splitlines()]
    assert [event["event"] for event in events] == ["updated", "watching"]
    assert events[0]["root"] == str(tree)
    assert events[0]["files_indexed"] == 6


def test_ctrl_c_ends_it_cleanly(tree: Path) -> None:
    command = [sys.executable, "-m", "rcm", "watch", str(tree)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stdout is not None
    lines = iter(process.stdout.readline, "")
    assert any("watching" in line for line in lines)
    process.send_signal(signal.SIGINT)
    _, told = process.communicate(timeout=PATIENCE_SECONDS)
    assert process.returncode == 130
    assert told.startswith("stopped")
    assert "Traceback" not in told
    assert Index.open(tree).status().changed == ()


def test_the_home_folder_is_not_watched_unasked(
    tree: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("HOME", os.fspath(tree))
    assert main(["watch", str(tree), "--for", "1"]) == exits.ERROR
    assert "is the home folder" in capfd.readouterr().err


def test_events_as_text() -> None:
    def shown(event: WatchEvent) -> str:
        return render_event(event, "/src\x1b", Style())

    at = "2026-01-02T03:04:05Z"
    updated = WatchEvent("updated", at, 3, 1, 1_234, 0.05)
    assert shown(updated) == (
        "03:04:05  updated  3 files indexed, 1 removed in 50 ms, 1,234 chunks in the index\n"
    )
    assert shown(WatchEvent("watching", at)) == "03:04:05  watching  /src\\x1b\n"
    failed = WatchEvent("failed", at, reason="no space\x07")
    assert shown(failed) == "03:04:05  failed  no space\\x07\n"
    assert "\x1b" not in status_line(updated, "/src\x1b", Style())
