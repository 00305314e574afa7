"""What checks of an index report."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from rcm.types import FindingLevel


@dataclass(frozen=True, slots=True)
class Finding:
    """What one check of `Index.doctor` found.

    Attributes:
        level: `"damage"` if the index must not be used, `"repaired"` if it was something and is
            right now, `"warning"` for what wants attention, `"note"` for what is worth knowing.
        check: Which check: `"lock"`, `"disk"`, `"pointer"`, `"mark"`, `"manifest"`, `"files"`,
            `"contents"`, `"control"`, `"table"`, `"segments"`, `"ids"`, `"vectors"`,
            `"left-over"`, `"orphans"`, `"permissions"`, `"identity"` or `"tree"`.
        message: What was found, with the path it is about.
    """

    level: FindingLevel
    check: str
    message: str


@dataclass(frozen=True, slots=True)
class DoctorReport:
    """What one `Index.doctor` found.

    Attributes:
        root: Absolute path of the indexed root.
        index_dir: Folder of the index.
        full: Whether every byte was read.
        sealed: Whether a manifest describes all files; False while a writer works, and after one
            was interrupted.
        findings: In the order of the checks.
        bytes_read: Bytes of the index that were read for checksums.
        seconds: Wall seconds.
        cpu_seconds: CPU seconds of the process meanwhile.
    """

    root: str
    index_dir: str
    full: bool
    sealed: bool
    findings: tuple[Finding, ...]
    bytes_read: int
    seconds: float
    cpu_seconds: float

    @property
    def verdict(self) -> Literal["ok", "repaired", "damaged"]:
        """The worst of it: notes and warnings do not count."""
        levels = {finding.level for finding in self.findings}
        if "damage" in levels:
            return "damaged"
        return "repaired" if "repaired" in levels else "ok"
