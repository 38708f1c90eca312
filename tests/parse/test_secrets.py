"""No secret is left in a text, and little else is taken out."""

from __future__ import annotations

import os
from dataclasses import asdict
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auditor.parse import read
from auditor.parse.secrets import MARKER, secret_spans
from auditor.parse.text import read_document

_CORPUS = os.environ.get("LVSAUDIT_CORPUS")


def _redact(text: str, format: str | None) -> str:
    document = read_document(text.encode(), source="x")
    pieces, end = [], 0
    for secret in secret_spans(format, document):
        assert end <= secret.start < secret.end
        assert "\n" not in document.text[secret.start : secret.end]
        pieces += [
            document.text[end : secret.start],
            f"«redacted:{secret.kind}:len{secret.end - secret.start}:1»",
        ]
        end = secret.end
    return "".join([*pieces, document.text[end:]])


@pytest.mark.parametrize(
    ("format", "text"),
    [
        ("authkeys", "auth 1\n1 sha1 CANARY\n"),
        ("authkeys", "auth 1\n1 sha1 CANARY CANARY # CANARY\n"),
        ("authkeys", "auth 1\n1sha1 CANARY\r\n"),
        ("authkeys", "#2 md5 CANARY\n  # 3 sha1 CANARY too\n"),
        ("authkeys", "sha1 CANARY\nCANARY\n// CANARY\n1: CANARY\n"),
        ("authkeys", "auth 1 CANARY\n1 crc CANARY\n"),
        ("authkeys", "1 sha1 #CANARY\n"),
        ("ldirectord", 'virtual=10.0.0.1:80\n\tlogin="CANARY"\n\tpasswd = "CANARY"\n'),
        ("ldirectord", 'virtual=10.0.0.1:80\n\tpasswd="CAN#CANARY"\n\tsecret="a CANARY" # kept\n'),
        ("ldirectord", 'virtual=10.0.0.1:80\n\t#passwd="CANARY"\n#  secret=CANARY\n'),
        ("ldirectord", "virtual=10.0.0.1:80\n\tpasswd=CANARY\n\tdatabase='CANARY'\n  passwd=CANARY CANARY\n"),
        ("ldirectord", 'virtual=10.0.0.1:80\n\trequest="http://u:CANARY@x/"\n'),
        ("ha.cf", "stonith_host * apcmaster CANARY CANARY\n#stonith_host ld1 x CANARY\nstonith x CANARY\n"),
        ("keepalived", 'auth_pass CANARY\n  auth_pass "CANARY"\n'),
        (None, "-----BEGIN RSA PRIVATE KEY-----\nCANARY\nCANARY==\n-----END RSA PRIVATE KEY-----\n"),
        (None, "-----BEGIN PRIVATE KEY-----\nCANARY\nCANARY\n"),
        (None, "wget http://user:CANARY@host/x ftp://:CANARY@[::1]/ http://u:p@CANARY@host/"),
        (None, "root:$1$ab$CANARYCANARYCANARYCANARY:1\nx $6$rounds=5000$ab$CANARYCANARYCANARYCANARY"),
        (
            None,
            "ipmitool -H h -U u -P CANARY power off\nx --password CANARY\nx --password=CANARY --token 'CANARY'",
        ),
        (None, "x --password \\\n   CANARY\n"),
        (None, "rocommunity CANARY 10.0.0.0/8\ncom2sec local default CANARY\ntrapsink 10.0.0.1 CANARY\n"),
        (None, "snmpwalk -v 2c -c CANARY host\nmysql -u root -pCANARY db\n"),
        (None, 'PASSWORD=CANARY\nexport DB_PASSWORD="CANARY X"\npassword: CANARY CANARY\n'),
        (None, '{"password": "CANARY", "api_key":"CANARY"}\n<password>CANARY</password>\n'),
        (None, "# 密码: CANARY\n口令是CANARY\nroot密码=CANARY\nSECRET = CANARY and CANARY\n"),
        (None, 'PASS_TOKEN=CAN\\ CANARY run\nshared-secret "CANARY";\n'),
        (None, "password=«redacted:secret:len6»CANARY\npassword=«redacted:CANARY»\n"),
    ],
)
def test_no_secret_is_left(format: str | None, text: str) -> None:
    assert "CANARY" in text
    assert "CANARY" not in _redact(text, format)


@pytest.mark.parametrize(
    ("format", "text"),
    [
        ("authkeys", "auth 1\n1 crc\n# Authentication file.\n#auth 1\n#1 crc\n"),
        ("ldirectord", 'virtual=10.0.0.1:80\n\treceive="ok"\n\trequest="checknode.lvs"\n\tservice=http\n'),
        ("ha.cf", "node ld1 ld2\nstonith apcsmart /etc/ha.d/stonith.cf\n"),
        (
            None,
            "iptables -P INPUT DROP\ndf -h\nPasswordAuthentication no\npassword=$PASSWORD\npassword = none\n",
        ),
        (None, "IP=$1$2\nhttp://host:80/a@b\n/etc/passwd\nnet.ipv4.ipfrag_secret_interval = 600\n"),
        (None, "1 sha1 «redacted:authkey:len10»\npassword=«redacted:secret:len4:12»\n"),
    ],
)
def test_what_is_no_secret_stays(format: str | None, text: str) -> None:
    assert _redact(text, format) == text


_LINES = {
    "authkeys": st.tuples(
        st.sampled_from(("auth ", "1 sha1 ", "2md5 ", "3 crc ", "#1 sha1 ", "x ", "")),
        st.sampled_from(("1", "hunter2", "two words", "# note", "#note", "")),
    ),
    "ldirectord": st.tuples(
        st.sampled_from(
            ("virtual=", "\tlogin=", "\tpasswd = ", "#secret=", "\treal=", "\treceive=", " database=")
        ),
        st.sampled_from(("10.0.0.1:80", "10.0.0.2:80 gate", '"hunter2"', '"a#b"', '"open', "bare words", "")),
    ),
    "ha.cf": st.tuples(
        st.sampled_from(("node ", "stonith_host * ", "stonith ", "#stonith_host ", "bcast ")),
        st.sampled_from(("eth0", "apc 10.0.0.9 hunter2", "apc", "apc /etc/x", "apc a # b", "")),
    ),
}


@pytest.mark.parametrize("format", _LINES)
def test_readers_read_redacted_text_as_the_original(format: str) -> None:
    @settings(max_examples=150, deadline=None, derandomize=True)
    @given(lines=st.lists(_LINES[format].map("".join), max_size=8))
    def holds(lines: list[str]) -> None:
        text = "\n".join(lines)
        redacted = _redact(text, format)
        assert _shape(text, format) == _shape(redacted, format)
        assert _redact(redacted, format) == redacted

    holds()


def _shape(text: str, format: str) -> object:
    """What the reader makes of it: kinds and lines of facts, diagnostics and the verdict, without the values."""
    reading = read(format, read_document(text.encode(), source="x"))
    return (
        [(type(fact).__name__, fact.at.line) for fact in reading.facts],  # type: ignore[attr-defined]
        [one.at.line for one in reading.unparsed],
        [(one.severity, one.code, one.at.line) for one in reading.diagnostics],
        reading.value.accepted,
        [type(value).__name__ for value in asdict(reading.value).values()],
    )


_UNITS = ("a", " ", "password=", "password ", "-P ", "://a:", "$1$", "com2sec ", '"', "#")


@pytest.mark.parametrize(
    ("format", "unit"),
    [*((None, unit) for unit in _UNITS), ("authkeys", "1 "), ("ldirectord", "login="), ("ha.cf", "stonith ")],
)
@pytest.mark.usefixtures("linear")
def test_a_hostile_line_of_a_megabyte_is_searched_to_its_end(format: str | None, unit: str) -> None:
    document = read_document((unit * (1_000_000 // len(unit))).encode(), source="x")
    for secret in secret_spans(format, document):
        assert 0 <= secret.start < secret.end <= len(document.text)


@given(text=st.text(max_size=200))
@settings(max_examples=200, deadline=None)
def test_any_text_has_orderly_spans(text: str) -> None:
    for format in (*_LINES, None):
        _redact(text.encode("utf-8", "replace").decode(), format)


@pytest.mark.skipif(_CORPUS is None, reason="LVSAUDIT_CORPUS is not set")
def test_few_lines_of_real_files_are_taken_for_secrets_by_mistake() -> None:
    """Over real files of kinds that hold no secrets."""
    lines = hits = 0
    for kind in (
        "haresources",
        "ifcfg",
        "ipvsadm",
        "netinfo",
        "rc-order",
        "rpm",
        "sysctl",
        "hosts",
        "modprobe",
    ):
        for path in sorted((Path(str(_CORPUS)) / kind).iterdir()):
            document = read_document(path.read_bytes(), source=str(path))
            lines += document.text.count("\n")
            hits += len(secret_spans(kind, document))
    assert hits < lines * 0.002


@pytest.mark.skipif(_CORPUS is None, reason="LVSAUDIT_CORPUS is not set")
def test_every_key_of_real_authkeys_is_found() -> None:
    for path in sorted((Path(str(_CORPUS)) / "authkeys").iterdir()):
        reading = read(
            "authkeys", read_document(_redact(path.read_text(), "authkeys").encode(), source=str(path))
        )
        assert all(
            key.key is None or MARKER.fullmatch(key.key.lstrip("#")) or key.key == "#"
            for key in reading.value.keys
        )
