"""Dense vectors in a Qdrant server: the way past one machine.

Each generation of an index has a collection of its own, named in the file table, so a rebuild
never touches what readers still use. A point is one chunk: id UUIDv5 of the collection and the
chunk id, a dense vector, a sparse vector of its terms (with the server's IDF modifier, for other
clients of the collection), and a payload with the chunk id. Points are written, and waited for,
before the switch, and deleted after it. What a killed writer leaves behind is never shown, since
answers are limited to ids that the file table says are alive; the next writer deletes it.
"""

from __future__ import annotations

import hashlib
import os
import platform
import time
import uuid
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import cache, cached_property, partial
from pathlib import Path
from typing import TypeVar, cast

from qdrant_client import QdrantClient, models
from qdrant_client.http.exceptions import UnexpectedResponse

from rcm import _rcm
from rcm.errors import VectorStoreError
from rcm.store.vectors import Ranges

_T = TypeVar("_T")

_DENSE, _SPARSE = "dense", "terms"
#: Points per request.
_BATCH = 256
#: Attempts per request and seconds before the second one, doubled for each further one. Ids are
#: idempotent, so a request that was carried out but not answered may be sent again.
_ATTEMPTS, _BACKOFF_SECONDS = 4, 0.25
#: Seconds one attempt may take, and after which no further one is made.
_TIMEOUT_SECONDS = 30
#: The server's "not you" and "not so" are final; these of the 4xx codes are not.
_TRY_AGAIN = frozenset({408, 429})
_NAMESPACE = uuid.UUID("5f0c4f0e-6f0a-5c7e-9a53-1f1f0b6b7f10")
_REBUILD = "rcm index --force builds it anew"


@cache
def _memory_client() -> QdrantClient:
    # One per process, so that a writer and a reader see the same points, as with a server.
    return QdrantClient(":memory:")


def collection_name(index_dir: Path, generation: str) -> str:
    """Name the collection of a new generation.

    The host is part of it: indexes of two machines may lie at the same path and share a server.
    """
    key = hashlib.sha256(platform.node().encode() + b"\0" + os.fsencode(index_dir)).hexdigest()
    return f"rcm-{key[:24]}-{generation}"


class QdrantVectors:
    """The vectors of one generation in a Qdrant server: a `VectorStore` and a `VectorSink`.

    The server is not asked before the first call that needs it.

    Args:
        url: The server's URL, or `":memory:"` for the client's own in-process mode.
        collection: The generation's collection.
        dim: Vector length.
        stop: Only ids below it are found; a killed writer's ids are above those of the epoch.
    """

    def __init__(self, url: str, collection: str, dim: int, *, stop: int | None = None) -> None:
        self._url, self._dim, self._stop = url, dim, stop
        self.collection = collection

    @cached_property
    def _client(self) -> QdrantClient:
        if self._url == ":memory:":
            return _memory_client()
        try:
            # The check of versions would be one more request, and only warn.
            return QdrantClient(url=self._url, timeout=_TIMEOUT_SECONDS, check_compatibility=False)
        except Exception as error:
            raise VectorStoreError(
                f"{self._url}: {_first_line(error)}", hint="a URL like http://host:6333 is wanted"
            ) from error

    def _ask(self, request: Callable[[QdrantClient], _T]) -> _T:
        """Send a request, again after a pause when the server does not answer.

        Raises:
            VectorStoreError: If it does not, or refuses.
        """
        client = self._client
        started = time.monotonic()
        for attempt in range(1, _ATTEMPTS + 1):
            try:
                return request(client)
            except Exception as error:
                # The client raises its transport's errors: httpx, grpc and its own.
                late = time.monotonic() - started > _TIMEOUT_SECONDS
                if attempt == _ATTEMPTS or late or _is_final(error):
                    raise VectorStoreError(
                        f"{self._url}: {_first_line(error)}", hint=_hint(error)
                    ) from error
                time.sleep(_BACKOFF_SECONDS * 2 ** (attempt - 1))
        raise AssertionError("the last attempt returns or raises")

    # --- sink --------------------------------------------------------------------------------

    def prepare(self, alive: Ranges, *, fresh: bool) -> None:
        """Make the collection of a new generation, or hold that of an old one against its ids.

        Args:
            alive: Ids of the committed epoch; other points are deleted.
            fresh: Whether nothing of the generation is committed yet.

        Raises:
            VectorStoreError: If the server does not answer, or the collection is not the index's.
        """
        if fresh:
            self._ask(lambda client: client.delete_collection(self.collection))
            self._create()
            return
        self._check_dim()
        wanted = sum(stop - start for start, stop in alive)
        stored = self._ask(lambda client: client.count(self.collection, exact=True)).count
        if stored > wanted:
            stray = models.FilterSelector(filter=models.Filter(must_not=_ranges(alive)))
            self._ask(lambda client: client.delete(self.collection, stray, wait=True))
            stored = self._ask(lambda client: client.count(self.collection, exact=True)).count
        if stored < wanted:
            raise VectorStoreError(
                f"{self._url}: collection {self.collection} holds {stored} of {wanted} vectors",
                hint=_REBUILD,
            )

    def _create(self) -> None:
        dense = models.VectorParams(size=self._dim, distance=models.Distance.COSINE)
        sparse = models.SparseVectorParams(modifier=models.Modifier.IDF)
        self._ask(
            lambda client: client.create_collection(
                self.collection,
                vectors_config={_DENSE: dense},
                sparse_vectors_config={_SPARSE: sparse},
            )
        )
        if self._url != ":memory:":  # which has no payload indexes, and says so
            self._ask(
                lambda client: client.create_payload_index(
                    self.collection, "chunk", models.PayloadSchemaType.INTEGER, wait=True
                )
            )

    def _check_dim(self) -> None:
        if not self._ask(lambda client: client.collection_exists(self.collection)):
            raise VectorStoreError(
                f"{self._url}: there is no collection {self.collection}", hint=_REBUILD
            )
        found = self._ask(lambda client: client.get_collection(self.collection))
        vectors = found.config.params.vectors
        size = vectors[_DENSE].size if isinstance(vectors, dict) and _DENSE in vectors else None
        if size != self._dim:
            raise VectorStoreError(
                f"{self._url}: collection {self.collection} holds vectors of length {size}, "
                f"not {self._dim}",
                hint=_REBUILD,
            )

    def add(self, first_id: int, batch: _rcm.Batch, vectors: Sequence[_rcm.Vectors]) -> None:
        """Upsert the chunks of a batch under ids from `first_id` on, and wait until they are stored."""
        rows = ((part, row) for part in vectors for row in range(len(part)))
        points = [
            models.PointStruct(
                id=self._point_id(first_id + nth),
                vector={_DENSE: part.row_list(row), _SPARSE: _sparse(batch.document(nth)[0])},
                payload={"chunk": first_id + nth},
            )
            for nth, (part, row) in enumerate(rows)
        ]
        for at in range(0, len(points), _BATCH):
            self._ask(partial(self._upsert, points[at : at + _BATCH]))

    def _upsert(self, points: list[models.PointStruct], client: QdrantClient) -> None:
        client.upsert(self.collection, points, wait=True)

    def remove(self, ranges: Ranges) -> None:
        """Delete the points of ids that died.

        A server that is gone by now is no error: the switch is done, what stays is never shown, and
        the next writer deletes it.
        """
        with suppress(VectorStoreError):
            for at in range(0, len(ranges), _BATCH):
                some = models.Filter(should=_ranges(ranges[at : at + _BATCH]))
                self._ask(partial(self._delete, models.FilterSelector(filter=some)))

    def _delete(self, points: models.FilterSelector, client: QdrantClient) -> None:
        client.delete(self.collection, points, wait=True)

    def drop_others(self) -> None:
        """Delete the collections of the index's other generations; what stays the next writer deletes."""
        with suppress(VectorStoreError):
            for name in self._collections():
                if name != self.collection:
                    self._ask(partial(QdrantClient.delete_collection, collection_name=name))

    def clear(self) -> None:
        """Delete the collections of all generations of the index."""
        for name in self._collections():
            self._ask(partial(QdrantClient.delete_collection, collection_name=name))

    def _collections(self) -> list[str]:
        # Two parts, `rcm-KEY-`, come before the generation, which may hold a dash itself.
        prefix = "-".join(self.collection.split("-")[:2]) + "-"
        found = self._ask(lambda client: client.get_collections()).collections
        return [one.name for one in found if one.name.startswith(prefix)]

    def _point_id(self, chunk_id: int) -> str:
        return str(uuid.uuid5(_NAMESPACE, f"{self.collection}#{chunk_id}"))

    # --- store -------------------------------------------------------------------------------

    def nearest(
        self, query: list[float], k: int, allowed: Ranges | None = None
    ) -> tuple[list[int], list[float], float, float]:
        """Find the chunks nearest to a query by cosine: ids, scores, lowest and highest score.

        The lowest is that of the point nearest to the opposite of the query.
        """
        if allowed is None and self._stop is not None:
            allowed = [(0, self._stop)]
        only = models.Filter(should=_ranges(allowed)) if allowed is not None else None
        opposite = [-value for value in query]
        hits, far = self._query([(query, k), (opposite, 1)], only)
        rows = sorted((-score, chunk_id) for chunk_id, score in hits.items())
        scores = [-score for score, _ in rows]
        low, high = (-max(far.values()), scores[0]) if scores and far else (0.0, 0.0)
        return [chunk_id for _, chunk_id in rows], scores, low, high

    def similarity(self, query: list[float], ids: list[int]) -> list[float]:
        """Return the cosine of each id with the query, 0 for ids that are not stored."""
        if not ids:
            return []
        points = [self._point_id(chunk_id) for chunk_id in ids]
        only = models.Filter(must=[models.HasIdCondition(has_id=list(points))])
        (found,) = self._query([(query, len(ids))], only)
        return [found.get(chunk_id, 0.0) for chunk_id in ids]

    def vector(self, chunk_id: int) -> list[float] | None:
        """Return the stored vector of a chunk."""
        rows = self._ask(
            lambda client: client.retrieve(
                self.collection,
                [self._point_id(chunk_id)],
                with_payload=False,
                with_vectors=[_DENSE],
            )
        )
        stored = rows[0].vector if rows else None
        dense = stored.get(_DENSE) if isinstance(stored, dict) else None
        return cast("list[float]", dense) if isinstance(dense, list) else None

    def _query(
        self, queries: Sequence[tuple[list[float], int]], only: models.Filter | None
    ) -> list[dict[int, float]]:
        """Ask for the nearest points of several vectors in one request: scores by chunk id."""
        requests = [
            models.QueryRequest(
                query=vector, using=_DENSE, limit=limit, filter=only, with_payload=["chunk"]
            )
            for vector, limit in queries
        ]
        answers = self._ask(lambda client: client.query_batch_points(self.collection, requests))
        return [
            {int((point.payload or {})["chunk"]): point.score for point in answer.points}
            for answer in answers
        ]


def _ranges(ranges: Ranges) -> list[models.Condition]:
    return [
        models.FieldCondition(key="chunk", range=models.Range(gte=start, lt=stop))
        for start, stop in ranges
    ]


def _sparse(terms: str) -> models.SparseVector:
    counts = Counter(_rcm.term_key(term) for term in terms.split())
    return models.SparseVector(indices=list(counts), values=[float(n) for n in counts.values()])


def _is_final(error: Exception) -> bool:
    """Tell whether asking again cannot help: the server understood and refused."""
    if isinstance(error, UnexpectedResponse):
        code = error.status_code or 0
        return 400 <= code < 500 and code not in _TRY_AGAIN
    return isinstance(error, ValueError)  # the in-process mode's refusals


def _hint(error: Exception) -> str:
    missing = isinstance(error, UnexpectedResponse) and error.status_code == 404
    missing = missing or (isinstance(error, ValueError) and "not found" in str(error))
    return _REBUILD if missing else "is the Qdrant server up and the URL right?"


def _first_line(error: Exception) -> str:
    lines = str(error).strip().splitlines()
    return lines[0] if lines else repr(error)
