"""What scans for secrets report."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from rcm.reports.update import FileFailure


@dataclass(frozen=True, slots=True)
class SecretFinding:
    """A secret in a file. The value is not kept.

    Attributes:
        path: Relative to the root.
        line: 1-based line it begins on.
        end_line: Its last line; more than `line` for private keys only.
        rule: Name of the rule that found it.
        confidence: `"high"` when the form itself tells, `"generic"` for a random value assigned to
            a name that says secret.
        fingerprint: Eight hexadecimal digits that tell it from others; `.rcm-secrets-allow` takes
            them.
        allowed: Whether its line or `.rcm-secrets-allow` lets it stay.
    """

    path: str
    line: int
    end_line: int
    rule: str
    confidence: Literal["high", "generic"]
    fingerprint: str
    allowed: bool


@dataclass(frozen=True, slots=True)
class SecretsReport:
    """What `find_secrets` found in a tree.

    Attributes:
        root: Absolute path of the tree.
        findings: Secrets, in order of path and line.
        files_scanned: Files whose text was looked at.
        skipped: Files not looked at, by reason; those with `"sensitive-name"` are never opened.
        failures: Files that could not be read.
        warning: Something the user should know, or None.
    """

    root: str
    findings: tuple[SecretFinding, ...]
    files_scanned: int
    skipped: Mapping[str, int]
    failures: tuple[FileFailure, ...]
    warning: str | None = None
