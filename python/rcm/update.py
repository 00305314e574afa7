"""Update: bring an index up to date with its tree. Diff, chunk batches, embed, store, commit.

The modes sequential, parallel and pipeline differ in when files are processed (`pipeline.rs`) and
chunks embedded (`schedule.py`), never in what is done with them.
"""

from __future__ import annotations

import resource
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from rcm import _rcm
from rcm.allow_list import NOTHING_ALLOWED, AllowList
from rcm.chunks import ChunkBatches, ScanOptions, walk
from rcm.crashes import Watch, watched
from rcm.embed import Embedder
from rcm.errors import IndexDamagedError
from rcm.generations import choose_generation
from rcm.last_run import from_meta, to_meta
from rcm.memory import plan_memory
from rcm.reports.update import FileFailure, IndexReport, LastRun, Progress
from rcm.schedule import Embedding
from rcm.settings import PIPELINE_FILES, default_workers, root_name
from rcm.store.borrow import borrow
from rcm.store.embedding_cache import CachedEmbedder
from rcm.store.folder import Generation, IndexFolder
from rcm.store.vectors import VectorSink
from rcm.store.writer import IndexWriter
from rcm.types import IndexMode

#: A long run commits whenever this many chunks (fewer when memory is limited) or seconds have gathered;
#: a killed run resumes there.
CHECKPOINT_CHUNKS = 20_000
CHECKPOINT_SECONDS = 30.0
#: Files without chunks count, too: what is known of each is held until the commit.
CHECKPOINT_FILES = 50_000
#: An update of so many files, or one so long, says how long a file takes; a shorter one is mostly
#: the commit.
_TELLING_FILES, _TELLING_SECONDS = 50, 1.0

_PHASES = (
    "walk",
    "read",
    "hash",
    "filter",
    "parse",
    "chunk",
    "embed",
    "lexical",
    "vectors",
    "commit",
)


@dataclass(frozen=True, slots=True)
class UpdateOptions:
    """How to run one update.

    Attributes:
        mode: The mode asked for, or None to choose.
        force: Build a new index beside the old one, whatever is unchanged.
        workers: Threads, or None to choose.
        scan: What to look at.
        allowed: Which secrets may stay.
        force_sequential: Whether the environment forces sequential mode.
        max_memory: Bytes that the run may use, or None for no limit.
        progress: Called now and then, from the thread that runs the update.
        donors: Folder with the indexes of other trees, one of which a first index may begin as a
            copy of; None for none.
    """

    mode: IndexMode | None = None
    force: bool = False
    workers: int | None = None
    scan: ScanOptions = field(default_factory=ScanOptions)
    allowed: AllowList = NOTHING_ALLOWED
    force_sequential: bool = False
    max_memory: int | None = None
    progress: Callable[[Progress], None] | None = None
    donors: Path | None = None


def update(
    root: Path,
    folder: IndexFolder,
    embedder: Embedder,
    identity: dict[str, str],
    options: UpdateOptions,
    sinks: Callable[[Generation], VectorSink] | None = None,
) -> IndexReport:
    """Bring an index up to date; the caller holds the lock.

    Args:
        root: The tree.
        folder: The index.
        embedder: Makes the vectors.
        identity: What the index depends on; a generation made under another one is rebuilt.
        options: How to run.
        sinks: Opens the place where a generation's dense vectors go, if not into local segments.

    Raises:
        VectorStoreError: If that place does not answer as it should; the last commit holds.
        OSError: If the root cannot be listed or the disk refuses; the last commit holds.
    """
    try:
        return _update(root, folder, embedder, identity, options, sinks)
    except IndexDamagedError:
        # Found on the way and marked; a marked generation is not gone on with.
        return _update(root, folder, embedder, identity, options, sinks)


def _update(
    root: Path,
    folder: IndexFolder,
    embedder: Embedder,
    identity: dict[str, str],
    options: UpdateOptions,
    sinks: Callable[[Generation], VectorSink] | None,
) -> IndexReport:
    run = _Run(root, embedder, options)
    generation, warning = choose_generation(folder, identity, force=options.force)
    if generation.is_new and options.donors is not None and sinks is None:
        run.reused_from = borrow(options.donors, generation, root, identity)
    sink = sinks(generation) if sinks is not None else None
    try:
        told = _write(run, folder, generation, identity, sink)
    except IndexDamagedError as error:
        generation.mark_damaged(str(error))
        raise
    return run.report(warning, told)


def _write(
    run: _Run,
    folder: IndexFolder,
    generation: Generation,
    identity: dict[str, str],
    sink: VectorSink | None,
) -> str | None:
    """Index into a generation, make it the current one, and write down what it is made of.

    Returns:
        What to tell of files that crashed an earlier run.
    """
    dim = 0 if sink is not None else run.embedder.dim
    writer = IndexWriter(
        generation,
        dim=dim,
        model=run.embedder.digest,
        sink=sink,
        heap_bytes=run.memory.heap_bytes,
    )
    try:
        if sink is not None:
            sink.prepare(writer.alive(), fresh=writer.epoch == 0)
            identity = {**identity, "collection": sink.collection}
        if writer.epoch == 0:
            writer.table.set_meta(identity)
        # A first index can be searched from its first checkpoint on.
        on_commit = None if folder.exists() else lambda: folder.switch(generation)
        with watched(folder.path, run.root, run.options.scan.max_file_bytes) as watch:
            run.index(writer, watch, on_commit)
        if not folder.points_to(generation):
            folder.switch(generation)
        if sink is not None:
            sink.drop_others()
        run.note(writer)
        writer.seal()
        run.finish(writer)
        return watch.warning
    finally:
        writer.close()


class _Run:
    """One run: what it saw and how long each phase took."""

    def __init__(self, root: Path, embedder: Embedder, options: UpdateOptions) -> None:
        self.root, self.embedder, self.options = root, embedder, options
        self.started, self.started_cpu = time.perf_counter(), time.process_time()
        self.seconds = dict.fromkeys(_PHASES, 0.0)
        self.memory = plan_memory(options.max_memory, options.workers or default_workers())
        self.workers = self.memory.workers
        self.mode: IndexMode = "parallel"
        self.mode_reason = "default"
        self.counts: Counter[str] = Counter()
        self.failures: list[FileFailure] = []
        self.moved: list[str] = []
        self.chunks = self.redactions = self.allowed = self.removed = self.total = self.wordy = 0
        self.walked: _rcm.Walked
        self.by_content: dict[str, int] = {}
        self.merkle_root = self.reused_from = ""
        self.chunks_total = self.epoch = self.commits = 0
        self._touched: list[tuple[str, tuple[int, int, int, int], int]] = []

    def index(
        self, writer: IndexWriter, watch: Watch, on_commit: Callable[[], None] | None = None
    ) -> None:
        """Diff, process, embed, store, commit; `on_commit` is called after each commit."""
        self._on_commit = on_commit
        self._progress("walk", 0, None)
        scanned_ns = time.time_ns()
        started = time.perf_counter()
        self.walked = walk(self.root, self.options.scan, workers=self.workers)
        plan = writer.plan(self.walked)
        self.seconds["walk"] = time.perf_counter() - started
        self.total = len(self.walked)
        self.failures += [FileFailure(path, error) for path, error in self.walked.failures]
        self.counts["unchanged"] = plan.n_unchanged
        self._choose_mode(plan.n_candidates)
        self.removed += writer.remove(plan.removed)
        if plan.n_candidates:
            batches = ChunkBatches(
                plan,
                self.mode,
                self.workers,
                self.options.scan,
                self.memory.block_bytes,
                self.options.allowed,
                notes=watch.notes,
                crashed=watch.crashed,
            )
            self._store(writer, batches, plan.n_candidates, scanned_ns)
            self._add_seconds(batches.seconds())
        self._progress("commit", self.total, self.total)
        self._commit(writer, complete=True)
        writer.refresh(self._touched)
        for name, seconds in writer.seconds.items():
            self.seconds[name] += seconds

    def _choose_mode(self, n_changed: int) -> None:
        if self.options.mode is not None:
            self.mode, self.mode_reason = self.options.mode, "asked for"
        elif self.options.force_sequential:
            self.mode, self.mode_reason = "sequential", "FORCE_SEQUENTIAL=1"
        elif n_changed >= PIPELINE_FILES:
            self.mode = "pipeline"
            self.mode_reason = f"{PIPELINE_FILES:,} or more changed files"
        if self.mode == "sequential":
            self.workers = 1

    def _store(
        self, writer: IndexWriter, batches: Iterable[_rcm.Batch], total: int, scanned_ns: int
    ) -> None:
        done = 0
        checkpoint = time.monotonic()
        embedding = Embedding(self.embedder, self.workers, self.memory.embed_slice)
        for batch, vectors in embedding.embedded(batches, self.mode):
            outcomes = batch.files
            for outcome in outcomes:
                self._count(outcome, writer, scanned_ns)
            writer.put(batch, outcomes, vectors, scanned_ns)
            done += len(outcomes)
            self.chunks += len(batch)
            self.wordy += sum(part.n_zero() for part in vectors)
            self._progress("index", done, total)
            late = time.monotonic() - checkpoint > CHECKPOINT_SECONDS
            many = writer.pending_chunks >= min(CHECKPOINT_CHUNKS, self.memory.checkpoint_chunks)
            many = many or writer.pending_files >= CHECKPOINT_FILES
            if done < total and (late or many):
                self._commit(writer, complete=False)
                checkpoint = time.monotonic()
        self.seconds["embed"] += embedding.seconds

    def _count(self, outcome: _rcm.FileOutcome, writer: IndexWriter, scanned_ns: int) -> None:
        self.counts[outcome.status] += 1
        self.redactions += outcome.n_redactions
        self.allowed += outcome.n_allowed
        if outcome.status == "gone":
            self.removed += writer.remove([outcome.path])
        elif outcome.status == "failed":
            self.failures.append(FileFailure(outcome.path, outcome.reason))
        elif outcome.status == "unchanged":
            self._touched.append((outcome.path, outcome.stat, scanned_ns))
        elif outcome.status == "skipped" and outcome.digest is None:
            self.removed += writer.remove([outcome.path])
        if outcome.moved:
            self.moved.append(outcome.path)

    def _commit(self, writer: IndexWriter, *, complete: bool) -> None:
        meta = {
            "root": root_name(self.root),
            "complete": str(int(complete)),
            **self.options.scan.to_meta(),
        }
        if complete:
            meta["merkle_root"] = writer.merkle_root()
        if writer.commit(meta, final=complete) and self._on_commit is not None:
            self._on_commit()

    def _add_seconds(self, stages: dict[str, float]) -> None:
        self.seconds["lexical"] += stages.pop("terms", 0.0)
        for stage, seconds in stages.items():
            self.seconds[stage] += seconds

    def _progress(self, phase: str, done: int, total: int | None) -> None:
        if self.options.progress is not None:
            self.options.progress(Progress(phase, done, total, self.chunks))

    def note(self, writer: IndexWriter) -> None:
        """Have the index remember what a long run took, and a file: an update can be guessed then."""
        indexed, seconds = self.counts["indexed"], time.perf_counter() - self.started
        telling = indexed >= _TELLING_FILES or seconds >= _TELLING_SECONDS
        if indexed and telling:
            writer.table.set_meta({"seconds_per_file": f"{seconds / indexed:.6f}"})
        if indexed and (telling or from_meta(writer.table.meta()) is None):
            writer.table.set_meta(to_meta(self._last_run(seconds)))

    def _last_run(self, seconds: float) -> LastRun:
        return LastRun(
            finished_at=datetime.now(UTC).isoformat(timespec="seconds"),
            mode=self.mode,
            workers=self.workers,
            files_indexed=self.counts["indexed"],
            chunks_written=self.chunks,
            seconds=seconds,
            cpu_seconds=time.process_time() - self.started_cpu,
            peak_memory_bytes=_peak_memory_bytes(),
            phases=self.seconds,
        )

    def finish(self, writer: IndexWriter) -> None:
        """Note what the writer knows at the end."""
        self.chunks_total, self.by_content = writer.counts()
        self.merkle_root = writer.table.meta().get("merkle_root", "")
        self.epoch, self.commits = writer.epoch, writer.commits

    def report(self, *warnings: str | None) -> IndexReport:
        """Sum the run up."""
        by_path = Counter(reason for _, reason in self.walked.skipped)
        by_content = self.by_content
        listed = self.options.allowed.warning
        refusal = self.embedder.refusal if isinstance(self.embedder, CachedEmbedder) else None
        told = [text for text in (self.walked.warning, *warnings, listed, refusal) if text]
        return IndexReport(
            root=str(self.root),
            mode=self.mode,
            mode_reason=self.mode_reason,
            workers=self.workers,
            files_total=self.total + by_path.total(),
            files_indexed=self.counts["indexed"],
            files_unchanged=self._unchanged(),
            files_removed=self.removed,
            skipped=dict(sorted((by_path + Counter(by_content)).items())),
            failures=tuple(self.failures),
            changed_during_run=tuple(self.moved),
            redactions=self.redactions,
            chunks_written=self.chunks,
            chunks_total=self.chunks_total,
            seconds=time.perf_counter() - self.started,
            cpu_seconds=time.process_time() - self.started_cpu,
            phases=self.seconds,
            peak_memory_bytes=_peak_memory_bytes(),
            merkle_root=self.merkle_root,
            epoch=self.epoch,
            commits=self.commits,
            warning="\n".join(told) or None,
            secrets=self.options.scan.secrets,
            secrets_allowed=self.allowed,
            words_only=self.wordy,
            files_reused=self._unchanged() if self.reused_from else 0,
            reused_from=self.reused_from,
        )

    def _unchanged(self) -> int:
        known_skips = sum(self.by_content.values()) - self.counts["skipped"]
        return self.counts["unchanged"] - max(known_skips, 0)


def _peak_memory_bytes() -> int:
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024
