"""Tokens: how many a text takes, guessed without any model's tokenizer."""

from __future__ import annotations

#: UTF-8 bytes per token. Measured on up to 120 files of each of 22 repositories in 15 languages: source
#: code has 3.3 (Haskell) to 5.0 (C#) characters per token of the encodings o200k and cl100k, and all
#: but one file in twenty has 3 or more in nearly every repository. The guess is high by a third on average.
BYTES_PER_TOKEN = 3


def count_tokens(text: str) -> int:
    """Guess how many tokens a text takes, rather too many than too few."""
    return -(-len(text.encode("utf-8", "replace")) // BYTES_PER_TOKEN)
