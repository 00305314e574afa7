"""Pairs as token ids, and batches of them as sparse matrices.

A text's vector is the sum of its tokens' rows, so a batch of texts is a sparse matrix of token counts
times the table, and the table's gradient is its transpose times the texts' gradient. scipy does both
in C.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from rcm.train.pairs import FIELDS, Pairs

Ids = NDArray[np.int32]


@dataclass(frozen=True)
class Encoded:
    """Token ids of all fields of all pairs.

    Attributes:
        tokens: The ids, field after field, pair after pair.
        ends: Where each field ends in `tokens`, `[n_pairs, len(FIELDS)]`.
    """

    tokens: Ids
    ends: NDArray[np.int64]

    def field(self, pair: int, name: str) -> Ids:
        """Token ids of one field of one pair."""
        at = pair * len(FIELDS) + FIELDS.index(name)
        flat = self.ends.reshape(-1)
        return self.tokens[(flat[at - 1] if at else 0) : flat[at]]


def encode(pairs: Pairs, ids: Ids, starts: NDArray[np.int64]) -> Encoded:
    """Replace words by their tokens.

    Args:
        pairs: The pairs as word ids.
        ids: Token ids of all words, one word after the other.
        starts: Where each word's token ids begin, `[len(pairs.words) + 1]`.
    """
    lengths = (starts[1:] - starts[:-1])[pairs.ids]
    total = np.concatenate(([0], np.cumsum(lengths)))
    offsets = np.repeat(starts[:-1][pairs.ids] - total[:-1], lengths)
    tokens = ids[np.arange(total[-1]) + offsets]
    return Encoded(tokens, total[pairs.ends])


def bag(texts: Sequence[Ids], n_tokens: int) -> csr_matrix:
    """Token counts of texts, `[len(texts), n_tokens]`, float32."""
    lengths = [len(text) for text in texts]
    indptr = np.concatenate(([0], np.cumsum(lengths))).astype(np.int32)
    indices = np.concatenate(texts) if texts else np.zeros(0, np.int32)
    return csr_matrix((np.ones(len(indices), np.float32), indices, indptr), (len(texts), n_tokens))


def drop_tokens(text: Ids, share: float, random: np.random.Generator) -> Ids:
    """Leave out a share of the tokens, at random, but never all of them."""
    kept = text[random.random(len(text)) >= share]
    return kept if len(kept) else text
