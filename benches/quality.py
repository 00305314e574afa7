"""Search quality on annotated queries: how often the file that answers is near the top.

    python benches/quality.py --repositories DIR [--clone] [--annotations DIR --list repos.json]

`repos.json` lists name, language, url, benchmark_root (the folder to index; none means the whole
repository) and revision; DIR/NAME is a checkout of each, ANNOTATIONS/NAME.json its queries. Without
these two it is the questions of this project, in `benches/questions`.
Headline figures are means over repositories. Times are of a warm process, one query at a time,
ten results; the first query of a repository is asked twice and timed the second time.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from statistics import fmean
from typing import Any

import numpy as np

import rcm
from corpus import REPOSITORY
from quality_metric import DEPTH, FILE_POOL, Query, Score, load_annotations, paired_interval, score
from rcm.bench.machine import machine_facts

QUESTIONS = Path(__file__).parent / "questions"
FIGURES = ("native", "file", "recall", "reciprocal_rank")
SHOWN_OF_FAILURE = 5


@dataclass(frozen=True, slots=True)
class Outcome:
    """One query, asked."""

    query: str
    category: str
    score: Score
    milliseconds: float
    expected: tuple[str, ...] = field(repr=False)
    found: tuple[str, ...] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Repository:
    """One repository, indexed and asked all its queries."""

    name: str
    language: str
    revision: str
    files: int
    chunks: int
    index_cpu_seconds: float
    outcomes: tuple[Outcome, ...]

    def mean(self, figure: str) -> float:
        """Mean of one figure over the queries."""
        return fmean(getattr(outcome.score, figure) for outcome in self.outcomes)


def measure(entry: dict[str, Any], arguments: argparse.Namespace, indexes: Path) -> Repository:
    """Index one repository and ask its queries."""
    name = entry["name"]
    checkout = arguments.repositories / name
    prefix = "" if arguments.whole else entry.get("benchmark_root") or ""
    index_dir = indexes / (f"{name}-whole" if arguments.whole else name)
    reuse = arguments.reuse and index_dir.is_dir()
    with rcm.Index.open(
        checkout / prefix, index_dir=index_dir, embedder=arguments.embedder
    ) as index:
        before = time.process_time()
        report = None if reuse else index.update()
        cpu_seconds = time.process_time() - before
        if report and report.failures:
            print(f"{name}: {len(report.failures)} files failed", file=sys.stderr)
        status = index.status()
        queries = load_annotations(arguments.annotations / f"{name}.json")

        def search(text: str, top_k: int) -> list[rcm.SearchResult]:
            found = index.search(
                text,
                top_k=top_k,
                mode=arguments.mode,
                rerank=not arguments.no_rerank,
                reranker=arguments.rerank,
            )
            return [replace(hit, path=f"{prefix}/{hit.path}") for hit in found] if prefix else found

        search(queries[0].text, DEPTH)
        outcomes = tuple(ask(query, search) for query in queries)
    return Repository(
        name, entry["language"], head(checkout), status.files, status.chunks, cpu_seconds, outcomes
    )


def ask(query: Query, search: Callable[[str, int], list[rcm.SearchResult]]) -> Outcome:
    """Ask one query and score the answer."""
    start = time.perf_counter()
    first = search(query.text, DEPTH)
    milliseconds = (time.perf_counter() - start) * 1000
    return Outcome(
        query=query.text,
        category=query.category,
        score=score(query, first, search(query.text, FILE_POOL)),
        milliseconds=milliseconds,
        expected=tuple(str(target) for target in query.targets),
        found=tuple(
            f"{hit.path}:{hit.start_line}-{hit.end_line}  {hit.symbol or '-'}  {hit.score:.3f}"
            for hit in first[:SHOWN_OF_FAILURE]
        ),
    )


def clone(entry: dict[str, Any], checkout: Path) -> None:
    """Clone a repository at its revision, if it is not there yet."""
    if checkout.exists():
        return
    subprocess.run(["git", "clone", "--quiet", entry["url"], str(checkout)], check=True)
    git = ["git", "-c", "advice.detachedHead=false", "-C", str(checkout)]
    subprocess.run([*git, "checkout", "--quiet", entry["revision"]], check=True)


def head(checkout: Path) -> str:
    """Commit of a checkout, empty where it is none."""
    done = subprocess.run(
        ["git", "-C", str(checkout), "rev-parse", "HEAD"],
        check=False,
        capture_output=True,
        text=True,
    )
    return done.stdout.strip() if done.returncode == 0 else ""


def summarise(repositories: Sequence[Repository]) -> dict[str, Any]:
    """Macro means over repositories, and means by category and language."""
    outcomes = [outcome for repository in repositories for outcome in repository.outcomes]
    times = np.asarray([outcome.milliseconds for outcome in outcomes])
    return {
        "repositories": len(repositories),
        "queries": len(outcomes),
        "macro": {
            figure: fmean(repository.mean(figure) for repository in repositories)
            for figure in FIGURES
        },
        "by_category": _means(outcomes, lambda outcome: outcome.category),
        "by_language": {
            language: {
                figure: fmean(
                    repository.mean(figure)
                    for repository in repositories
                    if repository.language == language
                )
                for figure in FIGURES
            }
            for language in sorted({repository.language for repository in repositories})
        },
        "milliseconds": {
            "p50": float(np.percentile(times, 50)),
            "p99": float(np.percentile(times, 99)),
            "max": float(times.max()),
        },
        "index_cpu_seconds": sum(repository.index_cpu_seconds for repository in repositories),
        "chunks": sum(repository.chunks for repository in repositories),
    }


def _means(
    outcomes: Iterable[Outcome], key: Callable[[Outcome], str]
) -> dict[str, dict[str, float]]:
    groups: dict[str, list[Score]] = {}
    for outcome in outcomes:
        groups.setdefault(key(outcome), []).append(outcome.score)
    return {
        name: {figure: fmean(getattr(score, figure) for score in scores) for figure in FIGURES}
        | {"queries": float(len(scores))}
        for name, scores in sorted(groups.items())
    }


def print_table(repositories: Sequence[Repository], summary: dict[str, Any]) -> None:
    """Print the figures for people."""
    row = "{:<22} {:>8} {:>7} {:>7} {:>8} {:>7}"
    print(row.format("repository", "queries", "native", "file", "recall", "MRR"))

    def line(name: str, queries: object, figures: dict[str, float]) -> None:
        print(row.format(name, queries, *(f"{figures[figure]:.3f}" for figure in FIGURES)))

    for repository in repositories:
        figures = {figure: repository.mean(figure) for figure in FIGURES}
        line(repository.name, len(repository.outcomes), figures)
    for title in ("by_category", "by_language"):
        print(f"\n{title.replace('_', ' ')}")
        for name, figures in summary[title].items():
            line(f"  {name}", int(figures["queries"]) if "queries" in figures else "", figures)
    print()
    line("macro mean", summary["queries"], summary["macro"])
    times = summary["milliseconds"]
    print(
        f"\nper query: p50 {times['p50']:.2f} ms, p99 {times['p99']:.2f} ms; "
        f"indexing {summary['index_cpu_seconds']:.1f} CPU s, {summary['chunks']:,} chunks"
    )


def print_failures(repositories: Sequence[Repository], count: int) -> None:
    """Print the queries answered worst, with what was wanted and what was shown."""
    asked = [
        (repository, outcome) for repository in repositories for outcome in repository.outcomes
    ]
    asked.sort(key=lambda pair: (pair[1].score.native, pair[0].name, pair[1].query))
    for repository, outcome in asked[:count]:
        score = outcome.score
        print(
            f"\n{repository.name} ({outcome.category})"
            f"  native {score.native:.2f}  file {score.file:.2f}"
        )
        print(f"  {outcome.query}")
        for path in outcome.expected:
            print(f"    wanted  {path}")
        for rank, found in enumerate(outcome.found, start=1):
            print(f"    {rank}. {found}")


def print_comparison(now: dict[str, Any], then: dict[str, Any]) -> None:
    """Print how each figure moved since a stored run, on the queries both have."""
    before = _scores(then)
    after = _scores(now)
    shared = {
        name: [query for query in queries if query in before[name]]
        for name, queries in after.items()
        if name in before
    }
    names = [name for name, queries in shared.items() if queries]
    print(f"\nagainst {then['facts'].get('commit', '?')}: {len(names)} repositories in both")
    for figure in FIGURES:
        differences = [
            fmean(
                after[name][query][figure] - before[name][query][figure] for query in shared[name]
            )
            for name in names
        ]
        low, high = paired_interval(differences)
        print(f"  {figure:<16} {fmean(differences):+.4f}  95 % [{low:+.4f}, {high:+.4f}]")


def _scores(run: dict[str, Any]) -> dict[str, dict[str, dict[str, float]]]:
    return {
        repository["name"]: {
            outcome["query"]: outcome["score"] for outcome in repository["outcomes"]
        }
        for repository in run["repositories"]
    }


def as_json(
    repositories: Sequence[Repository], summary: dict[str, Any], arguments: argparse.Namespace
) -> dict[str, Any]:
    """The run as it is stored: settings and machine, summary, every query's score."""
    stored = [asdict(repository) for repository in repositories]
    for repository in stored:
        for outcome in repository["outcomes"]:
            del outcome["expected"], outcome["found"]
    facts = machine_facts(REPOSITORY) | {
        "mode": arguments.mode,
        "embedder": arguments.embedder or "default",
        "whole": arguments.whole,
        "rerank": arguments.rerank or not arguments.no_rerank,
    }
    return {"facts": facts, "summary": summary, "repositories": stored}


def parse_arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--annotations", type=Path, default=QUESTIONS, metavar="DIR")
    parser.add_argument("--repositories", type=Path, required=True, metavar="DIR")
    parser.add_argument(
        "--list", type=Path, default=QUESTIONS / "repositories.json", metavar="FILE"
    )
    parser.add_argument(
        "--clone", action="store_true", help="clone what is missing there, at its revision"
    )
    parser.add_argument(
        "--only", action="append", metavar="NAME", help="this repository (repeatable)"
    )
    parser.add_argument("--whole", action="store_true", help="index the whole repositories")
    parser.add_argument("--mode", choices=("hybrid", "bm25", "semantic"), default="hybrid")
    parser.add_argument("--no-rerank", action="store_true", help="retrieval alone")
    parser.add_argument("--rerank", metavar="MODEL", help="as in `rcm search --rerank`")
    parser.add_argument("--embedder", metavar="NAME", help="as in `rcm index --embedder`")
    parser.add_argument("--indexes", type=Path, metavar="DIR", help="keep the indexes here")
    parser.add_argument(
        "--reuse", action="store_true", help="search indexes in --indexes as they are"
    )
    parser.add_argument(
        "--failures", type=int, default=0, metavar="N", help="show the N worst queries"
    )
    parser.add_argument("--against", type=Path, metavar="FILE", help="compare with a stored run")
    parser.add_argument("--json", type=Path, metavar="FILE", help="store the run")
    arguments = parser.parse_args(argv)
    if arguments.reuse and not arguments.indexes:
        parser.error("--reuse needs --indexes")
    return arguments


def main(argv: Sequence[str] | None = None) -> int:
    """Measure, print, compare, store."""
    arguments = parse_arguments(argv)
    entries = json.loads(arguments.list.read_text(encoding="utf-8"))
    if arguments.only:
        entries = [entry for entry in entries if entry["name"] in arguments.only]
    if not entries:
        print("error: no repository to measure", file=sys.stderr)
        return 2
    with ExitStack() as stack:
        indexes = arguments.indexes or Path(
            stack.enter_context(tempfile.TemporaryDirectory(prefix="rcm-quality-"))
        )
        repositories = []
        for entry in entries:
            if arguments.clone:
                clone(entry, arguments.repositories / entry["name"])
            repositories.append(measure(entry, arguments, indexes))
            warn_about_revision(entry, repositories[-1])
    summary = summarise(repositories)
    run = as_json(repositories, summary, arguments)
    print_table(repositories, summary)
    print_failures(repositories, arguments.failures)
    if arguments.against:
        print_comparison(run, json.loads(arguments.against.read_text(encoding="utf-8")))
    if arguments.json:
        arguments.json.write_text(json.dumps(run, indent=1) + "\n", encoding="utf-8")
    return 0


def warn_about_revision(entry: dict[str, Any], repository: Repository) -> None:
    """Say when the checkout is not the revision that the list asks for."""
    wanted = entry.get("revision", "")
    if repository.revision and wanted and not repository.revision.startswith(wanted):
        print(
            f"{repository.name}: at {repository.revision[:12]}, the list has {wanted[:12]}",
            file=sys.stderr,
        )


if __name__ == "__main__":
    raise SystemExit(main())
