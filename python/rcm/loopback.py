"""Loopback: the sockets that the servers listen on, of this machine only."""

from __future__ import annotations

import socket

HOST = "127.0.0.1"


def listen(port: int, backlog: int = 128) -> socket.socket:
    """Listen on 127.0.0.1, on no other address.

    Args:
        port: The port; 0 takes any free one.
        backlog: Connections that wait to be accepted, at most.

    Raises:
        OSError: If the port is taken or may not be used.
    """
    # asyncio turns Nagle's algorithm off only for sockets that say that they are TCP; with it, each answer
    # waits 40 ms for an acknowledgement.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((HOST, port))
        listener.listen(backlog)
    except OSError:
        listener.close()
        raise
    return listener
