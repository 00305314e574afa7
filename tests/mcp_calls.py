"""Tools of the MCP server, called as the server calls them, without a transport."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from rcm.mcp.jobs import Jobs
from rcm.mcp.tools import TOOLS
from rcm.mcp.trees import Trees
from rcm.reports.update import Progress


def trees_of(*roots: Path, **options: object) -> Trees:
    return Trees(roots, Jobs(), **options)  # type: ignore[arg-type]


def call(trees: Trees, tool: str, **arguments: object) -> tuple[str, Any]:
    reports: list[Progress] = []
    return TOOLS[tool].run(trees, TOOLS[tool].takes.model_validate(arguments), reports.append)
