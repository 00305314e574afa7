"""Headline: what a long question begins with and is about, as titles of issues and commits are.

What follows explains, quotes, tells how to reproduce: it helps, and says much beside the matter. Counting the
headline twice finds more of the programs that commits changed by their whole messages, from 13 terms on
(`benches/label_free.py`, figures in `docs/ranking.md`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from itertools import islice

from rcm import _rcm

#: Words of the longest question that is all headline.
SHORT = 12
#: Terms of Han, Kana and Hangul are characters and pairs of neighbours, a word of two such characters three.
_OF_A_WORD = 1 / 3
_FIRST_OF_SUCH = "\u2e80"
#: A headline says something: `### Describe the bug` goes with the sentence that follows.
_FEWEST = 3
#: Sentences that may be needed to say so much.
_MOST_SENTENCES = 8
#: Where a sentence, a paragraph or an item of a list begins. Lines that are merely wrapped go on.
#: (Compiled when first used: few questions are long.)
_NEXT = r"(?<=[.!?])\s+(?=[A-Z`\"'(])|(?<=[\u3002\uff01\uff1f])|\n\s*\n|\n(?=\s*[-*#\d`])"


def n_words(terms: Iterable[str]) -> float:
    """Return how many words the terms of a question stand for, about."""
    return sum(_OF_A_WORD if len(one) < 3 and one >= _FIRST_OF_SUCH else 1.0 for one in terms)


def headline(text: str, terms: Sequence[str]) -> str:
    """Return the beginning of a question of more than `SHORT` words, else an empty string.

    It is the first sentence, line of a list or paragraph, and as many more as three words take. It is empty,
    too, if nothing follows.

    Args:
        text: The question with its line breaks.
        terms: Its terms.
    """
    # Of function words alone, `query_terms` gives these: "How is it?" says nothing.
    known = frozenset(terms)
    if n_words(terms) <= SHORT:
        return ""
    for end in islice(re.finditer(_NEXT, text), _MOST_SENTENCES):
        if n_words(known.intersection(_rcm.query_terms(text[: end.start()]))) >= _FEWEST:
            return text[: end.start()] if text[end.end() :].strip() else ""
    return ""
