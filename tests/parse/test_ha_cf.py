"""ha.cf as heartbeat reads it; the verdicts were recorded from heartbeat 3.0.6 where the corpus is at hand."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from auditor.model.facts import HaCf, Reading
from auditor.parse.ha_cf import read_ha_cf
from auditor.parse.text import read_document

_CORPUS = os.environ.get("LVSAUDIT_CORPUS")
corpus = pytest.mark.skipif(_CORPUS is None, reason="LVSAUDIT_CORPUS is not set")

_BASE = "node h1 h2\nbcast eth0\nauto_failback on\n"

_SMALL = {
    "base": _BASE,
    "udpport_after": _BASE + "udpport 695\n",
    "udpport_before": "udpport 695\n" + _BASE,
    "comma_node": "node h1,h2\nbcast eth0\nauto_failback on\n",
    "slashslash_cmt": "node h1\nbcast eth0 // Linux\nauto_failback on\n",
    "unknown_dir": _BASE + "foo bar\n",
    "warn_gt_dead": _BASE + "warntime 60\n",
    "dead_lt_keep": _BASE + "keepalive 10\ndeadtime 5\n",
    "initdead_small": _BASE + "initdead 20\n",
    "decimal": _BASE + "keepalive 1.5\n",
    "negative": _BASE + "keepalive -1\n",
    "garbage_num": _BASE + "keepalive two\n",
    "mcast": "node h1\nmcast eth0 225.0.0.1 694 1 0\nauto_failback on\n",
    "mcast_badttl": "node h1\nmcast eth0 225.0.0.1 694 44 0\nauto_failback on\n",
    "mcast_noaddr": "node h1\nmcast eth0\nauto_failback on\n",
    "mcast_unicastaddr": "node h1\nmcast eth0 10.0.0.1 694 1 0\nauto_failback on\n",
    "ucast_bad": _BASE + "ucast eth0 300.1.1.1\n",
    "ping_bad": _BASE + "ping 300.1.1.1\n",
    "ping_ok": _BASE + "ping 10.0.0.254\n",
    "ping_group": _BASE + "ping_group gw 10.0.0.253 10.0.0.254\n",
    "ping_multi": _BASE + "ping 10.0.0.253 10.0.0.254\n",
    "af_true": "node h1\nbcast eth0\nauto_failback true\n",
    "af_1": "node h1\nbcast eth0\nauto_failback 1\n",
    "af_maybe": "node h1\nbcast eth0\nauto_failback maybe\n",
    "nice_failback": "node h1\nbcast eth0\nnice_failback on\n",
    "dir_upper": "node h1\nBCAST eth0\n",
    "watchdog": _BASE + "watchdog /dev/watchdog\n",
    "logfacility_bad": _BASE + "logfacility foo\n",
    "use_logd_x": _BASE + "use_logd x\n",
    "crm_yes": _BASE + "crm yes\n",
    "pacemaker_on": _BASE + "pacemaker on\n",
    "baud_after": _BASE + "baud 19200\n",
    "node3": "node h1 h2 h3\nbcast eth0\nauto_failback on\n",
    "empty": "",
    "stonith_none": _BASE + "# no stonith device\n",
    "dup_af": _BASE + "auto_failback off\n",
    "dup_bcast": _BASE + "bcast eth0\n",
    "compression_bad": _BASE + "compression foo\n",
    "indent": "  node h1\n\tbcast eth0\n auto_failback on\n",
    "trailing": "node h1  \nbcast eth0 \t\nauto_failback on \n",
    "tab": "node\th1\nbcast\teth0\nauto_failback\ton\n",
    "no_value": "node h1\nbcast\nauto_failback on\n",
    "longline": _BASE + "#" + "x" * 4000 + "\n",
}
"""The recorded cases by their names, written anew."""

_NOT_THE_FILES = {
    "node_fqdn": "the node's own name",
    "node_missing": "the node's own name",
    "ucast_name": "a name to resolve",
    "bad_iface": "an interface to exist",
    "apiauth_baduid": "a user to exist",
    "ha.cf/10-kingkami-placeholders.cf": "an interface and a name to resolve",
    "ha.cf/21-rust-sample-all.cf": "a serial device to exist",
    "ha.cf/25-ja-w101-serial.cf": "a serial device to exist",
}
"""Verdicts that hang on the machine heartbeat ran on, by what it lacked there."""


def _read(text: str) -> Reading[HaCf]:
    return read_ha_cf(read_document(text.encode(), source="/etc/ha.d/ha.cf", host="ld1"))


def _recorded(column: int, name: str) -> list[tuple[str, str]]:
    if _CORPUS is None:
        return []
    rows = [line.split("\t") for line in (Path(_CORPUS) / name).read_text().splitlines()[1:]]
    return [(row[0], row[column]) for row in rows]


_MICRO = [
    (case, result)
    for case, result in _recorded(1, "heartbeat-micro.tsv")
    if not case.startswith(("hr_", "ak_"))
]
_FILES = [(path, verdict) for path, verdict in _recorded(12, "MANIFEST.tsv") if path.startswith("ha.cf/")]


@corpus
@pytest.mark.parametrize(("case", "result"), _MICRO)
def test_small_cases_get_heartbeats_verdict(case: str, result: str) -> None:
    if case in _NOT_THE_FILES:
        assert result == "ERR", "the host was at fault"
        return
    reading = _read(_SMALL[case])
    assert reading.value.accepted == (result == "OK"), reading.diagnostics


@corpus
@pytest.mark.parametrize(("path", "verdict"), _FILES)
def test_real_files_get_heartbeats_verdict(path: str, verdict: str) -> None:
    reading = read_ha_cf(read_document((Path(str(_CORPUS)) / path).read_bytes(), source=path))
    if path in _NOT_THE_FILES:
        assert verdict.startswith("ERR"), "the host was at fault"
        assert reading.value.accepted, reading.diagnostics
        return
    assert reading.value.accepted == verdict.startswith("OK"), reading.diagnostics


def test_a_file_gives_nodes_media_and_times_with_their_places() -> None:
    value = _read(
        "# cluster\n"
        "keepalive 500ms\n"
        "deadtime 10   # dead\n"
        "mcast eth0 225.0.0.1 694 1 0\n"
        "bcast eth1, eth2\n"
        "ucast eth1 10.0.0.2\n"
        "serial /dev/ttyS0\n"
        "ping 10.0.0.254\n"
        "respawn hacluster /usr/lib/heartbeat/ipfail -v\n"
        "auto_failback off\n"
        "node LD1 ld2\n"
    ).value
    assert value.accepted
    assert [node.written for node in value.nodes] == ["LD1", "ld2"]
    assert value.node_names == {"ld1", "ld2"}
    assert str(value.nodes[1].at) == "ld1:/etc/ha.d/ha.cf:11"
    assert (value.nodes[1].at.column, value.nodes[1].at.end_column) == (10, 13)
    assert [(medium.kind, medium.interface, medium.port) for medium in value.media] == [
        ("mcast", "eth0", 694),
        ("bcast", "eth1", 694),
        ("bcast", "eth2", 694),
        ("ucast", "eth1", 694),
        ("serial", "/dev/ttyS0", None),
    ]
    assert value.media[0].group == "225.0.0.1"
    assert (value.media[0].ttl, value.media[0].loop) == (1, 0)
    assert value.media[3].peer == "10.0.0.2"
    assert [ping.addresses for ping in value.pings] == [("10.0.0.254",)]
    assert value.respawns[0].program == "ipfail"
    assert (value.keepalive.ms, value.deadtime.ms, value.warntime.ms, value.initdead.ms) == (
        500,
        10000,
        5000,
        20000,
    )
    assert value.warntime.at is None
    assert value.auto_failback is not None
    assert value.auto_failback.value == "off"


def test_the_runbooks_file_starts_on_defaults() -> None:
    value = _read(
        "auto_failback off\nnode ld1\nnode ld2\nmcast eth0 225.0.0.1 694 1 0\nping 10.0.0.1\n"
    ).value
    assert value.accepted
    assert (value.keepalive.ms, value.deadtime.ms, value.initdead.ms) == (1000, 30000, 30000)


@pytest.mark.parametrize(
    ("time", "ms"),
    [("2", 2000), ("1.5", 1500), ("100ms", 100), ("100MSEC", 100), ("1500us", 2), (".5", 500), ("30s", None)],
)
def test_times_are_read_as_heartbeat_reads_them(time: str, ms: int | None) -> None:
    reading = _read(_BASE + f"warntime {time}\n")
    assert reading.value.accepted == (ms is not None)
    if ms is not None:
        assert reading.value.warntime.ms == ms


def test_a_late_udpport_leaves_the_media_at_694_and_says_so() -> None:
    reading = _read(_BASE + "udpport 696\nucast eth0 10.0.0.2\n")
    assert [(medium.kind, medium.port) for medium in reading.value.media] == [("bcast", 694), ("ucast", 696)]
    late = next(one for one in reading.diagnostics if one.code == "udpport-late")
    assert late.severity == "warning"
    assert late.message.en == "udpport stands behind the bcast line, which stays at port 694"
    assert late.at.line == 4


@pytest.mark.parametrize(
    ("line", "code", "column"),
    [
        ("nodes ld1", "unknown-directive", 1),
        ("ucast eth0", "arguments", 1),
        ("mcast eth0 225.0.0.1 694 9 0", "mcast", 26),
        ("bcast ${DEV}", "placeholder", 7),
        ("bcast eth0/1", "interface", 7),
        ("baud 1200", "value", 6),
        ("rtprio 0", "value", 8),
        ("apiauth ipfail user=x", "arguments", 1),
        ("respawn hacluster ipfail", "arguments", 1),
        ("stonith_host * meatware", "arguments", 1),
        ("autojoin any", "autojoin", 10),
        ("use_logd off", "no-log", 10),
        ("deadping 1", "times", 10),
    ],
)
def test_what_heartbeat_refuses_is_said_with_its_place(line: str, code: str, column: int) -> None:
    reading = _read(_BASE + line + "\n")
    errors = [one for one in reading.diagnostics if one.severity == "error"]
    assert [(one.code, one.at.line, one.at.column) for one in errors] == [(code, 4, column)]
    assert not reading.value.accepted


def test_carriage_returns_do_no_harm_but_a_mark_does() -> None:
    text = _BASE.replace("\n", "\r\n")
    assert _read(text).value.accepted
    assert _read(text).value.node_names == {"h1", "h2"}
    marked = read_ha_cf(read_document(b"\xef\xbb\xbf" + text.encode(), source="ha.cf"))
    assert [one.code for one in marked.diagnostics if one.severity == "error"] == ["byte-order-mark"]


def test_a_redacted_parameter_is_read_as_the_original() -> None:
    clear = _read(_BASE + "stonith_host * apcmaster 10.0.0.9 apc s3cret\n").value
    hidden = _read(_BASE + "stonith_host * apcmaster 10.0.0.9 apc «redacted:stonith:len6:1»\n").value
    assert clear.accepted == hidden.accepted
    assert clear.stonith[0].words[:4] == hidden.stonith[0].words[:4]
    assert hidden.stonith[0].words[4] == "«redacted:stonith:len6:1»"
