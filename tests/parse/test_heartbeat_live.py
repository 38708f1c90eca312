"""The readers and the real heartbeat 3.0.6 make the same of any ha.cf, haresources and authkeys.

The host is called h1; its interface is eth0, and of names it knows h1 and h2.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from auditor.parse import read
from auditor.parse.ha_cf import DIRECTIVES
from auditor.parse.text import read_document
from tests.conftest import require
from tests.oracles import heartbeat
from tests.oracles.heartbeat import Heartbeat


@pytest.fixture(scope="module")
def daemon(able_to_host: None) -> Iterator[Heartbeat]:
    if not heartbeat.PROGRAM.exists():
        require("heartbeat is not unpacked: make test")
    with Heartbeat() as running:
        yield running


def _words(*words: str) -> st.SearchStrategy[str]:
    return st.sampled_from(words)


def _broken(texts: st.SearchStrategy[str], odd: str) -> st.SearchStrategy[str]:
    """The text, in half of the cases with one or two signs of ``odd`` put in somewhere or left out."""

    def put(text: str, places: list[tuple[float, str]]) -> str:
        for share, sign in places:
            place = int(share * len(text))
            text = f"{text[:place]}{sign}{text[place + (not sign) :]}"
        return text

    place = st.tuples(st.floats(0, 1), st.sampled_from(("", *odd)))
    return texts | st.builds(put, texts, st.lists(place, min_size=1, max_size=2))


_BLANK = _words(" ", " ", "  ", "\t")
_ENDS = _words("\n", "\n", "\n", "\r\n", "")

# -- authkeys ---------------------------------------------------------------

_KEY_LINE = st.tuples(
    _words("", "", " "),
    _words("1", "2", "0", "15", "16", "-1", "007", "x"),
    _BLANK,
    _words("crc", "md5", "sha1", "SHA1", "sha256", ""),
    _words("", "", " key", " two words", " # note", "\tkey", " "),
).map("".join)
_AUTH_LINE = st.tuples(
    _words("auth", "auth", " auth", "Auth", "authx"),
    _words(" ", "\t", ""),
    _words("1", "2", "0", "16", "-1", "x", "1 # x"),
).map("".join)
_AUTHKEYS = st.tuples(
    st.lists(_AUTH_LINE | _KEY_LINE | _words("", "# note", " # note"), max_size=4).map("\n".join), _ENDS
).map("".join)


@given(text=_broken(_words("auth 1\n1 crc\n", "auth 2\n1 crc\n2 sha1 key\n") | _AUTHKEYS, " \t\r#01ax"))
@settings(max_examples=60, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
def test_invented_authkeys_are_taken_or_refused_alike(daemon: Heartbeat, text: str) -> None:
    verdict = daemon.ask(authkeys=text.encode())
    reading = read("authkeys", read_document(text.encode(), source="authkeys"))
    assert reading.value.accepted == verdict.accepted, (reading.diagnostics, verdict.said)


# -- haresources ------------------------------------------------------------

_RESOURCE = _words(
    "10.0.0.9",
    "10.0.0.9/24/eth0",
    "IPaddr2::10.0.0.8/24/eth0:0",
    "apache",
    "ldirectord::ldirectord.cf",
    "a::b::c",
    "::",
)
_JOIN = _words(" ", " ", " ", "  ", "\t", " \\\n", " \\\n   ", "\\\n", " \\ \n", " # x \\\n", "\\\\\n")
_GROUP = st.tuples(
    _words("", "", "", " ", "\t"),
    _words("h1", "h1", "H2", "h1,", "h1 h2", "10.0.0.1"),
    st.lists(st.tuples(_JOIN, _RESOURCE).map("".join), max_size=3).map("".join),
    _words("", "", " ", " # the VIP", "#x", " \\", "\r"),
).map("".join)
_HARESOURCES = st.tuples(st.lists(_GROUP | _words("", "# note", " "), max_size=3).map("\n".join), _ENDS).map(
    "".join
)


@given(text=_broken(_HARESOURCES, " \t\r\\\n#:/"))
@settings(max_examples=60, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
def test_invented_haresources_are_taken_apart_alike(daemon: Heartbeat, text: str) -> None:
    verdict = daemon.ask(haresources=text.encode())
    reading = read("haresources", read_document(text.encode(), source="haresources"))
    groups = [
        (one.node.name, *(resource.written for resource in one.resources)) for one in reading.value.groups
    ]
    # To the shell a carriage return alone is a node, of which nothing comes.
    assert groups == [words for words in verdict.groups if words[0].strip("\r")], text
    stranger = re.search(r"Bad nodename in \S+ \[([\w.-]+)\]", "\n".join(verdict.said))
    if stranger is None:
        assert reading.value.accepted == verdict.accepted, (reading.diagnostics, verdict.said)
    else:
        assert not verdict.accepted  # a name that a node could have: only ha.cf knows better


# -- ha.cf ------------------------------------------------------------------

_TIME = _words(
    "1",
    "2",
    "30",
    "1500ms",
    "0.5",
    ".5",
    "10 ms",
    "30s",
    "100US",
    "0",
    "-1",
    "two",
    "10msx",
    "1e3",
    "1.5.2",
    "60 # x",
)
_SWITCH = _words("on", "off", "yes", "NO", "true", "1", "legacy", "respawn", "maybe", "")
_NUMBER = _words("1", "0", "255", "256", "99", "100", "-1", "x", "7x", "")
_HA_VALUES: dict[str, st.SearchStrategy[str]] = {
    **dict.fromkeys(
        ("node", "ping"), _words("h1", "h2", "h1 h2", "h1,h2", '"h2"', "H2", "10.0.0.2", "10.0.0.300", "")
    ),
    **dict.fromkeys(("bcast", "udp"), _words("eth0", "lo", "eth0,lo", "eth0 # x", "eth0/1", "")),
    **dict.fromkeys(("keepalive", "deadtime", "warntime", "initdead", "deadping", "conn_logd_time"), _TIME),
    **dict.fromkeys(
        ("hopfudge", "debug", "rtprio", "max_rexmit_delay", "compression_threshold", "memreserve"), _NUMBER
    ),
    "apiauth": _words(
        "ipfail uid=hacluster", "x gid=haclient uid=root", "x user=root", "x", "x uid=root uid=root", ""
    ),
    "autojoin": _words("none", "any", "other", "None", ""),
    "baud": _words("19200", "9600", "1200", "19200x", ""),
    "cluster": _words("lvs", ""),
    "compression": _words("zlib", "bz2", "gz"),
    "coreroot": _words("/tmp", ""),
    "debugfile": _words("/var/log/ha-debug", ""),
    "env": _words("A=b", "A=b C=d", "=x", "A", ""),
    "hbgenmethod": _words("file", "time", "x"),
    "logfacility": _words("local0", "daemon", "none", "LOCAL0", "local8", ""),
    "logfile": _words("/var/log/ha-log", "/var/log/a /var/log/b", ""),
    "mcast": _words(
        "eth0 225.0.0.1 694 1 0",
        "eth0 225.0.0.1 694 4 1",
        "eth0 225.0.0.1 694 5 0",
        "eth0 10.0.0.1 694 1 0",
        "eth0 225.0.0.1 0 1 0",
        "eth0 225.0.0.1 694 1 2",
        "eth0 225.0.0.1 694",
        "eth0 225.0.0.1 70000 1 0",
        "eth0 225.0.0.1 694 1 0 x",
    ),
    "msgfmt": _words("classic", "netstring", "x"),
    "ping_group": _words("gw 10.0.0.2 10.0.0.3", "gw", "gw 10.0.0.300", ""),
    "respawn": _words("root /bin/true", "root /bin/true -v", "root true", "root", ""),
    "ucast": _words("eth0 10.0.0.2", "eth0", "eth0 10.0.0.300", "eth0 h2 x", ""),
    "udpport": _words("694", "695", "0", "70000", "x", "695x", ""),
    "uuidfrom": _words("file", "nodename", "x"),
}
"""What may stand behind a directive; a switch behind the others. Devices and programs are those of the host."""

_ELSEWHERE = {
    **dict.fromkeys(
        ("failfast", "quorum_server", "serial", "stonith", "stonith_host", "watchdog"), "a device or server"
    ),
    **dict.fromkeys(("hbaping", "mcast6", "openais", "tipc"), "a plugin that Debian leaves out, or IPv6"),
    "normalpoll": "known to heartbeat 2 only; the reader says so",
}
"""Directives whose verdict is not in the file but hangs on something else."""

_DIRECTIVE = st.sampled_from(sorted(DIRECTIVES.keys() - _ELSEWHERE.keys())).flatmap(
    lambda name: st.tuples(_words("", "", "", " "), st.just(name), _BLANK, _HA_VALUES.get(name, _SWITCH)).map(
        "".join
    )
)
_HA_CF = st.tuples(
    _words("node h1 h2\n", "node h1\nnode h2\n"),
    _words("bcast eth0\n", "mcast eth0 225.0.0.1 694 1 0\n", "ucast eth0 10.0.0.2\n", ""),
    st.lists(_DIRECTIVE | _words("", "# note", "nodes h1", "Node h1", "logfile"), max_size=4).map("\n".join),
    _ENDS,
).map("".join)

_HOST = re.compile(
    "ERROR: (?:Current node |glib: .*(?:No such device|does not exist)|.*[Cc]annot (?:resolve|open)"
    "|Failed to add pacemaker client child )"
)
"""What heartbeat misses on this host: its own node among all, devices, names, the programs of Pacemaker."""


@given(text=_broken(_HA_CF, ' \t\r,"#01x='))
@settings(max_examples=80, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
def test_invented_ha_cf_is_taken_or_refused_alike(daemon: Heartbeat, text: str) -> None:
    verdict = daemon.ask(ha_cf=text.encode())
    assume(not any(_HOST.search(line) for line in verdict.said))
    reading = read("ha.cf", read_document(text.encode(), source="ha.cf"))
    assert reading.value.accepted == verdict.accepted, (reading.diagnostics, verdict.said)
