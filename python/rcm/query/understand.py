"""Understand: one value with everything that a query's text says by itself."""

from __future__ import annotations

from typing import NamedTuple

from rcm import _rcm
from rcm.query.headline import headline, n_words
from rcm.query.names import Names, find_names
from rcm.query.places import Mentions, Place, find_places
from rcm.query.speech import spoken, without_function_words

#: Functions of a stack trace that count as names asked for: the innermost ones.
_MOST_FUNCTIONS = 5
#: Around code and traces in what is pasted.
_FENCES = "`~ \n"


class Question(NamedTuple):
    """A query, understood.

    Attributes:
        text: What words and meaning are looked for by.
        terms: Its terms.
        names: Identifiers whose definitions are wanted.
        places: Paths and lines that it mentions, the most telling first.
        headline: What a long question begins with; empty for a short one and for a mere stack trace.
        headline_terms: The terms of the headline; of a question without one its own.
        foreign: Whether it is in another language than English, so that an unknown word is no typo.
        corrections: (word as typed, word searched for), in order; none before an index was asked.
    """

    text: str
    terms: list[str]
    names: Names
    places: tuple[Place, ...]
    headline: str
    headline_terms: list[str]
    foreign: bool
    corrections: tuple[tuple[str, str], ...] = ()

    @property
    def about(self) -> str:
        """The headline, or without one all of it: what tells which kinds of files are asked for."""
        return self.headline or self.text

    @property
    def n_words(self) -> float:
        """How many words it has, about, function words left out."""
        return n_words(self.terms)

    def corrected(self, text: str, corrections: tuple[tuple[str, str], ...]) -> Question:
        """Return the question, one without a headline, with some words of its text replaced."""
        names = find_names(text, capitals=not self.foreign)
        terms = _rcm.query_terms(text)
        return self._replace(
            text=text, terms=terms, names=names, headline_terms=terms, corrections=corrections
        )


def understand(query: str) -> Question:
    """Understand a query as typed; control characters other than line breaks are gone already."""
    mentions = find_places(query)
    if mentions.trace:
        return _with_trace(query, mentions)
    language = spoken(query)
    said = without_function_words(query, language)
    text = " ".join(said.split())
    # Signs are of no language: quotation marks, dashes, arrows, faces.
    foreign = bool(language) or (
        not text.isascii() and any(one.isalpha() and not one.isascii() for one in text)
    )
    names = find_names(text, capitals=not foreign)
    return _question(text, names, mentions.places, said, foreign=foreign)


def _with_trace(query: str, mentions: Mentions) -> Question:
    """Understand a stack trace, or an issue with one: what stands before it is what people say."""
    language = spoken(mentions.before or mentions.rest)
    text = without_function_words(mentions.rest or " ".join(query.split()), language)
    asked = find_names(text, capitals=not language).wanted
    names = Names(tuple(dict.fromkeys((*mentions.functions[:_MOST_FUNCTIONS], *asked))), False)
    before = without_function_words(mentions.before.strip(_FENCES), language)
    said = f"{before}\n\n{text}" if before else ""
    return _question(text, names, mentions.places, said, foreign=True)


def _question(
    text: str, names: Names, places: tuple[Place, ...], said: str, *, foreign: bool
) -> Question:
    terms = _rcm.query_terms(text)
    first = headline(said, terms)
    return Question(
        text, terms, names, places, first, _rcm.query_terms(first) if first else terms, foreign
    )
