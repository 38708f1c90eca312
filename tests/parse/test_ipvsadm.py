"""The live IPVS table and its neighbours, as ipvsadm and the kernel print them."""

from __future__ import annotations

from textwrap import dedent

from auditor.model.facts import IpvsRates, IpvsTable, Reading
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


def test_rates_persistence_and_thresholds() -> None:
    rates = reading(
        "ipvsadm-stats",
        """\
        Prot LocalAddress:Port                 CPS    InPPS   OutPPS    InBPS   OutBPS
          -> RemoteAddress:Port
        TCP  10.0.0.9:80                         1        2        3      40K        5
        """,
    )
    assert rates.value == ()
    assert [(one.name, one.in_bytes) for one in rates.facts if isinstance(one, IpvsRates)] == [
        ("10.0.0.9:80", 40_000)
    ]
    (held,) = reading(
        "ipvsadm-persistent",
        """\
        Prot LocalAddress:Port            Weight    PersistConn ActiveConn InActConn
          -> RemoteAddress:Port
        TCP  10.0.0.9:80 wrr persistent 600
          -> 10.0.0.1:80                  9         3           2          1
        """,
    ).value  # type: ignore[misc]
    assert (held.name, held.real, held.weight, held.persistent, held.active) == (
        "10.0.0.9:80", "10.0.0.1:80", 9, 3, 2,
    )  # fmt: skip
    (limit,) = reading(
        "ipvsadm-thresholds",
        """\
        Prot LocalAddress:Port            Uthreshold Lthreshold ActiveConn InActConn
          -> RemoteAddress:Port
        TCP  10.0.0.9:80 wrr
          -> 10.0.0.1:80                  1000       800        2          1
        """,
    ).value  # type: ignore[misc]
    assert (limit.real, limit.upper, limit.lower) == ("10.0.0.1:80", 1000, 800)


def test_names_in_a_listing_without_n() -> None:
    (service,) = table("TCP  ubuntu.local:www wlc\n  -> rs1:www   Route   1      0          0\n").services
    assert (service.name, service.port, service.reals[0].address, service.reals[0].port) == (
        "ubuntu.local:www", None, "rs1", None,
    )  # fmt: skip


def test_tunnels() -> None:
    (service,) = table(
        "TCP  10.0.0.9:80 wlc\n"
        "  -> 10.0.0.1:80   Tunnel  gue:6080:nocsum 1      0          0\n"
        "  -> 10.0.0.2:80   Route   n/a             1      0          0\n"
    ).services
    assert [real.tunnel for real in service.reals] == ["gue:6080:nocsum", None]


def test_connections_as_ipvsadm_and_the_kernel_list_them() -> None:
    listed = reading(
        "ipvsadm-connections",
        """\
        IPVS connection entries
        pro expire state       source             virtual            destination        pe name          pe_data
        TCP 14:59  ESTABLISHED 192.0.2.10:51000   202.75.216.173:80  202.75.216.164:80
        IP  04:46  ASSURED     192.0.2.11:0       0.0.0.1:0          202.75.216.165:0
        UDP 00:30  UDP         [2001:db8::1]:5060 [2001:db8::9]:sip  [2001:db8::2]:5060 sip              a b
        """,
    ).value
    first, template, sip = listed  # type: ignore[misc]
    assert (first.protocol, first.state, first.expires, first.client, first.client_port) == (
        "tcp", "ESTABLISHED", 899, "192.0.2.10", 51000,
    )  # fmt: skip
    assert (template.protocol, template.client_port, template.virtual) == ("ip", 0, "0.0.0.1")
    assert (sip.virtual_port, sip.real, sip.pe, sip.pe_data) == (None, "2001:db8::2", "sip", "a b")
    local, synced = reading(
        "proc-ip-vs-conn",
        """\
        Pro FromIP   FPrt ToIP     TPrt DestIP   DPrt State       Origin Expires
        TCP C000020A C738 CA4BD8AD 0050 CA4BD8A4 0050 ESTABLISHED LOCAL     899
        TCP {CLIENT} C738 {VIP} 0050 CA4BD8A4 0050 FIN_WAIT    SYNC       12
        """.format(CLIENT="2001:0db8:" + "0000:" * 5 + "0001", VIP="2001:0db8:" + "0000:" * 5 + "0009"),
    ).value  # type: ignore[misc]
    assert (local.client, local.client_port, local.virtual, local.real_port, local.expires, local.origin) == (
        "192.0.2.10", 51000, "202.75.216.173", 80, 899, "local",
    )  # fmt: skip
    assert (synced.client, synced.origin) == ("2001:db8::1", "sync")
    swapped = "TCP ESTABLISHED 04:12  10.0.0.9:53210   10.0.0.100:80      10.0.0.1:80\n"
    assert [
        one.at.line
        for one in read("ipvsadm-connections", read_document(swapped.encode(), source="x")).unparsed
    ] == [1]


def test_counters_of_the_whole_table() -> None:
    found = reading(
        "proc-ip-vs-stats",
        """\
               Total Incoming Outgoing         Incoming         Outgoing
        CPU    Conns  Packets  Packets            Bytes            Bytes
          0       15       45        A             11C8              190
          ~       15       45        A             11C8              190

             Conns/s   Pkts/s   Pkts/s          Bytes/s          Bytes/s
                   0        1        0                2                0
        """,
    ).value
    assert (found.totals.connections, found.totals.in_bytes) == (0x15, 0x11C8)  # type: ignore[attr-defined]
    assert ([one.cpu for one in found.cpus], found.rates.in_packets) == ([0], 1)  # type: ignore[attr-defined]
    broken = read("proc-ip-vs-stats", read_document(b" 1 2 3 4\n 1 2 3 4 5\n", source="x"))
    assert [one.at.line for one in broken.unparsed] == [1]
