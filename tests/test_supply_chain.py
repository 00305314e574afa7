"""What is compiled in has a permissive licence, comes from one registry, and cannot open connections.

The rules are those of `deny.toml`, which `make deny` checks in full.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import tomllib
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parent.parent
RULES = tomllib.loads((ROOT / "deny.toml").read_text(encoding="utf-8"))
LOCK = tomllib.loads((ROOT / "Cargo.lock").read_text(encoding="utf-8"))["package"]


def allowed(expression: str, licences: set[str]) -> bool:
    """Whether an SPDX expression can be met by some of `licences`; `/` is the old way to write OR."""
    tokens = re.findall(r"\(|\)|[^\s()]+", re.sub(r"\s*/\s*", " OR ", expression))

    def alternatives(at: int) -> tuple[bool, int]:
        verdict, at = conjunction(at)
        while at < len(tokens) and tokens[at] == "OR":
            other, at = conjunction(at + 1)
            verdict = verdict or other
        return verdict, at

    def conjunction(at: int) -> tuple[bool, int]:
        verdict, at = one(at)
        while at < len(tokens) and tokens[at] == "AND":
            other, at = one(at + 1)
            verdict = verdict and other
        return verdict, at

    def one(at: int) -> tuple[bool, int]:
        if tokens[at] == "(":
            verdict, at = alternatives(at + 1)
            return verdict, at + 1
        name, at = tokens[at], at + 1
        if at < len(tokens) and tokens[at] == "WITH":
            name, at = f"{name} WITH {tokens[at + 1]}", at + 2
        return name in licences, at

    verdict, end = alternatives(0)
    assert end == len(tokens), expression
    return verdict


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("MIT", True),
        ("GPL-3.0-only", False),
        ("MIT/Apache-2.0", True),
        ("MIT OR GPL-3.0", True),
        ("MIT AND GPL-3.0", False),
        ("(MIT OR GPL-3.0) AND Unicode-3.0", True),
        ("GPL-3.0 OR MIT AND LGPL-3.0", False),
        ("Apache-2.0 WITH LLVM-exception OR GPL-2.0", True),
        ("GPL-2.0 WITH LLVM-exception", False),
    ],
)
def test_expressions_are_read_as_spdx_says(expression: str, expected: bool) -> None:
    assert allowed(expression, set(RULES["licenses"]["allow"])) is expected


@pytest.fixture(scope="module")
def packages() -> list[dict[str, Any]]:
    if shutil.which("cargo") is None:
        pytest.skip("there is no cargo")
    command = ["cargo", "metadata", "--locked", "--format-version", "1"]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stderr
    found: list[dict[str, Any]] = json.loads(ended.stdout)["packages"]
    assert len(found) > 60
    return found


def test_every_licence_is_a_permissive_one(packages: list[dict[str, Any]]) -> None:
    licences = set(RULES["licenses"]["allow"])
    wrong = {
        p["name"]: p["license"] for p in packages if not allowed(p["license"] or "none", licences)
    }
    assert not wrong


def test_every_source_is_the_registry_or_this_repository() -> None:
    registries = {f"registry+{url}" for url in RULES["sources"]["allow-registry"]}
    assert {package.get("source") for package in LOCK} == {None, *registries}
    own = sorted(package["name"] for package in LOCK if "source" not in package)
    assert own == ["rcm-arena", "rcm-core", "rcm-py", "rcm-vectors"]
    assert all("checksum" in package for package in LOCK if "source" in package)


def test_nothing_that_is_banned_is_locked() -> None:
    banned = {entry["crate"] for entry in RULES["bans"]["deny"]}
    assert banned.isdisjoint(package["name"] for package in LOCK)


def test_no_python_source_evaluates_data_or_unpickles() -> None:
    call = re.compile(
        r"(?<![\w.])(eval|exec)\(|\b(pickle|marshal|shelve)\b\.|allow_pickle=True|torch\.load|yaml\.load\("
    )
    for source in (ROOT / "python").rglob("*.py"):
        for number, line in enumerate(source.read_text(encoding="utf-8").splitlines(), 1):
            assert not call.search(line), f"{source.relative_to(ROOT)}:{number}: {line.strip()}"
