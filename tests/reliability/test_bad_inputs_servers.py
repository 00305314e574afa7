"""Bad inputs of the MCP server: what clients and others may send it, over both of its ways.

`test_mcp_stdio.py` and `test_mcp_http.py` have every kind of message; here each row runs as one session.
"""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from command_runs import row
from mcp_processes import PATIENCE_S, HttpServer, StdioServer
from rcm import Index
from small_trees import SMALL_TREE, write_tree
from test_mcp_stdio import HOSTILE


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    root = write_tree(tmp_path / "tree", SMALL_TREE)
    with Index.open(root) as index:
        index.update()
    return root


@row(57, "malformed messages, a hundred calls at once, a cancelled call, a client that goes")
def test_no_message_ends_the_server_and_the_end_of_input_does(row: int, tree: Path) -> None:
    server = StdioServer(tree)
    try:
        server.handshake()
        for message in HOSTILE.values():
            server.send(message)
        for nth in range(100):
            call = {"name": "search", "arguments": {"query": "backoff"}}
            asked = {"jsonrpc": "2.0", "id": f"c{nth}", "method": "tools/call", "params": call}
            server.send(asked)
        gone = {"requestId": "c99"}
        server.send({"jsonrpc": "2.0", "method": "notifications/cancelled", "params": gone})
        answer = server.call("search", query="backoff_seconds")
        assert answer["structuredContent"]["results"][0]["path"] == "src/retry.py"
        assert server.end_of_input() == 0
    finally:
        server.stop()


@pytest.fixture
def http(tree: Path) -> Iterator[HttpServer]:
    server = HttpServer(tree)
    try:
        yield server
    finally:
        server.stop()


@row(58, "foreign Host or Origin, no token, a gigabyte, a slow client")
def test_who_may_not_ask_gets_nothing(row: int, http: HttpServer) -> None:
    ping = {"jsonrpc": "2.0", "id": 1, "method": "ping"}
    slow = socket.create_connection(("127.0.0.1", http.port), timeout=PATIENCE_S)
    try:
        slow.sendall(b"POST /mcp HT")
        for refused, changed in (
            (403, {"Host": "example.org"}),
            (403, {"Origin": "https://example.org"}),
            (401, {"Authorization": None}),
            (401, {"Authorization": "Bearer " + "0" * 43}),
            (413, {"Content_Length": str(1 << 30)}),
        ):
            status, _, _ = http.post(b"" if refused == 413 else ping, **changed)
            assert status == refused, changed
        status, _, _ = http.post(ping)
        assert status == 200
    finally:
        slow.close()
