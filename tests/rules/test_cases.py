"""Every rule on small worlds: ``AREA/NAME.txt`` holds the cases of the rule AREA.NAME.

A case is the state that the rule shall come to, a word on why, and edits of the runbook's cluster done right:

    fail ld1 "0644": everybody may read the keys
        ld1: mode 0644 /etc/ha.d/authkeys

A host and a part of the message (either language) may follow the state. Of all rows of the rule the worst
counts: fail, unknown, pass, not_applicable. What an edit may say stands in tests/hosts/edits.py.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

import pytest

from auditor.derive.cluster import relate
from auditor.derive.evidence import Evidence, read_evidence
from auditor.judge.rules import load_rules
from auditor.judge.verdict import judge
from auditor.model.findings import Finding, Rule, Run
from auditor.model.snapshot import HostSnapshot, Snapshot
from auditor.resources import RULES
from tests.hosts.edits import SSH, TIME, Edit, World, apply, read_edits
from tests.hosts.snapshots import snapshot

HERE = Path(__file__).parent
STATES = ("fail", "unknown", "pass", "not_applicable")
RUN = Run(id="case", started=TIME, finished=TIME)


@dataclass(frozen=True)
class Case:
    place: str
    rule: str
    state: str
    host: str | None
    text: str
    about: str
    edits: tuple[Edit, ...]


# -- reading ----------------------------------------------------------------

_CASE = re.compile(r'(?P<state>\w+)(?: (?P<host>[\w.-]+))?(?: "(?P<text>[^"]*)")?: (?P<about>.+)')


def read_cases(path: Path) -> Iterator[Case]:
    chapters: list[tuple[int, str, list[tuple[int, str]]]] = []
    for number, line in enumerate(path.read_text(encoding="utf-8").split("\n"), 1):
        if line.startswith("    "):
            chapters[-1][2].append((number, line[4:]))
        elif line and not line.startswith("#"):
            chapters.append((number, line, []))
    for number, line, below in chapters:
        match = _CASE.fullmatch(line)
        assert match, f"{path}:{number}: not a case: {line}"
        assert match["state"] in STATES, f"{path}:{number}: no such state: {match['state']}"
        yield Case(
            place=f"{path}:{number}",
            rule=f"{path.parent.name}.{path.stem}",
            state=match["state"],
            host=match["host"],
            text=match["text"] or "",
            about=match["about"],
            edits=tuple(read_edits(path, below)),
        )


@cache
def example() -> Snapshot:
    """The runbook's cluster done right, reached by an SSH of today."""
    right = snapshot("right")
    return replace(right, hosts=tuple(replace(host, ssh=SSH) for host in right.hosts))


# -- judging ----------------------------------------------------------------


@cache
def rules() -> dict[str, Rule]:
    return {rule.id: rule for rule in load_rules(RULES)}


def findings(edits: tuple[Edit, ...], chosen: tuple[Rule, ...]) -> tuple[Finding, ...]:
    world: World = {host.name: host for host in example().hosts}
    for edit in edits:
        apply(edit, world)
    return judged(world, chosen)


def judged(world: World, chosen: tuple[Rule, ...]) -> tuple[Finding, ...]:
    visited = replace(example(), hosts=tuple(world.values()))
    clusters = relate([evidence(host) for host in visited.hosts], visited.started)
    return judge(visited, clusters, chosen, run=RUN).findings


READ: dict[int, tuple[HostSnapshot, Evidence]] = {}


def evidence(host: HostSnapshot) -> Evidence:
    """Of a host that stays as it is in most worlds, read once."""
    if id(host) not in READ:
        READ[id(host)] = host, read_evidence(host)
    return READ[id(host)][1]


CASES = [case for path in sorted(HERE.glob("*/*.txt")) for case in read_cases(path)]


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.rule}: {case.state}: {case.about}")
def test_case(case: Case) -> None:
    rows = findings(case.edits, (rules()[case.rule],))
    told = "\n".join(f"  {row.state} {row.host or row.cluster}: {row.message.en}" for row in rows)
    about = [row for row in rows if case.host in (None, row.host)]
    worst = min((row.state for row in about), key=STATES.index, default=None)
    assert worst == case.state, f"{case.place}: the rule says\n{told}"
    said = [f"{row.message.en}\n{row.message.zh}" for row in about if row.state == case.state]
    assert any(case.text in text for text in said), f"{case.place}: {case.text!r} is not in\n{told}"


# What waivers come to is shown in tests/judge/test_waivers.py: no edit of a host makes one.
ABOUT_HOSTS = {name for name, rule in rules().items() if rule.scope != "waiver"}


@pytest.mark.parametrize("rule", sorted({*ABOUT_HOSTS, *(case.rule for case in CASES)}))
def test_each_rule_passes_fails_and_is_unknown_somewhere(rule: str) -> None:
    assert rule in rules(), f"{rule} has cases, but there is no such rule"
    assert {case.state for case in CASES if case.rule == rule} >= {"pass", "fail", "unknown"}


def test_the_example_cluster_passes() -> None:
    """As well as CentOS 4.5 can."""
    kept = tuple(rule for name, rule in rules().items() if name != "host.end-of-life")
    bad = [row for row in findings((), kept) if row.state in {"fail", "unknown"}]
    assert [f"{row.rule} {row.host}: {row.message.en}" for row in bad] == []
