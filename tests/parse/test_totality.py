"""Any text parses, no meaningful line is lost, and the facts can be laid back on the text: what every reader promises.

A format joins with one line in FORMATS: its name, pieces of its own language to build hostile texts from, and what
is particular about its lines.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auditor.model.facts import Document, Reading
from auditor.model.place import At
from auditor.parse import READERS, lay_out, read
from auditor.parse.text import read_document


def _configuration(line: str) -> bool:
    return line.lstrip(" \t\r\f\v")[:1] in {"", "#"}


def _semicolon(line: str) -> bool:
    return line.lstrip(" \t\r\f\v")[:1] in {"", "#", ";"}


def _exclamation(line: str) -> bool:
    return line.lstrip(" \t\r\f\v")[:1] in {"", "#", "!"}


def _margin(line: str) -> bool:
    return _output(line) or line.startswith("#")


def _output(line: str) -> bool:
    return not line.strip(" \t\r\f\v")


def _header(line: str) -> bool:
    meaningful = r"#[ \t]*(chkconfig:|description:|Provides:|X-[A-Za-z-]+:)|### *BEGIN INIT INFO"
    return _configuration(line) and re.match(meaningful, line) is None


def _never(line: str, first: bool) -> bool:
    return False


def _backslash(line: str, first: bool) -> bool:
    return line.endswith("\\")


def _odd(line: str, first: bool) -> bool:
    return (len(line) - len(line.rstrip("\\"))) % 2 == 1


def _haresources(line: str, first: bool) -> bool:
    return line.endswith("\\") and not (first and "#" in line)


@dataclass(frozen=True)
class Format:
    """``words``: pieces, parted by ``|``. ``empty``: the line carries no meaning. ``joins``: it joins the next."""

    name: str
    words: str
    empty: Callable[[str], bool] = _configuration
    joins: Callable[[str, bool], bool] = _never
    joins_comments: bool = False

    def first_lines(self, lines: list[str]) -> list[int]:
        """The numbers of the lines with which something begins."""
        numbers = []
        index = 0
        while index < len(lines):
            first = index
            if not self.empty(lines[first]):
                numbers.append(first + 1)
            if self.joins_comments or not self.empty(lines[first]):
                while index < len(lines) and self.joins(lines[index], index == first):
                    index += 1
            index += 1
        return numbers


# fmt: off
# ruff: noqa: E501
FORMATS = (
    Format("authkeys", "auth|1|2|crc|md5|sha1|16|-1|auth1|Hello!"),
    Format("ha.cf", "node|ld1|bcast eth0|keepalive|10ms|,|mcast eth0 225.0.0.1 694 1 0|udpport"),
    Format("haresources", "ld1|10.0.0.1/24/eth0|IPaddr2::10.0.0.1|\\\n|\\ \n|::", joins=_haresources),
    Format("ldirectord", "virtual=10.0.0.1:80|\treal=10.0.0.2:80 gate|    |fallback=|quiescent=yes"),
    Format("hosts", "127.0.0.1|localhost|::1|ld1 ld2| "),
    Format("network", "HOSTNAME=|ld1|export |GATEWAY='10.0.0.1'"),
    Format("sysconfig", "IPTABLES_MODULES=| x|export |'a b'|\r"),
    Format("ifcfg", 'DEVICE=|lo:0|NETMASK=255.255.255.255|"x"|`id`'),
    Format("sysctl.conf", "net.ipv4.ip_forward| = |1|-|;", _semicolon),
    Format("sysctl", "/proc/sys/net/ipv4/ip_forward:|1|a.b = 2|error:", _output),
    Format("rc.local", "ifconfig lo:0|10.0.0.1|echo 1 > /proc/sys/a|;|if|fi|case x in|V=1 |$V|<<E|E|f() {|}|&&|\\\n|exit", joins=_odd),
    Format("listing", "/etc/rc.d/rc3.d:|S75heartbeat| -> ../init.d/x|lrwxrwxrwx 1 root root 20 Jul  6 23:32 |total 4", _output),
    Format("init-header", "==> /etc/init.d/x <==\n|# chkconfig: 345 75 05|# chkconfig:|# Provides: x|### BEGIN INIT INFO", _header),
    Format("modprobe", "alias|watchdog softdog|options|\\\n| x", joins=_backslash, joins_comments=True),
    Format("inittab", "id:3:initdefault:|l0|:|respawn"),
    Format("uname", "Linux|ld1|2.6.9-55.EL|i686|#1", _output),
    Format("packages", "heartbeat|2.0.7-1|ipvsadm-1.24-6| ", _output),
    Format("ip-addr", "2: eth0: <UP> mtu 1500|    inet 10.0.0.1/24|scope global lo:0|    link/ether", _output),
    Format("ip-route", "default| via 10.0.0.1|10.0.0.0/8|dev eth0|\tnexthop", _output),
    Format("route", "Kernel IP routing table|10.0.0.0 *|255.0.0.0 U 0 0 0 eth0|Destination Gateway", _output),
    Format("date", "1699999999|Sun Nov 22 09:57:31| UTC| 2026", _output),
    Format("log", "Nov 22 10:26:37 ld1 heartbeat: [5013]: info:|2026/11/22_10:27:10|  IPaddr2[1]:| INFO:", _output),
    Format("modules", "ip_vs| 77569 2 |ip_vs_wrr,|Live|Module Size Used by", _output),
    Format("ps", "1 0 root Wed Nov  4 10:00:00 2026| init|PID ", _output),
    Format("ipvsadm", "TCP  10.0.0.9:80 wrr|  -> 10.0.0.1:80 Route 1 0 0|persistent 600|FWM  1 rr|Prot LocalAddress", _output),
    Format("proc-ip-vs", "TCP  0A000009:0050 wrr|  -> 0A000001:0050 Route 1 0 0|persistent 60 FFFFFFFF|FWM  00000001 rr", _output),
    Format("ipvsadm-stats", "TCP  10.0.0.9:80 1 2 3 4 5|  -> 10.0.0.1:80| 1K 2 3 4 5", _output),
    Format("ipvsadm-timeout", "Timeout (tcp tcpfin udp):| 900 120 300", _output),
    Format("ipvsadm-daemon", "master sync daemon| (mcast=eth0, syncid=1)", _output),
    Format("ipvsadm-thresholds", "Prot LocalAddress:Port Uthreshold|TCP  10.0.0.9:80 wrr|  -> rs1:http 5 4 0 0", _output),
    Format("ipvsadm-persistent", "Prot LocalAddress:Port Weight Pers|TCP  10.0.0.9:80 wrr|  -> rs1:80 1 2 0 0", _output),
    Format("ipvsadm-connections", "TCP 14:59  NONE| 10.0.0.1:5| [::1]:80|IPVS connection entries| sip|pro expire state", _output),
    Format("ipvsadm-rules", "-A -t 10.0.0.9:80| -s wrr|-a -t 10.0.0.9:80 -r rs1| -g -w 3|--set 1 2 3|ipvsadm ", _margin),
    Format("proc-ip-vs-conn", "TCP CA4BD8A1 9734| CA4BD8AD 0050| FIN_WAIT| LOCAL| 74|Pro FromIP", _output),
    Format("proc-ip-vs-stats", "   Total Incoming|CPU    Conns|1 2 3 4 A|  ~ 1 2 3 4 5| Conns/s| 0", _output),
    Format("proc-net-tcp", "  sl  local_address|   0: 00000000:0050| 00000000:0000 0A | 1", _output),
    Format("keepalived", "virtual_server 10.0.0.1 80 {|}|{|real_server|!|@id|include x", _exclamation),
    Format("chkconfig", "heartbeat\t0:off\t1:off|\t2:on\t3:on\t4:on\t5:on\t6:off|xinetd based:|\trsync: on", _output),
    Format("ifconfig", "eth0: flags=1<UP>  mtu 1|lo:0      Link encap:Local Loopback|  inet addr:10.0.0.1|  RX", _output),
    Format("iptables", "*filter|:INPUT ACCEPT [0:0]|-A INPUT| -p udp --dport 694| -j ACCEPT|COMMIT| ! ", _margin),
    Format("arptables", ":IN ACCEPT [0:0]|[0:0] -A IN| -d 10.0.0.1| -j DROP|mangle --mangle-ip-s 10.0.0.2", _margin),
    Format("release", "CentOS| release 4.5|ID=debian|12.4"),
)
# fmt: on

_NOISE = (
    *("#", "\\", '"', "'", "=", ":", "::", "/", "\t", "    ", "\r", "\x00", "\x0b"),
    *"\x85é中\u3000\xa0",
    "",
)
"""What hurts everywhere."""
_ENCODINGS = ("utf-8", "utf-8", "utf-8-sig", "gb18030", "latin-1", "utf-16")


def _contents(format: Format) -> st.SearchStrategy[bytes]:
    word = st.sampled_from((*format.words.split("|"), *_NOISE)) | st.text(max_size=4)
    line = st.lists(word, max_size=7).flatmap(
        lambda words: st.sampled_from((" ", "", "\t", "  ")).map(lambda gap: gap.join(words))
    )
    text = st.lists(line, max_size=9).flatmap(
        lambda lines: st.sampled_from(("\n", "\n", "\r\n")).map(lambda end: end.join(lines))
    )
    return st.tuples(text | st.text(max_size=80), st.sampled_from(_ENCODINGS)).map(
        lambda pair: pair[0].encode(pair[1], "replace")
    )


@pytest.mark.parametrize("format", FORMATS, ids=lambda format: format.name)
def test_any_text_parses_and_no_line_is_lost(format: Format) -> None:
    @settings(max_examples=100, deadline=None, derandomize=True)
    @given(content=_contents(format))
    def holds(content: bytes) -> None:
        _check(format, content)

    holds()


@pytest.mark.parametrize("format", FORMATS, ids=lambda format: format.name)
@pytest.mark.parametrize("unit", [" ", "\t", "a", "1", "1 ", "a=", '"', ":", "/", ",", "#", "\\", "\r", "é"])
@pytest.mark.usefixtures("linear")
def test_hostile_lines_of_a_megabyte_are_read_to_their_end(format: Format, unit: str) -> None:
    line = unit * (1_000_000 // len(unit))
    _check(format, f"{line}\n{format.words.split('|')[0]} {line}".encode())


def test_every_format_keeps_the_promises() -> None:
    assert {format.name for format in FORMATS} == set(READERS)


def _check(format: Format, content: bytes) -> None:
    document = read_document(content, source="x")
    reading = read(format.name, document)
    lines = document.text.split("\n")
    assert sorted(_places(reading)) == format.first_lines(lines)
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
    _check_layout(reading, document)


def _check_layout(reading: Reading[object], document: Document) -> None:
    """Cut into the lines of the facts, and put together again, it is the same text to the last character."""
    pieces = lay_out(reading, document)
    assert "".join(text for text, _ in pieces) == document.text
    laid = [fact for _, fact in pieces if fact is not None]
    assert len(laid) == len(reading.facts) + len(reading.unparsed)
    assert {id(fact) for fact in laid} == {id(fact) for fact in (*reading.facts, *reading.unparsed)}


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
