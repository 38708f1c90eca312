"""haresources as ResourceManager and heartbeat read it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from auditor.model.facts import Haresources, Reading
from auditor.parse.haresources import read_haresources
from auditor.parse.text import read_document

_CORPUS = os.environ.get("LVSAUDIT_CORPUS")
corpus = pytest.mark.skipif(_CORPUS is None, reason="LVSAUDIT_CORPUS is not set")

_SMALL = {
    "hr_undeclared": "zz 10.0.0.9\n",
    "hr_slash": "// h1 10.0.0.9\n",
    "hr_inline": "h1 10.0.0.9 # the VIP\n",
    "hr_noresource": "h1\n",
    "hr_indent": "   h1 10.0.0.9\n",
    "hr_contcomment": "h1 apache \\\n# the VIP\n10.0.0.9\n",
    "hr_cont_trailing": "h1 apache \\ \n10.0.0.9\n",
    "hr_crlf": "h1 10.0.0.9\r\n",
    "hr_crlf_cont": "h1 apache \\\r\n10.0.0.9\r\n",
    "hr_two": "h1 10.0.0.9\nh2 10.0.0.10\n",
    "hr_same_ip": "h1 10.0.0.9\nh2 10.0.0.9\n",
    "hr_comma": "h1, 10.0.0.9\n",
}
"""The recorded cases by their names, written anew."""

_NOT_THE_FILES = {"hr_undeclared": "the nodes of ha.cf"}


def _read(text: str) -> Reading[Haresources]:
    return read_haresources(read_document(text.encode(), source="/etc/ha.d/haresources", host="ld1"))


def _recorded(column: int, name: str) -> list[tuple[str, str]]:
    if _CORPUS is None:
        return []
    rows = [line.split("\t") for line in (Path(_CORPUS) / name).read_text().splitlines()[1:]]
    return [(row[0], row[column]) for row in rows if row[0].startswith(("hr_", "haresources/"))]


@corpus
@pytest.mark.parametrize(("case", "result"), _recorded(1, "heartbeat-micro.tsv"))
def test_small_cases_get_heartbeats_verdict(case: str, result: str) -> None:
    reading = _read(_SMALL[case])
    if case in _NOT_THE_FILES:
        assert (result, reading.value.accepted) == ("ERR", True), _NOT_THE_FILES[case]
        return
    assert reading.value.accepted == (result == "OK"), reading.diagnostics


@corpus
@pytest.mark.parametrize(("path", "verdict"), _recorded(12, "MANIFEST.tsv"))
def test_real_files_get_heartbeats_verdict(path: str, verdict: str) -> None:
    reading = read_haresources(read_document((Path(str(_CORPUS)) / path).read_bytes(), source=path))
    assert reading.value.accepted == verdict.startswith("OK"), reading.diagnostics


def test_the_runbooks_group_spans_lines_and_keeps_their_places() -> None:
    reading = _read(
        "LD1 \\\n"
        "    IPaddr2::202.75.216.172/28/eth0/202.75.216.175 \\\n"
        "    10.0.0.9/255.255.255.240/eth1:0 \\\n"
        "    LVSSyncDaemonSwap::master ldirectord::ldirectord.cf\n"
    )
    assert reading.value.accepted
    (group,) = reading.value.groups
    assert (group.node.name, group.node.written) == ("ld1", "LD1")
    assert [(one.script, one.args) for one in group.resources] == [
        ("IPaddr2", ("202.75.216.172/28/eth0/202.75.216.175",)),
        ("IPaddr", ("10.0.0.9/255.255.255.240/eth1:0",)),
        ("LVSSyncDaemonSwap", ("master",)),
        ("ldirectord", ("ldirectord.cf",)),
    ]
    assert [(str(one.at), one.at.column) for one in group.resources] == [
        ("ld1:/etc/ha.d/haresources:2", 5),
        ("ld1:/etc/ha.d/haresources:3", 5),
        ("ld1:/etc/ha.d/haresources:4", 5),
        ("ld1:/etc/ha.d/haresources:4", 31),
    ]
    first, second = reading.value.addresses
    assert (first.address, first.prefix, first.interface, first.label, first.broadcast) == (
        "202.75.216.172",
        28,
        "eth0",
        None,
        "202.75.216.175",
    )
    assert (second.address, second.prefix, second.interface, second.label) == (
        "10.0.0.9",
        28,
        "eth1",
        "eth1:0",
    )


@pytest.mark.parametrize(
    ("text", "codes", "resources"),
    [
        ("ld1 a\\\nb\n", [], [["ab"]]),
        ("ld1 a \\\n b # c\n", ["comment-in-continuation"], [["a", "b", "#", "c"]]),
        ("ld1 a # b \\\nld2 c\n", ["backslash-in-comment"], [["a"], ["c"]]),
        ("ld1 a \\\n", ["backslash-at-end"], [["a", "\\"]]),
        ("ld1 a\\", ["backslash-at-end"], [["a\\"]]),
        ("ld1 a \\\t\nldirectord\n", ["backslash-blank"], [["a", "\\"], []]),
        ("ld1 a\r\n", ["carriage-return"], [["a\r"]]),
        ("ld1 a b\nld2 a c\n", ["duplicate-key"], [["a", "b"], ["a", "c"]]),
        ("ld1 IPAddr::10.0.0.1\n", ["script-case"], [["IPAddr::10.0.0.1"]]),
    ],
)
def test_traps_are_read_as_the_shell_reads_them_and_named(
    text: str, codes: list[str], resources: list[list[str]]
) -> None:
    reading = _read(text)
    assert [one.code for one in reading.diagnostics] == codes
    assert [[one.written for one in group.resources] for group in reading.value.groups] == resources


def test_a_broken_continuation_names_the_line_that_broke_it() -> None:
    reading = _read("ld1 ldirectord \\ \n    IPaddr2::10.0.0.9/24/eth0\n")
    error = next(one for one in reading.diagnostics if one.severity == "error")
    assert error.code == "broken-continuation"
    assert "backslash of line 1" in error.message.en
    assert (error.at.line, error.at.column, error.at.end_column) == (2, 5, 30)


def test_a_mark_becomes_part_of_the_nodes_name() -> None:
    reading = read_haresources(read_document(b"\xef\xbb\xbfld1 10.0.0.1\n", source="haresources"))
    assert not reading.value.accepted
