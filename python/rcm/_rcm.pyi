"""The Rust half of rcm: conversions only, the stages are documented in the crates."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import final

__version__: str

_Path = str | os.PathLike[str]
_Ranges = list[tuple[int, int]]
_GrepLine = tuple[int, bool, str, list[tuple[int, int]]]
_GrepBlock = tuple[
    list[tuple[str, str, list[_GrepLine]]], int, list[tuple[str, str]], list[tuple[str, str]]
]

@final
class Walked:
    """Everything one walk found; its length is the number of files that passed the path rules."""

    def __len__(self) -> int: ...
    @property
    def paths(self) -> list[str]: ...
    @property
    def skipped(self) -> list[tuple[str, str]]: ...
    @property
    def failures(self) -> list[tuple[str, str]]: ...
    @property
    def warning(self) -> str | None: ...
    def plan(self, known: list[tuple[str, int, int, int, int, bytes, int]]) -> Plan: ...

@final
class Plan:
    """A walk compared with the index by stat."""

    @property
    def n_unchanged(self) -> int: ...
    @property
    def n_candidates(self) -> int: ...
    @property
    def candidates(self) -> list[tuple[str, int, bool]]: ...
    @property
    def removed(self) -> list[str]: ...
    @property
    def unchanged(self) -> list[str]: ...

@final
class Tree:
    """A SHA-256 Merkle tree over directories."""

    def __new__(cls, files: list[tuple[str, bytes]]) -> Tree: ...
    @property
    def root(self) -> bytes: ...
    def diff(self, newer: Tree) -> tuple[list[str], list[str], list[str]]: ...

@final
class ChunkStream:
    """Iterator of batches over the candidates of a plan, in the order of the walk."""

    def __new__(
        cls,
        plan: Plan,
        *,
        mode: str = "parallel",
        workers: int = 1,
        max_file_bytes: int = ...,
        secrets: str = "redact",
        allowed: list[str] = ...,
        block_bytes: int = ...,
        in_flight: _Path | None = None,
        crashed: list[bytes] = ...,
    ) -> ChunkStream: ...
    def __iter__(self) -> Iterator[Batch]: ...
    def __next__(self) -> Batch: ...
    @property
    def phases(self) -> list[tuple[str, float]]: ...

@final
class Batch:
    """A block of processed files; its length is the number of chunks."""

    def __len__(self) -> int: ...
    @property
    def files(self) -> list[FileOutcome]: ...
    def document(self, index: int) -> tuple[str, str, str, str, int, int]: ...
    def texts(self, start: int = 0, stop: int | None = None) -> list[str]: ...
    def embed(self, table: StaticTable, start: int = 0, stop: int | None = None) -> Vectors: ...

@final
class FileOutcome:
    """What became of one file."""

    @property
    def path(self) -> str: ...
    @property
    def stat(self) -> tuple[int, int, int, int]: ...
    @property
    def digest(self) -> bytes | None: ...
    @property
    def status(self) -> str: ...
    @property
    def reason(self) -> str: ...
    @property
    def language(self) -> str: ...
    @property
    def n_chunks(self) -> int: ...
    @property
    def n_redactions(self) -> int: ...
    @property
    def n_allowed(self) -> int: ...
    @property
    def moved(self) -> bool: ...

@final
class StaticTable:
    """A static embedding model in the model2vec layout."""

    def __new__(cls, folder: _Path) -> StaticTable: ...
    @property
    def dim(self) -> int: ...
    @property
    def digest(self) -> bytes: ...
    def encode(self, text: str) -> list[int]: ...
    def embed(self, texts: list[str]) -> Vectors: ...
    def embed_one(self, text: str) -> list[float]: ...

@final
class Vectors:
    """A matrix of float32, row after row."""

    @staticmethod
    def from_bytes(data: bytes, dim: int) -> Vectors: ...
    def to_bytes(self) -> bytes: ...
    @property
    def dim(self) -> int: ...
    def __len__(self) -> int: ...
    def row_list(self, index: int) -> list[float]: ...

@final
class SegmentBuilder:
    """Collects rows for one new segment."""

    def __new__(cls, dim: int, model: bytes) -> SegmentBuilder: ...
    def __len__(self) -> int: ...
    def add(self, batch: Batch, first_id: int, vectors: list[Vectors] | None = None) -> None: ...
    def write(self, path: _Path) -> tuple[int, int, int]: ...

@final
class Segments:
    """Open segments of one epoch, dead rows masked."""

    def __new__(
        cls,
        files: list[tuple[Path, int, int, int]],
        dead: _Ranges,
        *,
        dim: int,
        model: bytes,
        memory_map: bool = True,
    ) -> Segments: ...
    @property
    def live_rows(self) -> int: ...
    @property
    def total_length(self) -> int: ...
    def live_ids(self) -> list[int]: ...
    def nearest(
        self, query: list[float], k: int, allowed: _Ranges | None = None
    ) -> tuple[list[int], list[float], float, float]: ...
    def similarity(self, query: list[float], ids: list[int]) -> list[float]: ...
    def by_words(
        self,
        terms: list[tuple[int, float]],
        reached: list[int],
        others: list[int],
        *,
        pool: int,
        k1: float,
        b: float,
    ) -> tuple[list[int], list[float]]: ...
    def definitions(self, name: int) -> list[tuple[int, int, int, bool, bool]]: ...
    def of_kinds(self, kinds: list[int], allowed: _Ranges | None = None) -> _Ranges: ...
    def referenced(
        self,
        files: Files,
        ids: list[int],
        semantic: list[float],
        lexical: list[float],
        *,
        weights: tuple[float, float],
        pool: int,
        most: int,
    ) -> list[tuple[int, float]]: ...
    def vector(self, chunk_id: int) -> list[float] | None: ...
    def zero_vectors(self) -> int: ...
    def merge(self, path: _Path) -> tuple[int, int, int]: ...
    @staticmethod
    def verify(path: _Path) -> None: ...

@final
class Files:
    """Which file a chunk belongs to."""

    def __new__(cls, first_ids: list[int]) -> Files: ...
    def sum(
        self,
        ids: list[int],
        semantic: list[float],
        lexical: list[float],
        *,
        weights: tuple[float, float],
        pool: int,
        shares: list[float],
    ) -> list[tuple[int, int, float, float]]: ...

@final
class Grep:
    """Iterator of blocks of an exact search, in the order of the walk."""

    def __new__(
        cls,
        walked: Walked,
        pattern: str,
        files: list[tuple[str, int | None]],
        languages: list[list[str]],
        *,
        fixed: bool = False,
        ignore_case: bool = False,
        word: bool = False,
        before: int = 0,
        after: int = 0,
        max_file_bytes: int = ...,
        secrets: str = "redact",
        allowed: list[str] = ...,
    ) -> Grep: ...
    def __iter__(self) -> Iterator[_GrepBlock]: ...
    def __next__(self) -> _GrepBlock: ...

def checksums(files: list[tuple[_Path, int | None]]) -> list[tuple[int, int, int]]: ...
def heads(files: list[_Path]) -> list[tuple[int, int]]: ...
def reach(point: str) -> None: ...
def walk(
    root: _Path,
    *,
    use_ignore: bool = True,
    hidden: bool = False,
    max_file_bytes: int = ...,
    cross_mounts: bool = False,
    workers: int = 0,
) -> Walked: ...
def hash_files(plan: Plan, *, max_file_bytes: int = ...) -> list[tuple[str, bytes]]: ...
def look(
    root: _Path,
    known: list[tuple[str, int, int, int, int, bytes, int]],
    *,
    max_file_bytes: int = ...,
    secrets: str = "redact",
    allowed: list[str] = ...,
) -> list[tuple[str, str | None]]: ...
def read_text(
    root: _Path,
    path: _Path,
    *,
    max_file_bytes: int = ...,
    secrets: str = "redact",
    allowed: list[str] = ...,
) -> tuple[str | None, str, bytes | None, tuple[int, int, int, int] | None]: ...
def last_noted(path: _Path) -> list[tuple[str, bytes]]: ...
def inspect(
    root: _Path,
    path: _Path,
    *,
    table: StaticTable | None = None,
    max_file_bytes: int = ...,
    allowed: list[str] = ...,
) -> dict[str, object]: ...
def find_secrets(
    walked: Walked, *, allowed: list[str] = ..., max_file_bytes: int = ..., workers: int = 0
) -> tuple[
    list[tuple[str, int, int, str, str, str, bool]],
    list[tuple[str, str]],
    list[tuple[str, str]],
]: ...
def secret_rules() -> list[tuple[str, str]]: ...
def terms(text: str) -> list[str]: ...
def query_terms(query: str) -> list[str]: ...
def effective_stem(path: _Path) -> str: ...
def term_key(term: str) -> int: ...
def name_key(name: str) -> int: ...
def languages() -> list[str]: ...
def language_class(language: str) -> str: ...
def kinds() -> list[str]: ...
def identity() -> list[tuple[str, str]]: ...
