"""What one run of `rcm bench` found: frozen values, ready for JSON."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias

#: Version of the JSON object.
SCHEMA = 1

Work: TypeAlias = Literal["first-index", "no-op", "edit", "query-p50", "query-p99", "search"]

TITLES: Mapping[Work, str] = {
    "first-index": "first index",
    "no-op": "update, nothing changed",
    "edit": "one edited file until it is found",
    "query-p50": "query, in process, p50",
    "query-p99": "query, in process, p99",
    "search": "search, whole process",
}


@dataclass(frozen=True, slots=True)
class Figure:
    """What one contender took for one kind of work: medians of the runs, the highest peak.

    Attributes:
        work: Which work.
        tool: Who did it.
        variant: In which mode, or an empty string.
        runs: How often it was measured.
        wall_seconds: Median.
        cpu_seconds: Median of user and system time, descendants included.
        fastest_seconds: Least wall seconds.
        slowest_seconds: Most wall seconds.
        peak_bytes: Highest resident memory of the process, or processes, that did it.
    """

    work: Work
    tool: str
    variant: str
    runs: int
    wall_seconds: float
    cpu_seconds: float
    fastest_seconds: float
    slowest_seconds: float
    peak_bytes: int

    @property
    def name(self) -> str:
        """Contender and mode."""
        return f"{self.tool}, {self.variant}" if self.variant else self.tool


@dataclass(frozen=True, slots=True)
class Size:
    """What a contender keeps of the tree.

    Attributes:
        tool: Whose index.
        files: Files in it.
        chunks: Chunks in it.
        index_bytes: Bytes on disk.
        source_bytes: Bytes of all files of the scratch copy.
    """

    tool: str
    files: int
    chunks: int
    index_bytes: int
    source_bytes: int

    @property
    def ratio(self) -> float:
        """Index bytes for each byte of source."""
        return self.index_bytes / self.source_bytes if self.source_bytes else 0.0


@dataclass(frozen=True, slots=True)
class Check:
    """Something that must hold for the figures to count.

    Attributes:
        name: What must hold.
        ok: Whether it does.
        detail: How that is known, or what is wrong.
    """

    name: str
    ok: bool
    detail: str


@dataclass(frozen=True, slots=True)
class Contender:
    """Who was asked to take part.

    Attributes:
        name: Such as `"semble"`.
        status: `"measured"`, `"not installed"` or `"failed"`.
        version: What it says of itself.
        detail: Why it was not measured, or something to say of its figures; mostly empty.
    """

    name: str
    status: Literal["measured", "not installed", "failed"]
    version: str = ""
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Tree:
    """What was measured on.

    Attributes:
        root: Absolute path.
        files: Files copied, binary ones included.
        size_bytes: Their sizes added up.
        indexed_files: Files in the index.
        chunks: Chunks in the index.
        merkle_root: Hex SHA-256 over paths and contents of all indexed files.
    """

    root: str
    files: int
    size_bytes: int
    indexed_files: int
    chunks: int
    merkle_root: str


@dataclass(frozen=True, slots=True)
class BenchReport:
    """All of one run.

    Attributes:
        schema: Version of this value's form.
        tree: What was measured on.
        machine: Versions, processor, cores; `load_before` and `load_after` the run.
        repeat: Rounds; in each, every contender did every work in turn.
        queries: Questions asked in each round.
        contenders: rcm and the rivals that were named.
        figures: In the order of the table.
        sizes: Of each contender that keeps an index.
        ratios: Figures of one contender or mode over another's, by name; wall seconds.
        checks: What was verified meanwhile.
    """

    schema: int
    tree: Tree
    machine: Mapping[str, object]
    repeat: int
    queries: int
    contenders: tuple[Contender, ...]
    figures: tuple[Figure, ...]
    sizes: tuple[Size, ...]
    ratios: Mapping[str, float]
    checks: tuple[Check, ...]

    @property
    def ok(self) -> bool:
        """Whether every check holds."""
        return all(check.ok for check in self.checks)
