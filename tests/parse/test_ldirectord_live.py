"""The reader and the real ldirectord make the same of any file, asked side by side."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, example, given, settings
from hypothesis import strategies as st

from auditor.model.facts import Fallback, LdirectordCf, RealServer
from auditor.parse.ldirectord import read_ldirectord
from auditor.parse.ldirectord_options import GLOBALS, OPTIONS
from auditor.parse.text import read_document
from tests.conftest import require
from tests.oracles import ldirectord
from tests.oracles.ldirectord import Ldirectord


@pytest.fixture(scope="module")
def daemon() -> Iterator[Ldirectord]:
    if not ldirectord.PROGRAM.exists():
        require("ldirectord is not unpacked: make test")
    with Ldirectord() as running:
        yield running


_CORPUS = os.environ.get("LVSAUDIT_CORPUS")
_REAL_FILES = sorted(
    path
    for folder in ("ldirectord", "ldirectord-micro", "../captures/30-oracles/ldirectord-cf-cases")
    if _CORPUS
    for path in (Path(_CORPUS) / folder).glob("*.cf")
)

# -- the language -----------------------------------------------------------

_ADDRESSES = st.sampled_from(
    ["10.0.0.1", "10.0.0.2", "127.0.0.1", "192.168.1.254", "web", "rs1.example.com", "a_b", "10.1", "0x7f.1"]
)
_SIX = st.sampled_from(["[fe80::1]", "[FE80:0::2]", "[::1]", "[2001:db8::10]"])
_PORTS = st.sampled_from(
    ["", ":80", ":443", ":53", ":21", ":http", ":domain", ":0", ":8080", ":65536", ":x-y"]
)
_METHODS = st.sampled_from(["gate", "masq", "ipip", "route", "Gate"])
_NUMBERS = st.sampled_from(["0", "1", "5", "10", "600", "00", "007", "10m", "1.5", "-1", "ten", ""])
_YES_NO = st.sampled_from(["yes", "no", "Yes", "on", "yes ", "no # later", "1"])
_TEXTS = st.sampled_from(["index.html", "/check", "ok", "", "a b", "a#b", 'say "ok"', "^OK.*$", "中文", "0"])
_QUOTED = st.one_of(_TEXTS.map(lambda text: f'"{text}"'), _TEXTS, _TEXTS.map(lambda text: f'"{text}" x'))
_COMMAND = st.sampled_from(["/bin/true", '"/bin/check a"', '""', "", "sh -c 'x'"])


def _words(*words: str) -> st.SearchStrategy[str]:
    return st.sampled_from(words)


_REAL = st.tuples(
    _ADDRESSES | _SIX,
    _words("", "", "", "->10.0.0.4", "->10.0.0.1", "->web"),
    _PORTS,
    _words(" ", "\t", "  ", ""),
    _METHODS,
    _words("", "", " 1", " 7", "\t20", " 0", " -1", " 1.5", " x 3", " 1 2", "3", " 1 x"),
    _words("", "", "", ' "a.html","ok"', ' "/b" "up"', ' "a"', ' "1 2","3"'),
    _words("", "", "", " l:1", " u:9", " l:1 u:9", " u:9 l:1", " L:1"),
).map("".join)
_FALLBACK = st.tuples(
    _ADDRESSES | _SIX, _PORTS, _words("", " ", "\t"), _words("", "gate", "masq", "x", "# x")
).map("".join)

_VALUES: dict[str, st.SearchStrategy[str]] = {
    "real": _REAL,
    "real6": _REAL,
    "fallback": _FALLBACK,
    "fallback6": _FALLBACK,
    "callback": _QUOTED,
    "checkcommand": _COMMAND,
    "checktype": _words(
        "connect",
        "negotiate",
        "ping",
        "off",
        "on",
        "external",
        "external-perl",
        "3",
        "0",
        "3connect",
        "Ping",
        "none",
        "negotiate x",
        "-connect",
    ),
    "comment": _TEXTS,
    "database": _QUOTED,
    "emailalert": _words("root", '"a@b.c"', "a b", '"', ""),
    "emailalertfreq": _NUMBERS,
    "emailalertfrom": _TEXTS,
    "emailalertstatus": _words(
        "all", "none", "starting,stopping", "running , reloading", "none,all", "all,", "up", "", ","
    ),
    "execute": _TEXTS,
    "fallbackcommand": _COMMAND,
    "httpmethod": _words("GET", "head", "POST", "get it", ""),
    "load": _QUOTED,
    "logfile": _words('"local0"', '"/var/log/ldirectord.log"', "local0", "/var/log/x", '""'),
    "login": _QUOTED,
    "maintenancedir": _TEXTS,
    "monitorfile": _words("/dev/null", '"/dev/null"'),
    "netmask": _words("255.255.255.255", "255.255.255.0 x", "24", "128", "0", "129", "1.2.3"),
    "passwd": _QUOTED,
    "protocol": _words("tcp", "udp", "fwm", "TCP", "tcp udp", "", "sctp"),
    "receive": _QUOTED,
    "request": _QUOTED,
    "schedflags": _words("sh-fallback", "a,b c", ""),
    "scheduler": _words("wrr", "rr", "WRR", "Wrr", "lblc", "sh x", "1", ""),
    "secret": _QUOTED,
    "service": _words(
        "http",
        "https",
        "none",
        "ldaps",
        "submission",
        "simpletcp",
        "http,https",
        "Http",
        "ftp",
        "sip",
        "web",
        "",
    ),
    "servicename": _TEXTS,
    "smtp": _words("mail", "10.0.0.9", "-x", "@", "mail relay", ""),
    "supervised": _YES_NO,
    "timeout": _NUMBERS,
    "virtualhost": _words("www.example.com", '"www.example.com"', '"a', "a b", '""', "", '"a"b'),
}
"""What may stand behind a key, good and bad; numbers and yes or no behind the others."""


def _value(key: str) -> st.SearchStrategy[str]:
    switch = {"autoreload", "cleanstop", "fork", "ops", "quiescent", "readdquiescent"}
    return _VALUES.get(key, _YES_NO if key in switch else _NUMBERS)


def _settings(keys: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    equals = _words("=", "=", "=", " = ", "\t=", "= ")
    return keys.flatmap(lambda key: st.tuples(st.just(key), equals, _value(key)).map("".join))


_GLOBAL = st.one_of(
    _settings(st.sampled_from(sorted(GLOBALS))),
    _words(
        "", "# a comment", "  # too", "supervised", "supervised x", " ", "     ", " quiescent=no", "nonsense"
    ),
)
_VIRTUAL = st.tuples(
    _words("virtual", "virtual", "virtual", "virtual6"),
    _words("=", " = "),
    st.one_of(
        st.tuples(_ADDRESSES | _SIX, _PORTS).map("".join),
        _words("5", "007", "10.1.2.3", "x y", "", "10.0.0.1:80 x"),
    ),
).map("".join)
_OPTION = st.tuples(
    _words("    ", "    ", "    ", "\t", "        ", "  \t", "     \t", "   ", ""),
    st.one_of(
        _settings(st.just("real")),
        _settings(st.sampled_from(sorted(OPTIONS))),
        _words("# a comment", "nonsense", "autoreload=yes", "x=1", " "),
    ),
    _words("", "", "", "", " ", " # why", "\r", "\t"),
).map("".join)
_SECTION = st.tuples(_VIRTUAL, st.lists(_OPTION, max_size=6)).map(lambda pair: [pair[0], *pair[1]])
_LINES = st.lists(st.one_of(_GLOBAL.map(lambda line: [line]), _SECTION), max_size=5).map(
    lambda parts: [line for part in parts for line in part]
)

_ODD = (
    " ",
    "\t",
    "\r",
    "\n",
    "\x0b",
    "\x0c",
    "\x1c",
    "\x85",
    "\xa0",
    "\u3000",
    "#",
    '"',
    "=",
    ":",
    "-",
    ".",
    ",",
    "[",
    "0",
    "9",
    "６",
    "x",
    "é",
)


@st.composite
def _files(draw: st.DrawFn) -> str:
    """A file of the language, with up to three places broken."""
    text = "\n".join([*draw(_LINES), *draw(_words((), ("",), ("", "")))])  # type: ignore[arg-type]
    for _ in range(draw(st.integers(0, 3))):
        start = draw(st.integers(0, len(text)))
        end = min(len(text), start + draw(st.integers(0, 2)))
        text = text[:start] + draw(st.sampled_from(("", *_ODD))) + text[end:]
    return text


# -- the comparison ---------------------------------------------------------


@given(_files())
@example("virtual=10.0.0.1:80")
@settings(max_examples=250, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_invented_files_are_read_as_ldirectord_reads_them(daemon: Ldirectord, text: str) -> None:
    said = daemon.ask(text.encode())
    assume("machine" not in said)
    _assert_agreement(said, text.encode())


@pytest.mark.skipif(not _REAL_FILES, reason="LVSAUDIT_CORPUS is not set")
@pytest.mark.parametrize("path", _REAL_FILES, ids=lambda path: path.name)
def test_real_files_are_read_as_ldirectord_reads_them(daemon: Ldirectord, path: Path) -> None:
    _assert_agreement(daemon.ask(path.read_bytes()), path.read_bytes())


def _assert_agreement(said: dict[str, Any], content: bytes) -> None:
    assert "machine" not in said, said
    reading = read_ldirectord(read_document(content, source="ldirectord.cf", encoding="utf-8"))
    errors = [(one.at.line, one.message.en) for one in reading.diagnostics if one.severity == "error"]
    if "virtuals" in said:
        assert not errors
        assert _read_by_us(reading.value) == _read_by_ldirectord(said)
    else:
        # ldirectord stops at its first error, and tells a duplicate where the second service ended.
        lines = [line for line, _ in errors] if "duplicate" not in said["message"] else [said["line"]]
        assert errors
        assert said["line"] in lines, (said, errors)


def _read_by_us(cf: LdirectordCf) -> dict[str, object]:
    return {
        "autoreload": cf.autoreload.value if cf.autoreload else "no",
        "quiescent": cf.quiescent.value if cf.quiescent else "no",
        "fallback": _server(cf.fallback),
        "virtuals": [
            {
                "family": one.family,
                "target": one.mark if one.mark is not None else one.name,
                "protocol": one.protocol,
                "scheduler": one.scheduler,
                "service": one.service,
                "checktype": one.checktype,
                "quiescent": "yes" if one.quiescent else "no",
                "persistent": one.persistent,
                "netmask": one.netmask,
                "request": one.request or "/",
                "receive": one.receive or "",
                "virtualhost": one.virtualhost,
                "checkport": one.checkport,
                "ops": one.ops,
                "reals": [
                    (*_server(real), real.weight, real.request, real.receive, real.lower, real.upper)
                    for real in one.reals
                ],
                "fallback": _server(one.fallback),
            }
            for one in cf.virtuals
        ],
    }


def _server(server: RealServer | Fallback | None) -> Any:
    return server and (server.address, server.port, server.forwarding)


def _read_by_ldirectord(said: dict[str, Any]) -> dict[str, object]:
    def number(text: str | None) -> int | None:
        return None if text is None else int(text)

    def server(one: dict[str, str] | None) -> Any:
        """A port that is a name only the director can look up, like none, is no port to the reader."""
        return one and (
            one["server"].strip("[]"),
            int(one["port"]) or None if (one["port"] or "").isdigit() else None,
            one["forward"],
        )

    return {
        **said["globals"],
        "fallback": server(said["globals"]["fallback"]),
        "virtuals": [
            {
                "family": one["family"],
                "target": int(one["fwm"]) if one["fwm"] else f"{one['server']}:{one['port']}",
                "protocol": one["protocol"],
                "scheduler": one["scheduler"],
                "service": one["service"],
                "checktype": one["checktype"],
                "quiescent": one["quiescent"] or said["globals"]["quiescent"],
                "persistent": number(one["persistent"]),
                "netmask": one["netmask"],
                "request": one["request"],
                "receive": one["receive"],
                "virtualhost": one["virtualhost"],
                "checkport": number(one["checkport"]),
                "ops": one["ops"] == "yes" and one["protocol"] == "udp",
                "reals": [
                    (
                        *server(real),
                        int(real["weight"]),
                        real["request"],
                        real["receive"],
                        number(real["l-threshold"]),
                        number(real["u-threshold"]),
                    )
                    for real in one["reals"]
                ],
                "fallback": server(
                    one["fallback"] or (said["globals"]["fallback"] if one["family"] == 4 else None)
                ),
            }
            for one in said["virtuals"]
        ],
    }
