"""Who may ask: the secrets of one run of the server, and the names under which it is reached.

Any program of this user can connect to a port of the loopback device, and so can other users of the
machine and, through a browser, any web page. So an answer needs a secret that only the terminal of
`rcm serve` has shown, and a `Host` and `Origin` that only our own page sends.
"""

from __future__ import annotations

import hmac
import secrets
import threading
import time
from collections.abc import Mapping

#: Bytes of each secret: 256 bits.
_SECRET_BYTES = 32
#: Seconds for which the address given to a browser by `--open` can be used, once.
TICKET_SECONDS = 120.0


class Access:
    """What one running server demands of a request.

    Args:
        port: The port that it listens on.

    Attributes:
        token: In the address that is printed; also taken as `Authorization: Bearer`.
        session: What the browser's cookie holds instead of the token.
    """

    def __init__(self, port: int) -> None:
        self.token = secrets.token_urlsafe(_SECRET_BYTES)
        self.session = secrets.token_urlsafe(_SECRET_BYTES)
        # Cookies do not tell ports apart: servers side by side must not overwrite each other's.
        self.cookie = f"rcm-{port}"
        names = ("127.0.0.1", "localhost")
        self.hosts = frozenset(f"{name}:{port}" for name in names)
        self.origins = frozenset(f"http://{host}" for host in self.hosts)
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
        if _equal(token, self.token):
            return True
        with self._lock:
            expires = self._tickets.pop(token, None)
        return expires is not None and time.monotonic() < expires

    def knows(self, headers: Mapping[str, str]) -> bool:
        """Tell whether a request carries the session's cookie or the token."""
        scheme, _, bearer = headers.get("authorization", "").partition(" ")
        if scheme.lower() == "bearer" and _equal(bearer.strip(), self.token):
            return True
        return any(
            _equal(value, self.session)
            for name, value in _cookies(headers.get("cookie", ""))
            if name == self.cookie
        )

    def refusal(self, headers: Mapping[str, str]) -> str | None:
        """Say why a request cannot come from our page or a program of the user, or return None.

        A page elsewhere that has its name point here (DNS rebinding) sends a foreign `Host`; one
        that calls us by our own name sends a foreign `Origin`, or at least `Sec-Fetch-Site`.
        """
        if headers.get("host", "") not in self.hosts:
            return "this server answers to 127.0.0.1 and localhost only"
        origin = headers.get("origin")
        if origin is not None and origin not in self.origins:
            return "requests from other origins are refused"
        navigates = headers.get("sec-fetch-mode") == "navigate"
        if headers.get("sec-fetch-site") in ("cross-site", "same-site") and not navigates:
            return "requests from other sites are refused"
        return None

    def set_cookie(self) -> str:
        """Return the value of `Set-Cookie` that opens the session."""
        return f"{self.cookie}={self.session}; Path=/; HttpOnly; SameSite=Strict"


def _equal(given: str, secret: str) -> bool:
    return hmac.compare_digest(given.encode("utf-8", "replace"), secret.encode())


def _cookies(header: str) -> list[tuple[str, str]]:
    pairs = (piece.partition("=") for piece in header.split(";"))
    return [(name.strip(), value.strip()) for name, _, value in pairs]
