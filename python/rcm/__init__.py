"""rcm: local code search. Index a tree in seconds, ask it in milliseconds, offline.

```python
from rcm import Index

with Index.open("path/to/repository") as index:
    index.update()
    for result in index.search("where are retries handled"):
        print(result.path, result.start_line, result.symbol)
```
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from importlib import import_module
from typing import TYPE_CHECKING

from rcm._rcm import __version__
from rcm.index import Index, enclosing_root

if TYPE_CHECKING:
    from rcm.errors import (
        EmbeddingServiceError,
        IndexDamagedError,
        IndexLockedError,
        IndexNotFoundError,
        IndexNotWritableError,
        IndexStaleError,
        ModelError,
        RcmError,
        VectorStoreError,
    )
    from rcm.inspection import inspect_file
    from rcm.reports.doctor import DoctorReport, Finding
    from rcm.reports.exact import Excerpt, GrepReport, MatchedLine
    from rcm.reports.looking import IndexStatus, KeptIndex, WatchEvent
    from rcm.reports.secrets import SecretFinding, SecretsReport
    from rcm.reports.update import FileFailure, IndexReport, LastRun, Progress
    from rcm.results import SearchResults
    from rcm.secrets import find_secrets
    from rcm.types import (
        ContentClass,
        Freshness,
        IndexMode,
        IndexState,
        Refreshed,
        RefreshPolicy,
        SearchMode,
        SearchResult,
        SecretsMode,
        Span,
    )
    from rcm.workspace import Workspace

__all__ = [
    "ContentClass",
    "DoctorReport",
    "EmbeddingServiceError",
    "Excerpt",
    "FileFailure",
    "Finding",
    "Freshness",
    "GrepReport",
    "Index",
    "IndexDamagedError",
    "IndexLockedError",
    "IndexMode",
    "IndexNotFoundError",
    "IndexNotWritableError",
    "IndexReport",
    "IndexStaleError",
    "IndexState",
    "IndexStatus",
    "KeptIndex",
    "LastRun",
    "MatchedLine",
    "ModelError",
    "Progress",
    "RcmError",
    "RefreshPolicy",
    "Refreshed",
    "SearchMode",
    "SearchResult",
    "SearchResults",
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
    "list_indexes",
    "search",
]

#: Where the other names come from: a module is loaded when one of its names is asked for, so that a
#: search pays only for what it uses. (`Index` is not among them: it loads the module `rcm.search`, which
#: must not take the place of the function below later.)
_HOMES = {
    "rcm.errors": (
        "EmbeddingServiceError IndexDamagedError IndexLockedError IndexNotFoundError "
        "IndexNotWritableError IndexStaleError ModelError RcmError VectorStoreError"
    ),
    "rcm.inspection": "inspect_file",
    "rcm.secrets": "find_secrets",
    "rcm.reports.doctor": "DoctorReport Finding",
    "rcm.reports.exact": "Excerpt GrepReport MatchedLine",
    "rcm.reports.looking": "IndexStatus KeptIndex WatchEvent",
    "rcm.reports.secrets": "SecretFinding SecretsReport",
    "rcm.reports.update": "FileFailure IndexReport LastRun Progress",
    "rcm.results": "SearchResults",
    "rcm.types": (
        "ContentClass Freshness IndexMode IndexState Refreshed RefreshPolicy SearchMode "
        "SearchResult SecretsMode Span"
    ),
    "rcm.workspace": "Workspace",
}
_HOME_OF = {name: module for module, names in _HOMES.items() for name in names.split()}


def __getattr__(name: str) -> object:
    if name not in _HOME_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = globals()[name] = getattr(import_module(_HOME_OF[name]), name)
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})


def list_indexes() -> list[KeptIndex]:
    """Return the indexes in the user's cache folder (`RCM_HOME`), the one updated last first.

    Indexes that `--index-dir` put elsewhere are not known of. Nothing is written.
    """
    # `import rcm` is on the way of every search, which does not need it.
    from rcm.home import list_indexes

    return list_indexes()


def search(
    query: str,
    path: str | os.PathLike[str] = ".",
    *,
    top_k: int = 10,
    mode: SearchMode = "hybrid",
    languages: Sequence[str] | None = None,
    paths: Sequence[str] | None = None,
    kinds: Sequence[str] | None = None,
    classes: Sequence[ContentClass] | None = None,
    also: int = 0,
) -> SearchResults:
    """Search the repository around a path, indexing it first if it is not indexed yet.

    Args:
        query: A question, words, an identifier: any text.
        path: Any path in the repository.
        top_k: Most results wanted, 1 or more.
        mode: `"bm25"` looks at words only, `"semantic"` at meaning only.
        languages: Only files of these languages.
        paths: Only files whose path matches one of these globs, and none that begins with `!`.
        kinds: Only chunks with a definition of one of these kinds.
        classes: Only files that are for this.
        also: Most further places told of the files of the first three results, in `SearchResult.also`.

    Raises:
        ValueError: If the query is blank, `top_k` below 1 or `also` below 0.
        RcmError: If the index cannot be made or used.
    """
    with Index.open(enclosing_root(path)) as index:
        if not index.exists():
            index.update()
        return index.search(
            query,
            top_k=top_k,
            mode=mode,
            languages=languages,
            paths=paths,
            kinds=kinds,
            classes=classes,
            also=also,
        )
