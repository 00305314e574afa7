"""Installing into coding agents: what is written where, and that nothing else is touched."""

from __future__ import annotations

import dataclasses
import json
import os
import re
import stat
import sys
from pathlib import Path, PurePosixPath, PureWindowsPath

import pytest

pytest.importorskip("ruamel.yaml")

from rcm.agents import files, formats, guide
from rcm.agents.edits import lookup
from rcm.agents.entries import NAME, program
from rcm.agents.install import Installer
from rcm.agents.machine import Machine
from rcm.agents.standing import Standing, standing
from rcm.agents.table import AGENTS, IDS, Agent, agent
from rcm.cli import main

GOLDEN = Path(__file__).parent / "golden_agents"
COMMAND = ("/usr/local/bin/rcm",)
#: What the file of an agent that works in no folder needs.
TREES = {"claude-desktop": ("/src/burn",)}

every_agent = pytest.mark.parametrize("name", IDS)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    (tmp_path / "home").mkdir()
    (tmp_path / "project").mkdir()
    return tmp_path / "home"


def installer(home: Path, name: str = "", **options) -> Installer:
    machine = Machine("linux", home, {"PATH": ""})
    project = home.parent / "project"
    options = {"scope": "user", "command": COMMAND, "trees": TREES.get(name, ()), **options}
    return Installer(machine, project=project, **options)


def look(this: Installer, known: Agent) -> Standing:
    return standing(known, this.machine, this.project)


def everything(folder: Path) -> dict[str, bytes]:
    """All files below a folder, except for copies."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not path.name.endswith(files.BACKUP_SUFFIX)
    }


def check_golden(path: Path, text: str) -> None:
    if os.environ.get("RCM_GOLDEN") == "rewrite":
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(text.encode("utf-8"))
    assert path.read_bytes().decode("utf-8") == text


@every_agent
def test_what_is_written_where_there_was_no_file(name, home):
    this, known = installer(home, name), agent(name)
    outcome = this.install(known)
    path = Path(outcome.path)
    assert outcome.status == "installed", outcome.error
    assert outcome.files[0] == outcome.path
    check_golden(GOLDEN / name / f"new{path.suffix}", path.read_text(encoding="utf-8"))
    assert this.install(known).status == "already"
    assert this.uninstall(known).status == "removed"
    assert everything(home) == {}, "what rcm made is deleted"
    assert this.uninstall(known).status == "absent"


@every_agent
def test_what_becomes_of_a_file_with_other_servers_and_comments(name, home):
    this, known = installer(home, name), agent(name)
    path = this.config(known)
    golden = next((GOLDEN / name).glob("before.*"))
    before = golden.read_bytes()
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(before)
    assert this.install(known).status == "installed"
    after = path.read_bytes()
    check_golden(golden.with_stem("after"), after.decode("utf-8"))
    assert files.backup_of(path).read_bytes() == before
    outcome = this.install(known)
    assert (outcome.status, outcome.files) == ("already", ())
    assert path.read_bytes() == after
    assert this.uninstall(known).status == "removed"
    assert everything(home) == {str(path.relative_to(home)): before}
    assert not files.backup_of(path).exists(), "nothing is left beside it"


@every_agent
def test_a_server_that_was_added_meanwhile_survives(name, home):
    this, known = installer(home, name), agent(name)
    path = this.config(known)
    this.install(known)
    other = (*known.keys, "other")
    entry = lookup(formats.parse(known.form, path.read_text()), (*known.keys, NAME))
    path.write_text(formats.put(known.form, path.read_text(), other, entry), encoding="utf-8")
    assert this.uninstall(known).status == "removed"
    assert lookup(formats.parse(known.form, path.read_text()), known.keys) == {"other": entry}


@every_agent
def test_projects(name, home):
    this, known = installer(home, name, scope="project"), agent(name)
    outcome = this.install(known)
    texts = [text for text in known.guidance if text.scope == "project"]
    if not known.project and not [text for text in texts if text.form in guide.ON_DEMAND]:
        assert outcome.status == "unsupported"
        return
    assert outcome.status == "installed"
    first = known.project[0] if known.project else texts[0].place
    assert Path(outcome.path).relative_to(this.project) == Path(first)
    assert look(this, known).in_project is bool(known.project)
    assert everything(home) == {}
    assert this.uninstall(known).status == "removed"
    assert list(this.project.iterdir()) == [], "folders that rcm made are gone, too"


@every_agent
def test_a_broken_file_is_not_touched(name, home):
    this, known = installer(home, name), agent(name)
    path = this.config(known)
    broken = {
        "json": '{\n  "a": 1,\n  oops\n}\n',
        "toml": "a = 1\n\n[b\n",
        "yaml": "a: 1\nb:\n  [\n",
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(broken[known.form])
    for work in (this.install, this.uninstall):
        outcome = work(known)
        assert outcome.status == "failed"
        line = 4 if known.form == "yaml" else 3
        assert outcome.error.startswith(f"{path}:{line}:"), outcome.error
    assert look(this, known).in_user is None
    assert everything(home) == {str(path.relative_to(home)): broken[known.form].encode()}


def test_every_agent_has_an_id_and_a_way_to_be_found():
    assert len(IDS) == len(set(IDS)) >= 16
    readme = (Path(__file__).parent.parent / "README.md").read_text(encoding="utf-8")
    assert f"[{len(IDS)} agents]" in readme
    assert all(known.programs or known.traces for known in AGENTS)


@pytest.mark.parametrize(
    ("system", "name", "environ", "path"),
    [
        ("linux", "zed", {}, "/h/.config/zed/settings.json"),
        ("linux", "zed", {"XDG_CONFIG_HOME": "/x"}, "/x/zed/settings.json"),
        ("macos", "zed", {}, "/h/.config/zed/settings.json"),
        ("windows", "zed", {}, r"C:\h\AppData\Roaming\Zed\settings.json"),
        ("linux", "vscode", {}, "/h/.config/Code/User/mcp.json"),
        ("macos", "vscode", {}, "/h/Library/Application Support/Code/User/mcp.json"),
        ("windows", "vscode", {"APPDATA": r"D:\r"}, r"D:\r\Code\User\mcp.json"),
        ("macos", "goose", {}, "/h/.config/goose/config.yaml"),
        ("windows", "goose", {}, r"C:\h\AppData\Roaming\Block\goose\config\config.yaml"),
        ("windows", "codex", {}, r"C:\h\.codex\config.toml"),
        ("linux", "codex", {"CODEX_HOME": "/c"}, "/c/config.toml"),
        ("linux", "codex", {"CODEX_HOME": ""}, "/h/.codex/config.toml"),
        ("linux", "claude-code", {"CLAUDE_CONFIG_DIR": "/c"}, "/c/.claude.json"),
        ("macos", "claude-code", {}, "/h/.claude.json"),
        ("windows", "claude-code", {}, r"C:\h\.claude.json"),
        (
            "macos",
            "claude-desktop",
            {},
            "/h/Library/Application Support/Claude/claude_desktop_config.json",
        ),
        (
            "windows",
            "claude-desktop",
            {},
            r"C:\h\AppData\Roaming\Claude\claude_desktop_config.json",
        ),
        ("windows", "opencode", {}, r"C:\h\.config\opencode\opencode.jsonc"),
        (
            "windows",
            "copilot-jetbrains",
            {"LOCALAPPDATA": r"C:\l"},
            r"C:\l\github-copilot\intellij\mcp.json",
        ),
        ("macos", "copilot-jetbrains", {}, "/h/.config/github-copilot/intellij/mcp.json"),
        ("linux", "crush", {"CRUSH_GLOBAL_CONFIG": "/c"}, "/c/crush.json"),
        ("linux", "crush", {"XDG_CONFIG_HOME": "/x"}, "/x/crush/crush.json"),
    ],
)
def test_places_on_each_system(system, name, environ, path):
    pure = PureWindowsPath if system == "windows" else PurePosixPath
    machine = Machine(system, pure(r"C:\h" if system == "windows" else "/h"), environ)
    known = agent(name)
    place = (known.windows if system == "windows" and known.windows else known.user)[0]
    assert str(machine.path(place)) == path


@pytest.mark.parametrize("system", ["linux", "macos", "windows"])
@every_agent
def test_every_place_is_an_absolute_path(system, name):
    home = PureWindowsPath(r"C:\h") if system == "windows" else PurePosixPath("/h")
    machine, known = Machine(system, home, {}), agent(name)
    texts = [text.place for text in known.guidance if text.scope == "user"]
    for place in (*known.user, *known.windows, *known.traces, *texts):
        path = machine.path(place)
        assert path.is_absolute()
        assert not set("{}|~") & set(str(path))
    inside = [*known.project, *(t.place for t in known.guidance if t.scope == "project")]
    assert not any(PurePosixPath(place).is_absolute() or ".." in place for place in inside)


@every_agent
def test_the_page_names_every_place(name):
    page = (Path(__file__).parent.parent / "docs/agents-install.md").read_text(encoding="utf-8")
    known = agent(name)
    rows = [line for line in page.splitlines() if line.startswith(f"| `{name}` |")]
    texts = [text.place for text in known.guidance]
    for place in (*known.user, *known.windows, *known.project, *texts):
        shown = re.sub(r"\{([A-Z]+)\}", r"\1", place)
        shown = re.sub(r"\{[A-Z_]+\|([^{}]*)\}", r"\1", shown)
        assert f"`{shown}`" in "".join(rows)
    assert f"| `{'.'.join(known.keys)}` |" in rows[0]


def test_an_agent_is_found_by_its_program_or_by_what_it_left(home, tmp_path):
    this = installer(home)
    assert not look(this, agent("codex")).found
    (home / ".codex").mkdir()
    assert look(this, agent("codex")).found
    program = tmp_path / "bin" / ("goose.exe" if sys.platform == "win32" else "goose")
    program.parent.mkdir()
    program.touch(mode=0o755)
    machine = Machine("linux", home, {"PATH": str(program.parent)})
    assert look(dataclasses.replace(this, machine=machine), agent("goose")).found


def test_an_agent_that_works_in_no_folder_is_told_one(home):
    known = agent("claude-desktop")
    assert installer(home).install(known).status == "needs-tree"
    assert everything(home) == {}
    assert installer(home, trees=("/a",)).install(known).status == "installed"
    assert installer(home).install(known).status == "already", "trees named once stay"
    assert installer(home, trees=("/b", "/c")).install(known).status == "updated"
    data = json.loads(installer(home).config(known).read_text())
    assert data["mcpServers"]["rcm"]["args"] == ["mcp", "/b", "/c"]


def test_another_place_of_rcm_is_brought_up_to_date_and_what_users_added_stays(home):
    known, this = agent("goose"), installer(home)
    this.install(known)
    path = this.config(known)
    path.write_text(
        path.read_text().replace("timeout: 300", "timeout: 9").replace("envs: {}", "envs: {A: b}")
    )
    moved = dataclasses.replace(this, command=("/opt/python", "-P", "-m", "rcm"))
    assert this.install(known).status == "already"
    assert moved.install(known).status == "updated"
    entry = formats.parse("yaml", path.read_text())["extensions"]["rcm"]
    assert (entry["cmd"], entry["args"]) == ("/opt/python", ["-P", "-m", "rcm", "mcp"])
    assert (entry["timeout"], entry["envs"]) == (9, {"A": "b"})


def test_opencode_keeps_the_newer_layout_where_a_file_has_it(home):
    known, this = agent("opencode"), installer(home)
    path = home / ".config/opencode/opencode.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text('{\n  "mcp": {\n    "servers": {}\n  }\n}\n')
    assert this.install(known).path == str(path), "the file that is there counts"
    assert set(json.loads(path.read_text())["mcp"]) == {"servers"}
    assert this.uninstall(known).status == "removed"
    assert path.read_text() == '{\n  "mcp": {\n    "servers": {}\n  }\n}\n'


def test_a_linked_file_is_written_through_with_its_mode_kept(home):
    known, this = agent("gemini-cli"), installer(home)
    real = home / "dotfiles" / "settings.json"
    real.parent.mkdir()
    real.write_text('{\n  "key": "x"\n}\n')
    real.chmod(0o600)
    path = this.config(known)
    path.parent.mkdir()
    path.symlink_to(real)
    assert this.install(known).status == "installed"
    assert path.is_symlink()
    assert "mcpServers" in json.loads(real.read_text())
    for file in (real, files.backup_of(path)):
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        assert file.parent == real.parent


def test_a_link_out_of_the_project_is_not_followed(home, tmp_path):
    outside = tmp_path / "outside.json"
    outside.write_text("{}")
    this = installer(home, scope="project")
    (this.project / ".mcp.json").symlink_to(outside)
    outcome = this.install(agent("claude-code"))
    assert outcome.status == "failed"
    assert "out of the project" in outcome.error
    assert outside.read_text() == "{}"
    assert everything(this.project) == {".mcp.json": b"{}"}


def test_a_change_by_another_program_meanwhile_is_not_lost(tmp_path):
    path = tmp_path / "settings.json"
    path.write_text("{}")
    seen = files.read(path)
    path.write_text('{"new": 1}')
    with pytest.raises(files.ConfigError, match="another program"):
        files.change(path, seen, "{}")
    assert everything(tmp_path) == {"settings.json": b'{"new": 1}'}


@pytest.mark.parametrize("content", [b"\xff\xfe{}", None])
def test_what_is_no_text_is_refused(home, content):
    known, this = agent("qwen"), installer(home)
    path = this.config(known)
    path.parent.mkdir()
    path.mkdir() if content is None else path.write_bytes(content)
    outcome = this.install(known)
    assert outcome.status == "failed"
    assert outcome.error.startswith(str(path))


def test_a_dry_run_writes_nothing(home):
    for known in AGENTS:
        this = installer(home, known.id, dry_run=True)
        assert this.install(known).status == "installed"
        assert everything(home) == {}
    (home / ".codex").mkdir()
    installer(home).install(agent("codex"))
    before = everything(home)
    outcome = installer(home, dry_run=True).uninstall(agent("codex"))
    assert (outcome.status, everything(home)) == ("removed", before)


def test_texts_that_are_part_of_every_conversation_are_written_only_if_asked_for(home):
    notes = home / ".codex/AGENTS.md"
    notes.parent.mkdir()
    notes.write_text("# Mine\n\nBe brief.\n")
    assert str(notes) not in installer(home).install(agent("codex")).files
    this = installer(home, instructions=True)
    assert this.install(agent("codex")).status == "updated"
    assert notes.read_text() == guide.with_section("# Mine\n\nBe brief.\n")
    assert this.install(agent("codex")).status == "already"
    installer(home).uninstall(agent("codex"))
    assert notes.read_text() == "# Mine\n\nBe brief.\n"


def test_a_skill_is_written_with_the_server(home):
    this, skill = installer(home), home / ".claude/skills/rcm/SKILL.md"
    assert str(skill) in this.install(agent("claude-code")).files
    head, name, *_ = skill.read_text().splitlines()
    assert (head, name) == ("---", "name: rcm")
    skill.write_text(skill.read_text() + "\nmy own words\n")
    assert this.uninstall(agent("claude-code")).status == "removed"
    assert "my own words" in files.backup_of(skill).read_text(), "what the user wrote is kept"


def test_a_skill_that_rcm_did_not_write_is_left(home):
    skill = home / ".claude/skills/rcm/SKILL.md"
    skill.parent.mkdir(parents=True)
    skill.write_text("mine\n")
    outcome = installer(home).install(agent("claude-code"))
    assert (outcome.status, skill.read_text()) == ("failed", "mine\n")
    assert installer(home).uninstall(agent("claude-code")).status == "removed"
    assert skill.read_text() == "mine\n"


@pytest.mark.parametrize("text", ["", "# A\n", "# A", "a\r\nb\r\n", "\n\n", "<!-- rcm -->\n"])
def test_a_section_comes_and_goes(text):
    after = guide.with_section(text)
    assert guide.with_section(after) == after
    assert guide.without_section(after) == (text + "\n" if text == "# A" else text)
    assert guide.without_section(text) == text


def test_the_text_says_when_grep_is_better_and_that_results_are_not_complete():
    for form in ("skill", "cursor", "plain"):
        text = guide.own_file(form)
        assert "grep" in text
        assert "never a complete list" in text


def test_the_program_is_named_by_an_absolute_path_that_runs(monkeypatch):
    monkeypatch.setattr(sys, "argv", ["pytest"])
    command, *arguments = program()
    assert os.path.isabs(command)
    assert os.access(command, os.X_OK)
    assert arguments in ([], ["-P", "-m", "rcm"])


def test_a_project_names_the_program_alone(monkeypatch, tmp_path):
    (tmp_path / "rcm").touch(mode=0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(sys, "argv", [str(tmp_path / "rcm")])
    assert program(portable=True) == ["rcm"]
    assert program() == [str(tmp_path / "rcm")]


@pytest.fixture
def at_home(home, monkeypatch):
    """The command's own machine is an empty home."""
    for variable in ("XDG_CONFIG_HOME", "CODEX_HOME", "CLAUDE_CONFIG_DIR"):
        monkeypatch.delenv(variable, raising=False)
    for variable in ("HOME", "USERPROFILE"):
        monkeypatch.setenv(variable, str(home))
    monkeypatch.setenv("PATH", "")
    monkeypatch.chdir(home.parent / "project")
    return home


def test_the_command_with_all(at_home, capsys):
    assert main(["install", "--all"]) == 1, "no agent is here"
    (at_home / ".cursor").mkdir()
    (at_home / ".codex").mkdir()
    assert main(["install", "--all"]) == 0
    out = capsys.readouterr().out
    assert [line.split()[:2] for line in out.splitlines() if line.startswith("c")] == [
        ["codex", "installed"],
        ["cursor", "installed"],
    ]
    assert "not found: claude-code, " in out
    (at_home / ".codex/config.toml").write_text("broken =\n")
    assert main(["install", "--all"]) == 2
    out = capsys.readouterr().out
    assert f"codex              failed         {at_home}/.codex/config.toml:1:" in out
    assert "cursor             already there" in out
    assert main(["uninstall", "cursor"]) == 0
    assert everything(at_home)[".codex/config.toml"] == b"broken =\n"
    assert not (at_home / ".cursor/mcp.json").exists()


def test_the_command_with_names(at_home, capsys):
    assert main(["install", "goose", "zed", "--json"]) == 0, "named ones need not be found"
    told = json.loads(capsys.readouterr().out)
    assert (told["scope"], told["dry_run"]) == ("user", False)
    assert [(one["agent"], one["status"]) for one in told["agents"]] == [
        ("goose", "installed"),
        ("zed", "installed"),
    ]
    assert main(["install", "--list", "--json"]) == 0
    there = [
        one["agent"] for one in json.loads(capsys.readouterr().out)["agents"] if one["in_user"]
    ]
    assert there == ["zed", "goose"]
    assert main(["install", "--list"]) == 0
    assert main(["uninstall", "--all"]) == 0
    assert everything(at_home) == {}


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (["install"], "no agent was named"),
        (["install", "nano"], "unknown agent: 'nano'"),
        (["install", "zed", "--all"], "and --all"),
        (["install", "zed", "--tree", "gone"], "no such directory"),
    ],
)
def test_what_the_command_refuses(line, said, at_home, capsys):
    assert main(line) == 2
    assert said in capsys.readouterr().err
    assert everything(at_home) == {}


def test_the_command_says_why_an_agent_was_left_out(at_home, capsys):
    assert main(["install", "claude-desktop"]) == 2
    assert "needs --tree" in capsys.readouterr().out
    assert main(["install", "antigravity", "--scope", "project"]) == 2
    assert "not in projects" in capsys.readouterr().out
    assert main(["install", "claude-desktop", "--tree", "."]) == 0
