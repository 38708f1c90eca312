"""Reads /etc/inittab."""

from __future__ import annotations

from dataclasses import replace

from auditor.model.facts import Document, Reading, Setting
from auditor.parse.grammar import Line
from auditor.parse.rows import read_rows


def read_inittab(document: Document) -> Reading[Setting | None]:
    """Entries as settings, the action as key and the runlevels as value; what counts is the one of initdefault."""
    reading = read_rows("inittab", document, {"ENTRY": _entry})
    default = next((entry for entry in reading.value if entry.key == "initdefault"), None)
    return replace(reading, value=default)  # type: ignore[arg-type, return-value]


def _entry(line: Line) -> Setting:
    return Setting(
        key=line["action"].strip(),
        value=line["levels"].strip(),
        at=line.at("levels" if line["levels"] else "id"),
        section=line["id"],
    )
