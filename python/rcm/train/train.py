"""Contrastive training of a static token table, from random rows.

Query and code of a pair are to be closer to each other than to those of the other pairs of a batch
(symmetric InfoNCE over cosines). The gradients are written out: the model is one matrix, so numpy and
scipy do without a framework.
Same pairs, settings and machine give the same bytes.
"""

import logging
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rcm.train.batches import epoch_steps, epochs
from rcm.train.encode import Encoded, Ids, bag, drop_tokens
from rcm.train.pairs import Pairs

_log = logging.getLogger(__name__)

Floats = NDArray[np.float32]


@dataclass(frozen=True)
class Settings:
    """Everything that the result depends on besides the pairs.

    Attributes:
        dim: Length of a vector.
        epochs: Passes over the pairs.
        batch: Pairs of a batch.
        block: Pairs of one source that stand together in a batch: hard negatives for free.
        rate: Peak learning rate of Adam.
        warm_up: Steps until the peak; then the rate falls linearly to `last_rate` of it.
        last_rate: Share of the peak at the end.
        scale: Factor on the cosines.
        dropout: Share of tokens left out on both sides.
        field_dropout: Share of path, stem and symbol fields left out.
        symbol_dropout_for_names: Share of symbol fields left out where the query is a name, which they
            would give away.
        context: Share of the pairs that see the lines around their definition.
        path: Weight of the path field beside the body's 1; likewise `stem` and `symbols`.
        stem: See `path`.
        symbols: See `path`.
        rms: Root mean square of the initial table.
        frequency: `a` in the initial row factor a / (a + p), p being the token's share of all tokens.
        longest: Length that no row may exceed: left alone, rare words outweigh all others of a query.
        final: Length that no row of the result may exceed: rare words need room while they are learnt, and
            then outweigh the frequent words of a short query.
        seed: Of the random rows, the order and the dropouts.
    """

    dim: int = 256
    epochs: int = 3
    batch: int = 1024
    block: int = 32
    rate: float = 3e-3
    warm_up: int = 50
    last_rate: float = 0.02
    scale: float = 20.0
    dropout: float = 0.1
    field_dropout: float = 0.3
    symbol_dropout_for_names: float = 0.7
    context: float = 0.5
    path: float = 0.3
    stem: float = 0.3
    symbols: float = 0.5
    rms: float = 0.06
    frequency: float = 1e-3
    longest: float = 0.5
    final: float = 0.3
    seed: int = 20


def train(
    pairs: Pairs, encoded: Encoded, chosen: NDArray[np.int64], n_tokens: int, settings: Settings
) -> Floats:
    """Train a table.

    Args:
        pairs: The pairs, for their sources and hashes.
        encoded: Their token ids.
        chosen: Numbers of the pairs to train on.
        n_tokens: Rows of the table; row 0 is the unknown token and stays zero.
        settings: The recipe.

    Returns:
        The table, float32 `[n_tokens, settings.dim]`.
    """
    random = np.random.default_rng(settings.seed)
    table = _initial(encoded, n_tokens, settings, random)
    adam = _Adam(table)
    steps = settings.epochs * epoch_steps(pairs.sources[chosen], settings.batch, settings.block)
    order = epochs(pairs.sources, chosen, settings.epochs, settings.batch, settings.block, random)
    for step, batch in enumerate(order):
        rate = _rate(step, steps, settings)
        loss = _step(table, adam, pairs, encoded, batch, rate, settings, random)
        if step % 100 == 0:
            _log.info("step %d of %d: loss %.3f", step, steps, loss)
    table[0] = 0
    return _shortened(table, settings.final)


def _initial(
    encoded: Encoded, n_tokens: int, settings: Settings, random: np.random.Generator
) -> Floats:
    """Random rows; frequent tokens begin short, as they say little."""
    share = np.bincount(encoded.tokens, minlength=n_tokens) / len(encoded.tokens)
    table = random.standard_normal((n_tokens, settings.dim), np.float32)
    table *= (settings.frequency / (settings.frequency + share)).astype(np.float32)[:, None]
    table *= np.float32(settings.rms / np.sqrt(np.mean(table**2)))
    return _shortened(table, settings.longest)


def _shortened(rows: Floats, longest: float) -> Floats:
    """Rows of at most this length, their directions kept."""
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    kept: Floats = rows * np.minimum(1, np.float32(longest) / np.maximum(lengths, np.float32(1e-8)))
    return kept


def _rate(step: int, steps: int, settings: Settings) -> float:
    """Linear warm-up, then linear decay."""
    left = 1 - (1 - settings.last_rate) * step / max(1, steps)
    return settings.rate * min(1.0, (step + 1) / settings.warm_up) * left


class _Adam:
    """Adam that touches only the rows with a gradient: the other rows keep their moments too."""

    def __init__(self, table: Floats) -> None:
        self._mean = np.zeros_like(table)
        self._square = np.zeros_like(table)
        self._steps = 0

    def update(self, table: Floats, rows: Ids, gradient: Floats, rate: float) -> None:
        self._steps += 1
        mean = self._mean[rows] * np.float32(0.9) + gradient * np.float32(0.1)
        square = self._square[rows] * np.float32(0.999) + gradient**2 * np.float32(0.001)
        self._mean[rows], self._square[rows] = mean, square
        first, second = 1 - 0.9**self._steps, 1 - 0.999**self._steps
        table[rows] -= (
            np.float32(rate / first)
            * mean
            / (np.sqrt(square / np.float32(second)) + np.float32(1e-8))
        )


def _step(
    table: Floats,
    adam: _Adam,
    pairs: Pairs,
    encoded: Encoded,
    batch: NDArray[np.int64],
    rate: float,
    settings: Settings,
    random: np.random.Generator,
) -> float:
    """One batch: forward, loss, backward, update. Returns the loss."""
    n = len(batch)
    texts, weights = _texts(pairs, encoded, batch, settings, random)
    rows, compact = np.unique(np.concatenate(texts), return_inverse=True)
    cuts = np.cumsum([len(text) for text in texts])[:-1]
    counts = bag(np.split(compact.astype(np.int32), cuts), len(rows))
    units, lengths = _normalised(counts @ table[rows])
    parts = units.reshape(5, n, -1)
    query, code_parts = parts[0], parts[1:]
    code, code_length = _normalised(np.einsum("fn,fnd->nd", weights, code_parts))
    loss, to_query, to_code = _info_nce(query, code, _same(pairs, batch), settings.scale)
    to_sum = _through_norm(to_code, code, code_length)
    to_units = np.concatenate([to_query[None], weights[:, :, None] * to_sum[None]]).reshape(
        5 * n, -1
    )
    to_rows = counts.T @ _through_norm(to_units, units, lengths)
    adam.update(table, rows, np.asarray(to_rows, np.float32), rate)
    table[rows] = _shortened(table[rows], settings.longest)
    return loss


def _texts(
    pairs: Pairs,
    encoded: Encoded,
    batch: NDArray[np.int64],
    settings: Settings,
    random: np.random.Generator,
) -> tuple[list[Ids], Floats]:
    """Query, body, path, stem and symbols of a batch, each `n` texts, and the weights of the last four."""
    n = len(batch)
    around = random.random(n) < settings.context
    bodies = [
        np.concatenate([encoded.field(pair, name) for name in ("before", "code", "after")])
        if around[at] else encoded.field(pair, "code")
        for at, pair in enumerate(batch)
    ]  # fmt: skip
    fields = [[encoded.field(pair, "query") for pair in batch], bodies]
    fields += [
        [encoded.field(pair, name) for pair in batch] for name in ("path", "stem", "symbols")
    ]
    weights = np.repeat(
        np.array([[1], [settings.path], [settings.stem], [settings.symbols]], np.float32), n, axis=1
    )
    dropped = np.full((3, n), settings.field_dropout)
    dropped[2, pairs.is_name[batch]] = settings.symbol_dropout_for_names
    weights[1:] *= random.random((3, n)) >= dropped
    return [
        drop_tokens(text, settings.dropout, random) for field in fields for text in field
    ], weights


def _same(pairs: Pairs, batch: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Pairs of a batch that share query or code: neither right nor wrong for each other, `[n, n]`."""
    query, code = pairs.query_hash[batch], pairs.code_hash[batch]
    same: NDArray[np.bool_] = (query[:, None] == query[None]) | (code[:, None] == code[None])
    np.fill_diagonal(same, val=False)
    return same


def _info_nce(
    query: Floats, code: Floats, masked: NDArray[np.bool_], scale: float
) -> tuple[float, Floats, Floats]:
    """The symmetric loss, and its gradients with respect to the unit vectors."""
    scores = np.float32(scale) * (query @ code.T)
    scores[masked] = -np.inf
    by_query, by_code = _softmax(scores, axis=1), _softmax(scores, axis=0)
    hits = np.diagonal(by_query) * np.diagonal(by_code)
    loss = -np.log(np.maximum(hits, 1e-30)).mean() / 2
    gradient: Floats = by_query + by_code
    gradient[np.diag_indices_from(gradient)] -= 2
    gradient *= np.float32(scale / (2 * len(query)))
    to_query: Floats = gradient @ code
    to_code: Floats = gradient.T @ query
    return float(loss), to_query, to_code


def _softmax(scores: Floats, axis: int) -> Floats:
    shifted = np.exp(scores - scores.max(axis=axis, keepdims=True))
    softened: Floats = shifted / shifted.sum(axis=axis, keepdims=True)
    return softened


def _normalised(vectors: Floats) -> tuple[Floats, Floats]:
    lengths: Floats = np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), np.float32(1e-8))
    return vectors / lengths, lengths


def _through_norm(gradient: Floats, unit: Floats, length: Floats) -> Floats:
    """The gradient before normalisation, from the one after it."""
    along = (gradient * unit).sum(axis=1, keepdims=True)
    before: Floats = (gradient - unit * along) / length
    return before
