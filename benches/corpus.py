"""Real source trees, put together from what this project is built from and runs on.

Nothing is downloaded beyond what cargo and pip have fetched for the build. Packages are fixed by
`Cargo.lock` and by the installed environment; `Corpus` records names, versions and sizes, so that
two runs can tell whether they measured the same thing.
"""

from __future__ import annotations

import argparse
import hashlib
import importlib.metadata
import json
import os
import re
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parent.parent

# A few dozen thousand lines each of Rust and Python, written by people, with few generated tables.
BENCH_CRATES = (
    "aho-corasick",
    "ignore",
    "memchr",
    "pyo3",
    "rayon",
    "rayon-core",
    "regex",
    "regex-automata",
    "regex-syntax",
    "tree-sitter",
)
BENCH_DISTRIBUTIONS = ("hypothesis", "numpy", "pygments", "rich")

LEFT_OUT = ("__pycache__", ".git", "target", ".venv", "site-packages", "dist-packages")


@dataclass(frozen=True, slots=True)
class Corpus:
    """A tree to index.

    Attributes:
        root: Where it is.
        sources: What it was put together from, `name version`, sorted.
        files: Files in it.
        size_bytes: Their sizes added up.
        digest: SHA-256 over paths and sizes: equal for equal trees.
    """

    root: Path
    sources: tuple[str, ...]
    files: int
    size_bytes: int
    digest: str

    def facts(self) -> dict[str, object]:
        """What a stored measurement says about its corpus: everything but the place."""
        return {key: value for key, value in asdict(self).items() if key != "root"}


def describe(root: Path, sources: Sequence[str]) -> Corpus:
    """Count and fingerprint the files below `root`."""
    digest = hashlib.sha256()
    files = 0
    size_bytes = 0
    for path in sorted(regular_files(root)):
        size = path.stat().st_size
        digest.update(f"{path.relative_to(root).as_posix()}\0{size}\n".encode())
        files += 1
        size_bytes += size
    return Corpus(root, tuple(sorted(sources)), files, size_bytes, digest.hexdigest())


def bench_corpus(target: Path) -> Corpus:
    """Copy the benchmark's crates and Python packages into `target`."""
    sources = []
    for name, version, folder in crates():
        if name in BENCH_CRATES:
            copy_tree(folder, target / "crates" / f"{name}-{version}", link=False)
            sources.append(f"{name} {version}")
    for name in BENCH_DISTRIBUTIONS:
        copy_distribution(name, target / "python")
        sources.append(f"{name} {importlib.metadata.version(name)}")
    return describe(target, sources)


def sample(corpus: Corpus, target: Path, files: int) -> Corpus:
    """Copy every n-th file of a corpus, about `files` of them, for work too slow for all of it."""
    paths = sorted(regular_files(corpus.root))
    step = max(1, len(paths) // files)
    for path in paths[::step]:
        place(path, target / path.relative_to(corpus.root), link=False)
    return describe(target, [*corpus.sources, f"every {step}th file"])


def demo_tree(target: Path) -> Corpus:
    """Lay out this repository, its crates, the packages it imports and the standard library.

    Files are hard links where the file system allows; `target` is rebuilt every time.
    """
    shutil.rmtree(target, ignore_errors=True)
    sources = ["rcm"]
    for path in tracked_files():
        place(REPOSITORY / path, target / "rcm" / path, link=True)
    for name, version, folder in crates():
        copy_tree(folder, target / "crates" / f"{name}-{version}", link=True)
        sources.append(f"{name} {version}")
    copy_tree(Path(sysconfig.get_path("stdlib")), target / "python", link=True)
    for name in imported_distributions():
        copy_distribution(name, target / "packages")
        sources.append(f"{name} {importlib.metadata.version(name)}")
    # A repository of its own: the ignore rules of the folder around it are not about it.
    subprocess.run(["git", "init", "--quiet", str(target)], check=True)
    return describe(target, sources)


def crates() -> Iterator[tuple[str, str, Path]]:
    """Name, version and folder of each third-party crate in `Cargo.lock`, sorted."""
    output = subprocess.run(
        ["cargo", "metadata", "--format-version", "1", "--locked"],
        cwd=REPOSITORY,
        check=True,
        stdout=subprocess.PIPE,
    ).stdout
    packages = json.loads(output)["packages"]
    for package in sorted(packages, key=lambda package: (package["name"], package["version"])):
        if package["source"] is not None:
            yield package["name"], package["version"], Path(package["manifest_path"]).parent


def imported_distributions() -> Iterator[str]:
    """Names of the Python packages that rcm itself imports, extras left out."""
    for requirement in importlib.metadata.requires("rcm-search") or []:
        if "extra ==" not in requirement:
            yield re.split(r"[^\w.-]", requirement, maxsplit=1)[0]


def tracked_files() -> Iterator[str]:
    """Paths of this repository's files: what git tracks, or all of them in an unpacked archive."""
    listing = subprocess.run(
        ["git", "ls-files", "-z"], cwd=REPOSITORY, check=False, capture_output=True, text=True
    )
    if listing.returncode == 0:
        yield from filter(None, listing.stdout.split("\0"))
    else:
        yield from (path.relative_to(REPOSITORY).as_posix() for path in regular_files(REPOSITORY))


def regular_files(root: Path) -> Iterator[Path]:
    """Files below `root`, links and build products left out."""
    for folder, folders, names in os.walk(root):
        folders[:] = sorted(name for name in folders if name not in LEFT_OUT)
        for name in names:
            path = Path(folder, name)
            if path.is_file() and not path.is_symlink():
                yield path


def copy_distribution(name: str, target: Path) -> None:
    """Copy the files that an installed Python package consists of."""
    distribution = importlib.metadata.distribution(name)
    for entry in distribution.files or []:
        source = Path(str(distribution.locate_file(entry)))
        inside = ".." not in entry.parts and not {"__pycache__", "bin"} & set(entry.parts)
        if inside and source.suffix in {".py", ".pyi", ".c", ".h", ".pxd", ".md"}:
            place(source, target / entry, link=False)


def copy_tree(source: Path, target: Path, *, link: bool) -> None:
    """Copy or link the files below `source` to the same places below `target`."""
    for path in regular_files(source):
        if path.suffix not in {".so", ".pyc", ".a"}:
            place(path, target / path.relative_to(source), link=link)


def place(source: Path, target: Path, *, link: bool) -> None:
    """Put one file at `target`, as a hard link where wanted and possible."""
    target.parent.mkdir(parents=True, exist_ok=True)
    if link:
        try:
            os.link(source, target)
        except OSError:  # another file system, or one without hard links
            pass
        else:
            return
    shutil.copy2(source, target)


def main() -> int:
    """Make a tree and say what is in it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    kind = parser.add_mutually_exclusive_group(required=True)
    kind.add_argument("--demo", type=Path, metavar="DIR", help="make the demo's tree")
    kind.add_argument("--bench", type=Path, metavar="DIR", help="make the benchmarks' tree")
    arguments = parser.parse_args()
    corpus = demo_tree(arguments.demo) if arguments.demo else bench_corpus(arguments.bench)
    print(
        f"{corpus.root}: {corpus.files:,} files, {corpus.size_bytes / 1e6:.0f} MB, from "
        f"{len(corpus.sources)} sources",
        file=sys.stderr,
    )
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
