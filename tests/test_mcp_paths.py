"""Paths over MCP: whatever files are called, an answer's spelling names them when it comes back."""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mcp_calls import call, trees_of
from rcm.mcp.paths import meant, spelled

ODD = [
    b"line\nfeed.py",
    b"tab\there.py",
    b"esc\x1b[2J.py",
    b"latin\xe9.py",
    b"half\xf0\x9f.py",
    "turned\u202e.py".encode(),
    "tags\U000e0041.py".encode(),
    b"back\\slash.py",
    b"back\\x0aslash.py",
    b"back\\\\two.py",
    b"\\u202e.py",
    b" spaces .py",
    b"=== 0123456789abcdef ===.py",
]


@given(st.text(st.characters(codec=None), max_size=30))
def test_every_path_comes_back_and_no_two_are_spelled_alike(path: str) -> None:
    shown = spelled(path)
    assert meant(shown) == path
    assert "\n" not in shown
    shown.encode()
    assert not re.search("[\x00-\x1f\u202a-\u202e\U000e0000-\U000e0fff]", shown)


@pytest.mark.parametrize("plain", ["src/a.py", "a b.py", "münchen.py", "日本.py"])
def test_plain_paths_stay_as_they_are(plain: str) -> None:
    assert spelled(plain) == meant(plain) == plain


@pytest.mark.parametrize("typed", ["a\\b.py", "C:\\dir", "\\x4", "\\q", "\\U00110000", "a\\"])
def test_what_is_no_escape_is_a_backslash(typed: str) -> None:
    assert meant(typed) == typed


@pytest.mark.skipif(sys.platform != "linux", reason="other systems refuse such names")
def test_odd_names_are_found_read_and_related(tmp_path: Path) -> None:
    root = tmp_path / "tree"
    root.mkdir()
    for nth, name in enumerate(ODD):
        source = f"def odd_{nth}(request):\n    return request.retry(attempts={nth})\n"
        (Path(os.fsencode(root).decode()) / os.fsdecode(name)).write_text(source)
    trees = trees_of(root)
    for nth, name in enumerate(ODD):
        _, found = call(trees, "search", query=f"odd_{nth}", limit=1)
        shown = found.results[0].path
        assert meant(shown) == os.fsdecode(name)
        text, excerpt = call(trees, "read", path=shown)
        assert f"def odd_{nth}(" in excerpt.text
        assert excerpt.path == shown
        assert f"\n{shown}\n" in text
        text.encode()
        excerpt.model_dump_json()
        assert call(trees, "find_related", path=shown, line=1)[1].results
        grepped = call(trees, "grep", pattern=rf"odd_{nth}\(")[1].files
        assert [file.path for file in grepped] == [shown]


@pytest.mark.skipif(sys.platform != "linux", reason="other systems refuse such names")
def test_a_backslash_typed_plainly_is_taken_where_no_file_is_spelled_so(tmp_path: Path) -> None:
    root = tmp_path / "tree"
    root.mkdir()
    (root / "back\\x41.py").write_text("def plainly():\n    pass\n")
    trees = trees_of(root)
    assert "plainly" in call(trees, "read", path="back\\x41.py")[1].text
    (root / "backA.py").write_text("def decoded():\n    pass\n")
    call(trees, "index")
    assert "decoded" in call(trees, "read", path="back\\x41.py")[1].text
    assert "plainly" in call(trees, "read", path="back\\\\x41.py")[1].text


@pytest.mark.skipif(sys.platform != "linux", reason="other systems refuse such names")
def test_trees_with_odd_names_are_told_apart_and_named(tmp_path: Path) -> None:
    roots = []
    for name in (b"one\xff", b"two\nlines"):
        root = tmp_path / os.fsdecode(name)
        root.mkdir()
        (root / "a.py").write_text("def here():\n    pass\n")
        (root / os.fsdecode(b"odd\xff\n.py")).write_text("def strange():\n    pass\n")
        roots.append(root)
    trees = trees_of(*roots)
    text, found = call(trees, "search", query="here")
    assert "[one\\udcff] a.py:" in text
    assert "[two\\x0alines] a.py:" in text
    _, strange = call(trees, "search", query="strange")
    assert {hit.path for hit in strange.results[:2]} == {"odd\\udcff\\x0a.py"}
    for hit in strange.results[:2]:
        assert "strange" in call(trees, "read", path=hit.path, root=hit.root)[1].text
    for hit in found.results:
        hit.model_dump_json()
        assert call(trees, "read", path="a.py", root=hit.root)[1].root == hit.root
    named = call(trees, "read", path="a.py", root="two\\x0alines")[1]
    assert named.root == spelled(str(roots[1]))
    for tool in ("index", "status"):
        call(trees, tool)[1].model_dump_json()
