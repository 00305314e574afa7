"""Every command works in a network namespace with nothing in it, and none opens a connection."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from command_runs import check_clean, in_namespace, rcm
from rcm.cli import COMMANDS
from small_trees import SMALL_TREE, write_tree

#: One line per command; a new command has to be added, or to say why it needs a network.
LINES: dict[str, list[list[str]]] = {
    "index": [["index", "ROOT"], ["index", "ROOT", "--force", "--mode", "pipeline"]],
    "search": [
        ["search", "retries of a request", "ROOT"],
        ["search", "retry", "ROOT", "--refresh"],
    ],
    "grep": [["grep", "retry", "ROOT"], ["grep", "-c", "attempt", "ROOT", "--stats"]],
    "related": [["related", "src/retry.py:5", "ROOT"]],
    "watch": [["watch", "ROOT", "--for", "1"]],
    "status": [["status", "ROOT"]],
    "doctor": [["doctor", "ROOT"], ["doctor", "ROOT", "--full"]],
    "secrets": [["secrets", "ROOT"]],
    "bench": [["bench", "ROOT", "--repeat", "1"]],
    "inspect": [["inspect", "ROOT/src/retry.py"]],
    "list": [["list"], ["list", "--json"]],
    "prune": [["prune", "--dry-run", "--older-than", "30d"]],
    "completions": [["completions", "bash"]],
    "man": [["man"]],
    # It listens on the loopback device, which an empty namespace does not have: `test_web_security.py`.
    "serve": [["serve", "--help"]],
    "install": [["install", "--list"], ["install", "goose", "--dry-run"]],
    "uninstall": [["uninstall", "goose", "--dry-run"]],
    "clear": [["clear", "ROOT", "--yes"]],
    "mcp": [["mcp", "ROOT"]],  # ends with its input, and the process with it: last
}


def lines(root: Path) -> list[list[str]]:
    return [
        [part.replace("ROOT", str(root)) for part in line]
        for group in LINES.values()
        for line in group
    ]


def run_all(root: Path, before: Sequence[str]) -> None:
    for line in lines(root):
        ended = rcm(*line, before=before)
        # There is no secret in the tree: nothing found, as grep would say it.
        assert ended.code == (1 if line[0] == "secrets" else 0), (line, ended)


def test_every_command_is_in_the_list() -> None:
    missing = set(COMMANDS) - set(LINES)
    assert not missing, f"not tried without a network: {missing}"


def test_every_command_works_without_a_network(tmp_path: Path) -> None:
    root = write_tree(tmp_path / "tree", SMALL_TREE)
    run_all(root, in_namespace("--net"))


def test_no_command_asks_for_a_socket(tmp_path: Path) -> None:
    if shutil.which("strace") is None:
        pytest.skip("there is no strace to see system calls with")
    root, log = write_tree(tmp_path / "tree", SMALL_TREE), tmp_path / "calls"
    trace = [
        "strace",
        "-f",
        "-qq",
        "-s",
        "4096",
        "-o",
        str(log),
        "-e",
        "trace=connect,sendto,bind,execve",
    ]
    if subprocess.run([*trace, "true"], check=False, capture_output=True).returncode != 0:
        pytest.skip("strace may not trace here")
    script = (
        "import sys\nfrom rcm.cli import main\n"
        "for line in sys.argv[1].split('\\n'):\n"
        "    assert main(line.split('\\t')) == line.startswith('secrets'), line\n"
    )
    together = "\n".join("\t".join(line) for line in lines(root))
    ended = subprocess.run(
        [*trace, sys.executable, "-c", script, together],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    check_clean(ended.stderr)
    assert ended.returncode == 0, ended.stderr
    calls = log.read_text(encoding="utf-8").splitlines()
    assert any("execve" in call for call in calls), "the trace saw something"
    # Looking the user up asks a name service by a local socket, where there is one.
    assert not [call for call in calls if "AF_INET" in call], calls
    started = [call for call in calls if "execve(" in call and "= 0" in call]
    # `bench` measures rcm in processes of its own, which all work in its temporary folder.
    others = [call for call in started if "rcm-bench-" not in call]
    assert len(others) == 1, "no other program is started"
    assert all(f'execve("{sys.executable}"' in call for call in started), started
