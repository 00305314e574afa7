"""The documentation names every option and public name; its links lead somewhere; its examples run."""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import rcm
from rcm.cli import build_parser

ROOT = Path(__file__).resolve().parent.parent
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])
# A linked text ends in a bracket; an image's link does too. Code blocks are taken out first.
LINK = re.compile(r"\]\(([^)\s]+)\)")
FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def manual() -> str:
    """What a user reads: the README and the pages of docs/."""
    pages = [page for page in PAGES if page.name == "README.md" or "docs" in page.parts]
    return "\n".join(page.read_text(encoding="utf-8") for page in pages)


def parsers(parser: argparse.ArgumentParser) -> Iterator[tuple[str, argparse.ArgumentParser]]:
    """All (command line, parser) pairs below a parser, itself included."""
    yield parser.prog, parser
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for child in action.choices.values():
                yield from parsers(child)


def options() -> Iterator[tuple[str, str]]:
    """(command, longest spelling) of every option that is shown to users."""
    for command, parser in parsers(build_parser()):
        for action in parser._actions:
            if action.option_strings and action.help is not argparse.SUPPRESS:
                yield command, max(action.option_strings, key=len)


def mentioned(word: str, text: str) -> bool:
    """Whether `word` stands in `text` as a whole word."""
    return re.search(rf"(?<![\w-]){re.escape(word)}(?![\w-])", text) is not None


@pytest.mark.parametrize(("command", "option"), sorted(set(options())))
def test_every_option_is_documented(command, option):
    assert mentioned(option, manual()), f"{command} {option} is in no page"


@pytest.mark.parametrize("command", sorted({command for command, _ in parsers(build_parser())}))
def test_every_command_is_documented(command):
    assert mentioned(command, manual()), f"`{command}` is in no page"


@pytest.mark.parametrize("name", rcm.__all__)
def test_every_public_name_is_documented(name):
    assert mentioned(name, manual()), f"rcm.{name} is in no page"


def environment() -> set[str]:
    """The environment variables of rcm's own that any module reads."""
    package = Path(rcm.__file__).parent
    sources = "\n".join(page.read_text(encoding="utf-8") for page in package.rglob("*.py"))
    return set(re.findall(r"[\"'](RCM_[A-Z_]+|FORCE_SEQUENTIAL)[\"']", sources))


def test_environment_variables_are_found():
    assert {"RCM_HOME", "FORCE_SEQUENTIAL"} <= environment()


@pytest.mark.parametrize("variable", sorted(environment()))
def test_every_environment_variable_is_documented(variable):
    assert mentioned(variable, manual())


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_links_resolve(page):
    prose = FENCE.sub("", page.read_text(encoding="utf-8"))
    for link in LINK.findall(prose):
        if re.match(r"\w+:", link):
            continue
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        assert target.exists(), f"{page.name} links to {link}"
        if anchor and target.suffix == ".md":
            assert anchor in anchors(target), (
                f"{page.name} links to {link}, which has no such heading"
            )


def anchors(page: Path) -> set[str]:
    """The anchors that the headings of a page get."""
    prose = FENCE.sub("", page.read_text(encoding="utf-8"))
    titles = re.findall(r"^#+ +(.+?) *$", prose, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


def test_the_heading_of_an_anchor_is_slugged_as_readers_expect(tmp_path):
    page = tmp_path / "page.md"
    page.write_text("# How it works\n\n```sh\n# no heading\n```\n\n## `rcm index`: modes\n")
    assert anchors(page) == {"how-it-works", "rcm-index-modes"}


def python_examples() -> list[str]:
    """The Python code blocks of the README and of the page about Python."""
    pages = [(ROOT / name).read_text(encoding="utf-8") for name in ("README.md", "docs/python.md")]
    return [
        code for page in pages for language, code in FENCE.findall(page) if language == "python"
    ]


def test_readme_has_a_python_example():
    assert python_examples()


@pytest.mark.parametrize("code", python_examples())
def test_readme_examples_run(code, tmp_path):
    """Each runs in a repository of its own; `path/to/repository` stands for it."""
    repository = tmp_path / "repository"
    (repository / ".git").mkdir(parents=True)
    (repository / "retry.py").write_text(
        'def retry(request, attempts=3):\n    """Send a failed request again: retries are handled here."""\n'
        "    for _ in range(attempts):\n        if request():\n            return True\n    return False\n"
    )
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code.replace("path/to/repository", str(repository))],
        cwd=repository,
        env={"RCM_HOME": str(tmp_path / "home"), "HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr


def test_architecture_stays_short():
    assert len((ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8").splitlines()) <= 150


def test_the_tests_that_security_names_exist():
    named = set(
        re.findall(r"`(\w+\.(?:py|rs))`", (ROOT / "SECURITY.md").read_text(encoding="utf-8"))
    )
    there = {path.name for folder in ("tests", "rust") for path in (ROOT / folder).rglob("*.*")}
    assert len(named) > 10
    assert named <= there
