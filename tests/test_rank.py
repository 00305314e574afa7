"""Ranking: each signal on its own, and what their sum puts first."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from rcm import Index, _rcm
from rcm.content import is_test
from rcm.embed import open_embedder
from rcm.filters import Filters
from rcm.query import understand
from rcm.rank import DEFAULT, rank, signals
from rcm.rank.weights import KIND_WEIGHTS
from rcm.search import Candidates, retrieve
from rcm.types import last_part
from small_trees import reader_of, write_tree


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("src/pool.rs", False),
        ("tests/pool.rs", True),
        ("src/test_pool.py", True),
        ("src/pool_test.go", True),
        ("a/pool.spec.ts", True),
        ("src/PoolTest.java", True),
        ("src/contest.py", False),
        ("src/latest/pool.py", False),
        ("_examples/main.go", True),
        ("docs/guide.md", True),
        ("src/protest.rs", False),
        ("okio/src/jvmTest/kotlin/AsyncSocket.kt", True),
        ("core/src/testFixtures/java/StateMaster.java", True),
        ("aop/testfixture/SimpleTarget.java", True),
        ("integration_test/cases/preload.exs", True),
        ("scripts/upgrade-tests/run.sh", True),
        ("retrofit/android-test/build.gradle", True),
        ("Rx.playground/Contents.swift", True),
        ("RxExample/App.swift", True),
        ("config/testdata/rules.yml", True),
        ("features/step_definitions/site.rb", True),
        ("t/t0001-init.sh", True),
        ("src/t/pool.c", False),
        ("src/state_machine_tests.zig", True),
        ("src/randen_benchmarks.cc", True),
        ("lib/pool-spec.js", True),
        ("api/openapi-spec.yml", False),
        ("src/redis-benchmark.c", False),
        ("src/FtpAdapterTestCase.php", True),
        ("src/Binder+Tests.swift", True),
        ("src/PoolSpec.hs", True),
        ("src/CombineLatest.swift", False),
        ("src/Contest.java", False),
        ("Support/Benchmark.php", False),
        ("junit/TestMethodsFinder.java", False),
        ("runtime/runVmTests.ts", False),
        ("system_testing/browser.rb", False),
        ("kotlinx-coroutines-test/common/src/TestScope.kt", False),
        ("msvc_compat/stdbool.h", False),
        ("servant-docs/src/Docs.hs", False),
    ],
)
def test_paths_of_tests(path: str, expected: bool) -> None:
    assert is_test(path) is expected


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("dist/app.js", True),
        ("third_party/zlib/inflate.c", True),
        ("src/vendor/lib.rs", True),
        ("api/generated/client.py", True),
        ("src/distance/metric.py", False),
        ("src/vendors.py", False),
        ("build/rules.zig", False),
        ("extras/catch_amalgamated.cpp", True),
        ("single_include/json.hpp", True),
        ("src/amalgamate.py", False),
    ],
)
def test_paths_of_build_output_and_vendored_code(path: str, expected: bool) -> None:
    assert signals.is_bundled(path) is expected


def test_every_kind_has_a_weight() -> None:
    assert set(_rcm.kinds()) == set(KIND_WEIGHTS)
    kinds = _rcm.kinds()
    declared = signals.definition_weight(kinds.index("class"), 0, forward=True)
    assert declared < signals.definition_weight(kinds.index("class"), 0, forward=False)
    nested = signals.definition_weight(kinds.index("class"), 8, forward=False)
    assert nested == signals.definition_weight(kinds.index("class"), 80, forward=False)


def test_many_chunks_that_are_like_all_others_do_not_make_up_for_one_that_stands_out(
    tmp_path: Path,
) -> None:
    def method(nth: int) -> str:
        lines = (f"        self.send_{nth}_{line}(request, retry=True)\n" for line in range(30))
        return f"    def step_{nth}(self, request):\n{''.join(lines)}\n"

    files = {
        f"src/client_{nth}.py": f"class Client{nth}:\n" + "".join(map(method, range(12)))
        for nth in range(6)
    }
    files["src/backoff.py"] = (
        "def backoff(request, attempt):\n    return 2**attempt  # wait before the next retry of it\n"
    )
    index = Index.open(write_tree(tmp_path / "tree", files))
    index.update()
    found = index.search("wait before the next retry of a request")
    assert found[0].path == "src/backoff.py"
    others = max(hit.signals["lexical"] + hit.signals["semantic"] for hit in found[1:])
    assert others < 0.5 * (found[0].signals["lexical"] + found[0].signals["semantic"])


NAMED = """import os

LIMIT = 8


def open_pool(size):
    return [connect() for _ in range(size)]


def drain(pool):
    for connection in pool:
        connection.close()


class Lease:
    def __init__(self, pool):
        self.pool = pool

    def renew(self):
        self.expires = clock() + LIMIT

    def give_back(self):
        self.pool.append(self)
"""


@pytest.mark.parametrize(
    ("query", "symbol"),
    [
        ("close every connection", "drain"),
        ("how many connections are opened", "open_pool"),
        ("when does it expire", "Lease.renew"),
        ("Lease", "Lease"),
        ("give_back", "Lease.give_back"),
        ("LIMIT", "LIMIT"),
    ],
)
def test_a_result_is_called_by_the_definition_that_is_asked_for(
    query: str, symbol: str, tmp_path: Path
) -> None:
    files = {"src/pool.py": NAMED, "src/other.py": "def unrelated():\n    return 1\n"}
    index = Index.open(write_tree(tmp_path / "tree", files))
    index.update()
    found = next(hit for hit in index.search(query) if hit.path == "src/pool.py")
    assert (found.symbol, found.start_line) == (symbol, 1)


@pytest.mark.parametrize(
    ("symbol", "expected"),
    [
        ("Pool::run", "run"),
        ("Pool.run", "run"),
        ("App\\Pool", "Pool"),
        ("Pool#run", "run"),
        ("Guide > Install it", "Install it"),
        ("std::operator>", "operator>"),
        ("operator/", "operator/"),
        ("run", "run"),
        ("", ""),
    ],
)
def test_the_last_part_of_a_name_is_what_stands_in_the_code(symbol: str, expected: str) -> None:
    assert last_part(symbol) == expected


def test_a_kind_that_is_asked_for_is_what_a_result_is_called_by(tmp_path: Path) -> None:
    index = Index.open(write_tree(tmp_path / "tree", {"src/pool.py": NAMED}))
    index.update()
    found = index.search("close every connection", kinds=["class"])[0]
    assert (found.symbol, found.kind) == ("Lease", "class")
    assert index.search("quaternion slerp", kinds=["class"])[0].symbol == "Lease"


def test_a_type_comes_before_its_implementation(tmp_path: Path) -> None:
    code = (
        "pub struct Pool {\n    free: Vec<u8>,\n}\n\nimpl Pool {\n    fn drain(&mut self) {}\n}\n"
    )
    index = Index.open(write_tree(tmp_path / "tree", {"src/pool.rs": code}))
    index.update()
    assert [index.search(query)[0].kind for query in ("the pool", "Pool", "drain")] == [
        "struct",
        "struct",
        "method",
    ]
    assert index.search("Pool", kinds=["implementation"])[0].kind == "implementation"


def test_the_rest_of_a_long_definition_keeps_its_name(tmp_path: Path) -> None:
    lines = "".join(f"    total += weigh_{nth}(values, limits, offsets)\n" for nth in range(60))
    tail = (
        "    publish(total, audience)\n    return total\n\n\ndef tiny(total):\n    return -total\n"
    )
    index = Index.open(
        write_tree(tmp_path / "tree", {"src/sum.py": f"def compute(values):\n{lines}{tail}"})
    )
    index.update()
    found = index.search("publish to the audience")[0]
    assert found.symbol == "compute"
    assert found.start_line > 1
    assert index.search("tiny")[0].symbol == "tiny"


FILES = {
    "src/limiter.py": "class RateLimiter:\n    def allow(self):\n        return self.tokens > 0\n",
    "src/server.py": "from src.limiter import RateLimiter\n\n\ndef serve():\n"
    "    limiter = RateLimiter()\n    return RateLimiter, limiter.allow()\n",
    "tests/test_limiter.py": "class RateLimiter:\n    pass\n\n\ndef test_rate_limiter():\n"
    "    assert RateLimiter and RateLimiter and RateLimiter\n",
    "dist/bundle.js": "class RateLimiter { allow() { return this.tokens > 0 } }\n",
    "docs/limiter.md": "# RateLimiter\n\nThe RateLimiter limits the rate: RateLimiter.\n",
}


@pytest.fixture
def limiter(tmp_path: Path) -> Index:
    index = Index.open(write_tree(tmp_path / "tree", FILES))
    index.update()
    return index


def test_the_definition_comes_before_uses_tests_and_prose(limiter: Index) -> None:
    assert limiter.search("RateLimiter")[0].path == "src/limiter.py"
    asked = limiter.search("test of the rate limiter")
    assert asked[0].path.startswith("tests/"), "tests asked for are hardly pushed down"
    assert asked[0].signals["test"] == pytest.approx(-DEFAULT.test * DEFAULT.asked)
    prose = next(hit for hit in limiter.search("RateLimiter") if hit.path == "docs/limiter.md")
    assert prose.signals["prose"] < 0
    bundle = next(hit for hit in limiter.search("RateLimiter") if hit.path == "dist/bundle.js")
    assert bundle.signals["bundled"] < 0
    readme = limiter.search("limiter documentation")
    assert all("prose" not in hit.signals for hit in readme)


def test_signals_add_up_and_weights_can_be_left_out(limiter: Index) -> None:
    reader, embedder = reader_of(limiter), open_embedder()
    found = retrieve(understand("RateLimiter"), reader, embedder, "hybrid", Filters())
    for one in rank(understand("RateLimiter"), found, reader):
        assert sum(one.signals.values()) == pytest.approx(one.score)
    without = rank(
        understand("RateLimiter"),
        found,
        reader,
        DEFAULT._replace(definition=0.0, identifier=0.0, test=0.0),
    )
    assert all({"definition", "test"}.isdisjoint(one.signals) for one in without)


def test_nothing_retrieved_is_nothing_ranked(limiter: Index) -> None:
    nothing = Candidates(_rcm.Scored([], [], []))
    assert rank(understand("RateLimiter"), nothing, reader_of(limiter)) == []


@pytest.mark.parametrize("query", ["RateLimiter", "limit the rate of calls", "test", "README.md"])
def test_the_first_are_the_same_however_many_are_wanted(limiter: Index, query: str) -> None:
    reader, embedder = reader_of(limiter), open_embedder()
    found = retrieve(understand(query), reader, embedder, "hybrid", Filters())
    everything = rank(understand(query), found, reader)
    assert len(everything) > 1
    for top_k in range(1, len(everything) + 2):
        assert rank(understand(query), found, reader, top_k=top_k) == everything[:top_k]


def test_terms_of_folders() -> None:
    found = signals.folder_terms("packages/openai-adapters/src")
    assert found == [["packag"], ["openai", "adapt"], ["src"]]
    assert signals.folder_terms(os.fsdecode(b"b\xffd/retry")) == [["b", "d"], ["retri"]]
    assert signals.folder_terms("") == signals.folder_terms("--/") == []


def test_a_folder_that_is_named_comes_before_its_siblings(tmp_path: Path) -> None:
    source = (
        "def retry(request):\n    '''Send a request again after a pause.'''\n    return request\n"
    )
    names = ("anthropic", "bedrock", "mistral", "openai")
    files = {f"packages/{name}-adapters/src/retry.py": source for name in names}
    files |= {
        f"packages/core/src/part{nth}.py": f"def part{nth}():\n    pass\n" for nth in range(90)
    }
    tree = write_tree(tmp_path / "tree", files)
    with Index.open(tree, index_dir=tmp_path / "index") as index:
        index.update()
        for name in names:
            first = index.search(f"retry a request in the {name} adapters")[0]
            assert first.path == f"packages/{name}-adapters/src/retry.py"
            assert first.signals["folder"] == pytest.approx(DEFAULT.folder)
        assert "folder" not in index.search("retry a request")[0].signals


RUST = "".join(
    f"impl Step{nth} for Router {{\n    fn step(&self) -> usize {{\n        self.n + {nth}\n    }}\n}}\n\n"
    for nth in range(40)
)
ZIG = "".join(
    f"pub fn step{nth}(router: *Router) usize {{\n    return router.paths.len + {nth};\n}}\n\n"
    for nth in range(30)
)
CHECKS = "".join(f'    try route("/trailing{nth}/slash/").dropped();\n' for nth in range(47))


@pytest.mark.parametrize(
    ("name", "text", "test"),
    [
        (
            "src/router.rs",
            f"{RUST}#[cfg(test)]\nmod tests {{\n#[test]\nfn trailing_slashes() {{\n{CHECKS}}}\n}}\n",
            "tests",
        ),
        ("src/router.zig", f'{ZIG}test "trailing slashes" {{\n{CHECKS}}}\n', "trailing slashes"),
    ],
)
def test_code_is_shown_and_not_the_test_beside_it(
    tmp_path: Path, name: str, text: str, test: str
) -> None:
    with Index.open(
        write_tree(tmp_path / "tree", {name: text}), index_dir=tmp_path / "index"
    ) as index:
        index.update()
        (found,) = index.search("trailing slash dropped by the router", also=1)
        assert "trailing" not in found.text
        assert not found.also[0].symbol.startswith(test), "nor does the test come first beside it"
        (found,) = index.search("trailing slash dropped by the router", also=99)
        assert any(one.symbol.startswith(test) for one in found.also), "but it is told"
        (asked,) = index.search("test that a trailing slash is dropped by the router")
        assert asked.symbol.startswith(test)
        line = asked.start_line + 3
        assert index.search(f"trailing slash in {name}:{line}")[0].symbol.startswith(test)


def test_tests_are_shown_where_there_is_nothing_else(tmp_path: Path) -> None:
    files = {"src/only.zig": f'test "trailing slashes" {{\n{CHECKS}}}\n'}
    with Index.open(write_tree(tmp_path / "tree", files), index_dir=tmp_path / "index") as index:
        index.update()
        assert index.search("trailing slash dropped")[0].kind == "test"


@pytest.mark.parametrize(
    ("n_words", "after_peak", "share"),
    [
        (5, None, 0.55),
        (5, (0.7, 0.7), 0.55),
        (5, (0.2, 0.9), 0.55),
        (5, (0.7, 0.6), 0.55),
        (5, (0.7, 0.3), 0.4),
        (5, (1.0, 0.0), 0.1),
        (12, None, 0.55),
        (21, None, 0.4),
        (30, None, 0.25),
        (1_000, None, 0.25),
        (21, (0.7, 0.3), 0.325),
        (30, (1.0, 0.0), 0.1),
    ],
)
def test_words_count_more_the_more_they_tell_and_the_more_they_are(
    n_words: int, after_peak: tuple[float, float] | None, share: float
) -> None:
    weights = DEFAULT.shared(n_words, after_peak)
    assert weights.semantic == pytest.approx(share)
    assert weights.semantic + weights.lexical == pytest.approx(DEFAULT.semantic + DEFAULT.lexical)
    assert weights._replace(semantic=DEFAULT.semantic, lexical=DEFAULT.lexical) == DEFAULT


POOL = "".join(
    f"class {name}:\n    def {verb}_connection(self, pool):\n"
    + "".join(f"        self.{verb}_{nth} = pool.{verb}({nth})\n" for nth in range(30))
    + "\n\n"
    for name, verb in (("Opener", "open"), ("Closer", "close"), ("Counter", "count"))
)


@pytest.fixture
def pool(tmp_path: Path) -> Index:
    index = Index.open(
        write_tree(tmp_path / "tree", {"pool.py": POOL, "one.py": "def close():\n    pass\n"})
    )
    index.update()
    return index


def test_where_else_in_the_file_comes_in_order_and_without_what_is_shown(pool: Index) -> None:
    hit = pool.search("close the connection of a pool", also=9)[0]
    assert (hit.path, hit.symbol.partition(".")[0]) == ("pool.py", "Closer")
    spans = [(hit.start_line, hit.end_line), *((one.start_line, one.end_line) for one in hit.also)]
    assert len(hit.also) >= 2
    assert len(set(spans)) == len(spans)
    assert {one.symbol.partition(".")[0] for one in hit.also} >= {"Opener", "Counter"}
    lines = (pool.root / "pool.py").read_text().splitlines()
    for one in hit.also:
        assert one.symbol.partition(".")[0] in "".join(lines[: one.end_line])
        assert 1 <= one.start_line <= one.end_line <= len(lines)
        assert one.kind


def test_no_more_is_told_than_asked_for(pool: Index) -> None:
    query = "close the connection of a pool"
    every = pool.search(query, also=9)
    assert [hit.also for hit in pool.search(query)] == [()] * len(every)
    for hit, two in zip(every, pool.search(query, also=2), strict=True):
        assert two.also == hit.also[:2]
        assert (two.path, two.score, two.text) == (hit.path, hit.score, hit.text)
    assert [hit.also for hit in pool.search(query, also=2**70)] == [hit.also for hit in every]
    assert {hit.also for hit in pool.search(query, also=2, rerank=False)} == {()}
    (pool.root / "two.py").write_text(POOL)
    (pool.root / "three.py").write_text(POOL)
    (pool.root / "four.py").write_text(POOL)
    pool.update()
    told = [bool(hit.also) for hit in pool.search(query, also=2)]
    assert told[:4] == [True, True, True, False], "of the first three"
    with pytest.raises(ValueError, match="also is -1"):
        pool.search(query, also=-1)


def test_of_a_changed_file_nothing_else_is_told(pool: Index) -> None:
    with (pool.root / "pool.py").open("a") as file:
        file.write("# more\n")
    hit = pool.search("close the connection of a pool", also=2)[0]
    assert (hit.freshness, hit.also) == ("changed", ())


def test_no_rerank_orders_chunks_by_fused_score(limiter: Index) -> None:
    hits = limiter.search("RateLimiter", rerank=False)
    assert [hit.score for hit in hits] == sorted((hit.score for hit in hits), reverse=True)
    assert {name for hit in hits for name in hit.signals} == {"semantic", "lexical"}


@pytest.mark.parametrize(
    "query", ["crooked_client", "crookedClient", "TestCrooked::crooked_client", "_client"]
)
def test_an_identifier_leads_to_its_definition_even_in_tests(tmp_path: Path, query: str) -> None:
    crooked = "\n".join(
        f"    # the crooked client number {n}, or a client that is crooked" for n in range(40)
    )
    tree = write_tree(
        tmp_path / "tree",
        {
            "crooked/client.py": f"class Client:\n{crooked}\n    def crooked(self): ...\n",
            "crooked/other.py": f"def client():\n{crooked}\n    return crooked, client\n",
            "tests/helpers.py": "import os\n\n\ndef crooked_client():\n    return os.environ\n"
            "\n\ndef _client(): ...\n",
        },
    )
    with Index.open(tree, index_dir=tmp_path / "index") as index:
        index.update()
        assert index.search(query)[0].path == "tests/helpers.py"
        assert index.search("crooked client")[0].path != "tests/helpers.py"
        assert index.search("client")[0].path != "tests/helpers.py"


def test_the_chunk_whose_definition_is_called_what_was_asked_is_shown(tmp_path: Path) -> None:
    def body(words: str) -> str:
        return "".join(f"    {words} = step({nth}, {words})\n" for nth in range(40))

    files = {
        "src/client.py": f"def retry_delay(count):\n{body('total')}\n\n"
        f"def load_settings(path):\n    # The delay before a retry is read, too.\n{body('delay')}",
        "src/other.py": "def unrelated():\n    return 1\n",
    }
    index = Index.open(write_tree(tmp_path / "tree", files))
    index.update()
    reader, embedder = reader_of(index), open_embedder(None)
    question = understand("delay before a retry")
    candidates = retrieve(question, reader, embedder, "hybrid", Filters.of())

    def shown(name: float) -> str:
        ranked = rank(question, candidates, reader, DEFAULT._replace(name=name))
        return reader.chunk(ranked[0].chunk_id).symbol

    assert (shown(0.0), shown(DEFAULT.name)) == ("load_settings", "retry_delay")
