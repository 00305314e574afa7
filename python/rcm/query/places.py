r"""Places: paths with lines that a query mentions, as stack traces, compilers and people write them.

```text
File "app/retry.py", line 12, in send        Python
at send (/srv/app/retry.js:12:5)             JavaScript
at com.app.Retry.send(Retry.java:12)         Java, Kotlin, Scala
at App.Retry.Send() in C:\app\Retry.cs:line 12
   4: app::retry::send                       Rust
             at ./src/retry.rs:12:5
app.(*Retry).Send(0xc000010000)              Go
        /srv/app/retry.go:12 +0x1d
#3  0x0000555 in send (n=1) at retry.c:12    gdb
retry.rb:12:in `send'                        Ruby
#0 /srv/app/Retry.php(12): App\Retry->send() PHP
(app 1.0.0) lib/retry.ex:12: App.Retry.send/1
src/retry.rs:12:5: error: ...                compilers, and people
```
"""

from __future__ import annotations

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
#: What a frame calls its function, on its own line or the one before.
_FUNCTIONS = (
    r"line \d+, in (?P<name>\w+)",
    r"\bin [`'\"](?:block in )?(?P<name>[\w.#:?!<> ]+)['\"]",
    r"^\s*at (?:async |new )?(?P<name>[\w.$<>/]+)\s*(?:\[as [^\]]*\] )?\(",
    r"^\s*#\d+\s+(?:0x[0-9a-f]+ in )?(?P<name>[\w:~<>]+) \(",
    r"\(\d+\): (?P<name>[\w\\:>-]+)\(",
    r"^\s*\d+: (?:0x[0-9a-f]+ - )?(?P<name>[\w:<>{}]+)\s*$",
    r"^\S*?(?P<name>[\w.()*/]+)\((?:0x|\.\.\.|\{)",
    r"\.exs?:\d+: (?P<name>[\w.?!]+)/\d",
)
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
        rest: The query without its frames, or as it was when it is no trace.
        trace: Whether the query is a stack trace.
    """

    places: tuple[Place, ...]
    functions: tuple[str, ...]
    rest: str
    trace: bool


def find_places(text: str) -> Mentions:
    """Return the places that a query mentions, and the query without them if it is a trace."""
    if "." not in text:  # no path is without one
        return Mentions((), (), text, trace=False)
    lines = [line[:_LONGEST_LINE] for line in text[:_LONGEST].splitlines()] or [""]
    frames = [nth for nth, line in enumerate(lines) if re.search(_PLACE, line)]
    places = [_place(match) for nth in frames for match in re.finditer(_PLACE, lines[nth])]
    trace = len(lines) > 2 and bool(frames)
    if not trace:
        places += [
            _place(match) for match in re.finditer(_BARE, re.sub(_PLACE, " ", " ".join(lines)))
        ]
        return Mentions(tuple(dict.fromkeys(places)), (), text, False)
    if any(lines[nth].lstrip().startswith("File ") for nth in frames):
        frames, places = frames[::-1], places[::-1]  # Python's innermost frame comes last
    functions = [name for nth in frames for name in _functions(lines, nth)]
    return Mentions(
        tuple(dict.fromkeys(places)),
        tuple(dict.fromkeys(functions)),
        _rest(lines, frames, functions),
        True,
    )


def _place(match: re.Match[str]) -> Place:
    found = match.groupdict()
    return Place(
        found["path"].replace("\\", "/"), int(found["line"]) if found.get("line") else None
    )


def _functions(lines: list[str], nth: int) -> list[str]:
    """Return the function of the frame on a line: named there, else on the line before."""
    for line in (lines[nth], lines[nth - 1] if nth else ""):
        for pattern in _FUNCTIONS:
            match = re.search(pattern, line)
            if match is not None:
                parts: list[str] = re.findall(r"\w+", match["name"])
                return [part for part in parts[-1:] if part not in _NO_FUNCTION]
    return []


def _rest(lines: list[str], frames: list[int], functions: list[str]) -> str:
    """Return what a trace says besides its frames: message, innermost source lines, functions."""
    telling = {nth + 1 for nth in frames[:_TELLING]}
    of_frames = {*frames, *(nth - 1 for nth in frames if _names_function(lines, nth - 1))}
    kept = [
        re.sub(_NOISE, " ", line)
        for nth, line in enumerate(lines)
        if nth not in of_frames
        and (nth in telling or not line[:1].isspace())
        and not line.startswith("Traceback (")
    ]
    # A compiler's line says where and what at once.
    said = [re.sub(_PLACE, " ", line) for line in (lines[nth] for nth in frames) if ": " in line]
    return " ".join(" ".join([*kept, *said, *dict.fromkeys(functions)]).split())


def _names_function(lines: list[str], nth: int) -> bool:
    return nth >= 0 and any(re.search(pattern, lines[nth]) for pattern in _FUNCTIONS)
