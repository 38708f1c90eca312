"""Whatever stands in the files of a host: a migration comes of it, accounts for it, and is not driven by it."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from auditor.migrate.documents import write_documents
from auditor.model.migration import Migration
from tests.hosts.snapshots import snapshot
from tests.migrate.accounts import unaccounted, untrue
from tests.migrate.worlds import HA_CF, HARESOURCES, LDIRECTORD, RC_LOCAL, migrated, texts

RIGHT = snapshot("right")
SCRIPTS = "/etc/sysconfig/network-scripts"
FILES = (
    *(HA_CF, HARESOURCES, LDIRECTORD, RC_LOCAL, "/etc/sysctl.conf", "/etc/hosts", "/etc/modprobe.conf"),
    *("/etc/sysconfig/network", "/etc/inittab", f"{SCRIPTS}/ifcfg-eth0", f"{SCRIPTS}/ifcfg-lo:0", "iptables"),
)
NASTY = st.sampled_from(
    [
        *(
            "\x1b]0;x\x07",
            "\u202e",
            "$(reboot)",
            "`id`",
            "'; rm -rf /; '",
            '"/><x y="',
            "%i%n",
            "]]>",
            "|x|",
            "{{7*7}}",
        ),
        *(
            "node ",
            "ping ",
            "mcast eth0 ",
            "real=1.2.3.4:80 gate ",
            "virtual=9.9.9.9:80",
            "\n",
            "::",
            "/28/",
            "\r",
        ),
        *(
            "IPaddr2::10.0.0.1/99/eth0",
            "ld1 ",
            "net.ipv4.ip_forward = 1\x00",
            "IPADDR=1.2.3.4\n",
            "DEVICE=../../x\n",
        ),
        *(
            "ifconfig lo:9 1.2.3.4",
            "echo 1 > /proc/sys/net/ipv4/x",
            "HOSTNAME=a b\n",
            "\u4e2d\u6587",
            '    request="',
            '"',
        ),
    ]
)
LINES = st.lists(NASTY | st.text(max_size=12), min_size=1, max_size=5).map("".join)


@given(
    source=st.sampled_from(FILES),
    line=LINES,
    first=st.booleans(),
    target=st.sampled_from(["debian-12", "el9"]),
)
@example(source=LDIRECTORD, line='    virtualhost="a\x1b[31m"\n', first=False, target="el9")
@example(
    source=HARESOURCES, line="ld1 $(reboot)::x IPaddr2::1.2.3.4/24/eth0;reboot\n", first=True, target="el9"
)
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_a_line_of_anything(source: str, line: str, first: bool, target: str) -> None:
    host = RIGHT.hosts[0]
    artifact = host.artifacts[source]
    added = line.encode("utf-8", "surrogatepass") + b"\n"
    content = added + artifact.content if first else artifact.content + added
    host = replace(host, artifacts={**host.artifacts, source: replace(artifact, content=content)})
    world = replace(RIGHT, hosts=(host,))
    migration = migrated(world, target)
    assert unaccounted(world, migration)[1] == []
    assert untrue(migration) == []
    assert_harmless(migration)


def assert_harmless(migration: Migration) -> None:
    """Nothing acts on a terminal, and no file lies outside its host's folder."""
    for path, text in {
        **texts(migration),
        **{one.path: one.text for one in write_documents(migration, "en")},
    }.items():
        assert not path.startswith("/")
        assert ".." not in path.split("/")
        assert not set(text) & set("\x00\x07\x0b\x1b\x7f\r\u202e"), path
