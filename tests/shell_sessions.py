"""Shells that a user types into: real ones, each with a completion script, asked what TAB makes of a line."""

from __future__ import annotations

import os
import pty
import select
import subprocess
import threading
from collections.abc import Callable, Sequence
from pathlib import Path

PATIENCE_S = 60.0
_TAB, _TELL = b"\t", b"\x18"


def environment(home: Path) -> dict[str, str]:
    """A user with a home of their own and a program called rcm."""
    program = home / "bin" / "rcm"
    program.parent.mkdir(exist_ok=True)
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    return {
        "HOME": str(home),
        "PATH": f"{program.parent}:/usr/local/bin:/usr/bin:/bin",
        "LC_ALL": "C.UTF-8",
        "TERM": "dumb",
    }


def fish(home: Path, folder: Path, script: str, lines: Sequence[str]) -> list[str]:
    """What fish offers for each line, one a line of text."""
    path = home / ".config/fish/completions/rcm.fish"
    path.parent.mkdir(parents=True)
    path.write_text(script)
    offered = []
    for line in lines:
        done = subprocess.run(
            ["fish", "-c", "complete -C $argv[1]", line],
            cwd=folder,
            env=environment(home),
            capture_output=True,
            text=True,
            check=True,
        )
        assert not done.stderr
        offered.append("\n".join(row.split("\t")[0] for row in done.stdout.splitlines()))
    return offered


def zsh(home: Path, folder: Path, script: str, lines: Sequence[str]) -> list[str]:
    """What stands on zsh's line after TAB, for each line typed."""
    path = home / ".zfunc" / "_rcm"
    path.parent.mkdir()
    path.write_text(script)
    (home / ".zshrc").write_text(
        "fpath+=~/.zfunc\nautoload -Uz compinit; compinit -u\n"
        "tell() { print -r -- $BUFFER >> ~/told; zle kill-whole-line }\n"
        "zle -N tell; bindkey '^X' tell\nsetopt no_beep no_list_ambiguous\n: > ~/told\n"
    )
    return _typed(["zsh", "-i"], home, folder, lines, home / "told")


def bash(home: Path, folder: Path, script: str, lines: Sequence[str]) -> list[str]:
    """What stands on bash's line after TAB, for each line typed."""
    (home / "rcm.bash").write_text(script)
    (home / ".bashrc").write_text(
        "source ~/rcm.bash\nbind 'set bell-style none'\n"
        "tell() { printf '%s\\n' \"$READLINE_LINE\" >> ~/told; READLINE_LINE=; }\n"
        "bind -x '\"\\C-x\": tell'\n: > ~/told\n"
    )
    return _typed(["bash", "-i"], home, folder, lines, home / "told")


def _typed(
    command: Sequence[str], home: Path, folder: Path, lines: Sequence[str], told: Path
) -> list[str]:
    controller, terminal = pty.openpty()
    process = subprocess.Popen(
        command,
        cwd=folder,
        env=environment(home),
        stdin=terminal,
        stdout=terminal,
        stderr=terminal,
        start_new_session=True,
    )
    os.close(terminal)
    ended = threading.Event()
    threading.Thread(target=_read_all, args=(controller, ended), daemon=True).start()
    try:
        _wait(told.exists, ended)
        for nth, line in enumerate(lines):
            os.write(controller, line.encode() + _TAB + _TELL)
            _wait(lambda nth=nth: told.read_bytes().count(b"\n") > nth, ended)  # type: ignore[misc]
    finally:
        process.kill()
        process.wait()
        ended.wait(PATIENCE_S)
        os.close(controller)
    return told.read_text().splitlines()


def _read_all(controller: int, ended: threading.Event) -> None:
    """Read what the shell shows: it stops when nobody does."""
    try:
        while select.select([controller], [], [], PATIENCE_S)[0] and os.read(controller, 65536):
            pass
    except OSError:
        pass  # the other end is closed
    finally:
        ended.set()


def _wait(happened: Callable[[], bool], ended: threading.Event) -> None:
    for _ in range(int(PATIENCE_S / 0.02)):
        if happened():
            return
        if ended.wait(0.02):
            break
    raise AssertionError("the shell does not answer")
