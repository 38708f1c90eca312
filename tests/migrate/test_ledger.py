"""The ledger speaks of every value that was read, and says nothing of the new files that is not so."""

from __future__ import annotations

import json
import re

import pytest
from jsonschema import Draft202012Validator

from auditor.migrate.documents import ledger_schema, write_documents
from auditor.migrate.words import why
from auditor.model.migration import Migration, Row
from auditor.model.snapshot import Snapshot
from tests.hosts.snapshots import snapshot
from tests.migrate.accounts import unaccounted, untrue
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


def test_every_value_of_every_file_has_a_row(case: tuple[Snapshot, Migration]) -> None:
    counted, missing = unaccounted(*case)
    assert missing == []
    assert counted > 500


def test_what_the_ledger_says_stands_in_the_new_files(case: tuple[Snapshot, Migration]) -> None:
    assert untrue(case[1]) == []


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
