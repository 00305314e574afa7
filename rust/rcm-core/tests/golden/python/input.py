"""Maps and how to fold them."""

from __future__ import annotations

import math as m
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

SCALE = 25_000
_cache: dict[str, "Sheet"] = {}

type Grid = list[list[int]]


class FoldError(Exception):
    """Raised when the paper tears."""


@dataclass(frozen=True)
class Sheet(Base, metaclass=Meta):
    """One sheet of a map."""

    name: str
    width: float = 1.0
    layers: list[Layer] = field(default_factory=list)

    MAX = 3

    def __init__(self, name: str) -> None:
        self.name = name

    # Folds once.
    @cached(size=2)
    @property
    def folded(self) -> Sheet:
        """Half the sheet."""

        def crease(at: float) -> float:
            return m.floor(at)

        return Sheet(crease(self.width))

    @staticmethod
    async def load(path: str) -> Sheet:
        return await read(path)

    class Layer:
        colour = "blue"

        def paint(self): ...


# Größe in Kilometern.
def größe(sheet: Sheet, *, unit: str = "km") -> float:
    """Length of the long side.

    Args:
        sheet: the sheet.
    """
    return sheet.width * SCALE


async def walk(sheets: Iterator[Sheet]) -> None:
    async for sheet in sheets:
        print(sheet.name)


double = lambda x: x * 2

if m.pi > 3:

    def conditional() -> Callable[[], None]:
        return lambda: None

else:
    Conditional = None


@decorator
def decorated():
    global _cache
    _cache = {}


class Test:
    def test_fold(self):
        assert größe(Sheet("a")) == SCALE


a, b = 1, 2
