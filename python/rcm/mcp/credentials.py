"""Credentials: the token that clients over HTTP show, in a file that only the user can read."""

from __future__ import annotations

import contextlib
import os
import re
import secrets
import stat
from pathlib import Path

from rcm.store.folder import make_private

#: Name of the file, beside the indexes.
TOKEN_FILE = "mcp-token"  # noqa: S105 (a file's name)
#: 256 bits, as `secrets.token_urlsafe` writes them.
_BYTES = 32
_FORM = re.compile(r"[A-Za-z0-9_-]{43}\n?")


def bearer_token(home: Path) -> tuple[str, bool]:
    """Return the token of this user, and whether it was made just now.

    Args:
        home: Folder of everything that rcm keeps.

    Raises:
        PermissionError: If somebody else could have read or written the file.
        ValueError: If it holds no token.
        OSError: If it can be neither read nor made.
    """
    path = home / TOKEN_FILE
    make_private(home)
    with contextlib.suppress(FileNotFoundError):
        return _read(path), False
    token = secrets.token_urlsafe(_BYTES)
    draft = path.with_name(f".{TOKEN_FILE}.{secrets.token_hex(8)}")
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    try:
        with open(os.open(draft, flags, 0o600), "w", encoding="ascii") as file:
            file.write(f"{token}\n")
        # A link fails where another server was faster; then its token counts.
        os.link(draft, path)
    except FileExistsError:
        return _read(path), False
    finally:
        draft.unlink(missing_ok=True)
    return token, True


def _read(path: Path) -> str:
    flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
    with open(os.open(path, flags), encoding="ascii", errors="replace") as file:
        found = os.fstat(file.fileno())
        mine = stat.S_ISREG(found.st_mode) and found.st_uid == os.geteuid()
        if not mine or found.st_mode & 0o077:
            raise PermissionError(
                13, "others may read this token; delete it, a new one is made", str(path)
            )
        token = file.read(100)
    if not _FORM.fullmatch(token):
        raise ValueError(f"{path}: no token in it; delete it, a new one is made")
    return token.strip()
