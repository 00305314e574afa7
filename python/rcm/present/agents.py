"""What became of coding agents' configurations, and where rcm stands with each, as text and JSON."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from rcm.present.escape import escape_path
from rcm.present.json import plain
from rcm.present.style import Style

if TYPE_CHECKING:
    from rcm.agents.install import Outcome
    from rcm.agents.standing import Standing

_COLOURS = {"installed": "32", "updated": "32", "removed": "36", "failed": "1;31"}
_WOULD = {"installed": "would install", "updated": "would update", "removed": "would remove"}
_SAYS = {
    "already": "already there",
    "absent": "not there",
    "not-found": "not found",
    "unsupported": "not in projects",
    "needs-tree": "needs --tree",
}
_DULL = ("absent", "not-found", "unsupported")


def render_outcomes(
    outcomes: Sequence[Outcome], style: Style, *, dry_run: bool, in_short: bool
) -> str:
    """A line for each agent with its configuration file, others that changed below it.

    With `in_short` the agents that nothing was to do for share a line for each reason.
    """
    lines, rest = [], dict[str, list[str]]()
    for outcome in outcomes:
        said = _said(outcome, dry_run=dry_run)
        if in_short and outcome.status in _DULL:
            rest.setdefault(said, []).append(outcome.agent)
            continue
        painted = style.paint(f"{said:<14}", _COLOURS.get(outcome.status, "2"))
        lines.append(f"{outcome.agent:<18} {painted} {escape_path(outcome.error or outcome.path)}")
        more = [path for path in outcome.files if path != outcome.path]
        lines += [f"{'':<33} {escape_path(path)}" for path in more]
    lines += [style.paint(f"{said}: {', '.join(agents)}", "2") for said, agents in rest.items()]
    return "".join(f"{line}\n" for line in lines)


def render_standings(standings: Sequence[Standing], style: Style) -> str:
    """A line for each agent: whether it is here, whether rcm is in its configurations, where."""
    lines = [style.paint(_row("agent", "here", "user", "project", "configuration"), "1")]
    for standing in standings:
        here = "yes" if standing.found else "no"
        project = _in(standing.in_project) if standing.project else "-"
        path = escape_path(standing.user)
        line = _row(standing.agent, here, _in(standing.in_user), project, path)
        lines.append(line if standing.found else style.paint(line, "2"))
    return "".join(f"{line}\n" for line in lines)


def outcomes_object(outcomes: Sequence[Outcome], scope: str, *, dry_run: bool) -> dict[str, Any]:
    """What `rcm install --json` and `rcm uninstall --json` print."""
    return {"scope": scope, "dry_run": dry_run, "agents": plain(outcomes)}


def standings_object(standings: Sequence[Standing]) -> dict[str, Any]:
    """What `rcm install --list --json` prints."""
    return {"agents": plain(standings)}


def _said(outcome: Outcome, *, dry_run: bool) -> str:
    word = outcome.status
    return (_WOULD.get(word) if dry_run else None) or _SAYS.get(word, word)


def _row(agent: str, here: str, user: str, project: str, path: str) -> str:
    return f"{agent:<18} {here:<5} {user:<7} {project:<8} {path}"


def _in(there: bool | None) -> str:
    return "broken" if there is None else "yes" if there else "no"
