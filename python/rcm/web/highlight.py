"""Source text to coloured pieces, by Pygments; data for the page, never markup.

A line is a flat list: class, text, class, text, ... Joined texts are the line; a class is one of
`CLASSES` or empty. The page makes text nodes of them, so nothing in a file can become an element.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pygments.lexer import Lexer
    from pygments.token import _TokenType

#: Longer texts stay plain: Pygments manages about 0.9 MB per CPU second.
MAX_CHARS = 200_000

#: Token type (a prefix of it) to class, the first that fits; the names are those of the style sheet.
_CLASSES = (
    ("Comment.Preproc", "pre"),
    ("Comment", "com"),
    ("Literal.String.Doc", "com"),
    ("Literal.String.Escape", "esc"),
    ("Literal.String.Interpol", "esc"),
    ("Literal.String", "str"),
    ("Literal.Number", "num"),
    ("Literal", "str"),
    ("Keyword.Type", "typ"),
    ("Keyword.Constant", "num"),
    ("Keyword", "key"),
    ("Operator.Word", "key"),
    ("Name.Function", "fun"),
    ("Name.Class", "typ"),
    ("Name.Exception", "typ"),
    ("Name.Namespace", "typ"),
    ("Name.Builtin", "fun"),
    ("Name.Decorator", "pre"),
    ("Name.Tag", "key"),
    ("Name.Attribute", "fun"),
    ("Name.Label", "pre"),
    ("Name.Constant", "num"),
    ("Generic.Heading", "hed"),
    ("Generic.Subheading", "hed"),
    ("Generic.Emph", "str"),
    ("Generic.Strong", "typ"),
)
CLASSES = frozenset(name for _, name in _CLASSES)


def highlight(text: str, language: str) -> list[list[str]] | None:
    """Cut every line of a text into coloured pieces.

    Args:
        text: The text; lines end in line feeds.
        language: Name of the language as rcm has it.

    Returns:
        One flat list per line, or None where there is nothing to colour: no lexer, or too long.
    """
    if len(text) > MAX_CHARS or language == "text":
        return None
    lexer = _lexer(language)
    if lexer is None:
        return None
    lines: list[list[str]] = [[]]
    # Lexers count on a line feed at the end; the empty line after it is taken away again.
    for _, kind, piece in lexer.get_tokens_unprocessed(text + "\n"):
        name = _class(kind)
        for nth, part in enumerate(piece.split("\n")):
            if nth:
                lines.append([])
            if part:
                _add(lines[-1], name, part)
    return lines[:-1]


def _add(line: list[str], name: str, text: str) -> None:
    if line and line[-2] == name:
        line[-1] += text
    else:
        line += (name, text)


@cache
def _lexer(language: str) -> Lexer | None:
    from pygments.lexers import get_lexer_by_name
    from pygments.util import ClassNotFound

    try:
        return get_lexer_by_name(language)
    except ClassNotFound:
        return None


@cache
def _class(kind: _TokenType) -> str:
    name = ".".join(kind)
    return next(
        (known for prefix, known in _CLASSES if name == prefix or name.startswith(f"{prefix}.")),
        "",
    )
