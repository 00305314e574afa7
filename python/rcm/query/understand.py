"""Understand: one value with everything that a query's text says by itself."""

from __future__ import annotations

from typing import NamedTuple

from rcm.query.headline import headline
from rcm.query.names import Names, find_names
from rcm.query.places import Place, find_places
from rcm.query.speech import without_function_words

#: Functions of a stack trace that count as names asked for: the innermost ones.
_MOST_FUNCTIONS = 5


class Question(NamedTuple):
    """A query, understood.

    Attributes:
        text: What words and meaning are looked for by.
        names: Identifiers whose definitions are wanted.
        places: Paths and lines that it mentions, the most telling first.
        headline: What a long question begins with; empty for a short one and for a stack trace.
        foreign: Whether it is in another language than English, so that an unknown word is no typo.
        corrections: (word as typed, word searched for), in order; none before an index was asked.
    """

    text: str
    names: Names
    places: tuple[Place, ...] = ()
    headline: str = ""
    foreign: bool = False
    corrections: tuple[tuple[str, str], ...] = ()

    def corrected(self, text: str, corrections: tuple[tuple[str, str], ...]) -> Question:
        """Return the question with some words of its text replaced."""
        names = find_names(text, capitals=not self.foreign)
        return self._replace(text=text, names=names, corrections=corrections)


def understand(query: str) -> Question:
    """Understand a query as typed; control characters other than line breaks are gone already."""
    mentions = find_places(query)
    if mentions.trace:
        text = mentions.rest or " ".join(query.split())
        names = find_names(text)
        wanted = dict.fromkeys((*mentions.functions[:_MOST_FUNCTIONS], *names.wanted))
        return Question(text, Names(tuple(wanted), False), mentions.places, foreign=True)
    text, foreign = without_function_words(" ".join(query.split()))
    names = find_names(text, capitals=not foreign)
    return Question(text, names, mentions.places, headline(query), foreign)
