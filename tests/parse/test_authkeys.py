"""authkeys as heartbeat reads it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from auditor.model.facts import Authkeys, Reading
from auditor.parse.authkeys import read_authkeys
from auditor.parse.text import read_document

_CORPUS = os.environ.get("LVSAUDIT_CORPUS")
corpus = pytest.mark.skipif(_CORPUS is None, reason="LVSAUDIT_CORPUS is not set")

_SMALL = {
    "ak_sha1": "auth 1\n1 sha1 secret\n",
    "ak_sha1_nokey": "auth 1\n1 sha1\n",
    "ak_dupnum": "auth 1\n1 crc\n1 sha1 secret\n",
    "ak_num16": "auth 16\n16 crc\n",
    "ak_num0": "auth 0\n0 crc\n",
    "ak_upper": "auth 1\n1 SHA1 secret\n",
    "ak_crlf": "auth 1\r\n1 crc\r\n",
    "ak_crlf_sha1": "auth 1\r\n1 sha1 secret\r\n",
    "ak_indent": "  auth 1\n\t1 crc\n",
    "ak_noauth": "1 crc\n",
    "ak_twoauth": "auth 2\nauth 1\n1 crc\n",
    "ak_blankkey": "auth 1\n1 sha1 two words\n",
}
"""The recorded cases by their names, written anew; those about the file's mode are judged elsewhere."""


def _read(text: str) -> Reading[Authkeys]:
    return read_authkeys(read_document(text.encode(), source="/etc/ha.d/authkeys", host="ld1"))


def _recorded(column: int, name: str) -> list[tuple[str, str]]:
    if _CORPUS is None:
        return []
    rows = [line.split("\t") for line in (Path(_CORPUS) / name).read_text().splitlines()[1:]]
    return [(row[0], row[column]) for row in rows if row[0].startswith(("ak_", "authkeys/"))]


@corpus
@pytest.mark.parametrize(("case", "result"), _recorded(1, "heartbeat-micro.tsv"))
def test_small_cases_get_heartbeats_verdict(case: str, result: str) -> None:
    if case.removeprefix("ak_").isdigit():
        assert (result == "OK") == (
            int(case.removeprefix("ak_"), 8) & 0o044 == 0
        )  # its mode: rule authkeys.mode
        return
    reading = _read(_SMALL[case])
    assert reading.value.accepted == (result == "OK"), reading.diagnostics


@corpus
@pytest.mark.parametrize(("path", "verdict"), _recorded(12, "MANIFEST.tsv"))
def test_real_files_get_heartbeats_verdict(path: str, verdict: str) -> None:
    reading = read_authkeys(read_document((Path(str(_CORPUS)) / path).read_bytes(), source=path))
    assert reading.value.accepted == verdict.startswith("OK"), reading.diagnostics


def test_the_selected_key_is_found_with_its_place() -> None:
    value = _read("# keys\nauth 2\n1 crc\n2 sha1 «redacted:authkey:len10:1»\n").value
    assert value.accepted
    assert value.selected is not None
    assert (value.selected.method, value.selected.key) == ("sha1", "«redacted:authkey:len10:1»")
    assert str(value.selected.at) == "ld1:/etc/ha.d/authkeys:4"
    assert [key.method for key in value.keys] == ["crc", "sha1"]


@pytest.mark.parametrize(
    ("text", "code", "line", "column"),
    [
        ("1 crc\nauth 1\n", "selection-late", 2, 6),
        ("auth 3\n1 crc\n", "no-such-key", 1, 6),
        ("auth x\n1 crc\n", "bad-line", 1, 6),
        ("auth 1\n1 crc\nsha1 x\n", "bad-line", 3, 1),
        ("auth 1\n1 crc # none\n", "key-for-crc", 2, 7),
        ("auth 1\n1 sha256 x\n", "method", 2, 3),
        ("auth 1\n1 md5\n", "no-key", 2, 3),
        ("auth 1\n1 crc\n-1 crc\n", "key-number", 3, 1),
    ],
)
def test_what_heartbeat_refuses_is_said_with_its_place(text: str, code: str, line: int, column: int) -> None:
    reading = _read(text)
    error = next(one for one in reading.diagnostics if one.severity == "error")
    assert (error.code, error.at.line, error.at.column) == (code, line, column)
    assert not reading.value.accepted


@pytest.mark.parametrize(
    ("text", "code"),
    [("auth 1\n1 sha1 two words\n", "key-cut"), ("auth 1\n1 sha1 # my key\n", "comment-as-key")],
)
def test_silent_readings_are_warned_of(text: str, code: str) -> None:
    reading = _read(text)
    assert reading.value.accepted
    assert [one.code for one in reading.diagnostics] == [code]


def test_numbers_are_scanned_as_c_does() -> None:
    value = _read("auth1\n+1sha1 secret\n").value
    assert value.accepted
    assert value.selected is not None
    assert value.selected.method == "sha1"


def test_no_message_repeats_a_key() -> None:
    reading = _read("auth 1\n1 crc hunter2\nhunter2\n2 sha1 hunter2 hunter2\n")
    assert reading.diagnostics
    assert not any("hunter2" in one.message.en + one.message.zh for one in reading.diagnostics)


def test_a_mark_is_refused() -> None:
    assert not read_authkeys(read_document(b"\xef\xbb\xbfauth 1\n1 crc\n", source="authkeys")).value.accepted
