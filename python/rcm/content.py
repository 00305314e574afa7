"""Content: what a file is mostly for, told by its path and language. One rule for ranking and filters."""

from __future__ import annotations

import re
from functools import lru_cache

from rcm import _rcm
from rcm.types import ContentClass

_TEST_PATH = re.compile(
    r"""
    \At/ |  # as git's and Perl's are called
    # Folders, in any case, and by the last word of a name: smoke-tests, integration_test, jvmTest, RxExample.
    (?:^|/)(?:(?i:
        tests?|testing|specs?|__tests__|e2e|bench(?:es)?|benchmarks?|_?examples?|samples?|demos?|docs?|_?fixtures?
        |legacy|_?compat|step_definitions|sbt-test|[^/]+\.playground
        |[^/]*[-_.](?:tests|specs|benchmarks|examples|samples|demos|fixtures)
        |(?:unit|integration|functional|acceptance|smoke|regression|android)[-_]?tests?
        |test[-_]?(?:data|files?|cases?|suites?|resources|assets|fixtures?|utils?|helpers?|support))
        |[^/]*[a-z0-9](?:Tests?|Specs?|Benchmarks?|Examples?|Samples?|Demos?|Fixtures?)
    )/ |
    # Files: test_pool.py, pool_tests.zig, pool.spec.ts, pool-spec.js, PoolTestCase.php; not openapi-spec.yml.
    (?i:(?:^|/)(?:tests?_[^/]*|conftest\.py)\Z
        |(?:_(?:tests?|spec|unittests?|bench(?:marks?)?)|\.(?:tests?|spec))\.[^/.]+\Z
        |-(?:tests?|spec)\.(?:[cm]?[jt]sx?|rb|lua|sh)\Z) |
    [A-Za-z0-9+](?:Tests?|TestCase|Spec|Suite|Benchmarks?)\.(?:java|kts?|swift|cs|fs|scala|php|groovy|hs|mm?)\Z
    """,
    re.VERBOSE,
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
