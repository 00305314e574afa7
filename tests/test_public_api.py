"""The public surface: what `rcm` exports, that values are frozen, that errors have one base."""

from __future__ import annotations

import copy
import dataclasses
import inspect
import pickle
import subprocess
import sys
from importlib.resources import files

import pytest

import rcm
import rcm.errors
import rcm.types

PUBLIC = [
    "SearchResults",
    "IndexState",
    "KeptIndex",
    "list_indexes",
    "GrepReport",
    "MatchedLine",
    "ContentClass",
    "DoctorReport",
    "EmbeddingServiceError",
    "Excerpt",
    "FileFailure",
    "Finding",
    "Freshness",
    "Index",
    "IndexDamagedError",
    "IndexLockedError",
    "IndexMode",
    "IndexNotFoundError",
    "IndexNotWritableError",
    "IndexReport",
    "IndexStaleError",
    "IndexStatus",
    "LastRun",
    "ModelError",
    "Progress",
    "RcmError",
    "RefreshPolicy",
    "Refreshed",
    "SearchMode",
    "SearchResult",
    "SecretFinding",
    "SecretsMode",
    "SecretsReport",
    "Span",
    "VectorStoreError",
    "WatchEvent",
    "Workspace",
    "__version__",
    "enclosing_root",
    "find_secrets",
    "inspect_file",
    "search",
]
VALUES = [
    rcm.KeptIndex,
    rcm.GrepReport,
    rcm.MatchedLine,
    rcm.DoctorReport,
    rcm.Excerpt,
    rcm.FileFailure,
    rcm.Finding,
    rcm.IndexReport,
    rcm.IndexStatus,
    rcm.LastRun,
    rcm.Progress,
    rcm.Refreshed,
    rcm.SearchResult,
    rcm.SecretFinding,
    rcm.SecretsReport,
    rcm.Span,
    rcm.WatchEvent,
]
ERRORS = [
    value
    for value in vars(rcm.errors).values()
    if inspect.isclass(value) and issubclass(value, Exception)
]
RESULT = rcm.SearchResult("a.py", 1, 2, "f", "function", "python", 1.5, "def f():", {"bm25": 1.0})


def test_all_lists_exactly_the_public_names():
    assert sorted(rcm.__all__) == sorted(PUBLIC)
    assert rcm.__all__ == sorted(rcm.__all__)


def test_everything_in_all_exists():
    for name in rcm.__all__:
        assert hasattr(rcm, name), name


def test_every_type_and_error_is_exported():
    defined = {value.__name__ for value in [*VALUES, *ERRORS]}
    dataclasses_there = {
        name for name, value in vars(rcm.types).items() if dataclasses.is_dataclass(value)
    }
    assert defined | dataclasses_there <= set(rcm.__all__)


def test_star_import_gives_the_public_names():
    space: dict[str, object] = {}
    exec("from rcm import *", space)
    assert set(space) - {"__builtins__"} == set(PUBLIC)


@pytest.mark.parametrize("value", VALUES)
def test_values_are_frozen_and_slotted(value):
    assert dataclasses.is_dataclass(value)
    assert value.__dataclass_params__.frozen
    assert "__slots__" in vars(value)


def test_a_result_cannot_be_changed():
    with pytest.raises(dataclasses.FrozenInstanceError):
        RESULT.path = "b.py"


def test_results_are_equal_by_value_and_survive_copying():
    assert copy.deepcopy(RESULT) == RESULT
    assert pickle.loads(pickle.dumps(RESULT)) == RESULT
    assert dataclasses.replace(RESULT, score=2.0) != RESULT


@pytest.mark.parametrize("error", ERRORS)
def test_errors_have_one_base_and_carry_a_hint(error):
    assert issubclass(error, rcm.RcmError)
    raised = error("something is wrong", hint="do this")
    assert str(raised) == "something is wrong"
    assert raised.hint == "do this"
    assert error("something is wrong").hint == ""


@pytest.mark.parametrize(
    ("function", "positional"),
    [
        (rcm.Index.open, ["path"]),
        (rcm.Index.update, ["self"]),
        (rcm.Index.search, ["self", "query"]),
        (rcm.Index.find_related, ["self", "path", "line"]),
        (rcm.search, ["query", "path"]),
    ],
)
def test_options_are_keyword_only(function, positional):
    parameters = inspect.signature(function).parameters.values()
    given = [one.name for one in parameters if one.kind is not inspect.Parameter.KEYWORD_ONLY]
    assert given == positional


def test_public_things_have_docstrings():
    for name in rcm.__all__:
        value = getattr(rcm, name)
        if inspect.isclass(value) or inspect.isfunction(value):
            assert value.__doc__, name
    for name, value in vars(rcm.Index).items():
        if inspect.isfunction(value) and not name.startswith("_"):
            assert value.__doc__, f"Index.{name}"


def test_version_is_that_of_the_distribution():
    from importlib.metadata import version

    assert rcm.__version__ == version("rcm-search")


def test_package_is_typed_and_carries_its_model():
    package = files("rcm")
    for name in ("py.typed", "_rcm.pyi"):
        assert package.joinpath(name).is_file(), name
    for name in ("model.safetensors", "tokenizer.json", "config.json", "model.sha256"):
        assert package.joinpath("model", name).is_file(), name


HEAVY = [
    "numpy",
    "fastembed",
    "qdrant_client",
    "rich",
    "onnxruntime",
    "mcp",
    "starlette",
    "uvicorn",
    "pygments",
    "watchfiles",
]
#: What a search does not need either; each takes one to five milliseconds to load.
NEEDLESS = [
    "asyncio", "hashlib", "http", "platformdirs", "random", "secrets", "shutil", "socket", "subprocess",
    "tempfile", "uuid", "rcm.doctor", "rcm.inspection", "rcm.reports.exact",
    "rcm.reports.looking", "rcm.reports.update", "rcm.secrets", "rcm.status",
    "rcm.schedule", "rcm.store.lexical.writer", "rcm.store.writer", "rcm.update", "rcm.workspace",
]  # fmt: skip


@pytest.mark.parametrize("module", ["rcm", "rcm.cli"])
def test_importing_loads_nothing_heavy(module):
    """A cold search pays for every import."""
    code = f"import sys, {module}; print(*[name for name in {HEAVY} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []


#: What no command but its own needs; making the classes of a report takes milliseconds.
OTHERS = [
    *(name for name in HEAVY if name not in ("tantivy", "sqlite3")),
    "asyncio", "hashlib", "http", "platformdirs", "random", "secrets", "shutil", "socket", "subprocess",
    "tempfile", "uuid", "rcm.doctor", "rcm.inspection", "rcm.reports.doctor", "rcm.reports.looking",
    "rcm.reports.secrets", "rcm.secrets", "rcm.status",
]  # fmt: skip


@pytest.mark.parametrize("command", [["index"], ["grep", "retry"]])
def test_other_cold_commands_load_only_what_they_need(command, tmp_path):
    (tmp_path / "retry.py").write_text("def retry_limit():\n    return 3\n")
    code = (
        "import sys\nfrom rcm.cli import main\n"
        f"done = main([*{command}, {str(tmp_path)!r}])\n"
        f"print(done, *[name for name in {OTHERS} if name in sys.modules], file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stderr.split() == ["0"]


@pytest.mark.parametrize("policy", ["never", "auto"])
def test_a_cold_search_loads_only_what_it_needs(policy, tmp_path):
    (tmp_path / "retry.py").write_text("def retry_limit():\n    return 3\n")
    with rcm.Index.open(tmp_path) as index:
        index.update()
    names = [*HEAVY, *NEEDLESS]
    code = (
        "import sys\nfrom rcm.cli import main\n"
        f"done = main(['search', 'retry limit', {str(tmp_path)!r}, '--refresh', '{policy}'])\n"
        f"print(done, *[name for name in {names} if name in sys.modules], file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stderr.split() == ["0"]
