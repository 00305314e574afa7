"""Take the pictures of the web page that the documentation shows, of rcm's own sources.

    python benches/screenshots.py [--chromium PATH]

The files that git tracks are copied, indexed and served by `rcm serve`; a headless Chromium looks at
them. Pictures are reduced to a palette, since they lie in the repository.
"""

from __future__ import annotations

import argparse
import io
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, Page, Route, sync_playwright

ROOT = Path(__file__).resolve().parent.parent
IMAGES = ROOT / "docs" / "images"
QUERY = "how are secrets replaced before chunking"
#: What the pictures show instead of the folder for temporary files.
SHOWN_ROOT = "/home/you/src/rcm"
COLOURS = 160
MOST_BYTES = 300_000


def copy_of_sources(folder: Path) -> Path:
    """Copy what git tracks, so that nothing else of this machine is in a picture."""
    tree = folder / "rcm"
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True)
    for name in listed.stdout.decode().split("\0"):
        if name and (ROOT / name).is_file():
            (tree / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(ROOT / name, tree / name)
    return tree


@contextmanager
def serving(tree: Path, home: Path) -> Iterator[str]:
    """Run `rcm serve`, which makes the index; gives the address with its token."""
    command = [sys.executable, "-m", "rcm", "serve", str(tree), "--port", "0"]
    child = subprocess.Popen(
        command, env={**os.environ, "RCM_HOME": str(home)}, stdout=subprocess.PIPE, text=True
    )
    try:
        assert child.stdout is not None
        yield child.stdout.readline().strip()
    finally:
        child.terminate()
        child.wait(30)


def opened(browser: Browser, link: str, tree: Path, size: tuple[int, int], scheme: str) -> Page:
    """Open the page in a size and colour scheme, once there is an index."""
    phone = size[0] < 500
    context = browser.new_context(
        viewport={"width": size[0], "height": size[1]},
        color_scheme="dark" if scheme == "dark" else "light",
        reduced_motion="reduce",
        device_scale_factor=2 if phone else 1,
        is_mobile=phone,
    )
    page = context.new_page()

    def rename(route: Route) -> None:
        answer = route.fetch(url=route.request.url.replace(quoted(SHOWN_ROOT), quoted(str(tree))))
        text = answer.text().replace(json.dumps(str(tree))[1:-1], SHOWN_ROOT)
        route.fulfill(response=answer, body=text)

    page.goto(link)
    page.wait_for_selector("#health-dot.fresh")
    page.route("**/api/*", rename)
    page.reload()
    page.wait_for_selector("#health-dot.fresh")
    return page


def quoted(path: str) -> str:
    """A path as it stands in the address of a request."""
    return path.replace("/", "%2F")


def ask(page: Page) -> None:
    """Ask the question and wait for results and colours; a first one opens the index."""
    page.fill("#q", "warm")
    page.wait_for_selector(".result")
    page.fill("#q", QUERY)
    page.wait_for_selector(".result .c-key")
    page.wait_for_timeout(500)
    page.keyboard.press("ArrowDown")


def keep(page: Page, name: str) -> None:
    """Store what the page shows as a PNG with few colours."""
    page.wait_for_timeout(500)
    picture = Image.open(io.BytesIO(page.screenshot())).convert("RGB")
    few = picture.quantize(COLOURS, method=Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE)
    few.save(IMAGES / f"{name}.png", optimize=True)
    page.context.close()


def take(browser: Browser, link: str, tree: Path) -> None:
    """Take all pictures."""
    page = opened(browser, link, tree, (1280, 800), "light")
    ask(page)
    page.keyboard.press("e")
    page.locator(".place").first.click()
    page.wait_for_selector(".sheet .c-key")
    keep(page, "web-search")
    page = opened(browser, link, tree, (1280, 800), "dark")
    page.keyboard.press("Escape")
    page.keyboard.press("i")
    page.wait_for_selector(".plot .beam")
    keep(page, "web-index")
    page = opened(browser, link, tree, (390, 720), "dark")
    ask(page)
    keep(page, "web-phone")


def main() -> None:
    """Copy, serve, look."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--chromium", default=shutil.which("chromium"), metavar="PATH")
    args = parser.parse_args()
    if args.chromium is None:
        sys.exit(
            "error: no Chromium\nhint: `make test-programs` installs one, --chromium names one"
        )
    IMAGES.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as name, sync_playwright() as playwright:
        folder = Path(name).resolve()
        tree = copy_of_sources(folder)
        sandbox = ["--no-sandbox"] if os.geteuid() == 0 else []
        browser = playwright.chromium.launch(executable_path=args.chromium, args=sandbox)
        with serving(tree, folder / "home") as link:
            take(browser, link, tree)
        browser.close()
    sizes = {path.name: path.stat().st_size for path in sorted(IMAGES.glob("web-*.png"))}
    print(sizes, sum(sizes.values()))
    assert sum(sizes.values()) < MOST_BYTES, "the pictures are too large for the repository"


if __name__ == "__main__":
    main()
