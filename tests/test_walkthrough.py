"""The walk through the command line runs to its end, and the page about it shows what it runs."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
SCRIPT = ROOT / "benches/walkthrough.sh"


def walk(command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["sh", str(SCRIPT), command],
        capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL, env={**os.environ},
    )  # fmt: skip


def commands(session: str) -> list[str]:
    return re.findall(r"^\$ (.*)$", session, re.MULTILINE)


@pytest.mark.skipif(shutil.which("sh") is None, reason="there is no sh")
def test_every_step_does_what_it_is_about() -> None:
    done = walk(f"{sys.executable} -m rcm")
    assert (done.returncode, done.stderr) == (0, ""), done.stdout[-2_000:] + done.stderr
    page = (ROOT / "docs/walkthrough.md").read_text(encoding="utf-8")
    assert commands(page) == commands(done.stdout)


@pytest.mark.skipif(shutil.which("sh") is None, reason="there is no sh")
def test_a_step_that_goes_wrong_ends_the_walk() -> None:
    done = walk("echo")
    assert done.returncode == 1
    assert "walkthrough: the output has no line like" in done.stderr
