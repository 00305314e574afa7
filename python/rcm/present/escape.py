r"""Makes text from files safe to show.

A terminal obeys control characters, and readers trust what they see.

Control characters, bidirectional overrides, zero-width and tag characters become visible escapes
(`\x1b`, `\u202e`, `\U000e0041`), lone surrogates (bytes of a name that are not UTF-8) too.
"""

from __future__ import annotations

import re

_ALWAYS = (
    r"\x7f-\x9f"  # DEL and C1
    r"\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u3164\uffa0"  # drawn as nothing
    r"\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"  # zero width, line ends, bidi
    r"\ud800-\udfff"  # lone surrogates
    r"\U000e0000-\U000e0fff"  # tags and supplementary variation selectors
)
# Compiled when first used (`re` keeps them): most text needs neither.
_IN_CODE = rf"[\x00-\x08\x0b-\x1f{_ALWAYS}]"
_IN_PATHS = rf"[\x00-\x1f{_ALWAYS}]"


def escape_code(text: str) -> str:
    """Escapes everything a terminal would obey or hide, except tabs and line feeds."""
    if text.isascii() and text.replace("\t", "").replace("\n", "").isprintable():
        return text
    return re.sub(_IN_CODE, _visible, text)


def escape_path(path: str) -> str:
    """Escapes like `escape_code`, and tabs and line feeds too: a path is one line."""
    if path.isascii() and path.isprintable():
        return path
    return re.sub(_IN_PATHS, _visible, path)


def _visible(match: re.Match[str]) -> str:
    code = ord(match.group())
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
