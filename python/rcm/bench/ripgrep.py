"""ripgrep as a contender: a search for the words of a question, over all files, without an index."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from pathlib import Path

from rcm.bench.children import Ran
from rcm.bench.contender import Field, Sample, Step, whole_process
from rcm.bench.report import Size

_WORD = re.compile(r"\w+")
#: Shorter words of a sentence are on every other line.
_SHORTEST = 4


class Ripgrep:
    """ripgrep, by the command at a path."""

    name = "ripgrep"
    note = ""

    def __init__(self, field: Field, program: Path) -> None:
        self._field, self._program = field, program

    def version(self) -> str:
        """The number in what it says of itself."""
        words = self._field.room.run([self._program, "--version"]).out.split()
        return words[1] if len(words) > 1 else ""

    def variants(self, step: Step) -> Sequence[str]:
        """It only searches."""
        return ("",) if step == "search" else ()

    def do(self, _step: Step, _variant: str, turn: int, /) -> Iterable[Sample]:
        """Search once, measured."""
        return whole_process(self._search, self._field.questions, turn)

    def size(self) -> Size | None:
        """It keeps nothing."""
        return None

    def _search(self, question: str) -> Ran:
        patterns = [word for term in words_of(question) for word in ("-e", term)]
        flags = ["--no-config", "--line-number", "--ignore-case", "--fixed-strings"]
        tree = self._field.scratch.root
        # Nothing found is an answer, too: exit code 1.
        return self._field.room.run([self._program, *flags, *patterns, "--", tree], accepted=(0, 1))


def words_of(question: str) -> list[str]:
    """The words of a question that say something, all of them if none does."""
    words = list(dict.fromkeys(_WORD.findall(question)))
    return [word for word in words if len(word) >= _SHORTEST] or words or [question]
