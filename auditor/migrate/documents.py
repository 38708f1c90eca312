"""README.md, LEDGER.md, ledger.json and the commands: what people and scripts read of a migration."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from typing import Any

from auditor import __version__
from auditor.migrate.overview import target_name
from auditor.migrate.templates import fill
from auditor.model.migration import FATES, Migration, NewFile, Row
from auditor.model.place import Prose
from auditor.render.visible import visible
from auditor.resources import REPORTS

SCHEMA_VERSION = "1.0"


def write_documents(migration: Migration, lang: str) -> tuple[NewFile, ...]:
    """The documents of one migration, in ``en`` or ``zh``; the ledger's machine form has both."""
    return (
        NewFile(path="README.md", text=_markdown("README.md.j2", migration, lang)),
        NewFile(path="LEDGER.md", text=_markdown("LEDGER.md.j2", migration, lang)),
        NewFile(path="ledger.json", text=_json(migration)),
        NewFile(path="cluster/commands.txt", text=_commands(migration, lang)),
    )


def counts(migration: Migration) -> dict[str, int]:
    """Rows by fate, every fate named."""
    return {fate: sum(row.fate == fate for row in migration.rows) for fate in FATES}


def grouped(migration: Migration, fate: str) -> list[tuple[Prose, list[Row]]]:
    """Rows of one fate by their reason, in the order in which the reasons first come up."""
    found: dict[Prose, list[Row]] = {}
    for row in migration.rows:
        if row.fate == fate:
            found.setdefault(row.why or Prose(en="", zh=""), []).append(row)
    return list(found.items())


@cache
def ledger_schema() -> Mapping[str, Any]:
    """The JSON Schema of ledger.json."""
    loaded: Mapping[str, Any] = json.loads((REPORTS / "schema" / "ledger.json").read_text("utf-8"))
    return loaded


def code(text: str) -> str:
    """Text of a host as code of a Markdown table: nothing in it is markup, and nothing acts on a terminal."""
    shown = visible(text).replace("|", "\\|")
    fence = "`"
    while fence in shown:
        fence += "`"
    pad = " " if shown[:1] in {"`", " ", ""} or shown[-1:] == "`" else ""
    return f"{fence}{pad}{shown}{pad}{fence}"


def _markdown(name: str, migration: Migration, lang: str) -> str:
    return fill(
        name,
        migration=migration,
        version=__version__,
        target=target_name(migration.target),
        counts=counts(migration),
        fates=FATES,
        rows={fate: [row for row in migration.rows if row.fate == fate] for fate in FATES},
        grouped=grouped,
        code=code,
        visible=visible,
        lang=lang,
        say=lambda en, zh: zh if lang == "zh" else en,
        tell=lambda prose: getattr(prose, lang),
        hosts=sorted({file.path.split("/")[0] for file in migration.files} - {"cluster"}),
    )


def _commands(migration: Migration, lang: str) -> str:
    lines: list[str] = []
    for number, step in enumerate(migration.steps, 1):
        where = f" [{', '.join(step.where)}]" if step.where else ""
        lines += [f"# {number}. {visible(getattr(step.title, lang))}{where}", *step.commands, ""]
    return "\n".join(lines)


def _json(migration: Migration) -> str:
    whole = {
        "schema_version": SCHEMA_VERSION,
        "tool": {"name": "lvsaudit", "version": __version__},
        "cluster": migration.cluster,
        "target": migration.target,
        "ha": migration.ha,
        "counts": counts(migration),
        "inhibitors": [
            {
                "rule": one.finding.rule,
                "state": one.finding.state,
                "host": one.finding.host,
                "message": _prose(one.finding.message),
                "reason": _prose(one.reason),
            }
            for one in migration.inhibitors
        ],
        "holes": [{"name": hole.name, "why": _prose(hole.why)} for hole in migration.holes],
        "rows": [_row(row) for row in migration.rows],
    }
    text = json.dumps(whole, ensure_ascii=True, allow_nan=False, sort_keys=True, indent=1)
    return text + "\n"


def _row(row: Row) -> dict[str, Any]:
    at = row.at
    return {
        "fate": row.fate,
        "host": row.host,
        "source": None if at is None else at.source,
        "line": None if at is None else at.line,
        "column": None if at is None else at.column,
        "value": row.value,
        "path": row.path,
        "text": row.text,
        "why": None if row.why is None else _prose(row.why),
    }


def _prose(prose: Prose) -> dict[str, str]:
    return {"en": prose.en, "zh": prose.zh}
