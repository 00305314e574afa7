"""What stands before every route: who may ask, how much, for how long; and headers of every answer."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, urlencode

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response

from rcm.web.access import Access

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

#: Bytes of a request's body, at most.
MAX_BODY = 1 << 20
#: Requests answered at a time; a browser opens six connections to a host.
MAX_REQUESTS = 32
#: Seconds that a request may take, but for the stream of progress.
TIMEOUT_SECONDS = 60.0
#: The stream lasts as long as the run that it tells of.
STREAM = "/api/events"

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


class BodyTooLargeError(Exception):
    """The body is larger than `MAX_BODY`; raised where it is read."""

    def __init__(self) -> None:
        super().__init__(f"the request is larger than {MAX_BODY} bytes")


class Guard:
    """An ASGI application around another one.

    Args:
        app: What answers the requests that may pass.
        access: Who may ask.
        timeout: Seconds that a request may take.
        most: Requests answered at a time.
    """

    def __init__(
        self,
        app: ASGIApp,
        access: Access,
        *,
        timeout: float = TIMEOUT_SECONDS,
        most: int = MAX_REQUESTS,
    ) -> None:
        self._app, self._access = app, access
        self._timeout, self._most = timeout, most
        self._running = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, or refuse it before its body is read."""
        if scope["type"] != "http":
            return  # there are no web sockets here: the server closes the connection

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(HEADERS)
            await send(message)

        refusal = self._refusal(scope)
        if refusal is not None:
            await refusal(scope, receive, send_with_headers)
        elif self._running >= self._most:
            busy = _error(503, "too many requests at once", headers={"retry-after": "1"})
            await busy(scope, receive, send_with_headers)
        else:
            self._running += 1
            try:
                await self._answer(scope, receive, send_with_headers)
            finally:
                self._running -= 1

    def _refusal(self, scope: Scope) -> Response | None:
        headers = Headers(scope=scope)
        reason = self._access.refusal(headers)
        if reason is not None:
            return _error(403, reason)
        if scope["method"] not in ("GET", "HEAD", "POST"):
            return _error(405, f"there is no {scope['method']} here")
        if scope["path"] == "/" and scope["method"] == "GET":
            entered = self._entrance(scope)
            if entered is not None:
                return entered
        if not self._access.knows(headers):
            if scope["path"] == "/":
                return HTMLResponse(_LOCKED_OUT, 401)
            return _error(401, "the token is missing: open the address that rcm serve printed")
        length = headers.get("content-length", "0")
        if not length.isdecimal() or int(length) > MAX_BODY:
            return _error(413, str(BodyTooLargeError()))
        if scope["method"] == "POST" and not _is_json(headers):
            return _error(415, "send JSON, with content-type: application/json")
        return None

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

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        got = 0
        started = False

        async def receive_within_cap() -> Message:
            nonlocal got
            message = await receive()
            got += len(message.get("body", b""))
            if got > MAX_BODY:
                raise BodyTooLargeError
            return message

        async def note_start(message: Message) -> None:
            nonlocal started
            started = True
            await send(message)

        try:
            limit = None if scope["path"] == STREAM else self._timeout
            async with asyncio.timeout(limit):
                await self._app(scope, receive_within_cap, note_start)
        except TimeoutError:
            if started:
                raise
            response = _error(504, f"no answer within {self._timeout:g} s")
            await response(scope, receive, send)


def _is_json(headers: Headers) -> bool:
    # No form of another site can send this type without asking first, and we never consent.
    return headers.get("content-type", "").partition(";")[0].strip() == "application/json"


def _error(status: int, message: str, headers: Mapping[str, str] | None = None) -> JSONResponse:
    return JSONResponse({"error": message, "hint": ""}, status, headers=headers)
