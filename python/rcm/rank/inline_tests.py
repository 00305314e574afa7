"""Inline tests: of a program that holds its own tests, the code is shown and not the test."""

from __future__ import annotations

import re
from collections.abc import Mapping

from rcm.content import is_test
from rcm.rank.weights import Weights
from rcm.search import Candidates
from rcm.store.lexical.reader import StoredChunk
from rcm.store.reader import IndexReader

#: Chunks of a file that are looked at for one that is no test.
_LOOK = 8
#: A module of tests, as Rust's are called: `tests::rejects_blanks`.
_TEST_MODULE = re.compile(r"(?:^|::)tests?(?:::|\Z)")


def code_instead(
    shown: Mapping[int, int], candidates: Candidates, reader: IndexReader, weights: Weights
) -> dict[int, int]:
    """Return, by file, the best chunk that is no test, of those whose shown chunk is one.

    What is looked for is told by the test as well as by the code, and a file counts for both; who opens it
    wants the code. Files that are tests as a whole stay as they are.

    Args:
        shown: The chunk to show of each file, by its position.
        candidates: What was retrieved; only these chunks can be shown instead.
        reader: The index that it was retrieved from.
        weights: The constants, with the question's shares of words and meaning.
    """
    chunks = reader.chunks(list(shown.values()))
    tests = [
        index
        for index, chunk in zip(shown, chunks, strict=True)
        if _tests(chunk) and not is_test(reader.files[index].path)
    ]
    files = [reader.files[index] for index in tests]
    best = candidates.best_of(files, weights.semantic, weights.lexical, _LOOK)
    instead = {}
    for index, ids in zip(tests, best, strict=True):
        code = (
            one for one, chunk in zip(ids, reader.chunks(ids), strict=True) if not _tests(chunk)
        )
        instead[index] = next(code, shown[index])
    return instead


def _tests(chunk: StoredChunk) -> bool:
    return chunk.kind == "test" or _TEST_MODULE.search(chunk.symbol) is not None
