"""Filters: what a search is limited to, as ranges of chunk ids that are known before anything is scored."""

from __future__ import annotations

from collections.abc import Sequence
from threading import Lock
from typing import NamedTuple, TypeVar, get_args
from weakref import WeakKeyDictionary

from rcm import _rcm
from rcm.content import content_class
from rcm.globs import glob_matcher
from rcm.store.reader import IndexedFile, IndexReader
from rcm.types import ContentClass

T = TypeVar("T", bound=str)

#: What else people call a language, or two of them: short names, usual extensions, older names.
LANGUAGE_ALIASES = {
    "rs": "rust", "py": "python", "python3": "python", "js": "javascript", "jsx": "javascript",
    "node": "javascript", "ts": "typescript tsx", "golang": "go", "kt": "kotlin",
    "c++": "cpp", "cc": "cpp", "cxx": "cpp", "hpp": "cpp", "c#": "csharp", "cs": "csharp",
    "rb": "ruby", "sh": "bash", "shell": "bash", "zsh": "bash", "hs": "haskell", "ex": "elixir",
    "exs": "elixir", "htm": "html", "vue": "html", "svelte": "html", "scss": "css", "less": "css",
    "yml": "yaml", "md": "markdown", "txt": "text", "plain": "text",
}  # fmt: skip
#: What else people call a kind of definition.
KIND_ALIASES = {
    "fn": "function", "func": "function", "def": "function", "impl": "implementation",
    "const": "constant", "var": "variable", "mod": "module", "ctor": "constructor",
    "heading": "section",
}  # fmt: skip


class Filters(NamedTuple):
    """What results are limited to; each None for all.

    Attributes:
        languages: Language names.
        paths: Glob patterns over paths relative to the root; one that begins with `!` takes out.
        kinds: Kinds of definitions, one of which a chunk has to hold.
        classes: What files are for.
    """

    languages: tuple[str, ...] | None = None
    paths: tuple[str, ...] | None = None
    kinds: tuple[str, ...] | None = None
    classes: tuple[ContentClass, ...] | None = None

    @classmethod
    def of(
        cls,
        languages: Sequence[str] | None = None,
        paths: Sequence[str] | None = None,
        kinds: Sequence[str] | None = None,
        classes: Sequence[str] | None = None,
    ) -> Filters:
        """Check what a user asked for; empty means all, aliases become names.

        Raises:
            ValueError: If a language, kind or class is unknown, or a string was given for a sequence.
        """
        if isinstance(paths, str):
            raise ValueError(f"paths is the string {paths!r}, not a list of globs")
        if languages is None and paths is None and kinds is None and classes is None:
            return _ALL
        return cls(
            _known("language", languages, [*_rcm.languages(), "text"], LANGUAGE_ALIASES),
            tuple(paths) if paths else None,
            _known("kind", kinds, _rcm.kinds(), KIND_ALIASES),
            _known("class", classes, get_args(ContentClass), {}),
        )

    def passing(self, reader: IndexReader) -> Passing:
        """Return what passes of an index; remembered for the last few filters of each."""
        with _LOCK:
            known = _KNOWN.setdefault(reader, {})
            found = known.get(self)
            if found is None:
                while len(known) >= _REMEMBERED:
                    known.pop(next(iter(known)))
                found = known[self] = self._look(reader)
        return found

    def allowed(self, reader: IndexReader) -> list[tuple[int, int]] | None:
        """Return the id ranges of the chunks that pass, sorted and disjoint; None if all do."""
        return self.passing(reader).ranges

    def _look(self, reader: IndexReader) -> Passing:
        files = ranges = None
        if self.languages is not None or self.paths is not None or self.classes is not None:
            files = list(filter(_Keep(self), reader.files))
            ranges = _ranges(files)
        if self.kinds is not None:
            numbers = [number for number, kind in enumerate(_rcm.kinds()) if kind in self.kinds]
            ranges = reader.segments.of_kinds(numbers, ranges)
        # The lexical index knows languages itself.
        by_path = self.paths is not None or self.classes is not None
        keys = [str(file.first_id) for file in files] if files is not None and by_path else None
        return Passing(ranges, keys)


_ALL = Filters()


class Passing(NamedTuple):
    """What filters leave of an index.

    Attributes:
        ranges: Id ranges of chunks, sorted and disjoint; None for all.
        files: Keys of files in the lexical index; None where these do not matter.
    """

    ranges: list[tuple[int, int]] | None
    files: list[str] | None


#: Filters of each open index whose outcome is remembered; servers are asked with the same ones again.
_REMEMBERED = 8
_KNOWN: WeakKeyDictionary[IndexReader, dict[Filters, Passing]] = WeakKeyDictionary()
_LOCK = Lock()


def _ranges(files: Sequence[IndexedFile]) -> list[tuple[int, int]]:
    found: list[tuple[int, int]] = []
    for file in files:
        start, stop = file.first_id, file.first_id + file.n_chunks
        if found and found[-1][1] == start:
            start = found.pop()[0]
        found.append((start, stop))
    return found


def is_language(name: str) -> bool:
    """Tell whether a language is called so, or known by that name, too."""
    return name.lower() in {*_rcm.languages(), "text", *LANGUAGE_ALIASES}


def _known(
    what: str, given: Sequence[str] | None, names: Sequence[T], aliases: dict[str, str]
) -> tuple[T, ...] | None:
    if isinstance(given, str):
        raise ValueError(f"{what} is given as the string {given!r}, not as a list")
    found: dict[T, None] = {}
    by_name = {str(name): name for name in names}
    for typed in given or ():
        for name in aliases.get(typed.lower(), typed.lower()).split() or [""]:
            if name not in by_name:
                raise ValueError(_unknown(what, typed, names, aliases))
            found[by_name[name]] = None
    return tuple(found) or None


def _unknown(what: str, typed: str, names: Sequence[str], aliases: dict[str, str]) -> str:
    from difflib import get_close_matches

    near = get_close_matches(typed.lower(), [*names, *aliases], n=1)
    meant = f" (did you mean {near[0]}?)" if near else ""
    return f"{what} is {typed!r}{meant}, not one of {', '.join(sorted(names))}"


class _Keep:
    """Tells whether a file passes the filters."""

    def __init__(self, filters: Filters) -> None:
        self._languages = None if filters.languages is None else frozenset(filters.languages)
        self._match = None if filters.paths is None else glob_matcher(filters.paths)
        self._classes = None if filters.classes is None else frozenset(filters.classes)

    def __call__(self, file: IndexedFile) -> bool:
        if self._languages is not None and file.language not in self._languages:
            return False
        if self._classes is not None and (
            content_class(file.path, file.language) not in self._classes
        ):
            return False
        return self._match is None or self._match(file.path)
