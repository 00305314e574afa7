"""Choose training pairs and turn their texts into word ids.

The extraction gives far more pairs of some sources and kinds than of others. Which ones are kept is
decided by a hash of the pair, so the choice depends on no order of files and no random state.
"""

import hashlib
import json
import re
import unicodedata
from array import array
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from rcm.train.tokenizer import CAMEL_BOUNDARY, separator_class

FIELDS: Final = ("query", "code", "before", "after", "path", "stem", "symbols")
"""The texts of a pair, in the order in which [Pairs][rcm.train.pairs.Pairs] keeps them."""

MAX_WORDS: Final = {
    "query": 64,
    "code": 400,
    "before": 100,
    "after": 100,
    "path": 24,
    "stem": 8,
    "symbols": 48,
}
"""Words kept of each field; a chunk of the index has about 250."""

HELD_OUT: Final = frozenset({"go.uber.org-zap", "rich", "phpunit"})
"""Folders of the sources that are never trained on: the trainer reports its retrieval figure on them."""

_ASCII_WORD = re.compile(r"[A-Z]+(?![a-z])[a-z0-9]*|[A-Z]?[a-z0-9]+")
_SENTENCE_END = re.compile(r"(?<=[\w)`'\"][.!?])\s|[:;]\s")
_BOUNDARY = re.compile(CAMEL_BOUNDARY)
_SEPARATORS = re.compile(
    re.sub(r"\\x\{([0-9A-F]+)\}", lambda m: f"\\U{int(m[1], 16):08X}", separator_class())
)


@dataclass(frozen=True)
class Limits:
    """How many pairs are kept, so that no source, language or kind drowns the others.

    Attributes:
        source: Pairs of one source.
        language: Pairs of one language.
        names: Pairs of kind `name` for each `doc` pair of the source and language; likewise
            `comments` and `tests`.
        comments: See `names`.
        tests: See `names`.
        files: See `names`.
        changes: See `names`.
        least: Pairs of each of these kinds that a source may give however few docs it has.
        sections: Pairs of kind `section` of one source.
    """

    source: int = 20_000
    language: int = 50_000
    names: float = 0.6
    comments: float = 0.5
    tests: float = 0.3
    files: float = 0.3
    changes: float = 0.2
    least: int = 300
    sections: int = 300


@dataclass(frozen=True)
class Pairs:
    """Chosen pairs as word ids.

    Attributes:
        words: Normalised words; a word id is an index into this list.
        word_sources: In how many sources each word occurs, `[len(words)]`.
        ids: The word ids of all fields of all pairs, one after the other.
        ends: Where each field of each pair ends in `ids`, `[n_pairs, len(FIELDS)]`.
        sources: The source of each pair, `[n_pairs]`.
        is_name: Whether the query is only a name, `[n_pairs]`.
        query_hash: Equal for equal queries, `[n_pairs]`.
        code_hash: Equal for equal code, `[n_pairs]`.
    """

    words: list[str]
    word_sources: NDArray[np.int32]
    ids: NDArray[np.int32]
    ends: NDArray[np.int64]
    sources: NDArray[np.str_]
    is_name: NDArray[np.bool_]
    query_hash: NDArray[np.int64]
    code_hash: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.ends)


def split_words(text: str) -> list[str]:
    """Split a text into normalised words exactly as the tokenizer does before its word pieces."""
    if text.isascii():
        return [word.lower() for word in _ASCII_WORD.findall(text)]
    spaced = _BOUNDARY.sub(" ", unicodedata.normalize("NFKC", text)).lower()
    return [word for word in _SEPARATORS.split(spaced) if word]


def load_pairs(path: Path, limits: Limits, more: Iterable[dict[str, Any]] = ()) -> Pairs:
    """Read extracted pairs, choose, and split.

    Args:
        path: JSON lines as `extract_pairs` prints them.
        limits: How many to keep.
        more: Pairs of the same form that are kept all, after them.
    """
    chosen = _choose(path, limits)
    return _split(chain(_records(path, chosen), more))


def _records(path: Path, chosen: set[int]) -> Iterator[dict[str, Any]]:
    with path.open("rb") as lines:
        for at, line in enumerate(lines):
            if at in chosen:
                yield json.loads(line)


def _choose(path: Path, limits: Limits) -> set[int]:
    """The numbers of the lines to keep."""
    groups: dict[tuple[str, str], dict[str, list[tuple[int, int]]]] = defaultdict(
        lambda: defaultdict(list)
    )
    seen: set[int] = set()
    with path.open("rb") as lines:
        for at, line in enumerate(lines):
            record = json.loads(line)
            key = _hash(record["query"] + "\0" + record["code"])
            if key in seen or _is_dull(record):
                continue
            seen.add(key)
            groups[record["language"], record["source"]][record["kind"]].append((key, at))
    languages: dict[str, list[tuple[int, int]]] = defaultdict(list)
    for (language, _), kinds in sorted(groups.items()):
        languages[language] += _share(kinds, limits)
    return {at for rows in languages.values() for _, at in sorted(rows)[: limits.language]}


def _share(kinds: dict[str, list[tuple[int, int]]], limits: Limits) -> list[tuple[int, int]]:
    """What one source gives in one language."""
    docs = len(kinds["doc"])
    shares = {
        "doc": 1.0,
        "name": limits.names,
        "comment": limits.comments,
        "test": limits.tests,
        "file": limits.files,
        "change": limits.changes,
    }
    room = {kind: max(limits.least, int(share * docs)) for kind, share in shares.items()}
    room["section"] = limits.sections
    rows = [row for kind, found in sorted(kinds.items()) for row in sorted(found)[: room[kind]]]
    return sorted(rows)[: limits.source]


def _is_dull(record: dict[str, Any]) -> bool:
    """A pair that teaches nothing: a changelog's version, or code that is mostly figures."""
    if record["kind"] == "section" and not re.search(r"[A-Za-z]{3}", record["query"]):
        return True
    code = record["code"]
    return sum(map(str.isdigit, code)) * 4 > len(code)


def _split(records: Iterable[dict[str, Any]]) -> Pairs:
    lookup: dict[str, int] = {}
    sources_of: list[set[int]] = []
    source_ids: dict[str, int] = {}
    ids, ends = array("i"), array("q")
    columns: dict[str, list[Any]] = defaultdict(list)
    for record in records:
        source = source_ids.setdefault(record["source"], len(source_ids))
        record["symbols"] = " ".join(record["symbols"])
        record["query"] = _query(record)
        for field in FIELDS:
            for word in _cut(field, split_words(record[field])):
                word_id = lookup.setdefault(word, len(lookup))
                if word_id == len(sources_of):
                    sources_of.append(set())
                sources_of[word_id].add(source)
                ids.append(word_id)
            ends.append(len(ids))
        columns["source"].append(record["source"])
        columns["is_name"].append(record["kind"] == "name")
        columns["query_hash"].append(_hash(" ".join(split_words(record["query"]))))
        columns["code_hash"].append(_hash(record["code"]))
    return Pairs(
        words=list(lookup),
        word_sources=np.array([len(each) for each in sources_of], np.int32),
        ids=np.frombuffer(ids, np.int32),
        ends=np.frombuffer(ends, np.int64).reshape(-1, len(FIELDS)),
        sources=np.array(columns["source"]),
        is_name=np.array(columns["is_name"], bool),
        query_hash=np.array(columns["query_hash"], np.int64),
        code_hash=np.array(columns["code_hash"], np.int64),
    )


def _query(record: dict[str, Any]) -> str:
    """Of seven documentation comments in ten the first sentence: searches are shorter than paragraphs."""
    text: str = record["query"]
    if record["kind"] not in ("doc", "comment", "file") or _hash(text) % 10 >= 7:
        return text
    first = _SENTENCE_END.split(text, maxsplit=1)[0]
    return first if len(first.split()) >= 3 else text


def _cut(field: str, words: list[str]) -> list[str]:
    """The part of a field that is kept: of the text before a definition its end, else the beginning."""
    limit = MAX_WORDS[field]
    return words[-limit:] if field == "before" else words[:limit]


def _hash(text: str) -> int:
    return int.from_bytes(
        hashlib.blake2b(text.encode(), digest_size=8).digest(), "little", signed=True
    )


def word_counts(pairs: Pairs) -> Counter[str]:
    """How often each word occurs in all fields."""
    counts = np.bincount(pairs.ids, minlength=len(pairs.words))
    return Counter(dict(zip(pairs.words, counts.tolist(), strict=True)))
