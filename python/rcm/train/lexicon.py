"""Pairs of what people ask with and what code says instead, from two lists written for this model.

Documentation names a thing as the code beside it does, so pairs cut out of sources teach few synonyms.
`thesaurus.txt` has a word a line with words that code uses instead (`grow: expand, resize, scale`);
`cards.txt` has a mechanism a line: questions for it, and words of the code that does it
(`question | question :: word word`). They are of software at large; no repository was looked at for them.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

THESAURUS, CARDS = Path(__file__).with_name("thesaurus.txt"), Path(__file__).with_name("cards.txt")


@dataclass(frozen=True)
class Lexicon:
    """How often the lists are drawn from, each time with other words.

    Attributes:
        of_word: Pairs of an entry of the thesaurus, half of them from the word to others, half back.
        others: Fewest and most words that stand for it.
        of_question: Pairs of a question of a card and words of the code; one more is of the question
            and the next one of the card.
        words: Fewest and most words of the code.
        seed: Of the draw.
    """

    of_word: int = 12
    others: tuple[int, int] = (1, 4)
    of_question: int = 5
    words: tuple[int, int] = (5, 14)
    seed: int = 20

    def records(self) -> Iterator[dict[str, Any]]:
        """Yield pairs as the extraction writes them, the same ones every time.

        Each list is a source of its own: batches are made of blocks of one source, so that its entries
        are each other's negatives.
        """
        random = np.random.default_rng(self.seed)
        for word, others in read_thesaurus():
            for nth in range(self.of_word):
                some = _some(others, self.others, random)
                query, code = (word, some) if nth % 2 else (some, word)
                yield _record("thesaurus", query, code)
        for questions, words in read_cards():
            for nth, question in enumerate(questions):
                for _ in range(self.of_question):
                    yield _record("cards", question, _some(words, self.words, random))
                if len(questions) > 1:
                    yield _record("cards", question, questions[(nth + 1) % len(questions)])


def read_thesaurus() -> list[tuple[str, list[str]]]:
    """Return each word with what code may say instead, the closest first."""
    rows = (line.partition(": ") for line in THESAURUS.read_text("utf-8").splitlines())
    return [(word, others.split(", ")) for word, _, others in rows]


def read_cards() -> list[tuple[list[str], list[str]]]:
    """Return for each mechanism its questions and the words of its code, the most telling first."""
    rows = (line.partition(" :: ") for line in CARDS.read_text("utf-8").splitlines())
    return [(asked.split(" | "), said.split()) for asked, _, said in rows]


def _some(words: Sequence[str], count: tuple[int, int], random: np.random.Generator) -> str:
    """A few of the words, in their order."""
    least, most = count
    chosen = min(int(random.integers(least, most + 1)), len(words))
    return " ".join(words[at] for at in sorted(random.choice(len(words), chosen, replace=False)))


def _record(source: str, query: str, code: str) -> dict[str, Any]:
    empty = dict.fromkeys(("before", "after", "path", "stem"), "")
    return {"source": source, "kind": source, "query": query, "code": code, "symbols": [], **empty}
