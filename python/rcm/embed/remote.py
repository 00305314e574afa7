"""Embeddings from a server that speaks OpenAI's protocol, at a URL that the user gave.

One POST to `/embeddings` per batch. Connection failures, cut answers, 429 and the 5xx that pass are
tried again a few times, as long after as the server asks. Redirects are not followed, so the key
goes nowhere else; it is in no message.
"""

from __future__ import annotations

import hashlib
import json
import math
import os
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from rcm import _rcm
from rcm.embed.endpoint import Endpoint
from rcm.embed.pace import Pace
from rcm.embed.rows import unit_rows
from rcm.errors import EmbeddingServiceError, ModelError

if TYPE_CHECKING:
    from urllib3 import BaseHTTPResponse, PoolManager

#: Texts and characters per request: the answer to 64 vectors of length 1,536 is about 2 MB as JSON,
#: and 100,000 characters of code are some 30,000 tokens, a tenth of what OpenAI takes in one request.
BATCH_TEXTS, BATCH_CHARACTERS = 64, 100_000
#: Characters of a text beyond this are left out: chunks are shorter, models take 8,192 tokens at most.
_MOST_CHARACTERS = 24_000
#: Characters of source code per token, for the limit of tokens a minute.
_CHARACTERS_PER_TOKEN = 3.0
#: Further attempts after the first, and of these after failing to connect; seconds before the second
#: of them (doubled for each further one), and most seconds waited whatever the server asks.
RETRIES, CONNECT_RETRIES = 5, 2
BACKOFF_SECONDS, MOST_SECONDS = 0.5, 60
_CONNECT_SECONDS = 10.0
#: Answers that another attempt may change.
_TRY_AGAIN = frozenset({408, 409, 425, 429, 500, 502, 503, 504})
_HINTS = {
    401: "set RCM_OPENAI_API_KEY to a key that this server takes",
    403: "set RCM_OPENAI_API_KEY to a key that may use this model",
    404: "check the model's name and the base URL, which mostly ends in /v1",
    429: "lower the rate with RCM_OPENAI_REQUESTS_PER_MINUTE or RCM_OPENAI_TOKENS_PER_MINUTE",
}
_HINT = (
    "check that the server runs and that the base URL is right; what was embedded so far is kept"
)


class RemoteEmbedder:
    """A model behind an OpenAI-compatible server.

    Args:
        name: `MODEL`, `MODEL@URL` or `MODEL@URL#N`; with N the server is not asked before it is needed.

    Raises:
        ValueError: If the name or an environment variable makes no sense.
        EmbeddingServiceError: If the server does not answer as it should.
        ModelError: If the library for it is not installed.
    """

    cached = True

    def __init__(self, name: str) -> None:
        self._endpoint = Endpoint.of(name, os.environ)
        self._pace = Pace(self._endpoint.requests_per_minute, self._endpoint.tokens_per_minute)
        self._where = f"{self._endpoint.model} at {self._endpoint.host}"
        self._pool = _pool(self._endpoint)
        self.dim: int = self._endpoint.dim or self._length()
        self.spec = f"openai:{self._endpoint.model}@{self._endpoint.url}#{self.dim}"
        self.digest: bytes = _digest(self._endpoint, self.dim)

    def embed_chunks(self, batch: _rcm.Batch, start: int, stop: int) -> _rcm.Vectors:
        """Embed chunks with their header of path and symbol."""
        return self.embed_texts(batch.texts(start, stop))

    def embed_texts(self, texts: Sequence[str]) -> _rcm.Vectors:
        """Embed documents.

        Raises:
            EmbeddingServiceError: If the server does not answer as it should.
            ModelError: If it gives vectors of another length than before.
        """
        rows: list[list[float]] = []
        prefix = self._endpoint.document_prefix
        for batch in batches([(prefix + text)[:_MOST_CHARACTERS] for text in texts]):
            rows += self._ask(batch)
        return self._vectors(rows)

    def embed_query(self, query: str) -> list[float]:
        """Embed one query."""
        return self._vectors(self._ask([self._endpoint.query_prefix + query])).row_list(0)

    def _length(self) -> int:
        (row,) = self._ask(["fn main() {}"])
        if not all(map(math.isfinite, row)):
            raise EmbeddingServiceError(
                f"{self._where} gives values that are not finite", hint=_HINT
            )
        return len(row)

    def _ask(self, texts: Sequence[str]) -> list[list[float]]:
        """Send one request; as many rows as texts, in order, not yet checked for their length."""
        import urllib3

        # An empty input is an error to most servers.
        inputs = [text[:_MOST_CHARACTERS].strip() or "." for text in texts]
        self._pace.wait(sum(map(len, inputs)) / _CHARACTERS_PER_TOKEN)
        asked = {"model": self._endpoint.model, "input": inputs, "encoding_format": "float"}
        try:
            answer = self._pool.request(
                "POST", f"{self._endpoint.url}/embeddings", body=json.dumps(asked).encode()
            )
        except urllib3.exceptions.HTTPError as error:
            cause = getattr(error, "reason", None) or error
            raise EmbeddingServiceError(
                f"{self._where} does not answer: {self._clean(_reason(cause))}", hint=_HINT
            ) from None  # the cause holds the request, and with it the key
        if answer.status != 200:
            raise EmbeddingServiceError(
                f"{self._where} answers {answer.status}: {self._clean(_message(answer))}",
                hint=_HINTS.get(answer.status, _HINT),
            )
        try:
            return _rows(json.loads(answer.data), len(inputs))
        except (ValueError, TypeError, KeyError, RecursionError) as error:
            raise EmbeddingServiceError(
                f"{self._where} gives no list of {len(inputs)} vectors: {self._clean(str(error))}",
                hint=_HINT,
            ) from None

    def _vectors(self, rows: list[list[float]]) -> _rcm.Vectors:
        import numpy as np

        if not rows:
            return _rcm.Vectors.from_bytes(b"", self.dim)
        other = next((len(row) for row in rows if len(row) != self.dim), None)
        if other is not None:
            raise ModelError(
                f"{self._where} gives vectors of length {other}, not {self.dim}",
                hint="the server has another model under this name: rcm index rebuilds with it",
            )
        return unit_rows(np.asarray(rows, dtype=np.float64))

    def _clean(self, text: str) -> str:
        """One short line without the key, which servers like to repeat."""
        if self._endpoint.key:
            text = text.replace(self._endpoint.key, "(key)")
        return " ".join(text.split())[:200]


def batches(texts: Sequence[str]) -> Iterator[list[str]]:
    """Cut texts into runs of at most `BATCH_TEXTS` and `BATCH_CHARACTERS`, a longer text alone."""
    batch: list[str] = []
    size = 0
    for text in texts:
        if batch and (len(batch) >= BATCH_TEXTS or size + len(text) > BATCH_CHARACTERS):
            yield batch
            batch, size = [], 0
        batch.append(text)
        size += len(text)
    if batch:
        yield batch


def _pool(endpoint: Endpoint) -> PoolManager:
    try:
        import urllib3
    except ImportError as error:
        raise ModelError(
            "openai: needs urllib3", hint="pip install 'rcm-search[remote]'"
        ) from error
    headers = {"Content-Type": "application/json", "User-Agent": "rcm"}
    if endpoint.key:
        headers["Authorization"] = f"Bearer {endpoint.key}"
    again = urllib3.Retry(
        total=RETRIES,
        connect=CONNECT_RETRIES,
        redirect=False,
        allowed_methods=None,  # embedding twice does no harm
        status_forcelist=_TRY_AGAIN,
        backoff_factor=BACKOFF_SECONDS,
        backoff_max=MOST_SECONDS,
        backoff_jitter=BACKOFF_SECONDS,
        retry_after_max=MOST_SECONDS,
        raise_on_status=False,
    )
    timeout = urllib3.Timeout(connect=_CONNECT_SECONDS, read=endpoint.timeout_seconds)
    return urllib3.PoolManager(maxsize=12, headers=headers, retries=again, timeout=timeout)


def _rows(answer: Any, count: int) -> list[list[float]]:
    """Take the vectors out of an answer, in the order of the inputs."""
    data = answer["data"]
    placed = {int(entry.get("index", at)): entry["embedding"] for at, entry in enumerate(data)}
    if sorted(placed) != list(range(count)) or len(data) != count:
        raise ValueError(f"{len(data)} vectors")
    rows = [[float(value) for value in placed[at]] for at in range(count)]
    if not all(rows):
        raise ValueError("an empty vector")
    return rows


def _message(answer: BaseHTTPResponse) -> str:
    """What the server says is wrong, or the name of its status code."""
    try:
        body = json.loads(answer.data)
        error = body.get("error", body)
        text = error.get("message", "") if isinstance(error, dict) else error
    except (ValueError, AttributeError, RecursionError):
        text = ""
    return str(text or answer.reason or "no reason given")


def _reason(error: object) -> str:
    """What went wrong with a connection, without the object that it went wrong on."""
    text = str(error)
    return text.rpartition(">: ")[2] or text or type(error).__name__


def _digest(endpoint: Endpoint, dim: int) -> bytes:
    """Hash what the vectors depend on, as far as it can be known from here."""
    parts = (
        endpoint.host,
        endpoint.model,
        str(dim),
        endpoint.document_prefix,
        endpoint.query_prefix,
    )
    return hashlib.sha256("\0".join(("openai", *parts)).encode()).digest()
