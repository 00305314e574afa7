"""The manual page and the completion scripts say what the parser says, in the syntax of their readers."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

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


@pytest.mark.skipif(shutil.which("bash") is None, reason="there is no bash")
@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["rcm", "gr"], {"grep"}),
        (["rcm", "search", "--kin"], {"--kind"}),
        (["rcm", "search", "--kind", "func"], {"function"}),
        (["rcm", "search", "--class", ""], {"code", "docs", "config", "tests"}),
        (["rcm", "index", "--mode", "p"], {"parallel", "pipeline"}),
    ],
)
def test_bash_completes(
    tmp_path: Path, capsys: Streams, words: list[str], expected: set[str]
) -> None:
    path = tmp_path / "rcm.bash"
    path.write_text(script("bash", capsys))
    ask = (
        'source "$1"; shift; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); '
        'COMP_LINE="$*"; COMP_POINT=${#COMP_LINE}; '
        "$(complete -p rcm | sed -E 's/.*-F ([^ ]+).*/\\1/'); "
        'printf "%s\\n" "${COMPREPLY[@]}"'
    )
    done = subprocess.run(
        ["bash", "-c", ask, "bash", str(path), *words], capture_output=True, text=True, check=False
    )
    assert set(done.stdout.split()) >= expected, done.stderr
    assert all(found.startswith(words[-1]) for found in done.stdout.split())


@pytest.mark.parametrize("shell", ["zsh", "fish"])
def test_other_shells_can_read_theirs(shell: str, tmp_path: Path, capsys: Streams) -> None:
    text = script(shell, capsys)
    for word in (*COMMANDS, "function", "vimgrep"):
        assert word in text
    if shutil.which(shell) is None:
        pytest.skip(f"there is no {shell} to parse it with")
    path = tmp_path / "script"
    path.write_text(text)
    done = subprocess.run([shell, "-n", str(path)], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
