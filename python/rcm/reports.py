"""What updates, looks at an index, exact searches and scans for secrets report.

None of it is on the way of a search: making these classes takes as long as a query.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from rcm.types import FindingLevel, Freshness, IndexMode, IndexState, SecretsMode, WatchEventKind


@dataclass(frozen=True, slots=True)
class Excerpt:
    """Lines of an indexed file as they are on disk now, secrets replaced.

    Attributes:
        root: Absolute path of the tree.
        path: Relative to the root, with forward slashes.
        start_line: First line, 1-based.
        end_line: Last line, inclusive.
        total_lines: Lines of the file, up to the last one that is not blank.
        text: The lines, joined by line feeds.
        language: Name of the file's language.
        freshness: `"changed"` if the file no longer says what was indexed.
    """

    root: str
    path: str
    start_line: int
    end_line: int
    total_lines: int
    text: str
    language: str
    freshness: Freshness


@dataclass(frozen=True, slots=True)
class MatchedLine:
    """One line of an exact search.

    Attributes:
        path: Relative to the root, with forward slashes.
        line: 1-based.
        text: The line as it is on disk now, secrets replaced, without its end.
        spans: What matches: (first character, the one after the last), from 0.
        matched: False for a line beside one that matches.
        language: Name of the file's language.
        root: Absolute path of the tree.
    """

    path: str
    line: int
    text: str
    spans: tuple[tuple[int, int], ...]
    matched: bool
    language: str
    root: str


@dataclass(frozen=True, slots=True)
class GrepReport:
    """What one `Index.grep` found, and where it looked.

    Attributes:
        root: Absolute path of the tree.
        pattern: What was looked for.
        lines: In order of path and line.
        files_searched: Files whose text was searched; filters left the others out.
        files_matched: Files with a line that matches.
        skipped: Files that no index would hold, by reason (`"binary"`, `"too-large"`, ...).
        failures: Files that could not be read.
        complete: Whether every file that passes was searched: none failed, and no limit was reached.
    """

    root: str
    pattern: str
    lines: tuple[MatchedLine, ...]
    files_searched: int
    files_matched: int
    skipped: Mapping[str, int]
    failures: tuple[FileFailure, ...]
    complete: bool


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
class WatchEvent:
    """What happened while a tree was watched.

    Attributes:
        event: `"watching"` once the index is up to date, `"updated"`, `"waiting"` for another
            writer, `"failed"` when an update did (it is tried again), `"polling"` when the system
            gives no hints and the tree is scanned every few seconds instead.
        time: When, ISO 8601 in UTC.
        files_indexed: Files (re)indexed.
        files_removed: Files that are gone.
        chunks_total: Chunks in the index then, 0 where nothing was updated.
        seconds: What the update took.
        reason: Why, where something is in the way.
    """

    event: WatchEventKind
    time: str
    files_indexed: int = 0
    files_removed: int = 0
    chunks_total: int = 0
    seconds: float = 0.0
    reason: str = ""


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


@dataclass(frozen=True, slots=True)
class IndexStatus:
    """What an index holds and how it compares with the tree now.

    Attributes:
        root: Absolute path of the indexed root.
        index_dir: Folder of the index.
        exists: Whether there is an index.
        epoch: Number of the last commit.
        files: Files in the index.
        chunks: Chunks in the index.
        languages: Files per language.
        embedder: Identity of the embedder.
        dim: Vector length.
        index_bytes: Bytes on disk.
        merkle_root: Hex SHA-256 over paths and contents of all indexed files.
        added: Files on disk that the index does not have.
        changed: Files whose content differs.
        removed: Files that are gone from disk.
        stale_fields: Identity fields that differ from this version of rcm; a rebuild is needed
            when there are any.
        updated_at: When the last commit was made, ISO 8601 in UTC, or an empty string.
        last_run: What the last long run took, None if the index does not say.
    """

    root: str
    index_dir: str
    exists: bool
    epoch: int
    files: int
    chunks: int
    languages: Mapping[str, int]
    embedder: str
    dim: int
    index_bytes: int
    merkle_root: str
    added: tuple[str, ...]
    changed: tuple[str, ...]
    removed: tuple[str, ...]
    stale_fields: tuple[str, ...]
    updated_at: str
    last_run: LastRun | None = None

    def _repr_html_(self) -> str:
        """Return the status as a table, for notebooks."""
        from rcm.markup import table_of

        return table_of(self, f"index of {self.root}")


@dataclass(frozen=True, slots=True)
class KeptIndex:
    """One index in the user's cache folder.

    Attributes:
        root: Absolute path of its tree, empty where the index does not say.
        index_dir: Its folder.
        state: `"ok"`, or why it cannot be searched: its tree is `"missing"`, it is of an
            `"other-format"`, `"damaged"`, or its first update is `"unfinished"`.
        locked: Whether a process is writing it now.
        files: Files with chunks; 0 of another format.
        chunks: Chunks.
        index_bytes: Size on disk, all generations.
        crash_bytes: Size of what crashed runs have left.
        updated_at: When the last commit was made, ISO 8601 in UTC, or an empty string.
    """

    root: str
    index_dir: str
    state: IndexState
    locked: bool
    files: int
    chunks: int
    index_bytes: int
    crash_bytes: int
    updated_at: str


@dataclass(frozen=True, slots=True)
class SecretFinding:
    """A secret in a file. The value is not kept.

    Attributes:
        path: Relative to the root.
        line: 1-based line it begins on.
        end_line: Its last line; more than `line` for private keys only.
        rule: Name of the rule that found it.
        confidence: `"high"` when the form itself tells, `"generic"` for a random value assigned to
            a name that says secret.
        fingerprint: Eight hexadecimal digits that tell it from others; `.rcm-secrets-allow` takes
            them.
        allowed: Whether its line or `.rcm-secrets-allow` lets it stay.
    """

    path: str
    line: int
    end_line: int
    rule: str
    confidence: Literal["high", "generic"]
    fingerprint: str
    allowed: bool


@dataclass(frozen=True, slots=True)
class SecretsReport:
    """What `find_secrets` found in a tree.

    Attributes:
        root: Absolute path of the tree.
        findings: Secrets, in order of path and line.
        files_scanned: Files whose text was looked at.
        skipped: Files not looked at, by reason; those with `"sensitive-name"` are never opened.
        failures: Files that could not be read.
        warning: Something the user should know, or None.
    """

    root: str
    findings: tuple[SecretFinding, ...]
    files_scanned: int
    skipped: Mapping[str, int]
    failures: tuple[FileFailure, ...]
    warning: str | None = None


@dataclass(frozen=True, slots=True)
class Finding:
    """What one check of `Index.doctor` found.

    Attributes:
        level: `"damage"` if the index must not be used, `"repaired"` if it was something and is
            right now, `"warning"` for what wants attention, `"note"` for what is worth knowing.
        check: Which check: `"lock"`, `"disk"`, `"pointer"`, `"mark"`, `"manifest"`, `"files"`,
            `"contents"`, `"control"`, `"table"`, `"segments"`, `"ids"`, `"vectors"`,
            `"left-over"`, `"orphans"`, `"permissions"`, `"identity"` or `"tree"`.
        message: What was found, with the path it is about.
    """

    level: FindingLevel
    check: str
    message: str


@dataclass(frozen=True, slots=True)
class DoctorReport:
    """What one `Index.doctor` found.

    Attributes:
        root: Absolute path of the indexed root.
        index_dir: Folder of the index.
        full: Whether every byte was read.
        sealed: Whether a manifest describes all files; False while a writer works, and after one
            was interrupted.
        findings: In the order of the checks.
        bytes_read: Bytes of the index that were read for checksums.
        seconds: Wall seconds.
        cpu_seconds: CPU seconds of the process meanwhile.
    """

    root: str
    index_dir: str
    full: bool
    sealed: bool
    findings: tuple[Finding, ...]
    bytes_read: int
    seconds: float
    cpu_seconds: float

    @property
    def verdict(self) -> Literal["ok", "repaired", "damaged"]:
        """The worst of it: notes and warnings do not count."""
        levels = {finding.level for finding in self.findings}
        if "damage" in levels:
            return "damaged"
        return "repaired" if "repaired" in levels else "ok"
