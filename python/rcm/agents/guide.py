"""The text that tells an agent when to search with rcm, from one source, in the forms agents read."""

from __future__ import annotations

import re
from typing import Literal

TextForm = Literal[
    "skill", "cursor", "windsurf", "continue", "augment", "kiro", "copilot", "plain", "section"
]
"""`section` is a part of a file that is the user's; the others are files of ours."""

ON_DEMAND: frozenset[TextForm] = frozenset(("skill", "cursor", "windsurf", "continue", "augment"))
"""Forms that an agent loads when it needs them; the others are part of every conversation."""

_DESCRIPTION = (
    "Search this codebase with rcm by meaning, words or symbol. Use it to find where something is "
    "done, defined or configured before opening files, and its grep for every occurrence of a string."
)

GUIDE = """\
## Code search with rcm

rcm ranks pieces of this codebase by meaning, words and symbols. Its MCP tools are `search`, `grep`,
`find_related` and `read`; without them, run `rcm search "QUERY"`, `rcm grep PATTERN` and
`rcm related PATH:LINE` in a shell.

Ask rcm first when

- you look for where something is done and do not know the words: "where are retries limited";
- you have a name, in any spelling: `RetryPolicy`, `retry_policy`; its definition comes first;
- you have an error message, a compiler message or a stack trace: paste it whole;
- you want code like the code at a line: `find_related`.

Use rcm's `grep` instead when

- you need every occurrence: all callers before a rename, all uses of a flag. What `search` returns is
  a ranked top-k, never a complete list, so that it does not show something proves nothing;
- you know an exact string or need a regular expression.

Use another grep where rcm leaves the file out: ignored, generated, binary or too large.

Then read the file at the lines found and go on from there. Ask again in other words when the first
results miss; narrow by language or path, or ask for more results, before you give up.
"""

_START = "<!-- rcm: begin (written by `rcm install`, removed by `rcm uninstall`) -->"
_END = "<!-- rcm: end -->"
_SECTION = re.compile(rf"(?:\r?\n)?{re.escape(_START)}.*?{re.escape(_END)}(?:\r?\n)?", re.DOTALL)

_HEADS: dict[TextForm, tuple[str, ...]] = {
    "skill": ("name: rcm", f"description: {_DESCRIPTION}"),
    "cursor": (f"description: {_DESCRIPTION}", "alwaysApply: false"),
    "windsurf": ("trigger: model_decision", f"description: {_DESCRIPTION}"),
    "continue": ("name: rcm", f"description: {_DESCRIPTION}", "alwaysApply: false"),
    "augment": ("type: agent_requested", f"description: {_DESCRIPTION}"),
    "kiro": ("inclusion: always",),
    "copilot": ('applyTo: "**"',),
    "plain": (),
}


def own_file(form: TextForm) -> str:
    """A whole file in one of the forms; `is_ours` knows it again."""
    head = _HEADS[form]
    front = "---\n" + "".join(f"{line}\n" for line in head) + "---\n\n" if head else ""
    return f"{front}{_START}\n{GUIDE}{_END}\n"


def is_ours(text: str) -> bool:
    """Whether a file was written by `own_file`, or has a section of ours."""
    return _START in text and _END in text


def with_section(text: str) -> str:
    """A text of the user's with our section at its end, or renewed where it stands."""
    newline = "\r\n" if "\r\n" in text else "\n"
    section = f"{_START}\n{GUIDE}{_END}\n".replace("\n", newline)
    old = _SECTION.search(text)
    if old:
        lead = newline if old.group().startswith(("\n", "\r\n")) else ""
        return text[: old.start()] + lead + section + text[old.end() :]
    if not text:
        return section
    return text + ("" if text.endswith("\n") else newline) + newline + section


def without_section(text: str) -> str:
    """A text of the user's as it was before `with_section`."""
    return _SECTION.sub("", text, count=1)
