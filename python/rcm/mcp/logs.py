"""Logs: what the server and the SDK have to say, on standard error, safe to show on a terminal."""

from __future__ import annotations

import logging
import sys

from rcm.present.escape import escape_code

_MOST_CHARS = 2_000


class _Escaped(logging.Formatter):
    """Requests are quoted in warnings, and a request may hold anything."""

    def format(self, record: logging.LogRecord) -> str:
        return escape_code(super().format(record))[:_MOST_CHARS]


def log_to_stderr(*, verbose: bool) -> None:
    """Write warnings to standard error, with `verbose` everything that happens."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_Escaped("rcm mcp: %(levelname)s: %(message)s"))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.INFO if verbose else logging.WARNING)
    # A malformed line is the client's business, and it is told.
    logging.getLogger("mcp").setLevel(logging.INFO if verbose else logging.ERROR)
