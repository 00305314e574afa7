r"""Paths as agents see them: one line that is safe to show, and that names the very file when it comes back.

`\x0a` is a line feed, `\u202e` a mark that turns the reading order, `\udcff` a byte that is not UTF-8, and
`\\` a backslash. So no two files are spelled alike.
"""

from __future__ import annotations

import re

from rcm.present.escape import escape_path

_ESCAPE = re.compile(r"\\(?:\\|x[0-9a-f]{2}|u[0-9a-f]{4}|U000[0-9a-f]{5}|U0010[0-9a-f]{4})")


def spelled(path: str) -> str:
    """Return a path, or a folder's name, as answers show it."""
    return escape_path(path.replace("\\", "\\\\"))


def meant(spelling: str) -> str:
    """Return the path that an answer spelled so; what is no escape stays as it is."""
    if "\\" not in spelling:
        return spelling
    return _ESCAPE.sub(lambda escape: chr(int(escape[0][2:] or "5c", 16)), spelling)
