"""What a long-lived process does with rcm: ask, update, compare. Reads a job, prints figures.

    python rcm_job.py JOB_FILE

Each timed piece is a call of `rcm.Index` on an open index; imports and opening are not in it.
"""

from __future__ import annotations

import hashlib
import json
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from rcm import Index


def ask(job: dict[str, Any]) -> dict[str, Any]:
    """Ask every question several times, after one that is not timed: it opens index and model."""
    with Index.open(job["tree"], index_dir=job["index"]) as index:
        index.search(job["questions"][0])
        return {"queries": [_timed(partial(index.search, one)) for one in _passes(job)]}


def update(job: dict[str, Any]) -> dict[str, Any]:
    """Update an unchanged tree; then edit one file, update, and search until the edit is found."""
    path = Path(job["tree"], job["file"])
    before = path.read_bytes()
    with Index.open(job["tree"], index_dir=job["index"]) as index:
        epoch = index.update().epoch
        nothing = [_timed(index.update) for _ in job["words"]]
        still = index.update().epoch == epoch

        missed = []

        def searchable(word: str) -> None:
            path.write_bytes(before + f"\n\n{job['form'].format(word)}\n".encode())
            index.update()
            if not any(h.path == job["file"] and word in h.text for h in index.search(word)):
                missed.append(word)

        try:
            edits = [_timed(partial(searchable, word)) for word in job["words"]]
        finally:
            path.write_bytes(before)
    return {"nothing": nothing, "edits": edits, "wrote_nothing": still, "missed": missed}


def compare(job: dict[str, Any]) -> dict[str, Any]:
    """Say what each index holds, and a digest of its answers to all questions."""
    held = {}
    for mode, folder in job["indexes"].items():
        with Index.open(job["tree"], index_dir=folder) as index:
            status = index.status()
            answers = [
                (hit.path, hit.start_line, hit.end_line, hit.symbol, hit.score, hit.text)
                for question in job["questions"]
                for hit in index.search(question)
            ]
        held[mode] = {
            "files": status.files,
            "chunks": status.chunks,
            "index_bytes": status.index_bytes,
            "merkle_root": status.merkle_root,
            "results": len(answers),
            "answers": hashlib.sha256(json.dumps(answers).encode()).hexdigest(),
        }
    return held


def _passes(job: dict[str, Any]) -> list[str]:
    return [question for _ in range(job["passes"]) for question in job["questions"]]


def _timed(work: Callable[[], object]) -> tuple[float, float]:
    """Wall and CPU seconds, those of all threads."""
    started, busy = time.perf_counter(), time.process_time()
    work()
    return time.perf_counter() - started, time.process_time() - busy


if __name__ == "__main__":
    task = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    print(json.dumps({"ask": ask, "update": update, "compare": compare}[task["kind"]](task)))
