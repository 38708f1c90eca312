"""Reads a host's clock."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from auditor.model.facts import Clock, Document, Reading
from auditor.parse.grammar import Line
from auditor.parse.ps import MONTHS
from auditor.parse.rows import read_rows


def read_date(document: Document) -> Reading[Clock | None]:
    """The first line that tells the time; None where none does."""
    reading = read_rows("date", document, {"EPOCH": _epoch, "CLOCK": _clock})
    return replace(reading, value=next(iter(reading.value), None))  # type: ignore[arg-type, return-value]


def _epoch(line: Line) -> Clock:
    return Clock(epoch=int(line["epoch"]), zone=None, at=line.at("epoch"))


def _clock(line: Line) -> Clock | None:
    if line["month"] not in MONTHS:
        return None
    month = MONTHS.index(line["month"]) + 1
    try:
        moment = datetime.fromisoformat(f"{line['year']}-{month:02}-{int(line['day']):02}T{line['time']}")
    except ValueError:
        return None
    known = line["zone"] in {"UTC", "GMT"}
    epoch = int(moment.replace(tzinfo=UTC).timestamp()) if known else None
    return Clock(epoch=epoch, zone=line["zone"], at=line.at())
