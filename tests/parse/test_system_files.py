"""System files and command outputs: what stands there and what is made of it, of 2004 and of today."""

from __future__ import annotations

from auditor.model.facts import Setting, Sysctl
from tests.parse.outcome import reading, value


def test_uname_in_both_forms() -> None:
    words = value("uname", "Linux\nld1\n2.6.9-55.EL\ni686\n")
    line = value("uname", "Linux ld1 2.6.9-55.EL #1 Wed May 2 13:52:16 EDT 2007 i686 i686 i386 GNU/Linux\n")
    for uname in (words, line):
        assert (uname.sysname, uname.node, uname.release, uname.machine) == (
            "Linux",
            "ld1",
            "2.6.9-55.EL",
            "i686",
        )
    assert reading("uname", "Linux\nld1\n").value is None


def test_package_lists() -> None:
    packages = value(
        "packages", "heartbeat 2.0.7 1.el4\nipvsadm-1.24-6.i386\nldirectord 4.12.0 2\nbare 1 -\n"
    )
    assert [(one.name, one.version, one.release) for one in packages] == [
        ("heartbeat", "2.0.7", "1.el4"),
        ("ipvsadm", "1.24", "6.i386"),
        ("ldirectord", "4.12.0", "2"),
        ("bare", "1", ""),
    ]


def test_interfaces_and_their_addresses() -> None:
    lo, eth0 = value(
        "ip-addr",
        """\
        1: lo: <LOOPBACK,UP> mtu 16436 qdisc noqueue
            link/loopback 00:00:00:00:00:00 brd 00:00:00:00:00:00
            inet 127.0.0.1/8 scope host lo
            inet 202.75.216.173/32 scope global lo:0
            inet6 ::1/128 scope host
        2: eth0@if7: <BROADCAST,MULTICAST,NOARP,UP> mtu 1500 qdisc pfifo_fast master br0 qlen 1000
            link/ether 02:00:00:00:00:a2 brd ff:ff:ff:ff:ff:ff
            inet 202.75.216.162/28 brd 202.75.216.175 scope global eth0
            inet 202.75.216.172/28 brd 202.75.216.175 scope global secondary eth0
               valid_lft forever preferred_lft forever
        """,
    )
    assert (lo.kind, lo.mtu, lo.up, eth0.arp, eth0.master, eth0.mac) == (
        "loopback",
        16436,
        True,
        False,
        "br0",
        "02:00:00:00:00:a2",
    )
    assert [(one.address, one.prefix, one.scope, one.label) for one in lo.addresses] == [
        ("127.0.0.1", 8, "host", "lo"),
        ("202.75.216.173", 32, "global", "lo:0"),
        ("::1", 128, "host", None),
    ]
    assert [one.secondary for one in eth0.addresses] == [False, True]
    assert (eth0.addresses[0].at.line, eth0.addresses[0].at.column) == (8, 10)


def test_one_line_an_address() -> None:
    (eth0,) = value(
        "ip-addr", "2: eth0    inet 10.0.0.1/24 brd 10.0.0.255 scope global eth0\\       valid_lft forever\n"
    )
    assert (eth0.name, eth0.addresses[0].address, eth0.addresses[0].broadcast) == (
        "eth0",
        "10.0.0.1",
        "10.0.0.255",
    )


def test_an_address_that_is_none_is_not_lost() -> None:
    found = reading("ip-addr", "1: lo: <UP> mtu 1\n    inet 999.0.0.1/8 scope host lo\n")
    assert [one.at.line for one in found.unparsed] == [2]


def test_routes() -> None:
    default, hop, local = value(
        "ip-route",
        """\
        default via 202.75.216.161 dev eth0 metric 100
        \tnexthop via 202.75.216.170 dev eth1 weight 1
        local 127.0.0.1 dev lo table local proto kernel scope host src 127.0.0.1
        """,
    )
    assert (default.destination, default.gateway, default.interface, default.metric) == (
        "default",
        "202.75.216.161",
        "eth0",
        100,
    )
    assert (hop.destination, hop.gateway) == ("default", "202.75.216.170")
    assert (local.kind, local.destination, local.table) == ("local", "127.0.0.1", "local")


def test_kernel_parameters_as_they_run() -> None:
    found = reading(
        "sysctl",
        """\
        /proc/sys/net/ipv4/conf/eth0.10/arp_ignore:1
        /proc/sys/net/ipv4/vs/sync_threshold:3\t50
        net.ipv4.ip_forward = 0
        error: permission denied on key 'net.ipv4.route.flush'
        """,
    )
    assert [(one.key, one.value, one.number) for one in found.facts if isinstance(one, Sysctl)] == [
        ("net/ipv4/conf/eth0.10/arp_ignore", "1", 1),
        ("net.ipv4.vs.sync_threshold", "3\t50", 3),
        ("net.ipv4.ip_forward", "0", 0),
    ]
    assert [one.at.line for one in found.unparsed] == [4]


def test_kernel_parameters_as_files_set_them() -> None:
    settings = value(
        "sysctl.conf",
        """\
        # comment
        ; another
        net.ipv4.conf.all.arp_ignore = 1   # part of the value, of which the kernel takes the 1
        -net/ipv4/conf/eth0.10/rp_filter=0\r
        net.ipv4.conf.eth0/10.rp_filter = 0
        """,
    )
    assert [(one.key, one.number, one.ignore_error) for one in settings] == [
        ("net.ipv4.conf.all.arp_ignore", 1, False),
        ("net/ipv4/conf/eth0.10/rp_filter", 0, True),
        ("net/ipv4/conf/eth0.10/rp_filter", 0, False),
    ]


def test_shell_variables_of_an_alias() -> None:
    text = """\
        DEVICE="lo:0"
        IPADDR=202.75.216.173   # the VIP
        NETMASK='255.255.255.255'
        ONBOOT=no
        ONBOOT=yes
        NAME=a#b
        """
    alias = value("ifcfg", text, source="/etc/sysconfig/network-scripts/ifcfg-lo:0")
    assert (alias.device, alias.address.value, alias.netmask.value, alias.onboot.value) == (
        "lo:0", "202.75.216.173", "255.255.255.255", "yes",
    )  # fmt: skip
    assert (alias.netmask.at.line, alias.netmask.at.column, alias.netmask.at.end_column) == (
        3,
        18 - 8,
        33 - 8,
    )
    assert value("ifcfg", "IPADDR=10.0.0.1\n", source="/x/ifcfg-eth0").device == "eth0"
    assert value("network", "NETWORKING=yes\nHOSTNAME=ld1\n").hostname.value == "ld1"


def test_a_carriage_return_is_part_of_a_shell_variable() -> None:
    alias = value("ifcfg", 'IPADDR=10.0.0.9\r\nONBOOT="yes"\r\n')
    assert (alias.address.value, alias.onboot.value) == ("10.0.0.9\r", "yes\r")
    assert [one.at.line for one in reading("ifcfg", "IPADDR=10.0.0.9 \r\n").unparsed] == [1]


def test_a_key_that_is_taken_out_of_globs_sets_nothing() -> None:
    found = reading("sysctl.conf", "net.ipv4.conf.*.rp_filter = 2\n-net.ipv4.conf.all.rp_filter\n-\n")
    assert [one.key for one in found.value] == ["net.ipv4.conf.*.rp_filter"]  # type: ignore[attr-defined]
    assert [getattr(one, "key", None) for one in found.facts][1] == "net.ipv4.conf.all.rp_filter"
    assert [one.at.line for one in found.unparsed] == [3]


def test_a_command_among_shell_variables_is_none() -> None:
    assert [
        one.at.line for one in reading("network", "HOSTNAME=`hostname`\nGATEWAY= 10.0.0.1\n").unparsed
    ] == [1, 2]


def test_hosts() -> None:
    entries = value("hosts", "127.0.0.1\tlocalhost ld1 # here\n#10.0.0.9 old\n10.0.0.2 ld2.example.com ld2\n")
    assert [(one.address, one.names) for one in entries] == [
        ("127.0.0.1", ("localhost", "ld1")),
        ("10.0.0.2", ("ld2.example.com", "ld2")),
    ]


def test_what_init_scripts_tell_chkconfig() -> None:
    heartbeat, local = value(
        "init-header",
        """\
        ==> /etc/init.d/heartbeat <==
        #!/bin/sh
        # chkconfig: 2345 75 05
        # description: high availability
        ### BEGIN INIT INFO
        # Provides: heartbeat HA
        # Required-Start: $network $syslog
        # Default-Start: 3 5
        ### END INIT INFO
        ==> /etc/init.d/mine <==
        # chkconfig: - 98 02
        """,
    )
    assert (heartbeat.service, heartbeat.levels, heartbeat.start, heartbeat.stop) == (
        "heartbeat",
        "2345",
        75,
        5,
    )
    assert (heartbeat.provides, heartbeat.required_start) == (("heartbeat", "HA"), ("$network", "$syslog"))
    assert (local.levels, local.start, local.stop) == ("", 98, 2)


def test_processes() -> None:
    init, ld = value(
        "ps",
        """\
          PID  PPID USER                      STARTED COMMAND
            1     0 root     Wed Nov  4 10:00:00 2026 init [3]
         3210     1 root     Wed Nov 14 10:00:30 2026 /usr/bin/perl -w /usr/sbin/ldirectord start
        """,
    )
    assert (init.pid, init.started, init.command) == (1, "2026-11-04T10:00:00Z", "init [3]")
    assert (ld.ppid, ld.started) == (1, "2026-11-14T10:00:30Z")


def test_modules_of_three_kernels() -> None:
    modules = value(
        "modules",
        "Module  Size  Used by\nip_vs 77569 2 ip_vs_rr,ip_vs_wrr, Live 0xf8a3\n"
        "old 100 0 [dep one]\nplain 5 0 - Live 0x0\n",
    )
    assert [(one.name, one.used_by) for one in modules] == [
        ("ip_vs", ("ip_vs_rr", "ip_vs_wrr")),
        ("old", ("dep", "one")),
        ("plain", ()),
    ]


def test_the_default_runlevel() -> None:
    default = value("inittab", "# x\nid:3:initdefault:\nl0:0:wait:/etc/rc.d/rc 0\n")
    assert isinstance(default, Setting)
    assert default.value == "3"


def test_module_configuration() -> None:
    alias, _ = value("modprobe", "alias watchdog softdog\noptions ip_vs \\\n  conn_tab_bits=12\n")
    assert (alias.verb, alias.words) == ("alias", ("watchdog", "softdog"))


def test_distributions() -> None:
    for text, wanted in (
        ("CentOS release 4.5 (Final)\n", ("centos", "4.5")),
        ("Red Hat Enterprise Linux AS release 4 (Nahant)\n", ("rhel", "4")),
        ("12.4\n", ("debian", "12.4")),
        ('NAME="Debian GNU/Linux"\nID=debian\nVERSION_ID="12"\n', ("debian", "12")),
    ):
        release = value("release", text)
        assert (release.id, release.version) == wanted


def test_packages_with_more_behind_them_and_as_dpkg_lists_them() -> None:
    packages = value(
        "packages",
        """\
        Desired=Unknown/Install/Remove/Purge/Hold
        | Status=Not/Inst/Conf-files/Unpacked/halF-conf/Half-inst/trig-aWait/Trig-pend
        ||/ Name           Version      Architecture Description
        +++-==============-============-============-===========
        ii  ldirectord     1:4.12.0-2   all          Monitors virtual services
        ii  libc6:amd64    2.36-9       amd64        GNU C Library
        rc  heartbeat      1:3.0.6-13   amd64        removed, its files are left
        kernel-2.6.9-55.EL.i686                      Wed May 18 14:17:17 2016
        """,
    )
    assert [(one.name, one.version, one.release) for one in packages] == [
        ("ldirectord", "4.12.0", "2"),
        ("libc6", "2.36", "9"),
        ("kernel", "2.6.9", "55.EL.i686"),
    ]
    assert [
        one.at.line for one in reading("packages", "COMMAND> rpm -qa\nerror: cannot open\n").unparsed
    ] == [1, 2]


def test_a_tree_of_processes_tells_less() -> None:
    first, second = value(
        "ps", "  PID USER     COMMAND\n    2 root     [kthreadd]\n  893 root      \\_ heartbeat: read\n"
    )
    assert (first.pid, first.command, first.started) == (2, "[kthreadd]", None)
    assert (second.user, second.command) == ("root", "heartbeat: read")


def test_the_clock() -> None:
    for text, epoch in (("1793959051\n", 1793959051), ("Sun Nov 22 09:57:31 UTC 2026\n", 1795341451)):
        assert value("date", text).epoch == epoch
    local = value("date", "Wed May  2 13:52:16 EDT 2007\n")
    assert (local.epoch, local.zone) == (None, "EDT")
    assert value("date", "") is None
    assert [one.at.line for one in reading("date", "Sun Feb 30 09:57:31 UTC 2026\nnow\n").unparsed] == [1, 2]


def test_lines_of_four_kinds_of_logs() -> None:
    lines = value(
        "log",
        """\
        heartbeat[893]: 2007/10/22_12:34:56 WARN: node ld2: is dead
        2026/11/22_11:38:02  IPaddr2(IPaddr2_10.0.0.9)[1871]:    INFO: Success
        Nov 22 11:38:46 ld1 heartbeat: [882]: info: Link ld2:eth0 dead.
        [Sun Nov 22 09:56:05 2026|ldirectord.cf|1936] Added virtual server: 10.0.0.9:80
        2026-11-22T09:53:58.260032+00:00 ld1 kernel: IPVS: ipvs loaded.
        """,
    )
    assert [(one.program, one.pid, one.severity, one.text) for one in lines] == [
        ("heartbeat", 893, "warning", "node ld2: is dead"),
        ("IPaddr2(IPaddr2_10.0.0.9)", 1871, "info", "Success"),
        ("heartbeat", 882, "info", "Link ld2:eth0 dead."),
        ("ldirectord.cf", 1936, None, "Added virtual server: 10.0.0.9:80"),
        ("kernel", None, None, "IPVS: ipvs loaded."),
    ]
    assert lines[2].host == "ld1"
    assert [one.at.line for one in reading("log", "INFO:  Success\n").unparsed] == [1]


def test_a_backslash_joins_to_a_comment_too_in_module_configuration() -> None:
    text = "# alias a b \\\nalias watchdog softdog\nalias c \\\n d\n"
    (joined,) = value("modprobe", text)
    assert (joined.words, joined.at.line) == (("c", "d"), 3)
