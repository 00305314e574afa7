"""`rcm serve`: the web page for people."""

from __future__ import annotations

import argparse
import errno
import socket
from typing import TYPE_CHECKING

from rcm.cli import exits
from rcm.cli.console import write_notice, write_result
from rcm.cli.interrupts import interruptible
from rcm.cli.tree import chosen_root, refuse_everything
from rcm.errors import IndexNotFoundError
from rcm.present.escape import escape_path

if TYPE_CHECKING:
    from rcm.web.access import Access
    from rcm.workspace import Workspace

SUMMARY = "search, read and watch indexes in a browser, on this machine only"
EXAMPLES = """\
  rcm serve                          this repository
  rcm serve ~/src/burn ~/src/tool    several trees, searched together
  rcm serve --open                   open the page in the browser
  rcm serve --port 8080              on this port (default: 7433, or any free one)
The address that is printed ends in a token: who has it may read the indexed files until Ctrl-C.
Exit status: 2 error, 4 not to be indexed unasked, 130 stopped by Ctrl-C."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of `rcm serve`."""
    parser.add_argument(
        "dirs",
        metavar="DIR",
        nargs="*",
        help="folders (default: the repository that the working directory is in)",
    )
    parser.add_argument(
        "--port", metavar="N", type=_port, help="port on 127.0.0.1; 0: any free one"
    )
    parser.add_argument("--open", action="store_true", help="open the page in the browser")
    parser.add_argument(
        "--index-dir",
        metavar="DIR",
        help="where the index is kept, of several folders one index in each folder of it "
        "(default: the user's cache directory)",
    )
    parser.add_argument(
        "--embedder",
        metavar="SPEC",
        help="as in `rcm index` (default: what each index was made with)",
    )


def run(args: argparse.Namespace) -> int:
    """Serves the page until a signal comes."""
    from rcm.web.access import Access
    from rcm.web.server import make_server
    from rcm.web.service import Service
    from rcm.workspace import Workspace

    roots = [chosen_root(directory) for directory in args.dirs or [None]]
    with Workspace.open(roots, index_dir=args.index_dir, embedder=args.embedder) as workspace:
        missing = _to_be_indexed(workspace)
        listener = _bind(args.port)
        access = Access(listener.getsockname()[1])
        service = Service(workspace)
        for root in missing:
            service.update(root, force=False)

        server = make_server(service, access)
        service.painter.start()
        _announce(access, missing)
        if args.open:
            _open(access)
        # Connections made before the server runs wait in the socket's queue.
        interruptible(lambda: server.run(sockets=[listener]))
    return exits.FOUND


def _to_be_indexed(workspace: Workspace) -> list[str]:
    """The trees without an index; the page tells how far their first run is."""
    missing = [root for root in workspace.roots if not workspace.index(root).exists()]
    for root in missing:
        try:
            refuse_everything(workspace.index(root))
        except exits.UsageError as error:
            raise IndexNotFoundError(f"not indexed: {error}", hint=error.hint) from None
    return missing


def _bind(port: int | None) -> socket.socket:
    from rcm.web.server import bind

    try:
        return bind(port)
    except OSError as error:
        if error.errno not in (errno.EADDRINUSE, errno.EACCES):
            raise
        reason = "is taken" if error.errno == errno.EADDRINUSE else "may not be used"
        raise exits.UsageError(
            f"port {port} {reason}", hint="--port 0 takes any free one"
        ) from None


def _announce(access: Access, missing: list[str]) -> None:
    for root in missing:
        write_notice(f"no index of {escape_path(root)} yet: making it\n")
    write_result(f"{access.link()}\n")
    write_notice("open this address in a browser on this machine; Ctrl-C ends the server\n")


def _open(access: Access) -> None:
    import webbrowser

    # A ticket, not the token: every user of the machine can read the arguments of the browser.
    if not webbrowser.open(access.ticket_link()):
        write_notice("no browser could be opened\n")


def _port(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and int(text) < 1 << 16):
        raise argparse.ArgumentTypeError(f"{text!r} is not a port from 0 to 65535")
    return int(text)
