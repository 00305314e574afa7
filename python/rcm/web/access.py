"""Who may ask: the secrets of one run of the server.

Any program of this user can connect to a port of the loopback device, and so can other users of the
machine and, through a browser, any web page. So an answer needs a secret that only the terminal of
`rcm serve` has shown.
"""

from __future__ import annotations

import secrets
import threading
import time
from typing import TYPE_CHECKING

from rcm.guard import bears, same

if TYPE_CHECKING:
    from starlette.datastructures import Headers

#: Bytes of each secret: 256 bits.
_SECRET_BYTES = 32
#: Seconds for which the address given to a browser by `--open` can be used, once.
TICKET_SECONDS = 120.0


class Access:
    """What one running server demands of a request.

    Args:
        port: The port that it listens on.

    Attributes:
        port: The port.
        token: In the address that is printed; also taken as `Authorization: Bearer`.
        session: What the browser's cookie holds instead of the token.
    """

    def __init__(self, port: int) -> None:
        self.token = secrets.token_urlsafe(_SECRET_BYTES)
        self.session = secrets.token_urlsafe(_SECRET_BYTES)
        self.port = port
        # Cookies do not tell ports apart: servers side by side must not overwrite each other's.
        self.cookie = f"rcm-{port}"
        self.address = f"http://127.0.0.1:{port}/"
        self._tickets: dict[str, float] = {}
        self._lock = threading.Lock()

    def link(self) -> str:
        """Return the address to print."""
        return f"{self.address}?token={self.token}"

    def ticket_link(self) -> str:
        """Return an address that works once and soon: arguments of programs are seen by all users."""
        ticket = secrets.token_urlsafe(_SECRET_BYTES)
        with self._lock:
            self._tickets[ticket] = time.monotonic() + TICKET_SECONDS
        return f"{self.address}?token={ticket}"

    def admits(self, token: str) -> bool:
        """Tell whether the token of an address is good; a ticket is used up by this."""
        if same(token, self.token):
            return True
        with self._lock:
            expires = self._tickets.pop(token, None)
        return expires is not None and time.monotonic() < expires

    def knows(self, headers: Headers) -> bool:
        """Tell whether a request carries the session's cookie or the token."""
        if bears(headers, self.token):
            return True
        return any(
            same(value, self.session)
            for name, value in _cookies(headers.get("cookie", ""))
            if name == self.cookie
        )

    def set_cookie(self) -> str:
        """Return the value of `Set-Cookie` that opens the session."""
        return f"{self.cookie}={self.session}; Path=/; HttpOnly; SameSite=Strict"


def _cookies(header: str) -> list[tuple[str, str]]:
    pairs = (piece.partition("=") for piece in header.split(";"))
    return [(name.strip(), value.strip()) for name, _, value in pairs]
