"""semble as a contender: its command for the first index and whole searches, its Python interface else.

Its command indexes when it searches first, so its first index includes one search. It is told to
index what rcm does, code, documentation and configuration; without network, so its model has to be
on the machine: in the cache of Hugging Face, or in the folder that SEMBLE_MODEL_NAME names.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Sequence
from pathlib import Path

from rcm.bench.children import BenchError, Ran
from rcm.bench.contender import (
    Field,
    Sample,
    Step,
    process_sample,
    query_samples,
    update_samples,
    whole_process,
)
from rcm.bench.report import Size

_JOB = Path(__file__).parent / "jobs" / "semble_job.py"
_OPTIONS = ("--content", "all", "--top-k", "10", "--max-snippet-lines", "10", "--format", "text")


class Semble:
    """semble, by the command at a path."""

    name = "semble"
    note = ""

    def __init__(self, field: Field, program: Path) -> None:
        self._field, self._program = field, program
        self._python = interpreter_of(program)
        self._size: Size | None = None

    def version(self) -> str:
        """What its command says."""
        return self._start([self._program, "--version"]).out.strip()

    def variants(self, _step: Step, /) -> Sequence[str]:
        """One way for each step."""
        return ("",)

    def do(self, step: Step, _variant: str, turn: int, /) -> Iterable[Sample]:
        """Do a step once, measured."""
        if step == "index":
            self._field.room.folder("semble")
            ran = self._search(self._field.questions[0])
            if self._size is None:
                self._size = self._described()
            return [process_sample(ran, "first-index")]
        if step == "ask":
            return query_samples(self._run("ask"))
        if step == "search":
            return whole_process(self._search, self._field.questions, turn)
        samples, printed = update_samples(self._run("update"))
        if printed["missed"]:
            self.note = f"an edit of {self._field.edit.path} was not among its first ten results"
            return [sample for sample in samples if sample.work != "edit"]
        return samples

    def size(self) -> Size | None:
        """What its cache holds."""
        return self._size

    def _described(self) -> Size:
        held = json.loads(self._run("describe").out)
        files = [path for path in self._cache.rglob("*") if path.is_file()]
        stored = sum(path.stat().st_size for path in files)
        source = self._field.scratch.size_bytes
        return Size(self.name, held["files"], held["chunks"], stored, source)

    @property
    def _cache(self) -> Path:
        return self._field.room.path / "semble"

    def _search(self, question: str) -> Ran:
        tree = self._field.scratch.root
        return self._start([self._program, "search", *_OPTIONS, "--", question, tree])

    def _run(self, kind: str) -> Ran:
        return self._start([self._python, _JOB, self._field.job(kind)])

    def _start(self, words: Sequence[str | Path]) -> Ran:
        env = {"HF_HUB_OFFLINE": "1", "SEMBLE_CACHE_LOCATION": str(self._cache)}
        try:
            return self._field.room.run(words, env=env)
        except BenchError as error:
            hint = (
                ""
                if os.environ.get("SEMBLE_MODEL_NAME")
                else "SEMBLE_MODEL_NAME=DIR names its model"
            )
            raise BenchError(str(error), hint=hint) from error


def interpreter_of(program: Path) -> Path:
    """The Python that a console script is run by, told by its first line or by what lies beside it.

    Raises:
        BenchError: If neither tells.
    """
    try:
        with program.open("rb") as file:
            first = file.readline(4096).decode("utf-8", "replace").strip()
    except OSError as error:
        raise BenchError(f"{program}: {error.strerror}") from error
    named = Path(first.removeprefix("#!").strip()) if first.startswith("#!") else Path()
    for candidate in (named, program.resolve().parent / "python"):
        if candidate.name.startswith("python") and candidate.is_file():
            return candidate
    raise BenchError(f"{program}: no Python interpreter in its first line or beside it")
