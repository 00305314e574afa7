"""When chunks are embedded: at once, by all threads, or ahead of the store. The vectors are the same."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor

from rcm import _rcm
from rcm.embed import Embedder
from rcm.types import IndexMode

#: Batches embedded ahead of the store in pipeline mode.
_EMBED_AHEAD = 2


class Embedding:
    """The embedding of a run.

    Args:
        embedder: Makes the vectors.
        workers: Threads.
        slice_chunks: Chunks that one thread embeds at a time.

    Attributes:
        seconds: CPU seconds so far, of all threads.
    """

    def __init__(self, embedder: Embedder, workers: int, slice_chunks: int) -> None:
        self._embedder, self._workers, self._slice = embedder, workers, slice_chunks
        self.seconds = 0.0

    def embedded(
        self, batches: Iterable[_rcm.Batch], mode: IndexMode
    ) -> Iterator[tuple[_rcm.Batch, list[_rcm.Vectors]]]:
        """Give each batch, in order, with the vectors of its slices."""
        if mode == "sequential":
            for batch in batches:
                yield batch, [self._embed(batch, *span) for span in self._slices(batch)]
            return
        with ThreadPoolExecutor(self._workers, thread_name_prefix="rcm-embed") as pool:
            ahead: deque[tuple[_rcm.Batch, list[Future[_rcm.Vectors]]]] = deque()
            depth = _EMBED_AHEAD if mode == "pipeline" else 1
            for batch in batches:
                parts = [pool.submit(self._embed, batch, *span) for span in self._slices(batch)]
                ahead.append((batch, parts))
                if len(ahead) >= depth:
                    yield _finished(ahead.popleft())
            while ahead:
                yield _finished(ahead.popleft())

    def _slices(self, batch: _rcm.Batch) -> list[tuple[int, int]]:
        count = len(batch)
        return [(start, min(start + self._slice, count)) for start in range(0, count, self._slice)]

    def _embed(self, batch: _rcm.Batch, start: int, stop: int) -> _rcm.Vectors:
        started = time.thread_time()
        vectors = self._embedder.embed_chunks(batch, start, stop)
        # Threads add to one float; a lost update would only blur a statistic.
        self.seconds += time.thread_time() - started
        return vectors


def _finished(
    entry: tuple[_rcm.Batch, list[Future[_rcm.Vectors]]],
) -> tuple[_rcm.Batch, list[_rcm.Vectors]]:
    batch, parts = entry
    return batch, [part.result() for part in parts]
