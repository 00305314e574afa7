"""Measure the five public repositories of docs/benchmarks.md, and write its figures.

    python benches/published.py --repositories DIR [--against semble=PATH,ripgrep]

DIR has a folder for each: a git clone, bare or not, that has the commit, or the commit's files as
`git archive` gives them. Either way a digest over paths and sizes has to be the one noted here. Ten
minutes on two idle cores with both rivals; the page says how loaded the machine was.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from corpus import REPOSITORY, describe
from label_free_sources import export_commit, is_clone
from rcm.bench.children import BenchError
from rcm.bench.machine import commit_of
from rcm.bench.report import TITLES, BenchReport, Figure, Work
from rcm.bench.rivals import parse
from rcm.bench.run import REPEAT, measure
from rcm.bench.table import machine_line, render_markdown, seconds
from rcm.cli.interrupts import signals_stop
from rcm.present.json import plain
from rcm.present.quantities import size

PAGE = REPOSITORY / "docs" / "benchmarks.md"
RESULTS = REPOSITORY / "benches" / "results" / "published.json"
BEGIN, END = "<!-- figures -->", "<!-- end of figures -->"
#: The table that rcm ships is a Model2Vec folder; semble's own weights need a download.
MODEL = REPOSITORY / "python" / "rcm" / "model"


@dataclass(frozen=True, slots=True)
class Published:
    """A repository of the page.

    Attributes:
        name: Name of its folder.
        url: Where it is from.
        commit: Which state.
        digest: SHA-256 over paths and sizes of its files, as `corpus.describe` takes it.
    """

    name: str
    url: str
    commit: str
    digest: str


REPOSITORIES = (
    Published(
        "burn",
        "https://github.com/tracel-ai/burn",
        "3a58eb9e128bd7d3f8f7b71b11a0a20acaf81e31",
        "1dd3f7531efb41fb8a45c41892ac26dbb2f6fdf1077bcfd5c821c6b66cb7bd4a",
    ),
    Published(
        "redis",
        "https://github.com/redis/redis",
        "4f8cdc2a1ea53e42955af758aabffee67cb455dd",
        "46fd71bc544a4678576cb33d78e4f504549e64a9acbe8fd0c6cc7c32c2223e0c",
    ),
    Published(
        "rails",
        "https://github.com/rails/rails",
        "75f9e28379ac7418b82fa950cfa81f6147275308",
        "6f92f303571a596a1a327375a018f82adf617601aea42812915d4a9fc56ba77a",
    ),
    Published(
        "abseil-cpp",
        "https://github.com/abseil/abseil-cpp",
        "b9536c952c6f6bbcb37a5edb4fa88ee62d27cd7e",
        "450bfdadcb13aa90697b326b720050a0fbb9ce2658062eb7c3677142b0e98665",
    ),
    Published(
        "flask",
        "https://github.com/pallets/flask",
        "258d68b6ff5e2244386540f48b48bab90d6ab827",
        "1b735c50ca8ff1aa5c5a39c92d36749ed139ea0d76b29cfd7eaba08460232a65",
    ),
)


def files_of(one: Published, repositories: Path, temporary: Path) -> Path:
    """Return a folder with the files of a repository's commit.

    Raises:
        BenchError: If they are not there, or are not those.
    """
    there = repositories / one.name
    hint = f"git clone {one.url} {there}"
    if not there.is_dir():
        raise BenchError(f"{there}: not there", hint=hint)
    root = export_commit(there, temporary / one.name, one.commit) if is_clone(there) else there
    if describe(root, []).digest != one.digest:
        raise BenchError(
            f"{there}: not the files of {one.commit}", hint="a clone that has the commit will do"
        )
    return root


def page_of(measured: Sequence[tuple[Published, BenchReport]]) -> str:
    """The part of the page between its markers."""
    first = measured[0][1]
    lines = [
        BEGIN,
        "",
        f"{machine_line(first)}. Wall times, medians; first indexes by the default mode.",
        "",
        "| rcm on | files | chunks | " + " | ".join(_COLUMNS) + " | peak memory | index |",
        "|---|" + "---|" * (len(_COLUMNS) + 4),
        *(_summary_row(one, report) for one, report in measured),
        "",
        *_rival_tables(measured),
    ]
    sections = [
        render_markdown(
            report,
            one.name,
            where=f"[{one.url.split('/', 3)[3]}]({one.url}) at `{one.commit[:12]}`",
        )
        for one, report in measured
    ]
    return "\n".join([*lines, "## Each repository", "", "\n".join(sections), END])


_COLUMNS: dict[str, Work] = {
    "first index": "first-index",
    "no-op": "no-op",
    "edit": "edit",
    "query p50": "query-p50",
    "p99": "query-p99",
    "`rcm search`": "search",
}


def figure_of(report: BenchReport, work: Work, tool: str = "rcm") -> Figure | None:
    """What a tool took for a work: of rcm's first indexes the default mode's."""
    return next(
        (
            one
            for one in report.figures
            if (one.work, one.tool) == (work, tool) and one.variant in ("", "parallel")
        ),
        None,
    )


def _summary_row(one: Published, report: BenchReport) -> str:
    figures = {work: figure_of(report, work) for work in _COLUMNS.values()}
    cells = [seconds(figure.wall_seconds) if figure else "-" for figure in figures.values()]
    peak = max(figure.peak_bytes for figure in report.figures if figure.tool == "rcm")
    held = report.sizes[0]
    return (
        f"| [{one.name}](#{one.name}) | {report.tree.indexed_files:,} | {report.tree.chunks:,} | "
        f"{' | '.join(cells)} | {size(peak)} | {held.ratio:.2f} of the source |"
    )


def _rival_tables(measured: Sequence[tuple[Published, BenchReport]]) -> Iterator[str]:
    rivals = [c.name for c in measured[0][1].contenders if c.name != "rcm"]
    for rival in rivals:
        works = [work for work in TITLES if figure_of(measured[0][1], work, rival)]
        if not works:
            continue
        yield f"{rival}, as multiples of rcm's time and (in brackets) of its CPU seconds:"
        yield ""
        yield f"| {rival} : rcm | " + " | ".join(TITLES[work] for work in works) + " |"
        yield "|---|" + "---|" * len(works)
        for one, report in measured:
            cells = [_over(report, work, rival) for work in works]
            yield f"| {one.name} | " + " | ".join(cells) + " |"
        yield ""


def _over(report: BenchReport, work: Work, rival: str) -> str:
    upper, lower = figure_of(report, work, rival), figure_of(report, work)
    if upper is None or lower is None:
        return "-"
    cpu = upper.cpu_seconds / lower.cpu_seconds
    return f"{upper.wall_seconds / lower.wall_seconds:.2g} ({cpu:.2g})"


def write_page(page: Path, figures: str) -> None:
    """Replace what is between the markers of a page."""
    text = page.read_text(encoding="utf-8")
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    page.write_text(before + figures + after, encoding="utf-8")


def run(arguments: argparse.Namespace) -> int:
    """Measure one repository after the other, then write."""
    measured: list[tuple[Published, BenchReport]] = []
    with tempfile.TemporaryDirectory() as temporary:
        for one in REPOSITORIES:
            if arguments.only and one.name not in arguments.only:
                continue
            root = files_of(one, arguments.repositories, Path(temporary))
            print(f"{one.name} ...", end=" ", file=sys.stderr, flush=True)
            report = measure(root, rivals=parse(arguments.against), repeat=arguments.repeat)
            first = figure_of(report, "first-index")
            print(f"first index {first.wall_seconds if first else 0:.2f} s", file=sys.stderr)
            measured.append((one, report))
            if not report.ok:
                print(f"{one.name}: a check fails", file=sys.stderr)
    if arguments.page:
        write_page(arguments.page, page_of(measured))
    if arguments.results:
        made_by = {"rcm_commit": commit_of(REPOSITORY)}
        stored = {
            one.name: {**plain(report), **made_by, "commit": one.commit} for one, report in measured
        }
        for report_object in stored.values():
            del report_object["tree"]["root"]  # of this machine
        arguments.results.write_text(json.dumps(stored, indent=1) + "\n", encoding="utf-8")
    return 0 if all(report.ok for _, report in measured) else 1


def main(argv: Sequence[str] | None = None) -> int:
    """Read the command line and run."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--repositories", type=Path, required=True, metavar="DIR")
    parser.add_argument("--against", default="", metavar="TOOLS", help="as `rcm bench` takes it")
    parser.add_argument("--repeat", type=int, default=REPEAT, metavar="N", help="rounds")
    parser.add_argument("--only", action="append", metavar="NAME", help="may be repeated")
    parser.add_argument("--page", type=Path, default=PAGE, metavar="FILE")
    parser.add_argument("--results", type=Path, default=RESULTS, metavar="FILE")
    arguments = parser.parse_args(argv)
    os.environ.setdefault("SEMBLE_MODEL_NAME", str(MODEL))
    try:
        with signals_stop():
            return run(arguments)
    except (BenchError, ValueError) as error:
        hint = getattr(error, "hint", "")
        print(f"error: {error}" + (f"\nhint: {hint}" if hint else ""), file=sys.stderr)
        return 2


if __name__ == "__main__":
    raise SystemExit(main())
