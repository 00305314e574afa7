"""Asyncio: an index or a workspace for servers, where no call keeps the event loop waiting.

```python
from rcm.aio import AsyncIndex

async with AsyncIndex.open("path/to/repository") as index:
    await index.update()
    results = await index.search("where are retries handled")
```

Each call runs in a thread of its own small pool; several may run at once. A call that is cancelled
returns at once: a search ends unheard, an update stops at its next report of progress, and what it
had committed stays, as after Ctrl-C. Leaving the `async with`, or `close`, waits for what still runs.
"""

from __future__ import annotations

import asyncio
import functools
import os
import threading
from collections.abc import Callable, Coroutine, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from types import TracebackType
from typing import TYPE_CHECKING, Any, Concatenate, Generic, ParamSpec, Self, TypeVar

from rcm.index import Index
from rcm.workspace import Workspace

if TYPE_CHECKING:
    from rcm.reports.update import Progress

P = ParamSpec("P")
R = TypeVar("R")
T = TypeVar("T", Index, Workspace)

#: Calls that run at once; more wait in the order in which they came. Searches share the processor's
#: cores anyway, and an update takes one thread of these.
CALLS_AT_ONCE = 8


class _AbandonedError(Exception):
    """The call that an update belongs to was cancelled."""


def _awaited(
    method: Callable[Concatenate[T, P], R],
) -> Callable[Concatenate[_Async[T], P], Coroutine[Any, Any, R]]:
    """Make of a method one that is awaited."""

    async def call(self: _Async[T], /, *args: P.args, **kwargs: P.kwargs) -> R:
        return await self._run(functools.partial(method, self._wrapped, *args, **kwargs))

    functools.update_wrapper(call, method)
    return call


def _stoppable(
    method: Callable[Concatenate[T, P], R],
) -> Callable[Concatenate[_Async[T], P], Coroutine[Any, Any, R]]:
    """Make of a method that reports progress one that is awaited, and that stops when cancelled.

    `progress` is called in the event loop.
    """

    async def call(self: _Async[T], /, *args: P.args, **kwargs: P.kwargs) -> R:
        stop, loop = threading.Event(), asyncio.get_running_loop()
        told: Any = kwargs.get("progress")

        def report(progress: Progress) -> None:
            if stop.is_set():
                raise _AbandonedError
            if told is not None:
                loop.call_soon_threadsafe(told, progress)

        kwargs["progress"] = report
        try:
            return await self._run(functools.partial(method, self._wrapped, *args, **kwargs))
        except asyncio.CancelledError:
            stop.set()
            raise

    functools.update_wrapper(call, method)
    return call


class _Async(Generic[T]):
    """What both have: the pool, and the way out."""

    def __init__(self, wrapped: T) -> None:
        """Takes what is called in threads; use `open` to make one."""
        self._wrapped: T = wrapped
        self._pool = ThreadPoolExecutor(CALLS_AT_ONCE, thread_name_prefix="rcm-async")
        self._running: set[Future[Any]] = set()

    async def _run(self, work: Callable[[], R]) -> R:
        future = self._pool.submit(work)
        self._running.add(future)
        future.add_done_callback(self._running.discard)
        return await asyncio.wrap_future(future)

    async def close(self) -> None:
        """Wait for what still runs, then let go of open files and threads; not to be used again."""
        waiting = asyncio.to_thread(self._pool.shutdown, cancel_futures=True)
        await asyncio.shield(waiting)
        self._wrapped.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.close()


class AsyncIndex(_Async[Index]):
    """An `Index` whose methods are awaited; arguments, results and errors are the same."""

    @classmethod
    def open(
        cls,
        path: str | os.PathLike[str],
        *,
        index_dir: str | os.PathLike[str] | None = None,
        embedder: str | None = None,
        qdrant_url: str | None = None,
    ) -> Self:
        """Open the index of a tree, as `Index.open` does; nothing is read before it is used."""
        return cls(Index.open(path, index_dir=index_dir, embedder=embedder, qdrant_url=qdrant_url))

    update = _stoppable(Index.update)
    refresh = _stoppable(Index.refresh)
    search = _awaited(Index.search)
    definitions = _awaited(Index.definitions)
    find_related = _awaited(Index.find_related)
    grep = _awaited(Index.grep)
    read = _awaited(Index.read)
    corrections = _awaited(Index.corrections)
    knows = _awaited(Index.knows)
    status = _awaited(Index.status)
    doctor = _awaited(Index.doctor)
    exists = _awaited(Index.exists)
    clear = _awaited(Index.clear)


class AsyncWorkspace(_Async[Workspace]):
    """A `Workspace` whose methods are awaited; arguments, results and errors are the same."""

    @classmethod
    def open(
        cls,
        roots: Sequence[str | os.PathLike[str]],
        *,
        index_dir: str | os.PathLike[str] | None = None,
        embedder: str | None = None,
    ) -> Self:
        """Open the indexes of some trees, as `Workspace.open` does."""
        return cls(Workspace.open(roots, index_dir=index_dir, embedder=embedder))

    @property
    def roots(self) -> tuple[str, ...]:
        """Absolute paths of the trees."""
        return self._wrapped.roots

    update = _stoppable(Workspace.update)
    refresh = _stoppable(Workspace.refresh)
    search = _awaited(Workspace.search)
    corrections = _awaited(Workspace.corrections)
    find_related = _awaited(Workspace.find_related)
    read = _awaited(Workspace.read)
    status = _awaited(Workspace.status)
