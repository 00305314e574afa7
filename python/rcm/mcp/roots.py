"""Roots: which trees a server is about when nobody named any on its command line."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import anyio
from mcp.server.context import ServerRequestContext

from rcm.index import enclosing_root
from rcm.mcp.server import Choose, client_roots
from rcm.mcp.trees import Trees

#: Folders taken of a client's list.
_MOST_ROOTS = 32

Open = Callable[[Sequence[Path]], Trees]


def always(trees: Trees) -> Choose:
    """Every call is about these trees."""

    async def choose(_context: ServerRequestContext[Any]) -> Trees:
        return trees

    return choose


def of_client(fallback: Path, opened: Open) -> Choose:
    """Calls are about the folders that the client works in, else about the one where the server started.

    The client is asked once, with its first call. For a server with one client.

    Args:
        fallback: Where the server started.
        opened: Opens trees.
    """
    asked = anyio.Lock()
    found: list[Trees] = []

    async def choose(context: ServerRequestContext[Any]) -> Trees:
        async with asked:
            if not found:
                folders = local_folders(await client_roots(context))
                found.append(opened(folders or [enclosing_root(fallback)]))
        return found[0]

    return choose


def local_folders(uris: Sequence[str]) -> list[Path]:
    """Return the folders on this machine that file URIs name, in their order."""
    folders = []
    for uri in uris[:_MOST_ROOTS]:
        parts = urlsplit(uri)
        if parts.scheme == "file" and parts.netloc in ("", "localhost"):
            path = Path(unquote(parts.path))
            if path.is_absolute() and path.is_dir():
                folders.append(path)
    return folders
