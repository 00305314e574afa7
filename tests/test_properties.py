"""Properties that hold for every input: updates equal rebuilds, queries never raise, globs, Merkle roots."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rcm import Index, _rcm
from rcm.globs import glob_matcher
from small_trees import SMALL_TREE, dump, write_tree

NAMES = ["a.py", "b.rs", "src/c.py", "src/deep/d.ts", "e.md", "src/f.txt"]
TEXTS = [
    "def first():\n    return 1\n",
    "def second():\n    return 2\n",
    "fn third() -> i32 {\n    3\n}\n",
    "# Heading\n\nwords about first and second\n",
    "",
    "\x00\x01 not text",
    "export const fourth = (x: number) => x + 4;\n",
]

names = st.sampled_from(NAMES)
edits = st.one_of(
    st.tuples(st.just("write"), names, st.sampled_from(TEXTS)),
    st.tuples(st.just("delete"), names, st.just("")),
    st.tuples(st.just("rename"), names, names),
    st.tuples(st.just("touch"), names, st.just("")),
    st.tuples(st.just("chmod"), names, st.just("")),
    st.tuples(st.just("hide mtime"), names, st.sampled_from(TEXTS)),
    st.tuples(st.just("update"), names, st.just("")),
)


def apply(root: Path, edit: tuple[str, str, str]) -> None:
    kind, name, argument = edit
    path = root / name
    if kind == "write":
        write_tree(root, {name: argument})
    elif path.exists():
        if kind == "delete":
            path.unlink()
        elif kind == "rename":
            (root / argument).parent.mkdir(parents=True, exist_ok=True)
            path.rename(root / argument)
        elif kind == "touch":
            os.utime(path)
        elif kind == "chmod":
            path.chmod(0o700)
        elif kind == "hide mtime":
            before = path.stat()
            path.write_text(argument)
            os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    script=st.lists(edits, min_size=1, max_size=12),
    mode=st.sampled_from(["sequential", "parallel", "pipeline"]),
)
def test_an_update_equals_a_rebuild_after_any_edit_script(
    script: list[tuple[str, str, str]], mode: str
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        root = write_tree(Path(folder) / "tree", {"a.py": TEXTS[0], "e.md": TEXTS[3]})
        with (
            Index.open(root, index_dir=Path(folder) / "updated") as index,
            Index.open(root, index_dir=Path(folder) / "fresh") as fresh,
        ):
            index.update()
            for edit in script:
                apply(root, edit)
                if edit[0] == "update":
                    index.update(mode=mode)  # type: ignore[arg-type]
            index.update(mode=mode)  # type: ignore[arg-type]
            fresh.update()
            assert dump(index) == dump(fresh)
            for query in ("first", "what does second return", "heading words"):
                assert index.search(query, top_k=20) == fresh.search(query, top_k=20)


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Index]:
    root = write_tree(tmp_path_factory.mktemp("queries") / "tree", SMALL_TREE)
    with Index.open(root, index_dir=tmp_path_factory.mktemp("index")) as made:
        made.update()
        yield made


@settings(max_examples=300, deadline=None)
@given(query=st.text(min_size=1, max_size=80))
def test_a_query_never_raises(index: Index, query: str) -> None:
    if query.strip():
        for hit in index.search(query):
            assert 1 <= hit.start_line <= hit.end_line
    else:
        with pytest.raises(ValueError, match="empty query"):
            index.search(query)


@pytest.mark.parametrize(
    "query",
    [
        '+-&&||!(){}[]^"~*?:\\/',
        'field:value AND (NOT "unclosed',
        "\x00\x07\x1b[31m",
        "\ud800",
        "a" * 1_000_000,
        "🦀",
        "كود",
    ],
    ids=["syntax", "operators", "controls", "surrogate", "long", "emoji", "arabic"],
)
def test_odd_queries_are_just_text(index: Index, query: str) -> None:
    assert isinstance(index.search(query), list)


@settings(max_examples=200, deadline=None)
@given(query=st.sampled_from(["retry", "LruCache get", "config"]), k=st.integers(1, 20))
def test_a_shorter_list_is_the_head_of_a_longer_one(index: Index, query: str, k: int) -> None:
    assert index.search(query, top_k=k) == index.search(query, top_k=50)[:k]


files = st.dictionaries(
    st.lists(st.sampled_from("abc"), min_size=1, max_size=3).map("/".join),
    st.binary(max_size=2),
    max_size=8,
).filter(lambda made: not any(other.startswith(f"{path}/") for path in made for other in made))


@settings(max_examples=200, deadline=None)
@given(old=files, new=files)
def test_merkle_roots_are_equal_iff_trees_are(old: dict[str, bytes], new: dict[str, bytes]) -> None:
    trees = [
        _rcm.Tree([(path, data.ljust(32)) for path, data in made.items()]) for made in (old, new)
    ]
    padded = [{path: data.ljust(32) for path, data in made.items()} for made in (old, new)]
    assert (trees[0].root == trees[1].root) == (padded[0] == padded[1])
    added, changed, removed = trees[0].diff(trees[1])
    assert added == sorted(new.keys() - old.keys())
    assert removed == sorted(old.keys() - new.keys())
    assert changed == sorted(p for p in new.keys() & old.keys() if padded[0][p] != padded[1][p])


@pytest.mark.parametrize(
    ("pattern", "path", "matches"),
    [
        ("*.rs", "src/deep/lib.rs", True),
        ("*.rs", "src/lib.rsx", False),
        ("src/**", "src/a/b.py", True),
        ("src/*.py", "src/a/b.py", False),
        ("src", "src/a/b.py", True),
        ("docs/", "x/docs/a.md", True),
        ("/src", "x/src/a.py", False),
        ("**/test_*.py", "test_a.py", True),
        ("*.{ts,tsx}", "a/b.tsx", True),
        ("[!a]*.py", "abc.py", False),
        ("a[.]py", "axpy", False),
    ],
)
def test_globs_mean_what_gitignore_says(pattern: str, path: str, matches: bool) -> None:
    assert glob_matcher([pattern])(path) is matches


@settings(max_examples=300, deadline=None)
@given(pattern=st.text(max_size=20), path=st.text(max_size=20))
def test_any_text_is_a_glob(pattern: str, path: str) -> None:
    assert glob_matcher([pattern])(path) in (True, False)
