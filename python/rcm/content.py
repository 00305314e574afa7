"""Content: what a file is mostly for, told by its path and language. One rule for ranking and filters."""

from __future__ import annotations

import re
from functools import lru_cache

from rcm import _rcm
from rcm.types import ContentClass

_TEST_FOLDERS = (
    "tests?|testing|specs?|__tests__|test_suite|e2e|bench(?:es)?|benchmarks?|_?examples?|samples?|"
    "demos?|docs?|fixtures?|legacy|_?compat"
)
_TEST_PATH = re.compile(
    rf"(?:^|/)(?:{_TEST_FOLDERS})/|"
    r"(?:^|/)test_[^/]*\Z|_(?:test|spec|benchmark)\.[^/.]+\Z|\.(?:test|spec)\.[^/.]+\Z|"
    r"(?:Tests?|Spec|Suite|Benchmark)\.(?:java|kt|swift|cs|scala|php)\Z",
    re.IGNORECASE,
)


@lru_cache(maxsize=1 << 17)
def is_test(path: str) -> bool:
    """Tell whether a path is that of a test, example, benchmark, fixture or document."""
    return _TEST_PATH.search(path) is not None


@lru_cache(maxsize=256)
def is_code(language: str) -> bool:
    """Tell whether files of a language are programs, not prose, settings or data."""
    return _language_class(language) == "code"


def content_class(path: str, language: str) -> ContentClass:
    """Return what a file is for.

    Prose is `"docs"` wherever it lies. What else lies where tests, examples, benchmarks or fixtures
    do is `"tests"`; the rest is `"code"` or `"config"`, as its language is.
    """
    return class_of(language, test=is_test(path))


def class_of(language: str, *, test: bool) -> ContentClass:
    """Return what files of a language are for, by whether their path is that of a test."""
    named = _language_class(language)
    return "tests" if test and named != "docs" else named


@lru_cache(maxsize=256)
def _language_class(language: str) -> ContentClass:
    named = _rcm.language_class(language)
    return "code" if named == "code" else "config" if named == "config" else "docs"
