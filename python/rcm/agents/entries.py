"""The value that starts rcm's server, in the shape that each agent reads."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

NAME = "rcm"
"""What the server is called in every configuration."""

_ESSENTIAL = ("type", "command", "cmd", "args")

Shape = Literal["plain", "stdio", "workspace", "array", "tools", "goose"]
"""How an agent writes a server that it starts: see the functions below."""


def program(*, portable: bool = False) -> list[str]:
    """The command that runs rcm, as absolute paths: an editor has no shell's PATH.

    Args:
        portable: For a file that others share: the bare name, if PATH leads to a program of it.
    """
    if portable and shutil.which(NAME):
        return [NAME]
    for script in (Path(sys.argv[0]), Path(sys.executable).with_name(NAME)):
        if script.stem == NAME and (found := shutil.which(os.path.abspath(script))):
            return [found]
    on_path = shutil.which(NAME)
    # Without -P a module of the folder that the agent works in would be imported in place of ours.
    return [on_path] if on_path else [sys.executable, "-P", "-m", NAME]


def entry(
    shape: Shape, command: Sequence[str], trees: Sequence[str], existing: object
) -> dict[str, Any]:
    """The value to write: what starts the server, and all else as `existing` has it.

    Args:
        shape: The agent's form.
        command: What runs rcm.
        trees: Folders to serve; none for the one that the agent works in, or those that `existing`
            names.
        existing: What stands there now, of any type.
    """
    there = existing if isinstance(existing, Mapping) else {}
    arguments = [*command[1:], "mcp", *(trees or _trees(there) or _default_trees(shape))]
    made = _SHAPES[shape](command[0], arguments)
    return {**there, **{k: v for k, v in made.items() if k in _ESSENTIAL or k not in there}}


def _trees(existing: Mapping[str, Any]) -> list[str]:
    """The folders that an entry of ours names: what follows `mcp`."""
    command, arguments = existing.get("command"), existing.get("args")
    words = [*(command if isinstance(command, list) else []), *(arguments or [])]
    return words[words.index("mcp") + 1 :] if "mcp" in words else []


def _default_trees(shape: Shape) -> list[str]:
    # Starts servers elsewhere than in the workspace and tells them nothing of it.
    return ["${workspaceFolder}"] if shape == "workspace" else []


def _plain(command: str, arguments: list[str]) -> dict[str, Any]:
    return {"command": command, "args": arguments}


def _stdio(command: str, arguments: list[str]) -> dict[str, Any]:
    return {"type": "stdio", "command": command, "args": arguments}


def _array(command: str, arguments: list[str]) -> dict[str, Any]:
    return {"type": "local", "command": [command, *arguments]}


def _tools(command: str, arguments: list[str]) -> dict[str, Any]:
    return {**_stdio(command, arguments), "tools": ["*"]}


def _goose(command: str, arguments: list[str]) -> dict[str, Any]:
    return {
        "name": NAME,
        "description": "Code search by meaning, words and symbols",
        "type": "stdio",
        "cmd": command,
        "args": arguments,
        "envs": {},
        "enabled": True,
        "timeout": 300,
    }


_SHAPES: dict[Shape, Callable[[str, list[str]], dict[str, Any]]] = {
    "plain": _plain,
    "stdio": _stdio,
    "workspace": _plain,
    "array": _array,
    "tools": _tools,
    "goose": _goose,
}
