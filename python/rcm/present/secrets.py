"""Secrets found in a tree as lines for people and for pipes: where and what kind, never the value."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rcm.present.escape import escape_path
from rcm.present.quantities import count
from rcm.present.style import Style

if TYPE_CHECKING:
    from rcm.reports.secrets import SecretFinding, SecretsReport

_MAX_FAILURES = 20


def render_findings(report: SecretsReport, style: Style) -> str:
    """One line for each secret, `path:line: rule, confidence, fingerprint`; empty if there is none."""
    return "".join(f"{_finding(finding, style)}\n" for finding in report.findings)


def render_verdict(report: SecretsReport) -> str:
    """How many there are in how many files, and what was not looked at; ends with a line break."""
    wrong = [finding for finding in report.findings if not finding.allowed]
    text = count(len(wrong), "secret")
    if wrong:
        text += f" in {count(len({finding.path for finding in wrong}), 'file')}"
    if len(wrong) < len(report.findings):
        text += f", {len(report.findings) - len(wrong):,} allowed"
    text += f"; {count(report.files_scanned, 'file')} looked at"
    skipped = sum(report.skipped.values())
    if skipped:
        text += f", {skipped:,} not"
    named = report.skipped.get("sensitive-name", 0)
    if named:
        text += f" (of them {named:,} never opened: the name says that it holds credentials)"
    lines = [text, *(f"{escape_path(f.path)}: {f.error}" for f in report.failures[:_MAX_FAILURES])]
    if len(report.failures) > _MAX_FAILURES:
        lines.append(f"... and {len(report.failures) - _MAX_FAILURES:,} more could not be read")
    return "\n".join(lines) + "\n"


def _finding(finding: SecretFinding, style: Style) -> str:
    place = style.paint(f"{escape_path(finding.path)}:{finding.line}", "1")
    rule = style.paint(finding.rule, "2" if finding.allowed else "1;31")
    note = "  allowed" if finding.allowed else ""
    return f"{place}: {rule}  {finding.confidence}  {finding.fingerprint}{note}"
