"""Questions made from a tree itself, the same for equal trees: names of definitions, and sentences.

Half are identifiers that the tree defines, half are first sentences of their documentation; a tree
without either is asked lines of its text. They say how long answers take, not how good they are:
each names something that is there word for word.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from rcm import _rcm
from rcm.bench.sentences import FEWEST_WORDS, KINDS, MOST_WORDS, first_sentence
from rcm.chunks import ScanOptions, walk

SEED = 20251122
#: Questions of a run.
MOST = 50
#: Of one file: names and sentences each.
_PER_FILE = 2
#: Files looked at for names and sentences, at most: parsing them is no part of what is measured.
_MOST_FILES = 2_000
_SHORTEST_NAME = 4
_WORD = re.compile(r"\w+")


def questions(root: Path, most: int = MOST) -> list[str]:
    """Make questions of a tree, in an order that has nothing to do with its folders.

    Args:
        root: The tree.
        most: Questions wanted; a small tree gives fewer.
    """
    paths = walk(root, ScanOptions()).paths
    random.Random(SEED).shuffle(paths)
    names: dict[str, None] = {}
    sentences: dict[str, None] = {}
    lines: dict[str, None] = {}
    for path in paths[:_MOST_FILES]:
        if min(len(names), len(sentences)) >= most:
            break
        text = _text(root / path)
        found = _names(root, path)
        names.update(dict.fromkeys(_some(name for name, _, _ in found)))
        sentences.update(dict.fromkeys(_some(_sentences(text, found))))
        lines.update(dict.fromkeys(_some(filter(_says_something, map(str.strip, text)))))
    chosen = [*list(names)[: most // 2], *list(sentences)[: most - most // 2]]
    # What one kind lacks the others make up for.
    chosen += [one for one in (*names, *sentences, *lines) if one not in chosen]
    chosen = chosen[:most]
    random.Random(SEED).shuffle(chosen)
    return chosen


def _some(found: Iterator[str]) -> list[str]:
    return list(dict.fromkeys(found))[:_PER_FILE]


def _text(path: Path) -> list[str]:
    try:
        return path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        return []


def _names(root: Path, path: str) -> list[tuple[str, int, int]]:
    """Names that a file defines, each with its first line, documentation included, and its own line."""
    try:
        report: dict[str, Any] = _rcm.inspect(root, path)
    except (OSError, ValueError):
        return []
    return [
        (symbol["name"], symbol["start_line"], symbol["line"])
        for symbol in report.get("symbols", ())
        if symbol["kind"] in KINDS and len(symbol["name"]) >= _SHORTEST_NAME
    ]


def _sentences(lines: list[str], found: list[tuple[str, int, int]]) -> Iterator[str]:
    for _, start, line in found:
        made = first_sentence(lines, start, line)
        if made is not None:
            yield made[0]


def _says_something(line: str) -> bool:
    return FEWEST_WORDS <= len(_WORD.findall(line)) <= MOST_WORDS
