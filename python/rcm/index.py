"""Index: one tree and what rcm knows of it. `update` brings it up to date, `search` asks it."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self, get_args
from weakref import ReferenceType, ref

from rcm.access import FORMAT_VERSION as FORMAT_VERSION
from rcm.access import Access
from rcm.filters import Filters
from rcm.freshness import verified
from rcm.query import Question, understand
from rcm.rank import Ranked, rank
from rcm.rank.naming import as_indexed, by_name, by_question
from rcm.rank.ranking import by_chunk_score, with_more
from rcm.results import SearchResults, results_of
from rcm.search import Candidates, nearest_chunks, plain_text, question_vector, retrieve
from rcm.settings import REFRESH_SECONDS, Settings
from rcm.spelling import correct
from rcm.store.folder import IndexFolder
from rcm.store.reader import IndexReader, trusted_meta
from rcm.types import SecretsMode, last_part

if TYPE_CHECKING:
    from rcm.chunks import ScanOptions
    from rcm.rank.cross_encoder import CrossEncoder
    from rcm.rank.trees import Evidence
    from rcm.reports.doctor import DoctorReport
    from rcm.reports.exact import Excerpt, GrepReport
    from rcm.reports.looking import IndexStatus
    from rcm.reports.update import IndexReport, Progress
    from rcm.types import (
        ContentClass,
        IndexMode,
        Refreshed,
        RefreshPolicy,
        SearchMode,
        SearchResult,
    )

#: Chunks looked at for related code; one result per file comes out.
_RELATED_POOL = 200


def enclosing_root(path: str | os.PathLike[str]) -> Path:
    """Return the repository that encloses a path (the folder with `.git`), else its folder itself.

    Raises:
        FileNotFoundError: If the path does not exist.
    """
    start = Path(path).resolve(strict=True)
    start = start if start.is_dir() else start.parent
    return next((folder for folder in (start, *start.parents) if (folder / ".git").exists()), start)


class Index:
    """The index of one tree. Make one with `Index.open`; use it as a context manager or `close` it.

    Several threads may search and read at once, also while one updates.
    """

    def __init__(
        self,
        root: Path,
        folder: IndexFolder,
        settings: Settings,
        embedder: str | None,
        url: str | None,
    ) -> None:
        self.root = root
        self._folder, self._settings = folder, settings
        self._access = Access(root, folder, settings, embedder, url)
        self._reranker: dict[str, CrossEncoder] = {}
        #: The question understood last: whoever shows its results asks for its corrections next.
        self._asked: tuple[str, ReferenceType[IndexReader], Question] | None = None

    @classmethod
    def open(
        cls,
        path: str | os.PathLike[str],
        *,
        index_dir: str | os.PathLike[str] | None = None,
        embedder: str | None = None,
        qdrant_url: str | None = None,
    ) -> Self:
        """Open the index of a tree; nothing is read or written before it is used.

        Args:
            path: The tree's root directory.
            index_dir: Folder of the index; by default one in the user's cache directory
                (`RCM_HOME` moves them all), keyed by the root's real path.
            embedder: `"static"`, `"static:DIR"`, `"fastembed:NAME-OR-DIR"` or `"openai:MODEL@URL"`;
                by default the one that the index was made with, for a new one the static table.
            qdrant_url: Keep dense vectors in a Qdrant server instead of local segments
                (`":memory:"` for tests); by default as the index was made.

        Raises:
            FileNotFoundError: If there is no such directory.
            NotADirectoryError: If it is none.
        """
        root = Path(path).resolve()
        if not root.exists():
            raise FileNotFoundError(2, "no such directory", os.fspath(path))
        if not root.is_dir():
            raise NotADirectoryError(20, "not a directory", os.fspath(path))
        settings = Settings.from_environment()
        folder = Path(index_dir).absolute() if index_dir else settings.index_dir(root)
        return cls(root, IndexFolder(folder), settings, embedder, qdrant_url)

    @property
    def index_dir(self) -> Path:
        """Folder of the index."""
        return self._folder.path

    def exists(self) -> bool:
        """Tell whether there is a complete index to search."""
        return self._folder.exists() and self._access.recorded().get("complete") == "1"

    def searchable(self) -> bool:
        """Tell whether anything can be searched, be it the part of a first index that is done."""
        return self._folder.exists()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let go of open files; the index can be used again all the same."""
        self._access.close()

    # --- update ------------------------------------------------------------------------------

    def update(
        self,
        *,
        mode: IndexMode | None = None,
        force: bool = False,
        workers: int | None = None,
        use_ignore: bool | None = None,
        hidden: bool | None = None,
        max_file_bytes: int | None = None,
        secrets: SecretsMode | None = None,
        max_memory: int | None = None,
        cross_mounts: bool | None = None,
        reuse: bool = True,
        lock_timeout: float = 5.0,
        progress: Callable[[Progress], None] | None = None,
    ) -> IndexReport:
        """Bring the index up to date with the tree.

        Args:
            mode: When files are processed; the result is the same. By default parallel, pipeline
                for 5,000 or more changed files, sequential if `FORCE_SEQUENTIAL=1` is set.
            force: Build a new index from nothing; the old one answers until it is done.
            workers: Threads; by default min(cores, 12), 4 at most when memory is short.
            use_ignore: Honour .gitignore, .ignore, .rcmignore, git's exclude files and what
                .gitattributes calls generated or vendored. This and the next three stay as the last
                update of the index had them unless given; at first True, False, 1 MiB and False.
            hidden: Include hidden files and folders.
            max_file_bytes: Larger files are skipped.
            secrets: What is done about secrets: `"redact"` replaces their values (at first),
                `"skip-chunk"` and `"skip-file"` leave out what holds one, `"off"` indexes them as
                they are. Remembered like the three above; another one rebuilds the index.
            max_memory: Bytes of memory that the run may use, by default `RCM_MAX_MEMORY`, else no
                limit. Less is slower; the index is the same. 160 MiB is the least.
            cross_mounts: Enter file systems that are mounted below the root.
            reuse: Let a first index begin as a copy of the index of a tree that is much the same (a
                worktree, a clone): files with the same path and content are not indexed again.
            lock_timeout: Seconds to wait while another process writes.
            progress: Called now and then with how far the run has come.

        Returns:
            What was done, file by file where something went wrong.

        Raises:
            IndexLockedError: If another process still writes after `lock_timeout`.
            IndexNotWritableError: If the folder of the index may not be written.
            ModelError: If the embedder's model cannot be used.
            OSError: If the disk refuses; the last commit holds.
        """
        from rcm.allow_list import read_allow_list
        from rcm.chunks import ScanOptions
        from rcm.update import UpdateOptions, update

        if workers is not None and workers < 1:
            raise ValueError(f"workers is {workers}, not 1 or more")
        if max_file_bytes is not None and max_file_bytes < 1:
            raise ValueError(f"max_file_bytes is {max_file_bytes}, not 1 or more")
        if secrets is not None and secrets not in get_args(SecretsMode):
            known = ", ".join(get_args(SecretsMode))
            raise ValueError(f"secrets is {secrets!r}, not one of {known}")
        asked = {
            "use_ignore": use_ignore,
            "hidden": hidden,
            "max_file_bytes": max_file_bytes,
            "secrets": secrets,
            "cross_mounts": cross_mounts,
        }
        given: dict[str, Any] = {name: value for name, value in asked.items() if value is not None}
        lock = self._folder.lock(timeout=lock_timeout)
        try:
            recorded = self._access.recorded(trusted_meta)
            scan = ScanOptions.from_meta(recorded)._replace(**given)
            allowed = read_allow_list(self.root)
            options = UpdateOptions(
                mode=mode,
                force=force,
                workers=workers,
                scan=scan,
                allowed=allowed,
                force_sequential=self._settings.force_sequential,
                max_memory=max_memory or self._settings.max_memory,
                progress=progress,
                donors=self._settings.indexes if reuse and not force else None,
            )
            embedder = self._access.embedder(recorded)
            url = self._access.url(recorded)
            identity = {
                **self._access.identity(embedder, url),
                "secrets": scan.secrets,
                "secrets_allowed": allowed.digest,
            }
            sinks = partial(self._access.sink, url, embedder.dim) if url else None
            return update(self.root, self._folder, embedder, identity, options, sinks)
        finally:
            lock.release()

    def refresh(
        self,
        policy: RefreshPolicy = "auto",
        *,
        budget: float = REFRESH_SECONDS,
        progress: Callable[[Progress], None] | None = None,
    ) -> Refreshed:
        """Look at the tree and bring the index up to date if that is cheap.

        For callers who search next: nothing here keeps a search from answering.

        Args:
            policy: `"auto"` updates when the time that it will take, by the rate of earlier
                updates, is within `budget`; `"always"` updates (a missing index is made), `"never"`
                does not even look.
            budget: Seconds that an automatic update may take.
            progress: Called now and then with how far an update has come.

        Returns:
            What was done and why, and how many files are known to differ still.

        Raises:
            ValueError: If there is no such policy.
            RcmError: With `"always"`, what `update` raises, but for the lock: if another process
                still writes after five seconds, the index stays as it is.
        """
        from rcm.refresh import refresh

        return refresh(
            self.root, self._access, partial(self.update, progress=progress), policy, budget
        )

    # --- search ------------------------------------------------------------------------------

    def search(
        self,
        query: str,
        *,
        top_k: int = 10,
        mode: SearchMode = "hybrid",
        languages: Sequence[str] | None = None,
        paths: Sequence[str] | None = None,
        kinds: Sequence[str] | None = None,
        classes: Sequence[ContentClass] | None = None,
        rerank: bool = True,
        reranker: str | None = None,
        also: int = 0,
    ) -> SearchResults:
        """Find the code that answers a query, best first, one result per file.

        The index answers as it is (`refresh` brings it up to date), and each result is held
        against its file: `freshness` says whether it is as it was indexed. Results of files that
        have changed since show what the file has now, where it is found there; those of deleted
        files come last.

        Args:
            query: A question, words, an identifier: any text; the first 65,536 characters count.
            top_k: Most results wanted, 1 or more.
            mode: `"bm25"` looks at words only and needs no model, `"semantic"` at meaning only.
            languages: Only files of these languages; `rs`, `py`, `c++` and the like will do.
            paths: Only files whose path matches one of these globs (`*.rs`, `src/**`), and none that
                matches one with `!` before it (`!tests/**`); of several that match, the last counts.
            kinds: Only chunks with a definition of one of these kinds (`"function"`, `"class"`, ...).
            classes: Only files that are for this: `"code"`, `"docs"`, `"config"`, or `"tests"`, which
                are examples, benchmarks and fixtures as well.
            rerank: False orders chunks by their fused score alone, for comparison.
            reranker: A cross-encoder that reads the first 30 results again: a name that fastembed
                has in its cache, or a directory with its ONNX files. The index does not remember it.
            also: Most further places told of the files of the first three results, in
                `SearchResult.also`; none without `rerank`.

        Raises:
            ValueError: If the query is blank, `top_k` below 1, `also` below 0, a language, kind or class
                unknown, or a reranker given with `rerank=False`.
            ModelError: If the reranker's model cannot be used.
            IndexNotFoundError: If the tree is not indexed.
            IndexStaleError: If the index was made by another version, model or set of rules.
        """
        if not query.strip():
            raise ValueError("empty query")
        if top_k < 1:
            raise ValueError(f"top_k is {top_k}, not 1 or more")
        if also < 0:
            raise ValueError(f"also is {also}, not 0 or more")
        if mode not in ("hybrid", "bm25", "semantic"):
            raise ValueError(f"mode is {mode!r}, not hybrid, bm25 or semantic")
        if reranker is not None and not rerank:
            raise ValueError("a reranker was given, and not to rerank")
        reader = self._access.reader(words_only=mode == "bm25")
        # Words need no model: an index whose model has gone can still be asked by them.
        embedder = self._access.embedder(reader.meta) if mode != "bm25" else None
        filters = Filters.of(languages, paths, kinds, classes)
        question = self._question(query, reader)
        candidates = retrieve(question, reader, embedder, mode, filters)
        if not rerank:
            ranked = by_chunk_score(question, candidates)
        elif reranker is None:
            ranked = rank(question, candidates, reader, top_k=top_k)
        else:
            ranked = self._read_again(question, candidates, reader, top_k, reranker)
        if also and rerank:
            ranked = with_more(ranked, question, candidates, reader, also)
        called = by_question(question, reader, filters.kinds)
        results = results_of(reader, ranked[:top_k], str(self.root), called)
        return SearchResults(verified(self.root, reader, results), query)

    def _question(self, query: str, reader: IndexReader) -> Question:
        last = self._asked
        if last is not None and last[0] == query and last[1]() is reader:
            return last[2]
        question = correct(understand(plain_text(query)), reader)
        self._asked = query, ref(reader), question
        return question

    def _read_again(
        self,
        question: Question,
        candidates: Candidates,
        reader: IndexReader,
        top_k: int,
        reranker: str,
    ) -> list[Ranked]:
        from rcm.rank.cross_encoder import DEPTH, CrossEncoder
        from rcm.rank.cross_encoder import rerank as read_again

        encoder = self._reranker.get(reranker)
        if encoder is None:
            encoder = CrossEncoder(reranker)
            self._reranker = {reranker: encoder}
        ranked = rank(question, candidates, reader, top_k=max(top_k, DEPTH))
        return read_again(question.text, ranked, reader, encoder)

    def evidence(
        self, question: Question, results: Sequence[SearchResult], mode: SearchMode
    ) -> Evidence:
        """Tell how much the index knows of a query, to compare its results with those of others.

        Args:
            question: What was asked, as typed: a tree's own corrections are no evidence.
            results: What `search` found.
            mode: In which mode.

        Raises:
            IndexNotFoundError: If the tree is not indexed.
        """
        from rcm.rank.trees import Evidence

        reader = self._access.reader(words_only=mode == "bm25")
        terms = question.terms if mode != "semantic" else []
        cosine = 0.0
        if mode != "bm25":
            # A writer may have taken a file away in between.
            files = [reader.by_path[hit.path] for hit in results if hit.path in reader.by_path]
            ids = [file.first_id + nth for file in files for nth in range(file.n_chunks)]
            vector = question_vector(question, self._access.embedder(reader.meta))
            cosine = max(reader.vectors.similarity(vector, ids), default=0.0) if any(vector) else 0
        segments = reader.segments
        frequencies = {term: reader.lexical.document_frequency(term) for term in terms}
        return Evidence(segments.live_rows, segments.total_length, frequencies, cosine)

    def definitions(
        self,
        name: str,
        *,
        languages: Sequence[str] | None = None,
        paths: Sequence[str] | None = None,
        kinds: Sequence[str] | None = None,
        classes: Sequence[ContentClass] | None = None,
    ) -> SearchResults:
        """Find every place where a symbol is defined, types before functions.

        Args:
            name: Its name, qualified or not: `LruCache`, `Pool.get`, `cache::LruCache`.
            languages: As in `search`, like what follows.
            paths: Globs.
            kinds: What it has to be defined as.
            classes: What files are for.

        Raises:
            ValueError: If it is not the name of one symbol, or a filter is unknown.
            IndexNotFoundError: If the tree is not indexed.
        """
        from rcm.rank.definitions import definitions_of

        reader = self._access.reader(words_only=True)
        found = definitions_of(name, reader, Filters.of(languages, paths, kinds, classes))
        ranked = [one.ranked for one in found]
        results = results_of(reader, ranked, str(self.root), by_name(last_part(name)))
        named = [one.shown(result) for one, result in zip(found, results, strict=True)]
        return SearchResults(verified(self.root, reader, named), name)

    def corrections(self, query: str) -> dict[str, str]:
        """Return the words of a query that the index does not know, each with what is searched instead.

        Raises:
            IndexNotFoundError: If the tree is not indexed.
        """
        return dict(self._question(query, self._access.reader(words_only=True)).corrections)

    def knows(self, word: str) -> bool:
        """Tell whether the index holds a word, in whatever style it is written.

        Raises:
            IndexNotFoundError: If the tree is not indexed.
        """
        from rcm.spelling import knows

        return knows(word, self._access.reader(words_only=True))

    def find_related(self, path: str, line: int, *, top_k: int = 10) -> SearchResults:
        """Find code like the chunk around a line, best first, one result per file, itself left out.

        Args:
            path: Path relative to the root, or absolute.
            line: 1-based line of the file as it is now.
            top_k: Most results wanted, 1 or more.

        Raises:
            ValueError: If the file is not in the index or has no such line, or if it has changed and
                what stands there is not in the index yet.
            IndexNotFoundError: If the tree is not indexed.
        """
        if top_k < 1:
            raise ValueError(f"top_k is {top_k}, not 1 or more")
        reader = self._access.reader()
        chunk_id = self._chunk_at(reader, path, line)
        found: dict[int, Ranked] = {}
        for other, score in nearest_chunks(reader, chunk_id, _RELATED_POOL):
            file = reader.file_index(other)
            if file not in found and len(found) < top_k:
                found[file] = Ranked(other, score, {"semantic": score})
        results = results_of(reader, list(found.values()), str(self.root), as_indexed)
        return SearchResults(verified(self.root, reader, results))

    def read(self, path: str, start_line: int = 1, end_line: int | None = None) -> Excerpt:
        """Read lines of an indexed file as they are on disk now, secrets replaced.

        No other file is read: not one outside the tree, nor one that the index leaves out.

        Args:
            path: Path relative to the root, or absolute.
            start_line: First line, 1-based.
            end_line: Last line, inclusive; None, or a line behind the last, gives all to the end.

        Raises:
            ValueError: If the file is not in the index, would be left out by now, or has no such
                lines.
            FileNotFoundError: If it is gone since it was indexed.
            IndexNotFoundError: If the tree is not indexed.
        """
        from rcm.excerpt import read_excerpt

        reader = self._access.reader(words_only=True)
        return read_excerpt(self.root, reader, path, start_line, end_line)

    def grep(
        self,
        pattern: str,
        *,
        fixed: bool = False,
        ignore_case: bool = False,
        word: bool = False,
        before: int = 0,
        after: int = 0,
        languages: Sequence[str] | None = None,
        paths: Sequence[str] | None = None,
        classes: Sequence[ContentClass] | None = None,
        most: int | None = None,
    ) -> GrepReport:
        """Find every line that matches a pattern, in the files as they are now; needs no index.

        The files are those that an update would index, by the rules that the index remembers.

        Args:
            pattern: A regular expression in the syntax of Rust's `regex`; of several lines, any.
            fixed: The pattern is plain text.
            ignore_case: Upper case is lower case.
            word: A match has no word character before or after it.
            before: Lines to return before each that matches.
            after: Lines to return after each that matches.
            languages: Only files of these languages.
            paths: Only files whose path these globs mean, as in `search`.
            classes: Only files that are for one of these.
            most: Stop after so many lines that match.

        Raises:
            ValueError: If the pattern is no expression, or a language or class is unknown.
        """
        from rcm.grep import Pattern, grep

        asked = Pattern(pattern, fixed, ignore_case, word, before, after)
        filters = Filters.of(languages, paths, classes=classes)
        return grep(self.root, asked, filters, self.scan_options(), most)

    def scan_options(self) -> ScanOptions:
        """Return which files the index holds, or an index made now would."""
        from rcm.chunks import ScanOptions

        return ScanOptions.from_meta(self._access.recorded())

    def contains(self, path: str) -> bool:
        """Tell whether the index has a file, by its path relative to the root or absolute.

        Raises:
            IndexNotFoundError: If the tree is not indexed.
        """
        from rcm.excerpt import indexed_file

        try:
            indexed_file(self.root, self._access.reader(words_only=True), path)
        except ValueError:
            return False
        return True

    def _chunk_at(self, reader: IndexReader, path: str, line: int) -> int:
        from rcm.at_line import chunk_at
        from rcm.excerpt import indexed_file

        return chunk_at(self.root, reader, indexed_file(self.root, reader, path), line)

    # --- status ------------------------------------------------------------------------------

    def status(self) -> IndexStatus:
        """Tell what the index holds and how the tree differs from it, by content.

        Raises:
            IndexDamagedError: If the index cannot be read.
        """
        from rcm.status import status

        return status(self.root, self._folder, self._access.expected_identity)

    def doctor(self, *, full: bool = False, repair: bool = False) -> DoctorReport:
        """Examine the index: files, checksums, whether its parts agree, whether it fits the tree.

        An index that is found damaged is not used any more, by nobody; the next update rebuilds it.

        Args:
            full: Read every byte; else sizes and the beginnings of files, in less than a second.
            repair: Remove what belongs to nothing, finish what an interrupted update left, rebuild
                a damaged index.

        Raises:
            IndexNotFoundError: If there is no index.
            IndexLockedError: If something is to be repaired and another process is writing.
        """
        from rcm.doctor import examine, examine_and_repair

        look = partial(examine, self.root, self._folder, self._access.expected_identity, full=full)
        return examine_and_repair(look, self.update) if repair else look()

    def clear(self) -> None:
        """Delete the index.

        Raises:
            IndexLockedError: If another process is writing it.
        """
        self.close()
        if not self._folder.path.exists():
            return
        lock = self._folder.lock()
        try:
            remote = self._access.remote(self._access.recorded())
            if remote is not None:
                remote.clear()
            self._folder.clear()
        finally:
            lock.release()
