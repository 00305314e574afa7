"""Embedders other than the packaged table, by the libraries that users have them from.

The transformer is a real ONNX file, small enough to be made here: an embedding table behind the
inputs and the output that exporters give such models.
"""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

onnx = pytest.importorskip("onnx")
tokenizers = pytest.importorskip("tokenizers")

from fastembed import TextEmbedding
from fastembed.common.model_description import ModelSource, PoolingType

from rcm import Index, IndexStaleError, ModelError
from rcm._rcm import StaticTable
from rcm.cli import exits, main
from rcm.embed import open_embedder
from rcm.embed.onnx import FastembedEmbedder
from rcm.embed.static import PACKAGED, packaged_table
from rcm.store import embedding_cache
from rcm.store.embedding_cache import CachedEmbedder
from small_trees import PYTHON_SOURCE, RUST_SOURCE, SMALL_TREE, reader_of, write_tree
from test_tokenizer_parity import corpus

DIM = 24
#: A model that fastembed lists and that no machine of ours has: fastembed would download it.
ABSENT = "BAAI/bge-small-en-v1.5"
WORDS = sorted(
    {word for text in SMALL_TREE.values() for word in "".join(
        letter.lower() if letter.isalpha() else " " for letter in text
    ).split()}
)  # fmt: skip


def make_model(folder: Path, *, seed: int = 7, fill: float | None = None, dim: int = DIM) -> Path:
    """Write an ONNX text model as exporters do: graph, tokenizer and three configurations."""
    folder.mkdir(parents=True)
    tokens = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", *WORDS, *(f"##{a}" for a in "abcdefghij")]
    made = tokenizers.Tokenizer(
        tokenizers.models.WordPiece(
            {token: at for at, token in enumerate(tokens)}, unk_token="[UNK]"
        )
    )
    made.normalizer = tokenizers.normalizers.BertNormalizer(lowercase=True)
    made.pre_tokenizer = tokenizers.pre_tokenizers.BertPreTokenizer()
    made.post_processor = tokenizers.processors.TemplateProcessing(
        "[CLS] $A [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    made.save(str(folder / "tokenizer.json"))
    special = {
        "pad_token": "[PAD]",
        "unk_token": "[UNK]",
        "cls_token": "[CLS]",
        "sep_token": "[SEP]",
    }
    for name, content in {
        "config.json": {"hidden_size": DIM, "pad_token_id": 0},
        "tokenizer_config.json": {"model_max_length": 256, **special},
        "special_tokens_map.json": special,
    }.items():
        (folder / name).write_text(json.dumps(content))
    table = np.random.default_rng(seed).normal(size=(len(tokens), dim)).astype(np.float32)
    if fill is not None:
        table[:] = fill
    save_graph(folder / "model.onnx", table)
    return folder


def save_graph(path: Path, table: NDArray[np.float32]) -> None:
    """Token ids -> rows of a table, masked, as `last_hidden_state`."""
    helper, types = onnx.helper, onnx.TensorProto
    shape = ["batch", "tokens"]
    names = ("input_ids", "attention_mask", "token_type_ids")
    graph = helper.make_graph(
        [
            helper.make_node("Gather", ["table", "input_ids"], ["rows"]),
            helper.make_node("Add", ["attention_mask", "token_type_ids"], ["kept"]),
            helper.make_node("Cast", ["kept"], ["mask"], to=types.FLOAT),
            helper.make_node("Unsqueeze", ["mask", "last"], ["column"]),
            helper.make_node("Mul", ["rows", "column"], ["last_hidden_state"]),
        ],
        "text",
        [helper.make_tensor_value_info(name, types.INT64, shape) for name in names],
        [helper.make_tensor_value_info("last_hidden_state", types.FLOAT, [*shape, table.shape[1]])],
        [
            onnx.numpy_helper.from_array(table, "table"),
            onnx.numpy_helper.from_array(np.array([-1], dtype=np.int64), "last"),
        ],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    onnx.checker.check_model(model)
    onnx.save(model, str(path))


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_model(tmp_path_factory.mktemp("models") / "small")


def matrix(vectors: Any) -> NDArray[np.float32]:
    return np.frombuffer(vectors.to_bytes(), dtype=np.float32).reshape(len(vectors), vectors.dim)


def cosines(ours: NDArray[Any], theirs: NDArray[Any]) -> NDArray[Any]:
    norms = np.linalg.norm(ours, axis=1) * np.linalg.norm(theirs, axis=1)
    return np.asarray((ours * theirs).sum(axis=1) / np.where(norms == 0, 1, norms))


def counts_of(index: Index) -> tuple[int, int]:
    embedder = index._access._embedder
    assert isinstance(embedder, CachedEmbedder)
    return embedder.hits, embedder.misses


# A transformer in a directory


def test_a_tree_is_indexed_and_searched_with_a_transformer(tree: Path, model: Path) -> None:
    with Index.open(tree, embedder=f"fastembed:{model}") as index:
        report = index.update()
        assert report.chunks_total > 0
        assert report.phases["embed"] > 0
        assert index.status().dim == DIM
        assert index.status().embedder == f"fastembed:{model}"
        best = index.search("least recently used cache", mode="semantic")[0]
        assert best.path == "src/cache.rs"
        assert index.search("LruCache")[0].path == "src/cache.rs"
        related = index.find_related("src/retry.py", 15)
        assert related
        assert all(hit.path != "src/retry.py" or hit.start_line > 1 for hit in related)

    with Index.open(tree) as again:
        assert again.search("least recently used cache", mode="semantic")[0] == best
        assert again.update().files_unchanged == 6
        assert again.find_related("src/retry.py", 15) == related


def test_vectors_are_those_of_fastembed(model: Path) -> None:
    name = f"tests/{model.parent.name}"
    TextEmbedding.add_custom_model(
        model=name, pooling=PoolingType.MEAN, normalization=True,
        sources=ModelSource(hf=name), dim=DIM, model_file="model.onnx",
    )  # fmt: skip
    reference = TextEmbedding(name, specific_model_path=str(model), local_files_only=True)
    texts = [*SMALL_TREE.values(), "", "é 漢字 cache", *(WORDS[nth] for nth in range(0, 60, 3))]
    embedder = open_embedder(f"fastembed:{model}")
    found = matrix(embedder.embed_texts(texts))
    assert cosines(found, np.stack(list(reference.embed(texts)))).min() >= 0.9999
    assert np.linalg.norm(found, axis=1) == pytest.approx(1.0, abs=1e-5)
    query = np.array([embedder.embed_query("cache")], dtype=np.float32)
    assert cosines(query, np.stack(list(reference.query_embed(["cache"])))).min() >= 0.9999


def test_the_index_holds_the_vectors_of_the_formatted_text(tree: Path, model: Path) -> None:
    seen: list[str] = []

    class Spy(CachedEmbedder):
        def embed_texts(self, texts: Any) -> Any:
            seen.extend(texts)
            return super().embed_texts(texts)

    with Index.open(tree, embedder=f"fastembed:{model}") as index:
        index._access._embedder = Spy(index._access.embedder({}), tree.parent / "spy.sqlite")
        report = index.update(workers=1)
        assert len(seen) == report.chunks_total
        vectors = reader_of(index).vectors
        for text in seen:
            path = text.partition("\n")[0]
            assert any(name in path for name in SMALL_TREE), "the header names the file"
            _, (cosine, *_), _, _ = vectors.nearest(index._access._embedder.embed_query(text), 1)
            assert cosine == pytest.approx(1.0, abs=0.01), "but for int8"


def test_another_embedder_means_a_rebuild(tree: Path, model: Path, tmp_path: Path) -> None:
    other = make_model(tmp_path / "other", seed=8)
    with Index.open(tree) as index:
        index.update()
    with Index.open(tree, embedder=f"fastembed:{model}") as index:
        with pytest.raises(IndexStaleError, match="embedder, model, dim"):
            index.search("cache")
        assert {"embedder", "model", "dim"} <= set(index.status().stale_fields)
        assert "rebuilt" in (index.update().warning or "")
        assert index.search("LruCache")[0].path == "src/cache.rs"
    with Index.open(tree, embedder=f"fastembed:{other}") as index:
        with pytest.raises(IndexStaleError, match="embedder, model"):
            index.search("cache")
        assert index.update().files_indexed == 6


def test_a_model_replaced_in_place_is_another_one(tree: Path, tmp_path: Path) -> None:
    folder = make_model(tmp_path / "model")
    with Index.open(tree, embedder=f"fastembed:{folder}") as index:
        index.update()
    shutil.rmtree(folder)
    make_model(folder, seed=9)
    with Index.open(tree) as index, pytest.raises(IndexStaleError, match="model"):
        index.search("cache")


def test_a_relative_directory_is_opened_once(
    tree: Path, model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(model.parent)
    with Index.open(tree, embedder=f"fastembed:{model.name}") as index:
        index.update()
        embedder = index._access._embedder
        index.search("cache")
        index.search("cache")
        assert index._access._embedder is embedder
        assert index.status().embedder == f"fastembed:{model}"


def test_pooling_is_what_the_directory_says(tmp_path: Path) -> None:
    folder = make_model(tmp_path / "model")
    mean = FastembedEmbedder(str(folder))
    (folder / "1_Pooling").mkdir()
    pooling = {"pooling_mode_cls_token": True, "pooling_mode_mean_tokens": False}
    (folder / "1_Pooling" / "config.json").write_text(json.dumps(pooling))
    first = FastembedEmbedder(str(folder))
    assert first.digest != mean.digest
    one, two = matrix(first.embed_texts(["cache", "server port"]))
    assert one == pytest.approx(two), "without attention the first token knows nothing of others"
    one, two = matrix(mean.embed_texts(["cache", "server port"]))
    assert one != pytest.approx(two)


# The cache


def test_nothing_is_embedded_twice(tree: Path, model: Path) -> None:
    with Index.open(tree, embedder=f"fastembed:{model}") as index:
        report = index.update()
        assert counts_of(index) == (0, report.chunks_total)
        index.update(force=True)
        assert counts_of(index) == (report.chunks_total, report.chunks_total)
        expected = index.search("LruCache")
        assert os.stat(Path(os.environ["RCM_HOME"]) / "embeddings.sqlite").st_mode & 0o077 == 0

    program = (
        "import sys\nfrom rcm import Index\nfrom rcm.embed.onnx import FastembedEmbedder\n"
        "index = Index.open(sys.argv[1])\nindex.update(force=True)\n"
        "print(index._access._embedder.hits, index._access._embedder.misses)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, str(tree)], capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == [str(report.chunks_total), "0"], "another process finds them"
    with Index.open(tree) as index:
        assert index.search("LruCache") == expected


def test_a_moved_model_finds_its_vectors(tree: Path, model: Path, tmp_path: Path) -> None:
    with Index.open(tree, embedder=f"fastembed:{model}") as index:
        index.update()
    moved = shutil.copytree(model, tmp_path / "moved")
    with Index.open(tree, embedder=f"fastembed:{moved}") as index:
        assert "embedder" in (index.update().warning or "")
        assert counts_of(index)[1] == 0


def test_only_what_changed_is_embedded(tree: Path, model: Path) -> None:
    with Index.open(tree, embedder=f"fastembed:{model}") as index:
        index.update()
        before = counts_of(index)
        write_tree(tree, {"src/retry.py": PYTHON_SOURCE.replace("doubles", "triples")})
        report = index.update()
        hits, misses = (now - then for now, then in zip(counts_of(index), before, strict=True))
        assert hits + misses == report.chunks_written
        assert misses >= 1
        # A text begins with its path, so a renamed file is embedded anew, and found when it returns.
        (tree / "src/cache.rs").rename(tree / "src/lru.rs")
        index.update()
        (tree / "src/lru.rs").rename(tree / "src/cache.rs")
        before = counts_of(index)
        report = index.update()
        assert counts_of(index) == (before[0] + report.chunks_written, before[1])


def test_a_damaged_cache_is_begun_anew(tree: Path, model: Path) -> None:
    with Index.open(tree, embedder=f"fastembed:{model}") as index:
        cache = Path(os.environ["RCM_HOME"]) / "embeddings.sqlite"
        cache.write_bytes(b"no database at all" * 400)
        report = index.update()
        assert counts_of(index) == (0, report.chunks_total)
    with Index.open(tree) as index:
        index.update(force=True)
        assert counts_of(index) == (report.chunks_total, 0)


def test_a_cache_that_is_refused_is_done_without_and_kept(
    tree: Path, model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(embedding_cache, "_PATIENCE", 0.01)
    cache = Path(os.environ["RCM_HOME"]) / "embeddings.sqlite"
    with Index.open(tree, embedder=f"fastembed:{model}") as index:
        first = index.update()
        assert first.warning is None
        other = sqlite3.connect(cache, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        (tree / "src/more.rs").write_text("pub fn more() -> u32 {\n    1\n}\n")
        report = index.update()
        other.execute("ROLLBACK")
        other.close()
        assert report.warning is not None
        assert "the cache of vectors is not used" in report.warning
        assert index.search("more")[0].path == "src/more.rs"
        before = counts_of(index)
        index.update(force=True)
        assert counts_of(index) == (
            before[0] + first.chunks_total,
            before[1] + report.chunks_written,
        )


def test_a_full_disk_under_the_cache_stops_no_run(tree: Path, model: Path) -> None:
    with Index.open(tree, embedder=f"fastembed:{model}") as index:
        cache = Path(os.environ["RCM_HOME"]) / "embeddings.sqlite"
        cache.mkdir()  # what cannot be a database, and cannot be removed as one
        report = index.update()
        assert report.warning is not None
        assert str(cache) in report.warning
        assert index.search("LruCache")[0].path == "src/cache.rs"


def test_a_search_writes_no_cache(tree: Path, model: Path) -> None:
    with Index.open(tree, embedder=f"fastembed:{model}") as index:
        index.update()
        cache = Path(os.environ["RCM_HOME"]) / "embeddings.sqlite"
    for path in cache.parent.glob("embeddings.sqlite*"):
        path.unlink()
    with Index.open(tree) as index:
        assert index.search("cache")
    assert not cache.exists()


# Models that cannot be used


def broken_models(folder: Path) -> Iterator[tuple[Path, str]]:
    (folder / "empty").mkdir()
    yield folder / "empty", "no model.onnx"
    cut = make_model(folder / "cut")
    (cut / "model.onnx").write_bytes((cut / "model.onnx").read_bytes()[:200])
    yield cut, "cut"
    yield make_model(folder / "nan", fill=float("nan")), "not finite"
    yield make_model(folder / "short", dim=DIM // 2), f"length {DIM // 2}, .* says {DIM}"
    bare = make_model(folder / "bare")
    (bare / "tokenizer.json").unlink()
    yield bare, "tokenizer.json"
    small = make_model(folder / "small")
    save_graph(small / "model.onnx", np.ones((4, DIM), dtype=np.float32))
    yield small, "cannot be run"
    words = make_model(folder / "words")
    (words / "config.json").write_text("{")
    yield words, "words"


def test_models_that_cannot_be_used_are_model_errors(tmp_path: Path) -> None:
    for folder, reason in broken_models(tmp_path):
        with pytest.raises(ModelError, match=reason) as caught:
            open_embedder(f"fastembed:{folder}")
        assert str(folder) in str(caught.value)
        assert "\n" not in str(caught.value)
        assert caught.value.hint


def test_what_the_model_makes_no_numbers_of_is_found_by_words(tree: Path, tmp_path: Path) -> None:
    folder = make_model(tmp_path / "model")
    spec = f"fastembed:{folder}"
    with Index.open(tree, embedder=spec) as index:
        index.update()
        made = tokenizers.Tokenizer.from_file(str(folder / "tokenizer.json"))
        ids = made.encode("cache least", add_special_tokens=False).ids
        rows = onnx.numpy_helper.to_array(
            onnx.load(str(folder / "model.onnx")).graph.initializer[0]
        ).copy()
        assert 1 not in ids
        rows[ids] = np.inf
        save_graph(folder / "model.onnx", rows)
    with Index.open(tree, embedder=spec) as index:
        report = index.update()
        assert 0 < report.words_only < report.chunks_written == report.chunks_total
        assert index.search("LruCache")[0].path == "src/cache.rs"
        assert index.doctor(full=True).verdict == "ok"


def test_a_model_that_fails_later_changes_nothing(tree: Path, tmp_path: Path) -> None:
    folder = make_model(tmp_path / "model")
    spec = f"fastembed:{folder}"
    with Index.open(tree, embedder=spec) as index:
        index.update()
        expected = index.search("LruCache")
        whole = (folder / "model.onnx").read_bytes()
    # Rows for the tokens that it is asked about while it is opened; the tree has further ones.
    made = tokenizers.Tokenizer.from_file(str(folder / "tokenizer.json"))
    known = max(made.encode("fn main() {}").ids) + 1
    save_graph(folder / "model.onnx", np.ones((known, DIM), dtype=np.float32))
    open_embedder(spec)
    with Index.open(tree, embedder=spec) as index, pytest.raises(ModelError, match="cannot be run"):
        index.update()
    (folder / "model.onnx").write_bytes(whole)
    with Index.open(tree) as index:
        assert index.search("LruCache") == expected


@pytest.mark.parametrize("isolated", [False, True], ids=["as-it-is", "no-network"])
@pytest.mark.parametrize("name", [ABSENT, "minishlab/potion-base-8M", "nobody/knows-this"])
def test_a_name_that_is_not_here_fails_at_once(
    tree: Path, tmp_path: Path, name: str, isolated: bool
) -> None:
    prefix = ["unshare", "-rn"] if isolated else []
    if isolated and subprocess.run([*prefix, "true"], capture_output=True, check=False).returncode:
        pytest.skip("unshare cannot deny the network here")
    program = (
        "import sys, time, fastembed\nfrom rcm.cli import main\nstarted = time.monotonic()\n"
        "code = main(sys.argv[1:])\nprint(time.monotonic() - started)\nsys.exit(code)\n"
    )
    environment = {**os.environ, "FASTEMBED_CACHE_PATH": str(tmp_path / "none")}
    environment.pop("HF_HUB_OFFLINE", None)
    done = subprocess.run(
        [*prefix, sys.executable, "-c", program, "index", str(tree), "--embedder", f"fastembed:{name}"],
        capture_output=True, text=True, check=False, env=environment, timeout=60,
    )  # fmt: skip
    assert done.returncode == exits.ERROR == 2
    assert float(done.stdout) < 2
    error, hint = done.stderr.splitlines()
    assert error.startswith("error: ")
    assert name in error
    assert hint.startswith("hint: ")
    assert "fastembed:DIR" in hint


def test_the_command_takes_a_directory(
    tree: Path, model: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    spec = f"fastembed:{model}"
    assert main(["index", str(tree), "--embedder", spec, "-q"]) == exits.FOUND
    assert main(["search", "LruCache", str(tree)]) == exits.FOUND
    assert capsys.readouterr().out.startswith("src/cache.rs:")
    assert main(["index", str(tree), "--embedder", f"fastembed:{model}/none"]) == exits.ERROR
    assert capsys.readouterr().err.startswith("error: ")


# The packaged table


@pytest.fixture(scope="module")
def short_texts() -> list[str]:
    """Passages of fewer than 400 tokens: fastembed cuts longer ones at 512."""
    table = StaticTable(PACKAGED)
    found = [RUST_SOURCE, "", "naïve Straße ﬁn 漢字かな 한국어 Ωmega", "приве́т мир getURL2"]
    for text in corpus():
        lines = text.splitlines()
        odd = [at for at, line in enumerate(lines) if not line.isascii()][:1]
        for at in (len(lines) // 2, *odd):
            passage = "\n".join(lines[at : at + 12])
            if passage.strip() and 0 < len(table.encode(passage)) < 400:
                found.append(passage)
    return found


def packaged_vectors(texts: list[str]) -> NDArray[np.float32]:
    return matrix(open_embedder().embed_texts(texts))


def test_the_texts_are_many_and_not_all_ascii(short_texts: list[str]) -> None:
    assert len(short_texts) >= 500
    assert sum(not text.isascii() for text in short_texts) >= 20


def test_fastembed_gives_the_packaged_tables_vectors(short_texts: list[str]) -> None:
    # fastembed knows static models by a list only: ours goes under one of its names.
    reference = TextEmbedding(
        "minishlab/potion-base-8M", specific_model_path=str(PACKAGED), local_files_only=True
    )
    texts = [text for text in short_texts if text]
    theirs = np.stack(list(reference.embed(texts)))
    assert cosines(packaged_vectors(texts), theirs).min() >= 0.9999


def test_model2vec_gives_the_packaged_tables_vectors(short_texts: list[str]) -> None:
    model2vec = pytest.importorskip("model2vec")
    texts = [text for text in short_texts if text]
    theirs = model2vec.StaticModel.from_pretrained(PACKAGED).encode(texts)
    assert cosines(packaged_vectors(texts), theirs).min() >= 0.9999


def test_static_models_that_cannot_be_used_are_model_errors(tmp_path: Path) -> None:
    for name in ("model.safetensors", "tokenizer.json", "config.json"):
        folder = shutil.copytree(PACKAGED, tmp_path / f"without-{name}")
        (folder / name).unlink()
        with pytest.raises(ModelError, match=name):
            open_embedder(f"static:{folder}")
    folder = shutil.copytree(PACKAGED, tmp_path / "cut")
    tensors = folder / "model.safetensors"
    for size in (0, 5, 100, tensors.stat().st_size // 2):
        tensors.write_bytes((PACKAGED / "model.safetensors").read_bytes()[:size])
        with pytest.raises(ModelError, match=r"model\.safetensors"):
            open_embedder(f"static:{folder}")
    folder = shutil.copytree(PACKAGED, tmp_path / "long")
    (folder / "config.json").write_text('{"normalize": false}')
    with pytest.raises(ModelError, match="normalize is false"):
        open_embedder(f"static:{folder}")


def test_static_tables_cost_no_other_library(tree: Path) -> None:
    program = (
        "import sys\nfrom rcm import Index\nindex = Index.open(sys.argv[1])\nindex.update()\n"
        "heavy = {'numpy', 'fastembed', 'onnxruntime', 'tokenizers', 'qdrant_client', 'loguru'}\n"
        "print(sorted(heavy & set(sys.modules)))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, str(tree)], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"


def test_the_digest_in_the_package_is_that_of_its_table() -> None:
    assert packaged_table().digest == StaticTable(PACKAGED).digest
