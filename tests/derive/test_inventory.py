"""The inventory of the runbook's cluster, and what it says where nobody could look."""

from __future__ import annotations

import pytest

from auditor.derive import derive_clusters
from auditor.derive.inventory import derive_inventory
from auditor.model.difference import Meaning
from tests.clusters.golden import build
from tests.derive.test_difference import edited
from tests.derive.test_keepalived import half_moved


def inventory(*edits: str) -> Meaning:
    snapshot = edited(*edits)
    return derive_inventory(snapshot, derive_clusters(snapshot))


def rows(found: Meaning, subject: str, area: str) -> list[str]:
    return [
        f"{one.name}: {one.value}" for one in found.statements if (one.subject, one.area) == (subject, area)
    ]


def test_a_cluster() -> None:
    found = inventory(
        "ld1, ld2: /etc/ha.d/ldirectord.cf s/gate 5/gate 5\\n        real=202.75.216.168:80 gate 1/"
    )
    assert found.blanks == ()
    assert rows(found, "ld1+ld2", "cluster") == [
        "directors: ld1, ld2",
        "real servers: ld2, rs1, rs2, rs3, rs4",
        "active director: ld1",
    ]
    assert "202.75.216.173: held by ld1" in rows(found, "ld1+ld2", "vip")
    pools = rows(found, "ld1+ld2", "pool")
    assert pools[0] == "tcp 202.75.216.173:80: wrr, quiescent no"
    assert "tcp 202.75.216.173:80 real 202.75.216.163:80: gate weight 7" in pools
    assert rows(found, "ld1+ld2", "check")[0] == (
        "tcp 202.75.216.173:80: negotiate http request /checknode.lvs receive ^ok$"
    )
    assert rows(found, "ld1+ld2", "stranger") == ["real server: 202.75.216.168"]


def test_what_the_configuration_leans_on() -> None:
    found = inventory(
        "ld1, ld2: /etc/ha.d/ldirectord.cf s/service=http/service=https\\n        checktype=external"
        '\\n        checkcommand="\\/usr\\/local\\/bin\\/probe --ca \\/etc\\/pki\\/ca.pem"/',
    )
    leans = rows(found, "ld1+ld2", "reference")
    assert "checkcommand: /usr/local/bin/probe --ca /etc/pki/ca.pem" in leans
    assert "certificate: /etc/pki/ca.pem" in leans
    assert "respawn: /usr/lib/heartbeat/ipfail as hacluster" in leans
    assert [one for one in leans if one.startswith("resource script")] == [
        "resource script: IPaddr2",
        "resource script: LVSSyncDaemonSwap",
        "resource script: ldirectord",
    ]


def test_a_host() -> None:
    found = inventory()
    assert "maintained until: 2012-02-29, over" in rows(found, "ld2", "system")
    assert {"roles: director, real", "system: CentOS release 4.5 (Final)", "kernel: 2.6.9-55.ELsmp i686"} <= {
        *rows(found, "ld2", "system")
    }
    assert "heartbeat: 2.1.2-3.el4.centos" in rows(found, "ld2", "package")
    assert "bash: 3.0-19.3" not in rows(found, "ld2", "package")
    assert "lo: 202.75.216.173/32 label lo:1" in rows(found, "ld2", "address")
    assert "default route: 202.75.216.161 dev eth0" in rows(found, "ld2", "address")
    assert rows(found, "ld2", "boot") == [
        "start in runlevel 3: S08iptables S10network S12syslog S55sshd S58ntpd S75heartbeat S85httpd S99local"
    ]
    assert "key exchange: diffie-hellman-group14-sha1" in rows(found, "ld2", "ssh")


def test_what_nobody_could_see_says_why() -> None:
    found = inventory(
        "rs1: unreachable", "ld1: unreadable $ packages", "ld1, ld2: unreadable /etc/ha.d/ldirectord.cf"
    )
    said = {(blank.subject, blank.area): blank.why.why.en for blank in found.blanks}
    assert said["rs1", "system"] == said["rs1", "address"] == "rs1 was not read: unreachable"
    assert "package list is unreadable" in said["ld1", "package"]
    assert {area for subject, area in said if subject == "ld1+ld2"} >= {
        "pool",
        "check",
        "reference",
        "stranger",
    }
    assert rows(found, "ld1", "package") == []
    assert "none" not in {one.value for one in found.statements if one.subject == "ld1+ld2"}


def test_what_is_not_there_is_said() -> None:
    found = inventory("rs1: $ ip-route s/default[^\\n]*\\n//", "ld1, ld2: remove /etc/ha.d/ldirectord.cf")
    assert "default route: none" in rows(found, "rs1", "address")
    assert rows(found, "ld1+ld2", "pool") == ["services of ld1: none"]


def test_what_keepalived_does_is_said_of_each_director() -> None:
    snapshot = build(half_moved())
    found = derive_inventory(snapshot, derive_clusters(snapshot))
    assert found.blanks == ()
    assert rows(found, "ld3", "pool") == [
        "tcp group web: wrr",
        "tcp group web member: 202.75.216.174:80",
        "tcp group web member: 202.75.216.174:443",
        "tcp group web real 202.75.216.164: gate weight 9",
        "tcp group web real 202.75.216.165: gate weight 8",
        "tcp group web fallback: 127.0.0.1:80 gate",
    ]
    assert rows(found, "ld3", "check") == ["tcp group web real 202.75.216.164: TCP_CHECK"]
    assert rows(found, "ld3", "vip") == [
        "VRRP web: state MASTER, interface eth0, router id 51, priority 150",
        "VRRP web address: 202.75.216.174/28 dev eth0",
    ]
    assert rows(found, "ld1+ld2+ld3", "pool")[0] == "tcp 202.75.216.173:80: wrr, quiescent no"
    assert "202.75.216.174: held by ld3" in rows(found, "ld1+ld2+ld3", "vip")
    assert not any("geheim" in one.value for one in found.statements)


@pytest.mark.parametrize("edit", ["unreadable {}", "{}\n| include more.conf", "{}\n| vrrp_instance a {{"])
def test_what_keepalived_does_may_be_unknown(edit: str) -> None:
    found = inventory(f"ld2: {edit.format('/etc/keepalived/keepalived.conf')}")
    assert {one.area for one in found.blanks if one.subject == "ld2"} == {"pool", "check", "vip"}
