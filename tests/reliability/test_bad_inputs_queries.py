"""Bad queries: any text is text; numbers and names out of range are refused with the range."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from pathlib import Path

import pytest

from command_runs import rcm, row, write
from rcm import Index
from rcm.cli import exits, main
from rcm.search import LONGEST_QUERY
from small_trees import SMALL_TREE

WIDE = {
    "composed.py": "def caf\u00e9_ouvert():\n    return 'cr\u00e8me br\u00fbl\u00e9e'\n",
    "turkish.py": "def istanbul_sehri():\n    return 'ISTANBUL'\n",
    "german.py": "def strasse_messen():\n    return 'Stra\u00dfe'\n",
}


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write(tmp_path_factory.mktemp("queries") / "tree", {**SMALL_TREE, **WIDE})


@pytest.fixture(scope="module")
def index(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Index]:
    with Index.open(root, index_dir=tmp_path_factory.mktemp("index")) as made:
        made.update()
        yield made


@row(41, "empty query")
@pytest.mark.parametrize("query", ["", " ", "\t\n", "\u3000"])
def test_an_empty_query_is_an_error(row: int, query: str, index: Index) -> None:
    ended = rcm("search", "--", query, index.root, "--index-dir", index.index_dir)
    ended = rcm("search", query, index.root, "--index-dir", index.index_dir)
    assert (ended.code, ended.out) == (2, "")
    assert "empty query" in ended.err
    with pytest.raises(ValueError, match="empty query"):
        index.search(query)


@row(42, "query of 1 MB")
@pytest.mark.parametrize("query", ["a" * 1_000_000, "retry " * 170_000, "\u00e9" * 500_000])
def test_a_huge_query_is_answered(row: int, query: str, index: Index) -> None:
    assert index.search(query) == index.search(query[:LONGEST_QUERY])


@row(42, "query of 1 MB")
def test_a_query_that_is_cut_is_said_to_be(row: int, index: Index) -> None:
    place = (index.root, "--index-dir", index.index_dir)
    whole = "retry " * 20_000
    assert "query of 120,000 characters: only the first 65,536" in rcm("search", whole, *place).err
    assert "characters" not in rcm("search", whole[:LONGEST_QUERY], *place).err


@row(43, "query syntax")
@pytest.mark.parametrize(
    "query",
    [
        '+-&&||!(){}[]^"~*?:\\/',
        'path:x AND (NOT "unclosed',
        "field:value",
        "(a+)+$",
        "[",
        "*",
        "--no-verify",
        "retry OR",
        "/.*/",
        "%s %n {0}",
        "'; DROP TABLE files; --",
    ],
)
def test_syntax_is_text(row: int, query: str, index: Index) -> None:
    # `--` only where a dash would make it an option; after it, everything is positional.
    options = ["--index-dir", str(index.index_dir)]
    ended = rcm("search", *options, "--", query, index.root)
    assert ended.code in (0, 1), ended.err
    assert ended.err == ""


@row(44, "stop words, emoji, right-to-left, zero-width, surrogates, NUL")
@pytest.mark.parametrize(
    "query",
    [
        "the of a",
        "\N{CRAB}",
        "\u0643\u0648\u062f",
        "\u200b\u200d",
        "\ud800",
        "\x00",
        "\x1b[31m\u202e",
    ],
)
def test_odd_characters_are_text(
    row: int, query: str, index: Index, capsys: pytest.CaptureFixture[str]
) -> None:
    if query.strip():
        code = main(["search", query, str(index.root), "--index-dir", str(index.index_dir)])
        out, err = capsys.readouterr()
        assert code in (0, 1), err
        assert not set(out) & {"\x1b", "\u202e", "\x00"}


@row(45, "NFC and NFD, full width, Turkish i, sharp s")
def test_ways_to_write_the_same_are_the_same(row: int, index: Index) -> None:
    def paths(query: str) -> list[str]:
        return [result.path for result in index.search(query, mode="bm25")]

    for query, path in (
        ("caf\u00e9_ouvert", "composed.py"),
        ("cr\u00e8me", "composed.py"),
        ("Stra\u00dfe", "german.py"),
    ):
        assert paths(query)[0] == path
        for form in ("NFD", "NFKC", "NFKD"):
            assert paths(unicodedata.normalize(form, query)) == paths(query)
    assert paths("\uff52\uff45\uff54\uff52\uff59") == paths("retry"), "full width"
    assert paths("BACKOFF_SECONDS")[0] == paths("backoff_seconds")[0] == "src/retry.py"
    assert paths("ISTANBUL")[0] == "turkish.py"


@row(46, "numbers and names out of range")
def test_what_is_out_of_range_is_refused_with_the_range(row: int, index: Index) -> None:
    def search(*options: str) -> tuple[int, str]:
        ended = rcm("search", "retry", index.root, "--index-dir", index.index_dir, *options)
        assert bool(ended.out) == (ended.code == 0)
        return ended.code, ended.err

    for k in ("0", "-1", "nan", "1e9", "\u0663"):
        code, said = search(f"-k{k}")
        if code != 0:
            assert (code, "whole number of 1 or more" in said) == (exits.ERROR, True), k
    assert search("-k", "0")[0] == search("-k", "nan")[0] == exits.ERROR
    assert search("-k", "1000000000")[0] == 0, "as many as there are"
    assert search("-k", "9" * 30)[0] == 0
    code, said = search("-t", "klingon")
    assert (code, "python" in said) == (exits.ERROR, True)
    assert "hybrid" in search("--mode", "psychic")[1]
    assert search("-g", "[")[0] in (0, 1)
