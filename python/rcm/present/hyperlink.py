"""Links in terminals: the escape sequence OSC 8 around a path, so that a click opens the file."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import quote

#: Terminals that are known to make links of them, by what they put into the environment.
_PROGRAMS = frozenset({"iTerm.app", "WezTerm", "vscode", "ghostty", "Hyper", "rio", "WarpTerminal"})
_TERMS = re.compile(r"(?:xterm-)?(?:kitty|ghostty|foot|alacritty|wezterm|contour)")
_MARKS = ("WT_SESSION", "KITTY_WINDOW_ID", "KONSOLE_VERSION", "DOMTERM")
#: The first VTE (GNOME Terminal and its like) whose links work.
_VTE = 5000


@dataclass(frozen=True, slots=True)
class Links:
    """Whether paths are links, and of which machine.

    Attributes:
        enabled: Whether the sequence is written.
        host: Name of this machine, which lets a terminal tell a remote file from a local one.
    """

    enabled: bool = False
    host: str = ""

    def around(self, text: str, root: str, path: str) -> str:
        """Wrap `text` in a link to `root/path`, if links are written.

        Args:
            text: What is shown, escaped already.
            root: Absolute path of the tree.
            path: Relative to it.
        """
        if not self.enabled or not root:
            return text
        url = f"file://{self.host}{quote(os.fsencode(os.path.join(root, path)))}"
        return f"\x1b]8;;{url}\x1b\\{text}\x1b]8;;\x1b\\"


NO_LINKS = Links()


def links_for(wanted: str, *, terminal: bool, environ: Mapping[str, str] | None = None) -> Links:
    """Return the links for `"auto"`, `"always"` or `"never"`.

    `auto` writes them to a terminal that is known to understand them.
    """
    env = os.environ if environ is None else environ
    if wanted == "always" or (wanted == "auto" and terminal and _understood(env)):
        return Links(enabled=True, host=os.uname().nodename)
    return NO_LINKS


def _understood(env: Mapping[str, str]) -> bool:
    version = env.get("VTE_VERSION", "")
    return (
        env.get("TERM_PROGRAM") in _PROGRAMS
        or _TERMS.match(env.get("TERM", "")) is not None
        or any(env.get(mark) for mark in _MARKS)
        or (version.isdecimal() and int(version) >= _VTE)
    )
