"""Spelling: words of a query that the index does not know, to the nearest that it does.

Only a word that occurs nowhere is replaced, so no query that finds its words is changed. The nearest
terms come from the lexical dictionary by edit distance; the words that they stand for, from the chunks
that hold them.
"""

from __future__ import annotations

import re
from collections import Counter

from rcm import _rcm
from rcm.embed.static import packaged_table
from rcm.query import Question
from rcm.query.names import looks_like_code
from rcm.store.reader import IndexReader

_RUN = re.compile(r"[^\W\d]\w*")
#: Shortest word for one edit in a query of several words, in a query of one, and for two edits. (`wird`
#: is one edit from `word`, `scrol` from `scroll`.)
_ONE_EDIT, _ONE_EDIT_ALONE, _TWO_EDITS = 5, 4, 9
#: Chunks looked at per step, and steps: each step finds terms that those before did not.
_CHUNKS, _STEPS = 8, 6
#: More unknown words than this, and more than half of all, are another language or a pasted log.
_MOST_UNKNOWN = 3


def correct(question: Question, reader: IndexReader) -> Question:
    """Replace the words of a question that the index does not know by the nearest it does.

    Not those of one so long that it has a headline: enough of its words are right.
    """
    if question.foreign or question.headline:
        return question
    words = dict.fromkeys(_RUN.findall(question.text))
    alone = len(words) == 1
    unknown = [word for word in words if word.isascii() and _unknown_parts(word, reader, alone)]
    if len(unknown) > _MOST_UNKNOWN and 2 * len(unknown) > len(words):
        return question
    found = {word: better for word in unknown if (better := _nearest_word(word, reader, alone))}
    if not found:
        return question
    found = {word: _cased_as(word, better) for word, better in found.items()}
    text = _RUN.sub(lambda match: found.get(match[0], match[0]), question.text)
    return question.corrected(text, tuple(found.items()))


def knows(word: str, reader: IndexReader) -> bool:
    """Tell whether some chunk holds a word, or all parts of it."""
    return not _unknown_parts(word, reader, alone=True)


def _cased_as(word: str, better: str) -> str:
    return better.capitalize() if word[0].isupper() and better.islower() else better


def _unknown_parts(word: str, reader: IndexReader, alone: bool) -> list[str]:
    """Return the terms of a word's parts that no chunk holds and that are no words of their own."""
    terms = _rcm.query_terms(word)
    if len(terms) > 1 and reader.lexical.document_frequency(terms[0]):
        return []
    return [
        part
        for part in terms[1:] or terms
        if not part.isdigit()
        and not reader.lexical.document_frequency(part)
        and (alone or not _is_word(word.lower() if len(terms) == 1 else part))
    ]


def _is_word(word: str) -> bool:
    """Tell whether a word is frequent in source code at large: one token of the packaged table.

    `simulate` is no misspelt `simple`, even where no chunk has it.
    """
    return len(packaged_table().encode(word)) == 1


def _nearest_word(word: str, reader: IndexReader, alone: bool) -> str:
    """Return what to search for instead of a word, or an empty string."""
    terms = _rcm.query_terms(word)
    whole = _nearest(word.lower() if len(terms) == 1 else terms[0], terms[0], reader, alone)
    if whole or len(terms) == 1:
        return whole
    better = word
    for part in _unknown_parts(word, reader, alone):
        if replacement := _nearest(part, part, reader, alone):
            better = re.sub(re.escape(part), replacement, better, flags=re.IGNORECASE)
    return better if better != word else ""


def _nearest(word: str, term: str, reader: IndexReader, alone: bool) -> str:
    """Return the nearest word: fewest edits, then the most frequent term, then its first spelling."""
    shortest = _ONE_EDIT_ALONE if alone else _ONE_EDIT
    for distance in (1, 2):
        if len(word) < (shortest if distance == 1 else _TWO_EDITS):
            break
        # The stem, and the word itself: a slip near the end gives another stem (`subproces`).
        spellings = _spellings(term, distance, reader)
        if word != term:
            spellings |= _spellings(word, distance, reader)
        near = {
            term: min(fit, key=lambda one: (-fit[one], one))
            for term, seen in spellings.items()
            if (fit := {one: n for one, n in seen.items() if _fits(word, one, distance)})
        }
        if near:
            return near[max(sorted(near), key=reader.lexical.document_frequency)]
    return ""


def _fits(word: str, other: str, distance: int) -> bool:
    """Compare words as written: stems of unlike words are alike (`general`, `generator`)."""
    folded = other.replace("_", "").lower()
    return _rcm.edits(word, folded, distance) <= distance


def _spellings(term: str, distance: int, reader: IndexReader) -> dict[str, Counter[str]]:
    """Return terms within some edits and begun alike, each with the words it was made from."""
    found: dict[str, Counter[str]] = {}
    seen: list[str] = []
    for _ in range(_STEPS):
        ids = reader.lexical.near(term, distance, seen, _CHUNKS)
        new = _terms_near(term, distance, ids, reader)
        if not new:
            break
        seen += new
        found.update({one: words for one, words in new.items() if one[0] == term[0]})
    return found


def _terms_near(
    term: str, distance: int, ids: list[int], reader: IndexReader
) -> dict[str, Counter[str]]:
    runs: Counter[str] = Counter()
    for chunk_id, chunk in zip(ids, reader.chunks(ids), strict=True):
        text = f"{reader.file_of(chunk_id).path} {chunk.symbol} {chunk.text}"
        runs.update(_RUN.findall(text))
    found: dict[str, Counter[str]] = {}
    written = list(runs)
    for nth, other, is_whole in _rcm.terms_near(term, distance, written):
        words = found.setdefault(other, Counter())
        if is_whole:  # a part of a name is no word by itself
            run = written[nth]
            words[run if looks_like_code(run) else run.lower()] += runs[run]
    return found
