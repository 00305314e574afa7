"""A server on this machine that speaks OpenAI's embeddings protocol; its function is the static table."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from rcm.embed import open_embedder

#: What a server does with a request instead of answering it; True when it did.
Trouble = Callable[["Handler", int], bool]


@dataclass
class Seen:
    """What the server got, in order."""

    bodies: list[dict[str, Any]] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    times: list[float] = field(default_factory=list)


class Handler(BaseHTTPRequestHandler):
    """Answers POST /v1/embeddings."""

    protocol_version = "HTTP/1.1"
    server: EmbeddingServer

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        with self.server.lock:
            nth = len(self.server.seen.bodies)
            self.server.seen.bodies.append(body)
            self.server.seen.headers.append(dict(self.headers))
            self.server.seen.times.append(time.monotonic())
        if self.server.trouble is not None and self.server.trouble(self, nth):
            return
        if self.path != "/v1/embeddings":
            self.answer(404, {"error": {"message": f"no {self.path}"}})
            return
        made = self.server.table.embed_texts(body["input"])
        data = [
            {"object": "embedding", "index": at, "embedding": made.row_list(at)}
            for at in range(len(made))
        ]
        # The protocol has an index because the order is free.
        self.answer(200, {"object": "list", "model": body["model"], "data": data[::-1]})

    def answer(self, status: int, value: Any, **headers: str) -> None:
        raw = value if isinstance(value, bytes) else json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(raw)))
        for name, text in headers.items():
            self.send_header(name.replace("_", "-"), text)
        self.end_headers()
        self.wfile.write(raw)

    def log_message(self, *arguments: object) -> None:
        """Say nothing."""


class EmbeddingServer(ThreadingHTTPServer):
    """Listens on a free port of the loopback interface."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.table = open_embedder("static")
        self.seen = Seen()
        self.trouble: Trouble | None = None
        self.lock = threading.Lock()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/v1"

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that went away is what some tests want."""


@contextmanager
def serving() -> Iterator[EmbeddingServer]:
    """Run a server in a thread."""
    with EmbeddingServer() as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()
