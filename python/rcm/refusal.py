"""Refusal: trees that nobody means to index unasked."""

from __future__ import annotations

import os
from pathlib import Path


def whole_disk_or_home(root: Path) -> str | None:
    """Say what a tree is if it is more than anybody means to index: a whole disk, or a home folder.

    Args:
        root: Resolved path of the tree.

    Returns:
        `"the root of the file system"`, `"the home folder"`, `"above the home folder"`, or None.
    """
    home = Path(os.path.realpath(Path("~").expanduser()))
    if root == Path(root.anchor):
        return "the root of the file system"
    if not home.is_relative_to(root):
        return None
    return "the home folder" if home == root else "above the home folder"
