"""Reads the process list."""

from __future__ import annotations

from auditor.model.facts import Document, Process, Reading
from auditor.parse.grammar import Line
from auditor.parse.rows import read_rows
from auditor.parse.text import whole

_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def read_ps(document: Document) -> Reading[tuple[Process, ...]]:
    """Every process; ``started`` in UTC, which the listing was told to use."""
    return read_rows("ps", document, {"ROW": _process})


def _process(line: Line) -> Process | None:
    if line["month"] not in _MONTHS:
        return None
    month = _MONTHS.index(line["month"]) + 1
    return Process(
        pid=whole(line["pid"]),
        ppid=whole(line["ppid"]),
        user=line["user"],
        started=f"{line['year']}-{month:02}-{int(line['day']):02}T{line['time']}Z",
        command=line["command"].rstrip(),
        at=line.at("command"),
    )
