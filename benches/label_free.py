"""Search quality without labels: sentences that authors wrote about their own code must find it.

    python benches/label_free.py [NAME=]TREE... [--sentences N] [--commits N] [--json FILE] [--against FILE]

Four checks, for any source trees, and a fifth for those that the packaged table was trained on:

* doc: the first sentence of a definition's documentation is taken out of a copy of the tree, which is
  then indexed and asked that sentence. The answer is the definition's file, and its lines. The
  definition's own name is taken out of the question; sentences that stand elsewhere, too, are not
  asked. Needs no history.
* commit: a commit's subject is asked of the tree at HEAD. The answers are the files that the commit
  changed, at most ten and all still there. For trees that are git clones, bare ones, too.
* message: the same with the whole message, from 30 words of explanation on, as issues are pasted. The
  answers are the programs among these files.
* name: a name that one file defines, tests included, is asked as it is. The answer is that file.
* written: questions that a language model wrote about definitions of the table's sources, each as likely as
  another, in other words than theirs (`benches/questions/definitions.tsv`). For folders of
  `python -m rcm.train fetch`; the table has seen the code, not the questions.

A subject says why as often as where, so its figures are low; they serve to compare. All samples are
drawn with a fixed seed. Times are of a warm process, ten results, one query at a time.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import fmean, median
from typing import Any

import rcm
from corpus import REPOSITORY
from label_free_sources import (
    Question,
    commit_questions,
    doc_questions,
    export_commit,
    is_clone,
    message_questions,
    name_questions,
    written_questions,
)
from quality_metric import DEPTH, paired_interval
from rcm.bench.machine import machine_facts

FIGURES = ("reciprocal_rank", "recall", "lines_reciprocal_rank")


@dataclass(frozen=True, slots=True)
class Answer:
    """How one question was answered.

    Attributes:
        question: Start of the question's SHA-256: results are kept, other people's sentences are not.
        reciprocal_rank: One over the rank of the first wanted file among ten results, else 0.
        recall: Share of the wanted files among them.
        lines_reciprocal_rank: The same for the first result that shows the wanted lines; the first
            figure again where lines are not known.
        milliseconds: How long it took.
    """

    question: str
    reciprocal_rank: float
    recall: float
    lines_reciprocal_rank: float
    milliseconds: float


@dataclass(frozen=True, slots=True)
class Check:
    """One check on one tree."""

    tree: str
    check: str
    files: int
    chunks: int
    answers: tuple[Answer, ...]

    def mean(self, figure: str) -> float:
        """Mean of a figure over the questions."""
        return fmean(getattr(answer, figure) for answer in self.answers)


def ask(index: rcm.Index, question: Question) -> Answer:
    """Ask one question and score the answer."""
    started = time.perf_counter()
    found = index.search(question.text, top_k=DEPTH)
    milliseconds = (time.perf_counter() - started) * 1000
    ranks = [rank for rank, hit in enumerate(found, start=1) if hit.path in question.paths]
    shown = [
        rank
        for rank, hit in enumerate(found, start=1)
        if hit.path in question.paths
        and hit.start_line <= question.last_line
        and question.first_line <= hit.end_line
    ]
    return Answer(
        hashlib.sha256(question.text.encode()).hexdigest()[:16],
        1 / ranks[0] if ranks else 0.0,
        len(ranks) / len(question.paths),
        1 / shown[0] if shown else 0.0,
        milliseconds,
    )


def run_check(
    name: str, check: str, tree: Path, questions: Sequence[Question], arguments: argparse.Namespace
) -> Check:
    """Index a prepared tree and ask all its questions."""
    with (
        tempfile.TemporaryDirectory(prefix="rcm-label-free-") as folder,
        rcm.Index.open(tree, index_dir=folder, embedder=arguments.embedder) as index,
    ):
        # The copy has no history of its own, and what the original ignores was left out already.
        index.update()
        status = index.status()
        index.search(questions[0].text)
        answers = tuple(ask(index, question) for question in questions)
    return Check(name, check, status.files, status.chunks, answers)


def checks_of(name: str, tree: Path, arguments: argparse.Namespace) -> list[Check]:
    """Run the checks that a tree allows."""
    done = []
    with tempfile.TemporaryDirectory(prefix="rcm-label-free-") as folder:
        if is_clone(tree):
            copy = export_commit(tree, Path(folder) / "head")
            asked = commit_questions(tree, copy, arguments.commits)
            if asked:
                done.append(run_check(name, "commit", copy, asked, arguments))
            asked = message_questions(tree, copy, arguments.commits)
            if asked:
                done.append(run_check(name, "message", copy, asked, arguments))
        whole = copy if is_clone(tree) else tree
        asked = written_questions(whole, name, arguments.written)
        if asked:
            done.append(run_check(name, "written", whole, asked, arguments))
        names = name_questions(whole, arguments.names)
        if names:
            done.append(run_check(name, "name", whole, names, arguments))
        questions = doc_questions(whole, Path(folder) / "without", arguments.sentences)
        if questions:
            done.append(run_check(name, "doc", Path(folder) / "without", questions, arguments))
    return done


def summarise(checks: Sequence[Check]) -> dict[str, Any]:
    """Means over trees, by check."""
    summary: dict[str, Any] = {}
    for kind in sorted({check.check for check in checks}):
        of_kind = [check for check in checks if check.check == kind]
        times = [answer.milliseconds for check in of_kind for answer in check.answers]
        summary[kind] = {
            "trees": len(of_kind),
            "questions": len(times),
            "milliseconds_p50": median(times),
            **{figure: fmean(check.mean(figure) for check in of_kind) for figure in FIGURES},
        }
    return summary


def print_table(checks: Sequence[Check], summary: dict[str, Any]) -> None:
    """Print the figures for people."""
    row = "{:<7} {:<28} {:>7} {:>9} {:>8} {:>9} {:>10}"
    print(row.format("check", "tree", "files", "questions", "MRR@10", "recall@10", "MRR lines"))
    for check in checks:
        figures = (f"{check.mean(figure):.3f}" for figure in FIGURES)
        print(row.format(check.check, check.tree[:28], check.files, len(check.answers), *figures))
    for kind, means in summary.items():
        figures = (f"{means[figure]:.3f}" for figure in FIGURES)
        print(row.format(kind, "mean over trees", "", means["questions"], *figures))
        print(f"        {means['milliseconds_p50']:.1f} ms per question (median)")


def print_comparison(now: dict[str, Any], then: dict[str, Any]) -> None:
    """Print how the figures moved since a stored run, on the questions both have."""
    before = {
        (check["tree"], check["check"], answer["question"]): answer
        for check in then["checks"]
        for answer in check["answers"]
    }
    for kind in now["summary"]:
        pairs = [
            (answer, before[key])
            for check in now["checks"]
            if check["check"] == kind
            for answer in check["answers"]
            if (key := (check["tree"], kind, answer["question"])) in before
        ]
        print(
            f"\n{kind}: against {then['facts'].get('commit', '?')}, {len(pairs)} questions in both"
        )
        for figure in FIGURES if pairs else ():
            differences = [new[figure] - old[figure] for new, old in pairs]
            low, high = paired_interval(differences)
            print(f"  {figure:<22} {fmean(differences):+.4f}  95 % [{low:+.4f}, {high:+.4f}]")


def rounded(value: Any) -> Any:
    """Round every figure of a run to four places: six thousand answers are kept."""
    if isinstance(value, dict):
        return {name: rounded(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [rounded(one) for one in value]
    return round(value, 4) if isinstance(value, float) else value


def named(text: str) -> tuple[str, Path]:
    """Take `NAME=DIR` apart; without a name it is the folder's."""
    name, equals, folder = text.rpartition("=")
    path = Path(folder)
    return (name if equals else path.resolve().name.removesuffix(".git"), path)


def parse_arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("trees", nargs="+", type=named, metavar="[NAME=]TREE")
    parser.add_argument("--sentences", type=int, default=200, metavar="N", help="most per tree")
    parser.add_argument("--commits", type=int, default=200, metavar="N", help="most per tree")
    parser.add_argument("--names", type=int, default=200, metavar="N", help="most per tree")
    parser.add_argument("--written", type=int, default=200, metavar="N", help="most per tree")
    parser.add_argument("--embedder", metavar="NAME", help="as in `rcm index --embedder`")
    parser.add_argument("--json", type=Path, metavar="FILE", help="store the run")
    parser.add_argument("--against", type=Path, metavar="FILE", help="compare with a stored run")
    return parser.parse_args(argv)


def main(argv: Sequence[str] | None = None) -> int:
    """Check, print, compare, store."""
    arguments = parse_arguments(argv)
    missing = [tree for _, tree in arguments.trees if not tree.is_dir()]
    if missing:
        print(f"error: {missing[0]}: no such directory", file=sys.stderr)
        return 2
    checks = [check for name, tree in arguments.trees for check in checks_of(name, tree, arguments)]
    if not checks:
        print("error: neither definitions nor commits to ask about", file=sys.stderr)
        return 2
    summary = summarise(checks)
    facts = machine_facts(REPOSITORY) | {"embedder": arguments.embedder or "default"}
    run = {"facts": facts, "summary": summary, "checks": [asdict(check) for check in checks]}
    print_table(checks, summary)
    if arguments.against:
        print_comparison(run, json.loads(arguments.against.read_text(encoding="utf-8")))
    if arguments.json:
        arguments.json.write_text(json.dumps(rounded(run)) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    try:
        raise SystemExit(main())
    except subprocess.CalledProcessError as error:
        print(f"error: {' '.join(map(str, error.cmd))}: {error.stderr}", file=sys.stderr)
        raise SystemExit(2) from None
