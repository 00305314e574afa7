"""Where a server stands in a text, and how the text was before it was put there."""

from __future__ import annotations

from pathlib import Path

from rcm.agents import files, formats
from rcm.agents.edits import ConfigError, lookup
from rcm.agents.entries import NAME
from rcm.agents.table import Agent


def keys_in(agent: Agent, text: str) -> tuple[str, ...]:
    """Where the server belongs in a file: below the newer keys, if it has these."""
    newer = agent.newer_keys
    if newer and isinstance(lookup(formats.parse(agent.form, text), newer), dict):
        return (*newer, NAME)
    return (*agent.keys, NAME)


def all_keys(agent: Agent) -> list[tuple[str, ...]]:
    """Where the server may stand."""
    return [(*keys, NAME) for keys in (agent.keys, agent.newer_keys) if keys]


def original(agent: Agent, path: Path, now: str) -> str | None:
    """The text from before the installation, if nothing but that happened to it since."""
    try:
        kept = files.read(files.backup_of(path))
        if kept is not None and _installed(agent, kept, now) == now:
            return kept
    except (ConfigError, OSError):
        pass
    return None


def made_from_nothing(agent: Agent, now: str) -> bool:
    """Whether a file is as an installation makes it where there was none."""
    return _installed(agent, "", now) == now


def _installed(agent: Agent, text: str, now: str) -> str | None:
    """`text` with the server of `now`; None if it has one already."""
    keys = keys_in(agent, now)
    data = formats.parse(agent.form, text)
    if any(lookup(data, known) is not None for known in all_keys(agent)):
        return None
    return formats.put(agent.form, text, keys, lookup(formats.parse(agent.form, now), keys))
