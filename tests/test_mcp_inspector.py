"""The official MCP inspector, in its command-line form, understands the server."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from mcp_processes import command
from small_trees import SMALL_TREE, write_tree

pytestmark = pytest.mark.slow
PACKAGE = "@modelcontextprotocol/inspector"
#: For the download of 150 MB; without a network npm gives up sooner.
INSTALL_S = 240
Inspect = Callable[..., dict[str, Any]]


@pytest.fixture(scope="module")
def inspector(request: pytest.FixtureRequest) -> list[str]:
    """The inspector of this machine, else one that npm installs beside pytest's cache, once."""
    found = shutil.which("mcp-inspector")
    if found:
        return [found, "--cli"]
    npm = shutil.which("npm")
    if npm is None or request.config.cache is None:
        pytest.skip("neither mcp-inspector nor npm is installed")
    folder = request.config.cache.mkdir("mcp-inspector")
    program = folder / "node_modules" / ".bin" / "mcp-inspector"
    if not program.exists():
        wanted = ["--no-audit", "--no-fund", "--fetch-retries=0", "--prefix", str(folder), PACKAGE]
        try:
            done = subprocess.run(
                [npm, "install", *wanted],
                capture_output=True,
                text=True,
                timeout=INSTALL_S,
                check=False,
            )
        except subprocess.TimeoutExpired:
            pytest.skip(f"npm did not install {PACKAGE} within {INSTALL_S} s")
        if done.returncode != 0 or not program.exists():
            pytest.skip(f"npm cannot install {PACKAGE}: {done.stderr.strip()[-200:]}")
    return [str(program), "--cli"]


@pytest.fixture(scope="module")
def inspect(inspector: list[str], tmp_path_factory: pytest.TempPathFactory) -> Inspect:
    tree = write_tree(tmp_path_factory.mktemp("inspected") / "repo", SMALL_TREE)
    home = tmp_path_factory.mktemp("home")
    # The inspector gives the server a small environment of its own choice.
    kept = {"RCM_HOME": str(home), "PYTHONPATH": os.environ.get("PYTHONPATH", "")}
    given = [part for name, value in kept.items() if value for part in ("-e", f"{name}={value}")]

    def run(method: str, *arguments: str) -> dict[str, Any]:
        done = subprocess.run(
            [*inspector, *given, *command(tree), "--method", method, *arguments],
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
            cwd=Path(tree),
        )
        assert done.returncode == 0, done.stderr
        transcript: dict[str, Any] = json.loads(done.stdout)
        return transcript

    return run


def test_it_lists_the_tools(inspect: Inspect) -> None:
    tools = {tool["name"]: tool for tool in inspect("tools/list")["tools"]}
    assert list(tools) == ["search", "grep", "find_related", "read", "index", "status"]
    assert "query" in tools["search"]["inputSchema"]["required"]
    assert tools["read"]["annotations"]["readOnlyHint"] is True
    assert tools["search"]["outputSchema"]["type"] == "object"


def test_it_searches(inspect: Inspect) -> None:
    arguments = ["--tool-name", "search", "--tool-arg", "query=how long to wait before an attempt"]
    found = inspect("tools/call", *arguments, "--tool-arg", "limit=2")
    assert found["structuredContent"]["results"][0]["path"] == "src/retry.py"
    assert "backoff_seconds" in found["content"][0]["text"]
    assert not found.get("isError")


def test_it_greps(inspect: Inspect) -> None:
    arguments = [
        "--tool-name",
        "grep",
        "--tool-arg",
        "pattern=def backoff",
        "--tool-arg",
        "context=1",
    ]
    found = inspect("tools/call", *arguments)["structuredContent"]
    assert [file["path"] for file in found["files"]] == ["src/retry.py"]
    assert found["complete"] is True
    assert [line for line in found["files"][0]["lines"] if "def backoff" in line]


def test_it_is_told_what_is_wrong(inspect: Inspect) -> None:
    answer = inspect("tools/call", "--tool-name", "read", "--tool-arg", "path=../secret")
    assert answer["isError"] is True
    assert "not in the index" in answer["content"][0]["text"]
