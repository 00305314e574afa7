"""The coding agents that rcm knows: how they are found and where they keep what, as documented.

Places are written as `machine.Machine.path` reads them. Of several the first that exists counts, or
else the first.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from rcm.agents.entries import Shape
from rcm.agents.formats import Format
from rcm.agents.guide import TextForm

Scope = Literal["user", "project"]
"""Whose configuration: the user's, for all projects, or that of one project."""


@dataclass(frozen=True, slots=True)
class Guidance:
    """A file that tells an agent when to search with rcm; places in a project are relative to it."""

    scope: Scope
    place: str
    form: TextForm


@dataclass(frozen=True, slots=True)
class Agent:
    """One agent.

    Attributes:
        id: What the user types.
        title: What the agent calls itself.
        programs: Commands that show that it is installed.
        traces: Files or folders that show that it was used.
        user: Places of the user's configuration.
        windows: The same on Windows, where it differs.
        project: Places in a project; none if the agent reads nothing there.
        keys: Path of keys to the table of servers.
        newer_keys: The same in a file that has these already.
        form: Format of the file.
        shape: Form of one server.
        project_shape: The same in a project, where it differs.
        folderless: Whether it works in no folder, so that it has to be told what to search.
        guidance: Texts for the agent.
    """

    id: str
    title: str
    programs: tuple[str, ...]
    traces: tuple[str, ...]
    user: tuple[str, ...]
    project: tuple[str, ...] = ()
    keys: tuple[str, ...] = ("mcpServers",)
    newer_keys: tuple[str, ...] = ()
    form: Format = "json"
    shape: Shape = "plain"
    project_shape: Shape | None = None
    windows: tuple[str, ...] = ()
    folderless: bool = False
    guidance: tuple[Guidance, ...] = ()


AGENTS: tuple[Agent, ...] = (
    Agent(
        "claude-code",
        "Claude Code",
        ("claude",),
        ("{CLAUDE_CONFIG_DIR|~/.claude}",),
        ("{CLAUDE_CONFIG_DIR|~}/.claude.json",),
        (".mcp.json",),
        shape="stdio",
        guidance=(
            Guidance("user", "{CLAUDE_CONFIG_DIR|~/.claude}/skills/rcm/SKILL.md", "skill"),
            Guidance("project", ".claude/skills/rcm/SKILL.md", "skill"),
        ),
    ),
    Agent(
        "claude-desktop",
        "Claude Desktop",
        (),
        ("{APP}/Claude",),
        ("{APP}/Claude/claude_desktop_config.json",),
        folderless=True,
    ),
    Agent(
        "codex",
        "Codex CLI",
        ("codex",),
        ("{CODEX_HOME|~/.codex}",),
        ("{CODEX_HOME|~/.codex}/config.toml",),
        (".codex/config.toml",),
        keys=("mcp_servers",),
        form="toml",
        guidance=(
            Guidance("user", "{CODEX_HOME|~/.codex}/skills/rcm/SKILL.md", "skill"),
            Guidance("user", "{CODEX_HOME|~/.codex}/AGENTS.md", "section"),
            Guidance("project", ".agents/skills/rcm/SKILL.md", "skill"),
            Guidance("project", "AGENTS.md", "section"),
        ),
    ),
    Agent(
        "cursor",
        "Cursor",
        ("cursor", "cursor-agent"),
        ("~/.cursor",),
        ("~/.cursor/mcp.json",),
        (".cursor/mcp.json",),
        shape="workspace",
        guidance=(Guidance("project", ".cursor/rules/rcm.mdc", "cursor"),),
    ),
    Agent(
        "vscode",
        "VS Code (Copilot)",
        ("code",),
        ("{APP}/Code/User",),
        ("{APP}/Code/User/mcp.json",),
        (".vscode/mcp.json",),
        keys=("servers",),
        shape="stdio",
        guidance=(Guidance("project", ".github/instructions/rcm.instructions.md", "copilot"),),
    ),
    Agent(
        "vscode-insiders",
        "VS Code Insiders (Copilot)",
        ("code-insiders",),
        ("{APP}/Code - Insiders/User",),
        ("{APP}/Code - Insiders/User/mcp.json",),
        (".vscode/mcp.json",),
        keys=("servers",),
        shape="stdio",
        guidance=(Guidance("project", ".github/instructions/rcm.instructions.md", "copilot"),),
    ),
    Agent(
        "copilot-cli",
        "GitHub Copilot CLI",
        ("copilot",),
        ("{COPILOT_HOME|~/.copilot}",),
        ("{COPILOT_HOME|~/.copilot}/mcp-config.json",),
        (".mcp.json",),
        shape="tools",
        project_shape="stdio",
        guidance=(
            Guidance("user", "{COPILOT_HOME|~/.copilot}/copilot-instructions.md", "section"),
            Guidance("project", ".github/copilot-instructions.md", "section"),
        ),
    ),
    Agent(
        "copilot-jetbrains",
        "GitHub Copilot in JetBrains IDEs",
        (),
        ("{CONFIG}/github-copilot/intellij",),
        ("{CONFIG}/github-copilot/intellij/mcp.json",),
        keys=("servers",),
        shape="stdio",
        windows=("{LOCAL}/github-copilot/intellij/mcp.json",),
    ),
    Agent(
        "gemini-cli",
        "Gemini CLI",
        ("gemini",),
        ("{GEMINI_CLI_HOME|~}/.gemini/settings.json",),
        ("{GEMINI_CLI_HOME|~}/.gemini/settings.json",),
        (".gemini/settings.json",),
        guidance=(
            Guidance("user", "{GEMINI_CLI_HOME|~}/.gemini/skills/rcm/SKILL.md", "skill"),
            Guidance("user", "{GEMINI_CLI_HOME|~}/.gemini/GEMINI.md", "section"),
            Guidance("project", ".gemini/skills/rcm/SKILL.md", "skill"),
            Guidance("project", "GEMINI.md", "section"),
        ),
    ),
    Agent(
        "antigravity",
        "Antigravity",
        ("agy", "antigravity"),
        ("~/.gemini/antigravity", "~/.gemini/config"),
        ("~/.gemini/config/mcp_config.json",),
    ),
    Agent(
        "opencode",
        "OpenCode",
        ("opencode",),
        ("{CONFIG}/opencode",),
        ("{CONFIG}/opencode/opencode.jsonc", "{CONFIG}/opencode/opencode.json"),
        ("opencode.jsonc", "opencode.json", ".opencode/opencode.jsonc", ".opencode/opencode.json"),
        keys=("mcp",),
        newer_keys=("mcp", "servers"),
        shape="array",
        guidance=(
            Guidance("user", "{CONFIG}/opencode/AGENTS.md", "section"),
            Guidance("project", "AGENTS.md", "section"),
        ),
    ),
    Agent(
        "zed",
        "Zed",
        ("zed", "zeditor"),
        ("{CONFIG}/zed", "{APP}/Zed"),
        ("{CONFIG}/zed/settings.json",),
        (".zed/settings.json",),
        keys=("context_servers",),
        windows=("{APP}/Zed/settings.json",),
        guidance=(Guidance("project", "AGENTS.md", "section"),),
    ),
    Agent(
        "windsurf",
        "Windsurf",
        ("windsurf",),
        ("~/.codeium/windsurf",),
        ("~/.codeium/windsurf/mcp_config.json",),
        guidance=(Guidance("project", ".windsurf/rules/rcm.md", "windsurf"),),
    ),
    Agent(
        "cline",
        "Cline",
        ("cline",),
        ("{CLINE_DIR|~/.cline}", "{APP}/Code/User/globalStorage/saoudrizwan.claude-dev"),
        ("{CLINE_DIR|~/.cline}/data/settings/cline_mcp_settings.json",),
        guidance=(Guidance("project", ".clinerules/rcm.md", "plain"),),
    ),
    Agent(
        "roo",
        "Roo Code",
        ("roo",),
        ("{APP}/Code/User/globalStorage/rooveterinaryinc.roo-cline",),
        ("{APP}/Code/User/globalStorage/rooveterinaryinc.roo-cline/settings/mcp_settings.json",),
        (".roo/mcp.json",),
        guidance=(
            Guidance("user", "~/.roo/rules/rcm.md", "plain"),
            Guidance("project", ".roo/rules/rcm.md", "plain"),
        ),
    ),
    Agent(
        "kilo",
        "Kilo Code",
        ("kilo", "kilocode"),
        ("{CONFIG}/kilo", "{APP}/Code/User/globalStorage/kilocode.kilo-code"),
        ("{CONFIG}/kilo/kilo.jsonc", "{CONFIG}/kilo/kilo.json"),
        ("kilo.jsonc", "kilo.json", ".kilo/kilo.jsonc", ".kilo/kilo.json"),
        keys=("mcp",),
        shape="array",
        guidance=(
            Guidance("user", "{CONFIG}/kilo/AGENTS.md", "section"),
            Guidance("project", "AGENTS.md", "section"),
        ),
    ),
    Agent(
        "goose",
        "Goose",
        ("goose",),
        ("{CONFIG}/goose", "{APP}/Block/goose"),
        ("{CONFIG}/goose/config.yaml",),
        keys=("extensions",),
        form="yaml",
        shape="goose",
        windows=("{APP}/Block/goose/config/config.yaml",),
        guidance=(Guidance("project", ".goosehints", "section"),),
    ),
    Agent(
        "amp",
        "Amp",
        ("amp",),
        ("{CONFIG}/amp",),
        ("{CONFIG}/amp/settings.json", "{CONFIG}/amp/settings.jsonc"),
        (".amp/settings.json", ".amp/settings.jsonc"),
        keys=("amp.mcpServers",),
        guidance=(
            Guidance("user", "{CONFIG}/amp/AGENTS.md", "section"),
            Guidance("project", "AGENTS.md", "section"),
        ),
    ),
    Agent(
        "junie",
        "JetBrains Junie",
        ("junie",),
        ("~/.junie",),
        ("~/.junie/mcp/mcp.json",),
        (".junie/mcp/mcp.json",),
        guidance=(Guidance("project", ".junie/guidelines.md", "section"),),
    ),
    Agent(
        "qwen",
        "Qwen Code",
        ("qwen",),
        ("~/.qwen",),
        ("~/.qwen/settings.json",),
        (".qwen/settings.json",),
        guidance=(
            Guidance("user", "~/.qwen/skills/rcm/SKILL.md", "skill"),
            Guidance("user", "~/.qwen/QWEN.md", "section"),
            Guidance("project", ".qwen/skills/rcm/SKILL.md", "skill"),
            Guidance("project", "QWEN.md", "section"),
        ),
    ),
    Agent(
        "crush",
        "Crush",
        ("crush",),
        ("{CRUSH_GLOBAL_CONFIG|{CONFIG}/crush}",),
        ("{CRUSH_GLOBAL_CONFIG|{CONFIG}/crush}/crush.json",),
        (".crush.json", "crush.json"),
        keys=("mcp",),
        shape="stdio",
        guidance=(
            Guidance("user", "{CONFIG}/crush/CRUSH.md", "section"),
            Guidance("project", "AGENTS.md", "section"),
        ),
    ),
    Agent(
        "continue",
        "Continue",
        ("cn",),
        ("{CONTINUE_GLOBAL_DIR|~/.continue}",),
        ("{CONTINUE_GLOBAL_DIR|~/.continue}/mcpServers/rcm.json",),
        (".continue/mcpServers/rcm.json",),
        guidance=(
            Guidance("user", "{CONTINUE_GLOBAL_DIR|~/.continue}/rules/rcm.md", "continue"),
            Guidance("project", ".continue/rules/rcm.md", "continue"),
        ),
    ),
    Agent(
        "kiro",
        "Kiro",
        ("kiro", "kiro-cli"),
        ("~/.kiro",),
        ("~/.kiro/settings/mcp.json",),
        (".kiro/settings/mcp.json",),
        guidance=(
            Guidance("user", "~/.kiro/steering/rcm.md", "kiro"),
            Guidance("project", ".kiro/steering/rcm.md", "kiro"),
        ),
    ),
    Agent(
        "grok",
        "Grok Build",
        ("grok",),
        ("{GROK_HOME|~/.grok}",),
        ("{GROK_HOME|~/.grok}/config.toml",),
        (".grok/config.toml",),
        keys=("mcp_servers",),
        form="toml",
        guidance=(
            Guidance("user", "{GROK_HOME|~/.grok}/AGENTS.md", "section"),
            Guidance("project", "AGENTS.md", "section"),
        ),
    ),
    Agent(
        "droid",
        "Factory Droid",
        ("droid",),
        ("~/.factory",),
        ("~/.factory/mcp.json",),
        (".factory/mcp.json",),
        shape="stdio",
        guidance=(
            Guidance("user", "~/.factory/AGENTS.md", "section"),
            Guidance("project", "AGENTS.md", "section"),
        ),
    ),
    Agent(
        "augment",
        "Augment CLI",
        ("auggie",),
        ("~/.augment",),
        ("~/.augment/settings.json",),
        guidance=(Guidance("project", ".augment/rules/rcm.md", "augment"),),
    ),
)

IDS: tuple[str, ...] = tuple(agent.id for agent in AGENTS)
"""What can be named on the command line."""


def agent(name: str) -> Agent:
    """The agent with this id.

    Raises:
        KeyError: If there is none.
    """
    return {agent.id: agent for agent in AGENTS}[name]
