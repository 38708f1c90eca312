"""A migration on a terminal: what stands in the way, the cluster before and after, and the ledger in numbers."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from typing import TextIO

from rich.table import Table
from rich.text import Text

from auditor.migrate.documents import counts, grouped
from auditor.migrate.overview import target_name
from auditor.model.migration import FATES, Migration
from auditor.render.console import console_for
from auditor.render.visible import safe
from auditor.render.words import say, tell

_MOST = 8


def render_migration(
    migration: Migration, out: TextIO, *, lang: str, width: int | None = None, color: bool | None = None
) -> None:
    """Write it for a person, as ``render_console`` does a report."""
    console = console_for(out, width=width, color=color)
    buffer = console.file
    assert isinstance(buffer, io.StringIO)
    for part in _parts(migration, lang):
        console.print(part)
    text = re.sub(" +$", "", buffer.getvalue(), flags=re.MULTILINE)
    encoding = getattr(out, "encoding", None) or "utf-8"
    out.write(text.encode(encoding, "backslashreplace").decode(encoding))


def _parts(migration: Migration, lang: str) -> Iterator[Text | Table]:
    title = f"{migration.cluster} → {target_name(migration.target)}, {migration.ha}"
    yield safe(title, "bold")
    for one in migration.inhibitors:
        finding = one.finding
        where = f" {finding.host}" if finding.host else ""
        mark = Text("! ", "bold red" if finding.state == "fail" else "bold yellow")
        yield mark + safe(f"{finding.rule}{where}: {tell(finding.message, lang)}")
    for hole in migration.holes:
        yield Text("? ", "bold yellow") + safe(f"{hole.name}: {tell(hole.why, lang)}")
    yield Text()
    yield _before_and_after(migration, lang)
    yield Text()
    numbers = counts(migration)
    yield Text("  ".join(f"{say(fate, lang)} {numbers[fate]}" for fate in FATES), "bold")
    kinds = grouped(migration, "decide")
    for why, rows in kinds[:_MOST]:
        places = ", ".join(str(row.at or row.host) for row in rows[:2])
        yield safe(f"  {len(rows)}  {tell(why, lang)} ({places}{' …' if len(rows) > 2 else ''})")
    if len(kinds) > _MOST:
        more = len(kinds) - _MOST
        yield Text(f"  … 另有 {more} 类" if lang == "zh" else f"  … and {more} more kinds")


def _before_and_after(migration: Migration, lang: str) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("")
    for title in ("before", "after"):
        table.add_column(Text(say(title, lang)), overflow="fold")
    for aspect in migration.aspects:
        table.add_row(*(safe(tell(prose, lang)) for prose in (aspect.name, aspect.before, aspect.after)))
    return table
