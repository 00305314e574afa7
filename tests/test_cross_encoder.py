"""The cross-encoder, on a real ONNX file made here: it counts the words that query and chunk share."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

onnx = pytest.importorskip("onnx")
tokenizers = pytest.importorskip("tokenizers")

import numpy as np

from rcm import Index, ModelError
from rcm.cli import exits, main
from rcm.rank.cross_encoder import DEPTH, WEIGHT, CrossEncoder
from small_trees import write_tree

SPECIAL = {"pad_token": "[PAD]", "unk_token": "[UNK]", "cls_token": "[CLS]", "sep_token": "[SEP]"}
WORDS = "alpha beta gamma delta epsilon zeta eta theta def return word pass src py file one".split()  # noqa: SIM905
#: A model that fastembed lists and that no machine of ours has.
ABSENT = "Xenova/ms-marco-MiniLM-L-6-v2"


def make_model(folder: Path, *, scale: float = 1.0) -> Path:
    """Write a cross-encoder as exporters do. Its score: pairs of equal tokens across the two texts."""
    folder.mkdir(parents=True)
    tokens = [*SPECIAL.values(), *WORDS]
    made = tokenizers.Tokenizer(
        tokenizers.models.WordLevel({token: at for at, token in enumerate(tokens)}, "[UNK]")
    )
    made.normalizer = tokenizers.normalizers.BertNormalizer(lowercase=True)
    made.pre_tokenizer = tokenizers.pre_tokenizers.BertPreTokenizer()
    made.post_processor = tokenizers.processors.TemplateProcessing(
        single="[CLS] $A [SEP]",
        pair="[CLS] $A [SEP] $B:1 [SEP]:1",
        special_tokens=[("[CLS]", 2), ("[SEP]", 3)],
    )
    made.save(str(folder / "tokenizer.json"))
    for name, content in {
        "config.json": {"pad_token_id": 0},
        "tokenizer_config.json": {"model_max_length": 512, **SPECIAL},
        "special_tokens_map.json": SPECIAL,
    }.items():
        (folder / name).write_text(json.dumps(content))
    save_graph(folder / "model.onnx", scale)
    return folder


def save_graph(path: Path, scale: float) -> None:
    helper, types = onnx.helper, onnx.TensorProto
    names = ("input_ids", "attention_mask", "token_type_ids")

    def constant(name: str, value: object, kind: type) -> onnx.TensorProto:
        return onnx.numpy_helper.from_array(np.array(value, dtype=kind), name)

    nodes = [
        # What each token is: a word (not special), of the query, of the chunk.
        ("Greater", ["input_ids", "three"], "word"),
        ("Cast", ["word"], "is_word", {"to": types.FLOAT}),
        ("Cast", ["token_type_ids"], "in_chunk", {"to": types.FLOAT}),
        ("Sub", ["one", "in_chunk"], "in_query"),
        ("Mul", ["is_word", "in_chunk"], "of_chunk"),
        ("Mul", ["is_word", "in_query"], "of_query"),
        # Which pairs of tokens are equal, one of the query and one of the chunk.
        ("Unsqueeze", ["input_ids", "second"], "rows"),
        ("Unsqueeze", ["input_ids", "first"], "columns"),
        ("Equal", ["rows", "columns"], "same"),
        ("Cast", ["same"], "equal", {"to": types.FLOAT}),
        ("Unsqueeze", ["of_query", "second"], "from_query"),
        ("Unsqueeze", ["of_chunk", "first"], "to_chunk"),
        ("Mul", ["from_query", "to_chunk"], "across"),
        ("Mul", ["equal", "across"], "pairs"),
        ("ReduceSum", ["pairs", "both"], "sums", {"keepdims": 0}),
        ("Mul", ["sums", "scale"], "scaled"),
        ("Unsqueeze", ["scaled", "first"], "logits"),
    ]
    graph = helper.make_graph(
        [
            helper.make_node(kind, inputs, [output], **(more[0] if more else {}))
            for kind, inputs, output, *more in nodes
        ],
        "pairs",
        [helper.make_tensor_value_info(name, types.INT64, ["batch", "tokens"]) for name in names],
        [helper.make_tensor_value_info("logits", types.FLOAT, ["batch", 1])],
        [
            constant("three", 3, np.int64),
            constant("one", 1, np.float32),
            constant("scale", scale, np.float32),
            constant("first", [1], np.int64),
            constant("second", [2], np.int64),
            constant("both", [1, 2], np.int64),
        ],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    onnx.checker.check_model(model)
    onnx.save(model, str(path))


FILES = {
    "src/alpha_beta.py": "def alpha():\n    return 'beta'\n",
    "src/other.py": "def one():\n    return 'alpha beta alpha beta alpha beta alpha beta word word'\n",
    "src/word.py": "def word():\n    return 'gamma'\n",
    "src/none.py": "def delta():\n    pass\n",
}


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_model(tmp_path_factory.mktemp("models") / "pairs")


@pytest.fixture
def index(tmp_path: Path) -> Index:
    index = Index.open(write_tree(tmp_path / "tree", FILES))
    index.update()
    return index


def test_scores_are_those_of_the_model(model: Path) -> None:
    encoder = CrossEncoder(str(model))
    texts = ["alpha", "alpha alpha beta", "gamma", "", "beta " * 3]
    assert encoder.scores("alpha beta", texts) == [1, 3, 0, 0, 3]
    assert encoder.scores("alpha", []) == []


def test_the_first_results_are_read_again(index: Index, model: Path) -> None:
    before = index.search("alpha beta")
    assert before[0].path == "src/alpha_beta.py"
    after = index.search("alpha beta", reranker=str(model))
    assert after[0].path == "src/other.py", "eight pairs and not four"
    assert {hit.path for hit in after} == {hit.path for hit in before}
    parts = [hit.signals["cross_encoder"] for hit in after]
    assert (max(parts), min(parts)) == (WEIGHT, 0)
    old = {hit.path: hit for hit in before}
    for hit in after:
        assert sum(hit.signals.values()) == pytest.approx(hit.score)
        assert hit.score == pytest.approx(old[hit.path].score + hit.signals["cross_encoder"])
    assert [hit.score for hit in after] == sorted((hit.score for hit in after), reverse=True)
    assert index.search("alpha beta") == before, "the index does not remember it"
    assert index.search("alpha beta", top_k=1, reranker=str(model)) == after[:1]


def test_only_the_first_are_read(tmp_path: Path, model: Path) -> None:
    files = {f"f{nth}.py": f"def f{nth}():\n    return 'alpha {nth}'\n" for nth in range(DEPTH + 9)}
    with Index.open(write_tree(tmp_path / "tree", files)) as index:
        index.update()
        before = index.search("alpha", top_k=99)
        after = index.search("alpha", top_k=99, reranker=str(model))
        assert len(before) == DEPTH + 9
        assert after[DEPTH:] == before[DEPTH:]
        assert {hit.path for hit in after[:DEPTH]} == {hit.path for hit in before[:DEPTH]}


def test_a_model_that_sees_no_difference_changes_no_order(index: Index, tmp_path: Path) -> None:
    flat = make_model(tmp_path / "flat", scale=0.0)
    before = [hit.path for hit in index.search("alpha beta")]
    assert [hit.path for hit in index.search("alpha beta", reranker=str(flat))] == before


def test_the_command_explains_it(
    index: Index, model: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    root = str(index.root)
    assert main(["search", "alpha beta", root, "--rerank", str(model), "--explain"]) == 0
    assert "cross_encoder=+1.000" in capsys.readouterr().out
    assert main(["search", "alpha", root, "--rerank", str(model), "--no-rerank"]) == exits.ERROR
    assert "not allowed with" in capsys.readouterr().err


def test_models_that_cannot_be_used_are_model_errors(index: Index, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    bare = make_model(tmp_path / "bare")
    (bare / "tokenizer.json").unlink()
    cut = make_model(tmp_path / "cut")
    (cut / "model.onnx").write_bytes((cut / "model.onnx").read_bytes()[:200])
    wild = make_model(tmp_path / "wild", scale=float("nan"))
    for name in (tmp_path / "empty", bare, cut, wild, tmp_path / "none", ABSENT, "no-such-model"):
        with pytest.raises(ModelError, match=Path(name).name) as caught:
            index.search("alpha", reranker=str(name))
        assert caught.value.hint
        assert "\n" not in str(caught.value)
    with pytest.raises(ValueError, match="reranker"):
        index.search("alpha", reranker="x", rerank=False)
