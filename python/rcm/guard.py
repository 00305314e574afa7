"""Guard: what stands before every request to a server of this machine: who may ask, how much, for how long.

Every page that a browser shows may send requests to this machine, and by rebinding a name even read the
answers. So Host and Origin are looked at first, then what the server itself demands (its secret before
all), and only then is anything of the body read. There are no CORS headers: no other page has business here.
"""

from __future__ import annotations

import asyncio
import hmac
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Protocol

from starlette.datastructures import Headers, MutableHeaders

if TYPE_CHECKING:
    from starlette.responses import Response
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

#: Bytes of a request's body, at most: a query has 20,000 characters.
MOST_BODY_BYTES = 1 << 20
#: Seconds for a body to arrive.
BODY_S = 10.0

#: Gives the application for a request with a body.
Route = Callable[[bytes], "ASGIApp"]


class House(Protocol):
    """What one server demands and how it speaks."""

    def demand(self, scope: Scope, headers: Headers) -> Response | None:
        """Answer a request that may go no further, or return None; nothing of its body is read yet."""

    def refusal(self, status: int, reason: str) -> Response:
        """Return an error in the form of this server."""


def hosts_of(port: int) -> list[str]:
    """Return the values of `Host` that name a server of this machine."""
    return [f"127.0.0.1:{port}", f"localhost:{port}", f"[::1]:{port}"]


def origins_of(port: int) -> list[str]:
    """Return the values of `Origin` that a page of this server would have."""
    return [f"http://{host}" for host in hosts_of(port)]


def bears(headers: Headers, token: str) -> bool:
    """Tell whether a request carries the token, as its one `Authorization: Bearer`."""
    shown = headers.getlist("authorization")
    return len(shown) == 1 and same(shown[0], f"Bearer {token}")


def same(given: str, secret: str) -> bool:
    """Compare in a time that tells nothing of the secret."""
    return hmac.compare_digest(given.encode("utf-8", "replace"), secret.encode())


class Guard:
    """An ASGI application that lets a request through to another, or refuses it.

    Args:
        route: Gives the application for a request.
        port: Where the server listens.
        house: What it demands besides.
        most: Requests at the same time.
        answer_s: Seconds for an answer.
        body_s: Seconds for a body to arrive.
        endless: A path whose answer takes as long as what it tells of.
        headers: Set in every answer.
    """

    def __init__(
        self,
        route: Route,
        port: int,
        house: House,
        *,
        most: int,
        answer_s: float,
        body_s: float = BODY_S,
        endless: str = "",
        headers: Mapping[str, str] | None = None,
    ) -> None:
        self._route, self._house = route, house
        self._hosts, self._origins = frozenset(hosts_of(port)), frozenset(origins_of(port))
        self._most, self._answer_s, self._body_s = most, answer_s, body_s
        self._endless, self._headers = endless, headers or {}
        self._in_hand = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        if scope["type"] != "http":
            return  # there are no web sockets here: the server closes the connection
        answer = _Answer(send, self._headers)
        refusal = self._refusal(scope)
        if refusal is not None:
            await _turn_away(refusal, scope, receive, answer)
        else:
            self._in_hand += 1
            try:
                await self._admit(scope, receive, answer)
            finally:
                self._in_hand -= 1

    def _refusal(self, scope: Scope) -> Response | None:
        headers = Headers(scope=scope)
        stranger = self._stranger(headers)
        if stranger is not None:
            return self._no(403, stranger)
        demanded = self._house.demand(scope, headers)
        if demanded is not None:
            return demanded
        length = headers.get("content-length", "0")
        if not length.isdecimal() or int(length[:20]) > MOST_BODY_BYTES:
            return self._no(413, _TOO_LARGE)
        if self._in_hand >= self._most:
            return self._no(503, "too many requests at once", ("retry-after", "1"))
        return None

    def _stranger(self, headers: Headers) -> str | None:
        """Say why a request cannot come from our page or a program of the user, or return None.

        A page elsewhere that has its name point here (DNS rebinding) sends a foreign `Host`; one that
        calls us by our own name sends a foreign `Origin`, or at least `Sec-Fetch-Site`.
        """
        hosts = headers.getlist("host")
        if len(hosts) != 1 or hosts[0] not in self._hosts:
            return "this server answers to 127.0.0.1 and localhost only"
        if any(origin not in self._origins for origin in headers.getlist("origin")):
            return "requests from other origins are refused"
        navigates = headers.get("sec-fetch-mode") == "navigate"
        if headers.get("sec-fetch-site") in ("cross-site", "same-site") and not navigates:
            return "requests from other sites are refused"
        return None

    async def _admit(self, scope: Scope, receive: Receive, answer: _Answer) -> None:
        try:
            async with asyncio.timeout(self._body_s):
                body = await _body(receive)
        except TimeoutError:
            late = self._no(408, "the request took too long to arrive")
            await _turn_away(late, scope, receive, answer)
            return
        if body is None:
            await _turn_away(self._no(413, _TOO_LARGE), scope, receive, answer)
            return
        limit = None if self._endless and scope["path"] == self._endless else self._answer_s
        try:
            async with asyncio.timeout(limit):
                await self._route(body)(scope, _replay(body, receive), answer)
        except TimeoutError:
            if not answer.begun:
                late = self._no(504, f"no answer within {self._answer_s:g} s")
                await _turn_away(late, scope, receive, answer)

    def _no(self, status: int, reason: str, *more: tuple[str, str]) -> Response:
        response = self._house.refusal(status, reason)
        response.headers.update(dict(more))
        return response


_TOO_LARGE = f"the request is larger than {MOST_BODY_BYTES} bytes"


class _Answer:
    """Sends, with headers of every answer, and remembers whether anything was sent."""

    def __init__(self, send: Send, headers: Mapping[str, str]) -> None:
        self._send, self._headers = send, headers
        self.begun = False

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.begun = True
            MutableHeaders(scope=message).update(self._headers)
        await self._send(message)


async def _turn_away(response: Response, scope: Scope, receive: Receive, send: Send) -> None:
    if response.status_code >= 400:
        response.headers["connection"] = "close"  # the rest of a refused body is not waited for
    await response(scope, receive, send)


async def _body(receive: Receive) -> bytes | None:
    """Read a body; None if it is too long."""
    body = bytearray()
    while True:
        message = await receive()
        body += message.get("body", b"")
        if len(body) > MOST_BODY_BYTES:
            return None
        if message["type"] != "http.request" or not message.get("more_body", False):
            return bytes(body)


def _replay(body: bytes, receive: Receive) -> Receive:
    """Give the body again, then what comes after it."""
    given = False

    async def again() -> Message:
        nonlocal given
        if given:
            return await receive()
        given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return again
