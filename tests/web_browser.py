"""A headless Chromium for tests of the page, and axe-core; skips, with the reason, where they are missing."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
#: Rules of WCAG 2.2, A and AA, and what axe-core calls best practice.
AXE_VERSION = "4.10.3"
_CACHE = Path(__file__).resolve().parent.parent / "target" / "axe-core"


def chromium() -> str:
    """Path of a Chromium, or skip."""
    found = next(filter(None, map(shutil.which, NAMES)), None)
    if found is None:
        pytest.skip("there is no Chromium (`make test-programs` installs one)")
    return found


@contextlib.contextmanager
def running_browser() -> Iterator[Browser]:
    """Start a browser; no download of one is ever made."""
    api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    # The sandbox of Chromium refuses to run as root, as containers do.
    arguments = ["--no-sandbox"] if os.geteuid() == 0 else []
    path = chromium()
    with api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=arguments)
        try:
            yield browser
        finally:
            browser.close()


def axe_source() -> str:
    """The text of axe-core (MPL-2.0, used by tests only), fetched by npm once, or skip."""
    script = _CACHE / AXE_VERSION / "axe.min.js"
    if not script.is_file():
        _fetch(script)
    return script.read_text(encoding="utf-8")


def _fetch(script: Path) -> None:
    if shutil.which("npm") is None:
        pytest.skip("there is no npm to fetch axe-core with")
    script.parent.mkdir(parents=True, exist_ok=True)
    command = ["npm", "pack", f"axe-core@{AXE_VERSION}", "--silent", "--pack-destination", "."]
    done = subprocess.run(
        command, cwd=script.parent, capture_output=True, text=True, check=False, timeout=120
    )
    if done.returncode != 0:
        pytest.skip(f"npm cannot fetch axe-core: {done.stderr.strip()[-200:]}")
    (archive,) = script.parent.glob("*.tgz")
    with tarfile.open(archive) as pack:
        member = pack.extractfile("package/axe.min.js")
        assert member is not None
        script.write_bytes(member.read())
