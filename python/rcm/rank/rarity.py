"""Rarity: which files hold a word of the query that hardly any other does."""

from __future__ import annotations

from rcm.content import is_code, is_test
from rcm.search import Candidates
from rcm.store.reader import IndexedFile, IndexReader

#: A term in at most this many chunks points at the files that hold it.
_CHUNKS = 2
#: Words of the longest query that is asked term by term; in a longer one some word is rare by chance. Up to
#: 12 terms: labels -.002, whole -.001, second set .000; sentences of documentation +.001.
_WORDS = 4
#: Most terms that these may have: words are counted by comparing each term with each.
_TERMS = 12


def rare_words(terms: list[str], candidates: Candidates, reader: IndexReader) -> dict[int, float]:
    """Return, by file, the share of a query's terms that are rare and that it holds, 0 to 1."""
    if len(terms) > _TERMS or _n_words(terms) > _WORDS:
        return {}
    found: dict[int, float] = {}
    for term in terms:
        if 0 < reader.lexical.document_frequency(term) <= _CHUNKS:
            ids = reader.lexical.candidates([term], _CHUNKS)
            for index in {reader.file_index(one) for one in ids if candidates.allows(one)}:
                # Prose and tests have all the rare words there are.
                if _is_source(reader.files[index]):
                    found[index] = found.get(index, 0.0) + 1 / len(terms)
    return found


def _n_words(terms: list[str]) -> int:
    """Count the terms that are no part of another: `TimeoutError` is one word, and three terms."""
    return sum(all(term == other or term not in other for other in terms) for term in terms)


def _is_source(file: IndexedFile) -> bool:
    return is_code(file.language) and not is_test(file.path)
