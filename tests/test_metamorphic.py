"""Relations between answers that hold whatever the ranking weighs: no weight is named here."""

from __future__ import annotations

import shutil
import unicodedata
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rcm import Index, SearchResult
from rcm.globs import glob_matcher
from small_trees import write_tree

VERBS = ["open", "close", "parse", "render", "retry", "merge", "split", "verify"]
NOUNS = ["file", "socket", "config", "table", "token", "cache", "query", "index"]
TREE = {
    f"{noun}/{verb}_{noun}.{ending}": body.format(verb=verb, noun=noun)
    for verb, (ending, body) in zip(
        VERBS,
        [
            (
                "py",
                'def {verb}_{noun}(path):\n    """{verb} the {noun} at a path."""\n    return path\n',
            ),
            (
                "rs",
                "/// {verb} the {noun}.\npub fn {verb}_{noun}(path: &str) -> u8 {{\n    0\n}}\n",
            ),
        ]
        * 4,
        strict=True,
    )
    for noun in NOUNS
}
words = st.lists(st.sampled_from([*VERBS, *NOUNS, "the", "how", "at"]), min_size=1, max_size=4)
modes = st.sampled_from(["hybrid", "bm25", "semantic"])


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Index]:
    root = write_tree(tmp_path_factory.mktemp("metamorphic") / "tree", TREE)
    with Index.open(root, index_dir=tmp_path_factory.mktemp("index")) as made:
        made.update()
        yield made


def places(results: list[SearchResult]) -> list[tuple[str, int]]:
    return [(result.path, result.start_line) for result in results]


@settings(max_examples=60, deadline=None)
@given(words, modes)
def test_blanks_and_unicode_forms_do_not_matter(index: Index, query: list[str], mode: str) -> None:
    expected = index.search(" ".join(query), mode=mode)  # type: ignore[arg-type]
    for other in (
        "  ".join(query),
        f"\t{' '.join(query)}\n",
        unicodedata.normalize("NFD", " ".join(query)),
    ):
        assert index.search(other, mode=mode) == expected  # type: ignore[arg-type]


@settings(max_examples=60, deadline=None)
@given(words)
def test_case_does_not_matter_to_words(index: Index, query: list[str]) -> None:
    lower, upper = " ".join(query), " ".join(query).upper()
    assert index.search(lower, mode="bm25", rerank=False) == index.search(
        upper, mode="bm25", rerank=False
    )


@settings(max_examples=60, deadline=None)
@given(words)
def test_a_word_said_twice_finds_the_same_files_by_words(index: Index, query: list[str]) -> None:
    once = index.search(" ".join(query), mode="bm25", rerank=False, top_k=99)
    twice = index.search(" ".join(query * 2), mode="bm25", rerank=False, top_k=99)
    assert sorted(places(once)) == sorted(places(twice))


@settings(max_examples=60, deadline=None)
@given(words, modes, st.sampled_from(["*.py", "file/**", "*_token.*", "{cache,query}/"]))
def test_a_filter_leaves_only_what_it_allows(
    index: Index, query: list[str], mode: str, glob: str
) -> None:
    found = index.search(" ".join(query), mode=mode, paths=[glob], top_k=99)  # type: ignore[arg-type]
    allowed = glob_matcher([glob])
    assert all(allowed(result.path) for result in found)
    every = index.search(" ".join(query), mode="bm25", rerank=False, top_k=999)
    kept = index.search(" ".join(query), mode="bm25", rerank=False, top_k=999, paths=[glob])
    assert {place for place in places(every) if allowed(place[0])} == set(places(kept))


@settings(max_examples=40, deadline=None)
@given(words, modes, st.integers(1, 8))
def test_the_head_of_a_longer_list_is_the_shorter_list(
    index: Index, query: list[str], mode: str, k: int
) -> None:
    text = " ".join(query)
    assert index.search(text, mode=mode, top_k=k) == index.search(text, mode=mode, top_k=50)[:k]  # type: ignore[arg-type]


@pytest.mark.parametrize("path", sorted(TREE)[::8])
def test_an_identifier_of_one_file_is_found_first(index: Index, path: str) -> None:
    identifier = path.rsplit("/")[-1].split(".")[0]
    assert index.search(identifier, top_k=1)[0].path == path


def test_a_deleted_top_hit_makes_room_and_an_unrelated_file_changes_no_order(
    tmp_path: Path,
) -> None:
    root = write_tree(tmp_path / "tree", TREE)
    with Index.open(root) as index:
        index.update()
        for query in ("retry socket", "how to parse a config", "merge table cache"):
            before = [result.path for result in index.search(query, top_k=20)]
            write_tree(
                root, {"zoo/otter.md": "# Otters\n\nOtters swim in rivers and eat fish all day.\n"}
            )
            index.update()
            assert [
                p for p in (r.path for r in index.search(query, top_k=21)) if p != "zoo/otter.md"
            ][:10] == before[:10]
            (root / before[0]).rename(tmp_path / "aside")
            (root / "zoo/otter.md").unlink()
            index.update()
            after = [result.path for result in index.search(query, top_k=20)]
            assert before[0] not in after
            assert set(before[1:10]) <= set(after), "the others move up"
            shutil.move(tmp_path / "aside", root / before[0])
            index.update()
            assert [result.path for result in index.search(query, top_k=20)] == before


def test_a_renamed_file_keeps_its_text_and_moves_its_path_only(tmp_path: Path) -> None:
    root = write_tree(tmp_path / "tree", TREE)
    with Index.open(root) as index:
        index.update()
        before = {
            result.path: result.text
            for result in index.search("verify token", mode="bm25", top_k=99)
        }
        (root / "token/verify_token.rs").rename(root / "token/other_name.rs")
        index.update()
        after = {
            result.path: result.text
            for result in index.search("verify token", mode="bm25", top_k=99)
        }
    assert after.keys() - before.keys() == {"token/other_name.rs"}
    assert before.keys() - after.keys() == {"token/verify_token.rs"}
    assert before["token/verify_token.rs"] == after["token/other_name.rs"]
