"""Sites that have half moved: what keepalived.conf makes of hosts, addresses and pools."""

from __future__ import annotations

import pytest

from auditor.derive import derive_clusters
from auditor.derive.keepalived import gap_of, services_of
from auditor.model.cluster import Cluster, Host
from auditor.model.place import Unknown
from auditor.parse import read
from auditor.parse.text import read_document
from tests.clusters.golden import HERE, Example, build, judged
from tests.derive.test_difference import edited

HALF = """
vrrp_instance web { virtual_ipaddress {
 202.75.216.174/28 dev eth0
} }
virtual_server 202.75.216.174 80 {
 lb_kind DR
 real_server 202.75.216.164 80 {
  TCP_CHECK {
  }
 }
}
"""


def services(text: str) -> list[str]:
    file = read("keepalived", read_document(text.encode(), source="keepalived.conf")).value
    gap = gap_of(file)
    found = [
        f"mark {one.mark}" if one.mark is not None else f"{one.address} {one.port}"
        for one in services_of(file)
        if not isinstance(one, Unknown)
    ]
    return found + ([gap.why.en] if gap is not None else [])


def group(member: str) -> str:
    return f"virtual_server_group g {{\n{member}\n}}\nvirtual_server group g {{\n}}\n"


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("virtual_server 10.0.0.1 80 {\n}\n", ["10.0.0.1 80"]),
        ("virtual_server 2001:DB8::1 {\n}\n", ["2001:db8::1 0"]),
        ("virtual_server fwmark 7 {\n}\n", ["mark 7"]),
        (group("10.0.0.254-255 80\nfwmark 3"), ["10.0.0.254 80", "10.0.0.255 80", "mark 3"]),
        (group("2001:db8::9-a 80"), ["2001:db8::9 80", "2001:db8::a 80"]),
        ("vrrp_instance a { virtual_ipaddress {\n10.0.0.1\n} }\n", []),
    ],
)
def test_what_is_served(text: str, wanted: list[str]) -> None:
    assert services(text) == wanted


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("virtual_sever 10.0.0.1 80 {\n}\n", "keepalived.conf:1 is nothing that keepalived is known to read"),
        ("include more.conf\n", "keepalived.conf includes more.conf, which was not read"),
        (
            "@ld1 vrrp_instance a {\n}\n",
            "keepalived.conf:1 counts on some hosts only, and on which was not read",
        ),
        ("virtual_server group g {\n}\n", "the group g of keepalived.conf:1 was not found"),
        (group("web.example 80"), "which address web.example 80 of keepalived.conf:4 means cannot be told"),
        (group("10.0.0.9-3 80"), "which address 10.0.0.9-3 80 of keepalived.conf:4 means cannot be told"),
        (
            group("10.0.0.9-999 80"),
            "which address 10.0.0.9-999 80 of keepalived.conf:4 means cannot be told",
        ),
        (
            group("10.0.0.0-255 1\n" * 400),
            "keepalived.conf:404 and what follows have more services than were looked at",
        ),
    ],
)
def test_what_nobody_can_tell(text: str, why: str) -> None:
    assert services(text)[-1] == why


def half_moved(*edits: str) -> Example:
    """The runbook's cluster with a third director, of keepalived alone."""
    path = HERE / "keepalived-third-director.txt"
    description = path.read_text(encoding="utf-8").partition("-" * 80)[0] + "\n".join(edits)
    return Example(path=path, description=description, golden="")


def half(*edits: str) -> dict[str, Host]:
    clusters = derive_clusters(build(half_moved(*edits)))
    return {host.name: host for cluster in clusters for host in cluster.hosts}


def test_a_report_has_the_services_of_both() -> None:
    (cluster,) = judged(half_moved()).clusters
    assert [(row.name, row.owners) for row in cluster.virtuals] == [
        ("202.75.216.173:80", ("ld1",)),
        ("202.91.231.173:80", ("ld1",)),
        ("202.75.216.174:80", ("ld3",)),
        ("202.75.216.174:443", ("ld3",)),
    ]
    assert cluster.virtuals[-1].reals == ("202.75.216.164:443 gate 9", "202.75.216.165:443 gate 8")


def test_roles_say_which_file_they_come_from() -> None:
    hosts = half()
    said = {name: [reason.en for reason in host.role_reasons] for name, host in hosts.items()}
    assert "director: its keepalived.conf has 1 virtual services" in said["ld3"]
    assert "real: keepalived.conf of ld3 has real_server 202.75.216.164" in said["rs1"]
    assert "real: ldirectord.cf of ld1 has real=202.75.216.164" in said["rs1"]
    assert {name for name, host in hosts.items() if host.moved} == {"ld3"}


def test_who_has_moved() -> None:
    """A node of somebody's ha.cf has not, nor one that still has a file of heartbeat."""
    assert half("ld1: /etc/ha.d/ha.cf s/node /node ld3\\nnode /")["ld3"].moved is False
    assert half("ld3: /etc/ha.d/haresources", "| ld3 ldirectord")["ld3"].moved is False
    assert isinstance(half("ld3: unreadable /etc/keepalived/keepalived.conf")["ld3"].moved, Unknown)
    assert isinstance(half("ld1: unreadable /etc/ha.d/ha.cf")["ld3"].moved, Unknown)
    assert isinstance(half("ld1: /etc/ha.d/ha.cf s/node ld2/nonsense/")["ld3"].moved, Unknown)
    assert isinstance(
        half("ld3: /etc/keepalived/keepalived.conf", "| vrrp_instance a {")["ld3"].moved, Unknown
    )


STOPPED = r"ld3: $ ps s/\/usr\/sbin\/keepalived/\/bin\/sleep/"


@pytest.mark.parametrize(
    ("edits", "used"),
    [
        ((), True),
        ((STOPPED,), False),
        ((STOPPED, "ld3: link /etc/rc.d/rc3.d/S60keepalived"), True),
        ((STOPPED, "ld3: $ packages s/keepalived 1.2.13 8.el6\\n//"), True),  # somebody put the file there
        ((STOPPED, "ld3: unreadable $ packages"), True),
    ],
)
def test_the_example_of_a_package(edits: tuple[str, ...], used: bool) -> None:
    assert (half(*edits)["ld3"].keepalived is not None) is used


def failure(cluster: Cluster, node: str) -> str:
    assert not isinstance(cluster.failures, Unknown)
    return next(one.text.en for one in cluster.failures if one.node == node)


def test_who_takes_an_address_that_vrrp_moves() -> None:
    conf = "".join(f"\n| {line}" for line in HALF.strip().split("\n"))
    here = f"ld1, ld2: /etc/keepalived/keepalived.conf{conf}"
    vip = "ld1: $ ip-addr s/(3: eth1)/    inet 202.75.216.174\\/28 scope global eth0\\n\\1/"
    runs = "ld2: $ ps s/\\n( *[0-9]+ +1 root[^\\n]* )crond/\\n\\1\\/usr\\/sbin\\/keepalived/"
    (cluster,) = derive_clusters(edited(here, vip, runs))
    assert "ld2 takes 202.75.216.174 by VRRP" in failure(cluster, "ld1")
    (cluster,) = derive_clusters(edited(here, vip))
    assert "nobody takes 202.75.216.174" in failure(cluster, "ld1")
    assert "202.75.216.174:80 1/1; nobody else serves 202.75.216.174:80" not in failure(cluster, "rs2")
    assert "nobody else serves 202.75.216.174:80" in failure(cluster, "rs1")
    (cluster,) = derive_clusters(edited("ld1, ld2: unreadable /etc/keepalived/keepalived.conf"))
    assert failure(cluster, "ld1").startswith("cannot be told")


def test_what_breaks_with_a_real_server_that_only_keepalived_may_use() -> None:
    gone = "ld1, ld2: remove /etc/ha.d/ldirectord.cf"
    (cluster,) = derive_clusters(edited(gone))
    assert failure(cluster, "rs1") == "no pool sends anything to it"
    (cluster,) = derive_clusters(edited(gone, "ld2: unreadable /etc/keepalived/keepalived.conf"))
    assert failure(cluster, "rs1").startswith("cannot be told: /etc/keepalived/keepalived.conf is unreadable")
