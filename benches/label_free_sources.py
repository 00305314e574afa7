"""Questions without labels: documentation sentences, subjects and messages of commits, and names."""

from __future__ import annotations

import random
import re
import shutil
import subprocess
import tarfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

from rcm import _rcm
from rcm.bench.sentences import FEWEST_WORDS, KINDS, MOST_WORDS, first_sentence
from rcm.content import is_code, is_test

SEED = 20251122
#: Source, path and name of a definition, and three questions about it.
WRITTEN = Path(__file__).parent / "questions" / "definitions.tsv"
#: Files that a commit may change to be about something.
MOST_CHANGED = 10
#: Sentences asked of one file: a long file is one answer all the same.
PER_FILE = 3
#: Characters of a name that is asked: shorter ones are in everything.
SHORTEST_NAME = 4
_WORD = re.compile(r"\w+")
_NOT_SUBJECT = re.compile(r"^(?:merge|revert|bump|release|version|v?\d+\.)\b", re.IGNORECASE)
_NUMBER = re.compile(r"\s*\(?#\d+\)?\s*$")
#: Who did it, and numbers of issues.
_TRAILER = re.compile(
    r"[A-Z][\w-]+-(?:by|id|on): |Cc: |(?:closes|fixes|references|resolves):? #?\d", re.IGNORECASE
)
#: Words after the subject that explain something.
FEWEST_EXPLAINING = 30


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


@dataclass(frozen=True, slots=True)
class _Commit:
    subject: str
    body: str
    paths: tuple[str, ...]


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


def written_questions(tree: Path, source: str, most: int) -> list[Question]:
    """Ask what a language model asked about definitions of a source of the table, in other words than theirs.

    Args:
        tree: The source, as `python -m rcm.train fetch` unpacks it.
        source: Its name there; other trees have no such questions.
        most: Questions wanted.
    """
    questions = []
    for line in WRITTEN.read_text(encoding="utf-8").splitlines():
        of, path, name, asked = line.split("\t")
        if of == source and (tree / path).is_file():
            report: dict[str, Any] = _rcm.inspect(tree, path)
            places = [one for one in report.get("symbols", ()) if one["name"] == name]
            if places:
                lines = places[0]["start_line"], places[0]["end_line"]
                questions += [Question(text, (path,), *lines) for text in asked.split(" | ")]
    random.Random(SEED).shuffle(questions)
    return questions[:most]


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
    questions = []
    for commit in _commits(clone):
        words = len(_WORD.findall(commit.subject))
        if FEWEST_WORDS <= words <= MOST_WORDS and indexed.issuperset(commit.paths):
            questions.append(Question(commit.subject, commit.paths))
    random.Random(SEED).shuffle(questions)
    return questions[:most]


def message_questions(clone: Path, tree: Path, most: int) -> list[Question]:
    """Ask whole messages of commits, subject and explanation, for the programs that they changed.

    Tests and documents that were changed along are no answers; at least one program must be left and still
    be there.
    """
    programs = set(_programs(tree))
    questions = []
    for commit in _commits(clone):
        changed = tuple(path for path in commit.paths if path in programs)
        if changed and len(_WORD.findall(commit.body)) >= FEWEST_EXPLAINING:
            questions.append(Question(f"{commit.subject}\n\n{commit.body}", changed))
    random.Random(SEED).shuffle(questions)
    return questions[:most]


def _programs(tree: Path) -> Iterator[str]:
    for path in _rcm.walk(tree).paths:
        if not is_test(path):
            try:
                language = str(_rcm.inspect(tree, path).get("language", ""))
            except (OSError, ValueError):
                continue
            if is_code(language):
                yield path


def _commits(clone: Path) -> Iterator[_Commit]:
    """Yield what commits say and change, the newest first: no merges, releases or sweeping changes."""
    done = subprocess.run(
        ["git", "-C", str(clone), "log", "--no-merges", "--name-only", "--format=%x01%s%x02%b%x02"],
        check=False,  # a clone that is cut off somewhere still tells of the commits before
        capture_output=True,
    )
    for entry in done.stdout.decode("utf-8", "replace").split("\x01")[1:]:
        subject, body, names = entry.split("\x02", 2)
        paths = tuple(line for line in names.splitlines() if line)
        if not _NOT_SUBJECT.match(subject) and 0 < len(paths) <= MOST_CHANGED:
            kept = [line for line in body.splitlines() if not _TRAILER.match(line)]
            yield _Commit(_NUMBER.sub("", subject), "\n".join(kept).strip(), paths)


def _git(clone: Path, *arguments: str) -> bytes:
    return subprocess.run(
        ["git", "-C", str(clone), *arguments], check=True, capture_output=True
    ).stdout
