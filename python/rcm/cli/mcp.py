"""`rcm mcp`: serves coding agents."""

from __future__ import annotations

import argparse
import os
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from rcm.cli import exits
from rcm.cli.interrupts import interruptible, leave
from rcm.cli.tree import chosen_root, working_directory

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rcm.mcp.trees import Trees

SUMMARY = "serve coding agents over MCP, on standard input and output or on HTTP"
EXAMPLES = """\
  rcm mcp                         what an agent's configuration starts, in the folder it works in
  rcm mcp ~/src/tool ~/src/lib    two trees, asked as one
  rcm mcp --http                  one server for many agents, http://127.0.0.1:7347/mcp
  rcm mcp --http 0 ~/src/tool     on any free port
Ends when its input ends. docs/agents.md says how to set agents up."""
DEFAULT_PORT = 7347


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of `rcm mcp`."""
    parser.add_argument(
        "dirs",
        metavar="DIR",
        nargs="*",
        help="folders to search (default: those the client names, else the repository around the "
        "working directory)",
    )
    parser.add_argument(
        "--http",
        metavar="PORT",
        nargs="?",
        type=_port,
        const=DEFAULT_PORT,
        help="serve on this port of 127.0.0.1, with a bearer token (default port: "
        f"{DEFAULT_PORT}; 0: any free one)",
    )
    parser.add_argument(
        "--refresh",
        choices=("auto", "never", "always"),
        default="auto",
        help="whether indexes are brought up to date before they are asked: when that takes no "
        "more than a second, never, or always (default: auto)",
    )
    parser.add_argument(
        "--index-dir",
        metavar="DIR",
        help="where the index is kept; of several trees, a folder with one for each (default: the "
        "user's cache directory)",
    )
    parser.add_argument(
        "--embedder",
        metavar="SPEC",
        help="as in `rcm index` (default: what each index was made with)",
    )
    parser.add_argument("--verbose", action="store_true", help="log every request to stderr")


def run(args: argparse.Namespace) -> NoReturn:
    """Serves until the client goes; ends the process."""
    folders = [chosen_root(directory) for directory in args.dirs]
    start = working_directory()
    os.environ.setdefault("HF_HUB_OFFLINE", "1")

    def serve() -> None:
        from rcm.mcp.jobs import Jobs
        from rcm.mcp.logs import log_to_stderr
        from rcm.mcp.roots import always, of_client
        from rcm.mcp.trees import Trees

        jobs = Jobs()

        def opened(roots: Sequence[Path]) -> Trees:
            return Trees(
                roots,
                jobs,
                index_dir=args.index_dir,
                embedder=args.embedder,
                policy=args.refresh,
            )

        log_to_stderr(verbose=args.verbose)
        if args.http is not None:
            from rcm.mcp.http import serve_http

            serve_http(always(opened(folders or [chosen_root(None, near=start)])), args.http)
        else:
            from rcm.mcp.stdio import serve_stdio

            trees = always(opened(folders)) if folders else of_client(start, opened)
            serve_stdio(trees, lambda: leave(exits.FOUND))

    interruptible(serve)
    # An indexing run may be under way in a thread; what it has committed stays.
    leave(exits.FOUND)


def _port(text: str) -> int:
    if not (text.isascii() and text.isdigit()) or int(text) > 65_535:
        raise argparse.ArgumentTypeError(f"{text!r} is not a port, 0 to 65535")
    return int(text)
