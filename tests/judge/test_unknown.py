"""Unknown is never pass: whatever is lost or spoilt of what was read, no rule comes out better.

Of every host of a kind one stands for the others, and of every probe one artifact on each: the one whose content is
longest, or the folder that has most in it.
"""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auditor.derive.cluster import relate
from auditor.derive.evidence import Evidence, read_evidence
from auditor.judge.rules import load_rules
from auditor.judge.verdict import judge
from auditor.model.findings import STATES, Finding, Report, Run
from auditor.model.snapshot import Artifact, HostSnapshot, Snapshot
from auditor.resources import RULES
from tests.hosts.snapshots import snapshot

RUN = Run(id="x", started="2026-11-01T00:00:00Z", finished="2026-11-01T00:00:00Z")
BAD = frozenset({"fail", "unknown"})

Spoil = Callable[[Artifact], Artifact | None]


def lose(artifact: Artifact) -> None:
    """As if it had never been asked for."""
    return


def hide(artifact: Artifact) -> Artifact:
    return replace(artifact, state="unreadable", why="Permission denied", content=b"", exit_status=None)


def cut(artifact: Artifact) -> Artifact:
    return replace(artifact, state="truncated", content=artifact.content[: len(artifact.content) // 2])


def scramble(artifact: Artifact) -> Artifact:
    """Bytes that no format has any words for, in as many lines."""
    lines = artifact.content.count(b"\n") or 1
    return replace(artifact, content=b"\x01\x02\xff\xfe ~~ \x7f\n" * lines)


SPOILS: Mapping[str, Spoil] = {spoil.__name__: spoil for spoil in (lose, hide, cut, scramble)}


class World:
    """Hosts that were read already, so that a change of one costs that one alone."""

    def __init__(self, whole: Snapshot) -> None:
        self.whole = whole
        self._read: dict[int, tuple[HostSnapshot, Evidence]] = {}

    def judge(self, hosts: Mapping[str, HostSnapshot]) -> Report:
        visited = replace(self.whole, hosts=tuple(hosts.values()))
        clusters = relate([self._evidence(host) for host in visited.hosts], visited.started)
        return judge(visited, clusters, rules(), run=RUN)

    def _evidence(self, host: HostSnapshot) -> Evidence:
        known = {id(one) for one in self.whole.hosts}
        if id(host) not in known:
            return read_evidence(host)
        if id(host) not in self._read:
            self._read[id(host)] = host, read_evidence(host)
        return self._read[id(host)][1]

    @property
    def hosts(self) -> dict[str, HostSnapshot]:
        return {host.name: host for host in self.whole.hosts}


@cache
def rules() -> tuple:  # type: ignore[type-arg]
    return load_rules(RULES)


@cache
def world(variant: str) -> World:
    return World(snapshot(variant))


def spoilt(hosts: Mapping[str, HostSnapshot], name: str, key: str, spoil: Spoil) -> dict[str, HostSnapshot]:
    """What is lost of a folder takes the proof along that the folder was listed whole."""
    artifacts = dict(hosts[name].artifacts)
    changed = spoil(artifacts[key])
    if changed is None:
        folder = posixpath.dirname(artifacts.pop(key).path or "")
        artifacts.pop(folder, None)
    else:
        artifacts[key] = changed
    return {**hosts, name: replace(hosts[name], artifacts=artifacts)}


def worst(findings: tuple[Finding, ...]) -> dict[tuple[str, str | None], str]:
    states: dict[tuple[str, str | None], str] = {}
    for row in findings:
        key = (row.rule, row.host)
        states[key] = min(states.get(key, row.state), row.state, key=STATES.index)
    return states


def targets(hosts: Mapping[str, HostSnapshot]) -> Iterator[tuple[str, str]]:
    """Host and artifact: one of each probe, on one host of each kind."""
    kinds: dict[tuple[frozenset[str], bool], HostSnapshot] = {}
    for host in hosts.values():
        if host.artifacts:
            table = host.artifacts.get("ipvsadm")
            active = table is not None and table.content.count(b"\n") > 3
            kinds.setdefault((host.roles, active), host)
    for host in kinds.values():
        found: dict[str, Artifact] = {}
        for artifact in host.artifacts.values():
            if artifact.state == "read" and artifact.kind != "link":
                other = found.get(artifact.probe)
                if other is None or len(artifact.content) > len(other.content):
                    found[artifact.probe] = artifact
        for artifact in found.values():
            yield host.name, artifact.id


def improvements(before: Report, after: Report, place: str) -> list[str]:
    """Rows that were bad and are not any more."""
    states = worst(after.findings)
    return [
        f"{place}: {rule} of {about} was {state} and is {states.get((rule, about))}"
        for (rule, about), state in worst(before.findings).items()
        if state in BAD and states.get((rule, about)) not in BAD
    ]


def survivors(after: Report, host: str, source: str, place: str) -> list[str]:
    """Rows that pass by a line of what is not there, or not to be trusted."""
    return [
        f"{place}: {row.rule} of {row.host} passes by {one.at}"
        for row in after.findings
        if row.state == "pass"
        for one in row.evidence
        if one.at.host == host and one.at.source == source and one.at.line is not None
    ]


@pytest.mark.parametrize("name", SPOILS)
@pytest.mark.parametrize("variant", ["printed", "right"])
def test_nothing_gets_better_by_losing_what_was_read(variant: str, name: str) -> None:
    before, hosts = world(variant).judge(world(variant).hosts), world(variant).hosts
    faults: list[str] = []
    for host, key in targets(hosts):
        place = f"{name} {host}:{key}"
        after = world(variant).judge(spoilt(hosts, host, key, SPOILS[name]))
        faults += improvements(before, after, place)
        faults += survivors(after, host, hosts[host].artifacts[key].source, place)
        assert before.verdict.state == "ready" or after.verdict.state != "ready", place
    assert faults == []


LOSSES = st.lists(
    st.tuples(st.integers(0, 5), st.integers(0, 10_000), st.sampled_from(["lose", "hide", "cut"])), max_size=4
)


@settings(max_examples=15, deadline=None)
@given(first=LOSSES, more=LOSSES)
def test_losing_more_never_helps(first: list[tuple[int, int, str]], more: list[tuple[int, int, str]]) -> None:
    """Monotony: every row that is bad after some losses is bad after more of them, and so is the verdict."""
    hosts = world("right").hosts
    seen = []
    for losses in (first, more):
        for number, index, name in losses:
            host = list(hosts)[number]
            keys = [
                one.id for one in hosts[host].artifacts.values() if one.state == "read" and one.kind != "link"
            ]
            if keys:
                hosts = spoilt(hosts, host, keys[index % len(keys)], SPOILS[name])
        seen.append(world("right").judge(hosts))
    assert improvements(*seen, place=f"{first} {more}") == []
    assert seen[0].verdict.state == "ready" or seen[1].verdict.state != "ready"


@pytest.mark.parametrize("status", ["unreachable", "auth_failed", "timeout"])
def test_the_worst_host_wins(status: str) -> None:
    """A host more, whatever became of it, never turns a verdict into a better one."""
    hosts = world("right").hosts
    assert world("right").judge(hosts).verdict.state == "ready"
    more = replace(
        hosts["rs1"], id="rs9", name="rs9", address="202.75.216.169", status=status, artifacts={}, ssh=None
    )
    assert world("right").judge({**hosts, "rs9": more}).verdict.state == "cannot_tell"
    bad = world("printed").hosts
    before = world("printed").judge(bad)
    after = world("printed").judge({**bad, "rs9": more})
    assert after.verdict.state == before.verdict.state == "not_ready"
    assert improvements(before, after, "rs9") == []
