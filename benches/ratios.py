"""Ratios between benchmarks of one run, held against a stored baseline.

    python benches/ratios.py --against benches/results/baseline.json

Seconds depend on the machine, ratios hardly do: how much the second core brings, what an update
costs against a first index, what a search costs against starting Python. Lower is better for all
of them. A ratio fails when it is more than its tolerance above the stored one. Tolerances are set
by what repeated runs on two shared cores spread over; where a ratio needs more cores than the run
was given, it is shown and not judged.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

RUN = Path("target/bench.json")
# A wall-clock ratio counts when the parallel side kept this share of two cores busy.
WANTED_CORES = 1.6

Facts = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Ratio:
    """One comparison.

    Attributes:
        name: What is compared.
        upper: Benchmark above the line.
        lower: Benchmark below the line.
        figure: Which stored figure of both.
        tolerance: Share by which the ratio may exceed the baseline.
        needs_cores: Whether `upper` must have had two cores for the ratio to mean anything.
    """

    name: str
    upper: str
    lower: str
    figure: str
    tolerance: float
    needs_cores: bool = False

    def of(self, run: Mapping[str, Facts]) -> float:
        """The ratio in one run."""
        return float(run[self.upper][self.figure]) / float(run[self.lower][self.figure])

    def measured(self, run: Mapping[str, Facts]) -> bool:
        """Whether the run has both sides."""
        return self.upper in run and self.lower in run

    def judged(self, run: Mapping[str, Facts]) -> bool:
        """Whether the run had the cores that this ratio is about."""
        return not self.needs_cores or run[self.upper]["cores_used"] >= WANTED_CORES


def _ratios() -> Iterator[Ratio]:
    sequential, parallel, pipeline = (
        f"test_first_index[{mode}]" for mode in ("sequential", "parallel", "pipeline")
    )
    yield Ratio("parallel : sequential", parallel, sequential, "wall_seconds", 0.15, True)
    yield Ratio("pipeline : sequential", pipeline, sequential, "wall_seconds", 0.15, True)
    yield Ratio("parallel : sequential", parallel, sequential, "cpu_seconds", 0.15)
    yield Ratio("pipeline : sequential", pipeline, sequential, "cpu_seconds", 0.15)
    yield Ratio("parallel : naive", "test_sample", "test_naive", "wall_seconds", 0.50)
    yield Ratio("parallel : naive", "test_sample", "test_naive", "cpu_seconds", 0.30)
    yield Ratio("no-op : first index", "test_nothing_changed", sequential, "cpu_seconds", 0.30)
    yield Ratio("one edit : first index", "test_one_file_edited", sequential, "cpu_seconds", 0.30)
    yield Ratio("touched : first index", "test_every_file_touched", sequential, "cpu_seconds", 0.30)
    yield Ratio("embed : read to terms", "test_embed", "test_read_to_terms", "cpu_seconds", 0.25)
    yield Ratio("walk : read to terms", "test_walk", "test_read_to_terms", "cpu_seconds", 0.30)
    hybrid = "test_warm_search[hybrid]"
    yield Ratio("query : walk", hybrid, "test_walk", "cpu_seconds", 0.30)
    yield Ratio("hybrid : bm25", hybrid, "test_warm_search[bm25]", "cpu_seconds", 0.25)
    yield Ratio(
        "cold search : bare Python",
        "test_cold_search",
        "test_bare_interpreter",
        "cpu_seconds",
        0.25,
    )


RATIOS = tuple(_ratios())


def load_run(path: Path) -> tuple[dict[str, Facts], dict[str, Any]]:
    """Read a benchmark run: facts by benchmark, and the machine they were taken on."""
    stored = json.loads(path.read_text(encoding="utf-8"))
    run = {entry["name"]: entry["extra_info"] for entry in stored["benchmarks"]}
    return run, stored["machine_info"]


def compare(run: Mapping[str, Facts], baseline: Mapping[str, float]) -> list[str]:
    """Print every ratio and return those that got worse."""
    worse = []
    row = "{:<28} {:<5} {:>9} {:>9}  {}"
    print(row.format("ratio", "of", "now", "baseline", ""))
    for ratio in RATIOS:
        key = _key(ratio)
        if not ratio.measured(run):
            print(row.format(ratio.name, _unit(ratio), "-", "-", "not measured in this run"))
            continue
        now, then = ratio.of(run), baseline.get(key)
        verdict = _verdict(ratio, run, now, then)
        if verdict.startswith("worse"):
            worse.append(key)
        stored = f"{then:.4f}" if then is not None else "-"
        print(row.format(ratio.name, _unit(ratio), f"{now:.4f}", stored, verdict))
    return worse


def _verdict(ratio: Ratio, run: Mapping[str, Facts], now: float, then: float | None) -> str:
    if not ratio.judged(run):
        return f"not judged: {run[ratio.upper]['cores_used']:.1f} cores were free"
    if then is None:
        return "new"
    limit = then * (1 + ratio.tolerance)
    return "ok" if now <= limit else f"worse than {limit:.4f}"


def _key(ratio: Ratio) -> str:
    return f"{ratio.name}, {_unit(ratio)}"


def _unit(ratio: Ratio) -> str:
    return "CPU" if ratio.figure == "cpu_seconds" else "wall"


def write_baseline(path: Path, run: Mapping[str, Facts], machine: Facts, old: Facts) -> None:
    """Store this run's ratios; one that was not to be judged keeps its old value."""
    ratios = dict(old)
    for ratio in RATIOS:
        if ratio.measured(run) and ratio.judged(run):
            ratios[_key(ratio)] = round(ratio.of(run), 5)
    facts = {
        key: machine[key]
        for key in ("rcm", "commit", "python", "machine", "processor", "cores", "load", "taken")
    }
    figures = {name: dict(entry) for name, entry in run.items()}
    corpus = next(iter(figures.values()))["corpus"]
    for entry in figures.values():
        if entry["corpus"] == corpus:
            del entry["corpus"]
    stored = {"facts": facts, "corpus": corpus, "ratios": ratios, "figures": figures}
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(stored, indent=1) + "\n", encoding="utf-8")


def main(argv: Sequence[str] | None = None) -> int:
    """Compare a run with the baseline, or make it the baseline."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--against", type=Path, metavar="FILE", help="fail where worse than this")
    what.add_argument("--write", type=Path, metavar="FILE", help="make this run the baseline")
    parser.add_argument("--run", type=Path, default=RUN, metavar="FILE", help=f"default: {RUN}")
    arguments = parser.parse_args(argv)
    run, machine = load_run(arguments.run)
    path: Path = arguments.write or arguments.against
    stored = json.loads(path.read_text(encoding="utf-8")) if path.exists() else None
    if arguments.write:
        write_baseline(path, run, machine, stored["ratios"] if stored else {})
        compare(run, {})
        return 0
    if stored is None:
        print(f"error: {path} does not exist\nhint: make bench-baseline", file=sys.stderr)
        return 2
    corpus = next(iter(run.values()))["corpus"]
    if corpus["digest"] != stored["corpus"]["digest"]:
        print("note: the baseline measured other files or versions of them", file=sys.stderr)
    worse = compare(run, stored["ratios"])
    for key in worse:
        print(f"worse: {key}", file=sys.stderr)
    return 1 if worse else 0


if __name__ == "__main__":
    raise SystemExit(main())
