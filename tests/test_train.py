"""The training: nothing forbidden in the data, the words of the tokenizer, the same bytes twice."""

import hashlib
import io
import json
import re
import tarfile
from pathlib import Path, PurePosixPath

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from rcm.train import fetch as fetching
from rcm.train.clients import FetchError
from rcm.train.encode import encode
from rcm.train.export import export, quantise
from rcm.train.lexicon import CARDS, THESAURUS, Lexicon, read_cards, read_thesaurus
from rcm.train.licences import stated
from rcm.train.pairs import Limits, load_pairs, split_words
from rcm.train.recipe import Recipe, fit, write
from rcm.train.sources import Source, is_permissive, load_deny, load_sources
from rcm.train.tokenizer import build_tokenizer, byte_characters, vocabulary
from rcm.train.train import Settings, _info_nce, train
from rcm.train.vocabulary import choose_words, pieces_of

MODEL = Path(fetching.__file__).parents[1] / "model"


# What is trained on


@pytest.mark.parametrize("source", load_sources(), ids=lambda source: source.name)
def test_source_is_permissive_pinned_and_no_benchmark_project(source: Source) -> None:
    assert is_permissive(source.licence)
    assert not load_deny().package(source.name)
    assert source.version
    assert len(bytes.fromhex(source.sha256)) == 32


def test_sources_cover_the_languages_and_stay_few() -> None:
    sources = load_sources()
    assert len({source.language for source in sources}) >= 15
    assert sum(source.role == "named" for source in sources) <= 50
    assert len({source.folder for source in sources}) == len(sources)


@pytest.mark.parametrize(
    "name",
    [
        "serde",
        "serde_derive",
        "tokio",
        "tokio-util",
        "axum-core",
        "flask",
        "click",
        "requests",
        "httpx",
        "starlette",
        "fastapi",
        "pydantic-core",
        "aiohttp",
        "axios",
        "express",
        "zod",
        "redux",
        "vitest",
        "@vitest/runner",
        "@trpc/server",
        "com.google.code.gson:gson",
        "com.fasterxml.jackson.core:jackson-databind",
        "org.apache.commons:commons-lang3",
        "io.ktor:ktor-server-core-jvm",
        "org.jetbrains.kotlinx:kotlinx-coroutines-core-jvm",
        "org.typelevel:cats-core_2.13",
        "io.circe:circe-core_2.13",
        "org.http4s:http4s-core_2.13",
        "github.com/gin-gonic/gin",
        "github.com/go-chi/chi/v5",
        "github.com/spf13/cobra",
        "haskell-aeson",
        "pandoc",
        "xmonad",
        "redis",
        "libuv1",
        "curl",
        "fmtlib",
        "libabsl-dev",
        "nlohmann-json3",
        "php-monolog",
        "php-guzzlehttp-psr7",
        "ruby-rack",
        "ruby-rails",
        "ruby-sinatra",
        "elixir-ecto",
        "elixir-plug",
        "Newtonsoft.Json",
        "Dapper",
        "MessagePack",
        "vapor",
        "SnapKit",
        "Alamofire",
        "nvm",
        "bats",
        "model2vec",
        "ziglang",
        "zls",
    ],
)
def test_benchmark_packages_are_denied(name: str) -> None:
    assert load_deny().package(name)


def test_deny_list_names_all_benchmark_repositories() -> None:
    repositories = load_deny().repositories
    assert len(set(repositories)) == 63
    assert all(each.count("/") == 1 for each in repositories)


@pytest.mark.parametrize(
    ("path", "denied"),
    [
        ("src/vendor/golang.org/x/net/http.go", True),
        ("third_party/rapidjson/reader.h", True),
        ("include/fmt/format.h", True),
        ("src/fmt/print.go", False),
        ("db/nlohmann/json.hpp", True),
        ("lib/redis.c", True),
        ("lib/cache/redis.py", False),
        ("src/Symfony/Bridge/Monolog/Logger.php", True),
        ("src/Symfony/Component/Routing/Route.php", False),
        ("java/com/google/gson/Gson.java", True),
        ("lib/rack/request.rb", True),
        ("core/rack.py", False),
    ],
)
def test_bundled_copies_are_denied_by_path(path: str, denied: bool) -> None:
    assert load_deny().path(PurePosixPath(path)) is denied


@pytest.mark.parametrize(
    ("text", "denied"),
    [
        (b"// Copyright 2020 The Abseil Authors.\nint x;\n", True),
        (b"/*\n * JSON for Modern C++ 3.9\n */\n", True),
        (b"# copied from github.com/pallets/click\nimport os\n", True),
        (b"# Copyright 2020 the authors\nimport click\n", False),
        (b'const x = "nlohmann/json";\n', False),
    ],
)
def test_copies_are_denied_by_header(text: bytes, denied: bool) -> None:
    assert load_deny().header(text) is denied


# What is fetched


def _archive(folder: Path, files: dict[str, bytes]) -> str:
    folder.mkdir(parents=True)
    with tarfile.open(folder / "made-1.0.tar.gz", "w:gz") as tar:
        for name, text in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(text)
            tar.addfile(member, io.BytesIO(text))
    return hashlib.sha256((folder / "made-1.0.tar.gz").read_bytes()).hexdigest()


def _source(sha256: str) -> Source:
    return Source("made", "1.0", "debian", "named", "c", "MIT", sha256, include=("src/*",))


@pytest.fixture(autouse=True)
def _statements(tmp_path: Path) -> None:
    """What Debian keeps beside the made archive, so that no client is asked."""
    folder = tmp_path / "statements" / "made"
    folder.mkdir(parents=True)
    _deb_copyright(folder, "Files: *\nLicense: Expat\n")


def test_fetch_unpacks_only_what_may_be_trained_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    digest = _archive(
        tmp_path / "archives" / "made",
        {
            "made-1.0/src/good.c": b"int good(void);\n",
            "made-1.0/src/vendor/bad.c": b"int bad(void);\n",
            "made-1.0/src/copy.c": b"/* github.com/redis/redis */\n",
            "made-1.0/src/data.bin": b"\0",
            "made-1.0/doc/other.c": b"int other(void);\n",
            "made-1.0/../../escape.c": b"int escape(void);\n",
        },
    )
    monkeypatch.setattr(fetching, "load_sources", lambda: [_source(digest)])
    fetching.fetch(tmp_path)
    kept = [
        path.relative_to(tmp_path / "src").as_posix() for path in (tmp_path / "src").rglob("*.*")
    ]
    assert kept == ["made/src/good.c"]


def test_archive_with_another_hash_is_refused(tmp_path: Path) -> None:
    _archive(tmp_path / "archives" / "made", {"made-1.0/src/a.c": b"int a;\n"})
    with pytest.raises(FetchError, match="SHA-256"):
        fetching.place_of(_source("0" * 64), tmp_path)


# Words and tokens

SAMPLES = [
    "getHTTPResponse2XML",
    "snake_case_name v2Beta",
    "naïve Größe 检索",
    "ﬁle ²x Ⅳa",
    "éABc αΒγ İx",
    "a" * 150,
]


def _tokenizer_words(text: str) -> list[str]:
    tokenizer = build_tokenizer([])
    table = {character: byte for byte, character in enumerate(byte_characters())}
    assert tokenizer.normalizer is not None
    assert tokenizer.pre_tokenizer is not None
    parts = tokenizer.pre_tokenizer.pre_tokenize_str(tokenizer.normalizer.normalize_str(text))
    return [bytes(table[character] for character in part).decode() for part, _ in parts]


@pytest.mark.parametrize("text", SAMPLES)
def test_words_are_those_of_the_tokenizer(text: str) -> None:
    assert split_words(text) == _tokenizer_words(text)


@given(st.text(st.characters(min_codepoint=32, max_codepoint=0x24F), max_size=60))
def test_words_are_those_of_the_tokenizer_for_latin_text(text: str) -> None:
    assert split_words(text) == _tokenizer_words(text)


def test_pieces_are_those_of_the_tokenizer() -> None:
    words = ["get", "http", "response", "naïve", "检"]
    tokenizer = build_tokenizer(words)
    for text in SAMPLES:
        ids, _ = pieces_of(split_words(text), vocabulary(words))
        assert ids.tolist() == tokenizer.encode(text, add_special_tokens=False).ids


def test_vocabulary_leaves_out_rare_words_and_figures() -> None:
    counts = {
        "cache": 9,
        "once": 2,
        "deadbeef42": 50,
        "12345": 50,
        "local": 50,
        "größe": 8,
        "cached": 2,
        "caching": 2,
    }
    sources = {**dict.fromkeys(counts, 3), "local": 1}
    words = choose_words(counts, sources, size=257 + 20, pieces=3, min_count=8)
    assert words[:2] == ["cache", "größe"]
    assert not {"once", "deadbeef42", "12345", "local"} & set(words)
    assert "cach" in words[2:]


# Training


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Pairs of four sources, one of them held out, made so that queries share no word with their code."""
    folder = tmp_path_factory.mktemp("data")
    topics = [
        "cache",
        "route",
        "token",
        "index",
        "queue",
        "lock",
        "parse",
        "sort",
        "merge",
        "split",
        "hash",
        "walk",
    ]
    rows = []
    for source in ("first", "second", "third", "rich"):
        for at, topic in enumerate(topics * 12):
            other = topics[(at // 12 + 3 * at) % 12]
            rows.append(
                {
                    "language": "python",
                    "source": source,
                    "path": f"src/{source}{at % 7}.py",
                    "stem": "module",
                    "kind": "name" if at % 5 == 4 else "doc",
                    "query": f"about {topic} and {other} number {'abcdefg'[at % 7]}",
                    "code": f"def do(): return x{topic}() + x{other}() # {source} {at}",
                    "before": "",
                    "after": "pass",
                    "symbols": ["do", f"x{topic}"],
                }
            )
    (folder / "pairs.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    return folder


RECIPE = Recipe(
    lexicon=None,
    settings=Settings(dim=16, epochs=30, batch=64, block=16, warm_up=5),
    tokens=320,
    pieces=8,
    min_count=2,
)


def test_same_pairs_give_the_same_bytes(data: Path, tmp_path: Path) -> None:
    for out in ("one", "two"):
        fit(data, RECIPE)
        write(data, tmp_path / out)
    names = sorted(path.name for path in (tmp_path / "one").iterdir())
    assert names == ["config.json", "model.safetensors", "model.sha256", "tokenizer.json"]
    for name in names:
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()


def test_training_finds_held_out_code_better_than_random_rows(data: Path) -> None:
    untrained = fit(
        data,
        Recipe(
            lexicon=None, settings=Settings(dim=16, epochs=0), tokens=320, pieces=8, min_count=2
        ),
    )
    trained = fit(data, RECIPE)
    assert trained["rich"] > 2 * untrained["rich"]


def test_held_out_sources_are_not_trained_on(data: Path) -> None:
    pairs = load_pairs(data / "pairs.jsonl", Limits())
    words = ["about"]
    encoded = encode(pairs, *pieces_of(pairs.words, vocabulary(words)))
    chosen = np.flatnonzero(pairs.sources == "rich")
    rest = np.flatnonzero(pairs.sources != "rich")
    assert len(chosen) + len(rest) == len(pairs) > 0
    settings = Settings(dim=4, epochs=1, batch=32, block=16)
    table = train(pairs, encoded, rest, 258, settings)
    assert np.isfinite(table).all()
    assert not table[0].any()


def test_limits_bound_every_kind(data: Path) -> None:
    pairs = load_pairs(data / "pairs.jsonl", Limits(names=0, least=5, source=60))
    for source in ("first", "second", "third"):
        mine = pairs.sources == source
        assert mine.sum() <= 60
        assert (mine & pairs.is_name).sum() <= 5


def test_gradient_of_the_loss_is_its_slope() -> None:
    random = np.random.default_rng(5)
    query, code = random.standard_normal((2, 6, 8))
    masked = np.zeros((6, 6), bool)
    masked[0, 3] = masked[3, 0] = True
    _, to_query, to_code = _info_nce(query, code, masked, 2.0)
    for side, gradient in ((query, to_query), (code, to_code)):
        for at in [(0, 0), (3, 5), (5, 7)]:
            kept, losses = side[at], []
            for shift in (1e-4, -1e-4):
                side[at] = kept + shift
                losses.append(_info_nce(query, code, masked, 2.0)[0])
            side[at] = kept
            assert gradient[at] == pytest.approx((losses[0] - losses[1]) / 2e-4, rel=1e-3, abs=1e-6)


# The files


def test_quantised_rows_keep_their_direction() -> None:
    table = np.random.default_rng(3).standard_normal((50, 32)).astype(np.float32)
    table[0] = 0
    rows, weights = quantise(table)
    restored = rows[1:] * weights[1:, None]
    cosines = (
        (restored * table[1:]).sum(1)
        / np.linalg.norm(restored, axis=1)
        / np.linalg.norm(table[1:], axis=1)
    )
    assert cosines.min() > 0.9999
    assert not rows[0].any()
    assert weights[1:].mean() == pytest.approx(1, rel=1e-5)


def _texts() -> list[str]:
    """A thousand short pieces of this project's own sources."""
    root = Path(__file__).parents[1]
    lines = [
        line
        for path in sorted(root.glob("rust/*/src/**/*.rs"))
        for line in path.read_text().splitlines()
    ]
    texts = [
        "\n".join(lines[at : at + 8]) for at in range(0, len(lines), max(1, len(lines) // 1000))
    ]
    return [text for text in texts if any(map(str.isalnum, text))][:1000]


def test_shipped_model_loads_alike_in_model2vec_and_fastembed() -> None:
    from fastembed.common.model_description import DenseModelDescription, ModelSource
    from fastembed.text.static_embedding import StaticTextEmbedding, supported_static_models
    from model2vec import StaticModel

    size = sum(path.stat().st_size for path in MODEL.glob("model.safetensors"))
    assert size <= 8_000_000
    texts = _texts()
    assert len(texts) > 500
    first = StaticModel.from_pretrained(MODEL).encode(texts, max_length=None)
    described = DenseModelDescription(
        model="rcm", dim=first.shape[1], description="", license="mit", size_in_GB=0.01,
        sources=ModelSource(hf="rcm"), model_file="model.safetensors",
    )  # fmt: skip
    supported_static_models.append(described)
    try:
        second = np.array(
            list(StaticTextEmbedding("rcm", specific_model_path=str(MODEL)).embed(texts))
        )
    finally:
        supported_static_models.remove(described)
    cosines = (
        (first * second).sum(1) / np.linalg.norm(first, axis=1) / np.linalg.norm(second, axis=1)
    )
    assert cosines.min() >= 0.9999


def test_shipped_model_has_the_size_that_the_documents_state() -> None:
    tokens = json.loads((MODEL / "tokenizer.json").read_text("utf-8"))["model"]["vocab"]
    assert 22_000 <= len(tokens) <= 30_000
    assert sorted(tokens.values()) == list(range(len(tokens)))


@pytest.mark.parametrize(
    ("query", "answer"),
    [
        ("缓存过期", "def f():  # 缓存 过期 时间\n    return self.items.pop(key)"),
        ("读取文件", "def g():  # 读取 文件 内容\n    return open(path).read()"),
        ("läser filen", "fn läsFil(sökväg: &str) {} // läser filen"),
        ("обработчик запросов", "// обработчик запросов сервера\nlisten().accept()"),
    ],
)
def test_shipped_model_finds_words_of_other_scripts(query: str, answer: str) -> None:
    from model2vec import StaticModel

    others = [
        "def read(path):\n    return open(path)",
        "// 时间 服务器\nlisten().accept()",
        "läs sökväg",
    ]
    vectors = StaticModel.from_pretrained(MODEL).encode([query, answer, *others])
    cosines = vectors[1:] @ vectors[0]
    assert cosines[0] > 0.5
    assert cosines[0] > cosines[1:].max() + 0.1


def test_rows_of_the_result_are_shortened_only_at_the_end(data: Path) -> None:
    pairs = load_pairs(data / "pairs.jsonl", Limits())
    encoded = encode(pairs, *pieces_of(pairs.words, vocabulary(["about"])))

    def table(final: float) -> NDArray[np.float32]:
        settings = Settings(dim=4, epochs=2, batch=32, block=16, final=final)
        return train(pairs, encoded, np.arange(len(pairs)), 258, settings)

    long, short = table(9), table(0.1)
    lengths = np.linalg.norm(long, axis=1, keepdims=True)
    assert lengths.max() > 0.2
    shortened = long * np.minimum(1, 0.1 / np.maximum(lengths, 1e-8))
    assert np.allclose(short, shortened, atol=1e-6)


def test_export_writes_what_the_libraries_ask_for(tmp_path: Path) -> None:
    table = np.eye(259, 8, dtype=np.float32)
    export(table, ["get", "set"], tmp_path)
    assert json.loads((tmp_path / "config.json").read_text())["normalize"] is True


# Licences


def _deb_copyright(folder: Path, text: str) -> Path:
    with tarfile.open(folder / "made.debian.tar.xz", "w:xz") as tar:
        member = tarfile.TarInfo("debian/copyright")
        member.size = len(text)
        tar.addfile(member, io.BytesIO(text.encode()))
    return folder / "made.debian.tar.xz"


@pytest.mark.parametrize(
    ("text", "licences"),
    [
        (
            "Format: x\n\nFiles: *\nCopyright: 2020 A\nLicense: Expat\n\nFiles: a\nLicense: GPL-2\n",
            {"MIT"},
        ),
        ("Files: *\nLicense: BSD-2-clause or Ruby\n text\n", {"BSD-2-Clause", "Ruby"}),
        ("Files: *\nLicense: Apache\n", set()),
        ("This package may be used by anybody.\n", set()),
    ],
)
def test_debian_licence_is_that_of_all_files(tmp_path: Path, text: str, licences: set[str]) -> None:
    assert stated(_source(""), tmp_path, _deb_copyright(tmp_path, text)) == licences


@pytest.mark.parametrize(
    ("name", "licence"),
    [
        ("The Apache Software License, Version 2.0", "Apache-2.0"),
        ("Apache License 2.0", "Apache-2.0"),
        ("The MIT License", "MIT"),
        ("GNU Lesser General Public License", "GNU Lesser General Public License"),
    ],
)
def test_maven_licence_is_that_of_the_pom(tmp_path: Path, name: str, licence: str) -> None:
    pom = tmp_path / "made.pom"
    pom.write_text(
        '<project xmlns="http://maven.apache.org/POM/4.0.0"><licenses><license>'
        f"<name>{name}</name></license></licenses></project>"
    )
    source = Source("group:made", "1.0", "maven", "named", "java", licence, "")
    assert stated(source, tmp_path, pom) == {licence}


def test_crate_of_another_licence_than_the_table_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / "archives" / "made"
    digest = _archive(
        folder, {"made-1.0/Cargo.toml": b'[package]\nname="made"\nlicense="GPL-3.0"\n'}
    )
    source = Source("made", "1.0", "crates", "named", "rust", "MIT", digest)
    with pytest.raises(FetchError, match=r"states GPL-3\.0, the table says 'MIT'"):
        fetching.place_of(source, tmp_path)


def test_a_licence_is_permissive_if_one_may_choose_so() -> None:
    assert is_permissive("BSD-2-Clause OR Ruby")
    assert is_permissive("BSD-3-Clause AND MIT")
    assert not is_permissive("MIT AND GPL-2.0")
    assert not is_permissive("Ruby")


# Lists


def test_the_lists_have_the_form_that_is_read() -> None:
    thesaurus, cards = read_thesaurus(), read_cards()
    assert len({word for word, _ in thesaurus}) == len(thesaurus) > 3_000
    assert all(others and all(others) and word not in others for word, others in thesaurus)
    questions = [question for asked, _ in cards for question in asked]
    assert len(set(questions)) == len(questions) > 15_000
    assert all(len(said) >= 8 for _, said in cards)


def test_the_lists_name_no_project_of_the_benchmark() -> None:
    denied = load_deny().paths - {"exposed"}  # a word of English, too
    said = [line for path in (THESAURUS, CARDS) for line in path.read_text("utf-8").splitlines()]
    assert not [line for line in said if denied & set(re.findall(r"[\w.+-]+", line))]


def test_pairs_of_the_lists_are_the_same_every_time() -> None:
    lexicon = Lexicon(of_word=2, of_question=1)
    first = list(lexicon.records())
    assert first == list(lexicon.records())
    assert {one["source"] for one in first} == {"thesaurus", "cards"}
    word, others = read_thesaurus()[0]
    back, forth = first[:2]
    assert (back["code"], forth["query"]) == (word, word)
    assert set(forth["code"].split()) <= set(" ".join(others).split())
