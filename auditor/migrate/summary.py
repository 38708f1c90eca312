"""A migration on a terminal: what stands in the way, the cluster before and after, and the ledger in numbers."""

from __future__ import annotations

from typing import TextIO

from rich.console import Console
from rich.table import Table
from rich.text import Text

from auditor.migrate.documents import counts, grouped
from auditor.migrate.overview import target_name
from auditor.model.migration import FATES, Migration
from auditor.model.place import Prose
from auditor.render.visible import safe
from auditor.render.words import tell

_MOST = 8
_FATES = {
    "decide": Prose(en="to decide", zh="待决定"),
    "invented": Prose(en="invented", zh="新增"),
    "lost": Prose(en="lost", zh="丢弃"),
    "changed": Prose(en="changed", zh="改变"),
    "kept": Prose(en="kept", zh="保留"),
}


def render_summary(migration: Migration, out: TextIO, *, lang: str) -> None:
    """Everything a host said is made harmless; without a terminal there is no colour and no cutting."""
    console = Console(file=out, highlight=False, markup=False, soft_wrap=not out.isatty())
    title = f"{migration.cluster} → {target_name(migration.target)}, {migration.ha}"
    console.print(safe(title, "bold"))
    for one in migration.inhibitors:
        finding = one.finding
        where = f" {finding.host}" if finding.host else ""
        console.print(
            Text("! ", "bold red" if finding.state == "fail" else "bold yellow")
            + safe(f"{finding.rule}{where}: {tell(finding.message, lang)}")
        )
    for hole in migration.holes:
        console.print(Text("? ", "bold yellow") + safe(f"{hole.name}: {tell(hole.why, lang)}"))
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("")
    table.add_column("之前" if lang == "zh" else "before", overflow="fold")
    table.add_column("之后" if lang == "zh" else "after", overflow="fold")
    for aspect in migration.aspects:
        table.add_row(*(safe(tell(prose, lang)) for prose in (aspect.name, aspect.before, aspect.after)))
    console.print()
    console.print(table)
    console.print()
    numbers = counts(migration)
    console.print(Text("  ".join(f"{tell(_FATES[fate], lang)} {numbers[fate]}" for fate in FATES), "bold"))
    open_rows = grouped((row for row in migration.rows if row.fate == "decide"), lang)
    for why, rows in open_rows[:_MOST]:
        places = ", ".join(str(row.at or row.host) for row in rows[:2])
        console.print(safe(f"  {len(rows)}  {why} ({places}{' …' if len(rows) > 2 else ''})"))
    if len(open_rows) > _MOST:
        more = len(open_rows) - _MOST
        console.print(f"  … 另有 {more} 类" if lang == "zh" else f"  … and {more} more kinds")
