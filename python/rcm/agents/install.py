"""Puts the server into one agent's configuration, takes it out, and says where it stands."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Literal

from rcm.agents import files, formats, guide
from rcm.agents.edits import ConfigError, lookup
from rcm.agents.entries import NAME, entry, program
from rcm.agents.machine import Machine
from rcm.agents.table import Agent, Guidance, Scope

Status = Literal[
    "installed",
    "updated",
    "already",
    "removed",
    "absent",
    "not-found",
    "needs-tree",
    "unsupported",
    "failed",
]
"""`already` and `absent`: nothing was to do. `needs-tree`: the agent works in no folder, and none to
search was named. `unsupported`: it reads nothing in projects."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one agent.

    Attributes:
        agent: Its id.
        title: What it calls itself.
        status: What was done, or in a dry run would be.
        path: Its configuration file; empty if it has none in this scope.
        files: Files that were written or deleted, or would be.
        error: Why it failed, beginning with the path; empty if it did not.
    """

    agent: str
    title: str
    status: Status
    path: str = ""
    files: tuple[str, ...] = ()
    error: str = ""


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


@dataclass(frozen=True, slots=True)
class Installer:
    """Changes the configurations of one scope.

    Attributes:
        machine: Where things are.
        scope: Whose configuration is meant.
        project: Root of the project, absolute.
        trees: Folders to serve; none for the one that the agent works in.
        instructions: Whether texts are written, too, that become part of every conversation.
        dry_run: Whether nothing is written.
        command: What runs rcm; empty for the program that runs now.
    """

    machine: Machine
    scope: Scope
    project: Path
    trees: tuple[str, ...] = ()
    instructions: bool = False
    dry_run: bool = False
    command: tuple[str, ...] = ()

    def install(self, agent: Agent) -> Outcome:
        """Adds the server and the texts, or brings them up to date."""
        texts = [
            (self._place(text), partial(self._put_text, text))
            for text in agent.guidance
            if text.scope == self.scope and (self.instructions or text.form in guide.ON_DEMAND)
        ]
        return self._outcome(agent, self._put_server, texts)

    def uninstall(self, agent: Agent) -> Outcome:
        """Takes out the server and all texts; what rcm created is deleted."""
        texts = [
            (self._place(text), partial(self._drop_text, text))
            for text in agent.guidance
            if text.scope == self.scope
        ]
        return self._outcome(agent, self._drop_server, texts)

    def standing(self, agent: Agent) -> Standing:
        """Looks, and changes nothing."""
        user, project = (replace(self, scope=scope).config(agent) for scope in _SCOPES)
        return Standing(
            agent.id,
            agent.title,
            is_found(agent, self.machine),
            str(user),
            _has_server(agent, user),
            str(project or ""),
            _has_server(agent, project),
        )

    def config(self, agent: Agent) -> Path | None:
        """The configuration file; None if the agent reads none in this scope."""
        if self.scope == "project":
            paths = [self.project / place for place in agent.project]
        else:
            system = agent.windows if self.machine.system == "windows" else ()
            paths = [Path(self.machine.path(place)) for place in system or agent.user]
        return next((path for path in paths if os.path.lexists(path)), paths[0] if paths else None)

    def _outcome(
        self,
        agent: Agent,
        server: Callable[[Agent, Path], Status],
        texts: Sequence[tuple[Path, Callable[[Path], Status]]],
    ) -> Outcome:
        path = self.config(agent)
        if path is None:
            return Outcome(agent.id, agent.title, "unsupported")
        status: Status | None = None
        changed: list[str] = []
        steps: list[tuple[Path, Callable[[Path], Status]]] = [
            (path, partial(server, agent)),
            *texts,
        ]
        for place, step in steps:
            try:
                self._stay_inside(place)
                done = step(place)
            except (ConfigError, OSError) as trouble:
                error = _told(place, trouble)
                return Outcome(agent.id, agent.title, "failed", str(path), tuple(changed), error)
            if done in ("installed", "updated", "removed"):
                changed.append(str(place))
                if status in ("already", "absent"):  # only a text was missing, or left
                    status = "removed" if done == "removed" else "updated"
            status = status or done
        assert status is not None, "there is always the step of the server"
        return Outcome(agent.id, agent.title, status, str(path), tuple(changed))

    def _stay_inside(self, path: Path) -> None:
        """A project may be anybody's: what it links to elsewhere is not written."""
        if self.scope == "project":
            root, real = os.path.realpath(self.project), os.path.realpath(path)
            if not Path(real).is_relative_to(root):
                raise ConfigError("a symbolic link leads out of the project")

    def _place(self, text: Guidance) -> Path:
        inside = self.scope == "project"
        return self.project / text.place if inside else Path(self.machine.path(text.place))

    def _put_server(self, agent: Agent, path: Path) -> Status:
        before = files.read(path)
        text = before or ""
        keys = _keys(agent, text)
        existing = lookup(formats.parse(agent.form, text), keys)
        if agent.folderless and existing is None and not self.trees:
            return "needs-tree"
        shape = (self.scope == "project" and agent.project_shape) or agent.shape
        command = self.command or program(portable=self.scope == "project")
        value = entry(shape, command, self.trees, existing)
        after = formats.put(agent.form, text, keys, value)
        if after == text and before is not None:
            return "already"
        self._change(path, before, after)
        return "installed" if existing is None else "updated"

    def _drop_server(self, agent: Agent, path: Path) -> Status:
        before = files.read(path)
        if before is None:
            return "absent"
        after = before
        for keys in _all_keys(agent):
            after = formats.drop(agent.form, after, keys)
        if after == before:
            return "absent"
        original = _original(agent, path, before)
        if original is not None:
            self._change(path, before, original, backup=False)
            if not self.dry_run:
                files.backup_of(path).unlink()
        elif _from_nothing(agent, before):
            self._remove(path)
        else:
            self._change(path, before, after)
        return "removed"

    def _put_text(self, text: Guidance, path: Path) -> Status:
        before = files.read(path)
        if text.form == "section":
            after = guide.with_section(before or "")
        elif before is None or guide.is_ours(before):
            after = guide.own_file(text.form)
        else:
            raise ConfigError("is there, and not of rcm's making; it was left as it is")
        if after == before:
            return "already"
        self._change(path, before, after)
        return "installed" if before is None or not guide.is_ours(before) else "updated"

    def _drop_text(self, text: Guidance, path: Path) -> Status:
        before = files.read(path)
        if before is None or not guide.is_ours(before):
            return "absent"
        after = guide.without_section(before) if text.form == "section" else ""
        if after:
            self._change(path, before, after)
        else:
            ours = before in (guide.with_section(""), *_own(text))
            self._remove(path, backup=None if ours else before)
        return "removed"

    def _change(self, path: Path, before: str | None, after: str, *, backup: bool = True) -> None:
        if not self.dry_run:
            files.change(path, before, after, backup=backup)

    def _remove(self, path: Path, *, backup: str | None = None) -> None:
        if not self.dry_run:
            above = self.project if self.scope == "project" else None
            files.remove(path, backup=backup, above=above)


_SCOPES: tuple[Scope, Scope] = ("user", "project")


def is_found(agent: Agent, machine: Machine) -> bool:
    """Whether the agent is on this machine: a program of it on PATH, or a trace in its places."""
    return any(map(machine.has_program, agent.programs)) or any(
        os.path.lexists(machine.path(place)) for place in agent.traces
    )


def _told(path: Path, trouble: ConfigError | OSError) -> str:
    if isinstance(trouble, OSError):
        reason = (trouble.strerror or str(trouble)).lower()
        return f"{trouble.filename or path}: {reason}"
    place = "".join(f":{n}" for n in (trouble.line, trouble.column) if n)
    return f"{path}{place}: {trouble}"


def _keys(agent: Agent, text: str) -> tuple[str, ...]:
    """Where the server belongs in a file: below the newer keys, if it has these."""
    newer = agent.newer_keys
    if newer and isinstance(lookup(formats.parse(agent.form, text), newer), dict):
        return (*newer, NAME)
    return (*agent.keys, NAME)


def _all_keys(agent: Agent) -> list[tuple[str, ...]]:
    return [(*keys, NAME) for keys in (agent.keys, agent.newer_keys) if keys]


def _has_server(agent: Agent, path: Path | None) -> bool | None:
    try:
        text = files.read(path) if path else None
        data = formats.parse(agent.form, text or "")
    except (ConfigError, OSError):
        return None
    return any(lookup(data, keys) is not None for keys in _all_keys(agent))


def _original(agent: Agent, path: Path, now: str) -> str | None:
    """The text from before the installation, if nothing but that happened to it since."""
    try:
        kept = files.read(files.backup_of(path))
        if kept is not None and _installed(agent, kept, now) == now:
            return kept
    except (ConfigError, OSError):
        pass
    return None


def _from_nothing(agent: Agent, now: str) -> bool:
    """Whether a file is as an installation makes it where there was none."""
    return _installed(agent, "", now) == now


def _installed(agent: Agent, text: str, now: str) -> str | None:
    """`text` with the server of `now`; None if it has one already."""
    keys = _keys(agent, now)
    data = formats.parse(agent.form, text)
    if any(lookup(data, known) is not None for known in _all_keys(agent)):
        return None
    return formats.put(agent.form, text, keys, lookup(formats.parse(agent.form, now), keys))


def _own(text: Guidance) -> list[str]:
    return [] if text.form == "section" else [guide.own_file(text.form)]
