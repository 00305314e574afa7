"""Shown: which chunk of a file an answer shows."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping

from rcm.content import is_test
from rcm.embed.static import packaged_table
from rcm.query import Question
from rcm.rank import signals
from rcm.rank.weights import Weights
from rcm.search import Candidates
from rcm.store.lexical.reader import StoredChunk
from rcm.store.reader import IndexReader

#: Chunks of a file that are looked at for some that are no tests.
LOOK = 8
#: Files whose best chunks are held against each other, those that people look at: each further one costs
#: two more chunks read from the index.
_FILES = 3
#: Chunks of each of them; two and four are .005 less and more.
_CHUNKS = 3
#: A module of tests, as Rust's are called: `tests::rejects_blanks`.
_TEST_MODULE = re.compile(r"(?:^|::)tests?(?:::|\Z)")


def to_show(
    best: Mapping[int, int],
    question: Question,
    candidates: Candidates,
    reader: IndexReader,
    weights: Weights,
) -> dict[int, int]:
    """Return, by file, the chunk to show.

    Of the first files that is, of the best few chunks, the one of the highest score and name: what a
    chunk's definitions are called says more of which one is meant than all the words around them. Of a
    program that holds its own tests it is no test, unless the question asks for tests.

    Args:
        best: The best chunk of each file, by its position, the best file first.
        question: What was asked.
        candidates: What was retrieved; only these chunks can be shown.
        reader: The index that it was retrieved from.
        weights: The constants, with the question's shares of words and meaning.
    """
    first = list(best)[:_FILES]
    files = [reader.files[index] for index in first]
    scored = candidates.best_of(files, weights.semantic, weights.lexical, _CHUNKS)
    looked_at = [chunk_id for rows in scored for chunk_id, _ in rows]
    reader.chunks([*looked_at, *best.values()])  # One reading: what follows asks for some of these.
    likeness = dict(zip(looked_at, _likeness(question, reader.chunks(looked_at)), strict=True))
    shown = dict(best)
    wants_tests = signals.asks_for_tests(signals.words(question.about))
    if not wants_tests:
        shown |= _code_instead(best, candidates, reader, weights)
    for index, rows in zip(first, scored, strict=True):
        sums = {
            chunk_id: score + weights.name * likeness[chunk_id]
            for chunk_id, score in rows
            if wants_tests or chunk_id == shown[index] or not _tests(reader.chunk(chunk_id))
        }
        shown[index] = max(sums, key=sums.__getitem__, default=shown[index])
    return shown


def _likeness(question: Question, chunks: list[StoredChunk]) -> list[float]:
    """Return for each chunk the cosine of the question and the most alike name of its definitions, or 0.

    Names are qualified: what a method is of says as much as what it is called.
    """
    names = [
        [part.symbol for part in chunk.parts] or ([chunk.symbol] if chunk.symbol else [])
        for chunk in chunks
    ]
    cosines = iter(
        packaged_table().cosines(question.about, [one for some in names for one in some])
    )
    return [max((next(cosines) for _ in some), default=0.0) for some in names]


def _code_instead(
    shown: Mapping[int, int], candidates: Candidates, reader: IndexReader, weights: Weights
) -> dict[int, int]:
    """Return, by file, the best chunk that is no test, of those whose shown chunk is one.

    What is looked for is told by the test as well as by the code, and a file counts for both; who opens it
    wants the code. Files that are tests as a whole stay as they are.
    """
    chunks = reader.chunks(list(shown.values()))
    tests = [
        index
        for index, chunk in zip(shown, chunks, strict=True)
        if _tests(chunk) and not is_test(reader.files[index].path)
    ]
    files = [reader.files[index] for index in tests]
    best = candidates.best_of(files, weights.semantic, weights.lexical, LOOK)
    return {
        index: next(code_among([chunk_id for chunk_id, _ in rows], reader), shown[index])
        for index, rows in zip(tests, best, strict=True)
    }


def code_among(ids: Iterable[int], reader: IndexReader) -> Iterator[int]:
    """Yield those of a file's chunks that are no tests; a file that is tests as a whole has no others."""
    for chunk_id in ids:
        if not _tests(reader.chunk(chunk_id)) or is_test(reader.file_of(chunk_id).path):
            yield chunk_id


def _tests(chunk: StoredChunk) -> bool:
    return chunk.kind == "test" or _TEST_MODULE.search(chunk.symbol) is not None
