"""`rcm search`: answers a question about a tree, or about several as one."""

from __future__ import annotations

import argparse
import io
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from rcm.cli import exits
from rcm.cli.arguments import add_index_dir, add_models, add_ranked, add_refresh, natural
from rcm.cli.console import write_notice
from rcm.cli.interrupts import interruptible
from rcm.cli.output import Output, add_context, add_filters, add_output, shown_path, write_paged
from rcm.cli.tree import Done, announce, chosen_root, make_searchable, open_index
from rcm.present.escape import escape_code, escape_path
from rcm.present.progress import ProgressBar
from rcm.present.snippet import Line
from rcm.present.style import is_terminal
from rcm.types import Refreshed, SearchResult

if TYPE_CHECKING:
    from rcm.index import Index
    from rcm.workspace import Workspace

SUMMARY = "search a tree by meaning, words and symbols"
EXAMPLES = """\
  rcm search "where are retries configured"
  rcm search parse_config ~/src/tool -k 3
  rcm search "adam optimizer step" -t rust -g 'crates/**' --explain
  rcm search "open a file" --kind fn --class code -C 3
  rcm search "rate limit" ~/src/api ~/src/web     several trees, one answer
  rcm search --symbol Pool.get                    where a name is defined
  rcm search "open a file" --mode bm25 --json | jq -r '.results[].path'
  rcm search -- --no-verify      a query that begins with a dash
  rcm search - < issue.md        an issue, a log or a trace, whole: what it begins with counts most
A tree without an index is indexed first.
Exit status: 0 found, 1 nothing found, 2 error, 3 stale index."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of `rcm search`."""
    parser.add_argument(
        "query",
        metavar="QUERY",
        help="words, a symbol, a question, an issue or a stack trace; - reads it from standard input",
    )
    parser.add_argument(
        "dirs",
        metavar="DIR",
        nargs="*",
        help="folders (default: the repository that the working directory is in)",
    )
    add_index_dir(parser)
    how = parser.add_mutually_exclusive_group()
    how.add_argument(
        "--mode",
        choices=("hybrid", "bm25", "semantic"),
        default="hybrid",
        help="by words and meaning, by words only, by meaning only (default: hybrid)",
    )
    how.add_argument(
        "--symbol",
        action="store_true",
        help="QUERY is the name of a symbol (Pool.get, LruCache): only where it is defined",
    )
    add_filters(parser)
    parser.add_argument(
        "--kind",
        metavar="KIND",
        action="append",
        help="only where this is defined: function, method, class, struct, ...; may be repeated",
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
    add_ranked(parser)
    parser.add_argument(
        "--also",
        metavar="N",
        type=natural,
        default=2,
        help="further places told of the files of the first three results (default: 2)",
    )
    add_context(parser)
    add_output(parser)
    add_refresh(parser)
    add_models(parser)


@dataclass(frozen=True, slots=True)
class _Answer:
    """What a search gave, and the trees it was put to."""

    results: list[SearchResult]
    corrections: dict[str, str]
    roots: list[str]
    done: list[Done]
    around: list[list[Line]] | None


def run(args: argparse.Namespace) -> int:
    """Searches and prints the results."""
    piped = args.query == "-"
    if piped:
        args.query = _piped()
    if not args.query.strip():
        raise exits.UsageError("empty query", hint="give a word, a symbol or a question")
    output = Output.of(args)
    roots = _roots(args)
    bar = ProgressBar(sys.stderr, enabled=is_terminal(sys.stderr))

    def search() -> _Answer:
        if len(roots) == 1:
            with open_index(args, roots[0]) as index:
                return _ask(args, output, index, [index], bar)
        from rcm.workspace import Workspace

        with Workspace.open(roots, index_dir=args.index_dir, embedder=args.embedder) as workspace:
            indexes = [workspace.index(root) for root in workspace.roots]
            return _ask(args, output, workspace, indexes, bar)

    answer = interruptible(search, bar)
    for done in answer.done:
        announce(done)
    from rcm.search import LONGEST_QUERY

    for word, better in answer.corrections.items():
        was, now = escape_code(repr(word)), escape_code(repr(better))
        write_notice(f"no {was} in the index: searching for {now}\n")
    if len(args.query) > LONGEST_QUERY:
        most = f"{LONGEST_QUERY:,}"
        length = f"more than {most}" if piped else f"{len(args.query):,}"
        write_notice(f"query of {length} characters: only the first {most} are searched for\n")
    write_paged(_rendered(args, output, answer), paged=not args.no_pager)
    return exits.FOUND if answer.results else exits.NOTHING


def _piped() -> str:
    """Return what stands on standard input, as much of it as a search looks at and one character."""
    from rcm.search import LONGEST_QUERY

    if sys.stdin is None:  # closed by whoever started the command
        return ""
    if isinstance(sys.stdin, io.TextIOWrapper):
        sys.stdin.reconfigure(errors="replace")  # a log may hold any bytes
    return sys.stdin.read(LONGEST_QUERY + 1)


def _roots(args: argparse.Namespace) -> list[Path]:
    """Return the folders, each once.

    Raises:
        UsageError: If there is no such folder: most often a query that was not quoted.
    """
    try:
        roots = [chosen_root(folder).resolve() for folder in args.dirs]
    except exits.UsageError as error:
        words = escape_path(" ".join([args.query, *args.dirs]))
        hint = f'quote a query of several words: rcm search "{words} ..."'
        from rcm.filters import is_language

        if args.files and is_language(args.dirs[0]):
            hint = f"-l prints paths only; -t {args.dirs[0]} is the language"
        raise exits.UsageError(str(error), hint=hint) from None
    if len(roots) > 1 and args.qdrant_url:
        raise exits.UsageError("--qdrant-url is for one folder", hint="index each folder with it")
    return list(dict.fromkeys(roots)) or [chosen_root(None)]


def _ask(
    args: argparse.Namespace,
    output: Output,
    asked: Index | Workspace,
    indexes: Sequence[Index],
    bar: ProgressBar,
) -> _Answer:
    from rcm.filters import Filters

    filters = {
        "languages": args.language,
        "paths": args.glob,
        "kinds": args.kind,
        "classes": args.classes,
    }
    Filters.of(**filters)  # what is wrong with them is said before a tree is indexed
    done = [make_searchable(index, bar, args.refresh) for index in indexes]
    if args.symbol:
        found = [index.definitions(args.query, **filters) for index in indexes]
        every = [result for results in found for result in results]
        results = sorted(every, key=lambda result: -result.score)[: args.top_k]
        corrections: dict[str, str] = {}
    else:
        results = asked.search(
            args.query,
            top_k=args.top_k,
            mode=args.mode,
            rerank=not args.no_rerank,
            reranker=args.rerank,
            also=0 if args.files or args.vimgrep else args.also,
            **filters,
        )
        corrections = asked.corrections(args.query)
    roots = [str(index.root) for index in indexes]
    around = None
    if output.has_context and not (args.json or args.jsonl or args.files or args.vimgrep):
        by_root = dict(zip(roots, indexes, strict=True))
        around = [
            _around(by_root[result.root or roots[0]], result, args.query, output)
            for result in results
        ]
    return _Answer(results, corrections, roots, done, around)


def _around(index: Index, result: SearchResult, query: str, output: Output) -> list[Line]:
    from rcm.present.context import with_context
    from rcm.present.snippet import choose_lines, find_words, query_pattern

    words = find_words(result.text, query_pattern(query))
    chosen = choose_lines(words, result.start_line, result.symbol)
    return with_context(
        chosen,
        lambda first, last: index.read(result.path, first, last).text,
        before=output.before,
        after=output.after,
    )


def _rendered(args: argparse.Namespace, output: Output, answer: _Answer) -> str:
    if args.json:
        from rcm.present.json import render_json, results_object

        refreshed = [done for done in answer.done if isinstance(done, Refreshed)]
        return render_json(
            results_object(
                answer.results,
                query=args.query,
                corrections=answer.corrections,
                roots=answer.roots,
                mode="symbol" if args.symbol else args.mode,
                refreshed=refreshed[0] if len(refreshed) == len(answer.roots) == 1 else None,
            )
        )
    if args.jsonl:
        from rcm.present.json import render_json, result_object

        return "".join(render_json(result_object(result)) for result in answer.results)
    if args.files:
        return _paths(output, answer)
    if args.vimgrep:
        from rcm.present.lines import render_places

        return render_places(answer.results, args.query, shown_path, output.style, output.links)
    from rcm.present.terminal import render_results

    around = iter(answer.around or ())
    return render_results(
        answer.results,
        args.query,
        output.style,
        explain=args.explain,
        around=(lambda _result, _shown: next(around)) if answer.around is not None else None,
        name=shown_path if len(answer.roots) > 1 else None,
        links=output.links,
    )


def _paths(output: Output, answer: _Answer) -> str:
    names = {(result.root, result.path): None for result in answer.results}
    shown = ((shown_path(root, path), root, path) for root, path in names)
    if output.end == "\0":
        return "".join(f"{name}\0" for name, _, _ in shown)
    links = output.links
    return "".join(f"{links.around(escape_path(name), root, path)}\n" for name, root, path in shown)
