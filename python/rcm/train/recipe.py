"""The steps from fetched sources to the shipped files, each with its result in a file of the data folder."""

import json
import logging
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from rcm.train.encode import Encoded, Ids, bag, encode
from rcm.train.export import export
from rcm.train.lexicon import Lexicon
from rcm.train.pairs import HELD_OUT, Limits, Pairs, load_pairs, word_counts
from rcm.train.tokenizer import vocabulary
from rcm.train.train import Floats, Settings, train
from rcm.train.vocabulary import choose_words, pieces_of

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Recipe:
    """The whole recipe of the shipped model.

    Attributes:
        limits: Which pairs are kept.
        lexicon: Which are drawn from the lists beside them; None takes none.
        settings: How the table is trained.
        tokens: Rows of the table.
        pieces: How many of the tokens are pieces of words.
        min_count: Occurrences from which on a word can be a token.
    """

    limits: Limits = field(default_factory=Limits)
    lexicon: Lexicon | None = field(default_factory=Lexicon)
    settings: Settings = field(default_factory=Settings)
    tokens: int = 28_000
    pieces: int = 2_000
    min_count: int = 8


def extract(data: Path, workspace: Path) -> None:
    """Parse the fetched sources with the indexer's own parser and write `pairs.jsonl`.

    Args:
        data: Folder with `src/`.
        workspace: The Cargo workspace of rcm.
    """
    folders = sorted(str(each.resolve()) for each in (data / "src").iterdir() if each.is_dir())
    command = [
        "cargo",
        "run",
        "--release",
        "-q",
        "-p",
        "rcm-core",
        "--example",
        "extract_pairs",
        "--",
    ]
    with (data / "pairs.jsonl").open("wb") as out:
        subprocess.run([*command, *folders], cwd=workspace, stdout=out, check=True)


def fit(data: Path, recipe: Recipe) -> dict[str, float]:
    """Choose pairs and vocabulary, train, and write `words.json` and `table.npy`.

    Returns:
        MRR@10 on the held-out sources, by source.
    """
    more = recipe.lexicon.records() if recipe.lexicon else ()
    pairs = load_pairs(data / "pairs.jsonl", recipe.limits, more)
    sources = dict(zip(pairs.words, pairs.word_sources.tolist(), strict=True))
    words = choose_words(
        word_counts(pairs), sources, recipe.tokens, recipe.pieces, recipe.min_count
    )
    tokens = vocabulary(words)
    encoded = encode(pairs, *pieces_of(pairs.words, tokens))
    chosen = np.flatnonzero(~np.isin(pairs.sources, list(HELD_OUT)))
    _log.info("%d pairs, %d words, %d tokens", len(chosen), len(pairs.words), len(tokens))
    table = train(pairs, encoded, chosen, len(tokens), recipe.settings)
    np.save(data / "table.npy", table)
    (data / "words.json").write_text(json.dumps(words, ensure_ascii=False), "utf-8")
    return evaluate(table, pairs, encoded, recipe.settings)


def write(data: Path, out: Path) -> None:
    """Write the model files from `words.json` and `table.npy`."""
    export(np.load(data / "table.npy"), json.loads((data / "words.json").read_text("utf-8")), out)


def evaluate(table: Floats, pairs: Pairs, encoded: Encoded, settings: Settings) -> dict[str, float]:
    """MRR@10 of the described pairs of each held-out source: query to definition, among the source's pairs.

    Pools of up to 1,500 pairs; names are left out, they are found by words alone.
    """
    figures = {}
    for source in sorted(HELD_OUT & set(pairs.sources.tolist())):
        pool = np.flatnonzero((pairs.sources == source) & ~pairs.is_name)[:1500]
        query = _units(table, [encoded.field(pair, "query") for pair in pool])
        parts = [
            (1.0, "code"),
            (settings.path, "path"),
            (settings.stem, "stem"),
            (settings.symbols, "symbols"),
        ]
        code = sum(
            np.float32(weight) * _units(table, [encoded.field(pair, name) for pair in pool])
            for weight, name in parts
        )
        code /= np.maximum(np.linalg.norm(code, axis=1, keepdims=True), 1e-8)
        scores = query @ code.T
        ranks = 1 + (scores > np.diagonal(scores)[:, None]).sum(axis=1)
        figures[source] = float(np.where(ranks <= 10, 1 / ranks, 0).mean())
    return figures


def _units(table: Floats, texts: list[Ids]) -> Floats:
    vectors = bag(texts, len(table)) @ table
    return np.asarray(
        vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-8), np.float32
    )
