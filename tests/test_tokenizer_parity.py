"""The Rust tokenizer and static table give what the `tokenizers` library and numpy give."""

from __future__ import annotations

import json
import re
import struct
import sysconfig
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

tokenizers = pytest.importorskip("tokenizers")

from rcm._rcm import StaticTable
from rcm.train.tokenizer import build_tokenizer

DIM = 32
N_WORDS = 8_000
MAX_CORPUS_FILES = 1_500


def corpus() -> Iterator[str]:
    """Sources of the standard library (with its tests, where installed) and of installed tools."""
    stdlib = Path(sysconfig.get_path("stdlib"))
    installed = Path(tokenizers.__file__).parent.parent
    folders = [stdlib, installed / "tokenizers", installed / "hypothesis", installed / "numpy"]
    paths = [
        path
        for folder in folders
        for path in sorted(folder.rglob("*.py*"))
        if folder is not stdlib or "site-packages" not in path.parts
    ]
    paths = [path for path in paths if path.suffix in {".py", ".pyi"}]
    for path in paths[:: len(paths) // MAX_CORPUS_FILES + 1]:
        yield path.read_bytes().decode("utf-8", errors="replace")


@pytest.fixture(scope="module")
def texts() -> list[str]:
    return list(corpus())


@pytest.fixture(scope="module")
def reference(texts: list[str]) -> tokenizers.Tokenizer:
    counts: Counter[str] = Counter()
    for text in texts:
        counts.update(re.findall(r"[a-z]{2,}|[^\W\x00-\x7f]{1,4}", text.lower()))
    return build_tokenizer([word for word, _ in counts.most_common(N_WORDS)])


@pytest.fixture(scope="module")
def rows(reference: tokenizers.Tokenizer) -> tuple[NDArray[np.int8], NDArray[np.float32]]:
    generator = np.random.default_rng(7)
    n_tokens = reference.get_vocab_size()
    embeddings = generator.integers(-127, 128, (n_tokens, DIM), dtype=np.int8)
    weights = generator.uniform(0.2, 2.0, n_tokens).astype(np.float32)
    return embeddings, weights


@pytest.fixture(scope="module")
def folder(
    reference: tokenizers.Tokenizer,
    rows: tuple[NDArray[np.int8], NDArray[np.float32]],
    tmp_path_factory: pytest.TempPathFactory,
) -> Path:
    folder = tmp_path_factory.mktemp("model")
    embeddings, weights = rows
    header = json.dumps(
        {
            "weights": {
                "dtype": "F32",
                "shape": [len(weights)],
                "data_offsets": [0, weights.nbytes],
            },
            "embeddings": {
                "dtype": "I8",
                "shape": list(embeddings.shape),
                "data_offsets": [weights.nbytes, weights.nbytes + embeddings.nbytes],
            },
        }
    ).encode()
    header += b" " * (-len(header) % 8)
    content = struct.pack("<Q", len(header)) + header + weights.tobytes() + embeddings.tobytes()
    (folder / "model.safetensors").write_bytes(content)
    (folder / "config.json").write_text(json.dumps({"normalize": True, "max_length": None}))
    reference.save(str(folder / "tokenizer.json"))
    return folder


@pytest.fixture(scope="module")
def table(folder: Path) -> StaticTable:
    return StaticTable(str(folder))


def expected_ids(reference: tokenizers.Tokenizer, text: str) -> list[int]:
    return list(reference.encode(text, add_special_tokens=False).ids)


def expected_vector(
    ids: list[int], rows: tuple[NDArray[np.int8], NDArray[np.float32]]
) -> NDArray[np.float64]:
    embeddings, weights = rows
    known = [token for token in ids if token != 0]
    total = (embeddings[known].astype(np.float64) * weights[known, None]).sum(axis=0)
    return total / max(float(np.linalg.norm(total)), 1e-12)


def test_source_files_give_the_same_ids(
    reference: tokenizers.Tokenizer, table: StaticTable, texts: list[str]
) -> None:
    assert len(texts) > 500
    for text in texts:
        assert table.encode(text) == expected_ids(reference, text)


def test_the_corpus_reaches_beyond_ascii(texts: list[str]) -> None:
    assert sum(not text.isascii() for text in texts) > 20


@settings(max_examples=1_000, deadline=None)
@given(
    text=st.text()
    | st.from_regex(
        r"([a-zA-Z0-9]{1,6}|[ _.\n=<]|[À-ɏ]|[\u0300-\u0345]|[ｦ-ﾟＡ-ｚ]|[가-힣一-龠]){0,40}"
    )
)
def test_any_text_gives_the_same_ids(
    reference: tokenizers.Tokenizer, table: StaticTable, text: str
) -> None:
    assert table.encode(text) == expected_ids(reference, text)


@pytest.mark.parametrize("n_bytes", [99, 100, 101, 5_000])
def test_long_words_give_the_same_ids(
    reference: tokenizers.Tokenizer, table: StaticTable, n_bytes: int
) -> None:
    for text in ("x" * n_bytes, "é" * (n_bytes // 2), f"get{'z' * n_bytes}User end"):
        assert table.encode(text) == expected_ids(reference, text)


def test_vectors_are_the_normalised_weighted_means(
    reference: tokenizers.Tokenizer,
    table: StaticTable,
    rows: tuple[NDArray[np.int8], NDArray[np.float32]],
    texts: list[str],
) -> None:
    sample = [*texts[::20], "", "x" * 101]
    vectors = np.frombuffer(table.embed(sample).to_bytes(), dtype=np.float32).reshape(
        len(sample), DIM
    )
    for text, vector in zip(sample, vectors, strict=True):
        wanted = expected_vector(expected_ids(reference, text), rows)
        np.testing.assert_allclose(vector, wanted, atol=2e-5)


def test_model2vec_gives_the_same_vectors(
    folder: Path, table: StaticTable, texts: list[str]
) -> None:
    model2vec = pytest.importorskip("model2vec")
    sample = texts[::50]
    wanted = model2vec.StaticModel.from_pretrained(folder).encode(sample)
    found = np.frombuffer(table.embed(sample).to_bytes(), dtype=np.float32).reshape(
        len(sample), DIM
    )
    np.testing.assert_allclose(found, wanted, atol=2e-5)
