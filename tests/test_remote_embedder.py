"""The remote embedder against a real server on this machine, in good days and bad ones."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from embedding_server import EmbeddingServer, Handler, Trouble, serving
from rcm import EmbeddingServiceError, Index, ModelError
from rcm.cli import exits, main
from rcm.embed import open_embedder, remote
from rcm.embed.endpoint import Endpoint
from rcm.embed.pace import Pace
from rcm.embed.remote import RemoteEmbedder, batches
from rcm.store.embedding_cache import CachedEmbedder
from small_trees import SMALL_TREE, write_tree

KEY = "sk-this-is-the-secret-4711"


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(remote, "BACKOFF_SECONDS", 0.001)
    for name in list(os.environ):
        if name.startswith(("RCM_OPENAI", "OPENAI_")):
            monkeypatch.delenv(name)


@pytest.fixture
def server() -> Iterator[EmbeddingServer]:
    with serving() as running:
        yield running


def spec(server: EmbeddingServer, model: str = "table") -> str:
    return f"openai:{model}@{server.url}"


def first(count: int, trouble: Trouble) -> Trouble:
    """Trouble with the first requests only."""
    return lambda handler, nth: nth < count and trouble(handler, nth)


def status(code: int, message: str = "", **headers: str) -> Trouble:
    def answer(handler: Handler, _: int) -> bool:
        handler.answer(code, {"error": {"message": message}}, **headers)
        return True

    return answer


def raw(data: bytes) -> Trouble:
    def answer(handler: Handler, _: int) -> bool:
        handler.answer(200, data)
        return True

    return answer


# Answers


def test_answers_are_those_of_the_same_function_on_this_machine(
    tree: Path, server: EmbeddingServer, tmp_path: Path
) -> None:
    queries = ["least recently used cache", "how long to wait before another attempt", "LruCache"]
    local = open_embedder("static")
    far = open_embedder(spec(server))
    for text in [*SMALL_TREE.values(), *queries]:
        assert far.embed_query(text) == pytest.approx(local.embed_query(text), abs=1e-6)
    with Index.open(tree, embedder=spec(server)) as index:
        assert index.update().chunks_total > 0
        found = {query: index.search(query, mode="semantic") for query in queries}
        assert found[queries[0]][0].path == "src/cache.rs"
        assert found[queries[1]][0].path == "src/retry.py"
        assert index.status().embedder == f"{spec(server)}#{local.dim}"
    asked = len(server.seen.bodies)
    with Index.open(tree) as index:
        assert index.search(queries[0], mode="semantic") == found[queries[0]]
    assert len(server.seen.bodies) == asked + 1, "a search asks for its query and nothing else"


def test_nothing_is_sent_twice(tree: Path, server: EmbeddingServer) -> None:
    with Index.open(tree, embedder=spec(server)) as index:
        chunks = index.update().chunks_total
        sent = sum(len(body["input"]) for body in server.seen.bodies)
        assert sent == chunks + 1, "every chunk, and one text to learn the length from"
        index.update(force=True)
        assert sum(len(body["input"]) for body in server.seen.bodies) == sent
        assert isinstance(index._access._embedder, CachedEmbedder)
        assert index._access._embedder.hits == chunks


def test_bm25_and_status_need_no_server(tree: Path, server: EmbeddingServer) -> None:
    with Index.open(tree, embedder=spec(server)) as index:
        index.update()
    asked = len(server.seen.bodies)
    with Index.open(tree) as index:
        assert index.search("LruCache", mode="bm25")[0].path == "src/cache.rs"
        assert not index.status().stale_fields
    assert len(server.seen.bodies) == asked


def test_batches_have_limits_of_count_and_characters() -> None:
    assert list(batches([])) == []
    assert [len(batch) for batch in batches(["a"] * 130)] == [64, 64, 2]
    long = ["x" * 60_000, "y" * 60_000, "z" * 200_000, "w"]
    assert [len(batch) for batch in batches(long)] == [1, 1, 1, 1]
    assert [text for batch in batches(long) for text in batch] == long


def test_empty_and_endless_texts_are_sent_as_servers_take_them(server: EmbeddingServer) -> None:
    far = open_embedder(spec(server))
    assert len(far.embed_texts(["", " \n", "x" * 100_000])) == 3
    *_, body = server.seen.bodies
    assert [len(text) for text in body["input"]] == [1, 1, 24_000]
    assert len(far.embed_texts([])) == 0


def test_prefixes_are_the_models_own(
    server: EmbeddingServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    far = open_embedder(spec(server, "intfloat/e5-small-v2"))
    far.embed_query("where")
    far.embed_texts(["fn f"])
    assert [body["input"][0] for body in server.seen.bodies[-2:]] == [
        "query: where",
        "passage: fn f",
    ]
    plain = open_embedder(spec(server))
    monkeypatch.setenv("RCM_OPENAI_QUERY_PREFIX", "ask: ")
    other = open_embedder(spec(server))
    other.embed_query("where")
    assert server.seen.bodies[-1]["input"] == ["ask: where"]
    assert len({far.digest, plain.digest, other.digest}) == 3


def test_host_model_and_length_make_the_identity() -> None:
    def digest(name: str) -> bytes:
        return RemoteEmbedder(name).digest

    base = digest("m@http://localhost:1/v1#8")
    assert digest("m@http://localhost:1/other#8") == base, "a path of a gateway is no other model"
    assert digest("n@http://localhost:1/v1#8") != base
    assert digest("m@http://localhost:2/v1#8") != base
    assert digest("m@http://localhost:1/v1#9") != base


# The key


def test_the_key_is_sent_and_stays_secret(
    tree: Path, server: EmbeddingServer, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:  # fmt: skip
    monkeypatch.setenv("RCM_OPENAI_API_KEY", KEY)
    assert main(["index", str(tree), "--embedder", spec(server)]) == 0
    assert {headers["Authorization"] for headers in server.seen.headers} == {f"Bearer {KEY}"}
    server.trouble = status(401, f"Incorrect API key provided: {KEY}")
    assert main(["search", "cache", str(tree)]) == exits.UNAVAILABLE
    out, error = capsys.readouterr()
    assert "answers 401" in error
    assert "hint: set RCM_OPENAI_API_KEY" in error
    assert KEY not in out + error
    home = Path(os.environ["RCM_HOME"])
    kept = [path for path in home.rglob("*") if path.is_file()]
    assert kept
    assert not [path for path in kept if KEY.encode() in path.read_bytes()]
    assert KEY not in repr(Endpoint.of("m@https://host/v1", {"RCM_OPENAI_API_KEY": KEY}))


def test_a_redirect_takes_the_key_nowhere(
    server: EmbeddingServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RCM_OPENAI_API_KEY", KEY)
    with serving() as other:
        server.trouble = status(307, "elsewhere", Location=f"{other.url}/embeddings")
        with pytest.raises(EmbeddingServiceError, match="answers 307"):
            open_embedder(spec(server))
        assert not other.seen.bodies


@pytest.mark.parametrize(
    ("name", "environment", "expected"),
    [
        ("m", {}, ("https://api.openai.com/v1", "")),
        ("m", {"OPENAI_API_KEY": "k"}, ("https://api.openai.com/v1", "k")),
        ("m", {"OPENAI_API_KEY": "k", "OPENAI_BASE_URL": "https://h/v1/"}, ("https://h/v1", "k")),
        ("m@https://other/v1", {"OPENAI_API_KEY": "k"}, ("https://other/v1", "")),
        ("m@https://other/v1", {"RCM_OPENAI_API_KEY": "k"}, ("https://other/v1", "k")),
        ("m", {"RCM_OPENAI_BASE_URL": "http://gpu-box:11434/v1"}, ("http://gpu-box:11434/v1", "")),
        ("m@http://[::1]:8/v1", {"RCM_OPENAI_API_KEY": "k"}, ("http://[::1]:8/v1", "k")),
        ("a@b:free@http://localhost/v1#7", {}, ("http://localhost/v1", "")),
    ],
)
def test_where_requests_go_and_with_which_key(
    name: str, environment: dict[str, str], expected: tuple[str, str]
) -> None:
    endpoint = Endpoint.of(name, environment)
    assert (endpoint.url, endpoint.key) == expected


@pytest.mark.parametrize(
    ("name", "environment", "reason"),
    [
        ("@http://localhost/v1", {}, "not openai:MODEL"),
        ("m@http://localhost/v1#many", {}, "not openai:MODEL"),
        ("m@http://", {}, "base URL"),
        ("m@http://host:port/v1", {}, "base URL"),
        ("m@https://user:word@host/v1", {}, "user name, password"),
        ("m@https://host/v1?key=word", {}, "user name, password or query"),
        ("m@http://far.example/v1", {"RCM_OPENAI_API_KEY": "word"}, "unencrypted"),
        ("m", {"RCM_OPENAI_TOKENS_PER_MINUTE": "many"}, "RCM_OPENAI_TOKENS_PER_MINUTE"),
        ("m", {"RCM_OPENAI_TIMEOUT_SECONDS": "-1"}, "RCM_OPENAI_TIMEOUT_SECONDS"),
    ],
)
def test_what_makes_no_sense_is_refused(
    name: str, environment: dict[str, str], reason: str
) -> None:
    with pytest.raises(ValueError, match=reason) as caught:
        Endpoint.of(name, environment)
    assert "word@" not in str(caught.value)


# Bad days


def cut_off(handler: Handler, _: int) -> bool:
    handler.send_response(200)
    handler.send_header("Content-Length", "100000")
    handler.end_headers()
    handler.wfile.write(b'{"data": [{"index": 0, "embe')
    handler.wfile.flush()
    handler.connection.shutdown(socket.SHUT_RDWR)
    return True


def hang_up(handler: Handler, _: int) -> bool:
    handler.connection.shutdown(socket.SHUT_RDWR)
    return True


@pytest.mark.parametrize(
    "trouble",
    [
        status(429, "slow down", Retry_After="0"),
        status(500, "oops"),
        status(503, "starting"),
        cut_off,
        hang_up,
    ],
    ids=["429", "500", "503", "cut-off", "hang-up"],
)
def test_passing_trouble_is_outlived(tree: Path, server: EmbeddingServer, trouble: Trouble) -> None:
    server.trouble = first(3, trouble)
    with Index.open(tree, embedder=spec(server)) as index:
        index.update()
        assert index.search("least recently used cache", mode="semantic")[0].path == "src/cache.rs"
    assert len(server.seen.bodies) > 3


def test_retry_after_is_honoured(server: EmbeddingServer) -> None:
    server.trouble = first(1, status(429, "slow down", Retry_After="1"))
    open_embedder(spec(server))
    one, two = server.seen.times
    assert two - one >= 1


def test_lasting_trouble_ends_with_the_servers_reason(server: EmbeddingServer) -> None:
    server.trouble = status(500, "out of\nmemory")
    with pytest.raises(
        EmbeddingServiceError, match=r"table at 127\.0\.0\.1.* answers 500: out of memory"
    ):
        open_embedder(spec(server))
    assert len(server.seen.bodies) == remote.RETRIES + 1
    server.trouble = status(400, "no such model")
    with pytest.raises(EmbeddingServiceError, match="no such model"):
        open_embedder(spec(server))
    assert len(server.seen.bodies) == remote.RETRIES + 2, "what cannot pass is not tried again"


def test_a_slow_server_is_an_error_in_time(
    server: EmbeddingServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RCM_OPENAI_TIMEOUT_SECONDS", "0.05")
    monkeypatch.setattr(remote, "RETRIES", 1)
    released = threading.Event()

    def slow(handler: Handler, _: int) -> bool:
        released.wait(20)
        return hang_up(handler, 0)

    server.trouble = slow
    try:
        with pytest.raises(EmbeddingServiceError, match="timed out"):
            open_embedder(spec(server))
    finally:
        released.set()


@pytest.mark.parametrize(
    "data",
    [
        b"<html>welcome</html>",
        b'{"data": [',
        b"{}",
        b"[]",
        b'{"data": []}',
        b'{"data": [{"embedding": []}]}',
        b'{"data": [{"embedding": ["a"]}]}',
        b'{"data": [{"embedding": null}]}',
        b'{"data": [{"index": 5, "embedding": [1.0]}]}',
        b'{"data": [{"embedding": [1.0]}, {"embedding": [1.0]}]}',
        b'{"data": 1}',
        b"[" * 100_000,
        b"\xff\xfe",
    ],
)
def test_answers_that_are_none_are_refused(server: EmbeddingServer, data: bytes) -> None:
    server.trouble = raw(data)
    with pytest.raises(EmbeddingServiceError, match="gives no list of 1 vectors"):
        open_embedder(spec(server))


def test_values_that_are_not_finite_are_refused(server: EmbeddingServer) -> None:
    server.trouble = raw(b'{"data": [{"embedding": [NaN, 1.0]}]}')
    with pytest.raises(EmbeddingServiceError, match="not finite"):
        open_embedder(spec(server))


def test_one_value_that_is_not_finite_leaves_its_text_to_its_words(server: EmbeddingServer) -> None:
    far = open_embedder(f"{spec(server)}#2")
    server.trouble = raw(b'{"data": [{"embedding": [NaN, 1.0]}, {"embedding": [3.0, 4.0]}]}')
    made = far.embed_texts(["x", "y"])
    assert made.n_zero() == 1
    assert made.row_list(1) == pytest.approx([0.6, 0.8])


def test_vectors_of_another_length_are_refused(tree: Path, server: EmbeddingServer) -> None:
    with Index.open(tree, embedder=spec(server)) as index:
        index.update()
        server.trouble = raw(json.dumps({"data": [{"embedding": [1.0, 2.0]}]}).encode())
        with pytest.raises(ModelError, match="length 2, not "):
            index.search("cache")


def test_a_server_that_dies_within_a_run_leaves_the_index_as_it_was(
    tree: Path, server: EmbeddingServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Index.open(tree, embedder=spec(server)) as index:
        index.update()
        expected = index.search("LruCache", mode="bm25")
        text = "".join(
            f"def f{n}():\n    return {n}\n\n\n" + f"# {'word ' * 300}\n" for n in range(200)
        )
        write_tree(tree, {"src/more.py": text})
        before = len(server.seen.bodies)
        server.trouble = lambda handler, nth: nth > before and hang_up(handler, nth)
        with pytest.raises(EmbeddingServiceError, match="does not answer"):
            index.update()
        assert index.search("LruCache", mode="bm25") == expected
        server.trouble = None
        lost = len(server.seen.bodies)
        report = index.update()
        assert report.files_indexed == 1
        again = sum(len(body["input"]) for body in server.seen.bodies[lost:])
        assert again < report.chunks_written, "what was answered before is not asked again"


def test_no_server_is_exit_69(
    tree: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    code = main(["index", str(tree), "--embedder", f"openai:m@http://127.0.0.1:{port}/v1"])
    assert code == exits.UNAVAILABLE
    error = capsys.readouterr().err
    assert f"error: m at 127.0.0.1:{port} does not answer" in error
    assert "hint: check that the server runs" in error
    assert "0x" not in error, "no object's address"


# Pace


def test_requests_keep_the_pace() -> None:
    now, waits = [100.0], list[float]()

    def sleep(seconds: float) -> None:
        waits.append(seconds)
        now[0] += seconds

    pace = Pace(60, 6_000, clock=lambda: now[0], sleep=sleep)
    for tokens in (10, 500, 10):
        pace.wait(tokens)
    assert waits == pytest.approx([1.0, 5.0])
    now[0] += 60
    pace.wait(10)
    assert len(waits) == 2, "after a pause nothing is waited for"
    assert Pace(clock=lambda: now[0], sleep=sleep).wait(1e9) is None
    assert len(waits) == 2


def test_the_pace_is_that_of_the_environment(
    server: EmbeddingServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RCM_OPENAI_REQUESTS_PER_MINUTE", "300")
    far = open_embedder(spec(server))
    far.embed_query("one")
    far.embed_query("two")
    times = server.seen.times
    assert times[-1] - times[0] >= 0.39


def test_other_embedders_do_not_load_the_client(tree: Path) -> None:
    program = (
        "import sys\nfrom rcm import Index\nindex = Index.open(sys.argv[1])\nindex.update()\n"
        "index.search('cache')\nprint({'urllib3', 'rcm.embed.remote'} & set(sys.modules))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, str(tree)], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "set()"
