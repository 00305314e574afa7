"""`rcm install`: puts rcm's MCP server into the configuration of coding agents."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from rcm.cli import exits
from rcm.cli.arguments import add_json
from rcm.cli.console import write_notice, write_result
from rcm.cli.tree import chosen_root
from rcm.present.escape import escape_path
from rcm.present.style import style_for

if TYPE_CHECKING:
    from rcm.agents.install import Installer, Outcome
    from rcm.agents.table import Agent

SUMMARY = "let coding agents search with rcm: put its MCP server into their configuration"
EXAMPLES = """\
  rcm install claude-code codex              these two, for all projects of yours
  rcm install --all                          every agent that is found on this machine
  rcm install --all --dry-run                only say what would be done
  rcm install cursor --scope project         for everybody who works in this repository
  rcm install claude-desktop --tree ~/src/burn
  rcm install --list                         agents, whether they are here, whether rcm is in
Nothing else in a file changes, comments stay; the file as it was lies beside it as .rcm-backup.
Exit status: 0 done or nothing to do, 1 --all found no agent, 2 one or more failed."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of `rcm install`."""
    add_agents(parser)
    parser.add_argument(
        "--list", action="store_true", help="list the agents and where rcm stands with each"
    )
    parser.add_argument(
        "--tree",
        metavar="DIR",
        action="append",
        default=[],
        help="folder that the server searches; may be repeated (default: where the agent works)",
    )
    parser.add_argument(
        "--instructions",
        action="store_true",
        help="also write when to use rcm into what is part of every conversation (AGENTS.md ...)",
    )


def add_agents(parser: argparse.ArgumentParser) -> None:
    """Which agents, whose configuration, and how it is told."""
    parser.add_argument(
        "agents", metavar="AGENT", nargs="*", help="`rcm install --list` shows them"
    )
    parser.add_argument(
        "--all", action="store_true", help="every agent that is found on this machine"
    )
    parser.add_argument(
        "--scope",
        choices=("user", "project"),
        default="user",
        help="your own configuration, or that of the repository you are in (default: user)",
    )
    parser.add_argument(
        "--dry-run", action="store_true", help="say what would be done and change nothing"
    )
    add_json(parser)


def run(args: argparse.Namespace) -> int:
    """Installs for each agent, and says what became of it."""
    installer = installer_for(args, trees=args.tree, instructions=args.instructions)
    if args.list:
        return _list(args, installer)
    chosen = chosen_agents(args, installer)
    return report(args, [_installed(installer, agent, named=not args.all) for agent in chosen])


def installer_for(
    args: argparse.Namespace, *, trees: Sequence[str] = (), instructions: bool = False
) -> Installer:
    """The installer for what was typed."""
    from rcm.agents.install import Installer
    from rcm.agents.machine import Machine

    project = Path(os.path.abspath(chosen_root(None)))
    return Installer(
        Machine.here(),
        args.scope,
        project,
        tuple(os.path.abspath(chosen_root(tree)) for tree in trees),
        instructions,
        args.dry_run,
    )


def chosen_agents(args: argparse.Namespace, installer: Installer) -> list[Agent]:
    """The agents that were named, in that order, or with `--all` every one.

    Raises:
        UsageError: If none or an unknown one was named.
    """
    from rcm.agents.standing import is_found
    from rcm.agents.table import AGENTS, IDS, agent

    unknown = [name for name in args.agents if name not in IDS]
    if unknown:
        raise exits.UsageError(
            f"unknown agent: {escape_path(repr(unknown[0]))}", hint=f"known are {', '.join(IDS)}"
        )
    if args.agents and args.all:
        raise exits.UsageError("agents were named, and --all", hint="leave one of the two out")
    if args.agents:
        return [agent(name) for name in dict.fromkeys(args.agents)]
    if args.all:
        return list(AGENTS)
    found = ", ".join(agent.id for agent in AGENTS if is_found(agent, installer.machine))
    raise exits.UsageError(
        "no agent was named", hint=f"name one or more, or --all; found here: {found or 'none'}"
    )


def report(args: argparse.Namespace, outcomes: Sequence[Outcome]) -> int:
    """Prints what became of each agent; returns the exit code."""
    from rcm.present.agents import outcomes_object, render_outcomes

    if args.json:
        from rcm.present.json import render_json

        write_result(render_json(outcomes_object(outcomes, args.scope, dry_run=args.dry_run)))
    else:
        style = style_for(sys.stdout)
        write_result(render_outcomes(outcomes, style, dry_run=args.dry_run, in_short=args.all))
        if not args.dry_run and any(o.status in ("installed", "updated") for o in outcomes):
            write_notice("agents that are running see it when they are started anew\n")
        if any(outcome.status == "needs-tree" for outcome in outcomes):
            write_notice("an agent that works in no folder needs one: `--tree DIR` names it\n")
    bad = ("failed",) if args.all else ("failed", "unsupported", "needs-tree")
    if any(outcome.status in bad for outcome in outcomes):
        return exits.ERROR
    nobody = args.all and all(outcome.status == "not-found" for outcome in outcomes)
    return exits.NOTHING if nobody else exits.FOUND


def _installed(installer: Installer, agent: Agent, *, named: bool) -> Outcome:
    """An agent that was named gets it even where no trace of it is found."""
    from rcm.agents.install import Outcome
    from rcm.agents.standing import is_found

    if not named and not is_found(agent, installer.machine):
        return Outcome(agent.id, agent.title, "not-found")
    return installer.install(agent)


def _list(args: argparse.Namespace, installer: Installer) -> int:
    from rcm.agents.standing import standing
    from rcm.agents.table import AGENTS
    from rcm.present.agents import render_standings, standings_object

    standings = [standing(agent, installer.machine, installer.project) for agent in AGENTS]
    if args.json:
        from rcm.present.json import render_json

        write_result(render_json(standings_object(standings)))
    else:
        write_result(render_standings(standings, style_for(sys.stdout)))
    return exits.FOUND
