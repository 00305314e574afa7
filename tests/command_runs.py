"""Run the command as a user would, in a session of its own, and see that nothing bad is left."""

from __future__ import annotations

import contextlib
import json
import os
import resource
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

#: A user without rights, for what root may do everywhere.
NOBODY = 65_534
#: Long enough for a loaded machine; a hang is a failure, not a wait.
WATCHDOG_SECONDS = 100


@dataclass(frozen=True)
class Ended:
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)

    @property
    def paths(self) -> list[str]:
        """Paths of the results of `search --json`, best first."""
        return [result["path"] for result in self.json["results"]]


def row(number: int, title: str) -> pytest.MarkDecorator:
    """Name a test after a row of the table of bad inputs."""
    return pytest.mark.parametrize("row", [pytest.param(number, id=f"{number:02d} {title}")])


def rcm(
    *arguments: str | Path,
    cwd: Path | None = None,
    env: Mapping[str, str | None] | None = None,
    limits: Mapping[int, int] | None = None,
    before: Sequence[str] = (),
    prepare: Callable[[], None] | None = None,
    stdin: int = subprocess.DEVNULL,
) -> Ended:
    """Run one command line and check what holds for each.

    Args:
        arguments: What follows `rcm`.
        cwd: Working directory.
        env: Variables that differ from this process's; None takes one away.
        limits: `resource.RLIMIT_...` to its value.
        before: Command that the command is run by, such as `setpriv`.
        prepare: Runs in the child before the command.
        stdin: Standard input.
    """
    variables = {**os.environ, **(env or {})}

    def in_child() -> None:
        for limit, value in (limits or {}).items():
            resource.setrlimit(limit, (value, value))
        if prepare is not None:
            prepare()

    child = subprocess.Popen(
        [*before, sys.executable, "-m", "rcm", *map(os.fspath, arguments)],
        cwd=cwd,
        env={name: value for name, value in variables.items() if value is not None},
        stdin=stdin,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
        preexec_fn=in_child,
    )
    try:
        out, err = child.communicate(timeout=WATCHDOG_SECONDS)
    except subprocess.TimeoutExpired:
        os.killpg(child.pid, signal.SIGKILL)
        child.communicate()
        pytest.fail(f"`rcm {' '.join(map(str, arguments))}` hangs")
    ended = Ended(child.returncode, out.decode(errors="replace"), err.decode(errors="replace"))
    check_clean(ended.err)
    assert not session_lives(child.pid), "the command left a process behind"
    return ended


def check_clean(err: str) -> None:
    """Fail if a traceback or a panic was printed."""
    assert "Traceback" not in err, err
    assert "panicked" not in err, err


def session_lives(leader: int) -> bool:
    """Whether a process of a session that a child began is still there."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(leader, 0)
        return True
    return False


def as_nobody(*folders: Path) -> list[str]:
    """The prefix that runs a command as a user without rights, to whom the folders are given.

    An ordinary user is such a user already.
    """
    if os.geteuid() != 0:
        return []
    if shutil.which("setpriv") is None:
        pytest.skip(
            "root may read and write everything, and there is no setpriv to be another user"
        )
    for folder in folders:
        for path in (folder, *folder.rglob("*")):
            os.chown(path, NOBODY, NOBODY, follow_symlinks=False)
        for parent in folder.resolve().parents:
            if parent.owner() == "root" and parent.stat().st_uid == 0:
                parent.chmod(parent.stat().st_mode | 0o011)
    prefix = ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups"]
    tried = [*prefix, sys.executable, "-c", "import rcm"]
    if subprocess.run(tried, check=False, capture_output=True).returncode != 0:
        pytest.skip("a user without rights cannot import rcm from where it is installed")
    return prefix


def in_namespace(*flags: str) -> list[str]:
    """The prefix that runs a command in namespaces of its own, such as `--net`."""
    prefix = ["unshare", *(["--map-root-user"] if os.geteuid() != 0 else []), *flags]
    if shutil.which("unshare") is None:
        pytest.skip("there is no unshare")
    if subprocess.run([*prefix, "true"], check=False, capture_output=True).returncode != 0:
        pytest.skip(f"`{' '.join(prefix)}` is not allowed here")
    return prefix


def needs_root() -> None:
    """Skip unless this process may mount file systems and make device nodes."""
    if os.geteuid() != 0:
        pytest.skip("needs root: makes device nodes or mounts")


def write(root: Path, files: Mapping[str, str | bytes]) -> Path:
    """Write files below a root and return the root."""
    root.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return root
