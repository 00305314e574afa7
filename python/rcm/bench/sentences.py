"""The first sentence of a definition's documentation: a question that its author has written."""

from __future__ import annotations

import re

#: Words of a sentence or subject that says something, at least and at most.
FEWEST_WORDS, MOST_WORDS = 5, 40
#: Kinds of definitions that are worth a question.
KINDS = frozenset(
    (
        "function",
        "method",
        "class",
        "struct",
        "enum",
        "trait",
        "interface",
        "type",
        "macro",
        "constant",
        "constructor",
        "record",
        "protocol",
        "object",
        "union",
    )
)
_COMMENT = re.compile(
    r"^\s*(?:///?!?|//|#:?(?!\[)|\*(?!/)|/\*\*?|--+\|?|;+)\s?(?P<text>.*?)\s*(?:\*/)?\s*$"
)
_DOCSTRING = re.compile(r"^(?P<open>\s*[rR]?(?:\"\"\"|'''))(?P<text>.*?)(?P<close>\"\"\"|''')?\s*$")
_SENTENCE = re.compile(r"^(.+?[.!?])(?:\s|$)")
_WORD = re.compile(r"\w+")

#: Line (0-based), its text, and what is left of the line without it.
Row = tuple[int, str, str]


def first_sentence(
    lines: list[str], start: int, line: int
) -> tuple[str, tuple[tuple[int, str], ...]] | None:
    """Find the first sentence of a definition's documentation: comments above it, or a docstring.

    Args:
        lines: Of the file.
        start: First line of comments and definition, 1-based.
        line: Line of the definition itself.

    Returns:
        The sentence, and its lines (0-based) as they are without it; None if there is none, or one
        of too few or too many words.
    """
    rows: list[Row] = []
    for at in range(start - 1, min(line - 1, len(lines))):
        match = _COMMENT.match(lines[at])
        if match is None:
            break
        rows.append((at, match["text"], ""))
    if not rows:
        rows = _docstring(lines, line)
    text = ""
    used: list[tuple[int, str]] = []
    for at, part, left in rows[:6]:
        if not part:
            if text:
                break
            continue
        text, used = f"{text} {part}".strip(), [*used, (at, left)]
        end = _SENTENCE.match(text)
        if end is not None:
            text = end[1]
            break
    words = _WORD.findall(text)
    return (text, tuple(used)) if FEWEST_WORDS <= len(words) <= MOST_WORDS else None


def _docstring(lines: list[str], line: int) -> list[Row]:
    """Return the rows of a docstring; the line that opens it keeps its quotes."""
    for at in range(line, min(line + 8, len(lines))):
        match = _DOCSTRING.match(lines[at])
        if match is None:
            continue
        if match["close"]:
            return [(at, match["text"], "")]
        rows = [(at, match["text"], match["open"])]
        for further in range(at + 1, min(at + 6, len(lines))):
            if '"""' in lines[further] or "'''" in lines[further]:
                break
            rows.append((further, lines[further].strip(), ""))
        return rows
    return []
