"""Standard streams: one client, the process that started us."""

from __future__ import annotations

import anyio
from mcp.server.stdio import stdio_server

from rcm.mcp.server import Choose, make_server


def serve_stdio(choose: Choose) -> None:
    """Serve the client at the other end of standard input and output until it closes them.

    Nothing but the protocol is written to standard output: the SDK keeps a duplicate of it for itself
    and points the descriptor at standard error, so that native code cannot write there either.

    Args:
        choose: Gives the trees that a call is about.
    """
    try:
        anyio.run(_serve, choose)
    except* BrokenPipeError:
        pass  # the client reads no more: there is nobody to serve, and nobody to tell


async def _serve(choose: Choose) -> None:
    server = make_server(choose)
    async with stdio_server() as (incoming, outgoing):
        await server.run(incoming, outgoing, server.create_initialization_options())
