"""Unknown is never pass: whatever is lost or spoilt of what was read, no rule comes out better.

Of every host of a kind one stands for the others, and of every probe one artifact on each: the one whose content is
longest, or the folder that has most in it.
"""

from __future__ import annotations

import contextlib
import posixpath
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auditor.derive.cluster import relate
from auditor.derive.evidence import read_evidence
from auditor.judge.rules import Conditions, compile_rule, load_rules
from auditor.judge.verdict import Outcome, apply_rule, judge
from auditor.model.cluster import Cluster
from auditor.model.findings import STATES, Rule, Run
from auditor.model.snapshot import Artifact, HostSnapshot, Snapshot
from auditor.resources import RULES
from tests.clusters.golden import Example, build, examples
from tests.hosts.edits import apply
from tests.hosts.snapshots import snapshot
from tests.rules.test_cases import CASES

RUN = Run(id="x", started="2026-11-01T00:00:00Z", finished="2026-11-01T00:00:00Z")
BAD = frozenset({"fail", "unknown"})

Spoil = Callable[[Artifact], Artifact | None]
Targets = Callable[[Mapping[str, HostSnapshot]], list[tuple[str, str]]]
Row = tuple[str, str | None, Outcome]


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
        self.hosts = {host.name: host for host in whole.hosts}
        self._read = {id(host): read_evidence(host) for host in whole.hosts}

    def clusters(self, hosts: Mapping[str, HostSnapshot]) -> tuple[Cluster, ...]:
        read = [self._read.get(id(host)) or read_evidence(host) for host in hosts.values()]
        return relate(read, self.whole.started)

    def rows(self, hosts: Mapping[str, HostSnapshot]) -> list[Row]:
        clusters = self.clusters(hosts)
        return [
            (rule.id, host, outcome)
            for rule, conditions in rules()
            for host, _, outcome in apply_rule(rule, conditions, clusters)
        ]

    def state(self, hosts: Mapping[str, HostSnapshot]) -> str:
        visited = replace(self.whole, hosts=tuple(hosts.values()))
        chosen = tuple(rule for rule, _ in rules())
        return judge(visited, self.clusters(hosts), chosen, run=RUN).verdict.state


@cache
def rules() -> list[tuple[Rule, Conditions]]:
    return [(rule, compile_rule(rule)) for rule in load_rules(RULES) if rule.scope != "waiver"]


@cache
def world(name: str) -> World:
    """``right``, ``wrong`` (one failing case of every rule at once), ``wrong too``, or an example cluster.

    Some cases undo each other, and a refused file tells nothing else: ``wrong too`` has what did not fail in ``wrong``.
    """
    if name == "right":
        return World(snapshot("right"))
    if name == "wrong":
        return World(all_wrong(frozenset()))
    if name == "wrong too":
        return World(all_wrong(failing("wrong")))
    return World(build(next(example for example in examples() if example.path.stem == name)))


def failing(name: str) -> frozenset[str]:
    states = worst(world(name).rows(world(name).hosts))
    return frozenset(rule for (rule, _), state in states.items() if state == "fail")


def all_wrong(but: frozenset[str]) -> Snapshot:
    right = snapshot("right")
    hosts = {host.name: host for host in right.hosts}
    cases = {case.rule: case for case in reversed(CASES) if case.state == "fail" and case.rule not in but}
    # A file that its daemon refuses hides the other faults in it.
    for case in sorted(cases.values(), key=lambda case: case.rule.endswith(".valid")):
        for edit in case.edits:
            with contextlib.suppress(AssertionError, KeyError):  # what an earlier edit has taken away
                apply(edit, hosts)
    return replace(right, hosts=tuple(hosts.values()))


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


def worst(rows: list[Row]) -> dict[tuple[str, str | None], str]:
    states: dict[tuple[str, str | None], str] = {}
    for rule, host, outcome in rows:
        state = states.get((rule, host), outcome.state)
        states[rule, host] = min(state, outcome.state, key=STATES.index)
    return states


def targets(hosts: Mapping[str, HostSnapshot]) -> list[tuple[str, str]]:
    """Host and artifact: one of each probe, on one host of each kind."""
    kinds: dict[tuple[frozenset[str], bool], HostSnapshot] = {}
    for host in hosts.values():
        if host.artifacts:
            table = host.artifacts.get("ipvsadm")
            active = table is not None and table.content.count(b"\n") > 3
            kinds.setdefault((host.roles, active), host)
    found: list[tuple[str, str]] = []
    for host in kinds.values():
        longest: dict[str, Artifact] = {}
        for artifact in host.artifacts.values():
            if artifact.state == "read" and artifact.kind != "link":
                other = longest.get(artifact.probe)
                if other is None or len(artifact.content) > len(other.content):
                    longest[artifact.probe] = artifact
        found += [(host.name, artifact.id) for artifact in longest.values()]
    return found


def every(hosts: Mapping[str, HostSnapshot]) -> list[tuple[str, str]]:
    """Host and artifact: all that was read of all hosts. Of a boot folder one link, whose loss is that of any other."""
    found: dict[tuple[str, str], str] = {}
    for host in hosts.values():
        for artifact in host.artifacts.values():
            if artifact.state == "read":
                bare = artifact.kind == "link" and not artifact.content
                about = posixpath.dirname(artifact.path or "") + "/*" if bare else artifact.id
                found.setdefault((host.name, about), artifact.id)
    return [(host, key) for (host, _), key in found.items()]


def improvements(before: list[Row], after: list[Row], place: str) -> list[str]:
    """Rows that were bad and are not any more."""
    states = worst(after)
    return [
        f"{place}: {rule} of {about} was {state} and is {states.get((rule, about))}"
        for (rule, about), state in worst(before).items()
        if state in BAD and states.get((rule, about)) not in BAD
    ]


def survivors(after: list[Row], host: HostSnapshot, artifact: Artifact, place: str) -> list[str]:
    """Rows that pass by a line of what is not there, or not to be trusted. Another artifact may have its name."""
    others = {one.source for one in host.artifacts.values() if one.id != artifact.id}
    spoilt = {artifact.source, artifact.id} - others
    return [
        f"{place}: {rule} of {about} passes by {at}"
        for rule, about, outcome in after
        if outcome.state == "pass"
        for at in outcome.ats
        if at.host == host.name and at.source in spoilt and at.line is not None
    ]


def faults(name: str, chosen: Targets, spoils: Callable[[int], Iterable[str]]) -> list[str]:
    """All that comes out better when each target is spoilt in the ways that its number chooses."""
    one = world(name)
    before = one.rows(one.hosts)
    found: list[str] = []
    for number, (host, key) in enumerate(chosen(one.hosts)):
        for spoil in spoils(number):
            if not one.hosts[host].artifacts[key].content and spoil in {"cut", "scramble"}:
                continue  # there is nothing in it
            place = f"{name}: {spoil} {host}:{key}"
            after = one.rows(spoilt(one.hosts, host, key, SPOILS[spoil]))
            found += improvements(before, after, place)
            found += survivors(after, one.hosts[host], one.hosts[host].artifacts[key], place)
    return found


@pytest.mark.parametrize(
    ("name", "spoil"),
    [("right", "hide"), ("wrong", "scramble"), ("wrong too", "lose"), ("wrong too", "scramble")],
)
def test_nothing_gets_better_by_losing_what_was_read(name: str, spoil: str) -> None:
    assert faults(name, targets, lambda number: [spoil]) == []


def test_in_the_wrong_worlds_nearly_every_rule_fails() -> None:
    """Else the test above would not say much."""
    assert len(failing("wrong") | failing("wrong too")) > len(rules()) * 0.9


@pytest.mark.parametrize(("turn", "name"), [*enumerate(sorted(one.path.stem for one in examples()))])
def test_nor_in_any_example_cluster(turn: int, name: str) -> None:
    """The clusters take turns: each takes every fifth artifact, and the next that takes it spoils it in another way.

    mutations.py has all artifacts of all hosts in all ways.
    """
    ways = list(SPOILS)

    def chosen(number: int) -> list[str]:
        return [ways[(number + turn // 5) % len(ways)]] if number % 5 == turn % 5 else []

    assert faults(name, targets, chosen) == []


# Another cluster in networks of its own, except that both broadcast into the one behind eth1.
BESIDE = """
from right
and right with ld1=mx1 ld2=mx2 rs1=ms1 rs2=ms2 rs3=ms3 rs4=ms4 202.75.216.=203.0.113. 202.91.231.=198.51.100.\
 CA4BD8=CB0071 CA5BE7=C63364 10.75.216.162=10.75.216.62 10.75.216.163=10.75.216.63
"""


@pytest.mark.parametrize("lost", ["/etc/ha.d/ha.cf", "ip-addr"])
def test_two_clusters_that_share_a_medium_are_not_parted_by_losing_a_file_of_one(lost: str) -> None:
    one = World(build(Example(path=Path("beside"), description=BESIDE, golden="")))
    less = spoilt(spoilt(one.hosts, "mx1", lost, lose), "mx2", lost, lose)

    def states(hosts: Mapping[str, HostSnapshot]) -> list[str]:
        return [outcome.state for rule, _, outcome in one.rows(hosts) if rule == "ha-cf.medium"]

    assert set(states(one.hosts)) == {"fail"}
    assert "pass" not in states(less)


LOSSES = st.lists(
    st.tuples(st.integers(0, 5), st.integers(0, 10_000), st.sampled_from(["lose", "hide", "cut"])), max_size=4
)


@settings(max_examples=8, deadline=None)
@given(first=LOSSES, more=LOSSES)
def test_losing_more_never_helps(first: list[tuple[int, int, str]], more: list[tuple[int, int, str]]) -> None:
    """Monotony: every row that is bad after some losses is bad after more of them, and so is the verdict."""
    one = world("right")
    hosts = one.hosts
    seen = []
    for losses in (first, more):
        for number, index, spoil in losses:
            host = list(hosts)[number]
            artifacts = hosts[host].artifacts.values()
            keys = [
                artifact.id for artifact in artifacts if artifact.state == "read" and artifact.kind != "link"
            ]
            if keys:
                hosts = spoilt(hosts, host, keys[index % len(keys)], SPOILS[spoil])
        seen.append((one.rows(hosts), one.state(hosts)))
    (before, state), (after, later) = seen
    assert improvements(before, after, f"{first} {more}") == []
    assert state == "ready" or later != "ready"


@pytest.mark.parametrize("status", ["unreachable", "auth_failed", "timeout"])
def test_the_worst_host_wins(status: str) -> None:
    """A host more, whatever became of it, never turns a verdict into a better one."""
    for name, before, after in (("right", "ready", "cannot_tell"), ("wrong", "not_ready", "not_ready")):
        one = world(name)
        more = replace(
            snapshot("right").hosts[2], id="rs9", name="rs9", address="202.75.216.169", status=status,
            artifacts={}, ssh=None,
        )  # fmt: skip
        hosts = {**one.hosts, "rs9": more}
        assert (one.state(one.hosts), one.state(hosts)) == (before, after)
        assert improvements(one.rows(one.hosts), one.rows(hosts), "rs9") == []
