"""`rcm uninstall`: takes rcm's MCP server out of the configuration of coding agents."""

from __future__ import annotations

import argparse

from rcm.cli.install import add_agents, chosen_agents, installer_for, report

SUMMARY = "take rcm's MCP server and instructions out of the configuration of coding agents"
EXAMPLES = """\
  rcm uninstall cursor
  rcm uninstall --all                        wherever it is
  rcm uninstall --all --scope project        out of the repository you are in
A file that nothing else has changed since is as it was before; one that `rcm install` made is deleted.
Exit status: 0 done or nothing to do, 2 one or more failed."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of `rcm uninstall`."""
    add_agents(parser)


def run(args: argparse.Namespace) -> int:
    """Uninstalls for each agent, and says what became of it."""
    installer = installer_for(args)
    chosen = chosen_agents(args, installer)
    return report(args, [installer.uninstall(agent) for agent in chosen])
