"""The report on a terminal, read as its reader reads it."""

from __future__ import annotations

import io
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyte
import pytest
from hypothesis import HealthCheck, given, settings
from rich.cells import cell_len

from auditor.model.findings import Report
from auditor.model.place import At
from auditor.render.console import last_line, render_console
from tests.render.hostile import PAYLOADS
from tests.render.sample import compared, fleet, poisoned, report_of, sample
from tests.render.test_visible import ANYTHING

SGR = re.compile(r"\x1b\[[0-9;]*m")


def rendered(report: Report, *, lang: str = "en", width: int = 80, color: bool = False) -> str:
    out = io.StringIO()
    render_console(report, out, lang=lang, width=width, color=color)
    return out.getvalue()


def plain(text: str) -> str:
    """Without the colours, and the blanks that they were put on."""
    return re.sub(" +$", "", SGR.sub("", text), flags=re.MULTILINE)


def calm() -> Report:
    """Nothing wrong, everything read."""
    whole = sample()
    findings = [one for one in whole.findings if one.state in {"pass", "waived", "not_applicable"}]
    hosts = tuple(replace(host, status="ok") for host in whole.hosts)
    return report_of(findings, hosts)


def test_the_verdict_comes_first() -> None:
    first, second, third = rendered(sample()).splitlines()[:3]
    assert first.startswith(" NOT READY   mend first: 4 critical, 2 high on rs1, rs2, rs3 and 2 more;")
    assert "not read: rs4; 3 checks could not be made" in f"{first} {second.strip()}"
    assert third.strip().startswith("6 hosts; 7 checks fail")


def test_what_several_hosts_have_in_common_is_said_once() -> None:
    text = rendered(sample())
    assert text.count("eth0 answers ARP") == 1
    assert (
        """\
 1   CRITICAL   arp.silent  rs1, rs2, rs3
    eth0 answers ARP for 202.75.216.173: arp_ignore 0 in force
      rs1:/etc/sysctl.conf:14:32
        14 │ net.ipv4.conf.all.arp_ignore = 0
           │                                ^
      seen in       rs1:sysctl -a
      the same on   rs2:/etc/sysctl.conf:14:32, rs3:/etc/sysctl.conf:14:32
      expected      arp_ignore 1
      configured    1
      running       0
      fix           $ sysctl -w net.ipv4.conf.all.arp_ignore=1
                    Write it into /etc/sysctl.conf too.
"""
        in text
    )


def test_worst_first() -> None:
    ranks = re.findall(r"^ *\d+   (CRITICAL|HIGH|MEDIUM|LOW|INFO) ", rendered(sample()), re.MULTILINE)
    assert ranks == ["CRITICAL", "CRITICAL", "HIGH", "HIGH", "MEDIUM"]


def test_a_file_is_shown_as_it_lies_there() -> None:
    assert "ld1:/etc/ha.d/authkeys  -rw-r--r-- root root" in rendered(sample())


def test_the_caret_stands_under_chinese_words() -> None:
    lines = rendered(sample()).splitlines()
    at = next(number for number, line in enumerate(lines) if "quiescent=中文" in line)
    line, caret = lines[at], lines[at + 1]
    assert cell_len(line[: line.index("中文")]) == caret.index("^")
    assert caret.count("^") == 4


def test_brackets_of_addresses_stay() -> None:
    assert "[fe80::1]" in rendered(sample())


def test_a_long_line_is_shown_around_its_span() -> None:
    report = sample()
    long = "x" * 5000 + "HERE" + "y" * 5000
    at = At(host="ld1", source="/etc/ha.d/ldirectord.cf", line=3, column=5001, end_column=5005)
    one = replace(report.findings[0], evidence=(replace(report.findings[0].evidence[0], at=at, text=long),))
    lines = rendered(replace(report, findings=(one, *report.findings[1:]))).splitlines()
    number = next(number for number, line in enumerate(lines) if "HERE" in line)
    assert lines[number].index("HERE") == lines[number + 1].index("^^^^")
    assert "…x" in lines[number]
    assert lines[number].endswith("…")
    assert len(lines[number]) <= 80


def test_what_could_not_be_looked_at_is_named() -> None:
    text = rendered(sample())
    assert "  rs4  unreachable\n    no answer within 10 s; is it up?\n    leaves 1 checks open" in text
    assert "/etc/ha.d/authkeys: permission denied → authkeys.crc-active" in text


def test_hosts_and_clusters() -> None:
    text = rendered(sample(), width=100)
    assert re.search(r"ld2 +202\.75\.216\.163 +director, real +centos 4\.5 +legacy +partly read +- +1", text)
    assert re.search(r"rs4 +202\.75\.216\.167 +real +- +- +unreachable", text)
    assert "202.91.231.173:80  wrr  held by nobody that was seen" in text
    assert "      What happens if it dies\n      ld1  ld2 takes its VIP after 30 s\n" in text


def test_chinese() -> None:
    text = rendered(sample(), lang="zh")
    assert text.startswith(" 未就绪   须先解决")
    assert "eth0 会应答 202.75.216.173 的 ARP" in text
    assert "NOT READY" not in text


@pytest.mark.parametrize("lang", ["en", "zh"])
@pytest.mark.parametrize("width", [40, 80, 120])
def test_no_line_is_wider_than_the_screen(lang: str, width: int) -> None:
    for report in (sample(), calm(), poisoned(compared(), lambda text: text + "全角" * 300)):
        for line in rendered(report, lang=lang, width=width).splitlines():
            assert cell_len(line) <= width, line
            assert not line.endswith(" ")


def test_a_pipe_gets_no_colours_and_a_width_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "33")
    monkeypatch.setenv("FORCE_COLOR", "1")
    out = io.StringIO()
    render_console(sample(), out)
    assert out.getvalue() == rendered(sample(), width=100)
    assert "\x1b" not in out.getvalue()


def test_no_color(monkeypatch: pytest.MonkeyPatch) -> None:
    assert re.search(r"\x1b\[[0-9;]*[34][0-7]", rendered(sample(), color=True))
    monkeypatch.setenv("NO_COLOR", "1")
    text = rendered(sample(), color=True)
    assert not re.search(r"\x1b\[[0-9;]*\b[349][0-7]\b", text)
    assert plain(text) == rendered(sample())


def test_an_old_locale_loses_signs_but_no_report() -> None:
    raw = io.BytesIO()
    out = io.TextIOWrapper(raw, encoding="latin-1")
    render_console(sample(), out, lang="zh")
    out.flush()
    assert b"\\u672a\\u5c31\\u7eea" in raw.getvalue()


class Watched:
    """A terminal that notes what it is told to do."""

    def __init__(self) -> None:
        self.orders: set[str] = set()

    def __getattr__(self, name: str) -> Any:
        return lambda *_args, **_kw: self.orders.add(name)


def orders(text: str) -> set[str]:
    watched = Watched()
    pyte.Stream(watched, strict=False).feed(text)
    return watched.orders


OURS = {"draw", "linefeed", "select_graphic_rendition"}


@pytest.mark.parametrize("payload", PAYLOADS, ids=range(len(PAYLOADS)))
def test_no_host_drives_the_terminal(payload: str) -> None:
    report = poisoned(compared(), lambda text: text + payload)
    text = rendered(report, color=True)
    assert orders(text) <= OURS
    assert plain(text) == rendered(report), "colours of our own only"
    assert orders(last_line(report, "en", Path(f"x{payload}"))) == {"draw"}


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(ANYTHING)
def test_nothing_drives_the_terminal(said: str) -> None:
    report = poisoned(compared(), lambda text: said + text)
    text = rendered(report, color=True)
    assert orders(text) <= OURS
    assert plain(text) == rendered(report)


def test_the_terminal_that_watches_sees() -> None:
    assert "set_title" in orders("\x1b]0;title\x07")
    assert "cursor_position" in orders("\x9b1;1H")


def test_the_last_line() -> None:
    report = sample()
    assert last_line(report, "en", Path("out")) == (
        "NOT READY: mend first: 4 critical, 2 high on rs1, rs2, rs3 and 2 more; not read: rs4; "
        "3 checks could not be made; next: lvsaudit explain arp.silent"
    )
    only_gaps = report_of([one for one in report.findings if one.state != "fail"], report.hosts)
    line = last_line(only_gaps, "en", None, again="lvsaudit scan hosts.txt")
    assert line.startswith("CANNOT TELL: ")
    assert line.endswith("mend that, then: lvsaudit scan hosts.txt")
    assert last_line(calm(), "en", Path("a b")).endswith("; next: xdg-open 'a b/report.html'")
    assert last_line(calm(), "zh", Path("out")) == (
        "就绪: 没有阻断性问题, 所有检查项均已完成; 下一步: xdg-open out/report.html"
    )


def test_a_thousand_hosts_are_grouped() -> None:
    report = fleet(sample().rules, 1000)
    same = replace(
        report, findings=tuple(replace(one, message=sample().rules[0].title) for one in report.findings)
    )
    assert len(rendered(same).splitlines()) < 20_000


def test_what_moved_since_the_baseline() -> None:
    text = rendered(compared())
    assert "since the baseline 1 new, 1 changed, 1 fixed, 5 unchanged, 1 not seen again" in " ".join(
        text.split()
    )
    assert "left out by choice: gateway.consistent" in text
    (moved,) = re.findall(r"^Since the baseline of .*\n\n((?:  .*\n)+)", text, re.MULTILINE)
    assert re.findall(r"^  ([+~?-]) .*?  ([\w.-]+)  (\w+): ", moved, re.MULTILINE) == [
        ("+", "arp.silent", "rs1"),
        ("~", "arp.silent", "rs2"),
        ("-", "arp.silent", "rs1"),
        ("?", "arp.silent", "rs4"),
    ]
    quiet = replace(
        compared(), baseline=replace(compared().baseline, new=(), changed=(), fixed=(), unseen=())
    )  # type: ignore[type-var]
    assert "Nothing is new, changed or fixed." in rendered(quiet)
    assert "Since the baseline" not in rendered(sample())


def test_what_is_waived_stays_visible() -> None:
    text = rendered(sample())
    waived = text.partition("Waived (")[2]
    assert "ssh.obsolete  ld1\n    until 2026-12-31, net-team: until the cut-over, CHG-1234\n" in waived
