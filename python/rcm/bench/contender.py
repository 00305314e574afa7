"""What every contender offers: some steps, each of which gives samples of some works."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, Protocol, TypeAlias

from rcm.bench.children import Ran, Room
from rcm.bench.edit import Edit
from rcm.bench.report import Size, Work
from rcm.bench.scratch import Scratch

Step: TypeAlias = Literal["index", "ask", "search", "update"]

#: The order of one round; updating comes last, since it changes index and copy.
STEPS: Mapping[Step, str] = {
    "index": "first index",
    "ask": "queries in process",
    "search": "search, whole process",
    "update": "no-op and edit in process",
}
#: How often each question is asked in one process.
PASSES = 4
#: Questions that a process of their own is started for, each round.
PROCESSES = 3
#: No-op updates and edits in one process. Words that no tree has; letters only, as some tools split others.
WORDS = ("zygomorphquince", "zygomorphraven", "zygomorphsable")


@dataclass(frozen=True, slots=True)
class Sample:
    """One measurement of one work.

    Attributes:
        work: Which.
        wall_seconds: Of the work alone.
        cpu_seconds: Of the work alone.
        peak_bytes: Of the process that did it.
    """

    work: Work
    wall_seconds: float
    cpu_seconds: float
    peak_bytes: int


@dataclass(frozen=True, slots=True)
class Field:
    """What all contenders work on.

    Attributes:
        room: Where they may write, and what runs their processes.
        scratch: The copy of the tree.
        questions: What is asked.
        edit: What is edited, and how.
    """

    room: Room
    scratch: Scratch
    questions: Sequence[str]
    edit: Edit

    def job(self, kind: str, **more: object) -> Path:
        """Write a job for a script of `jobs/`; returns its file."""
        file = self.room.path / "job.json"
        common = {
            "kind": kind,
            "tree": str(self.scratch.root),
            "questions": list(self.questions),
            "passes": PASSES,
            "file": self.edit.path,
            "form": self.edit.form,
            "words": WORDS,
        }
        file.write_text(json.dumps({**common, **more}), encoding="utf-8")
        return file


class Competitor(Protocol):
    """A tool that takes part.

    Attributes:
        name: What it is called.
        note: Something that is to be said of its figures, or an empty string.
    """

    name: str
    note: str

    def version(self) -> str:
        """What it says of itself."""

    def variants(self, step: Step, /) -> Sequence[str]:
        """In how many ways it does a step; none where it has no such thing."""

    def do(self, step: Step, variant: str, turn: int, /) -> Iterable[Sample]:
        """Do a step of round `turn` (from 0) once, measured."""

    def size(self) -> Size | None:
        """What it keeps, after the first round; None if nothing."""


@dataclass
class Collected:
    """Samples of a run, by work, tool and variant, in the order they first came."""

    samples: dict[tuple[Work, str, str], list[Sample]] = field(default_factory=dict)

    def add(self, tool: str, variant: str, samples: Iterable[Sample]) -> None:
        """Keep the samples of one step."""
        for sample in samples:
            self.samples.setdefault((sample.work, tool, variant), []).append(sample)


def process_sample(ran: Ran, work: Work) -> Sample:
    """The sample that a whole process is."""
    return Sample(work, ran.wall_seconds, ran.cpu_seconds, ran.peak_bytes)


def query_samples(ran: Ran) -> list[Sample]:
    """Percentiles of what an `ask` job printed; CPU seconds are the mean of a query."""
    timed = json.loads(ran.out)["queries"]
    walls = sorted(wall for wall, _ in timed)
    cpu = sum(busy for _, busy in timed) / len(timed)
    return [
        Sample("query-p50", percentile(walls, 50), cpu, ran.peak_bytes),
        Sample("query-p99", percentile(walls, 99), cpu, ran.peak_bytes),
    ]


def update_samples(ran: Ran) -> tuple[list[Sample], dict[str, Any]]:
    """Samples of what an `update` job printed, and all of it."""
    printed: dict[str, Any] = json.loads(ran.out)
    works: tuple[tuple[Work, str], ...] = (("no-op", "nothing"), ("edit", "edits"))
    return [
        Sample(work, wall, cpu, ran.peak_bytes) for work, key in works for wall, cpu in printed[key]
    ], printed


def percentile(ordered: Sequence[float], share: int) -> float:
    """The least value that `share` per cent are not above (nearest rank)."""
    return ordered[max(0, -(-len(ordered) * share // 100) - 1)]


def whole_process(run: Callable[[str], Ran], questions: Sequence[str], turn: int) -> list[Sample]:
    """Samples of searches in processes of their own; each round asks other questions, then again."""
    asked = [questions[(turn * PROCESSES + nth) % len(questions)] for nth in range(PROCESSES)]
    return [process_sample(run(question), "search") for question in asked]
