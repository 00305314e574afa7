"""House: what the page's server demands of a request besides what every server does, and its headers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, urlencode

from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response

from rcm.web.access import Access

if TYPE_CHECKING:
    from starlette.datastructures import Headers
    from starlette.types import Scope

_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self'",
        "connect-src 'self'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
        "require-trusted-types-for 'script'",
    )
)
HEADERS: Mapping[str, str] = {
    "content-security-policy": _POLICY,
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "cache-control": "no-store",
}

_LOCKED_OUT = """<!doctype html><html lang="en"><meta charset="utf-8"><title>rcm</title>
<h1>This page needs its key</h1>
<p>Open the address that <code>rcm serve</code> printed in its terminal: it ends in
<code>?token=...</code>. Each start of the server has a new one.</p>
<p>If you have just come here by a link from another page, reload.</p></html>"""


class House:
    """The demands of a server whose pages a browser shows.

    Args:
        access: Who may ask.
    """

    def __init__(self, access: Access) -> None:
        self._access = access

    def demand(self, scope: Scope, headers: Headers) -> Response | None:
        """Answer what brings no key, brings it in an address, or could be a form of another site."""
        if scope["method"] not in ("GET", "HEAD", "POST"):
            return self.refusal(405, f"there is no {scope['method']} here")
        if scope["path"] == "/" and scope["method"] == "GET":
            entered = self._entrance(scope)
            if entered is not None:
                return entered
        if not self._access.knows(headers):
            if scope["path"] == "/":
                return HTMLResponse(_LOCKED_OUT, 401)
            return self.refusal(
                401, "the token is missing: open the address that rcm serve printed"
            )
        if scope["method"] == "POST" and not _is_json(headers):
            return self.refusal(415, "send JSON, with content-type: application/json")
        return None

    def refusal(self, status: int, reason: str) -> Response:
        """Say it as the routes say their errors."""
        return JSONResponse({"error": reason, "hint": ""}, status)

    def _entrance(self, scope: Scope) -> Response | None:
        """Exchange the token of an address for the cookie; the rest of the address stays."""
        query = parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True)
        tokens = [value for name, value in query if name == "token"]
        if not tokens:
            return None
        if not self._access.admits(tokens[0]):
            return HTMLResponse(_LOCKED_OUT, 401)
        rest = urlencode([(name, value) for name, value in query if name != "token"])
        response = RedirectResponse(f"/?{rest}" if rest else "/", 303)
        response.headers["set-cookie"] = self._access.set_cookie()
        return response


def _is_json(headers: Headers) -> bool:
    # No form of another site can send this type without asking first, and we never consent.
    return headers.get("content-type", "").partition(";")[0].strip() == "application/json"
