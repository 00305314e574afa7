"""Failures: what goes wrong with a call, told to the agent with what to do next.

Nothing that comes from a file is told: an error is not fenced, so it names roots, arguments and kinds of
trouble only. What was not foreseen goes to the log whole and to the agent as a bare sentence.
"""

from __future__ import annotations

import logging

from pydantic import ValidationError

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
from rcm.mcp.text import clean_name

logger = logging.getLogger(__name__)

_MOST_CHARS = 600
_SAID: tuple[tuple[type[RcmError], str], ...] = (
    (IndexNotFoundError, "the tree is not indexed; call index, then this again"),
    (IndexStaleError, "the index was made by another version, model or set of rules; call index"),
    (IndexDamagedError, "the index is damaged; call index, which builds it anew"),
    (IndexLockedError, "another process is indexing the tree; call this again in a while"),
    (IndexNotWritableError, "the folder of the index may not be written; ask the user"),
    (ModelError, "the embedding model cannot be used; mode bm25 searches by words without it"),
    (EmbeddingServiceError, "the embedding server does not answer; mode bm25 does without it"),
    (VectorStoreError, "the vector server does not answer; mode bm25 does without it"),
)


class ToolFailure(Exception):  # noqa: N818 (the agent reads it as an answer, not a bug)
    """A call that cannot be done, said for the agent with what to do next."""


def told(error: Exception) -> str:
    """Say what went wrong, for the agent."""
    if isinstance(error, ToolFailure):
        return _short(str(error))
    if isinstance(error, ValidationError):
        return _short(_arguments(error))
    if isinstance(error, RcmError):
        logger.warning("%s: %s", type(error).__name__, error)
        return next(
            (said for kind, said in _SAID if isinstance(error, kind)),
            "the index cannot be used; call status",
        )
    if isinstance(error, FileNotFoundError) and error.strerror == "gone since it was indexed":
        return "the file is gone since it was indexed; search again"
    if isinstance(error, OSError):
        logger.warning("%s", error)
        return f"the system refused: {error.strerror or type(error).__name__}; ask the user"
    if isinstance(error, ValueError):
        return _short(f"{error}{_hint(str(error))}")
    logger.error("a tool failed", exc_info=error)
    return "internal error, a bug in rcm; its log on standard error has more. Try other arguments"


def _hint(message: str) -> str:
    if "not in the index" in message:
        return "; only indexed files can be read: take the path from a result, or call status"
    if "not indexed yet" in message:
        return "; call index, then this again"
    if "is no regular expression" in message:
        return "; with fixed it is taken as plain text"
    if "several trees have it" in message:
        return "; give it as root"
    return ""


def _arguments(error: ValidationError) -> str:
    """Name each wrong argument and what is wanted; not what was given, which may be anything."""
    wrong = (
        f"{'.'.join(map(str, one['loc'])) or 'arguments'}: {one['msg']}"
        for one in error.errors(include_url=False, include_input=False)
    )
    return "wrong arguments: " + "; ".join(wrong)


def _short(message: str) -> str:
    text = clean_name(message)
    return text if len(text) <= _MOST_CHARS else f"{text[:_MOST_CHARS]}..."
