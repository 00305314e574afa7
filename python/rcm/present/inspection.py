"""What every stage makes of one file, as text for people."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rcm.present.escape import escape_code, escape_path
from rcm.present.quantities import count, duration, size
from rcm.present.style import Style

STAGES = ("walk", "read", "filter", "parse", "chunk", "phases")
_CHUNK_COUNTS = (("chars", "characters"), ("terms", "terms"), ("tokens", "tokens"))
_KEYS = {
    "walk": ("walk", "stat"),
    "read": ("size", "read", "sha256"),
    "filter": ("filter",),
    "parse": ("language", "degraded", "symbols", "references"),
    "chunk": ("chunks",),
    "phases": ("phases",),
}


def select_stage(inspection: Mapping[str, Any], stage: str | None) -> dict[str, Any]:
    """The part of an inspection that one stage made (`path` and `root` stay), or all of it."""
    if stage is None:
        return dict(inspection)
    keys = ("path", "root", *_KEYS[stage])
    return {key: inspection[key] for key in keys if key in inspection}


def render_inspection(inspection: Mapping[str, Any], style: Style, stage: str | None = None) -> str:
    """One paragraph per stage, in the order of the stages; ends with a line break."""
    lines = [style.paint(escape_path(str(inspection["path"])), "1")]
    for name in STAGES if stage is None else (stage,):
        body = _RENDER[name](inspection, style)
        if body:
            lines += [style.paint(name, "1;36"), *(f"  {line}" for line in body)]
    return "\n".join(lines) + "\n"


def _walk(inspection: Mapping[str, Any], _style: Style) -> list[str]:
    verdict = str(inspection.get("walk", ""))
    lines = [verdict if verdict == "kept" else f"left out: {escape_path(verdict)}"]
    stat = inspection.get("stat") or {}
    if stat:
        lines.append("  ".join(f"{name}={value}" for name, value in stat.items()))
    return lines


def _read(inspection: Mapping[str, Any], _style: Style) -> list[str]:
    if inspection.get("read"):
        return [f"not read: {escape_path(str(inspection['read']))}"]
    if not inspection.get("sha256"):
        return []
    return [f"{size(int(inspection.get('size', 0)))}, sha256:{inspection['sha256']}"]


def _filter(inspection: Mapping[str, Any], _style: Style) -> list[str]:
    verdict = inspection.get("filter")
    if not verdict:
        return []
    if "skipped" in verdict:
        return [f"left out: {escape_path(str(verdict['skipped']))}"]
    redactions = verdict.get("redactions", [])
    text = "kept, bytes that are not UTF-8 replaced" if verdict.get("lossy") else "kept"
    text += f", {count(len(redactions), 'secret')} replaced"
    if verdict.get("allowed"):
        text += f", {count(int(verdict['allowed']), 'secret')} allowed"
    return [text, *map(_redaction, redactions)]


def _redaction(redaction: Any) -> str:
    if isinstance(redaction, Mapping):
        return f"  line {redaction.get('line')}: {escape_path(str(redaction.get('rule')))}"
    return f"  {escape_path(str(redaction))}"


def _parse(inspection: Mapping[str, Any], style: Style) -> list[str]:
    if not inspection.get("language"):
        return []
    symbols = inspection.get("symbols", [])
    head = (
        f"{escape_path(str(inspection['language']))}, {count(len(symbols), 'symbol')}, "
        f"{count(int(inspection.get('references', 0)), 'reference')}"
    )
    if inspection.get("degraded"):
        limit = escape_path(str(inspection["degraded"]))
        head += style.paint(f" (in part only: the parser's {limit} limit was reached)", "33")
    return [head, *_outline(symbols, style)]


def _outline(symbols: list[Mapping[str, Any]], style: Style) -> list[str]:
    lines = []
    open_until: list[int] = []
    for symbol in symbols:
        start, end = int(symbol["start_line"]), int(symbol["end_line"])
        while open_until and end > open_until[-1]:
            open_until.pop()
        name = style.paint(escape_path(str(symbol["name"])), "1")
        kind = escape_path(str(symbol["kind"]))
        lines.append(f"{'  ' * len(open_until)}{kind} {name}  {start}-{end}")
        open_until.append(end)
    return lines


def _chunk(inspection: Mapping[str, Any], style: Style) -> list[str]:
    if "chunks" not in inspection:
        return []
    lines = [count(len(inspection["chunks"]), "chunk")]
    for chunk in inspection["chunks"]:
        lines += _one_chunk(chunk, style)
    return lines


def _one_chunk(chunk: Mapping[str, Any], style: Style) -> list[str]:
    symbol = style.paint(escape_path(str(chunk.get("symbol") or "")), "1")
    kind = f"({escape_path(str(chunk['kind']))})" if chunk.get("kind") else ""
    counts = ", ".join(f"{int(chunk[key]):,} {name}" for key, name in _CHUNK_COUNTS if key in chunk)
    span = f"{chunk['start_line']}-{chunk['end_line']}"
    lines = ["  ".join(part for part in (span, f"{symbol} {kind}".strip(), counts) if part)]
    if chunk.get("signature"):
        lines.append(f"  part of: {escape_code(str(chunk['signature'])).splitlines()[0]}")
    names = [_definition(d) for d in chunk.get("definitions", [])]
    if names:
        lines.append(f"  defines: {', '.join(names)}")
    return lines


def _definition(definition: Any) -> str:
    name = definition.get("name", "") if isinstance(definition, Mapping) else definition
    return escape_path(str(name))


def _phases(inspection: Mapping[str, Any], _style: Style) -> list[str]:
    phases = inspection.get("phases") or {}
    return (
        [", ".join(f"{name} {duration(float(s))}" for name, s in phases.items())] if phases else []
    )


_RENDER = {
    "walk": _walk,
    "read": _read,
    "filter": _filter,
    "parse": _parse,
    "chunk": _chunk,
    "phases": _phases,
}
