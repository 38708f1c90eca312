"""Every rule on small worlds: ``AREA/NAME.txt`` holds the cases of the rule AREA.NAME.

A case is the state that the rule shall come to, a word on why, and edits of the runbook's cluster done right:

    fail ld1 "0644": everybody may read the keys
        ld1: mode 0644 /etc/ha.d/authkeys

A host and a part of the message (either language) may follow the state. Of all rows of the rule the worst
counts: fail, unknown, pass, not_applicable. An edit names one host or several (``rs1, rs2:``) and says one of

    PATH                  with the new content below, each line behind "| "
    PATH s/OLD/NEW/       OLD is a regular expression that has to match
    mode 0644 PATH, owner NAME PATH, mtime TIME PATH
    link PATH             an entry of a boot directory
    remove PATH           not there any more
    unreadable PATH       there, but not for us
    unreachable           the whole host
    ssh legacy A,B        what the connection rests on; none by default

where ``$ PROBE`` in the place of PATH means the output of a command.
"""

from __future__ import annotations

import contextlib
import posixpath
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

import pytest

from auditor.collect.probes import NAMES, PROBES
from auditor.derive.cluster import derive_clusters
from auditor.judge.rules import load_rules
from auditor.judge.verdict import judge
from auditor.model.findings import Finding, Rule, Run
from auditor.model.snapshot import Artifact, HostError, HostSnapshot, Snapshot, Ssh
from auditor.resources import RULES
from tests.hosts.snapshots import snapshot

HERE = Path(__file__).parent
STATES = ("fail", "unknown", "pass", "not_applicable")
TIME = "2026-11-01T00:00:00Z"
RUN = Run(id="case", started=TIME, finished=TIME)
SSH = Ssh(
    server="OpenSSH_9.2", kex="curve25519-sha256", host_key="ssh-ed25519", cipher="aes128-ctr", mac="hmac-sha2-256",
    fingerprint="SHA256:0",
)  # fmt: skip

World = dict[str, HostSnapshot]


@dataclass(frozen=True)
class Edit:
    """``content``: the lines below, for a PATH that gets a new one."""

    place: str
    hosts: tuple[str, ...]
    words: str
    content: bytes | None


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
_EDIT = re.compile(r"(?P<hosts>\w+(?:, \w+)*): (?P<words>.+)")


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


def read_edits(path: Path, lines: list[tuple[int, str]]) -> Iterator[Edit]:
    edits: list[tuple[int, str, list[str]]] = []
    for number, line in lines:
        if line.startswith("|"):
            edits[-1][2].append(line[2:])
        elif line and not line.startswith("#"):
            edits.append((number, line, []))
    for number, line, content in edits:
        match = _EDIT.fullmatch(line)
        assert match, f"{path}:{number}: not an edit: {line}"
        yield Edit(
            place=f"{path}:{number}",
            hosts=tuple(match["hosts"].split(", ")),
            words=match["words"],
            content="".join(f"{text}\n" for text in content).encode() if content else None,
        )


# -- changing the world -----------------------------------------------------


def apply(edit: Edit, world: World) -> None:
    for verb, change in VERBS:
        match = re.fullmatch(verb, edit.words, re.DOTALL)
        if match:
            for name in edit.hosts:
                assert name in world, f"{edit.place}: there is no host {name}"
                world[name] = change(world, name, match, edit)
            return
    raise AssertionError(f"{edit.place}: not an edit: {edit.words}")


def put(host: HostSnapshot, artifact: Artifact) -> HostSnapshot:
    return replace(host, artifacts={**host.artifacts, artifact.id: artifact})


def find(world: World, name: str, target: str, edit: Edit) -> Artifact:
    artifact = world[name].artifacts.get(target.removeprefix("$ "))
    assert artifact is not None, f"{edit.place}: {name} has no {target}"
    return artifact


def set_unreachable(world: World, name: str, match: re.Match[str], edit: Edit) -> HostSnapshot:
    error = HostError(host=name, stage="connect", code="unreachable", message="no route to host")
    return replace(world[name], status="unreachable", ssh=None, artifacts={}, errors=(error,))


def set_legacy(world: World, name: str, match: re.Match[str], edit: Edit) -> HostSnapshot:
    legacy = () if match[1] == "none" else tuple(match[1].split(","))
    return replace(world[name], ssh=replace(SSH, legacy=legacy))


def set_attribute(world: World, name: str, match: re.Match[str], edit: Edit) -> HostSnapshot:
    artifact = find(world, name, match[3], edit)
    return put(world[name], replace(artifact, **{match[1]: match[2]}))


def set_link(world: World, name: str, match: re.Match[str], edit: Edit) -> HostSnapshot:
    path = match[1]
    service = re.sub(r"^[SK]\d+", "", posixpath.basename(path))
    link = Artifact(
        id=path, probe=probe_of(path), kind="link", state="read", path=path, target=f"../init.d/{service}",
        mode="0777", owner="root", group="root", mtime=TIME,
    )  # fmt: skip
    return put(world[name], link)


def set_removed(world: World, name: str, match: re.Match[str], edit: Edit) -> HostSnapshot:
    artifact = find(world, name, match[1], edit)
    if artifact.kind == "link" and not artifact.content:  # an entry of a folder is there or is not listed
        rest = {key: kept for key, kept in world[name].artifacts.items() if key != artifact.id}
        return replace(world[name], artifacts=rest)
    gone = Artifact(
        id=artifact.id, probe=artifact.probe, kind=artifact.kind, state="absent", path=artifact.path
    )
    return put(world[name], gone)


def set_unreadable(world: World, name: str, match: re.Match[str], edit: Edit) -> HostSnapshot:
    artifact = find(world, name, match[1], edit)
    hidden = replace(artifact, state="unreadable", why="Permission denied", content=b"", exit_status=None)
    return replace(put(world[name], hidden), status="partial")


def set_substitute(world: World, name: str, match: re.Match[str], edit: Edit) -> HostSnapshot:
    artifact = find(world, name, match[1], edit)
    old, new = (part.replace("\\/", "/") for part in (match[2], match[3]))
    text, times = re.subn(old, new, artifact.content.decode())
    assert times, f"{edit.place}: {old} matches nothing on {name}"
    return put(world[name], replace(artifact, content=text.encode()))


def set_content(world: World, name: str, match: re.Match[str], edit: Edit) -> HostSnapshot:
    assert edit.content is not None, f"{edit.place}: no content stands below"
    target = match[1]
    if target.startswith("$ "):
        output = Artifact(
            id=target[2:], probe=target[2:], kind="command", state="read", argv=(target[2:],), exit_status=0,
            content=edit.content,
        )  # fmt: skip
        return put(world[name], output)
    fresh = Artifact(
        id=target, probe=probe_of(target), kind="file", state="read", path=target, mode="0644", owner="root",
        group="root", mtime=TIME, size=len(edit.content),
    )  # fmt: skip
    before = world[name].artifacts.get(target)
    return put(
        world[name], replace(before if before and before.state == "read" else fresh, content=edit.content)
    )


TARGET = r"(\$ [\w-]+|/\S+)"
PART = r"((?:[^/\\]|\\.)*)"
VERBS: tuple[tuple[str, Callable[[World, str, re.Match[str], Edit], HostSnapshot]], ...] = (
    (r"unreachable", set_unreachable),
    (r"ssh legacy (\S+)", set_legacy),
    (rf"(mode|owner|mtime) (\S+) {TARGET}", set_attribute),
    (rf"link {TARGET}", set_link),
    (rf"remove {TARGET}", set_removed),
    (rf"unreadable {TARGET}", set_unreadable),
    (rf"{TARGET} s/{PART}/{PART}/", set_substitute),
    (TARGET, set_content),
)


@cache
def probe_of(path: str) -> str:
    """The probe that reads a path: by its name, by a pattern, or as an entry of a folder."""
    folder = posixpath.dirname(path)
    for probe in PROBES:
        for pattern in probe.paths:
            if path == pattern or (probe.kind == NAMES and folder == pattern):
                return probe.name
            if "*" in pattern and folder == posixpath.dirname(pattern):
                return probe.name
    raise AssertionError(f"no probe reads {path}")


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
    return judge(visited, derive_clusters(visited), chosen, run=RUN).findings


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
    bad = [row for row in findings((), tuple(rules().values())) if row.state in {"fail", "unknown"}]
    assert [f"{row.rule} {row.host}: {row.message.en}" for row in bad] == []


def test_hiding_evidence_never_helps() -> None:
    """With one failing case of every rule applied at once, each artifact in turn cannot be read."""
    first = {case.rule: case for case in reversed(CASES) if case.state == "fail"}
    world: World = {host.name: host for host in example().hosts}
    for case in first.values():
        for edit in case.edits:
            with contextlib.suppress(AssertionError, KeyError):  # what an earlier edit has taken away
                apply(edit, world)
    before = worst_of(world)
    failing = {rule for (rule, _), state in before.items() if state == "fail"}
    assert len(failing) > len(rules()) / 2
    better = []
    for host in (world["ld1"], world["ld2"], world["rs1"]):
        for name, artifact in host.artifacts.items():
            if artifact.state == "skipped" or (artifact.kind == "link" and not artifact.content):
                continue  # all that it says is that it is there
            hidden = Artifact(
                id=name, probe=artifact.probe, kind=artifact.kind, state="unreadable", path=name
            )
            after = worst_of({**world, host.name: put(host, hidden)})
            better += [
                f"without {host.name}:{name} {rule} of {about} is {after.get((rule, about))}, not {state}"
                for (rule, about), state in before.items()
                if state in {"fail", "unknown"} and after.get((rule, about)) not in {"fail", "unknown"}
            ]
    assert better == []


def worst_of(world: World) -> dict[tuple[str, str | None], str]:
    states: dict[tuple[str, str | None], str] = {}
    for row in judged(world, tuple(rules().values())):
        key = (row.rule, row.host)
        states[key] = min(states.get(key, row.state), row.state, key=STATES.index)
    return states
