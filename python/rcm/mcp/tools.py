"""Tools: one function per tool, from its arguments to its answer."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel

from rcm.mcp import text
from rcm.mcp.grep import grep
from rcm.mcp.jobs import Job, Reporter
from rcm.mcp.pages import FRAME_TOKENS, page_of
from rcm.mcp.paths import spelled
from rcm.mcp.schemas import (
    GrepInput,
    GrepOutput,
    Indexed,
    IndexInput,
    IndexOutput,
    Pending,
    ReadInput,
    ReadOutput,
    RelatedInput,
    SearchInput,
    SearchOutput,
    StatusInput,
    StatusOutput,
    TreeStatus,
)
from rcm.mcp.tokens import count_tokens
from rcm.mcp.trees import WAIT_S, Trees
from rcm.present.json import is_fresh
from rcm.types import SearchResult

if TYPE_CHECKING:
    from rcm.reports.looking import IndexStatus

Answer = tuple[str, BaseModel]


@dataclass(frozen=True, slots=True)
class Tool:
    """A tool as agents see it.

    Attributes:
        description: What it is for, and when something else is better.
        takes: Its arguments.
        gives: Its answer.
        run: Does it; gives the answer as text and as a value of `gives`.
        writes: Whether it changes anything (an index; never a file of a tree).
    """

    description: str
    takes: type[BaseModel]
    gives: type[BaseModel]
    run: Callable[[Trees, Any, Reporter], Answer]
    writes: bool = False


def search(trees: Trees, asked: SearchInput, reporter: Reporter) -> Answer:
    """Answer a question."""
    pending = trees.ready(asked.root, reporter)
    found = trees.workspace.search(
        asked.query,
        root=trees.root(asked.root),
        top_k=asked.offset + asked.limit + 1,
        mode=asked.mode,
        languages=asked.languages or None,
        paths=asked.paths or None,
        kinds=asked.kinds or None,
        classes=asked.classes or None,
        also=asked.also,
    )
    corrections = trees.workspace.corrections(asked.query, root=trees.root(asked.root))
    return _results(trees, found, asked, asked.query, pending, corrections)


def find_related(trees: Trees, asked: RelatedInput, reporter: Reporter) -> Answer:
    """Find code like the code at a line."""
    pending = trees.ready(asked.root, reporter)
    found = trees.workspace.find_related(
        trees.path(asked.path, asked.root),
        asked.line,
        root=trees.root(asked.root),
        top_k=asked.offset + asked.limit + 1,
    )
    return _results(trees, found, asked, "", pending, {})


def _results(
    trees: Trees,
    found: list[SearchResult],
    asked: SearchInput | RelatedInput,
    query: str,
    pending: list[Pending],
    corrections: dict[str, str],
) -> Answer:
    page = page_of(
        found[asked.offset : asked.offset + asked.limit],
        query,
        snippet_lines=asked.snippet_lines,
        max_tokens=asked.max_tokens,
        labels=trees.labels,
    )
    end = asked.offset + len(page)
    output = SearchOutput(
        notice=text.NOTICE,
        results=page,
        next_offset=end if len(found) > end else None,
        corrections={
            text.clean_name(word): text.clean_name(better) for word, better in corrections.items()
        },
        pending=pending,
    )
    return text.search_text(output, trees.labels), output


def read(trees: Trees, asked: ReadInput, reporter: Reporter) -> Answer:
    """Read lines of an indexed file."""
    trees.ready(asked.root, reporter)
    excerpt = trees.workspace.read(
        trees.path(asked.path, asked.root),
        asked.start_line,
        asked.end_line,
        root=trees.root(asked.root),
    )
    lines = [text.clipped(text.clean_code(line)) for line in excerpt.text.split("\n")]
    kept = _within(lines, excerpt.start_line, asked.max_tokens - FRAME_TOKENS)
    end = excerpt.start_line + len(kept) - 1
    output = ReadOutput(
        notice=text.NOTICE,
        root=spelled(excerpt.root),
        path=spelled(excerpt.path),
        start_line=excerpt.start_line,
        end_line=end,
        total_lines=excerpt.total_lines,
        next_line=end + 1 if end < excerpt.end_line else None,
        language=excerpt.language,
        freshness=excerpt.freshness,
        text="\n".join(kept),
    )
    return text.read_text(output), output


def _within(lines: list[str], start_line: int, budget: int) -> list[str]:
    """Return as many lines as the budget holds, one at least."""
    for nth, line in enumerate(lines):
        budget -= count_tokens(f"{text.numbered(start_line + nth, line)}\n")
        if budget < 0 and nth:
            return lines[:nth]
    return lines


def index(trees: Trees, asked: IndexInput, reporter: Reporter) -> Answer:
    """Bring indexes up to date, from nothing where there is none."""
    indexes = trees.asked(asked.root)
    jobs = [trees.start(one) for one in indexes]
    done, until = [], time.monotonic() + WAIT_S
    for one, job in zip(indexes, jobs, strict=True):
        job.wait(until - time.monotonic(), reporter)
        done.append(_indexed(spelled(str(one.root)), job))
    output = IndexOutput(trees=done)
    return text.index_text(output), output


def _indexed(root: str, job: Job) -> Indexed:
    report = job.report
    if report is None:
        progress = job.progress
        return Indexed(
            root=root,
            done=False,
            files_indexed=0 if progress is None else progress.done,
            files_removed=0,
            files_failed=0,
            chunks=0 if progress is None else progress.chunks,
            seconds=round(job.seconds, 3),
        )
    return Indexed(
        root=root,
        done=True,
        files_indexed=report.files_indexed,
        files_removed=report.files_removed,
        files_failed=len(report.failures),
        chunks=report.chunks_total,
        seconds=round(report.seconds, 3),
    )


def status(trees: Trees, asked: StatusInput, _reporter: Reporter) -> Answer:
    """Tell how indexes stand."""
    output = StatusOutput(
        trees=[
            _tree_status(one.status(), running=trees.job(one) is not None)
            for one in trees.asked(asked.root)
        ]
    )
    return text.status_text(output), output


def _tree_status(status: IndexStatus, *, running: bool) -> TreeStatus:
    return TreeStatus(
        root=spelled(status.root),
        indexed=status.exists,
        fresh=is_fresh(status),
        files=status.files,
        chunks=status.chunks,
        languages=dict(status.languages),
        added=len(status.added),
        changed=len(status.changed),
        removed=len(status.removed),
        rebuild_needed=bool(status.stale_fields),
        updated_at=status.updated_at,
        indexing=running,
    )


#: In the order in which agents see them.
TOOLS: dict[str, Tool] = {
    "search": Tool(
        "Find code in the user's source trees by what it does, by words or by name, without "
        "knowing where it is or what it is called. Ask in plain words (how are retries limited), "
        "with an identifier (its definition comes first), or paste an error message or stack "
        "trace whole. Gives the best places, one per file, each with path, lines, the lines "
        "that matter and where else in the file to look. Use it first when you do not know the "
        "file. It shows the best, not all: for every occurrence of a string, or proof that there "
        "is none, use grep. Trees are indexed on first use, changed files before each search.",
        SearchInput,
        SearchOutput,
        search,
    ),
    "grep": Tool(
        "Find every line that matches a regular expression or a string, in the files as they are "
        "now, complete and counted: all callers before a rename, all uses of a flag, or that there "
        "is none. Reads the files that search knows: none that is ignored, generated or binary; "
        "secrets are replaced. When you do not know the exact words, use search.",
        GrepInput,
        GrepOutput,
        grep,
    ),
    "find_related": Tool(
        "Find code that is like the code at a line of an indexed file: other implementations, "
        "copies, tests, callers that do the same. One result per file, best first.",
        RelatedInput,
        SearchOutput,
        find_related,
    ),
    "read": Tool(
        "Read lines of an indexed file as they are on disk now, with line numbers; secrets are "
        "replaced. Read around a search result instead of whole files. Files that are not indexed "
        "cannot be read.",
        ReadInput,
        ReadOutput,
        read,
    ),
    "index": Tool(
        "Bring the index of the trees up to date, reading only what changed. Searches do so by "
        "themselves for small changes: call this when an answer says that files are not indexed "
        "yet, or that the index must be rebuilt. Changes no file of a tree.",
        IndexInput,
        IndexOutput,
        index,
        writes=True,
    ),
    "status": Tool(
        "Tell which trees there are, what their indexes hold, and whether they agree with the "
        "files. Reads every changed file: not needed before a search.",
        StatusInput,
        StatusOutput,
        status,
    ),
}
