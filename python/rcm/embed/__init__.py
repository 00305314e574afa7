"""Embed: chunks and queries to vectors. The static table by default, other models by choice.

```text
static               the table in the package (default)
static:DIR           a table in the model2vec layout
fastembed:NAME|DIR   a transformer by fastembed (ONNX), from its cache or a local directory
openai:MODEL[@URL]   a server that speaks OpenAI's protocol; the only one that uses the network
```
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from rcm import _rcm

#: The embedder used when none is asked for.
DEFAULT = "static"


class Embedder(Protocol):
    """Turns chunks and queries into vectors of one length, rows L2-normalised."""

    @property
    def spec(self) -> str:
        """What opens this embedder again."""

    @property
    def dim(self) -> int:
        """Vector length."""

    @property
    def digest(self) -> bytes:
        """SHA-256 over everything that the vectors depend on."""

    @property
    def cached(self) -> bool:
        """Whether its vectors are dear enough to be kept by content hash."""

    def embed_chunks(self, batch: _rcm.Batch, start: int, stop: int) -> _rcm.Vectors:
        """Embed chunks `start` up to `stop` of a batch; may run in several threads at once."""

    def embed_texts(self, texts: Sequence[str]) -> _rcm.Vectors:
        """Embed documents given as text."""

    def embed_query(self, query: str) -> list[float]:
        """Embed one query."""


def open_embedder(spec: str | None = None) -> Embedder:
    """Open an embedder.

    Args:
        spec: As in the table above; None is the default.

    Raises:
        ValueError: If the spec names no kind of embedder.
        ModelError: If the model is missing or damaged.
        EmbeddingServiceError: If a remote embedder does not answer as it should.
    """
    kind, _, name = (spec or DEFAULT).partition(":")
    if kind == "static":
        from rcm.embed.static import StaticEmbedder

        return StaticEmbedder(Path(name) if name else None)
    if kind == "fastembed" and name:
        from rcm.embed.onnx import FastembedEmbedder

        return FastembedEmbedder(name)
    if kind == "openai" and name:
        from rcm.embed.remote import RemoteEmbedder

        return RemoteEmbedder(name)
    raise ValueError(
        f"embedder is {spec!r}, not static, static:DIR, fastembed:NAME-OR-DIR or openai:MODEL@URL"
    )
