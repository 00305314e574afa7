"""Cross-encoder: a transformer that reads query and chunk together, over the first results only.

It runs by fastembed (ONNX on the CPU), from fastembed's cache or a local directory, never over the
network. It reads some twenty chunks a second where the rest of a search takes milliseconds, so it is
used by choice only.
"""

from __future__ import annotations

import hashlib
import math
import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from rcm.embed.onnx import GRAPHS, first_line
from rcm.errors import ModelError
from rcm.rank.ranking import Ranked
from rcm.store.reader import IndexReader

if TYPE_CHECKING:
    from fastembed.rerank.cross_encoder import TextCrossEncoder

#: Results read: beyond them a reader seldom looks, and each costs tens of milliseconds.
DEPTH = 30
#: Points of the final score between the best and the worst of them: as much as words and meaning have
#: together. Not tuned, see `docs/embedders.md`.
WEIGHT = 1.0
_BATCH = 8
_HINT = "give a local directory with the ONNX model, as in --rerank DIR"


class CrossEncoder:
    """A fastembed `TextCrossEncoder`.

    Args:
        name: A model name that fastembed lists and has in its cache, or a directory with an ONNX
            model (`model.onnx` or `onnx/model.onnx`), tokenizer.json, tokenizer_config.json,
            config.json and special_tokens_map.json.

    Raises:
        ModelError: If the model is not on this machine, or is damaged.
    """

    def __init__(self, name: str) -> None:
        folder = Path(name)
        self._name = name
        if folder.is_dir():
            self._model = _load_folder(folder.absolute())
        elif folder.is_absolute() or name.startswith("."):
            raise ModelError(f"{name}: no such directory", hint=_HINT)
        else:
            self._model = _load_name(name)

    def scores(self, query: str, texts: Sequence[str]) -> list[float]:
        """Return how well each text answers a query, on the model's own scale.

        Raises:
            ModelError: If the model cannot be run, or gives values that are not finite.
        """
        try:
            made = [float(score) for score in self._model.rerank(query, texts, batch_size=_BATCH)]
        except Exception as error:
            # onnxruntime raises a class per status code, all of them straight from Exception.
            raise ModelError(
                f"{self._name}: the model cannot be run: {first_line(error)}", hint=_HINT
            ) from error
        if len(made) != len(texts) or not all(map(math.isfinite, made)):
            raise ModelError(f"{self._name}: the model gives no finite score per text", hint=_HINT)
        return made


def rerank(
    query: str, ranked: Sequence[Ranked], reader: IndexReader, encoder: CrossEncoder
) -> list[Ranked]:
    """Add the cross-encoder's part to the first `DEPTH` results and order all again.

    The best of them gets `WEIGHT`, the worst nothing, so none falls behind what was not read.

    Args:
        query: What was asked.
        ranked: Results, best first.
        reader: The index that they are of.
        encoder: The model.
    """
    first = ranked[:DEPTH]
    if len(first) < 2:
        return list(ranked)
    scores = encoder.scores(query, [_text(one.chunk_id, reader) for one in first])
    low, high = min(scores), max(scores)
    scale = WEIGHT / (high - low) if high > low else 0.0
    read = []
    for one, score in zip(first, scores, strict=True):
        part = (score - low) * scale
        signals = {**one.signals, "cross_encoder": part}
        read.append(one._replace(score=one.score + part, signals=signals))
    # The sort is stable: equal results stay as they were.
    read.sort(key=lambda one: -one.score)
    return [*read, *ranked[DEPTH:]]


def _text(chunk_id: int, reader: IndexReader) -> str:
    chunk = reader.chunk(chunk_id)
    return f"{reader.file_of(chunk_id).path}\n{chunk.symbol}\n{chunk.text}"


def _load_name(name: str) -> TextCrossEncoder:
    from fastembed.rerank.cross_encoder import TextCrossEncoder
    from loguru import logger

    listed = {str(model["model"]).lower() for model in TextCrossEncoder.list_supported_models()}
    if name.lower() not in listed:
        raise ModelError(
            f"{name}: neither a directory nor a cross-encoder that fastembed knows", hint=_HINT
        )
    # fastembed writes to stderr before it raises; what we raise says the same.
    logger.disable("fastembed")
    try:
        return TextCrossEncoder(name, local_files_only=True)
    except Exception as error:
        raise ModelError(
            f"{name}: the model is not in fastembed's cache on this machine",
            hint=f"{_HINT}, or set FASTEMBED_CACHE_PATH to a cache that has it",
        ) from error
    finally:
        logger.enable("fastembed")


def _load_folder(folder: Path) -> TextCrossEncoder:
    from fastembed.common.model_description import ModelSource
    from fastembed.rerank.cross_encoder import TextCrossEncoder

    graph = next((path for path in GRAPHS if (folder / path).is_file()), None)
    if graph is None:
        raise ModelError(f"{folder}: no model.onnx in it", hint=_HINT)
    key = hashlib.sha256(os.fsencode(f"{folder}\0{graph}")).hexdigest()[:12]
    name = f"rcm-local/{key}"
    listed = {str(model["model"]) for model in TextCrossEncoder.list_supported_models()}
    try:
        if name not in listed:
            TextCrossEncoder.add_custom_model(name, ModelSource(hf=name), model_file=graph)
        return TextCrossEncoder(name, specific_model_path=str(folder), local_files_only=True)
    except Exception as error:
        raise ModelError(f"{folder}: {first_line(error)}", hint=_HINT) from error
