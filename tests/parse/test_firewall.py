"""Rules of iptables and arptables: marks, heartbeat's port, states, and who is silenced."""

from __future__ import annotations

import pytest

from tests.parse.outcome import left, value


def rules(text: str, name: str = "iptables"):  # type: ignore[no-untyped-def]
    return value(name, text).rules


def test_marks_that_make_one_service_of_two_ports() -> None:
    (rule,) = rules(
        "*mangle\n:PREROUTING ACCEPT [0:0]\n"
        "-A PREROUTING -d 10.0.0.9/32 -p tcp -m tcp -m multiport --dports 80,443,6000: "
        "-j MARK --set-xmark 0x1/0xffffffff\n"
        "COMMIT\n"
    )
    assert (rule.table, rule.chain, rule.destination, rule.protocol) == (
        "mangle", "PREROUTING", "10.0.0.9/32", "tcp",
    )  # fmt: skip
    assert (rule.ports, rule.target, rule.set_mark, rule.others) == (
        ((80, 80), (443, 443), (6000, 65535)), "MARK", 1, (),
    )  # fmt: skip
    assert (rule.at.line, rule.at.column) == (3, 1)


def test_heartbeat_and_states() -> None:
    first, second, third = rules(
        """\
        [12:3456] -A INPUT -s ! 10.0.0.1 -p udp --dport ha-cluster -j ACCEPT
        -A INPUT ! -s 10.0.0.1/32 -m state --state RELATED,ESTABLISHED -j ACCEPT
        -A INPUT -p udp -m comment --comment "-j DROP" -m time --timestart 10:00 -j LOG
        """
    )
    assert (first.ports, first.source, first.negated) == (((694, 694),), "10.0.0.1", frozenset({"source"}))
    assert (second.states, second.negated) == (
        frozenset({"RELATED", "ESTABLISHED"}), frozenset({"source"}),
    )  # fmt: skip
    assert (third.target, third.others) == (
        "LOG", ("-m", "comment", "--comment", "-j DROP", "-m", "time", "--timestart", "10:00"),
    )  # fmt: skip


def test_real_servers_that_take_the_vip_without_having_it() -> None:
    redirect, tproxy = rules(
        """\
        *nat
        -A PREROUTING -d 10.0.0.9/32 -p tcp --dport 80 -j REDIRECT --to-ports 80
        *mangle
        -A PREROUTING -m mark --mark 0x1 -j TPROXY --on-port 80 --tproxy-mark 0x2/0x2
        """
    )
    assert (redirect.table, redirect.target, redirect.to) == ("nat", "REDIRECT", "80")
    assert (tproxy.mark, tproxy.set_mark, tproxy.to) == (1, 2, "80")


DEBIAN = """\
*filter
:INPUT ACCEPT
-A INPUT -d 10.0.0.9 -j DROP
-A OUTPUT -s 10.0.0.9 -j mangle --mangle-ip-s 10.0.0.1
"""
RED_HAT = """\
*filter
:IN ACCEPT [0:0]
[0:0] -A IN -d 10.0.0.9 -j DROP
[0:0] -A OUT -s 10.0.0.9 -j mangle --mangle-ip-s 10.0.0.1
COMMIT
"""


@pytest.mark.parametrize("text", [DEBIAN, RED_HAT])
def test_silence_by_arptables(text: str) -> None:
    drop, mangle = rules(text, "arptables")
    assert (drop.family, drop.target, drop.destination) == ("arp", "DROP", "10.0.0.9")
    assert (mangle.source, mangle.to) == ("10.0.0.9", "10.0.0.1")


def test_a_rule_with_ipv6_addresses_is_of_ip6tables() -> None:
    assert [rule.family for rule in rules("-A INPUT -s 2001:db8::/32\n-A INPUT -s 10.0.0.0/8\n")] == [
        "6",
        "4",
    ]


def test_what_is_not_understood() -> None:
    text = """\
        -A INPUT -j ACCEPT
        -A INPUT -p tcp --dport nosuchservice -j ACCEPT
        -P INPUT DROP
        -A
        iptables: No chain/target/match by that name.
        -A INPUT --mark many
        """
    assert left("iptables", text) == [2, 3, 4, 5, 6]
