"""Glob patterns over paths, with the meaning that .gitignore gives them."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

_BRACES = re.compile(r"\{([^{}]*)\}")


def glob_matcher(patterns: Sequence[str]) -> Callable[[str], bool]:
    r"""Compile patterns: `*.rs` anywhere, `src/**`, `a/*/b.py`, `docs/`, `*.{ts,tsx}`, `[ab]*`.

    A pattern without an inner slash matches at any depth; one that matches a folder matches all
    below it. One with `!` before it takes out what it matches: of the patterns that match a path the
    last one counts, and where all take out, the rest is in. `\!` begins a name with that character.

    Returns:
        A function that tells whether a path (relative, forward slashes) is meant.
    """
    rules = [(not pattern.startswith("!"), _compiled(pattern)) for pattern in patterns]
    if all(wanted for wanted, _ in rules):
        match = re.compile("|".join(rule.pattern for _, rule in rules), re.DOTALL).match
        return lambda path: match(path) is not None
    rest = not any(wanted for wanted, _ in rules)
    latest = rules[::-1]
    return lambda path: next((wanted for wanted, rule in latest if rule.match(path)), rest)


def _compiled(pattern: str) -> re.Pattern[str]:
    """Compile one pattern without its `!`."""
    bare = pattern[1:] if pattern.startswith(("!", "\\!")) else pattern
    return re.compile("|".join(map(_regex, _expand(bare))), re.DOTALL)


def _expand(pattern: str) -> list[str]:
    """Expand the first `{a,b}`, then the rest."""
    braces = _BRACES.search(pattern)
    if braces is None:
        return [pattern]
    head, tail = pattern[: braces.start()], pattern[braces.end() :]
    return [one for part in braces[1].split(",") for one in _expand(head + part + tail)]


def _regex(pattern: str) -> str:
    anchored = "/" in pattern.rstrip("/")
    below = "/.*" if pattern.endswith("/") else "(?:/.*)?"
    out, rest = "", pattern.strip("/")
    while rest:
        piece, rest = _piece(rest)
        out += piece
    return rf"(?:{'' if anchored else '(?:.*/)?'}{out}{below}\Z)"


def _piece(rest: str) -> tuple[str, str]:
    """Translate the first element of a pattern; return it and what follows."""
    for glob, regex in (("**/", "(?:.*/)?"), ("**", ".*"), ("*", "[^/]*"), ("?", "[^/]")):
        if rest.startswith(glob):
            return regex, rest[len(glob) :]
    close = rest.find("]", 2) if rest[0] == "[" else -1
    if close > 0:
        inner = rest[1:close]
        negated = inner[0] in "!^"
        body = (inner[1:] if negated else inner).replace("\\", "\\\\").replace("[", "\\[")
        return f"[{'^' if negated else ''}{body}]", rest[close + 1 :]
    return re.escape(rest[0]), rest[1:]
