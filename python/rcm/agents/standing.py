"""Where rcm stands with an agent: looks, and changes nothing."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from rcm.agents import files, formats
from rcm.agents.edits import ConfigError, lookup
from rcm.agents.machine import Machine
from rcm.agents.originals import all_keys
from rcm.agents.table import Agent, Scope


@dataclass(frozen=True, slots=True)
class Standing:
    """Where rcm stands with one agent.

    Attributes:
        agent: Its id.
        title: What it calls itself.
        found: Whether the agent is on this machine.
        user: The user's configuration file.
        in_user: Whether rcm is in it; None if it cannot be read.
        project: The project's configuration file; empty if the agent reads none.
        in_project: Whether rcm is in that; None if it cannot be read.
    """

    agent: str
    title: str
    found: bool
    user: str
    in_user: bool | None
    project: str
    in_project: bool | None


def standing(agent: Agent, machine: Machine, project: Path) -> Standing:
    """Whether an agent is here, and whether rcm is in its two configurations."""
    user = config_path(agent, machine, project, "user")
    own = config_path(agent, machine, project, "project")
    return Standing(
        agent.id,
        agent.title,
        is_found(agent, machine),
        str(user),
        _has_server(agent, user),
        str(own or ""),
        _has_server(agent, own),
    )


def is_found(agent: Agent, machine: Machine) -> bool:
    """Whether the agent is on this machine: a program of it on PATH, or a trace in its places."""
    return any(map(machine.has_program, agent.programs)) or any(
        os.path.lexists(machine.path(place)) for place in agent.traces
    )


def config_path(agent: Agent, machine: Machine, project: Path, scope: Scope) -> Path | None:
    """The configuration file; None if the agent reads none in this scope."""
    if scope == "project":
        paths = [project / place for place in agent.project]
    else:
        system = agent.windows if machine.system == "windows" else ()
        paths = [Path(machine.path(place)) for place in system or agent.user]
    return next((path for path in paths if os.path.lexists(path)), paths[0] if paths else None)


def _has_server(agent: Agent, path: Path | None) -> bool | None:
    try:
        text = files.read(path) if path else None
        data = formats.parse(agent.form, text or "")
    except (ConfigError, OSError):
        return None
    return any(lookup(data, keys) is not None for keys in all_keys(agent))
