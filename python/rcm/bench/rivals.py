"""Which rivals there are, and where they are found."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path

from rcm.bench.contender import Competitor, Field
from rcm.bench.ripgrep import Ripgrep
from rcm.bench.semble import Semble

#: Name on PATH, and what measures it.
RIVALS: Mapping[str, tuple[str, Callable[[Field, Path], Competitor]]] = {
    "semble": ("semble", Semble),
    "ripgrep": ("rg", Ripgrep),
}


def parse(text: str) -> dict[str, Path | None]:
    """Read `NAME[=PATH],...`: the rivals asked for, each with its program, None where it is not installed.

    Raises:
        ValueError: If a name is unknown or a path leads to no program.
    """
    asked: dict[str, Path | None] = {}
    for part in filter(None, text.split(",")):
        name, given, path = part.partition("=")
        if name not in RIVALS:
            raise ValueError(f"rival is {name!r}, not one of {', '.join(RIVALS)}")
        if given and not os.access(path, os.X_OK):
            raise ValueError(f"{name}={path}: no program there")
        found = path if given else shutil.which(RIVALS[name][0])
        asked[name] = Path(found).absolute() if found else None
    return asked
