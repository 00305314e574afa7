"""The table of training sources and the rules that keep the benchmark's projects out of the data.

Both are data: `sources.toml` names every archive with its licence and hash, `deny.toml` names the
projects that must never be trained on. `Deny` judges single files; a test judges the whole table.
"""

import fnmatch
import re
import tomllib
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import Any

_HERE = Path(__file__).parent
_HEADER_BYTES = 2000
_COMMENT = re.compile(rb"^\s*(//|/\*|\*|#|--|;|<!--|\"\"\"|{-)")

PERMISSIVE = frozenset(
    (
        "MIT",
        "Apache-2.0",
        "BSD-2-Clause",
        "BSD-3-Clause",
        "0BSD",
        "ISC",
        "Zlib",
        "Unlicense",
        "CC0-1.0",
        "PSF-2.0",
        "BSL-1.0",
    )
)
"""Licences that a source may be used under."""


@dataclass(frozen=True)
class Source:
    """One archive of a registry.

    Attributes:
        name: The registry's name of the package.
        version: The exact version.
        registry: `crates`, `pypi`, `go`, `npm`, `maven`, `debian` (a source package) or
            `debian-binary`.
        role: `standard library`, `build` or `named`.
        language: The language it is here for.
        licence: The licence expression of the package.
        sha256: Hash of the archive as the registry serves it.
        stated: Whether a machine can read that licence in the archive or the registry's metadata; where it
            cannot, a person read it there.
        include: Glob patterns of paths to keep, from the archive's top folder; empty keeps all.
    """

    name: str
    version: str
    registry: str
    role: str
    language: str
    licence: str
    sha256: str
    stated: bool = True
    include: tuple[str, ...] = field(default=())

    @property
    def folder(self) -> str:
        """The folder name that stands for this source in the data."""
        return re.sub(r"[^A-Za-z0-9._-]+", "-", self.name).strip("-")

    def keeps(self, path: PurePosixPath) -> bool:
        """Whether `include` lets a file of the archive through; inputs of tests never pass."""
        if "testdata" in path.parts:
            return False
        return not self.include or any(fnmatch.fnmatch(str(path), each) for each in self.include)


def load_sources(path: Path = _HERE / "sources.toml") -> list[Source]:
    """Read the table of sources, in its order."""
    rows: list[dict[str, Any]] = tomllib.loads(path.read_text("utf-8"))["source"]
    return [Source(**{**row, "include": tuple(row.get("include", ()))}) for row in rows]


def licence_parts(expression: str) -> list[str]:
    """Split a licence expression into its licences."""
    return [part for part in re.split(r"\s+(?:OR|AND)\s+|/", expression) if part]


def is_permissive(expression: str) -> bool:
    """Whether a licence expression lets one choose permissive licences only."""
    return all(
        not PERMISSIVE.isdisjoint(licence_parts(part))
        for part in re.split(r"\s+AND\s+", expression)
    )


@dataclass(frozen=True)
class Deny:
    """The benchmark's projects, as names of packages, paths and marks in file headers."""

    repositories: tuple[str, ...]
    packages: tuple[str, ...]
    folders: frozenset[str]
    paths: frozenset[str]
    words: dict[str, frozenset[str]]
    headers: tuple[str, ...]

    def package(self, name: str) -> bool:
        """Whether a package of this name is, or republishes, a denied project."""
        names = {name.lower(), name.lower().rsplit(":", 1)[-1]}
        return any(fnmatch.fnmatch(each, pattern) for each in names for pattern in self.packages)

    def path(self, path: PurePosixPath) -> bool:
        """Whether the path lies in a bundled folder or is named after a denied project."""
        parts = [part.lower() for part in path.parts[:-1]]
        stem = path.name.lower().removesuffix(path.suffix.lower())
        suffix = path.suffix.lower().lstrip(".")
        if any(part in self.folders for part in parts):
            return True
        return any(
            name in self.paths or suffix in self.words.get(name, ()) for name in [*parts, stem]
        )

    def header(self, text: bytes) -> bool:
        """Whether the leading comment of a file names a denied project."""
        head = text[:_HEADER_BYTES]
        comment = b"\n".join(line for line in head.splitlines() if _COMMENT.match(line))
        return self._header.search(comment.decode("utf-8", "replace")) is not None

    @cached_property
    def _header(self) -> re.Pattern[str]:
        names = [rf"{re.escape(each)}(?![\w-])" for each in self.repositories]
        return re.compile("|".join([*names, *self.headers]), re.IGNORECASE)


def load_deny(path: Path = _HERE / "deny.toml") -> Deny:
    """Read the deny list."""
    data = tomllib.loads(path.read_text("utf-8"))
    return Deny(
        repositories=tuple(data["repositories"]),
        packages=tuple(data["packages"]),
        folders=frozenset(data["folders"]),
        paths=frozenset(data["paths"]),
        words={word: frozenset(suffixes) for word, suffixes in data["words"].items()},
        headers=tuple(data["headers"]["patterns"]),
    )
