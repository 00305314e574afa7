"""What the last long run over a tree took, kept in its index."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, fields

from rcm.reports.update import LastRun

_KEY = "last_run"


def to_meta(run: LastRun) -> dict[str, str]:
    """Return what the index says of itself from now on."""
    return {_KEY: json.dumps(asdict(run))}


def from_meta(meta: Mapping[str, str]) -> LastRun | None:
    """Return the run that an index tells of, or None if it tells of none that can be read."""
    try:
        values = json.loads(meta.get(_KEY, ""))
        phases = {str(name): float(seconds) for name, seconds in values.pop("phases").items()}
        numbers = {name: _TYPES[name](value) for name, value in values.items()}
        return LastRun(**numbers, phases=phases)
    except (ValueError, TypeError, KeyError, AttributeError, OverflowError):
        return None


_TYPES = {
    field.name: {"int": int, "float": float, "str": str}[str(field.type)]
    for field in fields(LastRun)
    if field.name != "phases"
}
