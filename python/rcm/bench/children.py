"""Child processes that are measured, and the temporary folder that all of a run lives in.

Whatever ends the run, an error or a signal, `Room` ends its child and removes the folder.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from rcm.errors import RcmError

LAUNCHER = Path(__file__).parent / "jobs" / "launcher.py"
#: Longest that one piece of work may take: a rival that waits for a network must not hold a run up.
LIMIT_S = 900.0
#: How long the folder is tried to be removed while processes that were ended still let go of it.
_PATIENCE_S = 5.0


class BenchError(RcmError):
    """The benchmark cannot be run, or a program in it failed."""


@dataclass(frozen=True, slots=True)
class Ran:
    """What one process took, its descendants included.

    Attributes:
        wall_seconds: From its start to its end.
        cpu_seconds: User and system time.
        peak_bytes: Highest resident memory.
        out: What it printed.
    """

    wall_seconds: float
    cpu_seconds: float
    peak_bytes: int
    out: str


class Room:
    """A temporary folder and the child process that works in it, one at a time.

    Attributes:
        path: The folder, readable by this user only.
    """

    def __init__(self) -> None:
        self.path = Path(tempfile.mkdtemp(prefix="rcm-bench-"))
        self._child: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """End the child, if one runs, and remove the folder."""
        self._end_child()
        deadline = time.monotonic() + _PATIENCE_S
        while self.path.exists() and time.monotonic() < deadline:
            shutil.rmtree(self.path, ignore_errors=True)
            if self.path.exists():
                time.sleep(0.05)

    def folder(self, name: str) -> Path:
        """Make an empty folder in the room; what was there before is removed."""
        folder = self.path / name
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        return folder

    def run(
        self,
        command: Sequence[str | os.PathLike[str]],
        *,
        env: Mapping[str, str] | None = None,
        accepted: Sequence[int] = (0,),
    ) -> Ran:
        """Run a command to its end and measure it.

        Args:
            command: Program and arguments.
            env: Variables beside those of this process.
            accepted: Exit codes that are no failure.

        Raises:
            BenchError: If it cannot be started, fails or takes more than `LIMIT_S`.
        """
        figures, out, err = (self.path / name for name in ("figures", "out", "err"))
        words = [os.fspath(word) for word in command]
        launched = [sys.executable, "-I", "-S", str(LAUNCHER), str(figures), str(LIMIT_S), *words]
        with out.open("wb") as stdout, err.open("wb") as stderr:
            # A group of its own: Ctrl-C reaches this process only, which ends the whole group.
            self._child = subprocess.Popen(
                launched,
                cwd=self.path,
                env={**os.environ, **(env or {})},
                stdin=subprocess.DEVNULL,
                stdout=stdout,
                stderr=stderr,
                process_group=0,
            )
            code = self._child.wait()
            self._child = None
        if code not in accepted or not figures.exists():
            raise BenchError(_why(words, code, err))
        taken = json.loads(figures.read_text(encoding="ascii"))
        figures.unlink()
        return Ran(
            wall_seconds=taken["wall_seconds"],
            cpu_seconds=taken["cpu_seconds"],
            peak_bytes=taken["peak_bytes"],
            out=out.read_text(encoding="utf-8", errors="replace"),
        )

    def _end_child(self) -> None:
        child, self._child = self._child, None
        if child is not None:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(child.pid, signal.SIGKILL)
            child.wait()


def _why(words: Sequence[str], code: int, err: Path) -> str:
    name = " ".join(Path(word).name for word in words[:2])
    if code == 124:
        return f"{name}: not done after {LIMIT_S:.0f} s"
    lines = err.read_text(encoding="utf-8", errors="replace").strip().splitlines()
    said = [line for line in lines if line.startswith("error:")] or lines[-1:] or ["no message"]
    return f"{name}: exit code {code}: {said[0].removeprefix('error:').strip()}"
