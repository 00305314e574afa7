"""A running server of the web page, and a client that sends exactly what it is told to."""

from __future__ import annotations

import contextlib
import http.client
import json
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from rcm import Workspace
from rcm.web.access import Access
from rcm.web.server import bind, make_server
from rcm.web.service import Service


@dataclass(frozen=True)
class Answer:
    """What came back; header names in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class Running:
    """A server, with the token that it asks for."""

    port: int
    access: Access
    service: Service
    headers: dict[str, str] = field(default_factory=dict)

    def send(
        self,
        method: str,
        path: str,
        *,
        headers: Mapping[str, str] | None = None,
        body: bytes | None = None,
        known: bool = True,
    ) -> Answer:
        """Send a request; `known` says whether the token is sent along."""
        sent = {"authorization": f"Bearer {self.access.token}"} if known else {}
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        with contextlib.closing(connection):
            connection.request(method, path, body=body, headers={**sent, **(headers or {})})
            response = connection.getresponse()
            names = {name.lower(): value for name, value in response.getheaders()}
            return Answer(response.status, names, response.read())

    def get(self, path: str, /, **query: Any) -> Answer:
        return self.send("GET", f"{path}?{urlencode(query, doseq=True)}" if query else path)

    def post(self, path: str, value: object) -> Answer:
        content = {"content-type": "application/json"}
        return self.send("POST", path, headers=content, body=json.dumps(value).encode())


@contextlib.contextmanager
def serving(*roots: Path, index: bool = True, **limits: Any) -> Iterator[Running]:
    """Serve some trees on a free port; `limits` are those of the guard."""
    with Workspace.open(roots) as workspace:
        if index:
            for root in workspace.roots:
                workspace.index(root).update()
        listener = bind(0)
        port = listener.getsockname()[1]
        access, service = Access(port), Service(workspace)
        server = make_server(service, access, **limits)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
        thread.start()
        try:
            yield Running(port, access, service)
        finally:
            server.should_exit = True
            thread.join(20)
            listener.close()
            service.painter.close()
            assert not thread.is_alive(), "the server does not end"


def wait_for_run(running: Running, root: str) -> dict[str, Any]:
    """Wait until no run goes on; returns what the server tells of the last one."""
    for _ in range(600):
        run = running.service.runs.of(root)
        if run.state not in ("idle", "running"):
            break
        time.sleep(0.1)
    found = running.get("/api/status").json["roots"]
    return next(status["run"] for status in found if status["root"] == root)
