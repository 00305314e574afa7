"""Named points of a commit at which a test may let something go wrong; nothing in ordinary use.

`RCM_FAULT=point:N:kind` makes the N-th arrival at a point (`*`: at any of them) end the process
(`abort`), fail as a broken or full disk does (`eio`, `enospc`), raise (`panic`) or wait (`sleep`);
`trace` only names each point that is reached. The variable is read once, here and in the extension,
which keeps the count for both.
"""

from __future__ import annotations

import os
from collections.abc import Callable

from rcm import _rcm


def _pass(point: str) -> None:
    """Go on: no fault is asked for."""


#: Says that a point is reached. Call it before the step that the point is named after.
reach: Callable[[str], None] = _rcm.reach if "RCM_FAULT" in os.environ else _pass
