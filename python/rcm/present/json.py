r"""Values as JSON for programs: one object on one line, keys stable, any path survives.

Paths that are not UTF-8 hold lone surrogates (`\udcXX` for byte XX), which plain ASCII JSON
carries; such a result also has `path_base64`, the path's bytes.
"""

from __future__ import annotations

import base64
import contextlib
import json
import os
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import fields, is_dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

from rcm.types import Refreshed, SearchResult

if TYPE_CHECKING:
    from rcm.reports.doctor import DoctorReport
    from rcm.reports.exact import GrepReport, MatchedLine
    from rcm.reports.looking import IndexStatus, KeptIndex, WatchEvent
    from rcm.reports.secrets import SecretsReport
    from rcm.reports.update import IndexReport


def render_json(value: object) -> str:
    """One JSON document in ASCII on one line, with its line break."""
    return json.dumps(plain(value), ensure_ascii=True) + "\n"


#: Asked first: most values are of these types.
_AS_IT_IS = frozenset({str, int, float, bool, type(None)})


def plain(value: object) -> Any:
    """Dataclasses and mappings as dicts, sequences as lists, paths as text; the rest as it is."""
    if type(value) in _AS_IT_IS:
        return value
    if is_dataclass(value) and not isinstance(value, type):
        return {name: plain(getattr(value, name)) for name in _field_names(type(value))}
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(item) for item in value]
    if isinstance(value, os.PathLike):
        return os.fspath(value)
    return value


@cache
def _field_names(kind: type[Any]) -> list[str]:
    return [field.name for field in fields(kind)]


def results_object(
    results: Sequence[SearchResult],
    *,
    query: str,
    corrections: Mapping[str, str],
    roots: Sequence[str],
    mode: str,
    refreshed: Refreshed | None = None,
) -> dict[str, Any]:
    """What `rcm search --json` prints: `query`, `corrections`, `root`, `mode`, `refreshed`, `results`.

    Of several trees `root` is null, and `roots` has them.
    """
    return {
        "query": query,
        "corrections": plain(corrections),
        "root": roots[0] if len(roots) == 1 else None,
        **({"roots": list(roots)} if len(roots) > 1 else {}),
        "mode": mode,
        "refreshed": refreshed_object(refreshed),
        "results": [result_object(result) for result in results],
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
        "results": [result_object(result) for result in results],
    }


def refreshed_object(refreshed: Refreshed | None) -> dict[str, Any] | None:
    """What a look at the tree came to, null after a first index; no times: equal answers are equal bytes."""
    if refreshed is None:
        return None
    names = ("policy", "checked", "updated", "pending", "reason")
    return {name: getattr(refreshed, name) for name in names}


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


def indexes_object(indexes: Sequence[KeptIndex], cache_bytes: int) -> dict[str, Any]:
    """What `rcm list --json` prints: `indexes`, and `embedding_cache_bytes`."""
    return {"indexes": plain(indexes), "embedding_cache_bytes": cache_bytes}


def pruned_object(
    chosen: Sequence[KeptIndex], removed: Sequence[KeptIndex], failed: Sequence[str]
) -> dict[str, Any]:
    """What `rcm prune --json` prints: `superfluous`, `removed` (folders) and `failed` (messages)."""
    folders = [index.index_dir for index in removed]
    return {"superfluous": plain(chosen), "removed": folders, "failed": list(failed)}


def doctor_object(report: DoctorReport) -> dict[str, Any]:
    """What `rcm doctor --json` prints: the report and `verdict`."""
    return {**plain(report), "verdict": report.verdict}


def is_fresh(status: IndexStatus) -> bool:
    """Whether the index is there, of this version's making, and agrees with the tree."""
    differs = status.added or status.changed or status.removed or status.stale_fields
    return status.exists and not differs


def grep_object(reports: Sequence[GrepReport], lines: Sequence[MatchedLine]) -> dict[str, Any]:
    """What `rcm grep --json` prints: the lines, and over all trees where they were looked for."""
    skipped: Counter[str] = Counter()
    for report in reports:
        skipped.update(report.skipped)
    return {
        "pattern": reports[0].pattern,
        "roots": [report.root for report in reports],
        "files_searched": sum(report.files_searched for report in reports),
        "files_matched": sum(report.files_matched for report in reports),
        "skipped": dict(sorted(skipped.items())),
        "failures": [plain(failure) for report in reports for failure in report.failures],
        "complete": all(report.complete for report in reports),
        "lines": [match_object(line) for line in lines],
    }


def match_object(line: MatchedLine) -> dict[str, Any]:
    """One line of an exact search."""
    return _with_path_bytes(line.path, plain(line))


def result_object(result: SearchResult) -> dict[str, Any]:
    """One result, with the bytes of its path where that is not UTF-8."""
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
