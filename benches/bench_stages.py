"""Each stage on its own, on warm files, against the corpus.

Measured: walk; read and hash; read to terms by one thread; embedding. Not measured here: the store,
whose share is in the phases that `bench_modes.py` keeps, and a cold page cache.
"""

from __future__ import annotations

import functools
from importlib.resources import as_file, files
from pathlib import Path

import pytest

from corpus import Corpus
from rcm import _rcm
from timing import Timer


@functools.cache
def chunked(root: Path) -> list[_rcm.Batch]:
    """The corpus, processed by one thread."""
    return list(_rcm.ChunkStream(_rcm.walk(root).plan([]), mode="sequential", workers=1))


@pytest.mark.benchmark(group="stages")
def test_walk(timer: Timer, corpus: Corpus) -> None:
    walked = timer.run(lambda: _rcm.walk(corpus.root))
    assert walked.paths == sorted(walked.paths)
    assert 0 < len(walked) <= corpus.files
    timer.facts["files"] = len(walked)


@pytest.mark.benchmark(group="stages")
def test_read_and_hash(timer: Timer, corpus: Corpus) -> None:
    plan = _rcm.walk(corpus.root).plan([])
    digests = timer.run(lambda: _rcm.hash_files(plan))
    assert len(digests) == plan.n_candidates
    timer.facts["files"] = len(digests)


@pytest.mark.benchmark(group="stages")
def test_read_to_terms(timer: Timer, corpus: Corpus) -> None:
    def process() -> tuple[int, dict[str, float]]:
        stream = _rcm.ChunkStream(_rcm.walk(corpus.root).plan([]), mode="sequential", workers=1)
        return sum(len(batch) for batch in stream), dict(stream.phases)

    chunks, phases = timer.run(process)
    assert chunks == sum(len(batch) for batch in chunked(corpus.root))
    timer.facts.update(chunks=chunks, phases=phases)


@pytest.mark.benchmark(group="stages")
def test_embed(timer: Timer, corpus: Corpus) -> None:
    with as_file(files("rcm") / "model") as model:
        table = _rcm.StaticTable(model)
    batches = chunked(corpus.root)

    def embed() -> int:
        return sum(len(batch.embed(table)) for batch in batches)

    vectors = timer.run(embed)
    assert vectors == sum(len(batch) for batch in batches)
    timer.facts["chunks"] = vectors
