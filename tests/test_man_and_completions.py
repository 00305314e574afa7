"""The manual page and the completion scripts say what the parser says, in the syntax of their readers."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

import shell_sessions
from rcm.cli import COMMANDS, build_parser, main
from rcm.cli.man import manual_page, text

Streams = pytest.CaptureFixture[str]


def script(shell: str, capsys: Streams) -> str:
    pytest.importorskip("shtab", reason="completions need shtab")
    assert main(["completions", shell]) == 0
    return capsys.readouterr().out


def options() -> set[str]:
    parsers = [
        child
        for action in build_parser()._actions
        for child in (getattr(action, "choices", None) and action.choices.values()) or ()  # type: ignore[union-attr]
    ]
    return {option for parser in parsers for a in parser._actions for option in a.option_strings}


def test_the_page_has_every_command_and_option(capsys: Streams) -> None:
    assert main(["man"]) == 0
    page = capsys.readouterr().out
    for command in COMMANDS:
        assert f".SS rcm {command}\n" in page
    plain = page.replace("\\-", "-")
    for option in options() - {"-h", "--help"}:
        assert re.search(rf"(?<![\w-]){re.escape(option)}(?![\w-])", plain), option


def test_nothing_in_the_page_is_taken_for_a_request() -> None:
    assert text(".ignore\n'quoted' a\\b --x") == "\\&.ignore\n\\&'quoted' a\\eb \\-\\-x"
    known = {".TH", ".SH", ".SS", ".PP", ".TP", ".B", ".nf", ".fi"}
    page = manual_page(build_parser(), "1")
    requests = {line.split()[0] for line in page.splitlines() if line.startswith((".", "'"))}
    assert requests == known


@pytest.mark.skipif(shutil.which("man") is None, reason="there is no man")
def test_man_renders_the_page(tmp_path: Path, capsys: Streams) -> None:
    assert main(["man"]) == 0
    page = tmp_path / "rcm.1"
    page.write_text(capsys.readouterr().out)
    shown = subprocess.run(
        ["man", "--warnings", "-l", str(page)],
        capture_output=True, text=True, check=False,
        env={"LC_ALL": "C.UTF-8", "PATH": "/usr/bin:/bin", "MANPAGER": "cat", "MANWIDTH": "100"},
    )  # fmt: skip
    assert (shown.returncode, shown.stderr) == (0, "")
    words = re.sub(r".\x08|\x1b\[[\d;]*m", "", shown.stdout)
    assert "rcm - local code search" in words
    assert "--files-with-matches" in words
    assert "rcm grep -- --no-verify" in words


#: A line, and what stands there after TAB where a shell can complete it to the end.
COMPLETED = {
    "rcm gr": "rcm grep ",
    "rcm sec": "rcm secrets ",
    "rcm search --mo": "rcm search --mode ",
    "rcm search --mode b": "rcm search --mode bm25 ",
    "rcm search --mode=b": "rcm search --mode=bm25 ",
    "rcm search --mode=bm25 --kin": "rcm search --mode=bm25 --kind ",
    "rcm search -t pyt": "rcm search -t python ",
    "rcm search --kind=func": "rcm search --kind=function ",
    "rcm search --class conf": "rcm search --class config ",
    "rcm search x -k 3 --refresh al": "rcm search x -k 3 --refresh always ",
    "rcm search x sr": "rcm search x src/",
    "rcm search x src sr": "rcm search x src src/",
    "rcm search --index-dir sr": "rcm search --index-dir src/",
    "rcm related READ": "rcm related README.md ",
    "rcm related src/po": "rcm related src/pool.py ",
    "rcm grep x sr": "rcm grep x src/",
    "rcm index --mode pi": "rcm index --mode pipeline ",
    "rcm install claude-d": "rcm install claude-desktop ",
    "rcm completions z": "rcm completions zsh ",
}
#: zsh puts `=` before a value, and takes it back for a space.
ZSH_COMPLETED = {
    "rcm search --mo": "rcm search --mode=",
    "rcm search --mode=bm25 --kin": "rcm search --mode=bm25 --kind=",
}
#: Of several, every one: in fish and bash.
OFFERED = {
    "rcm se": {"search", "secrets", "serve"},
    "rcm search --mode ": {"hybrid", "bm25", "semantic"},
    "rcm search --class ": {"code", "docs", "config", "tests"},
    "rcm search x ": {"docs/", "src/"},
    "rcm index --mode p": {"parallel", "pipeline"},
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("docs", "src/inner"):
        (tmp_path / "here" / name).mkdir(parents=True)
    for name in ("README.md", "src/pool.py"):
        (tmp_path / "here" / name).write_text("")
    return tmp_path / "here"


@pytest.fixture
def home(tmp_path: Path) -> Path:
    (tmp_path / "home").mkdir()
    return tmp_path / "home"


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_shells_can_read_theirs(shell: str, tmp_path: Path, capsys: Streams) -> None:
    text = script(shell, capsys)
    for word in (*COMMANDS, "function", "vimgrep", "claude-code"):
        assert word in text
    needed(shell)
    path = tmp_path / "script"
    path.write_text(text)
    done = subprocess.run([shell, "-n", str(path)], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("shell", ["bash", "zsh"])
def test_tab_completes_what_was_typed(
    shell: str, home: Path, folder: Path, capsys: Streams
) -> None:
    needed(shell)
    type_into = {"bash": shell_sessions.bash, "zsh": shell_sessions.zsh}[shell]
    done = type_into(home, folder, script(shell, capsys), list(COMPLETED))
    wanted = COMPLETED | (ZSH_COMPLETED if shell == "zsh" else {})
    assert dict(zip(COMPLETED, done, strict=True)) == wanted


def test_fish_offers_what_fits(home: Path, folder: Path, capsys: Streams) -> None:
    needed("fish")
    lines = [*COMPLETED, *OFFERED]
    offered = shell_sessions.fish(home, folder, script("fish", capsys), lines)
    words = dict(zip(lines, (set(rows.split("\n")) for rows in offered), strict=True))
    for typed, wanted in COMPLETED.items():
        assert wanted.split()[-1] in words[typed], typed
    for typed, several in OFFERED.items():
        assert words[typed] == several, typed


def test_bash_offers_what_fits(folder: Path, tmp_path: Path, capsys: Streams) -> None:
    needed("bash")
    path = tmp_path / "rcm.bash"
    path.write_text(script("bash", capsys))
    ask = (
        'source "$1"; shift; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); '
        'COMP_LINE="$*"; COMP_POINT=${#COMP_LINE}; '
        "$(complete -p rcm | sed -E 's/.*-F ([^ ]+).*/\\1/'); "
        'printf "%s\\n" "${COMPREPLY[@]}"'
    )
    for typed, several in OFFERED.items():
        words = typed.split(" ")
        done = subprocess.run(
            ["bash", "-c", ask, "bash", str(path), *words],
            capture_output=True,
            text=True,
            check=False,
            cwd=folder,
        )
        offered = {word.rstrip("/") for word in done.stdout.split()}
        assert offered == {word.rstrip("/") for word in several}, (typed, done.stderr)


def needed(shell: str) -> None:
    if shutil.which(shell) is None:
        pytest.skip(f"there is no {shell}; `make test-programs` installs it")
