"""Trees of growing size: what a file costs in time, memory and index, to see whether that grows.

    python benches/scale.py --at DIR
        [--files 10000 100000 1000000] [--folder 200000] [--lines 100000] [--deep 500]

Made trees: small Python files, a thousand a folder; so many in one folder; one file of so many
lines; folders in folders. Each is indexed by `rcm index` in a process of its own, then looked at
again unchanged, asked, edited in one place and asked again. Memory is the highest `RssAnon` seen
(heap, not pages of files). A run whose counts or answers are wrong fails.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

FILES_A_FOLDER = 1_000
QUERIES = 25
#: Seconds between two looks at a process's memory.
LOOK_EVERY = 0.02
SOURCE = '''"""Module {0} of a made tree."""


def made_{0}(value, times={0}):
    """Return what step {0} makes of a value."""
    return [value + step for step in range(times)]
'''
ASK = f"""
import json, sys, time
from rcm import Index
with Index.open(sys.argv[1]) as index:
    found = index.search(sys.argv[2], top_k=5)
    walls = []
    for nth in range({QUERIES}):
        started = time.perf_counter()
        index.search(f"what step {{nth * 37}} makes of a value", top_k=10)
        walls.append((time.perf_counter() - started) * 1e3)
    print(json.dumps({{"paths": [hit.path for hit in found], "walls": walls}}))
"""


@dataclass(frozen=True, slots=True)
class Ran:
    """One process: what it printed, CPU and wall seconds, highest RssAnon in bytes."""

    printed: dict[str, Any]
    cpu: float
    wall: float
    peak: int


@dataclass(frozen=True, slots=True)
class Shape:
    """One made tree.

    Attributes:
        name: What it is.
        files: How many files there are.
        make: Writes it; returns the path of a file to edit.
        planted: A name that only that file defines.
    """

    name: str
    files: int
    make: Callable[[Path], str]
    planted: str


def small_files(count: int, a_folder: int) -> Callable[[Path], str]:
    """So many small files, so many a folder."""

    def make(root: Path) -> str:
        for first in range(0, count, a_folder):
            folder = root / f"part{first // a_folder:05d}"
            folder.mkdir(parents=True)
            for nth in range(first, min(first + a_folder, count)):
                (folder / f"m{nth:07d}.py").write_text(SOURCE.format(nth))
        middle = count // 2
        return f"part{middle // a_folder:05d}/m{middle:07d}.py"

    return make


def long_file(lines: int) -> Callable[[Path], str]:
    """One file of so many lines."""

    def make(root: Path) -> str:
        root.mkdir(parents=True)
        step = "def made_{0}(a):\n    return a\n"
        (root / "long.py").write_text("".join(step.format(nth) for nth in range(lines // 2)))
        return "long.py"

    return make


def deep_tree(depth: int) -> Callable[[Path], str]:
    """A small file in each of so many folders, each in the one before."""

    def make(root: Path) -> str:
        folder = root
        for nth in range(depth):
            folder.mkdir()
            (folder / f"m{nth}.py").write_text(SOURCE.format(nth))
            folder = folder / "d"
        middle = depth // 2
        return "d/" * middle + f"m{middle}.py"

    return make


def shapes(options: argparse.Namespace) -> Iterator[Shape]:
    """The trees that were asked for."""
    for count in options.files:
        planted = f"made_{count // 2}"
        yield Shape(f"{count:,} files", count, small_files(count, FILES_A_FOLDER), planted)
    if options.folder:
        count = options.folder
        planted = f"made_{count // 2}"
        yield Shape(f"{count:,} files in one folder", count, small_files(count, count), planted)
    if options.lines:
        planted = f"made_{options.lines // 4}"
        yield Shape(f"a file of {options.lines:,} lines", 1, long_file(options.lines), planted)
    if options.deep:
        planted = f"made_{options.deep // 2}"
        yield Shape(
            f"{options.deep:,} folders deep", options.deep, deep_tree(options.deep), planted
        )


def anonymous(pid: int) -> int:
    """Bytes of anonymous memory that a process holds now, 0 when it is gone."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) << 10 for line in lines if line.startswith("RssAnon")), 0)


def run(*arguments: str) -> Ran:
    """Run Python with these arguments and watch its memory; what it prints is JSON."""
    started, peak = time.perf_counter(), 0
    with tempfile.TemporaryFile() as out:
        child = subprocess.Popen([sys.executable, *arguments], stdout=out)
        while True:
            ended, status, used = os.wait4(child.pid, os.WNOHANG)
            if ended:
                break
            peak = max(peak, anonymous(child.pid))
            time.sleep(LOOK_EVERY)
        wall = time.perf_counter() - started
        child.returncode = os.waitstatus_to_exitcode(status)
        out.seek(0)
        printed = out.read()
    if child.returncode:
        sys.exit(f"{' '.join(arguments)} ended with {child.returncode}")
    return Ran(json.loads(printed), used.ru_utime + used.ru_stime, wall, peak)


def index(root: Path, *options: str) -> Ran:
    """Bring the index of a tree up to date."""
    return run("-m", "rcm", "index", str(root), "--json", *options)


def expect(what: str, found: object, wanted: object) -> None:
    """End the run with a message unless both are equal."""
    if found != wanted:
        sys.exit(f"{what}: {found!r}, not {wanted!r}")


def ask(root: Path, planted: str, path: str) -> float:
    """Look for a planted name, expected first in `path`; the median wall time of other queries, ms."""
    asked = run("-c", ASK, str(root), planted)
    expect(f"the first answer to {planted}", asked.printed["paths"][0], path)
    walls: list[float] = asked.printed["walls"]
    return statistics.median(walls)


@contextmanager
def tree(shape: Shape, at: Path) -> Iterator[tuple[Path, str]]:
    """Make a tree, and an empty place for its index; both are deleted afterwards."""
    with tempfile.TemporaryDirectory(prefix="scale-", dir=at) as place:
        root = Path(place, "tree")
        os.environ["RCM_HOME"] = str(Path(place, "home"))
        path = shape.make(root)
        # Stamps younger than two seconds prove nothing to the next run.
        time.sleep(2.5)
        yield root, path
        shutil.rmtree(root)


def measure(shape: Shape, at: Path, options: list[str]) -> str:
    """Index, look again, edit and ask; one row of the table."""
    with tree(shape, at) as (root, path):
        first = index(root, *options)
        expect("files indexed", first.printed["files_indexed"], shape.files)
        again = index(root, *options)
        expect("files indexed again", again.printed["files_indexed"], 0)
        query = ask(root, shape.planted, path)
        with open(root / path, "a") as file:
            file.write("\n\ndef zygomorphic(flower):\n    return flower\n")
        edit = index(root, *options)
        expect("files indexed after the edit", edit.printed["files_indexed"], 1)
        ask(root, "zygomorphic", path)
        chunks = first.printed["chunks_total"]
        size = sum(
            one.stat().st_size for one in Path(os.environ["RCM_HOME"]).rglob("*") if one.is_file()
        )
    return (
        f"| {shape.name} | {chunks:,} | {first.cpu:.1f} | {first.wall:.1f} | {first.cpu / chunks * 1e3:.2f} "
        f"| {first.peak >> 20} MB | {size / chunks / 1e3:.2f} kB | {again.cpu:.2f} | {again.peak >> 20} MB "
        f"| {edit.cpu:.2f} | {query:.1f} |"
    )


def main() -> None:
    """Print the table, a row as soon as it is known."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--at", type=Path, required=True, help="folder for trees and indexes")
    parser.add_argument("--files", type=int, nargs="*", default=[10_000, 100_000, 1_000_000])
    parser.add_argument("--folder", type=int, default=200_000, help="files in one folder")
    parser.add_argument("--lines", type=int, default=100_000, help="lines of one file")
    parser.add_argument("--deep", type=int, default=500, help="folders in folders")
    parser.add_argument("options", nargs="*", help="further options of `rcm index`")
    arguments = parser.parse_args()
    arguments.at.mkdir(parents=True, exist_ok=True)
    options = [*arguments.options, "--max-file-size", "16M"]
    print(
        "| tree | chunks | index, CPU s | wall s | CPU ms a chunk | peak | index a chunk | no-op, CPU s "
        "| its peak | edit, CPU s | query p50, ms |"
    )
    print("|---|---|---|---|---|---|---|---|---|---|---|")
    for shape in shapes(arguments):
        print(measure(shape, arguments.at, options), flush=True)


if __name__ == "__main__":
    main()
