r"""Values as JSON for programs: one object on one line, keys stable, any path survives.

Paths that are not UTF-8 hold lone surrogates (`\udcXX` for byte XX), which plain ASCII JSON
carries; such a result also has `path_base64`, the path's bytes.
"""

from __future__ import annotations

import base64
import contextlib
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import fields, is_dataclass
from typing import Any

from rcm.types import (
    DoctorReport,
    IndexReport,
    IndexStatus,
    Refreshed,
    SearchResult,
    SecretsReport,
    WatchEvent,
)


def render_json(value: object) -> str:
    """One JSON document in ASCII on one line, with its line break."""
    return json.dumps(plain(value), ensure_ascii=True) + "\n"


def plain(value: object) -> Any:
    """Dataclasses and mappings as dicts, sequences as lists, paths as text; the rest as it is."""
    if is_dataclass(value) and not isinstance(value, type):
        return {f.name: plain(getattr(value, f.name)) for f in fields(value)}
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(item) for item in value]
    if isinstance(value, os.PathLike):
        return os.fspath(value)
    return value


def results_object(
    results: Sequence[SearchResult],
    *,
    query: str,
    corrections: Mapping[str, str],
    root: str,
    mode: str,
    refreshed: Refreshed | None = None,
) -> dict[str, Any]:
    """What `rcm search --json` prints: `query`, `corrections`, `root`, `mode`, `refreshed`, `results`."""
    return {
        "query": query,
        "corrections": plain(corrections),
        "root": root,
        "mode": mode,
        "refreshed": refreshed_object(refreshed),
        "results": [_result(result) for result in results],
    }


def related_object(
    results: Sequence[SearchResult],
    *,
    path: str,
    line: int,
    root: str,
    refreshed: Refreshed | None = None,
) -> dict[str, Any]:
    """What `rcm related --json` prints: `path`, `line`, `root`, `refreshed`, `results`."""
    return {
        "path": path,
        "line": line,
        "root": root,
        "refreshed": refreshed_object(refreshed),
        "results": [_result(result) for result in results],
    }


def refreshed_object(refreshed: Refreshed | None) -> dict[str, Any] | None:
    """What a look at the tree came to, without the report of its update; null after a first index."""
    if refreshed is None:
        return None
    return {name: value for name, value in plain(refreshed).items() if name != "report"}


def report_object(report: IndexReport, *, index_dir: str) -> dict[str, Any]:
    """What `rcm index --json` prints: the report, `index_dir` and the rates."""
    return {
        **plain(report),
        "index_dir": index_dir,
        "files_per_second": _rate(report.files_indexed, report.seconds),
        "chunks_per_second": _rate(report.chunks_written, report.seconds),
    }


def status_object(status: IndexStatus) -> dict[str, Any]:
    """What `rcm status --json` prints: the status and `fresh`."""
    return {**plain(status), "fresh": is_fresh(status)}


def secrets_object(report: SecretsReport) -> dict[str, Any]:
    """What `rcm secrets --json` prints: the report, no value in it."""
    findings = [_with_path_bytes(finding.path, plain(finding)) for finding in report.findings]
    return {**plain(report), "findings": findings}


def watch_object(event: WatchEvent, *, root: str) -> dict[str, Any]:
    """What `rcm watch --json` prints on one line: the event and `root`."""
    return {**plain(event), "root": root}


def doctor_object(report: DoctorReport) -> dict[str, Any]:
    """What `rcm doctor --json` prints: the report and `verdict`."""
    return {**plain(report), "verdict": report.verdict}


def is_fresh(status: IndexStatus) -> bool:
    """Whether the index is there, of this version's making, and agrees with the tree."""
    differs = status.added or status.changed or status.removed or status.stale_fields
    return status.exists and not differs


def _result(result: SearchResult) -> dict[str, Any]:
    return _with_path_bytes(result.path, plain(result))


def _with_path_bytes(path: str, values: dict[str, Any]) -> dict[str, Any]:
    try:
        path.encode("utf-8")
    except UnicodeEncodeError:
        with contextlib.suppress(UnicodeEncodeError):  # a surrogate that stands for no byte
            raw = path.encode("utf-8", "surrogateescape")
            values["path_base64"] = base64.b64encode(raw).decode("ascii")
    return values


def _rate(n: int, seconds: float) -> float:
    return round(n / seconds, 1) if seconds > 0 else 0.0
