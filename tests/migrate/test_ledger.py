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
from tests.clusters.golden import HERE, Example, build
from tests.derive.test_difference import edited
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


KEEPALIVED = "/etc/keepalived/keepalived.conf"


@pytest.mark.parametrize(
    ("conf", "value", "key"),
    [
        (
            "virtual_server 202.75.216.173 80 {\n}\n",
            "virtual_server 202.75.216.173 80 tcp",
            "keepalived-served",
        ),
        (
            "virtual_server 202.75.216.173 80 {\nprotocol UDP\n}\n",
            "virtual_server 202.75.216.173 80 udp",
            "keepalived-unserved",
        ),
        (
            "virtual_server 202.75.216.174 80 {\n}\n",
            "virtual_server 202.75.216.174 80 tcp",
            "keepalived-unserved",
        ),
        ("virtual_server fwmark 1 {\n}\n", "virtual_server fwmark 1 fwm", "keepalived-unserved"),
        ("include more.conf\n", "(more services)", "keepalived-more"),
    ],
)
def test_whether_the_new_cluster_has_what_keepalived_serves(conf: str, value: str, key: str) -> None:
    lines = "".join(f"\n| {line}" for line in conf.splitlines())
    world = edited(f"ld2: {KEEPALIVED}{lines}")
    migration = migrated(world)
    told = {row.value: row.why for row in rows(migration, KEEPALIVED, "", "ld2")}
    assert told[value] == why(key)
    assert unaccounted(world, migration)[1] == untrue(migration) == []


def test_a_director_of_keepalived_stays_out_of_the_new_cluster() -> None:
    path = HERE / "keepalived-third-director.txt"
    description = path.read_text(encoding="utf-8").partition("-" * 80)[0]
    migration = migrated(build(Example(path=path, description=description, golden="")))
    paths = texts(migration)
    assert " name: ld3\n" not in paths["ld1/etc/corosync/corosync.conf"]
    assert not [path for path in paths if path.startswith("ld3/etc/corosync")]
    told = [row.value for row in migration.rows if row.why == why("keepalived-unserved")]
    assert told == ["virtual_server 202.75.216.174 80 tcp", "virtual_server 202.75.216.174 443 tcp"]
