"""Inspect: what every stage makes of one file, before anyone reaches for a debugger."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from rcm import _rcm
from rcm.embed.static import PACKAGED
from rcm.index import enclosing_root


def inspect_file(
    path: str | os.PathLike[str], *, root: str | os.PathLike[str] | None = None
) -> dict[str, Any]:
    """Run the stages on one file and report each.

    Args:
        path: The file.
        root: The tree it belongs to; by default the enclosing repository.

    Returns:
        Values ready for JSON: path, root, size, stat, sha256, walk (`"kept"` or the skip reason),
        filter, language, degraded, symbols, references, chunks, phases (seconds per stage).

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If it lies outside `root`.
    """
    from rcm.allow_list import read_allow_list

    file = Path(path)
    if not file.exists() and not file.is_symlink():
        raise FileNotFoundError(2, "no such file", os.fspath(path))
    if file.is_dir():
        raise IsADirectoryError(21, "is a directory", os.fspath(path))
    # The file itself may be a link, which the walk stage is to say; its folder is resolved.
    absolute = file.parent.resolve() / file.name
    tree = Path(root).resolve() if root is not None else enclosing_root(absolute.parent)
    if not absolute.is_relative_to(tree):
        raise ValueError(f"{os.fspath(path)}: not below {tree}")
    relative = absolute.relative_to(tree)
    allowed = list(read_allow_list(tree).fingerprints)
    report = _rcm.inspect(tree, relative, table=_rcm.StaticTable(PACKAGED), allowed=allowed)
    return {**report, "path": relative.as_posix(), "root": str(tree)}
