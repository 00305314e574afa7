"""`rcm mcp` as a process of its own, spoken to byte by byte."""

from __future__ import annotations

import http.client
import json
import os
import queue
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

#: Nothing here is about speed; a machine may be as slow as it likes within this.
PATIENCE_S = 60.0
VERSION = "2025-06-18"


def command(*arguments: str | Path) -> list[str]:
    return [sys.executable, "-m", "rcm", "mcp", *map(str, arguments)]


class StdioServer:
    """A server on standard streams; lines that come back are read by a thread."""

    def __init__(self, *arguments: str | Path, **environment: str) -> None:
        self.process = subprocess.Popen(
            command(*arguments),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env={**os.environ, **environment},
        )
        self.lines: queue.Queue[bytes | None] = queue.Queue()
        self.errors: list[bytes] = []
        self._threads = [
            threading.Thread(target=self._read, daemon=True),
            threading.Thread(target=self._drain, daemon=True),
        ]
        for thread in self._threads:
            thread.start()
        self._id = 0

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.lines.put(line)
        self.lines.put(None)

    def _drain(self) -> None:
        assert self.process.stderr is not None
        self.errors.extend(self.process.stderr)

    def send(self, message: bytes | dict[str, Any]) -> None:
        assert self.process.stdin is not None
        line = message if isinstance(message, bytes) else json.dumps(message).encode()
        self.process.stdin.write(line + b"\n")
        self.process.stdin.flush()

    def receive(self) -> dict[str, Any]:
        """The next message; every line of standard output has to be one."""
        line = self.lines.get(timeout=PATIENCE_S)
        assert line is not None, b"".join(self.errors).decode()
        message = json.loads(line)
        assert message["jsonrpc"] == "2.0"
        return message

    def answer_to(self, wanted: object) -> dict[str, Any]:
        while True:
            message = self.receive()
            if message.get("id") == wanted and "method" not in message:
                return message

    def request(self, method: str, params: dict[str, Any] | None = None) -> dict[str, Any]:
        self._id += 1
        self.send({"jsonrpc": "2.0", "id": self._id, "method": method, "params": params or {}})
        return self.answer_to(self._id)

    def handshake(self, **capabilities: Any) -> dict[str, Any]:
        client = {"name": "test", "version": "1"}
        params = {"protocolVersion": VERSION, "capabilities": capabilities, "clientInfo": client}
        answer = self.request("initialize", params)
        self.send({"jsonrpc": "2.0", "method": "notifications/initialized"})
        return answer["result"]

    def call(self, tool: str, **arguments: Any) -> dict[str, Any]:
        return self.request("tools/call", {"name": tool, "arguments": arguments})["result"]

    def end_of_input(self) -> int:
        """Close its input; its exit code, and nothing but messages may have come."""
        assert self.process.stdin is not None
        self.process.stdin.close()
        code = self.process.wait(PATIENCE_S)
        for thread in self._threads:
            thread.join(PATIENCE_S)
        while (line := self.lines.get()) is not None:
            json.loads(line)
        return code

    def stop(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        for stream in (self.process.stdin, self.process.stdout, self.process.stderr):
            assert stream is not None
            stream.close()


class HttpServer:
    """A server on HTTP."""

    def __init__(self, *arguments: str | Path, **environment: str) -> None:
        self.process = subprocess.Popen(
            command("--http", "0", *arguments),
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, **environment},
        )
        assert self.process.stderr is not None
        told = self.process.stderr.readline()
        self.url = told.split()[1]
        self.said = [told]
        while "Authorization" not in self.said[-1]:
            self.said.append(self.process.stderr.readline())
        self.port = int(self.url.split(":")[2].split("/")[0])
        home = Path(environment.get("RCM_HOME") or os.environ["RCM_HOME"])
        self.token_file = home / "mcp-token"
        self.token = self.token_file.read_text().strip()

    def headers(self, **changed: str | None) -> dict[str, str]:
        """What a well-behaved client sends; None leaves a header out."""
        values: dict[str, str | None] = {
            "Authorization": f"Bearer {self.token}",
            "Content-Type": "application/json",
            "Accept": "application/json, text/event-stream",
            "MCP-Protocol-Version": VERSION,
            **{name.replace("_", "-"): value for name, value in changed.items()},
        }
        return {name: value for name, value in values.items() if value is not None}

    def post(
        self, body: bytes | dict[str, Any], path: str = "/mcp", method: str = "POST", **changed: Any
    ) -> tuple[int, bytes, dict[str, str]]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE_S)
        try:
            data = body if isinstance(body, bytes) else json.dumps(body).encode()
            connection.request(method, path, data, self.headers(**changed))
            response = connection.getresponse()
            headers = {name.lower(): value for name, value in response.getheaders()}
            return response.status, response.read(), headers
        finally:
            connection.close()

    def call(self, tool: str, **arguments: Any) -> dict[str, Any]:
        params = {"name": tool, "arguments": arguments}
        message = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params}
        status, body, _ = self.post(message)
        assert status == 200, (status, body)
        return json.loads(body)["result"]

    def stop(self) -> int:
        self.process.terminate()
        code = self.process.wait(PATIENCE_S)
        assert self.process.stderr is not None
        self.process.stderr.close()
        return code
