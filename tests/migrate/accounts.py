"""The ledger audited: counted against the files without its help, and held against the new files word for word."""

from __future__ import annotations

from collections.abc import Iterator

from auditor.migrate.sources import read_sources
from auditor.model.facts import Directive, Group, HostsEntry, ModuleLine, ScriptLine, Setting, Sysctl
from auditor.model.migration import Migration, Row
from auditor.model.place import At
from auditor.model.snapshot import Snapshot
from tests.migrate.worlds import texts


def unaccounted(world: Snapshot, migration: Migration) -> tuple[int, list[tuple[At, str]]]:
    """How many values the files of the migrated hosts have, and those that no row speaks of."""
    said: dict[tuple[str, str, int | None], list[str]] = {}
    whole: dict[tuple[str, str], list[str]] = {}
    for row in migration.rows:
        if row.at is not None:
            said.setdefault((row.host, row.at.source, row.at.line), []).append(row.value)
            whole.setdefault((row.host, row.at.source), []).append(row.value)
    ours = {file.path.split("/")[0] for file in migration.files}
    counted, missing = 0, []
    for host in (host for host in world.hosts if host.name in ours):
        for source in read_sources(host, "2009"):
            if source.reading is None:
                if not whole.get((host.name, source.artifact.source)):
                    missing.append((At(host=host.name, source=source.artifact.source), "(the whole file)"))
                continue
            for fact in source.reading.facts:
                at: At = fact.at  # type: ignore[attr-defined]
                found = said.get((at.host, at.source, at.line), [])
                if isinstance(fact, Group):  # goes over several lines
                    found = whole.get((at.host, at.source), [])
                wanted = list(values(fact))
                counted += len(wanted)
                missing += [(at, value) for value in wanted if not any(value in word for word in found)]
                if isinstance(fact, Directive | Group) and len(found) < len(wanted):
                    missing.append((at, f"{len(wanted)} values, {len(found)} rows"))
            for line in source.reading.unparsed:
                counted += 1
                if line.text.strip() not in said.get((line.at.host, line.at.source, line.at.line), []):
                    missing.append((line.at, line.text))
    return counted, missing


def untrue(migration: Migration) -> list[Row]:
    """Rows that say of a new file what does not stand there, or that say less than their fate asks for."""
    written = texts(migration)
    return [
        row
        for row in migration.rows
        if (row.path is None) != (row.text is None)
        or (row.text is not None and row.text not in written.get(row.path or "", ""))
        or (row.fate in {"kept", "changed", "invented"} and not row.text)
        or (row.fate != "kept" and row.why is None)
    ]


def values(fact: object) -> Iterator[str]:
    """Every value of a fact on its own, counted without the ledger's help."""
    match fact:
        case Directive():
            yield from fact.words or (fact.name,)
        case Group():
            yield fact.node.written
            for resource in fact.resources:
                yield resource.script
                for arg in resource.args:
                    yield from arg.split("/")
        case Setting():
            yield fact.value or fact.key
        case HostsEntry():
            yield fact.address
            yield from fact.names
        case ModuleLine():
            yield from fact.words
        case Sysctl():
            yield fact.value
        case ScriptLine():
            yield from (command.text for command in fact.commands)
            yield from fact.others
            if not fact.commands and not fact.others:
                yield fact.text
        case _:
            yield ""
