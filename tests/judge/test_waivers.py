"""Waivers: what is refused where, what they excuse and for how long, and that they never make a verdict better."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from auditor.judge.rules import RuleError, load_rules
from auditor.judge.verdict import judge
from auditor.judge.waivers import load_waivers
from auditor.model.findings import Finding, Report, Run, Waiver
from auditor.model.place import At
from auditor.resources import REPORTS, RULES
from tests.judge.test_verdict import GONE, MODE, SAME, authkeys, cluster, file, good, report, snapshot

CATALOGUE = load_rules(RULES)
(CURRENT,) = (rule for rule in CATALOGUE if rule.id == "waiver.current")

GOOD = """\
# ours
[[waiver]]
rule    = "authkeys.mode"
hosts   = ["ld1", "ld2"]
reason  = "until the cut-over, CHG-1234"
owner   = "net-team"
expires = 2026-12-31

  [[ waiver ]]
rule = "ipvs.table"
hosts = ["ld1"]
reason = "drained by hand"
owner = "ops"
"expires" = "2026-11-30"
"""


def write(folder: Path, text: str) -> Path:
    path = folder / "waivers.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_what_a_file_says(tmp_path: Path) -> None:
    first, second = load_waivers(write(tmp_path, GOOD), CATALOGUE)
    assert first == waiver("authkeys.mode", "ld1", "ld2", reason="until the cut-over, CHG-1234", line=2)
    assert (second.rule, second.expires, str(second.at)) == ("ipvs.table", "2026-11-30", "waivers.toml:9")
    assert load_waivers(write(tmp_path, ""), CATALOGUE) == ()


@pytest.mark.parametrize(
    ("old", "new", "place", "message"),
    [
        (
            "authkeys.mode",
            "authkeys.mod",
            "3:1",
            "no rule 'authkeys.mod' to waive; did you mean 'authkeys.mode'?",
        ),
        ("authkeys.mode", "waiver.current", "3:1", "no rule 'waiver.current' to waive"),
        ("authkeys.mode", "authkeys.*", "3:1", "no rule 'authkeys.*' to waive"),
        ("reason  =", "reson  =", "5:1", "there is no key 'reson'; did you mean 'reason'?"),
        ('owner   = "net-team"\n', "", "2:1", "'owner' is a required property"),
        ('"net-team"', '"  "', "6:1", "owner: "),
        ('["ld1", "ld2"]', '"ld1"', "4:1", "hosts: 'ld1' is not of type 'array'"),
        ('["ld1", "ld2"]', "[]", "4:1", "hosts: [] should be non-empty"),
        ("2026-12-31", "2026", "7:1", "expires: 2026 is not of type 'string'"),
        ("2026-12-31", "2026-12-31T10:00:00Z", "7:1", "is no day such as 2026-12-31"),
        ('"2026-11-30"', '"2026-11-31"', "14:2", "expires: '2026-11-31' is no day such as 2026-12-31"),
        ("2026-12-31", "2026-12-32", "7:15", "Expected newline"),
        ("[[waiver]]", "[[waver]]", "2:3", "there is no table 'waver'; it is [[waiver]]"),
        ("[[waiver]]", "[waiver]", "9:13", "Cannot overwrite a value"),
    ],
)
def test_what_is_wrong_is_told_where(tmp_path: Path, old: str, new: str, place: str, message: str) -> None:
    assert old in GOOD
    path = write(tmp_path, GOOD.replace(old, new, 1))
    with pytest.raises(RuleError) as caught:
        load_waivers(path, CATALOGUE)
    assert str(caught.value).startswith(f"{path}:{place}: ")
    assert message in str(caught.value)


@pytest.mark.parametrize("text", ["waiver = 3", "waiver = [3]", "[waiver]\nrule = 'x'"])
def test_a_waiver_is_a_table(tmp_path: Path, text: str) -> None:
    with pytest.raises(RuleError, match=r"1:\d+: each waiver begins with \[\[waiver\]\]"):
        load_waivers(write(tmp_path, text), CATALOGUE)


def test_the_schema_is_one() -> None:
    schema = json.loads((REPORTS / "schema" / "waivers.json").read_text("utf-8"))
    Draft202012Validator.check_schema(schema)


# -- what they do -----------------------------------------------------------


def waiver(rule: str, *hosts: str, expires: str = "2026-12-31", line: int = 1, **words: str) -> Waiver:
    given: dict[str, Any] = {"reason": "known", "owner": "net-team", **words}
    return Waiver(
        rule=rule, hosts=hosts, expires=expires, at=At(host="", source="waivers.toml", line=line), **given
    )


def with_waivers(
    *waivers: Waiver, day: str = "2026-11-24", rules: Any = None, sync: str = "fits", **facts: Any
) -> Report:
    """A director ``ld1`` whose authkeys everybody may read, unless ``facts`` say otherwise."""
    world = (cluster(good(**{"authkeys_file": file("ld1", "0644"), **facts}), sync=sync),)
    run = Run(id="r", started=f"{day}T23:59:59Z", finished=f"{day}T23:59:59Z")
    return judge(snapshot("ld1"), world, rules or (MODE, SAME, CURRENT), run=run, waivers=waivers)


def rows(report: Report, rule: str) -> list[tuple[str | None, str]]:
    return [(row.host or row.cluster, row.state) for row in report.findings if row.rule == rule]


def only(report: Report, rule: str) -> Finding:
    (row,) = (row for row in report.findings if row.rule == rule)
    return row


def test_waived_is_seen_and_counted_and_does_not_block() -> None:
    given = waiver("authkeys.mode", "ld1")
    result = with_waivers(given, waiver("authkeys.same", "web"), sync="off")
    row = only(result, "authkeys.mode")
    assert (row.state, row.waiver, row.running) == ("waived", given, "0644")
    assert rows(result, "waiver.current") == [("web", "pass"), ("ld1", "pass")]
    assert result.verdict.counts == {"fail": 0, "not_applicable": 0, "pass": 2, "unknown": 0, "waived": 2}
    assert (result.verdict.state, result.verdict.exit_code) == ("ready", 0)


@pytest.mark.parametrize(
    ("day", "state", "standing"),
    [("2026-12-30", "waived", "pass"), ("2026-12-31", "waived", "pass"), ("2027-01-01", "fail", "fail")],
)
def test_the_last_day_counts(day: str, state: str, standing: str) -> None:
    result = with_waivers(waiver("authkeys.mode", "ld1"), day=day)
    assert rows(result, "authkeys.mode") == [("ld1", state)]
    assert rows(result, "waiver.current") == [("ld1", standing)]
    assert result.verdict.exit_code == (1 if state == "fail" else 0)


def test_an_expired_one_fails_whatever_it_was_for() -> None:
    row = only(with_waivers(waiver("authkeys.mode", "ld1", expires="2026-11-23", line=7)), "waiver.current")
    assert row.message.en.endswith("for ld1 (net-team, until 2026-11-23): it has expired, and counts no more")
    assert (row.severity, row.configured, [str(one.at) for one in row.evidence]) == (
        "high",
        "expired",
        ["waivers.toml:7"],
    )


@pytest.mark.parametrize(
    ("given", "about", "said"),
    [
        (waiver("authkeys.mode", "ld1"), "ld1", "nothing fails there any more"),
        (waiver("authkeys.mode", "ld9"), None, "not judged for anything of that name"),
        (waiver("authkeys.same", "ld1"), None, "not judged for anything of that name"),
    ],
)
def test_one_that_matches_nothing_fails(given: Waiver, about: str | None, said: str) -> None:
    row = only(with_waivers(given, authkeys_file=file("ld1")), "waiver.current")
    assert (row.state, row.host) == ("fail", about)
    assert said in row.message.en


def test_what_nobody_could_tell_is_not_waived() -> None:
    result = with_waivers(waiver("authkeys.mode", "ld1"), authkeys_file=GONE)
    assert rows(result, "authkeys.mode") == [("ld1", "unknown")]
    assert rows(result, "waiver.current") == [("ld1", "unknown")]
    assert not result.verdict.complete


def test_waivers_of_rules_that_were_left_out_say_nothing() -> None:
    result = with_waivers(waiver("authkeys.mode", "ld1", expires="2020-01-01"), rules=(SAME, CURRENT))
    assert rows(result, "waiver.current") == []


_WAIVERS = st.builds(
    waiver,
    st.sampled_from(["authkeys.crc", "authkeys.mode"]),
    st.sampled_from(["ld1", "ld2", "ld9"]),
    expires=st.sampled_from(["2026-12-31", "2026-11-23"]),
)
_BAD = frozenset({"fail", "unknown"})


@given(
    st.lists(_WAIVERS, min_size=1, max_size=4),
    st.sampled_from([authkeys("ld1", "crc"), GONE]),
    st.sampled_from([file("ld1", "0644"), file("ld1"), GONE]),
    st.data(),
)
def test_dropping_a_waiver_never_helps_but_by_its_own_row(
    waivers: list[Waiver], keys: Any, lies: Any, data: st.DataObject
) -> None:
    """Monotony: of the cluster nothing gets better by a waiver less. The verdict can, where the waiver's own row in
    waiver.current was bad, which asks for nothing else than that somebody takes it out.
    """
    world = (cluster(good("ld1", authkeys=keys, authkeys_file=lies), good("ld2")),)
    rules = (*report(cluster(good())).rules, CURRENT)
    run = Run(id="r", started="2026-11-24T10:00:00Z", finished="2026-11-24T10:00:00Z")
    dropped = data.draw(st.integers(0, len(waivers) - 1))
    less = waivers[:dropped] + waivers[dropped + 1 :]
    before, after = (
        judge(snapshot("ld1", "ld2"), world, rules, run=run, waivers=chosen) for chosen in (waivers, less)
    )
    states = {row.fingerprint: row.state for row in after.findings if row.rule != CURRENT.id}
    for row in before.findings:
        if row.rule != CURRENT.id:
            worse = {"waived": {"waived", "fail"}}.get(row.state, {row.state})
            assert states.pop(row.fingerprint) in worse
    assert states == {}
    own = [
        row for row in before.findings if row.rule == CURRENT.id and row.subject == _subject(waivers[dropped])
    ]
    if not any(row.state in _BAD for row in own):
        assert _GOOD_FIRST.index(after.verdict.state) >= _GOOD_FIRST.index(before.verdict.state)


_GOOD_FIRST = ("ready", "cannot_tell", "not_ready")


def _subject(one: Waiver) -> str:
    return f"{one.rule} {one.hosts[0]}"
