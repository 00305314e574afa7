"""rcm as a contender: the command for first indexes and whole searches, `rcm.Index` for the rest."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, get_args

from rcm import _rcm
from rcm.bench.children import Ran
from rcm.bench.contender import (
    Field,
    Sample,
    Step,
    process_sample,
    query_samples,
    update_samples,
    whole_process,
)
from rcm.bench.report import Check, Size
from rcm.types import IndexMode

MODES: tuple[str, ...] = get_args(IndexMode)
#: The mode whose index is asked and updated, and that rivals are compared with: the default.
USUAL = "parallel"
_JOB = Path(__file__).parent / "jobs" / "rcm_job.py"


class Rcm:
    """This package, by its command and its Python interface."""

    name = "rcm"
    note = ""

    def __init__(self, field: Field) -> None:
        self._field = field
        self._held: dict[str, dict[str, Any]] = {}
        self._wrote_nothing = True
        self._missed: list[str] = []

    def version(self) -> str:
        """The package's version."""
        return _rcm.__version__

    def variants(self, step: Step, /) -> Sequence[str]:
        """The modes for a first index, one way for the rest."""
        return MODES if step == "index" else ("",)

    def do(self, step: Step, variant: str, turn: int, /) -> Iterable[Sample]:
        """Do a step once, measured."""
        if step == "index":
            ran = self._index(variant)
            if turn == 0 and variant == MODES[-1]:
                self._held = self._job("compare", indexes={m: self._folder(m) for m in MODES})
            return [process_sample(ran, "first-index")]
        if step == "ask":
            return query_samples(self._run("ask"))
        if step == "search":
            return whole_process(self._search, self._field.questions, turn)
        samples, printed = update_samples(self._run("update"))
        self._wrote_nothing = self._wrote_nothing and printed["wrote_nothing"]
        self._missed += printed["missed"]
        return samples

    def size(self) -> Size:
        """What the index of the usual mode holds."""
        held = self._held[USUAL]
        source = self._field.scratch.size_bytes
        return Size(self.name, held["files"], held["chunks"], held["index_bytes"], source)

    @property
    def merkle_root(self) -> str:
        """Hex SHA-256 over paths and contents of all indexed files."""
        return str(self._held[USUAL]["merkle_root"])

    def checks(self) -> list[Check]:
        """What was verified while figures were taken."""
        roots = {mode: held["merkle_root"] for mode, held in self._held.items()}
        answers = {mode: (held["results"], held["answers"]) for mode, held in self._held.items()}
        counts = {mode: (held["files"], held["chunks"]) for mode, held in self._held.items()}
        asked = len(self._field.questions)
        results = self._held[USUAL]["results"]
        return [
            _same("modes index the same content", roots, f"Merkle root {self.merkle_root[:16]}"),
            _same("modes make the same chunks", counts, f"{self.size().chunks:,} each"),
            _same("modes answer alike", answers, f"{results:,} results to {asked:,} questions"),
            Check("an update of nothing writes nothing", self._wrote_nothing, "the epoch stays"),
            Check("an edit is found at once", not self._missed, f"in {self._field.edit.path}"),
        ]

    def _index(self, mode: str) -> Ran:
        folder = self._field.room.folder(f"index-{mode}")
        folder.rmdir()  # the first index makes it
        tree = self._field.scratch.root
        return self._command("index", "--mode", mode, "--index-dir", folder, "--quiet", "--", tree)

    def _search(self, question: str) -> Ran:
        tree, folder = self._field.scratch.root, self._folder(USUAL)
        # Nothing found is an answer, too: exit code 1.
        return self._command("search", "--index-dir", folder, "--", question, tree, accepted=(0, 1))

    def _folder(self, mode: str) -> str:
        return str(self._field.room.path / f"index-{mode}")

    def _command(self, *words: str | Path, accepted: Sequence[int] = (0,)) -> Ran:
        return self._start(["-m", "rcm", *words], accepted)

    def _job(self, kind: str, **more: object) -> dict[str, Any]:
        printed: dict[str, Any] = json.loads(self._run(kind, **more).out)
        return printed

    def _run(self, kind: str, **more: object) -> Ran:
        job = self._field.job(kind, index=self._folder(USUAL), **more)
        # Isolated from its own folder (-P): modules beside it are not meant to be imported.
        return self._start(["-P", _JOB, job])

    def _start(self, words: Sequence[str | Path], accepted: Sequence[int] = (0,)) -> Ran:
        home = {"RCM_HOME": str(self._field.room.path / "home")}
        return self._field.room.run([sys.executable, *words], env=home, accepted=accepted)


def _same(name: str, values: dict[str, Any], detail: str) -> Check:
    if len({str(value) for value in values.values()}) == 1:
        return Check(name, True, detail)
    return Check(name, False, ", ".join(f"{mode}: {value}" for mode, value in values.items()))
