"""A report as text: for a terminal, with bars, and as a section of a Markdown page."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby

from rcm.bench.report import TITLES, BenchReport, Contender, Figure, Size
from rcm.present.escape import escape_path
from rcm.present.quantities import count, size
from rcm.present.style import Style

_BAR = 24
_NAME = 24


def render_report(report: BenchReport, style: Style, *, bars: bool = True) -> str:
    """All that a person wants to know; ends with a line break.

    Args:
        report: What was found.
        style: What the reader at the other end can take.
        bars: Whether that reader's encoding has blocks.
    """
    lines = [
        style.paint(escape_path(report.tree.root), "1"),
        f"  {_tree_line(report)}",
        f"  {escape_path(machine_line(report))}",
        "",
        style.paint(f"  {'':{_NAME}} {'wall':>9} {'CPU':>9} {'peak memory':>12}", "2"),
        *_groups(report, style, "█" if bars else "#"),
        *([style.paint("index on disk", "1")] if report.sizes else []),
        *(f"  {one.tool:{_NAME}} {_size_line(one)}" for one in report.sizes),
        *_absent(report, style),
        style.paint("ratios", "1"),
        *(f"  {name:52} {value:7.2f}" for name, value in report.ratios.items()),
        style.paint("checked meanwhile", "1"),
        *_checks(report, style),
    ]
    return "\n".join(lines) + "\n"


def render_markdown(report: BenchReport, title: str, where: str = "") -> str:
    """A section of a page: heading, what was measured, one table, what was checked.

    Args:
        report: What was found.
        title: The heading.
        where: What to say of the tree instead of its path.
    """
    named = where or f"`{escape_path(report.tree.root)}`"
    rows = [
        f"| {TITLES[one.work]} | {one.name} | {seconds(one.wall_seconds)} | {seconds(one.cpu_seconds)} "
        f"| {size(one.peak_bytes)} |"
        for one in report.figures
    ]
    lines = [
        f"### {title}",
        "",
        f"{named}: {_tree_line(report)}. Load {_load(report)}, {count(report.repeat, 'round')}.",
        "",
        "| work | by | wall | CPU | peak memory |",
        "|---|---|---|---|---|",
        *rows,
        *(f"| index on disk | {one.tool} | {_size_line(one)} | | |" for one in report.sizes),
        "",
        *(f"- {one.name}: {_status(one)}" for one in _away(report)),
        *(
            f"- {'Holds' if one.ok else '**Fails**'}: {one.name} ({one.detail})."
            for one in report.checks
        ),
    ]
    return escape_lines(lines)


def escape_lines(lines: list[str]) -> str:
    """Lines as one text in which no name can break a line."""
    return "\n".join(escape_path(line) for line in lines) + "\n"


def machine_line(report: BenchReport) -> str:
    """Where the figures were taken, and how busy the machine was."""
    facts = report.machine
    versions = ", ".join(
        f"{one.name} {one.version}" for one in report.contenders if one.status == "measured"
    )
    return (
        f"{facts['processor']}, {facts['cores']} cores, {facts['machine']}, Python {facts['python']}, "
        f"{versions}; load {_load(report)}; {count(report.repeat, 'round')}"
    )


def seconds(value: float) -> str:
    """`0.85 ms`, `12.3 ms`, `1.24 s`, `103 s`: three digits, which is what a run repeats."""
    amount, unit = (value * 1000, "ms") if value < 1 else (value, "s")
    digits = 2 if amount < 10 else 1 if amount < 100 else 0
    return f"{amount:.{digits}f} {unit}"


def _tree_line(report: BenchReport) -> str:
    tree = report.tree
    return (
        f"{count(tree.files, 'file')}, {size(tree.size_bytes)}; "
        f"{tree.indexed_files:,} indexed, {count(tree.chunks, 'chunk')}"
    )


def _load(report: BenchReport) -> str:
    return f"{report.machine['load_before']} before, {report.machine['load_after']} after"


def _groups(report: BenchReport, style: Style, block: str) -> Iterator[str]:
    for work, group in groupby(report.figures, key=lambda one: one.work):
        figures = list(group)
        yield style.paint(TITLES[work], "1")
        slowest = max(one.wall_seconds for one in figures)
        for one in figures:
            bar = _bar(one, slowest, block) if len(figures) > 1 else ""
            yield f"{_row(one)}  {style.paint(bar, '36')}".rstrip()


def _row(one: Figure) -> str:
    wall, cpu = seconds(one.wall_seconds), seconds(one.cpu_seconds)
    return f"  {one.name:{_NAME}} {wall:>9} {cpu:>9} {size(one.peak_bytes):>12}"


def _bar(one: Figure, slowest: float, block: str) -> str:
    return block * max(1, round(_BAR * one.wall_seconds / slowest)) if slowest else ""


def _size_line(one: Size) -> str:
    return (
        f"{size(one.index_bytes)}, {one.ratio:.2f} of the source: "
        f"{count(one.chunks, 'chunk')} of {count(one.files, 'file')}"
    )


def _away(report: BenchReport) -> list[Contender]:
    return [one for one in report.contenders if one.detail]


def _absent(report: BenchReport, style: Style) -> Iterator[str]:
    for one in _away(report):
        yield f"{style.paint(one.name, '1;33')}: {escape_path(_status(one))}"


def _status(one: Contender) -> str:
    return one.detail if one.status == "measured" else f"{one.status} ({one.detail})"


def _checks(report: BenchReport, style: Style) -> Iterator[str]:
    for one in report.checks:
        mark = style.paint("ok  ", "1;32") if one.ok else style.paint("FAIL", "1;31")
        yield f"  {mark} {one.name} ({escape_path(one.detail)})"
