"""Batches of pairs: blocks of one source, so that most negatives of a pair are near ones."""

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray


def epoch_steps(sources: NDArray[np.str_], batch: int, block: int) -> int:
    """How many batches an epoch has: what does not fill a block, or a batch, waits for the next epoch.

    Args:
        sources: The source of each pair to train on.
        batch: Pairs of a batch.
        block: Pairs of one source that stand together in it.
    """
    _, sizes = np.unique(sources, return_counts=True)
    return int((sizes // block).sum()) // (batch // block)


def epochs(
    sources: NDArray[np.str_],
    chosen: NDArray[np.int64],
    count: int,
    batch: int,
    block: int,
    random: np.random.Generator,
) -> Iterator[NDArray[np.int64]]:
    """All batches, epoch after epoch, as numbers of pairs, `[batch]` each.

    Args:
        sources: The source of every pair.
        chosen: Numbers of the pairs to train on.
        count: Epochs.
        batch: Pairs of a batch.
        block: Pairs of one source that stand together in it.
        random: Decides the order; drawn from when an epoch begins.
    """
    mine = sources[chosen]
    of_source = [chosen[mine == source] for source in np.unique(mine)]
    for _ in range(count):
        yield from _epoch(of_source, batch // block, block, random)


def _epoch(
    of_source: Sequence[NDArray[np.int64]], per_batch: int, block: int, random: np.random.Generator
) -> list[NDArray[np.int64]]:
    """Each source shuffled and cut into blocks, blocks shuffled and joined to batches."""
    blocks: list[NDArray[np.int64]] = []
    for pairs in of_source:
        rows = random.permutation(pairs)
        whole = len(rows) // block
        blocks += np.split(rows[: whole * block], whole) if whole else []
    order = random.permutation(len(blocks))
    return [
        np.concatenate([blocks[each] for each in order[at : at + per_batch]])
        for at in range(0, len(order) - per_batch + 1, per_batch)
    ]
