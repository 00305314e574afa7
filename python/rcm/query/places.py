r"""Places: paths with lines that a query mentions, as stack traces, compilers and people write them.

```text
File "app/retry.py", line 12, in send        Python
at send (/srv/app/retry.js:12:5)             JavaScript
send@https://app.com/retry.js:12:5           JavaScript of Firefox and Safari
at com.app.Retry.send(Retry.java:12)         Java, Kotlin, Scala
at App.Retry.Send() in C:\app\Retry.cs:line 12
   4: app::retry::send                       Rust
             at ./src/retry.rs:12:5
app.(*Retry).Send(0xc000010000)              Go
        /srv/app/retry.go:12 +0x1d
#3  0x0000555 in send (n=1) at retry.c:12    gdb
    #3 0x555 in send /srv/app/retry.c:12:5   sanitizers
==7==    at 0x48: send (retry.c:12)          valgrind
retry.rb:12:in `send'                        Ruby
#0 /srv/app/Retry.php(12): App\Retry->send() PHP
(app 1.0.0) lib/retry.ex:12: App.Retry.send/1
src/retry.rs:12:5: error: ...                compilers, and people
```
"""

from __future__ import annotations

import bisect
import re
from typing import NamedTuple

_PATH = r"(?:[A-Za-z]:[\\/])?[\w.@+\-\\/~]*[\w\-]\.[A-Za-z]\w{0,9}"
#: Paths begin where their characters do: tried at every one, a long run of them would take for ever.
_BEGIN = r"(?<![\w.@+\-\\/~])"
#: Characters of a query, and of each line, that are looked at: traces are shorter.
_LONGEST, _LONGEST_LINE = 64 << 10, 2_000
# All patterns here are compiled when they are first used (`re` keeps them): hardly a query names a place.
_PLACE = (
    rf"{_BEGIN}(?P<path>{_PATH})"
    r"(?:[\"']?,? (?:on )?line |:line |:|\()(?P<line>[1-9]\d{0,6})\b(?::\d+)?\)?"
)
#: A path without a line: with a folder, or it would be any word with a dot.
_BARE = rf"(?<!:){_BEGIN}(?P<path>(?:[\w.@+\-~]*[\\/]){_PATH})(?![\w\\/])"
#: Lines with a place that only a trace or a compiler writes, with the function where they name one.
_FRAMES = (
    r"^\s*File [\"'].*line \d+(?:, in (?P<name>\w+))?",
    r"^\s*File \S+:\d+, in (?P<name>\w+)",
    r":\d+: in (?P<name>\w+)$",
    r":\d+:in [`'\"](?:block (?:\([^)]*\) )?in )?(?P<name>[\w.#:?!<> ]+)['\"]",
    r"^\s*at (?:async |new )?(?P<name>[\w.$<>/@~-]+) ?(?:\[as [^\]]*\] ?)?\((?:file:/+)?[\w.@+\-\\/~:]+\)",
    r"^\s*at (?P<name>[^\s(\[]+)(?:\[[^\]]*\])?\(.*\) in .*:line \d+$",
    r"^\s*at (?:async )?file:/",
    r"^(?P<name>[\w.$<>/*]*)@\w+:/\S+:\d+:\d+$",
    r"^\s*#\d+\s+(?:0x[0-9a-f]+ in )?(?P<name>[\w:~<>]+) \(.*\) at ",
    r"^\s*#\d+\s+0x[0-9a-f]+ in (?P<name>[\w:~]+)[ (]",
    r"^\s*#\d+\s+(?:0x|.*\) at )",
    r"^==\d+==\s+(?:at|by) 0x[0-9A-F]+: (?P<name>[\w:~]+)",
    r"^\s*#\d+ \S+\(\d+\): (?:(?P<name>[\w\\:>-]+)\()?",
    r"^\s*thrown in .* on line \d+$",
    r"^\s*(?:\([\w.]+ \d[^)]*\) )?\S+\.exs?:\d+: (?P<name>[\w.?!]+)(?:/\d|\()",
    r"\+0x[0-9a-f]+$",
    r"^\s*-->",
    r"\bpanicked at ",
    r"[\d)]:?(?: -)? (?:fatal )?(?:[\w.]*(?:[Ee]rror|[Ee]xception|[Ww]arning)|note)(?:$|[:\[(]| \w*\d)",
)
#: Python's frames, and pytest's.
_INWARDS = r"^\s*File |:\d+: in \w+$"
#: A line that says no more than where, and the function on the line before it.
_ONLY_PLACE = rf"^\s*(?:at )?{_PATH}:\d+(?::\d+)?$|\+0x[0-9a-f]+$"
_BEFORE = (
    r"^\s*\d+: (?:0x[0-9a-f]+ - )?(?P<name>[\w:<>{} ]+)$",
    r"^(?:created by )?(?P<name>[\w./*()\[\]{}-]+)(?:\(.*\)| in goroutine \d+)$",
)
#: A line that begins with its place: two of them are a trace, one is somebody's remark.
_BEGINS = rf"^\s*(?:(?:at|from|in) )?(?:[\w.@+\-~:]*[\\/]{_PATH}:[1-9]|{_PATH}:[1-9]\d*(?::\d+)?:)"
#: What stands between a trace and what people say of it.
_FENCE = r"^\s*(?:```|~~~)"
#: What no index holds and nobody asks for: addresses, long numbers, times.
_NOISE = r"\b0x[0-9a-fA-F]+\b|\b\d[\d:.,TZ+-]{3,}\b|\+0x\w+"
#: Innermost frames whose source line says something about the error.
_TELLING = 3
_NO_FUNCTION = frozenset({"module", "anonymous", "lambda", "closure", "main", "unknown", "native"})


class Place(NamedTuple):
    """A path that a query mentions.

    Attributes:
        path: As written, with forward slashes; often from another machine's root.
        line: 1-based, or None.
    """

    path: str
    line: int | None = None


class Mentions(NamedTuple):
    """What a query says of places.

    Attributes:
        places: The one to show first comes first: of a stack trace the innermost frame.
        functions: Names of the functions of these frames, same order, no duplicates.
        rest: The query without its frames, or as it was when it has no trace.
        trace: Whether the query has a stack trace, or what a compiler says.
        before: Of a query with a trace the paragraphs before it, line breaks kept; else empty.
    """

    places: tuple[Place, ...]
    functions: tuple[str, ...]
    rest: str
    trace: bool
    before: str = ""


class _Frame(NamedTuple):
    """A line of a trace: its number, the function it names if any, and whether the line before names it."""

    line: int
    function: str
    named_before: bool


class _Paragraph(NamedTuple):
    """Line numbers: where a paragraph with frames begins, its first frame, and where it ends."""

    start: int
    first_frame: int
    stop: int


def find_places(text: str) -> Mentions:
    """Return the places that a query mentions, and the query without its frames if it has a trace."""
    if "." not in text:  # no path is without one
        return Mentions((), (), text, trace=False)
    lines = [line[:_LONGEST_LINE] for line in text[:_LONGEST].splitlines()] or [""]
    mentioning = [nth for nth, line in enumerate(lines) if re.search(_PLACE, line)]
    frames = _frames(lines, mentioning) if len(lines) > 2 else []
    if not frames:
        places = [_place(match) for nth in mentioning for match in re.finditer(_PLACE, lines[nth])]
        places += [
            _place(match) for match in re.finditer(_BARE, re.sub(_PLACE, " ", " ".join(lines)))
        ]
        return Mentions(tuple(dict.fromkeys(places)), (), text, False)
    paragraphs = _paragraphs(lines, frames)
    # Python's innermost frame comes last.
    inwards = any(re.search(_INWARDS, lines[frame.line]) for frame in frames)
    frames = frames[::-1] if inwards else frames
    of_frames = [frame.line for frame in frames]
    known = frozenset(of_frames)
    others = [nth for nth in mentioning if nth not in known]
    places = [
        _place(match) for nth in (*of_frames, *others) for match in _matches(lines[nth], inwards)
    ]
    functions = [frame.function for frame in frames if frame.function]
    return Mentions(
        tuple(dict.fromkeys(places)),
        tuple(dict.fromkeys(functions)),
        _rest(lines, frames, paragraphs, functions),
        True,
        "\n".join(lines[: paragraphs[0].start]),
    )


def _frames(lines: list[str], mentioning: list[int]) -> list[_Frame]:
    """Return those of the lines mentioning places that a trace or a compiler wrote, in order."""
    sure: dict[int, _Frame] = {}
    begin: dict[int, _Frame] = {}
    for nth in mentioning:
        match = _first(_FRAMES, lines[nth])
        name = match["name"] if match is not None and "name" in match.re.groupindex else None
        if name is None and nth and re.search(_ONLY_PLACE, lines[nth]):
            before = _first(_BEFORE, lines[nth - 1])
            if before is not None:
                sure[nth] = _Frame(nth, _function(before["name"]), True)
                continue
        if match is not None:
            sure[nth] = _Frame(nth, _function(name or ""), False)
        elif re.search(_BEGINS, lines[nth]):
            begin[nth] = _Frame(nth, "", False)
    if not sure and len(begin) < 2:
        return []
    return [frame for _, frame in sorted({**begin, **sure}.items())]


def _first(patterns: tuple[str, ...], line: str) -> re.Match[str] | None:
    found = (re.search(pattern, line) for pattern in patterns)
    return next((match for match in found if match is not None), None)


def _after_place(line: str) -> str:
    """Return what a compiler says of a place, on the same line, if it says something."""
    said = re.split(_PLACE, line, maxsplit=1)[-1]
    return re.sub(_PLACE, " ", said) if ": " in said else ""


def _function(name: str) -> str:
    """Return the last part of a function's name as a trace has it, or nothing if it says nothing."""
    parts: list[str] = re.findall(r"\w+", name)
    return parts[-1] if parts and parts[-1] not in _NO_FUNCTION else ""


def _matches(line: str, inwards: bool) -> list[re.Match[str]]:
    found = list(re.finditer(_PLACE, line))
    return found[::-1] if inwards else found


def _paragraphs(lines: list[str], frames: list[_Frame]) -> list[_Paragraph]:
    """Return the paragraphs that have frames, in order."""
    ends = [nth for nth, line in enumerate(lines) if not line.strip() or re.search(_FENCE, line)]
    found: dict[int, _Paragraph] = {}
    for frame in frames:
        at = bisect.bisect(ends, frame.line)
        start, stop = (ends[at - 1] + 1 if at else 0), (ends[at] if at < len(ends) else len(lines))
        found.setdefault(start, _Paragraph(start, frame.line, stop))
    return list(found.values())


def _place(match: re.Match[str]) -> Place:
    found = match.groupdict()
    return Place(
        found["path"].replace("\\", "/"), int(found["line"]) if found.get("line") else None
    )


def _rest(
    lines: list[str], frames: list[_Frame], paragraphs: list[_Paragraph], functions: list[str]
) -> str:
    """Return what a query says besides its frames: message, innermost source lines, functions."""
    telling = {frame.line + 1 for frame in frames[:_TELLING]}
    of_frames = {frame.line for frame in frames}
    of_frames |= {frame.line - 1 for frame in frames if frame.named_before}
    traced = {nth for one in paragraphs for nth in range(one.first_frame, one.stop)}
    kept = [
        re.sub(_NOISE, " ", line)
        for nth, line in enumerate(lines)
        if nth not in of_frames
        and (nth not in traced or nth in telling or not line[:1].isspace())
        and not line.startswith("Traceback (")
    ]
    # A compiler's line says where and what at once.
    said = [_after_place(lines[frame.line]) for frame in frames]
    return " ".join(" ".join([*kept, *said, *dict.fromkeys(functions)]).split())
