"""The live IPVS table and its neighbours, as ipvsadm and the kernel print them."""

from __future__ import annotations

from textwrap import dedent

from auditor.model.facts import IpvsTable, Reading
from auditor.parse import read
from auditor.parse.text import read_document

HEAD = """\
IP Virtual Server version 1.2.1 (size=4096)
Prot LocalAddress:Port Scheduler Flags
  -> RemoteAddress:Port           Forward Weight ActiveConn InActConn
"""


def reading(name: str, text: str) -> Reading[object]:
    found = read(name, read_document(dedent(text).encode(), source=name, host="ld1"))
    assert found.unparsed == ()
    return found


def table(text: str, name: str = "ipvsadm") -> IpvsTable:
    value = reading(name, HEAD + dedent(text)).value
    assert isinstance(value, IpvsTable)
    return value


def test_services_and_their_real_servers() -> None:
    found = table(
        """\
        TCP  202.75.216.173:80 wrr persistent 600 mask 255.255.255.0
          -> 202.75.216.163:80            Local   7      0          0         
          -> 202.75.216.164:80            Route   9      12         34        
        UDP  10.0.0.1:53 rr ops
          -> 10.0.0.2:53                  Masq    1      0          0
        FWM  10 IPv6 mh (mh-fallback,mh-port)
          -> [2001:db8::2]:0              Tunnel  1      0          0
        """  # noqa: W291
    )
    assert (found.version, found.size) == ("1.2.1", 4096)
    web, dns, mark = found.services
    assert (web.name, web.scheduler, web.persistent, web.netmask) == (
        "202.75.216.173:80",
        "wrr",
        600,
        "255.255.255.0",
    )
    assert [(real.address, real.port, real.forwarding, real.weight, real.active) for real in web.reals] == [
        ("202.75.216.163", 80, "local", 7, 0),
        ("202.75.216.164", 80, "gate", 9, 12),
    ]
    assert (dns.protocol, dns.ops, dns.reals[0].forwarding) == ("udp", True, "masq")
    assert (mark.mark, mark.family, mark.flags, mark.reals[0].address) == (
        10,
        6,
        ("mh-fallback", "mh-port"),
        "2001:db8::2",
    )
    assert str(web.reals[1].at) == "ld1:ipvsadm:6"


def test_the_kernels_own_text_says_the_same() -> None:
    seen = table(
        """\
        TCP  CA4BD8AD:0050 wrr persistent 60000 FFFFFFFF
          -> CA4BD8A4:0050      Route   9      12         34        
        FWM  0000000A wrr
        TCP  [2001:0db8:0000:0000:0000:0000:0000:0001]:0050 rr
        """,  # noqa: W291
        name="proc-ip-vs",
    )
    web, mark, six = seen.services
    assert (web.name, web.persistent, web.persistent_jiffies, web.netmask) == (
        "202.75.216.173:80",
        None,
        60000,
        None,
    )
    assert (web.reals[0].address, web.reals[0].port, web.reals[0].weight) == ("202.75.216.164", 80, 9)
    assert (mark.mark, six.name) == (10, "[2001:db8::1]:80")


def test_an_empty_table() -> None:
    assert table("").services == ()


def test_a_line_that_is_none_is_not_lost() -> None:
    found = read("ipvsadm", read_document(b"TCP  10.0.0.9:80 wrr\nnonsense here\n", source="x"))
    assert [one.at.line for one in found.unparsed] == [2]


def test_counters_timeouts_and_daemons() -> None:
    (service, real) = reading(
        "ipvsadm-stats",
        """\
        IP Virtual Server version 1.2.1 (size=4096)
        Prot LocalAddress:Port               Conns   InPkts  OutPkts  InBytes OutBytes
          -> RemoteAddress:Port
        TCP  202.75.216.173:80             1234567 99999999        0  100000K        0
          -> 202.75.216.164:80                1234    56789        0    23456        0
        """,
    ).value  # type: ignore[misc]
    assert (service.connections, service.in_bytes, service.approximate) == (1234567, 100_000_000, True)
    assert (real.in_packets, real.approximate) == (56789, False)
    timeouts = reading("ipvsadm-timeout", "Timeout (tcp tcpfin udp): 900 120 300\n").value
    assert (timeouts.tcp, timeouts.tcpfin, timeouts.udp) == (900, 120, 300)  # type: ignore[attr-defined]
    old, new = reading(
        "ipvsadm-daemon",
        """\
        master sync daemon (mcast=eth0, syncid=1)
        backup sync daemon (mcast=eth1, syncid=7, maxlen=1472, group=224.0.0.81, port=8848, ttl=1)
        """,
    ).value  # type: ignore[misc]
    assert (old.role, old.interface, new.role, new.syncid) == ("master", "eth0", "backup", 7)
    assert reading("ipvsadm-daemon", "").value == ()
