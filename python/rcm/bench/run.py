"""One run: rounds in which every contender does every step in turn, and what comes out of them."""

from __future__ import annotations

import os
import statistics
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from rcm.bench.children import BenchError, Room
from rcm.bench.contender import STEPS, Collected, Competitor, Field, Sample, Step
from rcm.bench.edit import choose_edit
from rcm.bench.machine import machine_facts
from rcm.bench.own import USUAL, Rcm
from rcm.bench.questions import questions
from rcm.bench.report import (
    SCHEMA,
    TITLES,
    BenchReport,
    Check,
    Contender,
    Figure,
    Size,
    Tree,
)
from rcm.bench.rivals import RIVALS
from rcm.bench.scratch import Original, Scratch

#: Rounds, unless others are asked for: with three the median is not the first, cold one.
REPEAT = 3


def measure(
    root: Path,
    *,
    rivals: Mapping[str, Path | None],
    repeat: int = REPEAT,
    progress: Callable[[int, int, str], None] = lambda *_: None,
) -> BenchReport:
    """Measure rcm, and rivals if any, on a tree, which is only read.

    Args:
        root: The tree.
        rivals: Names and programs, as `rivals.parse` gives them.
        repeat: Rounds.
        progress: Called before each step with its number, how many there are, and what it is.

    Raises:
        BenchError: If the tree cannot be copied, or rcm itself fails.
    """
    original = Original(root)
    facts = machine_facts()
    facts["load_before"] = facts.pop("load")
    with Room() as room:
        progress(0, 1, "copying the tree")
        scratch = original.copy(room.path / "tree" / (root.name or "root"))
        asked = questions(scratch.root)
        if not asked:
            raise BenchError(f"{root}: no text to ask about", hint="name a folder with source code")
        field = Field(room, scratch, asked, choose_edit(scratch.root))
        own = Rcm(field)
        told = _Told({"rcm": Contender("rcm", "measured", own.version())})
        entered = [own, *told.enter(rivals, field)]
        collected = _rounds(entered, repeat, told, progress)
        told.note(entered)
        sizes = [size for one in entered if told.takes_part(one) and (size := one.size())]
        figures = tuple(_figures(collected, told))
        load = os.getloadavg()[0]
        return BenchReport(
            schema=SCHEMA,
            tree=_tree(root, scratch, own),
            machine={**facts, "load_after": round(load, 2)},
            repeat=repeat,
            queries=len(asked),
            contenders=tuple(told.contenders.values()),
            figures=figures,
            sizes=tuple(sizes),
            ratios=dict(_ratios(figures, sizes)),
            checks=(*own.checks(), _untouched(original)),
        )


class _Told:
    """What is to be said of each contender."""

    def __init__(self, contenders: dict[str, Contender]) -> None:
        self.contenders = contenders

    def enter(self, rivals: Mapping[str, Path | None], field: Field) -> Iterator[Competitor]:
        """Rivals that are there and start."""
        for name, program in rivals.items():
            if program is None:
                missing = f"no `{RIVALS[name][0]}` on PATH"
                self.contenders[name] = Contender(name, "not installed", detail=missing)
                continue
            try:
                rival = RIVALS[name][1](field, program)
                self.contenders[name] = Contender(name, "measured", rival.version())
            except BenchError as error:
                self.fail(name, error)
            else:
                yield rival

    def fail(self, name: str, error: BenchError) -> None:
        """Note that one failed."""
        before = self.contenders.get(name)
        detail = "; ".join(filter(None, (str(error), error.hint)))
        self.contenders[name] = Contender(name, "failed", before.version if before else "", detail)

    def note(self, entered: Iterable[Competitor]) -> None:
        """Keep what is to be said of those that took part."""
        for one in entered:
            if one.note and self.takes_part(one):
                self.contenders[one.name] = replace(self.contenders[one.name], detail=one.note)

    def takes_part(self, one: Competitor) -> bool:
        """Whether a contender has not failed."""
        return self.contenders[one.name].status == "measured"


def _rounds(
    entered: Sequence[Competitor],
    repeat: int,
    told: _Told,
    progress: Callable[[int, int, str], None],
) -> Collected:
    collected = Collected()
    turns = list(_turns(entered, repeat))
    for number, (turn, step, one, variant) in enumerate(turns, 1):
        if not told.takes_part(one):
            continue
        who = f"{one.name}, {variant}" if variant else one.name
        progress(number, len(turns), f"{STEPS[step]}: {who}")
        try:
            collected.add(one.name, variant, one.do(step, variant, turn))
        except BenchError as error:
            if isinstance(one, Rcm):
                raise
            told.fail(one.name, error)
    return collected


def _turns(
    entered: Sequence[Competitor], repeat: int
) -> Iterator[tuple[int, Step, Competitor, str]]:
    """Every step of every round: one contender after the other before the next step."""
    for turn in range(repeat):
        for step in STEPS:
            for one in entered:
                for variant in one.variants(step):
                    yield turn, step, one, variant


def _figures(collected: Collected, told: _Told) -> Iterator[Figure]:
    for work in TITLES:
        for (of, tool, variant), samples in collected.samples.items():
            if of == work and told.contenders[tool].status == "measured":
                yield _figure(tool, variant, samples)


def _figure(tool: str, variant: str, samples: Sequence[Sample]) -> Figure:
    walls = [sample.wall_seconds for sample in samples]
    return Figure(
        work=samples[0].work,
        tool=tool,
        variant=variant,
        runs=len(samples),
        wall_seconds=statistics.median(walls),
        cpu_seconds=statistics.median(sample.cpu_seconds for sample in samples),
        fastest_seconds=min(walls),
        slowest_seconds=max(walls),
        peak_bytes=max(sample.peak_bytes for sample in samples),
    )


def _ratios(figures: Sequence[Figure], sizes: Iterable[Size]) -> Iterator[tuple[str, float]]:
    usual = {one.work: one for one in figures if one.tool == "rcm" and one.variant in ("", USUAL)}
    first = {one.variant: one for one in figures if one.tool == "rcm" and one.variant}
    for mode in ("parallel", "pipeline"):
        yield f"{mode} : sequential", _over(first[mode], first["sequential"])
    for one in figures:
        if one.tool != "rcm":
            yield f"{one.tool} : rcm, {TITLES[one.work]}", _over(one, usual[one.work])
    for size in sizes:
        yield f"index : source, {size.tool}", size.ratio


def _over(upper: Figure, lower: Figure) -> float:
    return upper.wall_seconds / lower.wall_seconds if lower.wall_seconds else 0.0


def _tree(root: Path, scratch: Scratch, own: Rcm) -> Tree:
    size = own.size()
    return Tree(
        str(root), scratch.files, scratch.size_bytes, size.files, size.chunks, own.merkle_root
    )


def _untouched(original: Original) -> Check:
    touched = original.touched()
    name = "your tree is as it was"
    if touched:
        return Check(name, False, f"changed meanwhile: {', '.join(touched[:5])}")
    return Check(name, True, "sizes, times and inodes of all files")
