"""Headline: what a long question begins with and is about, as titles of issues and commits are.

What follows explains, quotes, tells how to reproduce: it helps, and says much beside the matter. Counting the
headline twice finds more of the programs that commits changed by their whole messages, from 13 terms on
(`benches/label_free.py`, figures in `docs/ranking.md`).
"""

from __future__ import annotations

import re
from itertools import islice

from rcm import _rcm

#: Terms of the longest question that is all headline.
SHORT = 12
#: A headline says something: `### Describe the bug` goes with the sentence that follows.
_FEWEST = 3
#: Sentences that may be needed to say so much.
_MOST_SENTENCES = 8
#: Where a sentence, a paragraph or an item of a list begins. Lines that are merely wrapped go on.
#: (Compiled when first used: few questions are long.)
_NEXT = r"(?<=[.!?])\s+(?=[A-Z`\"'(])|\n\s*\n|\n(?=\s*[-*#\d`])"


def headline(text: str) -> str:
    """Return the beginning of a question of more than `SHORT` terms, else an empty string.

    It is the first sentence, line of a list or paragraph, and as many more as three terms take. It is empty,
    too, if nothing follows.

    Args:
        text: The question with its line breaks.
    """
    if len(text.split()) <= SHORT // 2 or len(_rcm.query_terms(text)) <= SHORT:
        return ""
    for end in islice(re.finditer(_NEXT, text), _MOST_SENTENCES):
        if len(_rcm.query_terms(text[: end.start()])) >= _FEWEST:
            return text[: end.start()] if text[end.end() :].strip() else ""
    return ""
