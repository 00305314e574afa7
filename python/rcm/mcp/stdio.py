"""Standard streams: one client, the process that started us."""

from __future__ import annotations

import os
import select
import threading
from collections.abc import Callable
from typing import Any

import anyio
from anyio.abc import ObjectReceiveStream, ObjectSendStream
from mcp.server.stdio import stdio_server
from mcp_types import JSONRPCError, JSONRPCRequest, JSONRPCResponse

from rcm.mcp.server import Choose, make_server

#: Seconds that calls in hand are given when the input ends: `echo ... | rcm mcp` gets its answers, and a
#: client that has gone is not waited for. The server ends within a second.
_GRACE_S = 0.6
_LOOK_S = 0.02


def serve_stdio(choose: Choose, unread: Callable[[], object]) -> None:
    """Serve the client at the other end of standard input and output until it closes them.

    Nothing but the protocol is written to standard output: the SDK keeps a duplicate of it for itself
    and points the descriptor at standard error, so that native code cannot write there either.

    Args:
        choose: Gives the trees that a call is about.
        unread: Ends the process; called in a thread of its own once nobody reads the output any
            more. A client that only stops reading would else keep the server waiting for its input.
    """
    watcher = threading.Thread(target=_wait_for_reader_to_go, args=(os.dup(1), unread), daemon=True)
    watcher.start()
    try:
        anyio.run(_serve, choose)
    except* (BrokenPipeError, anyio.BrokenResourceError):
        pass  # the same, seen here first: there is nobody to serve, and nobody to tell


def _wait_for_reader_to_go(output: int, unread: Callable[[], object]) -> None:
    poll = select.poll()
    poll.register(output, 0)  # errors and hang-ups are told without being asked for
    poll.poll()
    unread()


async def _serve(choose: Choose) -> None:
    server = make_server(choose)
    unanswered: set[object] = set()
    async with stdio_server() as (incoming, outgoing), anyio.create_task_group() as group:
        to_server, asked = anyio.create_memory_object_stream[Any]()
        to_client, answered = anyio.create_memory_object_stream[Any]()
        group.start_soon(_requests, incoming, to_server, unanswered)
        group.start_soon(_answers, answered, outgoing, unanswered)
        await server.run(asked, to_client, server.create_initialization_options())


async def _requests(
    incoming: Any, to_server: ObjectSendStream[Any], unanswered: set[object]
) -> None:
    """Hand messages on; when there are no more, end the server once all are answered, or soon."""
    async with to_server:
        async for item in incoming:
            message = getattr(item, "message", None)
            if isinstance(message, JSONRPCRequest):
                unanswered.add(message.id)
            await to_server.send(item)
        with anyio.move_on_after(_GRACE_S):
            while unanswered:
                await anyio.sleep(_LOOK_S)


async def _answers(
    answered: ObjectReceiveStream[Any], outgoing: Any, unanswered: set[object]
) -> None:
    async with outgoing:
        async for item in answered:
            await outgoing.send(item)
            if isinstance(item.message, JSONRPCResponse | JSONRPCError):
                unanswered.discard(item.message.id)
