"""Filters: what a search is limited to, as ranges of chunk ids that are known before anything is scored."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple, TypeVar, get_args

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
        return cls(
            _known("language", languages, [*_rcm.languages(), "text"], LANGUAGE_ALIASES),
            tuple(paths) if paths else None,
            _known("kind", kinds, _rcm.kinds(), KIND_ALIASES),
            _known("class", classes, get_args(ContentClass), {}),
        )

    @property
    def by_file(self) -> Callable[[IndexedFile], bool] | None:
        """What tells whether a file passes, None if all do."""
        if self.languages is None and self.paths is None and self.classes is None:
            return None
        return _Keep(self)

    def allowed(self, reader: IndexReader) -> list[tuple[int, int]] | None:
        """Return the id ranges of the chunks that pass, sorted and disjoint; None if all do."""
        keep = self.by_file
        ranges = reader.ranges(keep) if keep is not None else None
        if self.kinds is None:
            return ranges
        numbers = [number for number, kind in enumerate(_rcm.kinds()) if kind in self.kinds]
        return reader.segments.of_kinds(numbers, ranges)


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
                raise ValueError(f"{what} is {typed!r}, not one of {', '.join(sorted(names))}")
            found[by_name[name]] = None
    return tuple(found) or None


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
