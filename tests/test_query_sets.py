"""Queries as people type and paste them, against this repository and a part of the standard library.

Each file of `tests/queries/` is one kind of query. A query counts when one of its files is among the
first `top` results. `reached` is how many counted when the set was last worked on; since the sources
move, one less is let pass.
"""

from __future__ import annotations

import shutil
import sysconfig
import tomllib
from pathlib import Path

import pytest

from rcm import Index

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
SETS = sorted((HERE / "queries").glob("*.toml"))
#: What `lib/` holds of the running interpreter's standard library.
MODULES = """
argparse asyncio bisect calendar collections concurrent configparser csv dataclasses
datetime difflib email fnmatch fractions functools getpass gettext glob gzip hashlib
heapq hmac html http imaplib inspect ipaddress json linecache logging mimetypes
multiprocessing netrc numbers optparse os pathlib pickle platform poplib posixpath
pprint profile queue random re sched secrets selectors shelve shlex shutil signal
smtplib socket socketserver sqlite3 ssl statistics string stringprep subprocess tarfile
tempfile textwrap threading timeit tokenize trace traceback types typing unittest urllib
uuid warnings wave weakref webbrowser wsgiref xml xmlrpc zipfile zoneinfo
"""
SOURCES = (
    "python/rcm",
    "rust/rcm-core/src",
    "rust/rcm-vectors/src",
    "rust/rcm-py/src",
    "benches",
    "docs",
)


def copy_sources(root: Path) -> Path:
    """Lay out the tree that the sets are asked about."""
    skip = shutil.ignore_patterns("__pycache__", "*.so", "*.pyd", "*.safetensors", "tokenizer.json",
                                  "test", "tests", "results")  # fmt: skip
    for name in SOURCES:
        shutil.copytree(ROOT / name, root / name, ignore=skip)
    library = Path(sysconfig.get_path("stdlib"))
    for name in MODULES.split():
        if (library / name).is_dir():
            shutil.copytree(library / name, root / "lib" / name, ignore=skip)
        elif (library / f"{name}.py").is_file():
            (root / "lib").mkdir(exist_ok=True)
            shutil.copy(library / f"{name}.py", root / "lib")
    return root


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Index:
    root = copy_sources(tmp_path_factory.mktemp("sources") / "tree")
    index = Index.open(root, index_dir=tmp_path_factory.mktemp("index"))
    assert index.update(reuse=False).files_indexed > 300
    return index


@pytest.mark.slow
@pytest.mark.parametrize("path", SETS, ids=lambda path: path.stem)
def test_a_set_is_answered_as_well_as_before(index: Index, path: Path) -> None:
    queries = tomllib.loads(path.read_text(encoding="utf-8"))
    missed = []
    for query in queries["query"]:
        found = [hit.path for hit in index.search(query["text"], top_k=10)]
        if not set(found[: query["top"]]) & set(query["want"]):
            missed.append((query["text"][:70], query["want"], query["top"], found[:4]))
    count = len(queries["query"]) - len(missed)
    lines = "\n".join(
        f"  {text!r}\n    wanted {want} in {top}, got {got}" for text, want, top, got in missed
    )
    assert count >= queries["reached"] - 1, f"{count} of {len(queries['query'])}\n{lines}"


@pytest.mark.slow
def test_a_place_is_shown_at_its_line(index: Index) -> None:
    hit = index.search("lib/json/decoder.py:340")[0]
    assert hit.path == "lib/json/decoder.py"
    assert hit.start_line <= 340 <= hit.end_line
    assert hit.signals["place"] > 0


def test_there_are_sets_of_every_kind() -> None:
    assert {path.stem for path in SETS} == {
        "typos", "rare", "errors", "traces", "questions", "spellings", "languages", "issues",
    }  # fmt: skip
    for path in SETS:
        queries = tomllib.loads(path.read_text(encoding="utf-8"))["query"]
        assert len({query["text"] for query in queries}) == len(queries) >= 12
