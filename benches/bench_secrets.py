"""Looking for secrets: how fast one thread scans real source, and what compiling the rules costs.

Measured: read, decode and scan of the whole corpus by one thread on warm files; the first scan of a
process that meets every rule, against the second. Not measured: parsing and storing.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from corpus import Corpus
from rcm import _rcm
from secret_corpus import planted
from timing import Timer

_COMPILE = """
import sys, time
from rcm import _rcm
walked = _rcm.walk(sys.argv[1], hidden=True)
times = []
for _ in range(2):
    started = time.process_time()
    found, _, _ = _rcm.find_secrets(walked, workers=1)
    times.append(time.process_time() - started)
print(len({row[3] for row in found}), (times[0] - times[1]) * 1e3)
"""


@pytest.mark.benchmark(group="secrets")
def test_scan(timer: Timer, corpus: Corpus) -> None:
    walked = _rcm.walk(corpus.root)
    found, skipped, failures = timer.run(lambda: _rcm.find_secrets(walked, workers=1))
    assert not failures
    # Generated files are judged by their head; what was scanned is the rest.
    left_out = {path for path, _ in skipped}
    scanned = [path for path in walked.paths if path not in left_out]
    megabytes = sum((corpus.root / path).stat().st_size for path in scanned) / 1e6
    cpu_seconds = timer.facts["cpu_seconds"]
    timer.facts.update(
        findings=len(found),
        megabytes=round(megabytes, 1),
        megabytes_per_cpu_second=round(megabytes / cpu_seconds, 1),
    )
    assert scanned


@pytest.mark.benchmark(group="secrets")
def test_compiling_all_rules(timer: Timer, tmp_path: Path) -> None:
    lines = [secret.line for secret in planted(range(1)) if secret.wrapper == "python"]
    (tmp_path / "all.py").write_text("\n".join(lines), encoding="utf-8")

    def fresh_process() -> list[str]:
        done = subprocess.run(
            [sys.executable, "-c", _COMPILE, str(tmp_path)],
            capture_output=True, text=True, check=True, env=dict(os.environ),
        )  # fmt: skip
        return done.stdout.split()

    rules, milliseconds = timer.run(fresh_process)
    assert int(rules) == len(_rcm.secret_rules()) - 2, "every rule for a form was met"
    timer.facts["compile_cpu_ms"] = round(float(milliseconds), 1)
