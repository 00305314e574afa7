"""The summary of one `rcm index` as text for people."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from rcm.present.escape import escape_code, escape_path
from rcm.present.quantities import count, duration, size
from rcm.present.style import Style

if TYPE_CHECKING:
    from rcm.reports.exact import GrepReport
    from rcm.reports.update import IndexReport

PHASES = (
    "walk", "read", "hash", "filter", "parse", "chunk", "embed", "lexical", "vectors", "commit",
)  # fmt: skip
_MAX_LISTED = 20


def render_summary(report: IndexReport, style: Style, *, index_dir: str) -> str:
    """The whole summary, one fact a line, ends with a line break."""
    lines = [
        style.paint(f"{escape_path(report.root)}", "1"),
        *_rows(_facts(report, index_dir)),
        *_listed("failed", [f"{f.path}: {f.error}" for f in report.failures], style),
        *_listed("changed while read, looked at again next time", report.changed_during_run, style),
        "",
        *_phase_table(report.phases),
    ]
    return "\n".join(lines) + "\n"


def render_searched(report: GrepReport) -> str:
    """Where an exact search has looked: how many files matched, were searched, left out, and why."""
    searched = count(report.files_searched, "file")
    text = f"{escape_path(report.root)}: {searched} searched, {report.files_matched:,} with a match"
    text += f"; left out {_skipped(report.skipped)}" if report.skipped else ""
    failed = f"; {count(len(report.failures), 'file')} could not be read" if report.failures else ""
    return f"{text}{failed}{'' if report.complete or failed else '; stopped early'}\n"


def render_warning(warning: str, style: Style) -> str:
    """A warning that is not overlooked; ends with a line break."""
    text = "\n         ".join(escape_code(warning).splitlines())
    return f"{style.paint('WARNING:', '1;31')} {style.paint(text, '1')}\n"


def listed_names(names: Iterable[str], limit: int) -> list[str]:
    """The first `limit` names, escaped, and a line with how many more there are."""
    every = list(names)
    shown = [escape_path(name) for name in every[:limit]]
    if len(every) > limit:
        shown.append(f"... and {len(every) - limit:,} more (--json lists all)")
    return shown


def _facts(report: IndexReport, index_dir: str) -> list[tuple[str, str]]:
    return [
        ("files", _files(report)),
        *_reused(report),
        ("skipped", _skipped(report.skipped)),
        ("secrets", _secrets(report)),
        ("chunks", _chunks(report)),
        ("time", _time(report)),
        ("mode", f"{report.mode} ({report.mode_reason}), {count(report.workers, 'worker')}"),
        ("memory", f"{size(report.peak_memory_bytes)} at the peak"),
        ("index", f"{escape_path(index_dir)} (epoch {report.epoch:,}, "
                  f"{count(report.commits, 'commit')} in this run)"),
    ]  # fmt: skip


def _files(report: IndexReport) -> str:
    return (
        f"{report.files_total:,} total: {report.files_indexed:,} indexed, "
        f"{report.files_unchanged:,} unchanged, {report.files_removed:,} removed, "
        f"{sum(report.skipped.values()):,} skipped, {len(report.failures):,} failed"
    )


def _reused(report: IndexReport) -> list[tuple[str, str]]:
    if not report.reused_from:
        return []
    return [
        ("reused", f"{count(report.files_reused, 'file')} from the index of {report.reused_from}")
    ]


def _skipped(skipped: Mapping[str, int]) -> str:
    ordered = sorted(skipped.items(), key=lambda item: (-item[1], item[0]))
    return ", ".join(f"{n:,} {reason}" for reason, n in ordered if n) or "none"


def _secrets(report: IndexReport) -> str:
    text = {
        "redact": f"{report.redactions:,} replaced before chunking",
        "skip-chunk": "chunks that hold one left out (--secrets skip-chunk)",
        "skip-file": "files that hold one left out (--secrets skip-file)",
        "off": "indexed as they are (--secrets off)",
    }[report.secrets]
    if report.secrets_allowed:
        text += f", {report.secrets_allowed:,} allowed (`rcm secrets` lists them)"
    return text


def _chunks(report: IndexReport) -> str:
    text = f"{report.chunks_written:,} written, {report.chunks_total:,} in the index"
    return text + (f", {report.words_only:,} without a vector" if report.words_only else "")


def _time(report: IndexReport) -> str:
    text = f"{duration(report.seconds)} ({duration(report.cpu_seconds)} of CPU)"
    if report.seconds > 0 and report.files_indexed:
        files = report.files_indexed / report.seconds
        chunks = report.chunks_written / report.seconds
        text += f", {files:,.0f} files/s, {chunks:,.0f} chunks/s"
    return text


def _rows(facts: list[tuple[str, str]]) -> list[str]:
    width = max(len(name) for name, _ in facts)
    return [f"  {name.ljust(width)}  {escape_path(text)}" for name, text in facts]


def _listed(title: str, names: Iterable[str], style: Style) -> list[str]:
    shown = listed_names(names, _MAX_LISTED)
    return [f"  {style.paint(title, '1;31')}:", *(f"    {name}" for name in shown)] if shown else []


def _phase_table(phases: Mapping[str, float]) -> list[str]:
    names = [*PHASES, *(name for name in phases if name not in PHASES)]
    total = sum(phases.values())
    lines = ["  phase     seconds  share  (busy time, all threads)"]
    for name in names:
        seconds = phases.get(name, 0.0)
        share = seconds / total if total > 0 else 0.0
        lines.append(f"  {escape_path(name).ljust(8)} {seconds:>8.3f} {share:>6.1%}")
    return lines
