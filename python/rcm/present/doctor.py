"""What the doctor found, as text for people."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rcm.present.escape import escape_code, escape_path
from rcm.present.quantities import duration, size
from rcm.present.style import Style

if TYPE_CHECKING:
    from rcm.reports.doctor import DoctorReport, Finding

_COLOURS = {"ok": "32", "note": "36", "warning": "1;33", "repaired": "1;36", "damage": "1;31"}
_VERDICTS = {
    "ok": ("sound", "1;32", "nothing is wrong with the index"),
    "repaired": ("repaired", "1;36", "the index is sound now"),
    "damaged": ("damaged", "1;31", "the index is not used any more; `rcm index` builds it anew"),
}


def render_doctor(report: DoctorReport, style: Style) -> str:
    """Says first whether the index can be relied on, then what each check found."""
    word, colour, meaning = _VERDICTS[report.verdict]
    lines = [
        style.paint(escape_path(report.root), "1"),
        f"  {style.paint(word, colour)}: {meaning}",
        *(_line(finding, style) for finding in report.findings),
        f"  read         {size(report.bytes_read)} in {duration(report.seconds)} "
        f"({duration(report.cpu_seconds)} of CPU)",
        f"  index        {escape_path(report.index_dir)}",
    ]
    return "\n".join(lines) + "\n"


def _line(finding: Finding, style: Style) -> str:
    level = style.paint(f"{finding.level:<8}", _COLOURS[finding.level])
    return f"  {finding.check:<12} {level} {escape_code(finding.message)}"
