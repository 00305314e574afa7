"""Makes plain JSON of JSON with comments and trailing commas, with every offset as it was.

What has to go is blanked, character for character: the standard parser checks the rest, and finds
where values end.
"""

from __future__ import annotations

import json
import re
from typing import NoReturn

from rcm.agents.edits import ConfigError

TOKEN = re.compile(r'"(?:[^"\\\r\n]|\\.)*"|(?://[^\r\n]*|/\*.*?\*/)', re.DOTALL)
_COMMA = re.compile(r'"(?:[^"\\\r\n]|\\.)*"|,(?=[ \t\r\n]*[}\]])', re.DOTALL)
SPACE = " \t\r\n"


def without_comments(text: str) -> str:
    """Blanks where comments and a byte order mark were."""

    def blank(match: re.Match[str]) -> str:
        token = match.group()
        return token if token[0] == '"' else re.sub(r"[^\r\n]", " ", token)

    bare = TOKEN.sub(blank, text)
    return " " + bare[1:] if bare.startswith("\ufeff") else bare


def plain(bare: str) -> str:
    """Blanks where commas were that nothing follows."""

    def blank(match: re.Match[str]) -> str:
        if match.group() != ",":
            return match.group()
        at = match.start() - 1
        while at >= 0 and bare[at] in SPACE:
            at -= 1
        return "," if at < 0 or bare[at] in "[{,:" else " "

    return _COMMA.sub(blank, bare)


def _refuse(constant: str) -> NoReturn:
    raise ConfigError(f"{constant} is no JSON")


DECODER = json.JSONDecoder(parse_constant=_refuse)
