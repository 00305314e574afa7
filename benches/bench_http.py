"""Answering over HTTP: one client of `rcm mcp --http`, one call after the other.

Measured: `tools/call` of `search` with its defaults over the questions of `timing.py`, each asked with
words that make it another one, so that nothing is answered from memory; from the first byte sent to the
last one read.
"""

from __future__ import annotations

import http.client
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

import rcm
from corpus import Corpus
from timing import QUESTIONS, Timer

PASSES = 20


class Server:
    """`rcm mcp --http` over one tree, and one connection to it."""

    def __init__(self, root: Path, index_dir: Path, home: Path) -> None:
        options = ["mcp", "--http", "0", "--index-dir", str(index_dir), str(root)]
        self.process = subprocess.Popen(
            [sys.executable, "-m", "rcm", *options],
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, "RCM_HOME": str(home)},
        )
        assert self.process.stderr is not None
        address = self.process.stderr.readline().split("/")[2]
        self.token = self.process.stderr.readline().split()[-1]
        self.connection = http.client.HTTPConnection(address)

    def search(self, query: str) -> int:
        """Ask; the number of results."""
        params = {"name": "search", "arguments": {"query": query}}
        body = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params}
        headers = {
            "Authorization": f"Bearer {self.token}",
            "Content-Type": "application/json",
            "Accept": "application/json, text/event-stream",
        }
        self.connection.request("POST", "/mcp", json.dumps(body), headers)
        answer = json.loads(self.connection.getresponse().read())
        return len(answer["result"]["structuredContent"]["results"])

    def stop(self) -> None:
        """End it."""
        self.connection.close()
        self.process.terminate()
        self.process.wait()
        assert self.process.stderr is not None
        self.process.stderr.close()


@pytest.fixture
def server(corpus: Corpus, reference_index: rcm.Index, tmp_path: Path) -> Iterator[Server]:
    """A server over the corpus, warmed by one question."""
    running = Server(corpus.root, reference_index.index_dir, tmp_path)
    try:
        running.search(QUESTIONS[0])
        yield running
    finally:
        running.stop()


@pytest.mark.benchmark(group="http")
def test_search_over_http(timer: Timer, server: Server) -> None:
    milliseconds: list[float] = []

    def ask_all() -> list[int]:
        found = []
        for question in QUESTIONS:
            asked = f"{question} {len(milliseconds)}"
            start = time.perf_counter()
            found.append(server.search(asked))
            milliseconds.append((time.perf_counter() - start) * 1000)
        return found

    assert all(timer.run(ask_all, repeat=PASSES))
    p50, p99 = np.percentile(milliseconds, [50, 99])
    timer.facts.update(p50_ms=float(p50), p99_ms=float(p99), queries=len(milliseconds))
