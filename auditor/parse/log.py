"""Reads the logs of heartbeat, ldirectord and syslog."""

from __future__ import annotations

from auditor.model.facts import Document, LogLine, Reading
from auditor.parse.grammar import Line
from auditor.parse.rows import read_rows
from auditor.parse.text import whole


def read_log(document: Document) -> Reading[tuple[LogLine, ...]]:
    """Every line with a time in front, in order; what a message goes on with on a second line is Unparsed."""
    return read_rows("log", document, dict.fromkeys(("HEARTBEAT", "SCRIPT", "LDIRECTORD", "SYSLOG"), _line))


_SEVERITIES = {"warn": "warning", "crit": "critical", "emerg": "critical"}


def _line(line: Line) -> LogLine:
    severity = (line.get("severity") or "").lower()
    return LogLine(
        time=line["time"],
        host=line.get("host"),
        program=line["program"],
        pid=whole(line["pid"]) if line.get("pid") else None,
        severity=_SEVERITIES.get(severity, severity) or None,
        text=line["text"].strip(),
        at=line.at("text"),
    )
