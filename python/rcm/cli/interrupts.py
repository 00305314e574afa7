"""Work that Ctrl-C and SIGTERM stop at once, whatever it is doing.

Python runs signal handlers between two steps of the main thread, so the main thread does nothing
but wait in short waits while another thread works. Stopping does not wait for that thread: the
index is written so that a process may end at any point, and what was committed stays.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from types import FrameType
from typing import NoReturn, TypeVar

from rcm.cli.exits import Stopped
from rcm.present.progress import ProgressBar

T = TypeVar("T")

WAIT_S = 0.1
"""Time between two looks at the progress; a signal or the end of the work interrupts the wait."""


def interruptible(work: Callable[[], T], bar: ProgressBar | None = None) -> T:
    """Runs `work` in a thread of its own and draws its progress meanwhile, if there is a bar.

    Raises:
        Stopped: If a signal came; `work` may still be running.
        BaseException: Whatever `work` raised.
    """
    results: list[T] = []
    errors: list[BaseException] = []
    done = threading.Event()

    def run() -> None:
        try:
            results.append(work())
        except BaseException as error:  # noqa: BLE001 (raised again below)
            errors.append(error)
        finally:
            done.set()

    try:
        threading.Thread(target=run, name="rcm-command", daemon=True).start()
        # Without a timeout the wait costs nothing, and a signal interrupts it all the same.
        while not done.wait(None if bar is None else WAIT_S):
            if bar is not None:
                bar.tick()
    except Stopped as stopped:
        stopped.began_writing = bar is not None and bar.moved
        raise
    finally:
        if bar is not None:
            bar.close()
    if errors:
        raise errors[0]
    return results[0]


@contextlib.contextmanager
def signals_stop() -> Iterator[None]:
    """Turns SIGINT and SIGTERM into `Stopped`, unless the parent process had them ignored."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    wanted = (signal.SIGINT, signal.SIGTERM)
    before = {s: signal.getsignal(s) for s in wanted if signal.getsignal(s) != signal.SIG_IGN}
    for number in before:
        signal.signal(number, _stop)
    stopped = False
    try:
        yield
    except Stopped:
        stopped = True  # the process is about to end; further signals stay ignored
        raise
    finally:
        for number, handler in () if stopped else before.items():
            signal.signal(number, handler)


def leave(code: int) -> NoReturn:
    """Ends the process now, without waiting for threads that still work."""
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError, ValueError, AttributeError):
            stream.flush()
    os._exit(code)


def _stop(number: int, _frame: FrameType | None) -> NoReturn:
    for other in (signal.SIGINT, signal.SIGTERM):
        signal.signal(other, signal.SIG_IGN)  # a second Ctrl-C must not break the way out
    raise Stopped(number)
