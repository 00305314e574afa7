"""Vectors of dear embedders, kept by the hash of the text that they embed.

A rebuild, a moved file or another branch then costs no second run of the model.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from threading import Lock
from typing import TypeVar

from rcm import _rcm
from rcm.embed import Embedder
from rcm.errors import IndexDamagedError
from rcm.store.database import Connection, DatabaseError, connect, meaning, transaction

T = TypeVar("T")

_SCHEMA = (
    "CREATE TABLE IF NOT EXISTS vectors (key BLOB PRIMARY KEY, vector BLOB NOT NULL) WITHOUT ROWID"
)
#: Texts embedded before they are kept: what a killed run loses, some seconds of a transformer.
_KEEP_EVERY = 64
#: Seconds to wait for another process that keeps vectors; it takes milliseconds.
_PATIENCE = 2.0


class CachedEmbedder:
    """An embedder that asks its cache first.

    Args:
        embedder: The embedder to ask for what is not cached.
        path: The cache's database, made with the first text that is embedded, private to the
            user. One file may serve many embedders and indexes. A damaged one is begun anew; one that
        the system refuses (locked, read-only, disk full) is done without, and `refusal` says why.
    """

    cached = True

    def __init__(self, embedder: Embedder, path: Path) -> None:
        self._embedder, self._path = embedder, path
        self.spec, self.dim, self.digest = embedder.spec, embedder.dim, embedder.digest
        self._connection: Connection | None = None
        self._lock = Lock()
        #: Texts found in the cache and texts embedded, since this was opened.
        self.hits, self.misses = 0, 0
        #: Why vectors were not looked up or not kept the last time that happened, or None.
        self.refusal: str | None = None

    def embed_chunks(self, batch: _rcm.Batch, start: int, stop: int) -> _rcm.Vectors:
        """Embed chunks `start` up to `stop` of a batch."""
        return self.embed_texts(batch.texts(start, stop))

    def embed_texts(self, texts: Sequence[str]) -> _rcm.Vectors:
        """Embed documents, only those not seen before."""
        keys = [_rcm.sha256(self.digest + text.encode()) for text in texts]
        found = self._find(set(keys))
        missing = {key: text for key, text in zip(keys, texts, strict=True) if key not in found}
        wanted = list(missing)
        for at in range(0, len(wanted), _KEEP_EVERY):
            some = wanted[at : at + _KEEP_EVERY]
            made = self._embedder.embed_texts([missing[key] for key in some])
            found.update(self._keep(some, made))
        with self._lock:
            self.hits += len(texts) - len(missing)
            self.misses += len(missing)
        return _rcm.Vectors.from_bytes(b"".join(found[key] for key in keys), self.dim)

    def embed_query(self, query: str) -> list[float]:
        """Embed one query; queries are not cached."""
        return self._embedder.embed_query(query)

    def close(self) -> None:
        """Let go of the file; it is opened again when needed."""
        with self._lock:
            if self._connection is not None:
                self._connection.close()
                self._connection = None

    def _find(self, keys: Iterable[bytes]) -> dict[bytes, bytes]:
        size = 4 * self.dim
        with self._lock:
            return self._attempt(lambda: _rows(self._opened(), keys, size)) or {}

    def _keep(self, keys: Sequence[bytes], vectors: _rcm.Vectors) -> dict[bytes, bytes]:
        made, size = vectors.to_bytes(), 4 * self.dim
        rows = {key: made[nth * size : (nth + 1) * size] for nth, key in enumerate(keys)}
        with self._lock:
            self._attempt(lambda: self._insert(rows))
        return rows

    def _insert(self, rows: Mapping[bytes, bytes]) -> None:
        # Zeros are what a model makes of what it cannot do with: the next try may be better.
        kept = [(key, vector) for key, vector in rows.items() if any(vector)]
        connection = self._opened()
        with transaction(connection):
            connection.executemany("INSERT OR REPLACE INTO vectors VALUES (?, ?)", kept)

    def _attempt(self, work: Callable[[], T]) -> T | None:
        """Return what the cache gives, None if it cannot be used now: it is never worth an error."""
        try:
            try:
                return work()
            except DatabaseError as error:
                raise meaning(self._path, error) from error
        except IndexDamagedError:
            pass  # begun anew below
        except OSError as error:
            self._refused(error)
            return None
        try:
            self._remove()
            return work()
        except (DatabaseError, IndexDamagedError, OSError) as error:
            self._refused(error)
            return None

    def _refused(self, error: Exception) -> None:
        self.refusal = f"the cache of vectors is not used: {error}"
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _opened(self) -> Connection:
        if self._connection is None:
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._connection = connect(self._path, write=True, patience=_PATIENCE)
            self._connection.execute(_SCHEMA)
        return self._connection

    def _remove(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None
        for suffix in ("", "-wal", "-shm"):
            Path(f"{self._path}{suffix}").unlink(missing_ok=True)


def _rows(connection: Connection, keys: Iterable[bytes], size: int) -> dict[bytes, bytes]:
    """Return what is cached of some keys; rows of another size are as good as none."""
    found = {}
    for key in keys:
        row = connection.execute("SELECT vector FROM vectors WHERE key = ?", (key,)).fetchone()
        if row and len(row[0]) == size:
            found[key] = row[0]
    return found
