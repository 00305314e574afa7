"""`rcm mcp --http`: real processes; who is let in, who is not, and what strangers can do."""

from __future__ import annotations

import http.client
import json
import os
import signal
import socket
import stat
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import anyio
import pytest
from mcp import Client
from mcp.client.streamable_http import streamable_http_client
from mcp.shared._httpx_utils import create_mcp_http_client

from mcp_processes import PATIENCE_S, HttpServer
from rcm import Index
from rcm.guard import MOST_BODY_BYTES, Guard
from rcm.mcp.credentials import bearer_token
from rcm.mcp.http import MOST_REQUESTS, House
from small_trees import SMALL_TREE, write_tree

PING = {"jsonrpc": "2.0", "id": 1, "method": "ping"}


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("home")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, home: Path) -> Iterator[HttpServer]:
    tree = write_tree(tmp_path_factory.mktemp("http") / "repo", SMALL_TREE)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RCM_HOME", str(home))
        with Index.open(tree) as index:
            index.update()
    running = HttpServer(tree, RCM_HOME=str(home))
    yield running
    assert running.stop() == 128 + signal.SIGTERM


def test_the_sdks_client_searches_and_sees_progress(server: HttpServer) -> None:
    progress: list[float] = []

    async def note(done: float, total: float | None, message: str | None) -> None:
        progress.append(done)

    async def session() -> None:
        headers = {"Authorization": f"Bearer {server.token}"}
        async with (
            create_mcp_http_client(headers=headers) as web,
            Client(streamable_http_client(server.url, http_client=web)) as client,
        ):
            assert len((await client.list_tools()).tools) == 6
            found = await client.call_tool("search", {"query": "how long to wait"})
            assert found.structured_content["results"][0]["path"] == "src/retry.py"
            done = await client.call_tool("index", {}, progress_callback=note)
            assert not done.is_error
            assert (await client.call_tool("read", {"path": "../x"})).is_error

    anyio.run(session)


def test_many_clients_are_served_at_once(server: HttpServer) -> None:
    answers: list[str] = []

    def client(nth: int) -> None:
        for turn in range(5):
            found = server.call("search", query=f"how long to wait {nth} {turn}")
            answers.append(found["structuredContent"]["results"][0]["path"])

    threads = [threading.Thread(target=client, args=(nth,)) for nth in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == ["src/retry.py"] * 60


# --- who is let in -------------------------------------------------------------------------------


def test_it_listens_on_the_loopback_address_only(server: HttpServer) -> None:
    assert server.url == f"http://127.0.0.1:{server.port}/mcp"
    listening = Path("/proc/net/tcp")
    if not listening.exists():
        pytest.skip("no /proc/net/tcp on this system")
    port = f":{server.port:04X}"
    rows = [row.split() for row in listening.read_text().splitlines()[1:]]
    assert {row[1] for row in rows if row[3] == "0A" and row[1].endswith(port)} == {
        f"0100007F{port}"
    }


@pytest.mark.parametrize(
    "host",
    ["evil.example", "evil.example:{port}", "127.0.0.1", "127.0.0.1:1", "localhost.evil.example:{port}",
     "127.0.0.1:{port}.evil.example", "127.0.0.1:{port}@evil.example", "[::1]", "0.0.0.0:{port}", ""],
)  # fmt: skip
def test_other_hosts_are_refused(server: HttpServer, host: str) -> None:
    status, _, headers = server.post(PING, Host=host.format(port=server.port))
    assert status == 403
    assert "access-control-allow-origin" not in headers


@pytest.mark.parametrize(
    "origin",
    ["http://evil.example", "null", "https://127.0.0.1:{port}", "http://127.0.0.1:{port}.evil.example",
     "http://127.0.0.1", "http://localhost:1", "file://", ""],
)  # fmt: skip
def test_other_origins_are_refused(server: HttpServer, origin: str) -> None:
    assert server.post(PING, Origin=origin.format(port=server.port))[0] == 403


@pytest.mark.parametrize("name", ["127.0.0.1", "localhost", "[::1]"])
def test_its_own_names_are_served(server: HttpServer, name: str) -> None:
    host = f"{name}:{server.port}"
    status, _, headers = server.post(PING, Host=host, Origin=f"http://{host}")
    assert status == 200
    assert not [header for header in headers if header.startswith("access-control")]


@pytest.mark.parametrize("token", [None, "", "Bearer", "Bearer ", "Bearer wrong", "{token}", "Basic {token}",
                                   "Bearer {token}x", "Bearer  {token}", "bearer {token}"])  # fmt: skip
def test_without_the_token_nothing_is_served(server: HttpServer, token: str | None) -> None:
    shown = None if token is None else token.format(token=server.token)
    status, _, headers = server.post(PING, Authorization=shown)
    assert status == 401
    assert headers["www-authenticate"] == "Bearer"


def test_a_preflight_of_a_browser_is_refused(server: HttpServer) -> None:
    status, _, headers = server.post(
        b"", method="OPTIONS", Origin="http://evil.example", Authorization=None
    )
    assert status == 403
    assert not [name for name in headers if name.startswith("access-control")]


def test_there_is_one_path_and_one_method(server: HttpServer) -> None:
    assert server.post(PING, path="/")[0] == 404
    assert server.post(PING, path="/mcp/../mcp")[0] == 404
    for method in ("GET", "DELETE", "PUT", "TRACE"):
        status, _, headers = server.post(b"", method=method)
        assert (status, headers["allow"]) == (405, "POST")


def test_the_token_is_private_and_kept(server: HttpServer) -> None:
    assert stat.S_IMODE(server.token_file.stat().st_mode) == 0o600
    assert len(server.token) == 43
    assert [line for line in server.said if server.token in line]  # it was new, so it was told


def test_a_second_server_takes_the_token_and_tells_it_no_more(
    server: HttpServer, home: Path, tmp_path: Path
) -> None:
    other = HttpServer(write_tree(tmp_path / "t", {"a.py": "a = 1\n"}), RCM_HOME=str(home))
    try:
        assert other.token == server.token
        assert not any(server.token in line for line in other.said)
    finally:
        other.stop()


def test_a_token_that_others_may_read_is_not_used(tmp_path: Path) -> None:
    token, new = bearer_token(tmp_path / "home")
    assert new
    assert bearer_token(tmp_path / "home") == (token, False)
    file = tmp_path / "home" / "mcp-token"
    for mode in (0o644, 0o640, 0o602):
        file.chmod(mode)
        with pytest.raises(PermissionError, match="delete it"):
            bearer_token(tmp_path / "home")
    file.chmod(0o600)
    file.write_text("short\n")
    with pytest.raises(ValueError, match="no token"):
        bearer_token(tmp_path / "home")
    file.unlink()
    file.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(OSError, match="symbolic links"):
        bearer_token(tmp_path / "home")


def test_a_port_that_is_taken_is_named(server: HttpServer, home: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "rcm", "mcp", "--http", str(server.port)],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "RCM_HOME": str(home)},
    )
    assert done.returncode == 2
    assert f"127.0.0.1:{server.port}: address already in use" in done.stderr
    assert "--http 0" in done.stderr


# --- how much, and for how long ------------------------------------------------------------------


def test_large_bodies_are_refused(server: HttpServer) -> None:
    for length in (MOST_BODY_BYTES + 1, 1 << 30, 10**40):
        connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=PATIENCE_S)
        try:  # refused by its announcement
            connection.request("POST", "/mcp", b"", server.headers(Content_Length=str(length)))
            assert connection.getresponse().status in (400, 413)
        finally:
            connection.close()
    # Without an announcement it is counted as it comes.
    with socket.create_connection(("127.0.0.1", server.port), timeout=PATIENCE_S) as raw:
        raw.sendall(head(server, "Transfer-Encoding: chunked"))
        part = b"10000\r\n" + b"x" * 0x10000 + b"\r\n"
        try:
            for _ in range(64):
                raw.sendall(part)
            answer = raw.recv(100)
        except (BrokenPipeError, ConnectionResetError):
            answer = b""  # it had answered and closed before all was sent
        assert answer == b"" or answer.startswith(b"HTTP/1.1 413")
    assert alive(server)


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"\x00", b"[]", b"17", b"null", b"[" * 100_000, b"\xff\xfe", b'{"jsonrpc":"2.0","id":1}',
     b'{"jsonrpc":"2.0","id":1e999,"method":"ping"}',
     b'{"jsonrpc":"2.0","id":' + b"9" * 9_999 + b',"method":"ping"}'],
)  # fmt: skip
@pytest.mark.parametrize("version", ["2025-06-18", "2026-07-28", "9999-99-99", None])
def test_bodies_that_are_no_request_are_answered(
    server: HttpServer, body: bytes, version: str | None
) -> None:
    status, _, _ = server.post(body, MCP_Protocol_Version=version)
    assert 200 <= status < 500
    assert alive(server)


@pytest.mark.parametrize(
    "request_line",
    [b"\x00\x00\x00", b"GET", b"\x16\x03\x01\x02", b"POST /mcp HTTP/9.9\r\n\r\n",
     b"POST /mcp HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", b"GET /mcp HTTP/1.1\r\nUpgrade: websocket\r\n\r\n",
     b"A" * 100_000],
)  # fmt: skip
def test_what_is_not_http_is_not_served(server: HttpServer, request_line: bytes) -> None:
    with socket.create_connection(("127.0.0.1", server.port), timeout=PATIENCE_S) as raw:
        try:
            raw.sendall(request_line + b"\r\n\r\n")
            raw.shutdown(socket.SHUT_WR)
            answer = raw.recv(100)
        except OSError:
            answer = b""  # it hung up before it had read all
    assert not answer.startswith(b"HTTP/1.1 2")
    assert alive(server)


def test_idle_connections_keep_nobody_out(server: HttpServer) -> None:
    idle = [socket.create_connection(("127.0.0.1", server.port)) for _ in range(50)]
    try:
        idle[0].sendall(b"POST /mcp HT")
        idle[1].sendall(head(server, "Content-Length: 100"))
        assert alive(server)
    finally:
        for one in idle:
            one.close()


def test_slow_heads_and_bodies_are_given_up(home: Path, tmp_path: Path) -> None:
    """The limits are ten seconds; here they are made short."""
    script = (
        "from rcm import guard\n"
        "from rcm.mcp import impatience\n"
        "impatience.HEAD_S = 0.3\n"
        "guard.Guard.__init__.__kwdefaults__.update(body_s=0.3)\n"
        "from rcm.cli import main\n"
        "main()\n"
    )
    tree = write_tree(tmp_path / "t", {"a.py": "a = 1\n"})
    process = subprocess.Popen(
        [sys.executable, "-c", script, "mcp", "--http", "0", str(tree)],
        stderr=subprocess.PIPE,
        env={**os.environ, "RCM_HOME": str(home)},
    )
    try:
        assert process.stderr is not None
        port = int(process.stderr.readline().split()[1].split(b":")[2].split(b"/")[0])
        with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE_S) as raw:
            raw.sendall(b"POST /mcp HTTP/1.1\r\nHost: 127.")
            assert raw.recv(100) == b""
        token = (home / "mcp-token").read_text().strip()
        with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE_S) as raw:
            lines = (
                f"POST /mcp HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nAuthorization: Bearer {token}\r\n"
            )
            raw.sendall(lines.encode() + b"Content-Length: 100\r\n\r\n{")
            assert raw.recv(100).startswith(b"HTTP/1.1 408")
    finally:
        process.kill()
        process.wait()
        assert process.stderr is not None
        process.stderr.close()


def test_answers_that_take_too_long_and_crowds_are_refused() -> None:
    async def never(scope: object, receive: object, send: object) -> None:
        await anyio.sleep_forever()

    guard = Guard(lambda _: never, 1, House("t"), most=MOST_REQUESTS, answer_s=0.05)
    headers = [(b"host", b"127.0.0.1:1"), (b"authorization", b"Bearer t")]
    scope = {"type": "http", "method": "POST", "path": "/mcp", "headers": headers}

    async def status() -> int:
        sent: list[dict[str, int]] = []

        async def receive() -> dict[str, object]:
            return {"type": "http.request", "body": b"{}", "more_body": False}

        async def send(message: dict[str, int]) -> None:
            sent.append(message)

        await guard(scope, receive, send)  # type: ignore[arg-type]
        return sent[0]["status"]

    async def crowd() -> list[int]:
        found: list[int] = []

        async def one() -> None:
            found.append(await status())

        async with anyio.create_task_group() as group:
            for _ in range(70):
                group.start_soon(one)
        return found

    found = anyio.run(crowd)
    assert found.count(503) == 6
    assert found.count(504) == 64


def head(server: HttpServer, *more: str) -> bytes:
    lines = [
        "POST /mcp HTTP/1.1",
        f"Host: 127.0.0.1:{server.port}",
        f"Authorization: Bearer {server.token}",
        "Content-Type: application/json",
        *more,
    ]
    return "\r\n".join(lines).encode() + b"\r\n\r\n"


def alive(server: HttpServer) -> bool:
    status, body, _ = server.post(PING)
    return status == 200 and json.loads(body)["result"] == {}
