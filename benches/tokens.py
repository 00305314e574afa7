"""Tokens that an agent reads until it has seen the file that answers, with rcm and with grep.

    python benches/tokens.py --annotations DIR --repositories DIR --list repos.json

The queries, repositories and targets are those of `quality.py`; `token_strategies.py` says what is read
in which order. A target counts as seen when lines of it have been read: with rcm not by the answer of
`search`, but by reading the span of a result (what the answer alone shows is told as well). Tokens are
guessed as the server guesses them (`rcm/mcp/tokens.py`), for both alike. Means are over repositories.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import fmean, median
from typing import Any

from corpus import REPOSITORY
from quality_metric import Query, Target, load_annotations
from rcm.bench.machine import machine_facts
from rcm.mcp.jobs import Jobs
from rcm.mcp.tokens import count_tokens
from rcm.mcp.trees import Trees
from token_strategies import Step, by_grep, by_rcm

BUDGETS = (1_000, 2_000, 4_000, 8_000, 16_000, 32_000)
#: Nobody reads on for ever; a target not seen by then counts as not found.
MOST_TOKENS = 200_000
STRATEGIES = ("rcm", "rcm answer only", "grep")


@dataclass(frozen=True, slots=True)
class Found:
    """Tokens read until each target was seen; None where it never was."""

    query: str
    category: str
    tokens: dict[str, list[int | None]]


def tokens_until_seen(
    steps: Iterator[Step], targets: Sequence[Target], prefix: str, *, listed: bool
) -> list[int | None]:
    """Return the tokens read until lines of each target were.

    Args:
        steps: What is read.
        targets: Files, some with a run of lines.
        prefix: What the paths of targets have before those of the steps.
        listed: Whether lines shown in a list of results count.
    """
    seen: list[int | None] = [None] * len(targets)
    total = 0
    for step in steps:
        total += count_tokens(step.text)
        if total > MOST_TOKENS:
            break
        if step.listed and not listed:
            continue
        for nth, target in enumerate(targets):
            if seen[nth] is None and any(_shows(place, target, prefix) for place in step.shown):
                seen[nth] = total
        if None not in seen:
            break
    return seen


def _shows(place: tuple[str, int, int], target: Target, prefix: str) -> bool:
    path, first, last = place
    if f"{prefix}{path}" != target.path:
        return False
    return target.lines is None or (first <= target.lines[1] and target.lines[0] <= last)


def measure(entry: dict[str, Any], arguments: argparse.Namespace, indexes: Path) -> list[Found]:
    """Ask all queries of one repository in each way."""
    prefix = entry.get("benchmark_root") or ""
    root = arguments.repositories / entry["name"] / prefix
    prefix = f"{prefix}/" if prefix else ""
    trees = Trees([root], Jobs(), index_dir=str(indexes / entry["name"]), policy="never")
    trees.workspace.update()
    return [
        ask(query, trees, root, prefix)
        for query in load_annotations(arguments.annotations / f"{entry['name']}.json")
    ]


def ask(query: Query, trees: Trees, root: Path, prefix: str) -> Found:
    """Ask one query in each way."""

    def until(steps: Iterator[Step], *, listed: bool = False) -> list[int | None]:
        return tokens_until_seen(steps, query.targets, prefix, listed=listed)

    tokens = {
        "rcm": until(by_rcm(trees, query.text)),
        "rcm answer only": until(by_rcm(trees, query.text), listed=True),
        "grep": until(by_grep(root, query.text)),
    }
    return Found(query.text, query.category, tokens)


def recall(found: Sequence[Found], strategy: str, budget: int) -> float:
    """Mean share of a query's targets seen within a budget."""
    return fmean(
        fmean(tokens is not None and tokens <= budget for tokens in one.tokens[strategy])
        for one in found
    )


def first_seen(found: Sequence[Found], strategy: str) -> list[float]:
    """Tokens until the first target of each query, infinite where none was seen."""
    return [
        min((t for t in one.tokens[strategy] if t is not None), default=float("inf"))
        for one in found
    ]


def summarise(repositories: dict[str, list[Found]]) -> dict[str, Any]:
    """Recall by budget, means over repositories; and the median of tokens until the first target."""
    every = [one for found in repositories.values() for one in found]
    return {
        strategy: {
            "recall": {
                str(budget): fmean(recall(one, strategy, budget) for one in repositories.values())
                for budget in BUDGETS
            },
            "median_tokens_to_first": median(first_seen(every, strategy)),
            "never_seen": sum(tokens == float("inf") for tokens in first_seen(every, strategy)),
        }
        for strategy in STRATEGIES
    } | {"repositories": len(repositories), "queries": len(every)}


def print_table(summary: dict[str, Any]) -> None:
    """Print the summary for people."""
    budgets = "".join(f"{budget // 1_000:>7}k" for budget in BUDGETS)
    print(f"{'recall within tokens':<22}{budgets}{'median':>9}{'never':>7}")
    for strategy in STRATEGIES:
        row = summary[strategy]
        figures = "".join(f"{row['recall'][str(budget)]:>8.3f}" for budget in BUDGETS)
        first, never = row["median_tokens_to_first"], row["never_seen"]
        print(f"{strategy:<22}{figures}{first:>9,.0f}{never:>7}")
    print(f"{summary['queries']} queries, {summary['repositories']} repositories")


def parse_arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--annotations", type=Path, required=True, metavar="DIR")
    parser.add_argument("--repositories", type=Path, required=True, metavar="DIR")
    parser.add_argument("--list", type=Path, required=True, metavar="FILE")
    parser.add_argument(
        "--only", action="append", metavar="NAME", help="this repository (repeatable)"
    )
    parser.add_argument("--indexes", type=Path, metavar="DIR", help="keep the indexes here")
    parser.add_argument("--json", type=Path, metavar="FILE", help="store the run")
    return parser.parse_args(argv)


def main(argv: Sequence[str] | None = None) -> int:
    """Measure, print, store."""
    arguments = parse_arguments(argv)
    entries = json.loads(arguments.list.read_text(encoding="utf-8"))
    entries = [one for one in entries if not arguments.only or one["name"] in arguments.only]
    if not entries:
        print("error: no repository to measure", file=sys.stderr)
        return 2
    with ExitStack() as stack:
        indexes = arguments.indexes or Path(
            stack.enter_context(tempfile.TemporaryDirectory(prefix="rcm-tokens-"))
        )
        repositories = {}
        for entry in entries:
            repositories[entry["name"]] = measure(entry, arguments, indexes)
            print(f"{entry['name']}: {len(repositories[entry['name']])} queries", file=sys.stderr)
    summary = summarise(repositories)
    print_table(summary)
    if arguments.json:
        stored = {name: [asdict(one) for one in found] for name, found in repositories.items()}
        run = {"facts": machine_facts(REPOSITORY), "summary": summary, "repositories": stored}
        arguments.json.write_text(json.dumps(run) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
