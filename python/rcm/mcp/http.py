"""HTTP: many clients of this user on this machine, one server."""

from __future__ import annotations

import socket
import sys
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING

import anyio
import uvicorn
from mcp.server.streamable_http_manager import StreamableHTTPSessionManager
from mcp.server.transport_security import TransportSecuritySettings
from starlette.responses import PlainTextResponse

from rcm.guard import MOST_BODY_BYTES, Guard, bears, hosts_of, origins_of
from rcm.loopback import HOST, listen
from rcm.mcp.credentials import TOKEN_FILE, bearer_token
from rcm.mcp.impatience import ImpatientProtocol
from rcm.mcp.server import Choose, make_server
from rcm.settings import Settings

if TYPE_CHECKING:
    from starlette.datastructures import Headers
    from starlette.responses import Response
    from starlette.types import ASGIApp, Scope

PATH = "/mcp"
#: Requests at the same time; tools take fewer (`MOST_CALLS`), the others wait.
MOST_REQUESTS = 64
#: Seconds for a request to be answered; a call waits 45 s at most for indexing.
_ANSWER_S = 120.0
#: Connections at the same time, idle ones included.
_MOST_CONNECTIONS = 256
#: Bytes of the head of a request.
_MOST_HEAD_BYTES = 32 << 10


def serve_http(choose: Choose, port: int) -> None:
    """Serve MCP over streamable HTTP on the loopback address until the process ends.

    Requests are answered one by one, without sessions: a client may come and go, and so may the server.

    Args:
        choose: Gives the trees that a call is about.
        port: Where to listen; 0 takes any free port.

    Raises:
        OSError: If the port is taken, or the token can be neither read nor made.
        PermissionError: If others may read the token.
        ValueError: If its file holds none.
    """
    home = Settings.from_environment().home
    token, new = bearer_token(home)
    listening = _listen(port)
    port = listening.getsockname()[1]
    told = f"token (new): {token}\n" if new else ""
    sys.stderr.write(
        f"serving http://{HOST}:{port}{PATH}\n{told}"
        f"clients send it as 'Authorization: Bearer ...'; it is kept in {home / TOKEN_FILE}\n"
    )
    sys.stderr.flush()
    anyio.run(_serve, choose, listening, token, port)


class House:
    """What this server demands: the token, the one path, the one method.

    Args:
        token: What clients have to show.
    """

    def __init__(self, token: str) -> None:
        self._token = token

    def demand(self, scope: Scope, headers: Headers) -> Response | None:
        """Answer what is not for the tools."""
        if not bears(headers, self._token):
            refused = self.refusal(401, "the bearer token is missing or wrong")
            refused.headers["www-authenticate"] = "Bearer"
            return refused
        if scope["path"] != PATH:
            return self.refusal(404, f"there is only {PATH}")
        if scope["method"] != "POST":
            refused = self.refusal(405, "only POST is served")
            refused.headers["allow"] = "POST"
            return refused
        return None

    def refusal(self, status: int, reason: str) -> Response:
        """Say it in a line."""
        return PlainTextResponse(f"{reason}\n", status)


def _listen(port: int) -> socket.socket:
    try:
        return listen(port, _MOST_CONNECTIONS)
    except OSError as error:
        told = OSError(error.errno, error.strerror, f"{HOST}:{port}")
        told.hint = "another server may be running; --http 0 takes any free port"  # type: ignore[attr-defined]
        raise told from error


async def _serve(choose: Choose, listening: socket.socket, token: str, port: int) -> None:
    server = make_server(choose)
    security = TransportSecuritySettings(
        enable_dns_rebinding_protection=True,
        allowed_hosts=hosts_of(port),
        allowed_origins=origins_of(port),
    )

    def manager(*, json_response: bool) -> StreamableHTTPSessionManager:
        return StreamableHTTPSessionManager(
            server,
            json_response=json_response,
            stateless=True,
            security_settings=security,
            max_request_body_size=MOST_BODY_BYTES,
        )

    # A plain answer costs less than a stream, but only a stream can carry progress.
    plain, stream = manager(json_response=True), manager(json_response=False)

    def route(body: bytes) -> ASGIApp:
        wants_progress = b'"progressToken"' in body
        app: ASGIApp = (stream if wants_progress else plain).handle_request
        return app

    config = uvicorn.Config(
        Guard(route, port, House(token), most=MOST_REQUESTS, answer_s=_ANSWER_S),
        http=ImpatientProtocol,
        ws="none",
        loop="asyncio",
        lifespan="off",
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        limit_concurrency=_MOST_CONNECTIONS,
        h11_max_incomplete_event_size=_MOST_HEAD_BYTES,
        timeout_graceful_shutdown=1,
    )
    async with AsyncExitStack() as stack:
        for one in (plain, stream):
            await stack.enter_async_context(one.run())
        await uvicorn.Server(config).serve(sockets=[listening])
