"""Reads the process list."""

from __future__ import annotations

from auditor.model.facts import Document, Process, Reading
from auditor.parse.grammar import Line
from auditor.parse.rows import read_rows
from auditor.parse.text import whole

MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def read_ps(document: Document) -> Reading[tuple[Process, ...]]:
    """Every process; ``started`` in UTC, which the listing was told to use.

    Other listings tell less: under the titles ``PID USER COMMAND`` no parent and no time.
    """
    return read_rows("ps", document, {"ROW": _process, "BRIEF": _brief})


def _brief(line: Line) -> Process:
    command = line["command"].rstrip()
    return Process(
        pid=whole(line["pid"]),
        ppid=None,
        user=line["user"],
        started=None,
        command=command.removeprefix("\\_ ").lstrip(),
        at=line.at("command"),
    )


def _process(line: Line) -> Process | None:
    if line["month"] not in MONTHS:
        return None
    month = MONTHS.index(line["month"]) + 1
    return Process(
        pid=whole(line["pid"]),
        ppid=whole(line["ppid"]),
        user=line["user"],
        started=f"{line['year']}-{month:02}-{int(line['day']):02}T{line['time']}Z",
        command=line["command"].rstrip(),
        at=line.at("command"),
    )
