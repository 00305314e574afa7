"""Write a trained table in the layout that rcm, model2vec and fastembed's static class all read."""

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import save

from rcm import _rcm
from rcm.embed.static import DIGEST
from rcm.train.tokenizer import build_tokenizer


def quantise(table: NDArray[np.float32]) -> tuple[NDArray[np.int8], NDArray[np.float32]]:
    """Round each row to int8 with a scale of its own.

    Args:
        table: `[n_tokens, dim]`.

    Returns:
        Rows in -127 to 127, and the factor that restores each, divided by the mean of all factors: only the
        directions of texts count, and factors about 1 survive libraries that keep them in half precision.
    """
    peak = np.abs(table).max(axis=1)
    scale = np.where(peak > 0, peak / np.float32(127), np.float32(1)).astype(np.float32)
    rows = np.rint(table / scale[:, None]).astype(np.int8)
    return rows, (scale / scale[peak > 0].mean()).astype(np.float32)


def export(table: NDArray[np.float32], words: Sequence[str], folder: Path) -> None:
    """Write `model.safetensors`, `tokenizer.json`, `config.json` and the digest of these three.

    Args:
        table: Rows by token id, as [build_tokenizer][rcm.train.tokenizer.build_tokenizer] numbers `words`.
        words: The vocabulary beyond single bytes.
        folder: Where to; made when missing.
    """
    folder.mkdir(parents=True, exist_ok=True)
    rows, weights = quantise(table)
    (folder / "model.safetensors").write_bytes(save({"embeddings": rows, "weights": weights}))
    build_tokenizer(words).save(str(folder / "tokenizer.json"), pretty=False)
    config = {
        "model_type": "model2vec",
        "architectures": ["StaticModel"],
        "hidden_dim": int(table.shape[1]),
        "max_length": None,
        "normalize": True,
    }
    (folder / "config.json").write_text(json.dumps(config, indent=2) + "\n", "utf-8")
    (folder / DIGEST).write_text(_rcm.StaticTable(folder).digest.hex() + "\n", "ascii")
