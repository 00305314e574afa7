"""What an update reports, while it runs, at its end and for later."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from rcm.types import IndexMode, SecretsMode


@dataclass(frozen=True, slots=True)
class FileFailure:
    """A file that should have been indexed and could not be.

    Attributes:
        path: Relative to the root.
        error: Why, lower case, no full stop.
    """

    path: str
    error: str


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a run has come.

    Attributes:
        phase: `"walk"`, `"index"` or `"commit"`.
        done: Units done in this phase (files).
        total: Units in this phase, or None while unknown.
        chunks: Chunks made so far.
    """

    phase: str
    done: int
    total: int | None
    chunks: int


@dataclass(frozen=True, slots=True)
class IndexReport:
    """What one `Index.update` did.

    Attributes:
        root: Absolute path of the indexed root.
        mode: The mode that ran.
        mode_reason: Why this mode: `"asked for"`, `"default"`, `"FORCE_SEQUENTIAL=1"` or
            `"5,000 or more changed files"`.
        workers: Worker threads.
        files_total: Files that passed the path rules.
        files_indexed: Files (re)indexed in this run.
        files_unchanged: Files whose content is as indexed.
        files_removed: Files that are gone since the last run.
        skipped: Files left out, by reason (`"binary"`, `"too-large"`, ...).
        failures: Files that could not be processed.
        changed_during_run: Files that changed between walk and read; the next run looks again.
        redactions: Secrets replaced before chunking, in the files indexed in this run.
        chunks_written: Chunks written in this run.
        chunks_total: Chunks in the index now.
        seconds: Wall seconds of the whole run.
        cpu_seconds: CPU seconds of the process during the run.
        phases: Busy seconds per phase, summed over threads: walk, read, hash, filter, parse,
            chunk, embed, lexical, vectors, commit.
        peak_memory_bytes: Highest resident size of the process so far.
        merkle_root: Hex SHA-256 over paths and contents of all indexed files.
        epoch: Number of the commit that the index is at now.
        commits: Commits made in this run (checkpoints and the last one).
        warning: Something the user should know, or None.
        secrets: What is done about secrets.
        secrets_allowed: Secrets that stay in the files indexed in this run, because their line or
            `.rcm-secrets-allow` says so.
        words_only: Chunks written in this run that have no vector and are found by their words alone:
            nothing in them means anything to the model, or it gave values that are not finite.
        files_reused: Files of a first index whose chunks and vectors another index had, from the
            same content at the same path; they count as unchanged, too.
        reused_from: Tree of that index, or an empty string.
    """

    root: str
    mode: IndexMode
    mode_reason: str
    workers: int
    files_total: int
    files_indexed: int
    files_unchanged: int
    files_removed: int
    skipped: Mapping[str, int]
    failures: tuple[FileFailure, ...]
    changed_during_run: tuple[str, ...]
    redactions: int
    chunks_written: int
    chunks_total: int
    seconds: float
    cpu_seconds: float
    phases: Mapping[str, float]
    peak_memory_bytes: int
    merkle_root: str
    epoch: int
    commits: int
    warning: str | None = None
    secrets: SecretsMode = "redact"
    secrets_allowed: int = 0
    words_only: int = 0
    files_reused: int = 0
    reused_from: str = ""

    def _repr_html_(self) -> str:
        """Return the report as a table, for notebooks."""
        from rcm.markup import table_of

        return table_of(self, f"indexed {self.root}")


@dataclass(frozen=True, slots=True)
class LastRun:
    """What the last run took that was long enough to tell something, or the first.

    Attributes:
        finished_at: When, ISO 8601 in UTC.
        mode: `"sequential"`, `"parallel"` or `"pipeline"`.
        workers: Worker threads.
        files_indexed: Files read, parsed and written.
        chunks_written: Chunks of those files.
        seconds: Wall-clock seconds.
        cpu_seconds: Seconds of processor time, all threads.
        peak_memory_bytes: Most memory that the process had in use.
        phases: Busy seconds per phase, as in `IndexReport`.
    """

    finished_at: str
    mode: str
    workers: int
    files_indexed: int
    chunks_written: int
    seconds: float
    cpu_seconds: float
    peak_memory_bytes: int
    phases: Mapping[str, float]
