"""The painter: `highlight` in a process of its own, which may be ended.

Lexers are regular expressions, and a text made for it can keep one busy for ever, holding the interpreter
lock all the while. So the process that runs them has a budget of CPU time for each text, and the
operating system ends it where that is spent; such a text stays plain.
"""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import threading
from collections import OrderedDict
from collections.abc import Sequence
from typing import IO, TypeAlias

from rcm.web.highlight import MAX_CHARS, highlight

#: Lines as `highlight` gives them, or None for a text that stays plain.
Colours: TypeAlias = list[list[str]] | None
#: CPU seconds for one text; 200,000 characters take about .25.
BUDGET_SECONDS = 2.0
_KEPT = 512


class Painter:
    """Colours texts; safe to use from several threads.

    Args:
        budget: CPU seconds for one text.
    """

    def __init__(self, budget: float = BUDGET_SECONDS) -> None:
        self._budget = budget
        self._child: subprocess.Popen[bytes] | None = None
        self._kept: OrderedDict[tuple[str, str], Colours] = OrderedDict()
        self._lock = threading.Lock()

    def start(self) -> None:
        """Start the process now, so that the first text need not wait for it."""
        with self._lock:
            self._pipes()

    def paint(self, texts: Sequence[tuple[str, str]]) -> list[Colours]:
        """Return the colours of (language, text) pairs, in their order."""
        return [self._one(language, text) for language, text in texts]

    def close(self) -> None:
        """End the process; the painter can be used again all the same."""
        with self._lock:
            self._end()

    def _one(self, language: str, text: str) -> Colours:
        if language == "text" or len(text) > MAX_CHARS:
            return None
        key = (language, text)
        with self._lock:
            if key not in self._kept:
                self._kept[key] = self._asked(language, text)
                if len(self._kept) > _KEPT:
                    self._kept.popitem(last=False)
            self._kept.move_to_end(key)
            return self._kept[key]

    def _asked(self, language: str, text: str) -> Colours:
        question = json.dumps([self._budget, language, text]).encode() + b"\n"
        try:
            stdin, stdout = self._pipes()
            stdin.write(question)
            stdin.flush()
            answer = stdout.readline()
        except OSError:
            answer = b""
        if not answer.endswith(b"\n"):
            self._end()
            return None
        colours: Colours = json.loads(answer)
        return colours

    def _pipes(self) -> tuple[IO[bytes], IO[bytes]]:
        if self._child is None or self._child.poll() is not None:
            self._end()
            # -P: nothing is imported from the working directory, which may be an untrusted tree.
            command = [sys.executable, "-P", "-m", "rcm.web.painter"]
            pipe = subprocess.PIPE
            # A session of its own: Ctrl-C is for the server, whose end closes the pipe.
            self._child = subprocess.Popen(
                command, stdin=pipe, stdout=pipe, stderr=subprocess.DEVNULL, start_new_session=True
            )
        assert self._child.stdin is not None
        assert self._child.stdout is not None
        return self._child.stdin, self._child.stdout

    def _end(self) -> None:
        if self._child is not None:
            self._child.kill()
            self._child.communicate()
            self._child = None


def main() -> None:
    """Answer lines of JSON by lines of JSON until there are no more."""
    # CPU time, so that a loaded machine colours the same; its end is not to be caught.
    signal.signal(signal.SIGVTALRM, signal.SIG_DFL)
    highlight("pass", "python")  # what is imported for the first text is not on its account
    for line in sys.stdin.buffer:
        budget, language, text = json.loads(line)
        signal.setitimer(signal.ITIMER_VIRTUAL, budget)
        answer = json.dumps(highlight(text, language)).encode() + b"\n"
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        sys.stdout.buffer.write(answer)
        sys.stdout.buffer.flush()


if __name__ == "__main__":
    main()
