"""A change of the old cluster changes the new one exactly where it should, and nowhere else."""

from __future__ import annotations

from difflib import ndiff

import pytest

from auditor.migrate.documents import write_documents
from auditor.model.migration import Migration
from tests.hosts.snapshots import snapshot
from tests.migrate.worlds import HA_CF, HARESOURCES, LDIRECTORD, altered, migrated, migrated_world, texts

CIB = "cluster/cib.xml"
CF = "etc/ha.d/ldirectord.cf"
POOL = "etc/lvs/pools/tcp_202.75.216.173_80.conf"
OTHER_POOL = "etc/lvs/pools/tcp_202.91.231.173_80.conf"
COROSYNC = "etc/corosync/corosync.conf"
MODULES = "etc/modules-load.d/lvs.conf"

Changes = dict[str, list[str]]


def on_both(path: str, *lines: str) -> Changes:
    return {f"{host}/{path}": list(lines) for host in ("ld1", "ld2")}


def changes(before: Migration, after: Migration) -> Changes:
    """Path to the lines that went and came, without their indentation."""
    old, new = texts(before), texts(after)
    found: Changes = {}
    for path in old.keys() | new.keys():
        lines = ndiff(old.get(path, "").splitlines(), new.get(path, "").splitlines())
        marked = [f"{line[0]}{line[2:].strip()}" for line in lines if line[0] in "-+"]
        if marked:
            found[path] = marked
    return found


# Target, file, what stands there, what shall stand there, and what that changes.
CASES: dict[str, tuple[str, str, str, str, Changes]] = {
    "auto_failback": (
        "debian-12",
        HA_CF,
        "auto_failback off",
        "auto_failback on",
        {
            CIB: [
                '-<nvpair id="rsc-resource-stickiness" name="resource-stickiness" value="INFINITY"/>',
                '+<nvpair id="rsc-resource-stickiness" name="resource-stickiness" value="0"/>',
            ]
        },
    ),
    "deadtime": (
        "debian-12",
        HA_CF,
        "auto_failback off",
        "auto_failback off\ndeadtime 10\nwarntime 3",
        on_both(
            COROSYNC,
            *("-token: 13636", "+token: 4545", "-consensus: 16364", "+consensus: 5455"),
            *("-token_warning: 99", "+token_warning: 66"),
        ),
    ),
    "weight": (
        "debian-12",
        LDIRECTORD,
        "real=202.75.216.165:80 gate 8",
        "real=202.75.216.165:80 gate 3",
        on_both(CF, "-real=202.75.216.165:80 gate 8", "+real=202.75.216.165:80 gate 3"),
    ),
    "weight on el9": (
        "el9",
        LDIRECTORD,
        "real=202.75.216.165:80 gate 8",
        "real=202.75.216.165:80 gate 3",
        on_both(POOL, "-real 202.75.216.165 80 gate 8", "+real 202.75.216.165 80 gate 3"),
    ),
    "quiescent": (
        "debian-12",
        LDIRECTORD,
        "quiescent=no",
        "quiescent=yes",
        on_both(CF, "-quiescent=no", "+quiescent=yes"),
    ),
    "quiescent on el9": (
        "el9",
        LDIRECTORD,
        "quiescent=no",
        "quiescent=yes",
        on_both(POOL, "-quiescent=no", "+quiescent=yes")
        | on_both(OTHER_POOL, "-quiescent=no", "+quiescent=yes"),
    ),
    "a check that may take long on el9": (
        "el9",
        LDIRECTORD,
        "        scheduler=wrr",
        "        negotiatetimeout=100\n        scheduler=wrr",
        on_both(POOL, "-negotiatetimeout=30", "+negotiatetimeout=100")
        | on_both("etc/systemd/system/lvs-pool@.service", "-TimeoutStartSec=60", "+TimeoutStartSec=130")
        | on_both("etc/systemd/system/lvs-health@.service", "-TimeoutStartSec=60", "+TimeoutStartSec=130")
        | {
            CIB: [
                f'{sign}<op id="pool-tcp-202-75-216-173-80-{name}" name="{name}" '
                f'interval="{interval}s" timeout="{seconds}s"/>'
                for name, interval in (("start", 0), ("stop", 0), ("monitor", 20))
                for sign, seconds in (("-", 60), ("+", 130))
            ]
        },
    ),
    "scheduler": (
        "debian-12",
        LDIRECTORD,
        "scheduler=wrr",
        "scheduler=wlc",
        on_both(CF, "-scheduler=wrr", "+scheduler=wlc") | on_both(MODULES, "+ip_vs_wlc"),
    ),
    "scheduler on el9": (
        "el9",
        LDIRECTORD,
        "scheduler=wrr",
        "scheduler=wlc",
        on_both(POOL, "-scheduler=wrr", "+scheduler=wlc") | on_both(MODULES, "+ip_vs_wlc"),
    ),
    "a real server more": (
        "debian-12",
        LDIRECTORD,
        "        service=http",
        "        real=202.75.216.168:80 gate 4\n        service=http",
        on_both(CF, "+real=202.75.216.168:80 gate 4"),
    ),
    "persistence": (
        "el9",
        LDIRECTORD,
        "        scheduler=wrr",
        "        persistent=600\n        netmask=255.255.255.0\n        scheduler=wrr",
        on_both(POOL, "-options=()", "+options=(-p 600 -M 255.255.255.0)"),
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_one_change(name: str) -> None:
    target, source, old, new, wanted = CASES[name]
    before = migrated_world("right", target, "pacemaker")
    after = migrated(altered(snapshot("right"), source, old, new), target)
    assert changes(before, after) == wanted


def test_a_vip_more_is_a_resource_more_at_its_place() -> None:
    first = "IPaddr2::202.91.231.172/28/eth0/202.91.231.175"
    world = altered(snapshot("right"), HARESOURCES, first, f"IPaddr2::202.75.216.171/28/eth0 {first}")
    found = changes(migrated_world("right", "debian-12", "pacemaker"), migrated(world))
    assert list(found) == [CIB]
    assert all(line.startswith("+") for line in found[CIB])
    assert '+<nvpair id="vip-202-75-216-171-ip" name="ip" value="202.75.216.171"/>' in found[CIB]
    cib = texts(migrated(world))[CIB]
    places = [cib.index(f'"vip-{vip}"') for vip in ("202-75-216-173", "202-75-216-171", "202-91-231-172")]
    assert places == sorted(places)


def test_the_order_of_resources_is_kept() -> None:
    before, after = "LVSSyncDaemonSwap::master ldirectord", "ldirectord LVSSyncDaemonSwap::master"
    world = altered(snapshot("right"), HARESOURCES, before, after)
    cib = texts(migrated(world))[CIB]
    assert cib.index('id="ldirectord"') < cib.index('id="lvs-sync-master"')


@pytest.mark.parametrize("target", ["debian-12", "el9"])
def test_comments_and_blanks_change_nothing(target: str) -> None:
    world = snapshot("right")
    for source, old, new in (
        (HA_CF, "auto_failback off\n", "# auto_failback on\n\n  auto_failback   off # as ever\n"),
        (LDIRECTORD, "virtual=202.75.216.173", "# virtual=1.2.3.4:80\nvirtual = 202.75.216.173"),
        (LDIRECTORD, "        fallback=127.0.0.1:80\n", "# in between\n        fallback = 127.0.0.1:80\n"),
        (LDIRECTORD, "#        persistent=1\n", ""),
        (HARESOURCES, "ld1 ", "# master\nld1   "),
        ("/etc/sysctl.conf", "net.ipv4.ip_forward = 0", "# forward\nnet.ipv4.ip_forward=0"),
    ):
        world = altered(world, source, old, new)
    before = migrated_world("right", target, "pacemaker")
    assert changes(before, migrated(world, target)) == {}


def test_the_directors_get_the_same_cluster() -> None:
    new = texts(migrated_world("right", "debian-12", "pacemaker"))
    for path in (COROSYNC, CF, MODULES):
        assert new[f"ld1/{path}"] == new[f"ld2/{path}"]


def test_a_secret_never_comes_along() -> None:
    marked = '        login="probe"\n        passwd="«redacted:passwd:len6:1»"\n        service=http'
    world = altered(snapshot("right"), LDIRECTORD, "        service=http", marked)
    migration = migrated(world)
    written = [file.text for file in (*migration.files, *write_documents(migration, "en"))]
    assert "PUT-THE-SECRET-HERE" in texts(migration)[f"ld1/{CF}"]
    assert not any("redacted:" in text for text in texts(migration).values())
    (row,) = [row for row in migration.rows if row.host == "ld1" and "passwd=" in row.value]
    assert row.fate == "decide"
    assert written
