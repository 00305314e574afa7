"""What the page can ask, as plain values for JSON. Knows nothing of HTTP; blocks, so runs in threads."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from functools import partial
from typing import Any, get_args

from rcm import __version__, _rcm
from rcm.errors import RcmError
from rcm.present.escape import escape_code, escape_path
from rcm.present.json import plain, refreshed_object, result_object, status_object
from rcm.present.snippet import FoundWords, QueryPattern, choose_lines, find_words, query_pattern
from rcm.types import ContentClass, RefreshPolicy, SearchMode, SearchResult
from rcm.web.painter import Painter
from rcm.web.runs import Run, Runs
from rcm.workspace import Workspace

#: Lines of a result that the list shows.
SHOWN_LINES = 7
#: Further places told of the files of the first results.
_ALSO = 2


class Service:
    """One workspace, asked by the page.

    Args:
        workspace: The indexed trees.
    """

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._roots = [str(root) for root in workspace.roots]
        self.runs = Runs(self._roots)
        self.painter = Painter()

    def describe(self) -> dict[str, Any]:
        """Say what there is to choose from: trees, languages, kinds, classes, modes."""
        return {
            "version": __version__,
            "roots": [self._describe_root(root) for root in self._roots],
            "languages": sorted([*_rcm.languages(), "text"]),
            "kinds": sorted(_rcm.kinds()),
            "classes": list(get_args(ContentClass)),
            "modes": list(get_args(SearchMode)),
        }

    def _describe_root(self, root: str) -> dict[str, Any]:
        return {
            "root": root,
            "name": escape_path(os.path.basename(root) or root),
            "indexed": self._workspace.index(root).searchable(),
            "running": self.runs.of(root).state == "running",
        }

    def search(self, query: str, **options: Any) -> dict[str, Any]:
        """Answer a question; options are those of `Workspace.search`."""
        started = time.perf_counter()
        results = self._workspace.search(query, also=_ALSO, **options)
        corrections = self._workspace.corrections(query, root=options.get("root"))
        seconds = time.perf_counter() - started
        return {
            "query": query,
            "corrections": corrections,
            "seconds": seconds,
            "results": _shown(results, query),
        }

    def related(self, path: str, line: int, root: str | None, top_k: int) -> dict[str, Any]:
        """Find code like that at a line."""
        started = time.perf_counter()
        results = self._workspace.find_related(path, line, root=root, top_k=top_k)
        seconds = time.perf_counter() - started
        return {"path": path, "line": line, "seconds": seconds, "results": _shown(results, "")}

    def read(self, path: str, first: int, last: int | None, root: str | None) -> dict[str, Any]:
        """Return lines of a file and their colours."""
        excerpt = self._workspace.read(path, first, last, root=root)
        text = _safe(excerpt.text)
        return {
            **plain(excerpt),
            "name": escape_path(excerpt.path),
            "text": text,
            "tokens": self.painter.paint([(excerpt.language, text)])[0],
        }

    def colours(self, texts: Sequence[tuple[str, str]]) -> dict[str, Any]:
        """Return the colours of (language, text) pairs."""
        return {"tokens": self.painter.paint(texts)}

    def refresh(self, policy: RefreshPolicy) -> dict[str, Any]:
        """Look at the trees and bring the indexes up to date if that is cheap, by root."""
        looked = self._workspace.refresh(policy)
        for root, found in looked.items():
            if found.updated and found.report is not None:
                self.runs.note(root, found.report)
        return {root: refreshed_object(found) for root, found in looked.items()}

    def status(self) -> dict[str, Any]:
        """Say what each index holds, how its tree differs from it, and what ran last."""
        return {"roots": [self._status(root) for root in self._roots]}

    def _status(self, root: str) -> dict[str, Any]:
        index, run = self._workspace.index(root), plain(self.runs.of(root))
        told: dict[str, Any] = {"root": root, "exists": False, "fresh": False}
        try:
            told = status_object(index.status())
            if told["exists"]:
                index.contains(".")  # opens it as a search would
        except RcmError as error:
            return {**told, "fresh": False, "problem": str(error), "run": run}
        return {**told, "problem": "", "run": run}

    def update(self, root: str | None, *, force: bool) -> dict[str, Any]:
        """Begin a run over a tree.

        Raises:
            ValueError: If there is no such tree, or it is being indexed.
        """
        index = self._workspace.index(root)
        chosen = str(index.root)
        if not self.runs.start(chosen, partial(_update, index, force)):
            raise ValueError(f"{chosen} is being indexed already")
        return {"root": chosen, "started": True}

    def progress(self) -> tuple[int, dict[str, Any]]:
        """Return a number that grows with every change, and how far the runs are."""
        version, runs = self.runs.snapshot()
        return version, {"runs": [_without_report(run) for run in runs]}


def _update(index: Any, force: bool, tell: Any) -> Any:
    return index.update(force=force, progress=tell)


def _without_report(run: Run) -> dict[str, Any]:
    return {name: value for name, value in plain(run).items() if name != "report"}


def _shown(results: Sequence[SearchResult], query: str) -> list[dict[str, Any]]:
    pattern = query_pattern(query)
    return [_result(result, pattern) for result in results]


def _result(result: SearchResult, pattern: QueryPattern | None) -> dict[str, Any]:
    """A result with its text made safe to show, and the lines of it that the list shows."""
    text = _safe(result.text)
    words = find_words(text, pattern)
    chosen = choose_lines(words, result.start_line, result.symbol, SHOWN_LINES)
    return {
        **result_object(result),
        "name": escape_path(result.path),
        "symbol": escape_path(result.symbol),
        "text": text,
        "also": [{**plain(span), "symbol": escape_path(span.symbol)} for span in result.also],
        "focus": result.start_line + _focus(words),
        "shown": [
            {
                "line": line.number,
                "marks": _marks(line.text, words.spans[line.number - result.start_line]),
            }
            for line in chosen
            if line.number is not None
        ],
    }


def _focus(found: FoundWords) -> int:
    """The first of the lines that have most of the query's words, from 0 on."""
    many = [len(words) for words in found.words]
    return many.index(max(many))


def _safe(text: str) -> str:
    """What a page would obey or hide becomes visible; a browser breaks lines at line feeds only."""
    return escape_code(text.replace("\r\n", "\n"))


def _marks(line: str, spans: Sequence[tuple[int, int]]) -> list[list[int]]:
    """Where words stand in a line, in the UTF-16 units that browsers count in."""
    if line.isascii():
        return [[start, end] for start, end in spans]
    return [[_units(line[:start]), _units(line[:end])] for start, end in spans]


def _units(text: str) -> int:
    return len(text.encode("utf-16-le", "surrogatepass")) // 2
