"""rc.local and start scripts: which commands they run, and under what."""

from __future__ import annotations

import pytest

from auditor.model.facts import ScriptCommand
from tests.parse.outcome import left, reading


def commands(text: str) -> list[ScriptCommand]:
    return list(reading("rc.local", text).value.commands)


def test_commands_that_matter() -> None:
    found = commands(
        """\
        #!/bin/sh
        ifconfig lo:0 202.75.216.173 netmask 255.255.255.255 broadcast 202.75.216.173 up
        /sbin/ip addr add 10.0.0.9/32 dev lo label lo:9
        echo "900" > /proc/sys/net/ipv4/netfilter/ip_conntrack_tcp_timeout_established
        sysctl -w net.ipv4.conf.all.arp_ignore=1 net.ipv4.conf.all.arp_announce=2 >/dev/null 2>&1
        ip -4 addr del 10.0.0.8/32 dev lo ; ifconfig lo:1 down
        """
    )
    assert [(one.kind, one.interface, one.address, one.prefix, one.key, one.value) for one in found] == [
        ("address", "lo:0", "202.75.216.173", 32, None, None),
        ("address", "lo:9", "10.0.0.9", 32, None, None),
        ("sysctl", None, None, None, "net.ipv4.netfilter.ip_conntrack_tcp_timeout_established", "900"),
        ("sysctl", None, None, None, "net.ipv4.conf.all.arp_ignore", "1"),
        ("sysctl", None, None, None, "net.ipv4.conf.all.arp_announce", "2"),
        ("no-address", "lo", "10.0.0.8", 32, None, None),
        ("no-address", "lo:1", None, None, None, None),
    ]
    assert [(one.at.line, one.at.column) for one in found[:3]] == [(2, 15), (3, 19), (4, 6)]


def test_commands_that_have_readers_of_their_own() -> None:
    tables, serve, rule, silence, start, load, route, module, arp = commands(
        """\
        ipvsadm --set 900 120 300
        ipvsadm -a -t 10.0.0.9:80 -r 10.0.0.1 -g -w 3
        iptables -t mangle -A PREROUTING -d 10.0.0.9 -p tcp --dport 80 -j MARK --set-mark 1
        arptables -A INPUT -d 10.0.0.9 -j DROP
        /etc/init.d/heartbeat start
        sysctl -p
        route add -host 10.0.0.9 dev lo:0
        modprobe ip_vs
        ip link set eth0 arp off
        """
    )
    assert (tables.ipvs.timeouts.tcp, serve.ipvs.real.weight) == (900, 3)  # type: ignore[union-attr]
    assert (rule.kind, rule.rule.table, rule.rule.set_mark) == ("iptables", "mangle", 1)  # type: ignore[union-attr]
    assert (silence.rule.family, silence.rule.target) == ("arp", "DROP")  # type: ignore[union-attr]
    assert [(one.kind, one.words) for one in (start, load, route, module)] == [
        ("service", ("heartbeat", "start")),
        ("sysctl-load", ("-p",)),
        ("route", ("add", "-host", "10.0.0.9", "dev", "lo:0")),
        ("module", ("ip_vs",)),
    ]
    assert (arp.kind, arp.interface, arp.words[-2:]) == ("link", "eth0", ("arp", "off"))


START_SCRIPT = """\
#!/bin/bash
# chkconfig: 2345 90 10
VIP=10.0.0.9
MASK="255.255.255.255"
. /etc/rc.d/init.d/functions
start() {
    ifconfig lo:0 $VIP netmask ${MASK} broadcast "$VIP" up
    echo "1" >/proc/sys/net/ipv4/conf/all/arp_ignore
    echo started
}
case "$1" in
start)
    start
    ;;
stop|halt)
    ifconfig lo:0 down
    echo 0 >/proc/sys/net/ipv4/conf/all/arp_ignore && sysctl -p
    ;;
*)
    echo "Usage: $0 {start|stop}"; exit 1
esac
exit 0
"""


def test_the_script_that_everybody_has() -> None:
    assert [(one.kind, one.address or one.value, one.where) for one in commands(START_SCRIPT)] == [
        ("address", "10.0.0.9", ("function start",)),
        ("sysctl", "1", ("function start",)),
        ("no-address", None, ("case stop|halt",)),
        ("sysctl", "0", ("case stop|halt",)),
        ("sysctl-load", None, ("case stop|halt", "&&")),
    ]
    assert left("rc.local", START_SCRIPT) == []


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ("ifconfig lo:0 10.0.0.9\n", ()),
        ("{ ifconfig lo:0 10.0.0.9; }\n", ()),
        ("( ifconfig lo:0 10.0.0.9 )\n", ()),
        ("if true; then ifconfig lo:0 10.0.0.9; fi\n", ("if",)),
        ("if a; then b\nelse\nifconfig lo:0 10.0.0.9\nfi\n", ("else",)),
        ("[ -x /sbin/x ] && ifconfig lo:0 10.0.0.9\n", ("&&",)),
        ("test -x /sbin/x ||\n\nifconfig lo:0 10.0.0.9\n", ("||",)),
        ("for i in a b; do\nifconfig lo:0 10.0.0.9\ndone\n", ("for",)),
        ("while read x\ndo ifconfig lo:0 10.0.0.9; done < /etc/x\n", ("while",)),
        ("function f\n{\nifconfig lo:0 10.0.0.9\n}\n", ("function f",)),
        ("case $1 in (a|b) ifconfig lo:0 10.0.0.9;; esac\n", ("case a|b",)),
        ("exit 0\nifconfig lo:0 10.0.0.9\n", ("after exit",)),
        ("if a; then exit 1; fi\nifconfig lo:0 10.0.0.9\n", ()),
    ],
)
def test_where_a_command_stands(text: str, where: tuple[str, ...]) -> None:
    assert [one.where for one in commands(text) if one.kind == "address"] == [where]


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("V=10.0.0.9\nifconfig lo:0 $V\n", "10.0.0.9"),
        ("V=10.0.0.8\nV=10.0.0.9\nifconfig lo:0 $V\n", "10.0.0.9"),
        ("N=10.0.0\nV=$N.9\nifconfig lo:0 ${V}\n", "10.0.0.9"),
        ("export V='10.0.0.9'\nf() {\nifconfig lo:0 $V\n}\n", "10.0.0.9"),
        ("V=10.0.0.9\nexport V\nifconfig lo:0 $V\n", "10.0.0.9"),
        ("V=10.0.0.9\nunset V\nifconfig lo:0 $V\n", None),
        ("V=10.0.0.9\nV='10.0.0.8\n'\nifconfig lo:0 $V\n", None),
        ("V=10.0.0.9\nV=10.0.0.8; echo '\n'\nifconfig lo:0 $V\n", None),
        ("ifconfig lo:0 $V\nV=10.0.0.9\n", None),
        ("V=10.0.0.8\n[ -e /x ] && V=10.0.0.9\nifconfig lo:0 $V\n", None),
        ("V=10.0.0.8\nf() {\nV=10.0.0.9\n}\nf\nifconfig lo:0 $V\n", None),
        ("V=10.0.0.8\nf() {\nifconfig lo:0 $V\n}\nV=10.0.0.9\nf\n", None),
        ("for V in 10.0.0.8 10.0.0.9; do ifconfig lo:0 $V; done\n", None),
        ("V=$(cat /etc/vip)\nifconfig lo:0 $V\n", None),
        ("V=10.0.0.9\nread V\nifconfig lo:0 $V\n", None),
        ('V="10.0.0.9 up"\nifconfig lo:0 $V\n', None),
        ("ifconfig lo:0 $1\n", None),
    ],
)
def test_a_variable_counts_where_it_has_one_value_only(text: str, address: str | None) -> None:
    found = [one.address for one in commands(text) if one.kind == "address"]
    assert found == ([] if address is None else [address])


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("touch /var/lock/subsys/local\n", [1]),
        ("cat > /etc/x <<EOF\nifconfig lo:0 10.0.0.9\nEOF\nifconfig lo:1 10.0.0.8\n", [1, 2, 3]),
        ("cat <<-'E'\n\tifconfig lo:0 10.0.0.9\n\tE\n", [1, 2, 3]),
        ('echo "\nifconfig lo:0 10.0.0.9\n"\n', [1, 2, 3]),
        ("awk '\n# it is not a comment '\nifconfig lo:1 10.0.0.8\n", [1]),
        ("echo ifconfig lo:0 10.0.0.9\n", []),
        ("echo 1 > /etc/x\n", [1]),
        ("echo 1 >> /dev/null\n", []),
        ("fi\nifconfig lo:0 10.0.0.9\n", [1, 2]),
        ("if true; then\n}\nifconfig lo:0 10.0.0.9\n", [2, 3]),
        ("ifconfig lo:0 10.0.0.999\n", [1]),
        ("ifconfig lo:0 10.0.0.9 \\\n netmask 255.255.255.255\r\n", [1]),
        ("ipvsadm -A -t 10.0.0.9:80 ops\n", [1]),
        ("echo 1 > /proc/sys/net/ipv4/conf/*/arp_ignore\n", [1]),
        (". /etc/unknown\n", [1]),
        ("#!/bin/sh\r\nifconfig lo:0 10.0.0.9 up\n", [2]),
        ("{ " * 60 + "\nifconfig lo:0 10.0.0.9\n", [1, 2]),
    ],
)
def test_what_is_text_or_not_understood(text: str, lines: list[int]) -> None:
    found = reading("rc.local", text)
    assert [one.at.line for one in found.unparsed] == lines
    assert [one.at.line for one in found.value.commands if one.at.line in lines] == []


def test_where_the_shell_stops_is_told() -> None:
    found = reading("rc.local", "true\nfi\nifconfig lo:0 10.0.0.9\n")
    assert [(note.severity, note.code, note.at.line) for note in found.diagnostics] == [
        ("error", "syntax", 2)
    ]


def test_a_line_of_which_a_part_is_understood_says_so() -> None:
    (line,) = reading("rc.local", "ifconfig lo:0 10.0.0.9; reboot now\n").facts
    assert ([one.kind for one in line.commands], line.others) == (["address"], ("reboot now",))


def test_a_joined_line_counts_once() -> None:
    found = reading("rc.local", "ifconfig lo:0 \\\n  10.0.0.9 \\\n  netmask 255.255.255.255\nexit\n")
    assert [fact.at.line for fact in found.facts] == [1, 4]
    (command,) = found.value.commands
    assert (command.prefix, command.at.line, command.at.column) == (32, 2, 3)
