"""The server: a socket on the loopback device, and uvicorn behind it."""

from __future__ import annotations

import errno
import socket
from typing import Any

import uvicorn

from rcm.loopback import listen
from rcm.web.access import Access
from rcm.web.app import build_app
from rcm.web.service import Service

#: Tried first, so that addresses and bookmarks stay the same; any free one when it is taken.
DEFAULT_PORT = 7433
#: Bytes of a request's line and headers: a query of `parameters.MAX_QUERY` characters, each three
#: escaped bytes, fits.
_MAX_HEAD = 128 * 1024
_KEEP_ALIVE_SECONDS = 75
#: Connections at a time, idle ones included.
_MAX_CONNECTIONS = 256


def bind(port: int | None) -> socket.socket:
    """Listen on 127.0.0.1, on no other address.

    Args:
        port: The port, 0 for any free one; None prefers `DEFAULT_PORT`.

    Raises:
        OSError: If the port is taken or may not be used.
    """
    try:
        return listen(DEFAULT_PORT if port is None else port)
    except OSError as error:
        if port is not None or error.errno != errno.EADDRINUSE:
            raise
        return listen(0)


def make_server(service: Service, access: Access, **limits: Any) -> uvicorn.Server:
    """Return the server; its `run(sockets=[...])` answers requests until `should_exit` is set.

    Args:
        service: What is asked.
        access: Who may ask.
        limits: Those of `Guard`.
    """
    return uvicorn.Server(
        uvicorn.Config(
            build_app(service, access, **limits),
            http="h11",
            ws="none",
            loop="asyncio",
            lifespan="off",
            interface="asgi3",
            log_config=None,
            log_level="critical",
            access_log=False,
            server_header=False,
            proxy_headers=False,
            limit_concurrency=_MAX_CONNECTIONS,
            timeout_keep_alive=_KEEP_ALIVE_SECONDS,
            timeout_graceful_shutdown=1,
            h11_max_incomplete_event_size=_MAX_HEAD,
        )
    )
