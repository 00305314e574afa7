"""Queries on an index of made-up chunks: how the parts of a query grow with their number.

    cargo run --release -p rcm-vectors --example synthetic -- /tmp/rows.seg 1000000 256
    python benches/large.py /tmp/rows.seg /tmp/words

The lexical index is made in the second folder if it is not there. Terms have Zipf's frequencies,
files ten chunks. Times are CPU and wall milliseconds, medians over the queries of the best of each.
"""

from __future__ import annotations

import json
import random
import statistics
import struct
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from rcm import _rcm
from rcm.embed import open_embedder
from rcm.filters import Filters
from rcm.query import understand
from rcm.rank import rank
from rcm.search import retrieve
from rcm.store.lexical.reader import LexicalReader
from rcm.store.lexical.writer import LexicalWriter
from rcm.store.reader import IndexedFile, IndexReader

VOCABULARY = 100_000
BAG = 60
CHUNKS_PER_FILE = 10
#: As often as an update of a real tree would.
COMMIT_EVERY = 20_000


def word(source: random.Random) -> str:
    """A term with Zipf's frequency."""
    return f"w{int(VOCABULARY ** source.random())}"


def fill(folder: Path, rows: int) -> None:
    """Make a lexical index of so many chunks."""
    folder.mkdir(parents=True)
    source = random.Random(1)
    writer = LexicalWriter(folder)
    text = "\n".join(f"    let w{line} = w{line * 7}(w{line % 5});" for line in range(30))
    stored = json.dumps([1, 30, "", "", text]).encode()
    for chunk_id in range(1, rows + 1):
        terms = " ".join(word(source) for _ in range(BAG))
        first = chunk_id - (chunk_id - 1) % CHUNKS_PER_FILE
        writer.add(chunk_id, str(first), "rust", terms, stored)
        if chunk_id % COMMIT_EVERY == 0:
            writer.commit(chunk_id // COMMIT_EVERY, "")
    writer.commit(rows, "")
    writer.close()


def milliseconds(work: Callable[[], object], rounds: int = 7) -> tuple[float, float]:
    """CPU and wall time of the best round."""
    cpu, wall = [], []
    for _ in range(rounds):
        started, busy = time.perf_counter(), time.process_time()
        work()
        cpu.append(time.process_time() - busy)
        wall.append(time.perf_counter() - started)
    return min(cpu) * 1000, min(wall) * 1000


def open_segment(path: Path) -> _rcm.Segments:
    """Open a segment file as it says of itself (`docs/index-format.md`)."""
    with path.open("rb") as file:
        head = file.read(80)
        file.seek(-4, 2)
        (crc32,) = struct.unpack("<I", file.read())
    dim, rows = struct.unpack_from("<IQ", head, 12)
    written = (path, rows, path.stat().st_size, crc32)
    return _rcm.Segments([written], [], dim=dim, model=head[48:80])


def main(segment: Path, words: Path) -> None:
    """Print the time of each part of a query."""
    segments = open_segment(segment)
    if not words.exists():
        started = time.process_time()
        fill(words, segments.live_rows)
        print(f"lexical index: {time.process_time() - started:.0f} s of CPU")
    lexical = LexicalReader(words)
    files = [
        IndexedFile(first, CHUNKS_PER_FILE, f"src/part{first % 97}/file{first}.rs", "rust")
        for first in range(1, segments.live_rows, CHUNKS_PER_FILE)
    ]
    reader = IndexReader(lexical, segments, files, {}, 1, database=words / "none")
    embedder = open_embedder("static")
    source = random.Random(2)
    queries = [" ".join(word(source) for _ in range(source.randint(1, 5))) for _ in range(25)]
    print(f"{segments.live_rows:,} chunks; ms of CPU / wall, p50 of {len(queries)} queries")
    vector = embedder.embed_query("walk a directory tree")
    show("vector scan", [milliseconds(lambda: segments.nearest(vector, 500))])
    found = [_rcm.query_terms(query) for query in queries]

    def frequencies(terms: list[str]) -> list[int]:
        return [lexical.document_frequency(term) for term in terms]

    def ask(query: str) -> None:
        question = understand(query)
        candidates = retrieve(question, reader, embedder, "hybrid", Filters())
        reader.chunks([one.chunk_id for one in rank(question, candidates, reader, top_k=10)])

    reach = partial(lexical.candidates, limit=1_000)
    show("words (tantivy)", [milliseconds(partial(reach, terms)) for terms in found])
    show("frequencies", [milliseconds(partial(frequencies, terms)) for terms in found])
    show("whole query", [milliseconds(partial(ask, query)) for query in queries])


def show(name: str, times: list[tuple[float, float]]) -> None:
    """Print the medians."""
    cpu, wall = (statistics.median(column) for column in zip(*times, strict=True))
    print(f"{name:<18}{cpu:8.2f} / {wall:.2f}")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
