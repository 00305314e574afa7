"""`rcm search`: answers a question about a tree."""

from __future__ import annotations

import argparse
import sys

from rcm.cli import exits
from rcm.cli.arguments import add_models, add_refresh, add_results, add_tree
from rcm.cli.console import write_notice, write_result
from rcm.cli.interrupts import interruptible
from rcm.cli.tree import Done, announce, chosen_root, make_searchable, open_index
from rcm.present.escape import escape_code
from rcm.present.progress import ProgressBar
from rcm.present.style import is_terminal, style_for
from rcm.present.terminal import render_results
from rcm.types import Refreshed, SearchResult

SUMMARY = "search a tree by meaning, words and symbols"
EXAMPLES = """\
  rcm search "where are retries configured"
  rcm search parse_config ~/src/tool -k 3
  rcm search "adam optimizer step" -l rust -g 'crates/**' --explain
  rcm search "open a file" --mode bm25 --json | jq -r '.results[].path'
  rcm search -- --no-verify      a query that begins with a dash
A tree without an index is indexed first.
Exit status: 0 found, 1 nothing found, 2 error, 3 stale index."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of `rcm search`."""
    parser.add_argument("query", metavar="QUERY", help="words, a symbol, or a question")
    add_tree(parser)
    parser.add_argument(
        "--mode",
        choices=("hybrid", "bm25", "semantic"),
        default="hybrid",
        help="by words and meaning, by words only, by meaning only (default: hybrid)",
    )
    parser.add_argument(
        "-l",
        "--language",
        metavar="LANG",
        action="append",
        help="only this language, such as rust or python; may be repeated",
    )
    parser.add_argument(
        "-g",
        "--glob",
        metavar="GLOB",
        action="append",
        help="only paths that match, such as 'src/**/*.py'; may be repeated",
    )
    order = parser.add_mutually_exclusive_group()
    order.add_argument(
        "--rerank",
        metavar="MODEL",
        help="let a cross-encoder read the first 30 results: a name that fastembed has in its cache, "
        "or a folder with its ONNX files (default: none)",
    )
    order.add_argument(
        "--no-rerank",
        action="store_true",
        help="chunks in the order of words and meaning alone, for comparison",
    )
    add_refresh(parser)
    add_models(parser)
    add_results(parser)


def run(args: argparse.Namespace) -> int:
    """Searches and prints the results."""
    if not args.query.strip():
        raise exits.UsageError("empty query", hint="give a word, a symbol or a question")
    _check_directory(args)
    bar = ProgressBar(sys.stderr, enabled=is_terminal(sys.stderr))

    def search() -> tuple[list[SearchResult], dict[str, str], str, Done]:
        with open_index(args, chosen_root(args.dir)) as index:
            done = make_searchable(index, bar, args.refresh)
            results = index.search(
                args.query,
                top_k=args.top_k,
                mode=args.mode,
                languages=args.language,
                paths=args.glob,
                rerank=not args.no_rerank,
                reranker=args.rerank,
            )
            return results, index.corrections(args.query), str(index.root), done

    results, corrections, root, done = interruptible(search, bar)
    announce(done)
    _say(corrections)
    if args.json:
        from rcm.present.json import render_json, results_object

        found = results_object(
            results,
            query=args.query,
            corrections=corrections,
            root=root,
            mode=args.mode,
            refreshed=done if isinstance(done, Refreshed) else None,
        )
        write_result(render_json(found))
    else:
        style = style_for(sys.stdout)
        write_result(render_results(results, args.query, style, explain=args.explain))
    return exits.FOUND if results else exits.NOTHING


def _say(corrections: dict[str, str]) -> None:
    for word, better in corrections.items():
        pair = (
            f"no {escape_code(repr(word))} in the index: searching for {escape_code(repr(better))}"
        )
        write_notice(f"{pair}\n")


def _check_directory(args: argparse.Namespace) -> None:
    try:
        if args.dir is not None:
            chosen_root(args.dir)
    except exits.UsageError as error:
        hint = f'quote a query of several words: rcm search "{args.query} {args.dir} ..."'
        raise exits.UsageError(str(error), hint=hint) from None
