"""report.html: one page, nothing from elsewhere, and no word of a host is ever markup."""

from __future__ import annotations

import base64
import hashlib
import io
import re
import subprocess
from collections import Counter
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path

import pytest
from jinja2 import Environment

from auditor.judge.rules import load_rules
from auditor.model.findings import Report
from auditor.render import html
from auditor.render.html import render_html
from auditor.render.json import read_report, render_json
from auditor.resources import RULES
from tests.render.hostile import PAYLOADS
from tests.render.sample import compared, fleet, migration_of, poisoned, report_of, sample

Tag = tuple[str, tuple[tuple[str, str | None], ...]]


class Page(HTMLParser):
    """The tags in order, with all attributes; the text of each element that is not displayed; the words."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[Tag] = []
        self.raw: dict[str, str] = {}
        self.words = ""
        self._within = ""
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        # Long names stand upright; nothing else about a host's words decides how the page is made.
        upright = [
            (name, value.replace("matrix tall", "matrix") if value else value) for name, value in attrs
        ]
        self.tags.append((tag, tuple(upright)))
        self._within = tag

    def handle_endtag(self, tag: str) -> None:
        self.tags.append((f"/{tag}", ()))
        self._within = ""

    def handle_data(self, data: str) -> None:
        if self._within in {"script", "style"}:
            self.raw[self._within] = self.raw.get(self._within, "") + data
        else:
            self.words += data

    def handle_comment(self, data: str) -> None:
        self.tags.append(("comment", ((data, None),)))

    def handle_pi(self, data: str) -> None:
        self.tags.append(("pi", ((data, None),)))

    def unknown_decl(self, data: str) -> None:
        self.tags.append(("decl", ((data, None),)))


def rendered(report: Report, lang: str = "en") -> str:
    out = io.StringIO()
    render_html(report, out, lang=lang)
    return out.getvalue()


def page(report: Report, lang: str = "en") -> Page:
    return Page(rendered(report, lang))


CLEAN = page(compared())


@pytest.mark.parametrize("payload", PAYLOADS, ids=range(len(PAYLOADS)))
def test_words_of_hosts_are_never_markup(payload: str) -> None:
    said = "".join(payload.splitlines())  # only a fix of a rule has lines, and each is an element
    dirty = page(poisoned(compared(), lambda text: text + said))
    assert dirty.tags == CLEAN.tags
    assert dirty.raw == CLEAN.raw
    if "�" not in said and said.isprintable():
        assert said[:400] in dirty.words


@pytest.mark.parametrize("payload", [one for one in PAYLOADS if len(one.splitlines()) > 1])
def test_words_with_line_breaks(payload: str) -> None:
    dirty = page(poisoned(compared(), lambda text: text + payload))
    assert set(dirty.tags) == set(CLEAN.tags)


@pytest.mark.parametrize("payload", PAYLOADS[:24], ids=range(24))
def test_words_of_a_migration_are_never_markup(payload: str) -> None:
    said = "".join(payload.splitlines())

    def tags(poison: Callable[[str], str]) -> list[Tag]:
        out = io.StringIO()
        migration = poisoned(migration_of(sample()), poison)
        render_html(poisoned(sample(), poison), out, migrations=[migration])
        return Page(out.getvalue()).tags

    clean = tags(str)
    assert ("section", (("id", "migration"),)) in clean
    assert tags(lambda text: text + said) == clean


def test_these_tests_can_fail(monkeypatch: pytest.MonkeyPatch) -> None:
    unescaped(monkeypatch)
    clean = page(compared()).tags
    for payload in [payload for payload in PAYLOADS if payload.startswith("<")][:3]:
        assert page(poisoned(compared(), lambda text, payload=payload: text + payload)).tags != clean


def unescaped(monkeypatch: pytest.MonkeyPatch) -> None:
    made = html._environment

    def careless() -> Environment:
        environment = made()
        environment.autoescape = False
        return environment

    monkeypatch.setattr(html, "_environment", careless)


def test_the_policy_names_what_may_run_by_hash() -> None:
    policies = [
        dict(attrs)["content"]
        for tag, attrs in CLEAN.tags
        if ("http-equiv", "Content-Security-Policy") in attrs
    ]

    def digest(element: str) -> str:
        return base64.b64encode(hashlib.sha256(CLEAN.raw[element].encode()).digest()).decode()

    assert policies == [
        f"default-src 'none'; script-src 'sha256-{digest('script')}'; style-src 'sha256-{digest('style')}'; "
        "base-uri 'none'; form-action 'none'"
    ]
    assert [tag for tag, _ in CLEAN.tags].count("script") == 1
    assert [tag for tag, _ in CLEAN.tags].count("style") == 1


def test_nothing_comes_from_elsewhere() -> None:
    tags = {tag for tag, _ in CLEAN.tags}
    assert not tags & {"link", "img", "iframe", "object", "embed", "base", "form", "audio", "video", "svg"}
    for tag, attrs in CLEAN.tags:
        for name, value in attrs:
            assert not name.startswith("on"), tag
            assert name not in {"style", "src", "srcset", "action"}, tag
            assert name != "href" or re.fullmatch(r"#[a-z]+[0-9]*", value or ""), value
    assert "url(" not in CLEAN.raw["style"]
    assert "@import" not in CLEAN.raw["style"]


def test_links_lead_somewhere() -> None:
    ids = [dict(attrs)["id"] for _, attrs in CLEAN.tags if "id" in dict(attrs)]
    assert len(ids) == len(set(ids))
    for _, attrs in CLEAN.tags:
        link = dict(attrs).get("href")
        assert link is None or link[1:] in ids


def test_elements_are_closed() -> None:
    open_: list[str] = []
    void = {"meta", "input", "br", "link"}
    for tag, _ in CLEAN.tags:
        if tag.startswith("/"):
            assert open_.pop() == tag[1:]
        elif tag not in void:
            open_.append(tag)
    assert open_ == []


def test_what_the_page_says() -> None:
    words = " ".join(CLEAN.words.split())
    assert "NOT READY" in words
    assert "rs1:/etc/sysctl.conf:14:32" in words
    assert "quiescent=中文 # 静默=否 [fe80::1]" in words
    assert "runbook 2g" in words
    assert "no answer within 10 s; is it up?" in words
    assert "14 checks: 6 rules on 6 hosts" in words
    marked = re.findall(r"<mark>(.*?)</mark>", rendered(sample()))
    assert marked == ["0", "ld1", "ld2", "crc", "中文"]


def test_the_cards_add_up() -> None:
    numbers = [int(number) for number in re.findall(r'<li class="c-[^>]*><b>(\d+)</b>', rendered(sample()))]
    assert sum(numbers) == len(sample().findings)


def test_both_languages_are_there_and_one_is_chosen() -> None:
    for lang in ("en", "zh"):
        text = rendered(sample(), lang)
        assert f'<html lang="{lang}">' in text
        assert re.search(rf'id="{lang}"[^>]* checked>', text)
        assert text.count(" checked>") == 1
        assert '<span lang="en">NOT READY</span><span lang="zh">未就绪</span>' in text


def test_cells_of_the_matrix() -> None:
    text = rendered(sample())
    row = next(line for line in text.splitlines() if ">haresources.same-on-nodes</a>" in line)
    assert "✗<i>fail</i>" in row
    row = next(line for line in text.splitlines() if ">arp.silent</a>" in line)
    assert row.count("<i>fail</i>") == 3
    assert row.count("<i>unknown</i>") == 1
    assert row.count("<i>not_applicable</i>") == 1


def test_a_stored_report_is_shown_the_same_but_for_the_lines_around(tmp_path: Path) -> None:
    path = tmp_path / "report.json"
    with path.open("w", encoding="utf-8") as out:
        render_json(compared(), out)
    rules = {rule.id: rule for rule in compared().rules}
    again = Page(rendered(read_report(path, rules.values())))
    around = [tag for tag in CLEAN.tags if tag == ("span", (("class", "around"),))]
    assert around
    lost = Counter(CLEAN.tags) - Counter(again.tags)
    assert set(lost) <= {("span", (("class", "around"),)), ("/span", ()), ("i", ()), ("/i", ()),
                         ("span", (("lang", "en"),)), ("span", (("lang", "zh"),))}  # fmt: skip


def test_an_empty_report() -> None:
    words = page(report_of([], ())).words
    assert "Nothing that was looked at is wrong." in words


def test_twenty_five_hosts_fit_in_300_kilobytes() -> None:
    rules = load_rules(RULES)
    assert len(rules) >= 33
    assert len(rendered(fleet(rules[:33], 25)).encode()) <= 300_000


def test_a_thousand_hosts(tmp_path: Path) -> None:
    rules = load_rules(RULES)
    sixty = (rules * 2)[:60]
    named = tuple(
        type(rule)(**{**{name: getattr(rule, name) for name in rule.__slots__}, "id": f"{rule.id}-{number}"})
        for number, rule in enumerate(sixty)
    )
    out = tmp_path / "report.html"
    text = rendered(fleet(named, 1000))
    out.write_text(text, encoding="utf-8")
    assert len(text.encode()) <= 20_000_000
    assert text.count("<details") < 2_000


FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--virtual-time-budget=2000", "--dump-dom",
)  # fmt: skip


@pytest.fixture
def browsed(require_tool: Callable[[str], str], tmp_path: Path) -> Callable[[str], str]:
    """The page after its scripts have run."""
    chromium = require_tool("chromium")

    def browse(text: str) -> str:
        file = tmp_path / "report.html"
        file.write_text(text, encoding="utf-8")
        command = [chromium, *FLAGS, f"--user-data-dir={tmp_path / 'profile'}", file.as_uri()]
        done = subprocess.run(command, capture_output=True, timeout=120, check=True)
        return done.stdout.decode("utf-8")

    return browse


@pytest.fixture
def owned() -> Report:
    """Every payload that would set a mark, in every place."""
    loud = "".join(one for one in PAYLOADS if "dataset.owned" in one)
    return poisoned(compared(), lambda text: text + loud)


class TestInABrowser:
    def test_our_script_runs_and_no_other(self, owned: Report, browsed: Callable[[str], str]) -> None:
        dom = browsed(rendered(owned))
        assert re.search(r'<html lang="en" class="scripted">', dom)

    def test_the_policy_alone_would_hold(
        self, owned: Report, browsed: Callable[[str], str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        unescaped(monkeypatch)
        assert "data-owned" not in browsed(rendered(owned)).partition(">")[0]

    def test_without_both_a_host_would_own_the_page(
        self, owned: Report, browsed: Callable[[str], str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        unescaped(monkeypatch)
        naked = re.sub(r'<meta http-equiv="Content-Security-Policy"[^>]*>', "", rendered(owned))
        assert 'data-owned="1"' in browsed(naked)
