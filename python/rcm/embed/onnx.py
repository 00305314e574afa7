"""Transformer embeddings by fastembed (ONNX on CPU), never over the network.

The model comes from fastembed's own cache or from a local directory; what is not there is an error at
once: fastembed itself would try to download for 40 seconds.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rcm import _rcm
from rcm.embed.rows import unit_rows
from rcm.errors import ModelError

if TYPE_CHECKING:
    from fastembed import TextEmbedding

#: Texts per ONNX call: throughput on CPU falls from 1 to 64 and memory grows (measured on MiniLM int8).
_BATCH = 8
#: Where exporters put the graph, the first that is there is taken.
GRAPHS = ("model.onnx", "onnx/model.onnx", "model_optimized.onnx")
#: Files that decide what a model makes of a text; weights may lie beside the graph.
_DECIDING = (
    "*.onnx", "*.onnx_data", "*.onnx.data", "*.safetensors", "tokenizer.json",
    "tokenizer_config.json", "special_tokens_map.json", "config.json",
)  # fmt: skip
_HINT = "give a local directory with the ONNX model, as in --embedder fastembed:DIR"


class FastembedEmbedder:
    """A fastembed `TextEmbedding`.

    Args:
        name: A model name that fastembed lists and has in its cache, or a directory with an
            ONNX model (`model.onnx` or `onnx/model.onnx`), its tokenizer.json and
            tokenizer_config.json. Pooling is the mean over tokens unless the directory's
            `1_Pooling/config.json` asks for another one.

    Raises:
        ModelError: If the model is not on this machine, or is damaged.
    """

    cached = True

    def __init__(self, name: str) -> None:
        folder = Path(name)
        if folder.is_dir():
            self.spec = f"fastembed:{folder.absolute()}"
            self._model, how = _load_folder(folder.absolute())
        elif folder.is_absolute() or name.startswith("."):
            raise ModelError(f"{name}: no such directory", hint=_HINT)
        else:
            self._model, how = _load_name(name)
            self.spec = f"fastembed:{how}"
            folder = Path(getattr(self._model.model, "_model_dir"))  # noqa: B009
        probe = self._run(["fn main() {}"], query=False)
        self.dim: int = probe.dim
        if probe.n_zero():
            raise ModelError(f"{self.spec}: the model gives values that are not finite", hint=_HINT)
        _check_hidden_size(folder, self.dim, self.spec)
        self.digest: bytes = _digest(folder, how)

    def embed_chunks(self, batch: _rcm.Batch, start: int, stop: int) -> _rcm.Vectors:
        """Embed chunks with their header of path and symbol."""
        return self.embed_texts(batch.texts(start, stop))

    def embed_texts(self, texts: Sequence[str]) -> _rcm.Vectors:
        """Embed documents.

        Raises:
            ModelError: If the model cannot be run.
        """
        return self._run(texts, query=False)

    def embed_query(self, query: str) -> list[float]:
        """Embed one query, with the model's own query prefix if it has one."""
        return self._run([query], query=True).row_list(0)

    def _run(self, texts: Sequence[str], *, query: bool) -> _rcm.Vectors:
        import numpy as np

        if not texts:
            return _rcm.Vectors.from_bytes(b"", self.dim)
        embed = self._model.query_embed if query else self._model.passage_embed
        try:
            # fastembed normalises, too; what is not finite is counted, not told as numpy's warning.
            with np.errstate(invalid="ignore", over="ignore"):
                made = embed(list(texts), batch_size=_BATCH)
                rows = np.stack([np.asarray(row, dtype=np.float32) for row in made])
        except Exception as error:
            # onnxruntime raises a class per status code, all of them straight from Exception.
            raise ModelError(
                f"{self.spec}: the model cannot be run: {first_line(error)}", hint=_HINT
            ) from error
        if rows.ndim != 2 or len(rows) != len(texts):
            raise ModelError(f"{self.spec}: the model gives no vector per text", hint=_HINT)
        return unit_rows(rows)


def _load_name(name: str) -> tuple[TextEmbedding, str]:
    """Load a model from fastembed's cache; also returns its name as fastembed spells it."""
    from fastembed import TextEmbedding
    from loguru import logger

    listed = {
        str(model["model"]).lower(): str(model["model"])
        for model in TextEmbedding.list_supported_models()
    }
    known = listed.get(name.lower())
    if known is None:
        raise ModelError(
            f"fastembed:{name}: neither a directory nor a model that fastembed knows", hint=_HINT
        )
    # fastembed writes two lines to stderr before it raises; what we raise says the same.
    logger.disable("fastembed")
    try:
        return TextEmbedding(known, local_files_only=True), known
    except Exception as error:
        raise ModelError(
            f"fastembed:{name}: the model is not in fastembed's cache on this machine",
            hint=f"{_HINT}, or set FASTEMBED_CACHE_PATH to a cache that has it",
        ) from error
    finally:
        logger.enable("fastembed")


def _load_folder(folder: Path) -> tuple[TextEmbedding, str]:
    """Load a model from a directory; also returns how its token vectors are pooled."""
    from fastembed import TextEmbedding
    from fastembed.common.model_description import ModelSource, PoolingType

    graph = next((path for path in GRAPHS if (folder / path).is_file()), None)
    if graph is None:
        raise ModelError(f"{folder}: no model.onnx in it", hint=_HINT)
    pooling = _pooling(folder)
    key = f"{folder}\0{graph}\0{pooling}"
    name = f"rcm-local/{hashlib.sha256(os.fsencode(key)).hexdigest()[:12]}"
    listed = {str(model["model"]) for model in TextEmbedding.list_supported_models()}
    try:
        if name not in listed:
            TextEmbedding.add_custom_model(
                model=name,
                pooling=PoolingType(pooling),
                normalization=True,
                sources=ModelSource(hf=name),
                dim=0,  # only told to those who ask for it; ours is that of the model's output
                model_file=graph,
            )
        model = TextEmbedding(name, specific_model_path=str(folder), local_files_only=True)
    except Exception as error:
        raise ModelError(f"{folder}: {first_line(error)}", hint=_HINT) from error
    return model, pooling


def _pooling(folder: Path) -> str:
    """Return how token vectors become one, as the layout of sentence-transformers says it."""
    config = _json(folder / "1_Pooling" / "config.json")
    if config.get("pooling_mode_cls_token"):
        return "CLS"
    return "LAST_TOKEN" if config.get("pooling_mode_lasttoken") else "MEAN"


def _check_hidden_size(folder: Path, dim: int, spec: str) -> None:
    """Refuse a graph that does not belong to the configuration beside it."""
    wanted = _json(folder / "config.json").get("hidden_size")
    if isinstance(wanted, int) and wanted != dim:
        raise ModelError(
            f"{spec}: the model gives vectors of length {dim}, its config.json says {wanted}",
            hint=_HINT,
        )


def _json(path: Path) -> dict[str, Any]:
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        raise ModelError(f"{path}: {error}", hint=_HINT) from error
    return value if isinstance(value, dict) else {}


def _digest(folder: Path, how: str) -> bytes:
    """Hash everything that the vectors depend on: files, pooling, and fastembed's minor version.

    The files and not vectors of a sample, since those differ in the last bit from one kind of CPU to
    another; nor does the folder's own path count, so a moved model finds its cached vectors.
    """
    from fastembed import __version__

    total = hashlib.sha256(f"{how}\0{'.'.join(__version__.split('.')[:2])}".encode())
    paths = {path for pattern in _DECIDING for path in folder.rglob(pattern) if path.is_file()}
    for path in sorted(paths):
        total.update(b"\0" + os.fsencode(path.relative_to(folder)) + b"\0")
        with open(path, "rb") as file:
            total.update(hashlib.file_digest(file, "sha256").digest())
    return total.digest()


def first_line(error: Exception) -> str:
    """Return what an error says first: onnxruntime's go on for pages."""
    lines = str(error).strip().splitlines()
    return lines[0] if lines else repr(error)
