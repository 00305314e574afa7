"""`rcm mcp` on standard streams: real processes, the SDK's own client, and input nobody should send."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import anyio
import pytest
from mcp import Client
from mcp.client.stdio import StdioServerParameters, stdio_client

from mcp_processes import PATIENCE_S, StdioServer, command
from rcm import Index
from small_trees import RUST_SOURCE, SMALL_TREE, write_tree

TOOLS = ["search", "grep", "find_related", "read", "index", "status"]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("home")


@pytest.fixture(scope="module")
def indexed(tmp_path_factory: pytest.TempPathFactory, home: Path) -> Path:
    """A small tree, indexed in `home`; tests do not change it."""
    tree = write_tree(tmp_path_factory.mktemp("mcp") / "repo", SMALL_TREE)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RCM_HOME", str(home))
        with Index.open(tree) as index:
            index.update()
    return tree


@pytest.fixture(scope="module")
def shared(indexed: Path, home: Path) -> Iterator[StdioServer]:
    """One server for all tests that leave it alive."""
    server = StdioServer(indexed, RCM_HOME=str(home))
    server.handshake()
    yield server
    server.stop()


@pytest.fixture
def start(home: Path) -> Iterator[Any]:
    """Starts servers, and sees that they end."""
    started: list[StdioServer] = []

    def starting(*arguments: str | Path) -> StdioServer:
        started.append(StdioServer(*arguments, RCM_HOME=str(home)))
        return started[-1]

    yield starting
    for server in started:
        server.stop()


def alive(server: StdioServer) -> bool:
    return not server.call("search", query="retry").get("isError")


# --- as it should be -------------------------------------------------------------------------------


def test_the_sdks_client_gets_what_the_schemas_promise(indexed: Path, home: Path) -> None:
    """The client validates structured answers against the output schemas by itself."""

    async def session() -> None:
        arguments = command(indexed)
        transport = stdio_client(
            StdioServerParameters(
                command=arguments[0],
                args=arguments[1:],
                env={**os.environ, "RCM_HOME": str(home)},
            )
        )
        async with Client(transport) as client:
            tools = (await client.list_tools()).tools
            assert [tool.name for tool in tools] == TOOLS
            hints = {tool.name: tool.annotations.read_only_hint for tool in tools}
            assert hints == {name: name != "index" for name in TOOLS}
            assert not any(tool.annotations.destructive_hint for tool in tools)
            assert all(tool.output_schema for tool in tools)
            found = await client.call_tool("search", {"query": "how long to wait", "limit": 2})
            assert not found.is_error
            assert found.structured_content["results"][0]["path"] == "src/retry.py"
            assert "src/retry.py" in found.content[0].text
            place = found.structured_content["results"][0]
            around = {"path": place["path"], "start_line": place["start_line"]}
            read = await client.call_tool("read", around)
            assert "backoff_seconds" in read.structured_content["text"]
            for name in ("status", "index"):
                told = await client.call_tool(name, {})
                assert told.structured_content["trees"][0]["root"] == str(indexed)
            wrong = await client.call_tool("search", {"query": ""})
            assert wrong.is_error
            missing = await client.call_tool("find_related", {"path": "none.py", "line": 1})
            assert missing.is_error

    anyio.run(session)


def test_a_first_index_reports_progress(start: Any, tmp_path: Path) -> None:
    files = {f"d{n // 50}/f{n}.py": f"def f{n}():\n    return {n}\n" * 40 for n in range(600)}
    server = start(write_tree(tmp_path / "many", files))
    server.handshake()
    params = {"name": "search", "arguments": {"query": "f7"}, "_meta": {"progressToken": "mine"}}
    server.send({"jsonrpc": "2.0", "id": "x", "method": "tools/call", "params": params})
    messages = [server.receive()]
    while messages[-1].get("id") != "x":
        messages.append(server.receive())
    assert not messages[-1]["result"].get("isError"), messages[-1]
    for note in messages[:-1]:
        assert note["method"] == "notifications/progress"
        assert note["params"]["progressToken"] == "mine"
    told = [note["params"]["progress"] for note in messages[:-1]]
    assert told == sorted(set(told)), "progress only grows"


def test_the_clients_roots_are_searched_when_no_folder_is_named(
    start: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(write_tree(tmp_path / "elsewhere", {"a.py": "a = 1\n"}))
    root = write_tree(tmp_path / "its root", {"b.rs": RUST_SOURCE})
    server = start()
    server.handshake(roots={})
    call = {"name": "search", "arguments": {"query": "LruCache"}}
    server.send({"jsonrpc": "2.0", "id": 7, "method": "tools/call", "params": call})
    asked = server.receive()
    assert asked["method"] == "roots/list"
    uris = [(tmp_path / "none").as_uri(), root.as_uri(), "file://elsewhere/usr"]
    result = {"roots": [{"uri": uri} for uri in uris]}
    server.send({"jsonrpc": "2.0", "id": asked["id"], "result": result})
    found = server.answer_to(7)["result"]["structuredContent"]
    assert [(hit["root"], hit["path"]) for hit in found["results"]] == [(str(root), "b.rs")]


def test_without_roots_the_working_directory_is_searched(
    start: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = write_tree(tmp_path / "here", {".git/HEAD": "x\n", "sub/b.rs": RUST_SOURCE})
    monkeypatch.chdir(root / "sub")
    server = start()
    server.handshake()
    found = server.call("search", query="LruCache")["structuredContent"]
    assert [(hit["root"], hit["path"]) for hit in found["results"]] == [(str(root), "sub/b.rs")]


def test_many_calls_at_once_are_all_answered(shared: StdioServer) -> None:
    for nth in range(100):
        params = {"name": "search", "arguments": {"query": f"retry {nth}"}}
        message = {"jsonrpc": "2.0", "id": f"p{nth}", "method": "tools/call", "params": params}
        shared.send(message)
    answers = [shared.receive() for _ in range(100)]
    assert {answer["id"] for answer in answers} == {f"p{nth}" for nth in range(100)}
    assert not any(answer["result"].get("isError") for answer in answers)


# --- as it should not be -----------------------------------------------------------------------------

HOSTILE: dict[str, bytes] = {
    "no JSON": b"hello there",
    "half of JSON": b'{"jsonrpc": "2.0", "id": 1, "method": ',
    "nothing": b"",
    "a NUL": b'{"jsonrpc": "2.0", "id": 1, "method": "ping\x00"}',
    "NULs": b"\x00" * 1_000,
    "no UTF-8": b"\xff\xfe\xfa",
    "a number": b"17",
    "a batch": b'[{"jsonrpc": "2.0", "id": 1, "method": "ping"}]',
    "deep nesting": b"[" * 100_000 + b"]" * 100_000,
    "deep arguments": b'{"jsonrpc":"2.0","id":2,"method":"tools/call","params":{"name":"search","arguments":'
    + b'{"a":' * 50_000 + b"1" + b"}" * 50_001 + b"}",
    "ten megabytes": b'{"jsonrpc": "2.0", "id": 3, "method": "' + b"x" * 10_000_000 + b'"}',
    "a wrong version": b'{"jsonrpc": "1.0", "id": 4, "method": "ping"}',
    "no method": b'{"jsonrpc": "2.0", "id": 5}',
    "an answer to nothing": b'{"jsonrpc": "2.0", "id": 99999, "result": {}}',
    "a null id": b'{"jsonrpc": "2.0", "id": null, "method": "ping"}',
    "an id that is a list": b'{"jsonrpc": "2.0", "id": [1], "method": "ping"}',
    "cancelling nothing": b'{"jsonrpc": "2.0", "method": "notifications/cancelled",'
    b' "params": {"requestId": 12345}}',
    "an unknown notification": b'{"jsonrpc": "2.0", "method": "notifications/none"}',
    "lone surrogates": b'{"jsonrpc":"2.0","id":6,"method":"tools/call","params":{"name":"search",'
    b'"arguments":{"query":"\\ud800 retry"}}}',
}  # fmt: skip


@pytest.mark.parametrize("what", HOSTILE)
def test_the_server_lives_through(shared: StdioServer, what: str) -> None:
    shared.send(HOSTILE[what])
    assert alive(shared)


@pytest.mark.parametrize("request_id", [2**63, -1, 0, "x" * 100_000, "", "\u0000"])
def test_odd_ids_come_back_as_they_were(shared: StdioServer, request_id: object) -> None:
    shared.send({"jsonrpc": "2.0", "id": request_id, "method": "ping"})
    assert shared.receive()["id"] == request_id


@pytest.mark.parametrize("method", ["none", "", "tools", "resources/list", "initialise"])
def test_unknown_methods_are_errors_of_the_protocol(shared: StdioServer, method: str) -> None:
    assert "error" in shared.request(method)


@pytest.mark.parametrize(
    ("tool", "arguments"),
    [
        ("none", {}),
        ("", {}),
        ("__import__", {}),
        ("search", {}),
        ("search", {"query": ""}),
        ("search", {"query": "   "}),
        ("search", {"query": None}),
        ("search", {"query": ["a"]}),
        ("search", {"query": "a" * 100_000}),
        ("search", {"query": "a", "limit": 0}),
        ("search", {"query": "a", "limit": 10**30}),
        ("search", {"query": "a", "offset": -1}),
        ("search", {"query": "a", "max_tokens": 1}),
        ("search", {"query": "a", "languages": ["klingon"]}),
        ("search", {"query": "a", "classes": ["secrets"]}),
        ("search", {"query": "a", "kinds": ["none"]}),
        ("search", {"query": "a", "mode": "magic"}),
        ("search", {"query": "a", "root": "/etc"}),
        ("search", {"query": "a", "index_dir": "/tmp"}),
        ("find_related", {"path": "src/retry.py", "line": 10**9}),
        ("find_related", {"path": "../x", "line": 1}),
        ("read", {"path": "/etc/passwd"}),
        ("read", {"path": "../../../../etc/passwd"}),
        ("read", {"path": "src/../../repo-evil/a.py"}),
        ("read", {"path": "file:///etc/passwd"}),
        ("read", {"path": "\u0000"}),
        ("read", {"path": ".git/config"}),
        ("read", {"path": "src/retry.py", "start_line": 10**9}),
        ("read", {"path": "src/retry.py", "root": "../"}),
        ("index", {"root": "/"}),
        ("status", {"root": "none"}),
    ],
)
def test_what_cannot_be_done_is_an_answer_for_the_agent(
    shared: StdioServer, tool: str, arguments: dict[str, object]
) -> None:
    answer = shared.call(tool, **arguments)
    assert answer["isError"] is True
    assert len(answer["content"][0]["text"]) < 1_500


def test_queries_that_look_odd_are_just_queries(shared: StdioServer) -> None:
    for query in ("\x00retry", "'; DROP TABLE files; --", "retry\n" * 500, "𝓻𝓮𝓽𝓻𝔂", "*", "(" * 500):
        assert not shared.call("search", query=query).get("isError")


def test_neighbours_and_links_are_not_read(start: Any, tmp_path: Path) -> None:
    tree = write_tree(tmp_path / "repo", {"a.py": "inside = 1\n"})
    evil = write_tree(tmp_path / "repo-evil", {"a.py": "outside = 1\n"})
    os.symlink(evil / "a.py", tree / "link.py")
    server = start(tree)
    server.handshake()
    assert not server.call("index").get("isError")
    assert "inside" in server.call("read", path=str(tree / "a.py"))["content"][0]["text"]
    for path in (str(evil / "a.py"), f"{tree}-evil/a.py", "../repo-evil/a.py", "link.py"):
        answer = server.call("read", path=path)
        assert answer["isError"]
        assert "outside" not in json.dumps(answer)


def test_a_cancelled_call_leaves_the_server_alive(shared: StdioServer) -> None:
    params = {"name": "status", "arguments": {}}
    shared.send({"jsonrpc": "2.0", "id": "gone", "method": "tools/call", "params": params})
    cancel = {"requestId": "gone"}
    shared.send({"jsonrpc": "2.0", "method": "notifications/cancelled", "params": cancel})
    assert alive(shared)


# --- the end -----------------------------------------------------------------------------------------

#: The promise is one second; the rest is for a machine that is busy with other things.
END_S = 5.0


def test_the_server_ends_with_its_input(start: Any, indexed: Path) -> None:
    server = start(indexed)
    server.handshake()
    ended = threading.Timer(END_S, server.process.kill)
    ended.start()
    assert server.end_of_input() == 0
    ended.cancel()


def test_the_server_ends_with_its_input_in_the_middle_of_work(start: Any, tmp_path: Path) -> None:
    files = {f"f{n}.py": f"def f{n}(x):\n    return x + {n}\n" * 200 for n in range(1_500)}
    server = start(write_tree(tmp_path / "large", files))
    server.handshake()
    params = {"name": "index", "arguments": {}, "_meta": {"progressToken": 1}}
    server.send({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params})
    assert server.receive()["method"] == "notifications/progress"  # it is at work
    ended = threading.Timer(END_S, server.process.kill)
    ended.start()
    assert server.end_of_input() == 0
    ended.cancel()


def test_an_end_before_the_beginning_is_an_end(start: Any, indexed: Path) -> None:
    assert start(indexed).end_of_input() == 0


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_signals_end_it(start: Any, indexed: Path, number: int) -> None:
    server = start(indexed)
    server.handshake()
    server.process.send_signal(number)
    assert server.process.wait(PATIENCE_S) == 128 + number


def test_a_client_that_reads_no_more_is_the_end(indexed: Path, home: Path) -> None:
    process = subprocess.Popen(
        command(indexed),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**os.environ, "RCM_HOME": str(home)},
    )
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdout.close()
    process.stdin.write(b'{"jsonrpc": "2.0", "id": 1, "method": "ping"}\n' * 20)
    process.stdin.flush()
    assert process.wait(PATIENCE_S) in (0, 141)
    process.stdin.close()
    assert process.stderr is not None
    assert b"Traceback" not in process.stderr.read()
    process.stderr.close()


def test_wrong_command_lines_are_errors_before_anything_is_served() -> None:
    for arguments in (["/no/such/folder"], ["--http", "99999"], ["--refresh", "often"]):
        done = subprocess.run(
            [sys.executable, "-m", "rcm", "mcp", *arguments],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 2
        assert done.stdout == ""
        assert done.stderr.startswith("error: ")


def test_what_was_asked_before_the_end_is_answered(indexed: Path, home: Path) -> None:
    """As in `printf ... | rcm mcp`."""
    client = {"name": "pipe", "version": "1"}
    params = {"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": client}
    call = {"name": "search", "arguments": {"query": "how long to wait"}}
    messages = [
        {"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": params},
        {"jsonrpc": "2.0", "method": "notifications/initialized"},
        {"jsonrpc": "2.0", "id": 2, "method": "tools/list"},
        {"jsonrpc": "2.0", "id": 3, "method": "tools/call", "params": call},
    ]
    done = subprocess.run(
        command(indexed),
        input="".join(json.dumps(message) + "\n" for message in messages),
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "RCM_HOME": str(home)},
    )
    answers = {answer["id"]: answer for answer in map(json.loads, done.stdout.splitlines())}
    assert set(answers) == {1, 2, 3}
    # A machine too busy to answer in time may say so, but then as an answer, too.
    found = answers[3].get("result") or answers[3]["error"]
    assert "src/retry.py" in json.dumps(found) or "closed" in json.dumps(found)
