"""Dense vectors in Qdrant: what a user sees is what local segments give.

Runs against the client's own in-process mode, and against a server, too, when
`RCM_TEST_QDRANT_URL` names one.
"""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from qdrant_client import QdrantClient, models

import rcm.store.qdrant
from rcm import Index, ModelError, VectorStoreError
from rcm.cli import exits, main
from rcm.store.folder import IndexFolder
from rcm.store.qdrant import QdrantVectors, collection_name
from rcm.store.reader import IndexReader, open_reader
from small_trees import RUST_SOURCE, write_tree

SERVER = os.environ.get("RCM_TEST_QDRANT_URL", "")
QUERIES = [
    "how long to wait before the next attempt",
    "LruCache",
    "RetryPolicy.should_retry",
    "logging level",
    "least recently used cache",
]


@pytest.fixture(params=[":memory:", *([SERVER] if SERVER else [])])
def url(request: pytest.FixtureRequest) -> Iterator[str]:
    yield request.param
    client = client_of(request.param)
    for collection in client.get_collections().collections:
        if collection.name.startswith("rcm-") and request.param == ":memory:":
            client.delete_collection(collection.name)


def client_of(url: str) -> QdrantClient:
    if url == ":memory:":
        return rcm.store.qdrant._memory_client()
    return QdrantClient(url=url)


def collection_of(index: Index) -> str:
    return index._access.recorded()["collection"]


def points_of(index: Index, url: str) -> dict[int, models.Record]:
    """Every point of an index by its chunk id."""
    points, _ = client_of(url).scroll(collection_of(index), limit=10_000, with_vectors=True)
    return {int((point.payload or {})["chunk"]): point for point in points}


def dense_of(index: Index, url: str) -> dict[int, Any]:
    points = points_of(index, url).items()
    return {chunk: point.vector["dense"] for chunk, point in points}  # type: ignore[call-overload, index]


def reader_of(index: Index) -> IndexReader:
    return open_reader(IndexFolder(index.index_dir), vectors=index._access.remote)


def alive_in(index: Index) -> set[int]:
    return {
        chunk
        for file in reader_of(index).files
        for chunk in range(file.first_id, file.first_id + file.n_chunks)
    }


def paths(index: Index, query: str, **options: Any) -> list[str]:
    return [hit.path for hit in index.search(query, **options)]


def answers(index: Index) -> list[Any]:
    """The first places per query; the in-process mode's scores drift in their last digits."""
    return [
        (hit.path, hit.start_line, round(hit.score, 3))
        for query in QUERIES
        for hit in index.search(query)
    ]


def assert_same_answers(index: Index, local: Index) -> None:
    """Both give the same files, chunks and, up to int8 rounding, scores."""
    for query in QUERIES:
        for mode in ("hybrid", "semantic", "bm25"):
            ours = local.search(query, mode=mode)  # type: ignore[arg-type]
            remote = index.search(query, mode=mode)  # type: ignore[arg-type]
            assert [hit.path for hit in remote][:3] == [hit.path for hit in ours][:3], query
            for here, there in zip(ours[:1], remote[:1], strict=True):
                assert there.start_line == here.start_line
                assert there.score == pytest.approx(here.score, abs=0.05)


def test_answers_are_those_of_local_segments(tree: Path, tmp_path: Path, url: str) -> None:
    local = Index.open(tree, index_dir=tmp_path / "local")
    local.update()
    with Index.open(tree, qdrant_url=url) as index:
        report = index.update()
        assert report.files_indexed == 6
        assert_same_answers(index, local)
        assert paths(index, "retry", languages=["rust"]) == ["src/cache.rs"]
        assert paths(index, "retry", paths=["tests/**"]) == ["tests/test_retry.py"]
        ours = [hit.path for hit in local.find_related("src/retry.py", 15)]
        assert [hit.path for hit in index.find_related("src/retry.py", 15)][:2] == ours[:2]
        assert index.status().stale_fields == ()
        index.clear()


def test_scores_are_normalised_as_local_ones_are(tree: Path, tmp_path: Path, url: str) -> None:
    local = Index.open(tree, index_dir=tmp_path / "local")
    local.update()
    index = Index.open(tree, qdrant_url=url)
    index.update()
    query = local._access.embedder({}).embed_query("least recently used cache")
    _, ours, our_low, our_high = reader_of(local).vectors.nearest(query, 3)
    ids, scores, low, high = reader_of(index).vectors.nearest(query, 3)
    assert scores == pytest.approx(ours, abs=0.01)
    assert (low, high) == pytest.approx((our_low, our_high), abs=0.01)
    assert low < min(scores)
    assert scores == sorted(scores, reverse=True)
    similar = reader_of(index).vectors.similarity(query, [*ids, 10_000])
    assert similar == pytest.approx([*scores, 0.0], abs=1e-5)
    index.clear()


def test_points_are_the_live_chunks_after_every_change(
    tree: Path, tmp_path: Path, url: str
) -> None:
    with Index.open(tree, qdrant_url=url) as index:
        index.update()
        points = points_of(index, url)
        assert points.keys() == alive_in(index)
        assert all(UUID(str(point.id)).version == 5 for point in points.values())
        (first, *_) = points.values()
        assert isinstance(first.vector, dict)
        assert {"dense", "terms"} == first.vector.keys()

        write_tree(tree, {"src/retry.py": "def jitter():\n    return 0.5\n"})
        (tree / "notes.txt").unlink()
        (tree / "src/cache.rs").rename(tree / "src/lru.rs")
        report = index.update()
        assert (report.files_indexed, report.files_removed) == (2, 2)
        assert points_of(index, url).keys() == alive_in(index)
        assert paths(index, "LruCache")[0] == "src/lru.rs"
        assert paths(index, "jitter")[0] == "src/retry.py"

        local = Index.open(tree, index_dir=tmp_path / "local")
        local.update()
        assert_same_answers(index, local)
        assert index.update().commits == 0
        index.clear()
        assert not index.exists()
    names = {one.name for one in client_of(url).get_collections().collections}
    assert collection_name(index.index_dir, "g-000001") not in names


def test_points_go_in_batches(tree: Path, url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    sizes: list[int] = []
    upsert = QdrantVectors._upsert

    def counted(self: QdrantVectors, points: list[Any], client: QdrantClient) -> None:
        sizes.append(len(points))
        upsert(self, points, client)

    monkeypatch.setattr(QdrantVectors, "_upsert", counted)
    monkeypatch.setattr(rcm.store.qdrant, "_BATCH", 16)
    for nth in range(60):
        functions = "".join(f"def fn_{nth}_{at}(x):\n    return x + {at}\n\n\n" for at in range(90))
        write_tree(tree, {f"many/m{nth}.py": functions})
    with Index.open(tree, qdrant_url=url) as index:
        report = index.update()
        assert sum(sizes) == report.chunks_total > 100
        assert max(sizes) == 16
        assert len(sizes) < report.chunks_total / 4
        started = time.process_time()
        index.search("fn_3_7")
        assert time.process_time() - started < 1
        index.clear()


def test_what_a_killed_writer_left_is_never_shown(tree: Path, url: str) -> None:
    with Index.open(tree, qdrant_url=url) as index:
        index.update()
        alive = alive_in(index)
        query = index._access.embedder({}).embed_query("LruCache")
        reader = reader_of(index)
        stray = max(alive) + 1
        client_of(url).upsert(
            collection_of(index),
            [
                models.PointStruct(
                    id=str(UUID(int=nth)), vector={"dense": query}, payload={"chunk": nth}
                )
                for nth in range(stray, stray + 500)
            ],
            wait=True,
        )
        ids, _, _, high = reader.vectors.nearest(query, 400)
        assert set(ids) == alive, "strays would fill the pool"
        assert high < 0.999
        assert paths(index, "LruCache", mode="semantic")[0] == "src/cache.rs"
        index.update()
        assert points_of(index, url).keys() == alive, "the next writer deletes them"
        index.clear()


def test_a_rebuild_leaves_what_readers_use_until_it_is_done(
    tree: Path, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Index.open(tree, qdrant_url=url) as index:
        index.update()
        before, name = dense_of(index, url), collection_of(index)
        expected = answers(index)

        def dies(self: QdrantVectors, points: list[Any], client: QdrantClient) -> None:
            upsert(self, points[:1], client)
            raise KeyboardInterrupt

        upsert = QdrantVectors._upsert
        monkeypatch.setattr(QdrantVectors, "_upsert", dies)
        with pytest.raises(KeyboardInterrupt):
            index.update(force=True)
        monkeypatch.undo()
        after = dense_of(index, url)
        assert after.keys() == before.keys()
        assert all(after[chunk] == pytest.approx(before[chunk], abs=1e-5) for chunk in after)
        assert answers(index) == expected

        index.update(force=True)
        assert collection_of(index) != name
        assert answers(index) == expected
        ours = [
            one.name
            for one in client_of(url).get_collections().collections
            if one.name.startswith(name.rsplit("-g-")[0])
        ]
        assert ours == [collection_of(index)], "collections of other generations are gone"
        index.clear()


def test_the_index_remembers_where_its_vectors_are(tree: Path, url: str) -> None:
    with Index.open(tree, qdrant_url=url) as index:
        index.update()
    with Index.open(tree) as again:
        assert isinstance(reader_of(again).vectors, QdrantVectors)
        assert paths(again, "LruCache")[0] == "src/cache.rs"
    with Index.open(tree, qdrant_url="") as local:
        report = local.update()
        assert "qdrant_url" in (report.warning or "")
        assert paths(local, "LruCache")[0] == "src/cache.rs"


def test_a_collection_of_another_length_is_refused(tree: Path, url: str) -> None:
    with Index.open(tree, qdrant_url=url) as index:
        index.update()
        client, name = client_of(url), collection_of(index)
        client.delete_collection(name)
        with pytest.raises(VectorStoreError, match="no collection") as lost:
            index.update()
        assert "--force" in lost.value.hint
        with pytest.raises(VectorStoreError) as lost:
            index.search("LruCache")
        assert "--force" in lost.value.hint
        client.create_collection(
            name, {"dense": models.VectorParams(size=7, distance=models.Distance.COSINE)}
        )
        with pytest.raises(VectorStoreError, match="length 7"):
            index.update()
        index.update(force=True)
        assert paths(index, "LruCache")[0] == "src/cache.rs"
        index.clear()


def test_lost_points_are_noticed(tree: Path, url: str) -> None:
    with Index.open(tree, qdrant_url=url) as index:
        index.update()
        some = next(iter(points_of(index, url).values())).id
        client_of(url).delete(collection_of(index), models.PointIdsList(points=[some]), wait=True)
        with pytest.raises(VectorStoreError, match=r"of \d+ vectors"):
            index.update()
        index.clear()


@pytest.fixture
def closed_port() -> str:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{listener.getsockname()[1]}"


def test_an_unreachable_server_fails_soon_and_keeps_the_old_index(
    tree: Path, closed_port: str
) -> None:
    with Index.open(tree) as index:
        index.update()
        expected = answers(index)
    started = time.monotonic()
    with Index.open(tree, qdrant_url=closed_port) as index, pytest.raises(VectorStoreError) as down:
        index.update()
    assert time.monotonic() - started < 5
    assert closed_port in str(down.value)
    assert down.value.hint
    with Index.open(tree) as index:
        assert answers(index) == expected


def test_the_command_says_that_the_server_is_away(
    tree: Path, closed_port: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["index", str(tree), "--qdrant-url", closed_port]) == exits.UNAVAILABLE == 69
    out, err = capsys.readouterr()
    assert out == ""
    assert [line.split(":")[0] for line in err.splitlines()] == ["error", "hint"]
    assert main(["index", str(tree), "--qdrant-url", "no url at all"]) == exits.UNAVAILABLE


class Proxy:
    """Answers as Qdrant does, by the in-process mode, until it is told to fail.

    Covers the few requests that rcm sends, as the client's REST interface spells them.
    """

    def __init__(self) -> None:
        self.failing_after = 10**9
        self.requests: list[str] = []
        self.store = QdrantClient(":memory:")
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def answer(self) -> None:
                length = int(self.headers.get("Content-Length") or 0)
                body = json.loads(self.rfile.read(length) or b"null")
                outer.requests.append(f"{self.command} {self.path.split('?')[0]}")
                failing = len(outer.requests) > outer.failing_after
                code, result = (500, None) if failing else (200, outer.result(self, body))
                if result is LookupError:
                    code, result = 404, None
                reply = json.dumps({"result": result, "status": "ok", "time": 0.0}).encode()
                self.send_response(code)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(reply)))
                self.end_headers()
                self.wfile.write(reply)

            do_GET = do_PUT = do_POST = do_DELETE = answer  # noqa: N815 (its names)

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def count(self, collection: str) -> int:
        return self.store.count(collection).count

    def result(self, request: BaseHTTPRequestHandler, body: Any) -> Any:
        what, _, rest = request.path.partition("?")[0].removeprefix("/collections/").partition("/")
        store, done = self.store, {"operation_id": 0, "status": "completed"}
        match request.command, rest:
            case "DELETE", "":
                return store.delete_collection(what)
            case "PUT", "":
                vectors = body["vectors"]
                sparse = body["sparse_vectors"]
                return store.create_collection(
                    what,
                    {key: models.VectorParams(**one) for key, one in vectors.items()},
                    {key: models.SparseVectorParams(**one) for key, one in sparse.items()},
                )
            case "PUT", "index":
                return done
            case "PUT", "points":
                points = [models.PointStruct(**point) for point in body["points"]]
                store.upsert(what, points)
                return done
            case "POST", "points/delete":
                store.delete(what, models.FilterSelector(**body))
                return done
            case "GET", "exists":
                return {"exists": store.collection_exists(what)}
            case "GET", "":
                return json.loads(store.get_collection(what).model_dump_json())
            case "GET", "collections":
                return json.loads(store.get_collections().model_dump_json())
            case "POST", "points/count":
                return {"count": store.count(what).count}
            case "POST", "points/query/batch":
                found = store.query_batch_points(
                    what, [models.QueryRequest(**one) for one in body["searches"]]
                )
                return [json.loads(one.model_dump_json()) for one in found]
        return LookupError


@pytest.fixture
def proxy() -> Iterator[Proxy]:
    proxy = Proxy()
    yield proxy
    proxy.server.shutdown()
    proxy.server.server_close()


def test_a_server_that_dies_in_the_middle_changes_nothing(
    tree: Path, proxy: Proxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rcm.store.qdrant, "_BATCH", 2)
    with Index.open(tree, qdrant_url=proxy.url) as index:
        first = index.update()
        expected = answers(index)
        assert sum(one.endswith("/points") for one in proxy.requests) > 2, "several batches"

        more = {f"src/lru{nth}.rs": RUST_SOURCE.replace("Lru", f"Mru{nth}") for nth in range(8)}
        write_tree(tree, more)
        proxy.requests.clear()
        proxy.failing_after = 4  # exists, collection, count, and the first batch
        started = time.monotonic()
        with pytest.raises(VectorStoreError, match="500"):
            index.update()
        assert time.monotonic() - started < 5
        assert proxy.requests[3].endswith("/points"), "it died after a first batch"
        assert len(proxy.requests) == 3 + 1 + 4, "an attempt and three more"
        assert len(index.search("LruCache", mode="bm25")) >= 1, "words need no server"

        proxy.failing_after = 10**9
        assert index.status().epoch == first.epoch
        assert answers(index) == expected
        index.update()
        assert paths(index, "Mru5Cache")[0] == "src/lru5.rs"

        (tree / "src/lru5.rs").unlink()
        proxy.requests.clear()
        proxy.failing_after = 3  # exists, collection and count; nothing is upserted
        assert index.update().files_removed == 1, "the switch needs no server"
        proxy.failing_after = 10**9
        assert "src/lru5.rs" not in paths(index, "Mru5Cache")
        assert proxy.count(collection_of(index)) > len(alive_in(index))
        index.update()
        assert proxy.count(collection_of(index)) == len(alive_in(index))


def test_a_refusal_is_not_asked_again(tree: Path, proxy: Proxy) -> None:
    with pytest.raises(VectorStoreError, match="404"):
        QdrantVectors(proxy.url, "rcm-none", 4).vector(1)
    assert len(proxy.requests) == 1


def test_other_errors_of_an_update_come_through(tree: Path, url: str) -> None:
    with (
        Index.open(tree, qdrant_url=url, embedder=f"static:{tree}") as index,
        pytest.raises(ModelError),
    ):
        index.update()


def test_the_client_is_not_imported_without_a_url(tree: Path) -> None:
    program = (
        "import sys; from rcm import Index; index = Index.open(sys.argv[1]); index.update(); "
        "index.search('LruCache'); "
        "print(sorted({'qdrant_client', 'fastembed', 'numpy', 'onnxruntime', 'grpc'} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, str(tree)], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"
