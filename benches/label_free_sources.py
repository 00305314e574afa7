"""Questions without labels: documentation sentences, commit subjects, and names."""

from __future__ import annotations

import random
import re
import shutil
import subprocess
import tarfile
from collections import Counter
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

from rcm import _rcm
from rcm.bench.sentences import FEWEST_WORDS, KINDS, MOST_WORDS, first_sentence

SEED = 20251122
#: Files that a commit may change to be about something.
MOST_CHANGED = 10
#: Sentences asked of one file: a long file is one answer all the same.
PER_FILE = 3
#: Characters of a name that is asked: shorter ones are in everything.
SHORTEST_NAME = 4
_WORD = re.compile(r"\w+")
_NOT_SUBJECT = re.compile(r"^(?:merge|revert|bump|release|version|v?\d+\.)\b", re.IGNORECASE)
_NUMBER = re.compile(r"\s*\(?#\d+\)?\s*$")


@dataclass(frozen=True, slots=True)
class Question:
    """A text and what must be found by it.

    Attributes:
        text: What is asked.
        paths: The files that answer.
        first_line: First line of the definition, 1-based; 1 where lines are not known.
        last_line: Its last line.
    """

    text: str
    paths: tuple[str, ...]
    first_line: int = 1
    last_line: int = 1 << 30


@dataclass(frozen=True, slots=True)
class _Sentence:
    text: str
    path: str
    name: str
    lines: tuple[tuple[int, str], ...]
    first_line: int
    last_line: int


def doc_questions(tree: Path, copy: Path, most: int) -> list[Question]:
    """Copy what is indexed of a tree without some documentation sentences, and ask for these."""
    texts: dict[str, list[str]] = {}
    sentences: list[_Sentence] = []
    for path in _rcm.walk(tree).paths:
        try:
            lines = (tree / path).read_text(encoding="utf-8").splitlines()
        except (OSError, UnicodeDecodeError):
            continue
        texts[path] = lines
        sentences += _sentences(tree, path, lines)
    said = Counter(line.strip() for lines in texts.values() for line in lines)
    alone = [
        one
        for one in sentences
        if all(said[texts[one.path][at].strip()] == 1 for at, _ in one.lines)
    ]
    chosen = _choose(alone, most)
    for one in chosen:
        for at, left in one.lines:
            texts[one.path][at] = left
    for path, lines in texts.items():
        (copy / path).parent.mkdir(parents=True, exist_ok=True)
        (copy / path).write_text("\n".join(lines) + "\n", encoding="utf-8")
    return [
        Question(_without_name(one), (one.path,), one.first_line, one.last_line) for one in chosen
    ]


def _sentences(tree: Path, path: str, lines: list[str]) -> list[_Sentence]:
    try:
        report: dict[str, Any] = _rcm.inspect(tree, path)
    except (OSError, ValueError):
        return []
    if report.get("walk") != "kept" or "symbols" not in report:
        return []
    found = []
    for symbol in report["symbols"]:
        if symbol["kind"] in KINDS and symbol["doc"]:
            made = first_sentence(lines, symbol["start_line"], symbol["line"])
            if made is not None:
                text, at = made
                found.append(
                    _Sentence(text, path, symbol["name"], at, symbol["line"], symbol["end_line"])
                )
    return found


def _without_name(one: _Sentence) -> str:
    text = re.sub(rf"\b{re.escape(one.name)}\b", "", one.text)
    return " ".join(text.split()).strip(" `") or one.text


def _choose(sentences: list[_Sentence], most: int) -> list[_Sentence]:
    dice = random.Random(SEED)
    dice.shuffle(sentences)
    taken: Counter[str] = Counter()
    chosen: list[_Sentence] = []
    for one in sentences:
        if len(chosen) < most and taken[one.path] < PER_FILE:
            taken[one.path] += 1
            chosen.append(one)
    return chosen


def name_questions(tree: Path, most: int) -> list[Question]:
    """Ask the names that one file defines, in code of any kind, for that file."""
    defined: dict[str, dict[str, Question]] = {}
    for path in _rcm.walk(tree).paths:
        try:
            report: dict[str, Any] = _rcm.inspect(tree, path)
        except (OSError, ValueError):
            continue
        for symbol in report.get("symbols", ()):
            name = symbol["name"]
            if symbol["kind"] in KINDS and name.isidentifier() and len(name) >= SHORTEST_NAME:
                question = Question(name, (path,), symbol["start_line"], symbol["end_line"])
                defined.setdefault(name, {}).setdefault(path, question)
    alone = [
        question for files in defined.values() if len(files) == 1 for question in files.values()
    ]
    random.Random(SEED).shuffle(alone)
    return alone[:most]


def is_clone(tree: Path) -> bool:
    """Tell whether a folder is a git clone itself, bare or not, with a commit."""
    if not ((tree / ".git").exists() or (tree / "HEAD").is_file()):
        return False
    done = subprocess.run(
        ["git", "-C", str(tree), "rev-parse", "HEAD"], check=False, capture_output=True
    )
    return done.returncode == 0


def export_commit(clone: Path, copy: Path, commit: str = "HEAD") -> Path:
    """Write the files of a commit of a clone to a new folder, links left out."""
    raw = _git(clone, "archive", "--format=tar", commit)
    with tarfile.open(fileobj=BytesIO(raw)) as archive:
        for member in archive:
            if member.isfile():
                archive.extract(member, copy, filter="data")
    shutil.rmtree(copy / ".git", ignore_errors=True)
    return copy


def commit_questions(clone: Path, tree: Path, most: int) -> list[Question]:
    """Ask subjects of commits for the files that they changed and that are indexed at HEAD."""
    indexed = set(_rcm.walk(tree).paths)
    done = subprocess.run(
        ["git", "-C", str(clone), "log", "--no-merges", "--name-only", "--format=%x01%s", "HEAD"],
        check=False,  # a clone that is cut off somewhere still tells of the commits before
        capture_output=True,
    )
    questions = []
    for entry in done.stdout.decode("utf-8", "replace").split("\x01")[1:]:
        subject, *names = [line for line in entry.splitlines() if line]
        subject = _NUMBER.sub("", subject)
        words = len(_WORD.findall(subject))
        if _NOT_SUBJECT.match(subject) or not FEWEST_WORDS <= words <= MOST_WORDS:
            continue
        if 0 < len(names) <= MOST_CHANGED and indexed.issuperset(names):
            questions.append(Question(subject, tuple(names)))
    random.Random(SEED).shuffle(questions)
    return questions[:most]


def _git(clone: Path, *arguments: str) -> bytes:
    return subprocess.run(
        ["git", "-C", str(clone), *arguments], check=True, capture_output=True
    ).stdout
