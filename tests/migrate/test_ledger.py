"""The ledger speaks of every value that was read, and says nothing of the new files that is not so."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator

import pytest
from jsonschema import Draft202012Validator

from auditor.migrate.documents import ledger_schema, write_documents
from auditor.migrate.sources import read_sources
from auditor.migrate.words import why
from auditor.model.facts import Directive, Group, HostsEntry, ModuleLine, ScriptCommand, Setting, Sysctl
from auditor.model.migration import Migration, Row
from auditor.model.snapshot import Snapshot
from tests.hosts.snapshots import snapshot
from tests.migrate.worlds import (
    HA_CF,
    HARESOURCES,
    LDIRECTORD,
    RC_LOCAL,
    SHAPES,
    WORLDS,
    migrated,
    migrated_world,
    rich,
    texts,
    without,
)


@pytest.fixture(params=[(name, *shape) for name in WORLDS for shape in SHAPES], ids="-".join, scope="module")
def case(request: pytest.FixtureRequest) -> tuple[Snapshot, Migration]:
    name, target, ha = request.param
    return WORLDS[name](), migrated_world(name, target, ha)


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
        case ScriptCommand():
            yield fact.text
        case _:
            yield ""


def test_every_value_of_every_file_has_a_row(case: tuple[Snapshot, Migration]) -> None:
    world, migration = case
    rows = Counter[tuple[str, str, int | None]]()
    said: dict[tuple[str, str, int | None], list[str]] = {}
    for row in migration.rows:
        if row.at is not None:
            place = (row.host, row.at.source, row.at.line)
            rows[place] += 1
            said.setdefault(place, []).append(row.value)
    counted = 0
    for host in world.hosts:
        for source in read_sources(host, "2009"):
            assert source.reading is not None or said[(host.name, source.artifact.source, None)]
            for fact in source.reading.facts if source.reading else ():
                at = fact.at  # type: ignore[attr-defined]
                lines = [said.get((at.host, at.source, at.line), [])]
                if isinstance(fact, Group):
                    lines = [
                        words for (h, path, _), words in said.items() if (h, path) == (at.host, at.source)
                    ]
                for value in values(fact):
                    counted += 1
                    assert any(value in word for words in lines for word in words), (at, value)
            for line in source.reading.unparsed if source.reading else ():
                counted += 1
                assert line.text.strip() in said[(line.at.host, line.at.source, line.at.line)]
    assert counted > 500


def test_what_the_ledger_says_stands_in_the_new_files(case: tuple[Snapshot, Migration]) -> None:
    _, migration = case
    written = texts(migration)
    for row in migration.rows:
        assert (row.path is None) == (row.text is None), row
        if row.text is not None:
            assert row.path is not None
            assert row.text in written[row.path], row
        if row.fate in {"kept", "changed", "invented"}:
            assert row.text, row
        if row.fate != "kept":
            assert row.why is not None, row


def test_every_value_was_known_to_some_converter(case: tuple[Snapshot, Migration]) -> None:
    assert [row for row in case[1].rows if row.why == why("nobody-knows")] == []


def test_the_machine_form_is_what_its_schema_says(case: tuple[Snapshot, Migration]) -> None:
    _, migration = case
    documents = {file.path: file.text for file in write_documents(migration, "en")}
    Draft202012Validator(ledger_schema()).validate(json.loads(documents["ledger.json"]))


def test_the_same_snapshot_gives_the_same_bytes_and_nothing_that_runs(
    case: tuple[Snapshot, Migration],
) -> None:
    world, migration = case
    again = migrated(world, migration.target, migration.ha)
    for lang in ("en", "zh"):
        assert write_documents(again, lang) == write_documents(migration, lang)
    assert again.files == migration.files
    for file in (*migration.files, *write_documents(migration, "zh")):
        assert int(file.mode, 8) & 0o111 == 0
        assert not re.search(r"9d0f2c7be14a6653c8b1f07a", file.text), f"a key in {file.path}"


def rows(migration: Migration, source: str, word: str, host: str = "ld1") -> list[Row]:
    return [
        row
        for row in migration.rows
        if row.host == host and row.at and row.at.source == source and word in row.value
    ]


def test_fates_of_a_rich_cluster() -> None:
    migration = migrated(rich())

    def fate(source: str, word: str, host: str = "ld1") -> str:
        (row,) = rows(migration, source, word, host)
        return row.fate

    assert fate(HA_CF, "nonsense") == "decide"
    assert fate(HA_CF, "serial") == "lost"
    assert fate(HA_CF, "deadtime") == "changed"
    assert fate(HA_CF, "watchdog") == "decide"
    assert {row.fate for row in rows(migration, HA_CF, "stonith_host")} == {"decide"}
    assert fate(HARESOURCES, "MailTo") == "decide"
    assert fate(LDIRECTORD, "persistent=10m") == "changed"
    assert fate(LDIRECTORD, "scheduler=Wrr") == "changed"
    assert fate(RC_LOCAL, "/usr/local/sbin/tune-disks | logger") == "decide"
    assert fate(RC_LOCAL, "ipvsadm --set") == "changed"
    assert fate(RC_LOCAL, "route add") == "decide"
    assert fate("/etc/sysctl.conf", "tcp_tw_recycle", "rs1") == "decide"
    cf = texts(migration)["ld1/etc/ha.d/ldirectord.cf"]
    assert "persistent=10\n" in cf
    assert "scheduler=rr\n" in cf


def test_a_host_that_was_not_read_is_a_hole_with_its_name() -> None:
    migration = migrated(without(snapshot("right"), "rs3"))
    assert "rs3" in [hole.name for hole in migration.holes]
    assert not any(file.path.startswith("rs3/") for file in migration.files)
    assert "rs3" in next(file.text for file in write_documents(migration, "en") if file.path == "README.md")


def test_findings_stand_in_the_way_and_are_not_mended() -> None:
    migration = migrated(snapshot("printed"))
    found = {one.finding.rule for one in migration.inhibitors}
    assert {"haresources.same-on-nodes", "ipvs.real-is-director", "arp.vip-present"} <= found
    unit = texts(migration)["ld2/etc/systemd/system/lvs-vip-lo.service"]
    assert "202.75.216.173" not in unit
    assert [one for one in migrated(snapshot("right")).inhibitors if one.finding.state == "fail"] == []
