"""What differs between two runs by meaning, what only as text, and all that is noise."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest

from auditor.derive import derive_clusters
from auditor.derive.difference import compare_meaning, compare_texts
from auditor.derive.meaning import derive_meaning
from auditor.model.difference import Blank, Change, TextChange
from auditor.model.snapshot import Snapshot
from tests.hosts.edits import World, apply, read_edits
from tests.hosts.snapshots import snapshot


def edited(*edits: str) -> Snapshot:
    world: World = {host.name: host for host in snapshot("right").hosts}
    lines = [(number, line) for number, line in enumerate("\n".join(edits).split("\n"), 1)]
    for edit in read_edits(Path("here"), lines):
        apply(edit, world)
    return replace(snapshot("right"), hosts=tuple(world.values()))


RIGHT = snapshot("right")


RIGHT_MEANING = derive_meaning(RIGHT, derive_clusters(RIGHT))


def compared(
    old: Snapshot, new: Snapshot
) -> tuple[tuple[Change, ...], tuple[Blank, ...], tuple[TextChange, ...]]:
    pair = [
        RIGHT_MEANING if one is RIGHT else derive_meaning(one, derive_clusters(one)) for one in (old, new)
    ]
    changes, blanks = compare_meaning(*pair)
    return changes, blanks, tuple(compare_texts(old, new, changes))


def shown(change: Change) -> str:
    before, after = (one and one.value for one in (change.before, change.after))
    return f"{change.about.subject} {change.about.area} {change.about.name}: {before} -> {after}"


# One edit a line; what it comes to below it, each change behind "=> ".
CHANGES = r"""
ld1: $ ipvsadm s/173:80 wrr/173:80 wlc persistent 600/
=> ld1 ipvs tcp 202.75.216.173:80: wrr -> wlc persistent 600
=> ld1 ipvs tcp 202.91.231.173:80: wrr -> wlc persistent 600
ld1: $ ipvsadm s/  -> 202\.75\.216\.167:80[^\n]*\n//
=> ld1 ipvs tcp 202.75.216.173:80 real 202.75.216.167:80: gate weight 5 -> None
ld1: /etc/ha.d/ldirectord.cf s/(163:80 gate) 7/\1 8/
=> ld1 ldirectord tcp 202.75.216.173:80 real 202.75.216.163:80: gate weight 7 -> gate weight 8
=> ld1 ldirectord tcp 202.91.231.173:80 real 202.91.231.163:80: gate weight 7 -> gate weight 8
ld1: /etc/ha.d/ldirectord.cf s/quiescent=no/quiescent=yes/
=> ld1 ldirectord quiescent: no -> yes
=> ld1 ldirectord tcp 202.75.216.173:80 quiescent: no -> yes
=> ld1 ldirectord tcp 202.91.231.173:80 quiescent: no -> yes
rs1: $ ip-addr s/ +inet 202\.91\.231\.173\/32[^\n]*\n[^\n]*\n//
=> rs1 address lo 202.91.231.173/32: scope global -> None
rs1: $ sysctl s/eth0\/arp_ignore:1/eth0\/arp_ignore:0/
=> rs1 sysctl net.ipv4.conf.eth0.arp_ignore: 1 -> 0
rs1: /etc/sysctl.conf s/eth0.arp_ignore = 1/eth0.arp_ignore = 3/
=> rs1 sysctl_boot net.ipv4.conf.eth0.arp_ignore: 1 -> 3
rs1: $ packages s/httpd 2\.0\.52/httpd 2.0.53/
=> rs1 package httpd: 2.0.52-32.ent.centos4 -> 2.0.53-32.ent.centos4
ld2: remove /etc/rc.d/rc3.d/S75heartbeat
=> ld2 boot rc3 heartbeat: S75 -> None
ld2: /etc/ha.d/ha.cf s/bcast eth1\n/deadtime 10\n/
=> ld2 ha_cf deadtime: None -> 10
=> ld2 ha_cf bcast eth1: listed -> None
ld2: /etc/ha.d/authkeys s/1 sha1/1 md5/
=> ld2 authkeys key 1: sha1 9d0f2c7be14a6653c8b1f07a -> md5 9d0f2c7be14a6653c8b1f07a
ld2: mode 0644 /etc/ha.d/authkeys
=> ld2 file /etc/ha.d/authkeys: 0600 root:root -> 0644 root:root
ld2: /etc/hosts s/202\.75\.216\.162  ld1/10.0.0.1  ld1/
=> ld2 hosts ld1: 202.75.216.162 -> 10.0.0.1
rs1: $ ip-route s/via 202\.75\.216\.161/via 202.75.216.170/
=> rs1 route default: via 202.75.216.161 dev eth0 -> via 202.75.216.170 dev eth0
rs1: $ ps s/\/usr\/sbin\/httpd/\/usr\/sbin\/nginx/
=> rs1 process httpd: runs -> None
=> rs1 process nginx: None -> runs
rs1: ssh legacy none
=> rs1 ssh server: SSH-2.0-OpenSSH_3.9p1 -> OpenSSH_9.2
=> rs1 ssh host key: ssh-rsa SHA256:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU -> ssh-ed25519 SHA256:0
=> rs1 ssh obsolete algorithms: diffie-hellman-group14-sha1, hmac-sha1, ssh-rsa -> none
ld1: $ ipvsadm-timeout s/900/800/
=> ld1 ipvs timeouts: 900 120 300 -> 800 120 300
"""


def chapters() -> list[tuple[str, list[str]]]:
    found: list[tuple[str, list[str]]] = []
    for line in CHANGES.strip().splitlines():
        if line.startswith("=> "):
            found[-1][1].append(line[3:])
        else:
            found.append((line, []))
    return found


@pytest.mark.parametrize(("edit", "expected"), chapters(), ids=lambda value: str(value)[:60])
def test_by_meaning(edit: str, expected: list[str]) -> None:
    changes, blanks, texts = compared(RIGHT, edited(edit))
    assert sorted(map(shown, changes)) == sorted(expected)
    assert (blanks, texts) == ((), ())
    back, _, _ = compared(edited(edit), RIGHT)
    assert {(one.before, one.after) for one in back} == {(one.after, one.before) for one in changes}


@pytest.mark.parametrize(
    "edit",
    [
        r"ld1: $ ipvsadm s/(Route   \d+ +)\d+ +\d+/\g<1>77 88/",
        r"ld1: $ ipvsadm-stats s/\d{6,}/99999999/",
        r"ld1: $ ps s/(?m)^ *(\d{4}) /99\1 /",
        r"ld1: $ ps s/Mon Nov  3/Tue Nov  4/",
        r"ld1: $ date s/\d+/1763999999/",
        r"ld1: mtime 2026-01-01T00:00:00Z /etc/ha.d/ldirectord.cf",
        r"ld1: $ iptables s/ACCEPT \[0:0\]/ACCEPT [4711:815]/",
        r"ld1: $ modules s/ip_vs_wrr 6209 2/ip_vs_wrr 6209 9/",
        r"ld1: /etc/ha.d/ldirectord.cf s/( +real=202.75.216.163[^\n]*\n)( +real=202.75.216.164[^\n]*\n)/\2\1/",
        r"ld1: /etc/sysctl.conf s/(net.ipv4.conf.all.arp_ignore = 1\n)(net[^\n]*\n)/\2\1/",
        r"ld1: /etc/hosts s/ld1/ld1   /",
        r"ld1: $ ip-addr s/valid_lft forever/valid_lft 4711sec/",
        r"rs1: $ ip-addr s/ scope global lo:0/ scope global lo:7/",
    ],
)
def test_noise(edit: str) -> None:
    old, new = RIGHT, edited(edit)
    assert compared(old, replace(new, run_id="other", started="2026-01-01T00:00:00Z")) == ((), (), ())


@pytest.mark.parametrize(
    ("edit", "path", "lines"),
    [
        (
            r"ld1: /etc/ha.d/ha.cf s/auto_failback/# who knows\nauto_failback/",
            "/etc/ha.d/ha.cf",
            [
                "@@ -2,4 +2,5 @@",
                " mcast eth0 225.0.0.1 694 1 0",
                " bcast eth1",
                "+# who knows",
                " auto_failback off",
            ],
        ),
        (r"ld1: /etc/inittab s/id:3:/id:5:/", "/etc/inittab", ["-id:3:initdefault:", "+id:5:initdefault:"]),
        (r"ld1: $ iptables s/-A INPUT[^\n]*\n//", "iptables-save", ["--A INPUT -m state --state"]),
    ],
)
def test_as_text(edit: str, path: str, lines: list[str]) -> None:
    changes, _, (text,) = compared(RIGHT, edited(edit))
    assert changes == ()
    assert (text.host, text.path) == ("ld1", path)
    assert all(any(one.startswith(line) for one in text.lines) for line in lines)


def test_a_text_is_shown_where_more_than_its_meaning_differs() -> None:
    value = r"ld1: /etc/ha.d/ha.cf s/auto_failback off/auto_failback on/"
    more = r"ld1: /etc/ha.d/ha.cf s/node ld1/# first\nnode ld1/"
    assert compared(RIGHT, edited(value))[2] == ()
    changes, _, texts = compared(RIGHT, edited(value, more))
    assert [shown(one) for one in changes] == ["ld1 ha_cf auto_failback: off -> on"]
    assert [text.path for text in texts] == ["/etc/ha.d/ha.cf"]


@pytest.mark.parametrize("swap", [False, True])
def test_what_one_run_could_not_see_has_neither_come_nor_gone(swap: bool) -> None:
    pair = [RIGHT, edited("ld1: unreadable $ packages", "rs1: unreachable")]
    changes, blanks, _ = compared(*(pair[::-1] if swap else pair))
    assert [re.sub(": .*", "", shown(one)) for one in changes] == ["ld1 host status", "rs1 host status"]
    about = {(blank.subject, blank.area) for blank in blanks}
    assert {("ld1", "package"), ("rs1", "host"), ("ld1+ld2", "vip")} <= about


def test_redacted_secrets_are_compared_by_what_two_runs_share() -> None:
    mark = "ld1: /etc/ha.d/authkeys s/9d0f2c7be14a6653c8b1f07a/«redacted:authkey:len24:{tag}»/"
    assert compared(edited(mark.format(tag=1)), edited(mark.format(tag=2))) == ((), (), ())


def test_texts_of_a_hostile_host_come_to_an_end() -> None:
    same = "\n".join(["a"] * 60_000)
    texts = [
        "ld1: /etc/inittab\n" + "\n".join(f"| {line}" for line in text.split("\n"))
        for text in (same, same + "\nb")
    ]
    old, new = (edited(text) for text in texts)
    (text,) = compare_texts(old, new, ())
    assert text.lines == ("@@ 60000 → 60001 @@",)


def test_a_host_that_came_is_one_change() -> None:
    less = replace(RIGHT, hosts=tuple(host for host in RIGHT.hosts if host.name != "rs4"))
    changes, _, _ = compared(less, RIGHT)
    assert [shown(one) for one in changes if one.about.subject == "rs4"] == ["rs4 host status: None -> ok"]
    assert "ld1+ld2 cluster real servers: ld2, rs1, rs2, rs3 -> ld2, rs1, rs2, rs3, rs4" in map(
        shown, changes
    )
