"""The static token table: the mean of token vectors, computed in Rust."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from pathlib import Path

from rcm import _rcm

#: The table that travels in the package, and the file there with the digest of the others.
PACKAGED = Path(__file__).resolve().parent.parent / "model"
DIGEST = "model.sha256"


@cache
def packaged_table() -> _rcm.StaticTable:
    """Return the packaged table, loaded once a process.

    Its digest stands in the package, beside it: hashing seven megabytes takes as long as to load them,
    and whoever could alter the table could alter this code. Training writes it, a test compares it.
    """
    return _rcm.StaticTable(PACKAGED, digest=bytes.fromhex((PACKAGED / DIGEST).read_text("ascii")))


class StaticEmbedder:
    """A static table in the model2vec layout.

    Args:
        folder: Folder with model.safetensors, tokenizer.json and config.json; None is the
            packaged table.

    Raises:
        ModelError: If a file is missing, damaged or of another kind.
    """

    cached = False

    def __init__(self, folder: Path | None = None) -> None:
        self._table = _rcm.StaticTable(folder) if folder else packaged_table()
        self.spec = f"static:{folder.absolute()}" if folder else "static"
        self.dim: int = self._table.dim
        self.digest: bytes = self._table.digest

    def embed_chunks(self, batch: _rcm.Batch, start: int, stop: int) -> _rcm.Vectors:
        """Embed chunks by field: body, path, stem and symbols summed into one vector."""
        return batch.embed(self._table, start, stop)

    def embed_texts(self, texts: Sequence[str]) -> _rcm.Vectors:
        """Embed texts as they are."""
        return self._table.embed(list(texts))

    def embed_query(self, query: str) -> list[float]:
        """Embed one query."""
        return self._table.embed_one(query)
