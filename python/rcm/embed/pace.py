"""Pace: when a request may go out, so that a server's limits per minute are kept."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable


class Pace:
    """Spaces requests evenly; shared by threads.

    Args:
        requests_per_minute: Most requests a minute, or None for no limit.
        tokens_per_minute: Most tokens a minute, or None for no limit.
        clock: Seconds of a clock that never goes back.
        sleep: Waits some seconds.
    """

    def __init__(
        self,
        requests_per_minute: float | None = None,
        tokens_per_minute: float | None = None,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._per_request = 60 / requests_per_minute if requests_per_minute else 0.0
        self._per_token = 60 / tokens_per_minute if tokens_per_minute else 0.0
        self._clock, self._sleep = clock, sleep
        self._lock = threading.Lock()
        self._next = clock()

    def wait(self, tokens: float) -> None:
        """Wait for the turn of a request of so many tokens; the first one goes at once."""
        with self._lock:
            start = max(self._next, self._clock())
            self._next = start + max(self._per_request, tokens * self._per_token)
            seconds = start - self._clock()
        if seconds > 0:
            self._sleep(seconds)
