"""The tokenizer of the static embedding model: code words first, any Unicode text after.

The Rust half computes the same ids without the `tokenizers` library; it accepts a `tokenizer.json`
only if everything but the vocabulary is exactly what :func:`build_tokenizer` writes.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from tokenizers import Regex, Tokenizer, models, normalizers, pre_tokenizers

UNKNOWN: Final = "[UNK]"
"""Id 0. Only words of more than :data:`MAX_WORD_BYTES` bytes become it."""

MAX_WORD_BYTES: Final = 100
"""Longer words are unknown (word pieces would be hashes and encoded blobs)."""

CAMEL_BOUNDARY: Final = "(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])"
"""Where an ASCII camelCase word is cut: `get|User`, `HTTP|Response`."""

SEPARATORS: Final = (
    (0x00, 0x2F),
    (0x3A, 0x60),
    (0x7B, 0xA9),
    (0xAB, 0xB4),
    (0xB6, 0xB9),
    (0xBB, 0xBF),
    (0xD7, 0xD7),
    (0xF7, 0xF7),
    (0x2000, 0x206F),
    (0x20A0, 0x20CF),
    (0x2190, 0x2BFF),
    (0x2E00, 0x2E7F),
    (0x3000, 0x3004),
    (0x3008, 0x3020),
    (0x3030, 0x3030),
    (0xE000, 0xF8FF),
    (0xFE10, 0xFE6F),
    (0xFF00, 0xFF0F),
    (0xFF1A, 0xFF20),
    (0xFF3B, 0xFF40),
    (0xFF5B, 0xFF65),
    (0xFFE0, 0xFFFF),
    (0x1F000, 0x1FAFF),
    (0xE0000, 0xE0FFF),
)
"""Code points between words, first and last of each range: everything ASCII but `a-z0-9`, and
punctuation, symbols and spaces beyond. Spelled out, not `\\p{P}`: both sides must agree whatever
Unicode version their regular expressions know."""


def separator_class() -> str:
    """The character class of :data:`SEPARATORS`, repeated, in Oniguruma syntax."""
    ranges = (f"\\x{{{first:04X}}}-\\x{{{last:04X}}}" for first, last in SEPARATORS)
    return f"[{''.join(ranges)}]+"


def byte_characters() -> list[str]:
    """The printable character that the byte-level pre-tokenizer writes for each byte, by byte.

    Printable Latin-1 stands for itself, the other bytes for U+0100 and up (the GPT-2 table).
    """
    itself = {*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)}
    characters, moved = [], 0x100
    for byte in range(0x100):
        if byte in itself:
            characters.append(chr(byte))
        else:
            characters.append(chr(moved))
            moved += 1
    return characters


def vocabulary(words: Iterable[str]) -> dict[str, int]:
    """Token to id: the unknown token, the 256 byte characters, then `words` in their order.

    Args:
        words: Normalised words or pieces in plain text (`"naïve"`, not its byte characters);
            repeated ones, single bytes and empty ones take no second id.
    """
    table = byte_characters()
    ids = {UNKNOWN: 0}
    for token in table:
        ids.setdefault(token, len(ids))
    for word in words:
        if word:
            ids.setdefault("".join(table[byte] for byte in word.encode()), len(ids))
    return ids


def build_tokenizer(words: Sequence[str]) -> Tokenizer:
    """Build the tokenizer over a word list.

    Args:
        words: Vocabulary beyond the 256 single bytes, as normalised plain text, best first; word
            ids start at 257 (a word that is a single ASCII character has its byte's id).

    Returns:
        A tokenizer that adds no special tokens, neither pads nor truncates, and takes of each word
        the longest known pieces from the left.
    """
    tokenizer = Tokenizer(
        models.WordPiece(
            vocabulary(words),
            unk_token=UNKNOWN,
            max_input_chars_per_word=MAX_WORD_BYTES,
            continuing_subword_prefix="",
        )
    )
    tokenizer.normalizer = normalizers.Sequence(
        [
            normalizers.NFKC(),
            normalizers.Replace(Regex(CAMEL_BOUNDARY), " "),
            normalizers.Lowercase(),
        ]
    )
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(separator_class()), behavior="removed"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, trim_offsets=False, use_regex=False),
        ]
    )
    return tokenizer
