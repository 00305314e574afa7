"""What a long-lived process does with semble, by its Python interface; run by semble's interpreter.

    python semble_job.py JOB_FILE

The jobs are those of `rcm_job.py`. semble brings no open index up to date: `SembleIndex.from_path`
compares the tree with the stored index, takes over what is unchanged and returns an index to search,
so this call is its update. Storing what an edit changed is not timed.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from semble import ContentType, SembleIndex
from semble.cache import save_index_to_cache

CONTENT = (ContentType.CODE, ContentType.DOCS, ContentType.CONFIG)


def ask(job: dict[str, Any]) -> dict[str, Any]:
    """Ask every question several times, after one that is not timed."""
    index = _open(job)
    index.search(job["questions"][0])
    questions = job["questions"] * job["passes"]
    return {"queries": [_timed(partial(index.search, one)) for one in questions]}


def update(job: dict[str, Any]) -> dict[str, Any]:
    """Look at an unchanged tree; then edit one file and search until the edit is found."""
    path = Path(job["tree"], job["file"])
    before = path.read_bytes()
    _open(job)
    nothing = [_timed(partial(_open, job)) for _ in job["words"]]

    def searchable(word: str) -> None:
        path.write_bytes(before + f"\n\n{job['form'].format(word)}\n".encode())
        index = _open(job)
        if not any(word in one.chunk.content for one in index.search(word)):
            missed.append(word)
        opened.append(index)

    edits: list[tuple[float, float]] = []
    opened: list[SembleIndex] = []
    missed: list[str] = []
    try:
        for word in job["words"]:
            edits.append(_timed(partial(searchable, word)))
            save_index_to_cache(opened.pop(), job["tree"])
    finally:
        path.write_bytes(before)
    return {"nothing": nothing, "edits": edits, "missed": missed}


def describe(job: dict[str, Any]) -> dict[str, Any]:
    """Say what the index holds."""
    stats = _open(job).stats
    return {"files": stats.indexed_files, "chunks": stats.total_chunks}


def _open(job: dict[str, Any]) -> SembleIndex:
    return SembleIndex.from_path(job["tree"], content=CONTENT)


def _timed(work: Callable[[], object]) -> tuple[float, float]:
    """Wall and CPU seconds, those of all threads."""
    started, busy = time.perf_counter(), time.process_time()
    work()
    return time.perf_counter() - started, time.process_time() - busy


if __name__ == "__main__":
    task = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    print(json.dumps({"ask": ask, "update": update, "describe": describe}[task["kind"]](task)))
