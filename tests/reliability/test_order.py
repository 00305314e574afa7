"""T4: the order of system calls of one commit: written, synced, named, folder synced, then reported."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from reliability.driver import bring, files_at, state_at, update

Figure = Callable[[str, str, str], None]

CALLS = "openat,write,pwrite64,writev,ftruncate,fsync,fdatasync,rename,renameat,renameat2,unlink,unlinkat"
#: Changed in place on purpose: SQLite's log makes that safe, and the locks hold nothing.
IN_PLACE = re.compile(r"/(rcm\.sqlite(-wal|-shm)?|LOCK|\.tantivy-\w+\.lock)$")


@dataclass(frozen=True)
class Call:
    """A system call: its name, the path it is about, and for a rename the new one."""

    name: str
    path: str
    target: str = ""


def traced(folder: Path, *command: str) -> list[Call]:
    """Run a command and return its calls about an index folder, in order."""
    if shutil.which("strace") is None:
        pytest.skip("strace is not installed")
    log = folder.parent / "strace.log"
    done = subprocess.run(
        ["strace", "-f", "-y", "-qq", "-s", "16", "-e", f"trace={CALLS}", "-o", str(log), *command],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        text=True,
        check=False,
    )
    if "ptrace" in done.stderr.lower():
        pytest.skip("no right to trace a process")
    assert done.returncode == 0, done.stderr
    return [
        call
        for line in log.read_text(errors="replace").splitlines()
        if (call := parse(line, folder))
    ]


def parse(line: str, folder: Path) -> Call | None:
    """Read a line of strace; None for calls about other places, failed and half-shown ones."""
    match = re.match(r"\d+\s+(?:<\.\.\. )?(\w+)\((.*)$", line)
    if match is None or " = -1 " in line:
        return None
    name, rest = match.groups()
    paths = re.findall(r'"([^"]*)"', rest) if name.startswith(("rename", "unlink", "open")) else []
    paths = paths or re.findall(r"^\d+<([^>]*)>", rest)
    if not paths or not paths[0].startswith(str(folder)):
        return None
    if name == "openat" and not re.search(r"O_WRONLY|O_RDWR", rest):
        return None
    return Call(name, paths[0].removesuffix(" (deleted)"), paths[1] if len(paths) > 1 else "")


@pytest.mark.slow
@pytest.mark.parametrize("options", [(), ("--force",)], ids=["update", "rebuild"])
def test_the_order_of_a_commit(tmp_path: Path, figure: Figure, options: tuple[str, ...]) -> None:
    root, folder = bring(tmp_path / "tree", files_at(0)), tmp_path / "index"
    update(root, folder)
    live = {str(path) for path in folder.rglob("*") if path.is_file()}
    bring(root, files_at(1))
    command = [
        sys.executable,
        "-m",
        "rcm",
        "index",
        str(root),
        "--index-dir",
        str(folder),
        *options,
    ]
    calls = traced(folder, *command)
    assert state_at(1) == update(root, folder)

    for at, call in enumerate(calls):
        if call.name in ("write", "pwrite64", "writev", "ftruncate"):
            assert call.path not in live or IN_PLACE.search(call.path), (
                f"{call} changes a live file"
            )
        if call.name.startswith("rename"):
            check_rename(calls, at)
            live.add(call.target)
    renamed = [Path(call.target).name for call in calls if call.name.startswith("rename")]
    switch = last(calls, "rename", "lex/meta.json")
    sealed = last(calls, "rename", "/MANIFEST")
    segment = last(calls, "rename", ".seg")
    assert renamed.count("MANIFEST") == 1
    # Prepare before switch: the segment's name and the table's rows are durable.
    assert segment < synced_folder(calls, segment) < switch
    assert segment < before(calls, switch, "fdatasync|fsync", "rcm.sqlite-wal") < switch
    # The switch is durable before it is applied, and all is before it is sealed.
    durable = synced_folder(calls, switch)
    assert durable < after(calls, durable, "pwrite64|write", "rcm.sqlite-wal") < sealed
    assert sealed < synced_folder(calls, sealed)
    if options:
        pointer = last(calls, "rename", "/CURRENT")
        assert durable < pointer < synced_folder(calls, pointer) < sealed
    else:
        opened = last(calls, "rename", "MANIFEST.open")
        assert opened < synced_folder(calls, opened) < segment
    figure(
        f"T4 order of calls: {'rebuild' if options else 'update'}",
        f"{len(calls)} calls, {len(renamed)} renames",
        "each synced before it is named, each folder after; no live file changed",
    )


def check_rename(calls: list[Call], at: int) -> None:
    """What gets a name was synced after its last byte, or is only renamed."""
    source = calls[at].path
    writes = [i for i in range(at) if calls[i].path == source and "write" in calls[i].name]
    if writes:
        syncs = [i for i in range(at) if calls[i].path == source and "sync" in calls[i].name]
        assert max(syncs, default=-1) > writes[-1], f"{source} is named before it is synced"


def last(calls: list[Call], name: str, ending: str) -> int:
    """Return the place of the last rename to a path."""
    return max(
        at
        for at, call in enumerate(calls)
        if call.name.startswith(name) and call.target.endswith(ending)
    )


def before(calls: list[Call], at: int, names: str, ending: str) -> int:
    """Return the last such call before a place."""
    return max(i for i in range(at) if fits(calls[i], names, ending))


def after(calls: list[Call], at: int, names: str, ending: str) -> int:
    """Return the first such call after a place."""
    return min(i for i in range(at + 1, len(calls)) if fits(calls[i], names, ending))


def fits(call: Call, names: str, ending: str) -> bool:
    return re.fullmatch(names, call.name) is not None and call.path.endswith(ending)


def synced_folder(calls: list[Call], at: int) -> int:
    """Return where the folder of a new name is synced after it got the name."""
    folder = str(Path(calls[at].target).parent)
    return after(calls, at, "fsync|fdatasync", folder)
