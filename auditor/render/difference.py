"""Two runs side by side: on a terminal, and as JSON."""

from __future__ import annotations

import io
from collections.abc import Iterator
from itertools import groupby
from typing import Any, TextIO

from rich.text import Text

from auditor.model.difference import Change, Difference, Statement
from auditor.render.console import console_for, hang, put_out, show_drifts
from auditor.render.json import dump, finding_to_json
from auditor.render.matter import drifts
from auditor.render.visible import safe
from auditor.render.words import say, spoken, tell

_MARKS = {"new": ("+", "green"), "gone": ("-", "red"), "changed": ("~", "yellow")}
SCHEMA_VERSION = "1.0"


def render_difference(difference: Difference, out: TextIO, *, lang: str = "en") -> None:
    """Write it for a person: by host and cluster, then findings, then texts, then what could not be compared."""
    console = console_for(out)
    for section in (_changes, _findings, _texts, _blanks):
        for part in section(difference, lang, console.width):
            console.print(part, no_wrap=True, overflow="ignore", crop=False)
    assert isinstance(console.file, io.StringIO)
    put_out(console.file.getvalue(), out)


def summary(difference: Difference, lang: str) -> str:
    """One line: how much differs, and how much could not be compared."""
    baseline = difference.new.baseline
    moved = {key: len(getattr(baseline, key)) for key in ("new", "changed", "fixed")}
    key = "different" if difference.found else "same" if difference.complete else "same_so_far"
    return say(
        key,
        lang,
        changes=len(difference.changes),
        texts=len(difference.texts),
        blanks=len(difference.blanks),
        findings=sum(moved.values()),
    )


def render_difference_json(difference: Difference, out: TextIO) -> None:
    """Write it for programs: schema in reports/schema/diff.json."""
    baseline = difference.new.baseline
    assert baseline is not None
    now = {finding.id: finding for finding in difference.new.findings}
    value = {
        "schema_version": SCHEMA_VERSION,
        "old": {"id": baseline.run_id, "started": baseline.started},
        "new": {"id": difference.new.run.id, "started": difference.new.run.started},
        "different": difference.found,
        "complete": difference.complete,
        "changes": [_change_to_json(change) for change in difference.changes],
        "findings": {
            **{
                key: [finding_to_json(now[name]) for name in getattr(baseline, key)]
                for key in ("new", "changed")
            },
            **{
                key: [finding_to_json(finding) for finding in getattr(baseline, key)]
                for key in ("fixed", "unseen")
            },
            "unchanged": len(baseline.unchanged),
        },
        "texts": [
            {"host": text.host, "path": text.path, "lines": list(text.lines)} for text in difference.texts
        ],
        "not_compared": [
            {"subject": blank.subject, "area": blank.area, "reason": blank.why.why.en}
            for blank in difference.blanks
        ],
    }
    dump(value, out)


def _change_to_json(change: Change) -> dict[str, Any]:
    about = change.about
    return {
        "subject": about.subject,
        "area": about.area,
        "name": about.name,
        "kind": _kind(change),
        "before": _side(change.before),
        "after": _side(change.after),
    }


def _side(statement: Statement | None) -> dict[str, Any] | None:
    if statement is None:
        return None
    at = statement.at
    return {"value": statement.value, "path": at and at.source, "line": at and at.line}


def _kind(change: Change) -> str:
    return "new" if change.before is None else "gone" if change.after is None else "changed"


def _changes(difference: Difference, lang: str, width: int) -> Iterator[Text]:
    ordered = sorted(difference.changes, key=lambda change: _order(difference, change))
    for subject, changes in groupby(ordered, key=lambda change: change.about.subject):
        yield safe(subject, "bold underline")
        for area, same in groupby(changes, key=lambda change: change.about.area):
            yield from hang(Text("  "), safe(say(f"area_{area}", lang), "bold"), width)
            for change in same:
                mark, style = _MARKS[_kind(change)]
                yield from hang(Text.assemble("    ", (mark, style), " "), _said(change, lang), width)
        yield Text()


def _order(difference: Difference, change: Change) -> tuple[int, str]:
    """Clusters first, then hosts as HOSTS has them; what is said of one subject stays in its order."""
    names = [host.name for host in difference.new.hosts]
    subject = change.about.subject
    return (names.index(subject) + 1 if subject in names else 0, subject)


def _said(change: Change, lang: str) -> Text:
    before, after = change.before, change.after
    name = safe(f"{spoken(change.about.name, change.about.area, lang)}: ")
    if before is None or after is None:
        return Text.assemble(name, safe(change.about.value))
    return Text.assemble(name, safe(before.value), (" → ", "bold"), safe(after.value))


def _findings(difference: Difference, lang: str, width: int) -> Iterator[Text]:
    if drifts(difference.new):
        yield safe(say("findings", lang), "bold underline")
        yield from show_drifts(difference.new, lang, width)
        yield Text()


def _texts(difference: Difference, lang: str, width: int) -> Iterator[Text]:
    if not difference.texts:
        return
    yield safe(say("texts", lang), "bold underline")
    for text in difference.texts:
        yield from hang(Text("  "), safe(f"{text.host}:{text.path}", "bold"), width)
        for line in text.lines:
            style = {"+": "green", "-": "red", "@": "cyan"}.get(line[:1], "")
            yield from hang(Text("    "), safe(line, style), width)
    yield Text()


def _blanks(difference: Difference, lang: str, width: int) -> Iterator[Text]:
    if not difference.blanks:
        return
    yield safe(say("not_compared", lang), "bold underline")
    for blank in difference.blanks:
        head = Text.assemble("  ", ("?", "yellow"), " ", safe(blank.subject, "bold"))
        area = say(f"area_{blank.area}", lang)
        yield from hang(head, safe(f"  {area}: {tell(blank.why.why, lang)}"), width, indent=6)
    yield Text()
