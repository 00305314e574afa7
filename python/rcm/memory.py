"""Memory: how large the parts of a run may be, so that a run stays within a limit.

A run keeps the interpreter with the embedding table, and beside it blocks of files in the work, syntax
trees of the workers, tantivy's writing buffer and the rows of the next segment. Each gets a share;
the shares are of what repeated runs under a hard limit (`RLIMIT_DATA`) held.
"""

from __future__ import annotations

from dataclasses import dataclass

#: Interpreter, extension and embedding table: what a run needs before it reads a file.
BASE_BYTES = 80 << 20
#: The smallest limit: the base, one worker, and the least of everything else.
LEAST_BYTES = 160 << 20
#: A worker's stack, the syntax tree of the file in hand, and what it makes of it.
_WORKER_BYTES = 24 << 20
#: tantivy refuses less than 15 MB a thread, and 20,000 chunks fit in one segment with the most.
_HEAP_BYTES = (15 << 20, 64 << 20)
#: Source of one block: what is made of it takes about six times as much.
_BLOCK_BYTES = (256 << 10, 4 << 20)
#: Chunks between two commits: about 1.5 kB each are held for the next segment.
_CHECKPOINT_CHUNKS = (2_000, 20_000)
#: Chunks that one thread embeds at a time.
_EMBED_SLICE = (64, 512)


@dataclass(frozen=True, slots=True)
class MemoryPlan:
    """Sizes of a run's parts; none of them changes what is indexed.

    Attributes:
        workers: Threads.
        heap_bytes: tantivy's writing buffer.
        block_bytes: Source bytes in one block of files.
        checkpoint_chunks: Chunks after which a long run commits.
        embed_slice: Chunks that one thread embeds at a time.
    """

    workers: int
    heap_bytes: int = _HEAP_BYTES[1]
    block_bytes: int = _BLOCK_BYTES[1]
    checkpoint_chunks: int = _CHECKPOINT_CHUNKS[1]
    embed_slice: int = _EMBED_SLICE[1]


def plan_memory(limit: int | None, workers: int) -> MemoryPlan:
    """Share a limit out.

    Args:
        limit: Most bytes of memory, or None for the sizes that are fastest.
        workers: Threads wanted; fewer are planned when there is not room for that many.

    Raises:
        ValueError: If nothing can be done within so little.
    """
    if limit is None:
        return MemoryPlan(workers)
    if limit < LEAST_BYTES:
        raise ValueError(
            f"max_memory is {limit:,} bytes, not {LEAST_BYTES:,} ({LEAST_BYTES >> 20}M) or more"
        )
    room = limit - BASE_BYTES
    workers = max(1, min(workers, room // 3 // _WORKER_BYTES))
    return MemoryPlan(
        workers,
        heap_bytes=_within(_HEAP_BYTES, room // 5),
        block_bytes=_within(_BLOCK_BYTES, room // 64),
        checkpoint_chunks=_within(_CHECKPOINT_CHUNKS, room // 8 // 1_500),
        embed_slice=_within(_EMBED_SLICE, room >> 19),
    )


def _within(bounds: tuple[int, int], value: int) -> int:
    least, most = bounds
    return max(least, min(value, most))
