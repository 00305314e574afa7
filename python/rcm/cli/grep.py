"""`rcm grep`: every line that matches, in every file that an index would hold, as they are now."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING

from rcm.cli import exits
from rcm.cli.arguments import add_index_dir
from rcm.cli.console import write_notice, write_result
from rcm.cli.interrupts import interruptible
from rcm.cli.output import Output, add_context, add_filters, add_output, shown_path, write_paged
from rcm.cli.tree import chosen_root
from rcm.present.escape import escape_path
from rcm.present.lines import render_matches
from rcm.present.progress import ProgressBar
from rcm.present.style import is_terminal
from rcm.present.summary import render_searched

if TYPE_CHECKING:
    from rcm.index import Index
    from rcm.reports.exact import GrepReport, MatchedLine

SUMMARY = "find every line that matches a pattern, as the files are now"
EXAMPLES = """\
  rcm grep 'fn \\w+_backward'           a regular expression, in the syntax of Rust's regex
  rcm grep -F 'a[0]' ~/src/tool        plain text
  rcm grep -iw todo -t py -g '!tests/**' -C 2
  rcm grep -l GradientsAccumulator | xargs wc -l
  rcm grep --vimgrep -w retry          for an editor's list of places
  rcm grep -- --no-verify              a pattern that begins with a dash
The files are those that an index of the tree holds or would hold; all of them are read, so what is
not found is not there. Secrets are replaced before the search. No index is needed.
Exit status, as grep's: 0 found, 1 nothing found, 2 error, or a file could not be read."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of `rcm grep`."""
    parser.add_argument(
        "words", metavar="PATTERN [DIR ...]", nargs="*", help="what to look for, where"
    )
    parser.add_argument(
        "-e", "--regexp", metavar="PATTERN", action="append", help="a pattern; of several, any"
    )
    parser.add_argument(
        "-F", "--fixed-strings", action="store_true", help="patterns are plain text"
    )
    parser.add_argument("-i", "--ignore-case", action="store_true", help="upper case is lower case")
    parser.add_argument("-w", "--word-regexp", action="store_true", help="match whole words only")
    parser.add_argument(
        "-c", "--count", action="store_true", help="only how many lines match, by file"
    )
    parser.add_argument("-q", "--quiet", action="store_true", help="only the exit status")
    numbers = parser.add_mutually_exclusive_group()
    numbers.add_argument(
        "-n", "--line-number", action="store_true", help="line numbers (the default)"
    )
    numbers.add_argument("-N", "--no-line-number", action="store_true", help="no line numbers")
    parser.add_argument(
        "--stats",
        action="store_true",
        help="say on standard error how many files were looked at (on a terminal it is said anyway)",
    )
    add_context(parser)
    add_filters(parser)
    add_output(parser)
    add_index_dir(parser)


def run(args: argparse.Namespace) -> int:
    """Searches, and prints as it finds."""
    patterns, folders = _patterns(args)
    output = Output.of(args)
    roots = [chosen_root(folder) for folder in folders] or [chosen_root(None)]
    printer = _Printer(args, output)

    def search() -> list[GrepReport]:
        from rcm.workspace import Workspace

        with Workspace.open(roots, index_dir=args.index_dir) as trees:
            indexes = [trees.index(root) for root in trees.roots]
            return [_search(args, index, patterns, printer) for index in indexes]

    reports = interruptible(search, ProgressBar(None, enabled=False))
    printer.finish(reports)
    for report in reports:
        for failure in report.failures:
            write_notice(f"{escape_path(failure.path)}: {escape_path(failure.error)}\n")
        if args.stats or (is_terminal(sys.stderr) and not args.quiet):
            write_notice(
                render_searched(
                    report,
                )
            )
    if any(report.failures for report in reports) and not (args.quiet and printer.lines_found):
        return exits.ERROR
    return exits.FOUND if printer.lines_found else exits.NOTHING


def _patterns(args: argparse.Namespace) -> tuple[str, list[str]]:
    """Return the patterns, one a line, and the folders."""
    if args.regexp:
        return "\n".join(args.regexp), args.words
    if not args.words:
        raise exits.UsageError("no pattern", hint="rcm grep PATTERN, or rcm grep -e PATTERN")
    return args.words[0], args.words[1:]


def _search(args: argparse.Namespace, index: Index, text: str, printer: _Printer) -> GrepReport:
    from rcm.filters import Filters
    from rcm.grep import Grep, Pattern

    pattern = Pattern(
        text,
        fixed=args.fixed_strings,
        ignore_case=args.ignore_case,
        word=args.word_regexp,
        before=printer.output.before,
        after=printer.output.after,
    )
    filters = Filters.of(args.language, args.glob, classes=args.classes)
    try:
        search = Grep(index.root, pattern, filters, index.scan_options())
    except ValueError as error:
        raise exits.UsageError(str(error), hint="-F takes the pattern as plain text") from None
    for lines in search:
        printer.take(lines)
        if args.quiet and printer.lines_found:
            break
    return search.report()


class _Printer:
    """Prints each block of lines when it is there, in the form that was asked for."""

    def __init__(self, args: argparse.Namespace, output: Output) -> None:
        self._args, self.output = args, output
        self.lines_found = 0
        self._last = ("", 0) if output.has_context else None
        self._first = True
        self._kept: list[MatchedLine] = []
        self._shown: list[str] = []
        # What may go through a pager is gathered; the rest is written at once.
        self._gathers = is_terminal(sys.stdout) and not args.no_pager

    def take(self, lines: list[MatchedLine]) -> None:
        """Take one block of whole files."""
        found = [line for line in lines if line.matched]
        self.lines_found += len(found)
        if self._args.quiet or not lines:
            return
        if self._args.json:
            self._kept += lines
        elif self._args.jsonl:
            from rcm.present.json import match_object, render_json

            self._write("".join(render_json(match_object(line)) for line in lines))
        elif self._args.files or self._args.count:
            self._write(self._by_file(found))
        else:
            self._write(self._rendered(lines))

    def finish(self, reports: list[GrepReport]) -> None:
        """Write what could not be written before."""
        if self._args.json and not self._args.quiet:
            from rcm.present.json import grep_object, render_json

            self._write(render_json(grep_object(reports, self._kept)))
        if self._shown:
            write_paged("".join(self._shown), paged=True)

    def _write(self, text: str) -> None:
        if self._gathers:
            self._shown.append(text)
        else:
            write_result(text)

    def _by_file(self, found: list[MatchedLine]) -> str:
        counts: dict[tuple[str, str], int] = {}
        for line in found:
            counts[line.root, line.path] = counts.get((line.root, line.path), 0) + 1
        zero = self.output.end == "\0"
        out = []
        for (root, path), number in counts.items():
            name = shown_path(root, path)
            name = name if zero else self.output.links.around(escape_path(name), root, path)
            out.append(f"{name}:{number}\n" if self._args.count else f"{name}{self.output.end}")
        return "".join(out)

    def _rendered(self, lines: list[MatchedLine]) -> str:
        text = render_matches(
            lines,
            shown_path,
            self.output.style,
            self.output.links,
            column=self._args.vimgrep,
            numbers=not self._args.no_line_number,
            after=self._last,
        )
        if self._last is not None:
            self._last = (lines[-1].path, lines[-1].line)
        if self._first and self._last is not None:
            text = text.split("\n", 1)[1]  # no gap before the first line
        self._first = False
        return text
