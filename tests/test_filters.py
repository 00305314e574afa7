"""Filters: what is left out is left out before anything is scored, by whatever name it was called."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rcm import Index, _rcm
from rcm.content import content_class
from rcm.filters import KIND_ALIASES, LANGUAGE_ALIASES, Filters
from rcm.globs import glob_matcher
from rcm.search import Candidates
from small_trees import reader_of, write_tree

MANY_KINDS = {
    "src/engine.py": '"""The engine."""\n\n\nclass Engine:\n    """Starts and stops."""\n\n'
    + "    def start(self):\n        return 'engine'\n" * 40
    + "\n\n"
    + "def make_engine():\n    return Engine()\n" * 40,
    "src/engine.rs": "/// An engine.\npub struct Engine { size: u32 }\n\n"
    "impl Engine {\n    pub fn start(&self) -> u32 { self.size }\n}\n",
    "README.md": "# Engine\n\nStarts the engine.\n",
    "tests/test_engine.py": "def test_engine_starts():\n    assert make_engine().start()\n",
    "tests/engine.md": "# Testing the engine\n",
    "tests/engine.json": '{"engine": 1}\n',
    "engine.toml": "[engine]\nsize = 3\n",
}


@pytest.mark.parametrize(
    ("path", "language", "expected"),
    [
        ("src/pool.rs", "rust", "code"),
        ("tests/pool.rs", "rust", "tests"),
        ("tests/pool.json", "json", "tests"),
        ("examples/pool.py", "python", "tests"),
        ("tests/README.md", "markdown", "docs"),
        ("docs/guide.md", "markdown", "docs"),
        ("NOTES", "text", "docs"),
        ("Cargo.toml", "toml", "config"),
    ],
)
def test_what_a_file_is_for(path: str, language: str, expected: str) -> None:
    assert content_class(path, language) == expected


@pytest.mark.parametrize(
    ("classes", "expected"),
    [
        (["code"], {"src/engine.py", "src/engine.rs"}),
        (["docs"], {"README.md", "tests/engine.md"}),
        (["config"], {"engine.toml"}),
        (["tests"], {"tests/test_engine.py", "tests/engine.json"}),
        (["config", "docs"], {"engine.toml", "README.md", "tests/engine.md"}),
        ([], set(MANY_KINDS)),
    ],
)
def test_classes(tmp_path: Path, classes: list[str], expected: set[str]) -> None:
    with Index.open(write_tree(tmp_path / "tree", MANY_KINDS)) as index:
        index.update()
        found = index.search("engine", classes=classes)  # type: ignore[arg-type]
        assert {hit.path for hit in found} == expected


@pytest.mark.parametrize("mode", ["hybrid", "bm25", "semantic"])
def test_kinds_leave_chunks_with_such_a_definition(tmp_path: Path, mode: str) -> None:
    with Index.open(write_tree(tmp_path / "tree", MANY_KINDS)) as index:
        index.update()

        def found(**filters: list[str]) -> set[tuple[str, str]]:
            hits = index.search("engine", mode=mode, **filters)  # type: ignore[arg-type]
            return {(hit.path, hit.kind) for hit in hits}

        assert found(kinds=["struct"]) == {("src/engine.rs", "struct")}
        assert found(kinds=["class"]) == {("src/engine.py", "class")}
        assert {path for path, _ in found(kinds=["fn"])} == {
            "src/engine.py",
            "tests/test_engine.py",
        }
        assert {path for path, _ in found(kinds=["fn"], classes=["code"])} == {"src/engine.py"}
        assert found(kinds=["function"], languages=["rust"]) == set()
        assert found(kinds=["macro"]) == set()


def test_a_place_or_definition_that_a_filter_leaves_out_is_not_shown(tmp_path: Path) -> None:
    with Index.open(write_tree(tmp_path / "tree", MANY_KINDS)) as index:
        index.update()
        for query in ("Engine", "src/engine.py:5 engine", "engine\n  at src/engine.py:5\nengine"):
            for hit in index.search(query, kinds=["function"]):
                assert "def make_engine" in hit.text or "def test_engine" in hit.text, (query, hit)


def test_many_chunks_are_asked_for_until_enough_are_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is found by asking again and again is what is found by scoring all."""
    functions = {
        f"src/file{nth}.py": f"class Engine{nth}:\n    size = {nth}\n"
        + "    # engine engine engine\n" * 60
        + f"\n\ndef engine_{nth}():\n    return 'engine {nth}'\n" * (nth % 5)
        for nth in range(60)
    }
    with Index.open(write_tree(tmp_path / "tree", functions)) as index:
        index.update()

        def found() -> list[tuple[str, int]]:
            hits = index.search("engine", kinds=["function"], top_k=100, mode="bm25")
            return [(hit.path, hit.start_line) for hit in hits]

        scored = found()
        assert {path for path, _ in scored} == {f"src/file{n}.py" for n in range(60) if n % 5}
        search = sys.modules["rcm.search"]  # `rcm.search` is the function
        monkeypatch.setattr(search, "_SCORED_ALL", 0)
        for reach in (1_000, 100):
            monkeypatch.setattr(search, "_LEXICAL_REACH", reach)
            assert found() == scored


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        (["rs"], ("rust",)),
        (["C++", "cpp"], ("cpp",)),
        (["ts"], ("typescript", "tsx")),
        (["Python", "js"], ("python", "javascript")),
        ([], None),
        (None, None),
    ],
)
def test_languages_have_other_names(
    typed: list[str] | None, expected: tuple[str, ...] | None
) -> None:
    assert Filters.of(languages=typed).languages == expected


def test_every_alias_means_something_else_that_exists() -> None:
    names = {*_rcm.languages(), "text"}
    for alias, meant in LANGUAGE_ALIASES.items():
        assert alias not in names
        assert set(meant.split()) <= names
    for alias, kind in KIND_ALIASES.items():
        assert alias not in _rcm.kinds()
        assert kind in _rcm.kinds()


@pytest.mark.parametrize(
    ("filters", "named"),
    [
        ({"languages": ["klingon"]}, "klingon"),
        ({"languages": [""]}, "language is ''"),
        ({"kinds": ["verb"]}, "kind is 'verb'"),
        ({"classes": ["music"]}, "code, config, docs, tests"),
        ({"paths": "*.py"}, "not a list"),
        ({"kinds": "function"}, "not as a list"),
    ],
)
def test_what_there_is_none_of_is_refused_by_name(filters: dict[str, object], named: str) -> None:
    with pytest.raises(ValueError, match=named):
        Filters.of(**filters)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("globs", "path", "expected"),
    [
        (["!tests/**"], "src/a.py", True),
        (["!tests/**"], "tests/a.py", False),
        (["*.py", "!tests/"], "src/a.py", True),
        (["*.py", "!tests/"], "tests/a.py", False),
        (["*.py", "!tests/"], "src/a.rs", False),
        (["!*.py", "keep.py"], "src/keep.py", True),
        (["keep.py", "!*.py"], "src/keep.py", False),
        ([r"\!odd.py"], "!odd.py", True),
        (["!*.{md,txt}"], "a.txt", False),
    ],
)
def test_globs_that_take_out(globs: list[str], path: str, expected: bool) -> None:
    assert glob_matcher(globs)(path) is expected


@given(
    st.lists(st.tuples(st.integers(0, 60), st.integers(1, 8)), max_size=8),
    st.integers(0, 70),
    st.integers(1, 8),
)
def test_ranges_tell_what_they_leave(rows: list[tuple[int, int]], start: int, length: int) -> None:
    left = sorted({one for begin, n in rows for one in range(begin, begin + n)})
    ranges: list[tuple[int, int]] = []
    for one in left:
        if ranges and ranges[-1][1] == one:
            ranges[-1] = (ranges[-1][0], one + 1)
        else:
            ranges.append((one, one + 1))
    candidates = Candidates(_rcm.Scored([], [], []), ranges)
    asked = range(start, start + length)
    assert [candidates.allows(one) for one in asked] == [one in left for one in asked]
    assert candidates.allows_any(start, start + length) == any(one in left for one in asked)


def test_kinds_as_ranges_are_those_of_the_definitions(tree: Path) -> None:
    with Index.open(tree) as index:
        index.update()
        reader = reader_of(index)
        ranges = Filters.of(kinds=["method"]).allowed(reader)
        assert ranges is not None
        shown = {reader.file_of(start).path for start, _ in ranges}
        assert shown == {"src/retry.py", "src/cache.rs"}
        assert reader.segments.of_kinds([], None) == []
        every = list(range(len(_rcm.kinds())))
        assert reader.segments.of_kinds(every, [(1, 1), (10**9, 10**9 + 5)]) == []
