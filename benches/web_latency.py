"""Time queries to the web page's server: over HTTP, and the same in process, in turn.

    python benches/web_latency.py TREE [--queries N]

Queries are taken from the tree: words of the doc comments and symbols that it indexes, each asked
once, over one connection, as the page does. What is measured ends with the last byte of the answer;
colouring and drawing are left out. Load of the machine is printed, since it decides.
"""

from __future__ import annotations

import argparse
import http.client
import json
import os
import random
import re
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlencode, urlsplit

from rcm import Workspace


def questions(root: Path, wanted: int) -> list[str]:
    """Three to six neighbouring words of comments and names of the tree's files, each once."""
    dice = random.Random(7)
    paths = [path for path in sorted(root.rglob("*")) if path.suffix in (".rs", ".py", ".md")]
    found: dict[str, None] = {}
    while len(found) < wanted:
        text = dice.choice(paths).read_text(encoding="utf-8", errors="replace")
        words = re.findall(r"[A-Za-z_]{3,}", text)
        if len(words) > 10:
            start = dice.randrange(len(words) - 6)
            found[" ".join(words[start : start + dice.randint(1, 6)])] = None
    return list(found)


def timed(ask: Callable[[str], int], query: str) -> float:
    """Milliseconds of one query, which has to find something."""
    started = time.perf_counter()
    n = ask(query)
    elapsed = (time.perf_counter() - started) * 1000
    assert n > 0
    return elapsed


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("tree", type=Path)
    parser.add_argument("--queries", type=int, default=300)
    args = parser.parse_args()
    with Workspace.open([args.tree]) as workspace:
        workspace.index().update()
        # In a process of its own, as for a browser: threads of one process would wait for each other.
        command = [sys.executable, "-m", "rcm", "serve", str(args.tree), "--port", "0"]
        child = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert child.stdout is not None
        link = urlsplit(child.stdout.readline().strip())
        connection = http.client.HTTPConnection(link.netloc)
        headers = {"authorization": f"Bearer {link.query.removeprefix('token=')}"}

        def over_http(query: str) -> int:
            connection.request("GET", f"/api/search?{urlencode({'q': query})}", headers=headers)
            return len(json.loads(connection.getresponse().read())["results"])

        def in_process(query: str) -> int:
            return len(workspace.search(query))

        asked = questions(args.tree, args.queries + 20)
        for query in asked[:20]:
            over_http(query)
            in_process(query)
        http_ms: list[float] = []
        own_ms: list[float] = []
        for query in asked[20:]:
            http_ms.append(timed(over_http, query))
            own_ms.append(timed(in_process, query))
        child.terminate()
        child.wait(10)
    for name, values in (("HTTP", http_ms), ("in process", own_ms)):
        cuts = statistics.quantiles(values, n=100)
        told = ", ".join(f"p{nth} {cuts[nth - 1]:.1f}" for nth in (10, 50, 95, 99))
        print(f"{name:11} {told} ms")
    print(f"{len(http_ms)} queries, load {os.getloadavg()[0]:.1f}")


if __name__ == "__main__":
    main()
