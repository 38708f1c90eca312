"""Rows for spreadsheets, in which no cell is ever taken for a formula."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from typing import TextIO

from auditor.model.findings import Finding, Report
from auditor.render.matter import place_of
from auditor.render.visible import visible
from auditor.render.words import tell

# What spreadsheets begin a formula with, in full width too; blanks in front of it do not help.
_FORMULA = frozenset("=+-@|%\uff1d\uff0b\uff0d\uff20")


def render_csv(report: Report, out: TextIO, *, lang: str = "en") -> None:
    """One row for every finding, in the order of the report."""
    header = (
        *("state", "severity", "rule", "host", "cluster", "message", "expected", "configured", "running"),
        *("place", "waiver", "fingerprint"),
    )
    rows = (
        (
            *(finding.state, finding.severity, finding.rule, finding.host, finding.cluster),
            *(tell(finding.message, lang), finding.expected, finding.configured, finding.running),
            place_of(finding.evidence[0].at) if finding.evidence else None,
            _waiver(finding),
            finding.fingerprint,
        )
        for finding in report.findings
    )
    write_rows(header, rows, out)


def _waiver(finding: Finding) -> str | None:
    waiver = finding.waiver
    return None if waiver is None else f"{waiver.expires} {waiver.owner}: {waiver.reason}"


def write_rows(header: Sequence[str], rows: Iterable[Sequence[str | None]], out: TextIO) -> None:
    """RFC 4180, every cell in quotes and on one line; an apostrophe keeps formulas from being any."""
    writer = csv.writer(out, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
    writer.writerow(header)
    writer.writerows([guard(cell) for cell in row] for row in rows)


def guard(cell: str | None) -> str:
    text = visible(cell or "")
    return f"'{text}" if text.lstrip()[:1] in _FORMULA else text
