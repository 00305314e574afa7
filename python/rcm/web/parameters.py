"""What stands in a request's address, checked: every wrong value is a `ValueError` that says so."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from typing import Any, TypeVar, get_args

from starlette.datastructures import QueryParams

from rcm.types import SearchMode

T = TypeVar("T", bound=str)

#: Results at most; a page of more is no use to a person.
MAX_RESULTS = 100
#: Characters of a query: a pasted stack trace fits.
MAX_QUERY = 10_000
_MAX_VALUES = 50


def number(query: QueryParams, name: str, default: int | None, *, most: int | None = None) -> int:
    """Return a whole number of 1 or more, at most `most`.

    Raises:
        ValueError: If it is none, or missing and there is no default.
    """
    text = query.get(name)
    if text is None and default is not None:
        return default
    if text is None or not (text.isascii() and text.isdecimal()) or len(text) > 9 or int(text) < 1:
        raise ValueError(f"{name} is {text!r}, not a whole number of 1 or more")
    return int(text) if most is None else min(int(text), most)


def one_of(query: QueryParams, name: str, known: Sequence[T], default: T) -> T:
    """Return a value out of a few."""
    value = query.get(name, default)
    found = next((one for one in known if one == value), None)
    if found is None:
        raise ValueError(f"{name} is {value!r}, not one of {', '.join(known)}")
    return found


def several(query: QueryParams, name: str) -> list[str] | None:
    """Return all values of a repeated parameter, None if there is none."""
    values = [value for value in query.getlist(name) if value]
    if len(values) > _MAX_VALUES:
        raise ValueError(f"more than {_MAX_VALUES} values of {name}")
    return values or None


def path(query: QueryParams) -> str:
    """Return a path relative to a root; `path_base64` is for names that are not UTF-8.

    Raises:
        ValueError: If there is none.
    """
    encoded = query.get("path_base64")
    if encoded:
        try:
            raw = base64.b64decode(encoded, validate=True)
        except binascii.Error:
            raise ValueError("path_base64 is not base64") from None
        return raw.decode("utf-8", "surrogateescape")
    plain = query.get("path", "")
    if not plain:
        raise ValueError("path is missing")
    return plain


def search_options(query: QueryParams) -> dict[str, Any]:
    """Return the options of `Workspace.search`.

    Raises:
        ValueError: If a mode is unknown; the search checks languages, kinds and classes.
    """
    modes: tuple[SearchMode, ...] = get_args(SearchMode)
    return {
        "top_k": number(query, "k", 10, most=MAX_RESULTS),
        "mode": one_of(query, "mode", modes, "hybrid"),
        "languages": several(query, "language"),
        "paths": several(query, "glob"),
        "kinds": several(query, "kind"),
        "classes": several(query, "class"),
        "root": root(query),
    }


def question(query: QueryParams) -> str:
    """Return what is asked.

    Raises:
        ValueError: If it is blank or too long.
    """
    text = query.get("q", "")
    if not text.strip():
        raise ValueError("empty query")
    if len(text) > MAX_QUERY:
        raise ValueError(f"the query has {len(text)} characters, more than {MAX_QUERY}")
    return text


def root(query: QueryParams) -> str | None:
    """Return the tree that is meant, None for all."""
    return query.get("root") or None
