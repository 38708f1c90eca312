"""The inventory as a table for people, as JSON and as CSV; what is not known says why."""

from __future__ import annotations

import io
from collections.abc import Iterator
from itertools import groupby
from typing import Any, TextIO

from rich.text import Text

from auditor import __version__
from auditor.model.difference import Blank, Meaning, Statement
from auditor.model.snapshot import Snapshot
from auditor.render.console import console_for, hang, put_out
from auditor.render.csv import write_rows
from auditor.render.json import dump
from auditor.render.visible import safe
from auditor.render.words import say, spoken, tell

SCHEMA_VERSION = "1.0"
_COLUMNS = ("subject", "area", "name", "value", "unknown", "path", "line")


def render_inventory(inventory: Meaning, out: TextIO, *, lang: str = "en") -> None:
    """Write it for a person: clusters, then hosts, area by area."""
    console = console_for(out)
    for part in _parts(inventory, lang, console.width):
        console.print(part, no_wrap=True, overflow="ignore", crop=False)
    assert isinstance(console.file, io.StringIO)
    put_out(console.file.getvalue(), out)


def summary(inventory: Meaning, snapshot: Snapshot, lang: str) -> str:
    """One line: how much is known, and how much is not."""
    return say(
        "inventory_sum",
        lang,
        hosts=len(snapshot.hosts),
        known=len(inventory.statements),
        unknown=len(inventory.blanks),
    )


def render_inventory_json(inventory: Meaning, snapshot: Snapshot, out: TextIO) -> None:
    """Write it for programs: schema in reports/schema/inventory.json."""
    dump(
        {
            "schema_version": SCHEMA_VERSION,
            "tool": {"name": "lvsaudit", "version": __version__},
            "snapshot": {"id": snapshot.run_id, "started": snapshot.started},
            "rows": [_row(one) for one in _ordered(inventory)],
        },
        out,
    )


def render_inventory_csv(inventory: Meaning, out: TextIO) -> None:
    rows = (_row(one) for one in _ordered(inventory))
    write_rows(
        _COLUMNS, ([None if row[key] is None else str(row[key]) for key in _COLUMNS] for row in rows), out
    )


def _ordered(inventory: Meaning) -> list[Statement | Blank]:
    """Each blank behind what is known of its area, where that is."""
    found: list[Statement | Blank] = [*inventory.statements, *inventory.blanks]
    subjects = {subject: number for number, subject in enumerate(dict.fromkeys(one.subject for one in found))}
    areas = {area: number for number, area in enumerate(dict.fromkeys(one.area for one in found))}
    return sorted(found, key=lambda one: (subjects[one.subject], areas[one.area]))


def _row(one: Statement | Blank) -> dict[str, Any]:
    at = one.why.at if isinstance(one, Blank) else one.at
    return {
        "subject": one.subject,
        "area": one.area,
        "name": None if isinstance(one, Blank) else one.name,
        "value": None if isinstance(one, Blank) else one.value,
        "unknown": one.why.why.en if isinstance(one, Blank) else None,
        "path": at and (at.source or None),
        "line": at and at.line,
    }


def _parts(inventory: Meaning, lang: str, width: int) -> Iterator[Text]:
    for subject, of_subject in groupby(_ordered(inventory), key=lambda one: one.subject):
        yield from hang(Text(), safe(subject, "bold underline"), width)
        for area, same in groupby(of_subject, key=lambda one: one.area):
            yield from hang(Text("  "), safe(say(f"area_{area}", lang), "bold"), width)
            for one in same:
                if isinstance(one, Blank):
                    why = safe(f": {tell(one.why.why, lang)}")
                    text = Text.assemble((say("unknown_value", lang), "yellow"), why)
                    yield from hang(Text("    "), text, width, indent=6)
                else:
                    text = Text.assemble(
                        safe(f"{spoken(one.name, one.area, lang)}: ", "dim"), _value(one, lang)
                    )
                    yield from hang(Text("    "), text, width, indent=6)
        yield Text()


def _value(one: Statement, lang: str) -> Text:
    """What hosts and files say stays as it is; only what we say ourselves is in the reader's language."""
    ours = one.at is None or one.area == "vip"
    return safe(spoken(one.value, one.area, lang) if ours else one.value)
