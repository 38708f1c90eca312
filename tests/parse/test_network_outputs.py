"""ifconfig of two ages, and the sockets of the kernel."""

from __future__ import annotations

from tests.parse.outcome import left, value

OLD = """\
eth0      Link encap:Ethernet  HWaddr 02:00:00:00:00:A4
          inet addr:202.75.216.164  Bcast:202.75.216.175  Mask:255.255.255.240
          inet6 addr: fe80::ff:fe00:a4/64 Scope:Link
          UP BROADCAST RUNNING NOARP MULTICAST  MTU:1500  Metric:1
          RX packets:10 errors:0 dropped:0 overruns:0 frame:0
          collisions:0 txqueuelen:1000
          Interrupt:11 Base address:0x2000

lo        Link encap:Local Loopback
          inet addr:127.0.0.1  Mask:255.0.0.0
          UP LOOPBACK RUNNING  MTU:16436  Metric:1

lo:0      Link encap:Local Loopback
          inet addr:202.75.216.173  Mask:255.255.255.255
          UP LOOPBACK RUNNING  MTU:16436  Metric:1

"""
NEW = """\
eth0: flags=4163<UP,BROADCAST,RUNNING,NOARP,MULTICAST>  mtu 1500
        inet 202.75.216.164  netmask 255.255.255.240  broadcast 202.75.216.175
        inet6 fe80::ff:fe00:a4  prefixlen 64  scopeid 0x20<link>
        ether 02:00:00:00:00:a4  txqueuelen 1000  (Ethernet)
        RX packets 10  bytes 151116 (147.5 KiB)
        device interrupt 11

lo: flags=73<UP,LOOPBACK,RUNNING>  mtu 65536
        inet 127.0.0.1  netmask 255.0.0.0
        loop  txqueuelen 1000  (Local Loopback)

lo:0: flags=73<UP,LOOPBACK,RUNNING>  mtu 65536
        inet 202.75.216.173  netmask 255.255.255.255
        loop  txqueuelen 1000  (Local Loopback)
"""
CHINESE = (
    OLD.replace("Link encap:Ethernet  HWaddr", "链接封装:以太网  硬件地址")
    .replace("Link encap:Local Loopback", "链接封装:本地环回")
    .replace("inet addr:", "inet 地址:")
    .replace("inet6 addr: ", "inet6 地址: ")
    .replace("Scope:", "范围:")
    .replace("Bcast:", "广播:")
    .replace("Mask:", "掩码:")
    .replace("MTU:", "跃点数:")
    .replace("RX packets:", "接收数据包:")
    .replace("collisions:", "碰撞:")
    .replace("Interrupt:", "中断:")
)


def test_ifconfig_of_both_ages_and_in_chinese() -> None:
    for text in (OLD, NEW, CHINESE):
        eth0, lo = value("ifconfig", text)
        assert (eth0.name, eth0.kind, eth0.mac, eth0.mtu, eth0.up, eth0.arp) == (
            "eth0", "ether", "02:00:00:00:00:a4", 1500, True, False,
        )  # fmt: skip
        assert [(one.address, one.prefix, one.broadcast, one.scope) for one in eth0.addresses] == [
            ("202.75.216.164", 28, "202.75.216.175", "global"),
            ("fe80::ff:fe00:a4", 64, None, "link"),
        ]
        assert (lo.kind, [(one.address, one.prefix, one.label) for one in lo.addresses]) == (
            "loopback", [("127.0.0.1", 8, "lo"), ("202.75.216.173", 32, "lo:0")],
        )  # fmt: skip


def test_ifconfig_that_is_not_understood() -> None:
    text = """\
                  inet addr:10.0.0.1  Mask:255.0.0.0
        eth0      Link encap:Ethernet  HWaddr 02:00:00:00:00:A4
                  inet addr:10.0.0.999  Mask:255.0.0.0
                  something new
        """
    assert left("ifconfig", text) == [1, 3, 4]


def test_listening_sockets() -> None:
    sockets = value(
        "proc-net-tcp",
        """\
          sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
           0: 0100007F:0050 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 4711 1
           1: A4D84BCA:0016 A1D84BCA:C000 01 00000000:00000000 00:00000000 00000000     0        0 4712 1
           2: B80D0120000000000000000001000000:0050 00000000000000000000000000000000:0000 0A 0:0 0:0 0
        """,
    )
    assert [(one.address, one.port, one.state) for one in sockets] == [
        ("127.0.0.1", 80, "listen"),
        ("2001:db8::1", 80, "listen"),
    ]
    assert left("proc-net-tcp", "   0: 0100007F:0050 00000000:0000 FF 0\n0100007F:0050\n") == [1, 2]


def test_routes_as_route_lists_them() -> None:
    text = """\
        Kernel IP routing table
        Destination     Gateway         Genmask         Flags Metric Ref    Use Iface
        10.0.0.0        0.0.0.0         255.255.255.0   U     0      0        0 eth0
        10.0.0.9        *               255.255.255.255 UH    0      0        0 lo
        10.1.0.0        -               255.255.0.0     !     0      -        0 -
        0.0.0.0         10.0.0.1        0.0.0.0         UG    100    0        0 eth0
        """
    assert [(one.destination, one.gateway, one.interface, one.kind) for one in value("route", text)] == [
        ("10.0.0.0/24", None, "eth0", "unicast"),
        ("10.0.0.9", None, "lo", "unicast"),
        ("10.1.0.0/16", None, None, "unreachable"),
        ("default", "10.0.0.1", "eth0", "unicast"),
    ]
    assert left("route", "10.0.0.0 * 255.0.255.0 U 0 0 0 eth0\nSIOCADDRT: File exists\n") == [1, 2]


def test_an_address_without_the_line_of_its_interface() -> None:
    eth0, eth1 = value(
        "ip-addr",
        "    inet 10.0.0.9/32 scope global eth0:1\n2: eth1: <UP> mtu 1500\n    inet 10.0.0.1/24 scope global eth1\n",
    )
    assert (eth0.name, eth0.addresses[0].label, eth1.addresses[0].interface) == ("eth0", "eth0:1", "eth1")
    broken = "1: lo: <UP> mtu 1\n2: eth0 <UP mtu 1500\n    inet6 2001:db8::1/64 scope global\n"
    assert left("ip-addr", broken) == [2, 3]
