"""Choose the tokens: frequent words of the training texts, then pieces for the words that are left.

The tokenizer takes the longest known pieces of an unknown word from the left, so a frequent stem
or ending among the pieces gives that word something of the meaning of its relatives.
"""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from rcm.train.tokenizer import MAX_WORD_BYTES, vocabulary

_CODE_LIKE = re.compile(r"(?=.*\d)(?:\d+|[0-9a-f]{4,}|(?:[a-z]?\d+){3,}[a-z]?|.*\d{5,}.*)")
"""Digit strings, hexadecimal and encoded blobs: never the same twice, so no token of their own."""

PIECE_LENGTHS = range(2, 7)
"""Lengths of the pieces in characters."""

PIECE_WORDS = 40_000
"""How many of the words that did not make it decide about the pieces, most frequent first."""


def choose_words(
    counts: Mapping[str, int], sources: Mapping[str, int], size: int, pieces: int, min_count: int
) -> list[str]:
    """Choose the vocabulary beyond single bytes, most frequent first.

    Args:
        counts: Occurrences of each normalised word.
        sources: Number of sources that each word occurs in.
        size: Tokens in all, with the unknown token and the 256 bytes.
        pieces: How many of them are pieces for words outside the vocabulary.
        min_count: A word is taken from this many occurrences on, in two sources at least.
    """
    room = size - len(vocabulary([])) - pieces
    ranked = sorted(counts, key=lambda word: (-counts[word], word))
    taken = [
        word
        for word in ranked
        if counts[word] >= min_count and sources[word] >= 2 and _may_be_token(word)
    ][:room]
    known = set(taken)
    left = [word for word in ranked if word not in known][:PIECE_WORDS]
    return taken + choose_pieces(left, taken, pieces)


def _may_be_token(word: str) -> bool:
    return len(word) > 1 and not _CODE_LIKE.fullmatch(word)


def choose_pieces(unknown: Iterable[str], words: Sequence[str], size: int) -> list[str]:
    """Choose pieces that words outside the vocabulary break into, by how many letters of them they cover.

    Args:
        unknown: Words that are not tokens.
        words: Words that are.
        size: How many pieces to choose.
    """
    known = set(words)
    found: Counter[str] = Counter()
    for word in unknown:
        if _CODE_LIKE.fullmatch(word) or not 3 <= len(word) <= 30 or not word.isascii():
            continue
        starts = range(len(word) - 1)
        found.update(
            {
                word[at : at + length]
                for at in starts
                for length in PIECE_LENGTHS
                if at + length <= len(word)
            }
        )
    scored = sorted(
        (-count * len(piece), piece) for piece, count in found.items() if piece not in known
    )
    return [piece for _, piece in scored[:size]]


def pieces_of(
    words: Sequence[str], tokens: Mapping[str, int]
) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
    """Token ids of each word, as the tokenizer would give them.

    Args:
        words: Normalised words.
        tokens: Token to id, in plain text for words and in byte characters as
            [vocabulary][rcm.train.tokenizer.vocabulary] makes them.

    Returns:
        All ids one after the other, and where each word's ids begin, `[len(words) + 1]`.
    """
    table = list(vocabulary([]))[1:]
    longest = max(map(len, tokens))
    ids: list[int] = []
    starts = [0]
    for word in words:
        data = "".join(table[byte] for byte in word.encode())
        ids += [0] if len(data) > MAX_WORD_BYTES else _greedy(data, tokens, longest)
        starts.append(len(ids))
    return np.array(ids, np.int32), np.array(starts, np.int64)


def _greedy(word: str, tokens: Mapping[str, int], longest: int) -> list[int]:
    ids, at = [], 0
    while at < len(word):
        end = min(len(word), at + longest)
        while word[at:end] not in tokens:
            end -= 1
        ids.append(tokens[word[at:end]])
        at = end
    return ids
