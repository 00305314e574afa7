"""Puts the server and the texts for one agent in their places, and takes them out."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Literal

from rcm.agents import files, formats, guide
from rcm.agents.edits import ConfigError, lookup
from rcm.agents.entries import entry, program
from rcm.agents.machine import Machine
from rcm.agents.originals import all_keys, keys_in, made_from_nothing, original
from rcm.agents.standing import config_path
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

    def config(self, agent: Agent) -> Path | None:
        """The configuration file; None if the agent reads none in this scope."""
        return config_path(agent, self.machine, self.project, self.scope)

    def _outcome(
        self,
        agent: Agent,
        server: Callable[[Agent, Path], Status],
        texts: Sequence[tuple[Path, Callable[[Path], Status]]],
    ) -> Outcome:
        path = self.config(agent)
        steps = list(texts)
        if path is not None:
            steps.insert(0, (path, partial(server, agent)))
        if not steps:
            return Outcome(agent.id, agent.title, "unsupported")
        path = steps[0][0]
        status: Status | None = None
        changed: list[str] = []
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
        assert status is not None, "there is a step"
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
        keys = keys_in(agent, text)
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
        for keys in all_keys(agent):
            after = formats.drop(agent.form, after, keys)
        if after == before:
            return "absent"
        kept = original(agent, path, before)
        if kept is not None:
            self._change(path, before, kept, backup=False)
            if not self.dry_run:
                files.backup_of(path).unlink()
        elif made_from_nothing(agent, before):
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


def _told(path: Path, trouble: ConfigError | OSError) -> str:
    if isinstance(trouble, OSError):
        reason = (trouble.strerror or str(trouble)).lower()
        return f"{trouble.filename or path}: {reason}"
    place = "".join(f":{n}" for n in (trouble.line, trouble.column) if n)
    return f"{path}{place}: {trouble}"


def _own(text: Guidance) -> list[str]:
    return [] if text.form == "section" else [guide.own_file(text.form)]
