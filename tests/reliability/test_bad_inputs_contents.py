"""Bad contents: every row has its skip reason or its chunks, the other files are indexed, exit code 0."""

from __future__ import annotations

import gzip
import io
import json
import os
import sqlite3
import threading
import zipfile
from pathlib import Path
from typing import Any

import pytest

from command_runs import row, write
from rcm import Index
from rcm.cli import main
from small_trees import dump

GOOD = "def always_found():\n    return 'a file that nothing is wrong with'\n"


class Tried:
    """A tree with one good file and some odd ones, indexed by the command."""

    def __init__(
        self,
        capsys: pytest.CaptureFixture[str],
        tmp_path: Path,
        files: dict[str, Any],
        *options: str,
    ) -> None:
        self.capsys = capsys
        self.root = write(tmp_path / "tree", {"good.py": GOOD, **files})
        self.report = self.run("index", str(self.root), *options)
        assert "good.py" in self.found("always_found"), "the others are indexed"

    def run(self, *arguments: str) -> Any:
        code = main([*arguments, "--json"])
        out, err = self.capsys.readouterr()
        assert code in (0, 1)
        assert "Traceback" not in err
        return json.loads(out)

    def found(self, query: str) -> list[str]:
        answer = self.run("search", query, str(self.root), "--mode", "bm25")
        return [result["path"] for result in answer["results"]]

    def inspect(self, name: str) -> Any:
        return self.run("inspect", str(self.root / name))

    def skipped(self) -> dict[str, int]:
        assert self.report["failures"] == []
        return dict(self.report["skipped"])


@pytest.fixture
def trying(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Any:
    return lambda files, *options: Tried(capsys, tmp_path, files, *options)


@row(1, "invalid UTF-8")
def test_invalid_utf_8_is_indexed_lossy(row: int, trying: Any) -> None:
    tried = trying({"a.py": b"# caf\xe9 \xff\xfe\ndef lossy_name():\n    pass\n"})
    assert tried.skipped() == {}
    assert tried.found("lossy_name") == ["a.py"]
    inspected = tried.inspect("a.py")
    assert inspected["filter"]["lossy"] is True
    assert inspected["symbols"][0]["line"] == 2


@row(2, "UTF-8 BOM")
def test_a_bom_is_dropped(row: int, trying: Any) -> None:
    tried = trying({"a.py": b"\xef\xbb\xbfdef after_bom():\n    pass\n"})
    (symbol,) = tried.inspect("a.py")["symbols"]
    assert (symbol["name"], symbol["line"]) == ("after_bom", 1)
    assert tried.found("after_bom") == ["a.py"]


@row(3, "UTF-16 with BOM")
def test_utf_16_with_bom_is_transcoded(row: int, trying: Any) -> None:
    text = "def wide_characters():\n    return '\N{CRAB}'\n"
    little, big = b"\xff\xfe" + text.encode("utf-16-le"), b"\xfe\xff" + text.encode("utf-16-be")
    tried = trying({"little.py": little, "big.py": big})
    assert tried.skipped() == {}
    assert sorted(tried.found("wide_characters")) == ["big.py", "little.py"]


@row(4, "UTF-16 without BOM, UTF-32")
def test_wide_encodings_without_a_mark_are_binary(row: int, trying: Any) -> None:
    text = "def wide():\n    pass\n"
    tried = trying({"a.py": text.encode("utf-16-le"), "b.py": text.encode("utf-32")})
    assert tried.skipped() == {"binary": 2}


@row(5, "Latin-1, Shift-JIS")
def test_legacy_encodings_keep_their_ascii_parts(row: int, trying: Any) -> None:
    tried = trying({
        "a.py": "# café\ndef latin_part():\n    pass\n".encode("latin-1"),
        "b.py": "# テスト\ndef japanese_part():\n    pass\n".encode("shift-jis"),
    })  # fmt: skip
    assert tried.skipped() == {}
    assert tried.found("latin_part")[0] == "a.py"
    assert tried.found("japanese_part")[0] == "b.py"


@row(6, "NUL bytes in text")
def test_nul_bytes_make_a_file_binary(row: int, trying: Any) -> None:
    assert trying({"a.py": b"def f():\n    return '\0'\n"}).skipped() == {"binary": 1}


@row(7, "empty files, many of them")
def test_empty_files_are_counted_and_cost_little(row: int, trying: Any) -> None:
    many = int(os.environ.get("RCM_TEST_EMPTY_FILES", "5000"))
    tried = trying({f"d{n % 50}/e{n}.py": b"" for n in range(many)})
    assert tried.skipped() == {"empty": many}
    assert tried.report["peak_memory_bytes"] < 600 << 20
    assert tried.report["chunks_total"] == 1


@row(8, "1 GB text file")
def test_a_huge_file_is_never_read(row: int, tmp_path: Path, trying: Any) -> None:
    io_counters = Path("/proc/self/io")
    if not io_counters.exists():
        pytest.skip("no /proc/self/io to see what is read")

    def bytes_read() -> int:
        return int(io_counters.read_text().split()[1])

    root = write(tmp_path / "tree", {})
    with open(root / "huge.txt", "wb") as file:
        file.truncate(1 << 30)
    before = bytes_read()
    tried = trying({})
    assert tried.skipped() == {"too-large": 1}
    assert bytes_read() - before < 256 << 20


@row(9, "file that grows while read")
def test_a_growing_file_is_looked_at_again(row: int, tmp_path: Path) -> None:
    root = write(tmp_path / "tree", {"good.py": GOOD})
    stop = threading.Event()

    def grow() -> None:
        while not stop.is_set():
            with open(root / "log.txt", "a") as file:
                file.write("another line that is appended\n" * 20)
                if file.tell() > 900_000:
                    file.truncate(0)

    writer = threading.Thread(target=grow)
    writer.start()
    try:
        with Index.open(root) as index:
            for _ in range(5):
                assert index.update().failures == ()
    finally:
        stop.set()
        writer.join()
    with Index.open(root) as index, Index.open(root, index_dir=tmp_path / "fresh") as fresh:
        index.update()
        fresh.update()
        assert dump(index) == dump(fresh)


@row(10, "one line of 100 kB to 10 MB")
def test_minified_files_are_skipped_unread_by_a_parser(row: int, trying: Any) -> None:
    line = "function f(a){return a+1}var x=[1,2,3];" * 3_000
    tried = trying(
        {"a.js": line, "b.js": line * 85, "c.min.js": "var a=1;\n"}, "--max-file-size", "16M"
    )
    assert tried.skipped() == {"minified": 3}


@row(11, "function of 100,000 lines")
def test_a_huge_function_is_cut_into_chunks(row: int, trying: Any) -> None:
    body = "    total += values[index] * 2\n" * 100_000
    tried = trying(
        {"a.py": f"def huge_function(values, index, total):\n{body}"}, "--max-file-size", "8M"
    )
    assert tried.skipped() == {}
    assert tried.report["chunks_total"] > 1_000
    assert tried.found("huge_function") == ["a.py"]


@row(12, "nesting 10,000 deep")
def test_deep_nesting_falls_back_to_lines(row: int, trying: Any) -> None:
    deep = 10_000
    tried = trying({
        "a.py": "x = " + "(\n" * deep + "1" + ")\n" * deep,
        "b.json": "[\n" * deep + "]\n" * deep,
        "c.c": "int main(void) { return " + "(\n" * deep + ";\n",
    })  # fmt: skip
    assert tried.skipped() == {}
    for name in ("a.py", "b.json", "c.c"):
        assert tried.inspect(name)["degraded"] == "nesting"


@row(13, "syntax errors, conflict markers")
def test_what_does_not_parse_is_chunked_by_lines(row: int, trying: Any) -> None:
    tried = trying({
        "a.py": ")))) def ((( broken_everywhere ]] = = =\n" * 10,
        "b.py": "<<<<<<< HEAD\ndef our_side():\n    pass\n=======\ndef their_side():\n    pass\n>>>>>>> x\n",
    })  # fmt: skip
    assert tried.skipped() == {}
    assert tried.found("broken_everywhere") == ["a.py"]
    assert tried.found("their_side") == ["b.py"]


@row(14, "wrong extension")
def test_the_content_decides_what_is_binary(row: int, trying: Any) -> None:
    pdf = b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj\n<< /Length 12 >>\nstream\n\x00\x01\x9c\xff\nendstream\n"
    tried = trying({"a.py": b"\x7fELF\x02\x01\x01\0\0\0", "b.rs": pdf})
    assert tried.skipped() == {"binary": 2}


@row(38, "LFS pointers, generated and vendored")
def test_attributes_are_honoured_and_pointers_are_text(row: int, trying: Any) -> None:
    pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:4d7a2146\nsize 12345\n"
    tried = trying({
        "weights.txt": pointer,
        ".gitattributes": "gen.py linguist-generated\nthird/** linguist-vendored=true\n* text=auto\n",
        "gen.py": "def from_a_generator():\n    pass\n",
        "third/lib.py": "def from_elsewhere():\n    pass\n",
    })  # fmt: skip
    assert tried.skipped() == {"generated": 1, "vendored": 1}
    assert "gen.py" not in tried.found("from_a_generator")
    assert "third/lib.py" not in tried.found("from_elsewhere")
    assert tried.found("spec oid")[0] == "weights.txt"
    tried.run("index", str(tried.root), "--no-ignore")
    assert tried.found("from_elsewhere")[0] == "third/lib.py"


@row(39, "archives, zip bombs, images, databases")
def test_containers_are_binary_and_never_unpacked(row: int, tmp_path: Path, trying: Any) -> None:
    bomb = io.BytesIO()
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("zeros.py", b"x = 1\n" * 5_000_000)
    nested = io.BytesIO()
    with zipfile.ZipFile(nested, "w") as archive:
        archive.writestr("inner.zip", bomb.getvalue())
    sqlite3.connect(tmp_path / "a.db").execute("CREATE TABLE t (c)").connection.close()
    files = {
        "bomb.zip": bomb.getvalue(),
        "nested.zip": nested.getvalue(),
        "a.tar.gz": gzip.compress(b"def f(): pass\n" * 1000),
        "a.png": b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\1",
        "a.wasm": b"\0asm\1\0\0\0",
        "a.pyc": b"\xa7\r\r\n\0\0\0\0\0\0\0\0",
        "a.db": (tmp_path / "a.db").read_bytes(),
    }
    tried = trying(files)
    assert tried.skipped() == {"binary": len(files)}
    assert tried.report["peak_memory_bytes"] < 1 << 30


@row(40, "notebooks with huge outputs, broken JSON")
def test_notebooks_are_the_code_in_them(row: int, trying: Any) -> None:
    cell = {
        "cell_type": "code",
        "source": ["def from_a_notebook():\n", "    return 1\n"],
        "outputs": [],
    }
    image = {"data": {"image/png": "iVBORw0KGgo" * 20_000, "text/plain": ["zebrafish"]}}
    text = json.dumps({"cells": [cell], "nbformat": 4}, indent=1)
    tried = trying({
        "small.ipynb": text,
        "plots.ipynb": json.dumps({"cells": [{**cell, "outputs": [image]}], "nbformat": 4}, indent=1),
        "huge.ipynb": text + " " * (50 << 20),
        "broken.ipynb": text[: len(text) // 2],
    })  # fmt: skip
    assert tried.skipped() == {"too-large": 1}
    found = tried.found("from_a_notebook")
    assert {"small.ipynb", "plots.ipynb", "broken.ipynb"} <= set(found)
    assert not tried.found("zebrafish")
