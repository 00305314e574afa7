"""Guard: who may talk to the server over HTTP, how much, and for how long.

Every page that a browser shows may send requests to this machine, and by rebinding a name even read the
answers. So Host and Origin are looked at first, then the token, and only then is anything of the body
read. There are no CORS headers: no page has business here.
"""

from __future__ import annotations

import asyncio
import hmac
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]
#: Gives the application for a request with a body.
Route = Callable[[bytes], App]

PATH = "/mcp"
#: Largest request: a query has 20,000 characters at most.
MOST_BODY_BYTES = 1 << 20
#: Seconds for a body to arrive, and for a request to be answered; a call waits 45 s at most for indexing.
BODY_S, REQUEST_S = 10.0, 120.0
#: Requests at the same time; tools take fewer (`MOST_CALLS`), the others wait.
MOST_REQUESTS = 64


def hosts_of(port: int) -> list[str]:
    """Return the values of `Host` that name this server."""
    return [f"127.0.0.1:{port}", f"localhost:{port}", f"[::1]:{port}"]


def origins_of(port: int) -> list[str]:
    """Return the values of `Origin` that a page of this server would have."""
    return [f"http://{host}" for host in hosts_of(port)]


class Guard:
    """An ASGI application that lets a request through to another, or refuses it.

    Args:
        route: Gives the application for a request.
        token: What clients have to show.
        port: Where the server listens.
        body_s: Seconds for a body to arrive.
        request_s: Seconds for an answer.
    """

    def __init__(
        self,
        route: Route,
        token: str,
        port: int,
        *,
        body_s: float = BODY_S,
        request_s: float = REQUEST_S,
    ) -> None:
        self._route, self._bearer = route, b"Bearer " + token.encode()
        self._hosts = {host.encode() for host in hosts_of(port)}
        self._origins = {origin.encode() for origin in origins_of(port)}
        self._body_s, self._request_s = body_s, request_s
        self._in_hand = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        if scope["type"] != "http":
            return
        refusal = self._refusal(scope)
        if refusal is not None:
            await _refuse(send, *refusal)
        elif self._in_hand >= MOST_REQUESTS:
            await _refuse(send, 503, "too many requests at once", (b"retry-after", b"1"))
        else:
            self._in_hand += 1
            try:
                await self._admit(scope, receive, send)
            finally:
                self._in_hand -= 1

    def _refusal(
        self, scope: Scope
    ) -> tuple[int, str] | tuple[int, str, tuple[bytes, bytes]] | None:
        headers: list[tuple[bytes, bytes]] = scope["headers"]
        hosts = [value for name, value in headers if name == b"host"]
        if len(hosts) != 1 or hosts[0] not in self._hosts:
            return 403, "this name is not served"
        if any(name == b"origin" and value not in self._origins for name, value in headers):
            return 403, "pages of other origins are not served"
        shown = [value for name, value in headers if name == b"authorization"]
        if len(shown) != 1 or not hmac.compare_digest(shown[0], self._bearer):
            return 401, "the bearer token is missing or wrong", (b"www-authenticate", b"Bearer")
        if scope["path"] != PATH:
            return 404, f"there is only {PATH}"
        if scope["method"] != "POST":
            return 405, "only POST is served", (b"allow", b"POST")
        length = next((value for name, value in headers if name == b"content-length"), b"0")
        if length.isdigit() and int(length[:20]) > MOST_BODY_BYTES:
            return 413, f"more than {MOST_BODY_BYTES} bytes"
        return None

    async def _admit(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            async with asyncio.timeout(self._body_s):
                body = await _body(receive)
        except TimeoutError:
            await _refuse(send, 408, "the request took too long to arrive")
            return
        if body is None:
            await _refuse(send, 413, f"more than {MOST_BODY_BYTES} bytes")
            return
        answer = _Answer(send)
        try:
            async with asyncio.timeout(self._request_s):
                await self._route(body)(scope, _replay(body, receive), answer)
        except TimeoutError:
            if not answer.begun:
                await _refuse(send, 504, "the answer took too long")


class _Answer:
    """Sends, and remembers whether anything was sent."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self.begun = False

    async def __call__(self, message: Message) -> None:
        self.begun = True
        await self._send(message)


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


async def _refuse(send: Send, status: int, reason: str, *more: tuple[bytes, bytes]) -> None:
    body = f"{reason}\n".encode()
    headers = [
        (b"content-type", b"text/plain; charset=utf-8"),
        (b"content-length", str(len(body)).encode()),
        (b"connection", b"close"),
        *more,
    ]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
