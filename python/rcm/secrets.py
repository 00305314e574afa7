"""Secrets: which there are in a tree, without an index and without ever giving a value away."""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path
from typing import Literal

from rcm import _rcm
from rcm.reports.secrets import SecretFinding, SecretsReport
from rcm.reports.update import FileFailure


def find_secrets(
    path: str | os.PathLike[str] = ".",
    *,
    use_ignore: bool = True,
    hidden: bool = False,
    max_file_bytes: int = 1 << 20,
) -> SecretsReport:
    """Look for secrets in the files that an index of a tree would hold.

    Args:
        path: The tree's root directory.
        use_ignore: Honour .gitignore, .ignore, .rcmignore and git's exclude files.
        hidden: Include hidden files and folders.
        max_file_bytes: Larger files are skipped.

    Returns:
        What was found, allowed secrets included and marked so.

    Raises:
        FileNotFoundError: If there is no such directory.
        NotADirectoryError: If it is none.
    """
    # `import rcm` is on the way of every search, which needs neither.
    from rcm.allow_list import read_allow_list
    from rcm.chunks import ScanOptions, walk

    root = Path(path).resolve()
    if not root.exists():
        raise FileNotFoundError(2, "no such directory", os.fspath(path))
    if not root.is_dir():
        raise NotADirectoryError(20, "not a directory", os.fspath(path))
    allowed = read_allow_list(root)
    walked = walk(root, ScanOptions(use_ignore, hidden, max_file_bytes))
    rows, skipped, failures = _rcm.find_secrets(
        walked, allowed=list(allowed.fingerprints), max_file_bytes=max_file_bytes
    )
    failures = walked.failures + failures
    warnings = [text for text in (walked.warning, allowed.warning) if text]
    return SecretsReport(
        root=str(root),
        findings=tuple(map(_finding, rows)),
        files_scanned=len(walked) - len(skipped) - (len(failures) - len(walked.failures)),
        skipped=dict(sorted(Counter(why for _, why in walked.skipped + skipped).items())),
        failures=tuple(FileFailure(name, error) for name, error in failures),
        warning="\n".join(warnings) or None,
    )


def _finding(row: tuple[str, int, int, str, str, str, bool]) -> SecretFinding:
    path, line, end_line, rule, confidence, fingerprint, allowed = row
    # The extension knows these two words and no other.
    sure: Literal["high", "generic"] = "high" if confidence == "high" else "generic"
    return SecretFinding(path, line, end_line, rule, sure, fingerprint, allowed)
