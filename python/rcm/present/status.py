"""The status of an index as text for people."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rcm.present.escape import escape_path
from rcm.present.json import is_fresh
from rcm.present.quantities import count, duration, size
from rcm.present.style import Style
from rcm.present.summary import listed_names

if TYPE_CHECKING:
    from rcm.reports.looking import IndexStatus

_MAX_NAMES = 10
_MAX_LANGUAGES = 12
_MAX_PHASES = 4


def render_status(status: IndexStatus, style: Style) -> str:
    """Says first whether the index can be relied on, then what it holds."""
    lines = [style.paint(escape_path(status.root), "1"), *_verdict(status, style)]
    if status.exists:
        lines += _facts(status)
    return "\n".join(lines) + "\n"


def _verdict(status: IndexStatus, style: Style) -> list[str]:
    if not status.exists:
        return [f"  {style.paint('not indexed', '1;31')}: `rcm index` makes the index"]
    lines = []
    if status.stale_fields:
        fields = ", ".join(escape_path(field) for field in status.stale_fields)
        stale = style.paint("stale", "1;31")
        lines.append(f"  {stale}: made with other {fields}; `rcm index` rebuilds it")
    names = [
        *(f"+ {name}" for name in status.added),
        *(f"~ {name}" for name in status.changed),
        *(f"- {name}" for name in status.removed),
    ]
    if names:
        lines.append(
            f"  {style.paint('out of date', '1;33')}: {len(status.added):,} added, "
            f"{len(status.changed):,} changed, {len(status.removed):,} removed; "
            "`rcm index` brings it up to date"
        )
        lines += [f"    {name}" for name in listed_names(names, _MAX_NAMES)]
    if is_fresh(status):
        lines.append(f"  {style.paint('fresh', '1;32')}: the index agrees with the files")
    return lines


def _facts(status: IndexStatus) -> list[str]:
    facts = [
        f"  holds      {count(status.files, 'file')}, {count(status.chunks, 'chunk')}",
        f"  languages  {_languages(status)}",
        f"  embedder   {escape_path(status.embedder)} ({status.dim} dimensions)",
        f"  updated    {escape_path(status.updated_at) or 'never'} (epoch {status.epoch:,})",
        f"  contents   sha256:{escape_path(status.merkle_root)}",
        f"  index      {escape_path(status.index_dir)} ({size(status.index_bytes)})",
    ]
    if (run := status.last_run) is not None:
        longest = sorted(run.phases.items(), key=lambda phase: -phase[1])[:_MAX_PHASES]
        phases = ", ".join(f"{escape_path(name)} {duration(seconds)}" for name, seconds in longest)
        facts.append(
            f"  last run   {count(run.files_indexed, 'file')} in {duration(run.seconds)} "
            f"({duration(run.cpu_seconds)} of CPU): {phases}"
        )
    return facts


def _languages(status: IndexStatus) -> str:
    ordered = sorted(status.languages.items(), key=lambda item: (-item[1], item[0]))
    shown = [f"{escape_path(name)} {n:,}" for name, n in ordered[:_MAX_LANGUAGES]]
    if len(ordered) > _MAX_LANGUAGES:
        shown.append(f"{len(ordered) - _MAX_LANGUAGES} more")
    return ", ".join(shown) or "none"
