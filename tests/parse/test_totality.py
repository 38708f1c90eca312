"""Any text parses, and no meaningful line is lost: the promises that every reader keeps.

A format joins with one line in FORMATS: its name, a predicate for lines that carry no meaning (blank and
comment), and pieces of its own language to build hostile texts from.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auditor.model.facts import Reading
from auditor.model.place import At
from auditor.parse import read
from auditor.parse.text import read_document


@dataclass(frozen=True)
class Format:
    name: str
    words: tuple[str, ...]
    empty: Callable[[str], bool] | None = None
    first_lines: Callable[[list[str]], list[int]] | None = None
    """The numbers of the lines that begin something, where lines are joined."""


def _empty(line: str) -> bool:
    return line.lstrip(" \t\r\f\v")[:1] in {"", "#"}


def _bare(line: str) -> str:
    return line.strip(" \t\r\f\v")


def _joined_lines(lines: list[str]) -> list[int]:
    """A backslash that ends a line joins the next one, unless a comment on the first line hides it."""
    numbers = []
    index = 0
    while index < len(lines):
        first = index
        if not _empty(lines[index]):
            numbers.append(first + 1)
            while lines[index].endswith("\\") and not (index == first and "#" in lines[index]):
                index += 1
                if index == len(lines):
                    break
        index += 1
    return numbers


FORMATS = (
    Format("authkeys", ("auth", "1", "2", "crc", "md5", "sha1", "16", "-1", "auth1", "Hello!")),
    Format(
        "ha.cf",
        ("node", "ld1", "bcast eth0", "keepalive", "10ms", ",", "mcast eth0 225.0.0.1 694 1 0", "udpport"),
    ),
    Format(
        "haresources",
        ("ld1", "10.0.0.1/24/eth0", "IPaddr2::10.0.0.1", "\\\n", "\\ \n", "::"),
        first_lines=_joined_lines,
    ),
    Format(
        "ldirectord", ("virtual=10.0.0.1:80", "\treal=10.0.0.2:80 gate", "    ", "fallback=", "quiescent=yes")
    ),
    Format("hosts", ("127.0.0.1", "localhost", "::1", "ld1 ld2", " ")),
    Format("network", ("HOSTNAME=", "ld1", "export ", "GATEWAY='10.0.0.1'")),
    Format("ifcfg", ("DEVICE=", "lo:0", "NETMASK=255.255.255.255", '"x"', "`id`")),
    Format(
        "sysctl.conf",
        ("net.ipv4.ip_forward", " = ", "1", "-", ";"),
        empty=lambda line: _bare(line)[:1] in {"", "#", ";"},
    ),
    Format(
        "sysctl",
        ("/proc/sys/net/ipv4/ip_forward:", "1", "a.b = 2", "error:"),
        empty=lambda line: not _bare(line),
    ),
    Format(
        "rc.local",
        ("ifconfig lo:0", "10.0.0.1", "netmask", "255.255.255.255", "up", "echo 1 > /proc/sys/a/b", ";"),
    ),
    Format("inittab", ("id:3:initdefault:", "l0", ":", "respawn")),
    Format("uname", ("Linux", "ld1", "2.6.9-55.EL", "i686", "#1"), empty=lambda line: not _bare(line)),
    Format("packages", ("heartbeat", "2.0.7-1", "ipvsadm-1.24-6", " "), empty=lambda line: not _bare(line)),
    Format(
        "ip-addr",
        ("2: eth0: <UP> mtu 1500", "    inet 10.0.0.1/24", "scope global lo:0", "    link/ether"),
        empty=lambda line: not _bare(line),
    ),
    Format(
        "ip-route",
        ("default", " via 10.0.0.1", "10.0.0.0/8", "dev eth0", "\tnexthop"),
        empty=lambda line: not _bare(line),
    ),
    Format(
        "modules",
        ("ip_vs", " 77569 2 ", "ip_vs_wrr,", "Live", "Module Size Used by"),
        empty=lambda line: not _bare(line),
    ),
    Format(
        "ps",
        ("1 0 root Wed Nov  4 10:00:00 2026", " init", "PID "),
        empty=lambda line: not _bare(line),
    ),
    Format(
        "ipvsadm",
        (
            "TCP  10.0.0.9:80 wrr",
            "  -> 10.0.0.1:80 Route 1 0 0",
            "persistent 600",
            "FWM  1 rr",
            "Prot LocalAddress:Port",
        ),
        empty=lambda line: not line.strip(" \t\r\f\v"),
    ),
    Format(
        "proc-ip-vs",
        (
            "TCP  0A000009:0050 wrr",
            "  -> 0A000001:0050 Route 1 0 0",
            "persistent 60000 FFFFFFFF",
            "FWM  00000001 rr",
        ),
        empty=lambda line: not line.strip(" \t\r\f\v"),
    ),
    Format(
        "ipvsadm-stats",
        ("TCP  10.0.0.9:80 1 2 3 4 5", "  -> 10.0.0.1:80", " 1K 2 3 4 5"),
        empty=lambda line: not _bare(line),
    ),
    Format(
        "ipvsadm-timeout", ("Timeout (tcp tcpfin udp):", " 900 120 300"), empty=lambda line: not _bare(line)
    ),
    Format(
        "ipvsadm-daemon",
        ("master sync daemon", " (mcast=eth0, syncid=1)"),
        empty=lambda line: not _bare(line),
    ),
    Format(
        "ipvsadm-thresholds",
        ("Prot LocalAddress:Port Uthreshold", "TCP  10.0.0.9:80 wrr", "  -> 10.0.0.1:http 5 4 0 0", " 1"),
        empty=lambda line: not _bare(line),
    ),
    Format(
        "ipvsadm-persistent",
        (
            "Prot LocalAddress:Port Weight PersistConn",
            "TCP  10.0.0.9:80 wrr",
            "  -> 10.0.0.1:80 1 2 0 0",
            " 1",
        ),
        empty=lambda line: not _bare(line),
    ),
    Format(
        "ipvsadm-connections",
        (
            "TCP 14:59  ESTABLISHED",
            " 10.0.0.1:5",
            " [::1]:80",
            "IPVS connection entries",
            " sip",
            "pro expire state",
        ),
        empty=lambda line: not _bare(line),
    ),
    Format(
        "ipvsadm-rules",
        (
            "-A -t 10.0.0.9:80",
            " -s wrr",
            "-a -t 10.0.0.9:80 -r 10.0.0.1",
            " -g -w 3",
            "--set 1 2 3",
            "ipvsadm ",
        ),
        empty=lambda line: not _bare(line) or line.startswith("#"),
    ),
    Format(
        "proc-ip-vs-conn",
        ("TCP CA4BD8A1 9734", " CA4BD8AD 0050", " FIN_WAIT", " LOCAL", " 74", "Pro FromIP"),
        empty=lambda line: not _bare(line),
    ),
    Format(
        "proc-ip-vs-stats",
        ("   Total Incoming", "CPU    Conns", "1 2 3 4 A", "  ~ 1 2 3 4 5", " Conns/s", " 0"),
        empty=lambda line: not _bare(line),
    ),
    Format(
        "proc-net-tcp",
        ("  sl  local_address", "   0: 00000000:0050", " 00000000:0000 0A ", " 1"),
        empty=lambda line: not _bare(line),
    ),
    Format(
        "keepalived",
        (
            "virtual_server 10.0.0.1 80 {",
            "}",
            "{",
            "real_server",
            "!",
            "@id",
            "include x",
            "virtual_ipaddress",
        ),
        empty=lambda line: _bare(line)[:1] in {"", "#", "!"},
    ),
    Format(
        "chkconfig",
        (
            "heartbeat\t0:off\t1:off",
            "\t2:on\t3:on\t4:on\t5:on\t6:off",
            "xinetd based services:",
            "\trsync: on",
        ),
        empty=lambda line: not _bare(line),
    ),
    Format(
        "ifconfig",
        (
            "eth0: flags=1<UP>  mtu 1",
            "lo:0      Link encap:Local Loopback",
            "  inet addr:10.0.0.1",
            "  RX packets",
            "UP",
        ),
        empty=lambda line: not _bare(line),
    ),
    Format(
        "iptables",
        ("*filter", ":INPUT ACCEPT [0:0]", "-A INPUT", " -p udp --dport 694", " -j ACCEPT", "COMMIT", " ! "),
        empty=lambda line: not _bare(line) or line.startswith("#"),
    ),
    Format(
        "arptables",
        (":IN ACCEPT [0:0]", "[0:0] -A IN", " -d 10.0.0.1", " -j DROP", "mangle --mangle-ip-s 10.0.0.2"),
        empty=lambda line: not _bare(line) or line.startswith("#"),
    ),
    Format("release", ("CentOS", " release 4.5", "ID=debian", "12.4")),
)

_NOISE = (
    *("#", "\\", '"', "'", "=", ":", "::", "/", "\t", "    ", "\r", "\x00", "\x0b"),
    *"\x85é中\u3000\xa0",
    "",
)
"""What hurts everywhere."""


def _texts(format: Format) -> st.SearchStrategy[str]:
    word = st.sampled_from(format.words + _NOISE) | st.text(max_size=4)
    line = st.lists(word, max_size=7).flatmap(
        lambda words: st.sampled_from((" ", "", "\t", "  ")).map(lambda gap: gap.join(words))
    )
    return st.lists(line, max_size=9).map("\n".join) | st.text(max_size=80)


@pytest.mark.parametrize("format", FORMATS, ids=lambda format: format.name)
def test_any_text_parses_and_no_line_is_lost(format: Format) -> None:
    @settings(max_examples=150, deadline=None, derandomize=True)
    @given(text=_texts(format))
    def holds(text: str) -> None:
        _check(format, text)

    holds()


@pytest.mark.parametrize("format", FORMATS, ids=lambda format: format.name)
@pytest.mark.parametrize("unit", [" ", "\t", "a", "1", "1 ", "a=", '"', ":", "/", ",", "#", "\\", "\r", "é"])
@pytest.mark.usefixtures("linear")
def test_a_hostile_line_of_a_megabyte_is_read_to_its_end(format: Format, unit: str) -> None:
    for head in ("", format.words[0] + " "):
        text = head + unit * (1_000_000 // len(unit))
        _check(format, text)


def _check(format: Format, text: str) -> None:
    content = text.encode("utf-8", "replace")
    document = read_document(content, source="x")
    reading = read(format.name, document)
    lines = document.text.split("\n")
    if format.first_lines is not None:
        expected = format.first_lines(lines)
    else:
        expected = [number for number, line in enumerate(lines, 1) if not (format.empty or _empty)(line)]
    assert sorted(_places(reading)) == expected
    fact_lines = [at.line for at in _ats(reading.facts)]
    assert fact_lines == sorted(fact_lines, key=lambda line: line or 0)
    for one in reading.unparsed:
        assert one.at.line is not None
        assert one.text.split("\n")[0] == lines[one.at.line - 1]
    for diagnostic in reading.diagnostics:
        assert diagnostic.message.en
        assert diagnostic.message.zh
        _check_place(diagnostic.at, lines)
    for at in _ats(reading.facts):
        _check_place(at, lines)


def _places(reading: Reading[object]) -> list[int]:
    ats = [*_ats(reading.facts), *(one.at for one in reading.unparsed)]
    return [at.line for at in ats if at.line is not None]


def _ats(facts: tuple[object, ...]) -> list[At]:
    return [fact.at for fact in facts]  # type: ignore[attr-defined]


def _check_place(at: At, lines: list[str]) -> None:
    if at.line is not None:
        assert 1 <= at.line <= len(lines)
        if at.column is not None and at.end_column is not None:
            assert 1 <= at.column <= at.end_column <= len(lines[at.line - 1]) + 1
