"""The report for spreadsheets, tickets, build servers, code scanning and Prometheus, with hostile words in it."""

from __future__ import annotations

import csv
import io
import json
import re
from collections import Counter
from collections.abc import Callable
from typing import Any
from xml.etree import ElementTree

import pytest

from auditor.cli import FORMATS
from auditor.model.findings import Report
from auditor.render.csv import render_csv
from auditor.render.junit import render_junit
from auditor.render.markdown import plain, render_markdown
from auditor.render.prometheus import render_prometheus
from auditor.render.sarif import render_sarif
from auditor.render.visible import shows_itself
from tests.render.hostile import PAYLOADS
from tests.render.sample import compared, poisoned, sample

RENDERERS: tuple[Callable[..., None], ...] = (
    render_csv,
    render_junit,
    render_markdown,
    render_prometheus,
    render_sarif,
)


def text_of(render: Callable[..., None], report: Report) -> str:
    out = io.StringIO(newline="")
    render(report, out)
    return out.getvalue()


def test_each_format_has_a_renderer() -> None:
    own = {render.__name__.removeprefix("render_") for render in RENDERERS}
    assert {"console", "json", "html"} | own == {*FORMATS}


@pytest.mark.parametrize("render", RENDERERS, ids=lambda render: render.__name__)
def test_no_host_drives_anything(render: Callable[..., None]) -> None:
    for payload in PAYLOADS:
        text = text_of(render, poisoned(compared(), lambda text, payload=payload: text + payload))
        assert all(sign in "\r\n" or shows_itself(sign) for sign in text)
    assert text_of(render, sample()) == text_of(render, sample())


def test_csv() -> None:
    rows = list(csv.DictReader(io.StringIO(text_of(render_csv, sample()))))
    assert len(rows) == len(sample().findings)
    assert Counter(row["state"] for row in rows) == {
        key: count for key, count in sample().verdict.counts.items() if count
    }
    assert rows[0]["place"] == "rs1:/etc/sysctl.conf:14:32"
    (waived,) = (row for row in rows if row["state"] == "waived")
    assert waived["waiver"] == "2026-12-31 net-team: until the cut-over, CHG-1234"
    evil = poisoned(sample(), lambda text: "=cmd|' /C calc'!A0" + text)
    for row in csv.reader(io.StringIO(text_of(render_csv, evil))):
        assert all(cell[:1] not in {"=", "+", "-", "@"} for cell in row)


def test_markdown() -> None:
    text = text_of(render_markdown, sample())
    assert text.startswith("# NOT READY\n\nmend first: 4 critical, 2 high on rs1, rs2, rs3 and 2 more;")
    assert "### critical: arp.silent (rs1, rs2, rs3)\n\n- eth0 answers ARP for 202.75.216.173: " in text
    assert "- rs4: no answer within 10 s; is it up?" in text
    assert "- ssh.obsolete (ld1): until 2026-12-31, net-team: until the cut-over, CHG-1234" in text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("<img src=x onerror=y>", r"\<img src=x onerror=y\>"),
        ("[a](http://x)", r"\[a\](http\://x)"),
        ("`x` **y** _z_ # | ~~a~~", r"\`x\` \*\*y\*\* \_z\_ \# \| \~\~a\~\~"),
        ("- x", r"\- x"),
        ("1. x", r"1\. x"),
        ("@everyone &amp; :skull:", r"\@everyone \&amp; \:skull:"),
        ("lo:0 10.0.0.1:80", "lo:0 10.0.0.1:80"),
    ],
)
def test_markdown_marks_nothing_up(text: str, shown: str) -> None:
    assert plain(text) == shown


def test_junit() -> None:
    root = ElementTree.fromstring(text_of(render_junit, sample()))
    suites = root.findall("testsuite")
    assert [suite.get("name") for suite in suites] == sorted({row.rule for row in sample().findings})
    totals = {
        key: sum(int(suite.get(key, "")) for suite in suites)
        for key in ("tests", "failures", "errors", "skipped")
    }
    assert totals == {"tests": 14, "failures": 7, "errors": 3, "skipped": 2}
    assert len(root.findall(".//failure")) == 7
    (skipped, _) = root.findall(".//skipped")
    assert skipped.get("message") == "does not apply here"


def test_sarif() -> None:
    found: dict[str, Any] = json.loads(text_of(render_sarif, sample()))
    (run,) = found["runs"]
    assert found["version"] == "2.1.0"
    kinds = Counter((one["kind"], one["level"], "suppressions" in one) for one in run["results"])
    assert kinds == {
        ("fail", "error", False): 6,
        ("fail", "warning", False): 1,
        ("open", "none", False): 3,
        ("fail", "note", True): 1,
    }
    first = run["results"][0]
    assert run["tool"]["driver"]["rules"][first["ruleIndex"]]["id"] == first["ruleId"]
    assert first["locations"][0]["physicalLocation"] == {
        "artifactLocation": {"uri": "rs1/etc/sysctl.conf"},
        "region": {"startLine": 14, "startColumn": 32, "endColumn": 33},
    }


def test_prometheus() -> None:
    text = text_of(render_prometheus, sample())
    line = re.compile(r'(# (HELP|TYPE) .+|\w+(\{\w+="([^"\\\n]|\\.)*"(,\w+="([^"\\\n]|\\.)*")*\})? -?\d+)')
    assert all(line.fullmatch(one) for one in text.splitlines())
    assert "lvsaudit_ready 0\n" in text
    assert 'lvsaudit_checks{state="waived"} 1\n' in text
    assert 'rule="arp.silent",severity="critical",host="rs1",cluster="ld1+ld2",state="fail"} 1\n' in text
    evil = text_of(render_prometheus, poisoned(sample(), lambda text: text + 'a"} 1\nb{c="\\'))
    assert all(line.fullmatch(one) for one in evil.splitlines())
