"""Whatever a host answered, there is a report: random damage to every artifact of the runbook's cluster."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import replace

import pytest

from auditor.derive import derive_clusters
from auditor.judge.rules import load_rules
from auditor.judge.verdict import judge
from auditor.model.findings import Run
from auditor.model.snapshot import Artifact, HostSnapshot, Snapshot
from auditor.resources import RULES
from tests.hosts.snapshots import snapshot

RUN = Run(id="x", started="2026-11-01T00:00:00Z", finished="2026-11-01T00:00:00Z")
WORDS = (
    b"999.1.2.3",
    b"::",
    b"/129",
    b"-1",
    b"99999999999999999999",
    b"\xff\xfe",
    b"\x00",
    b"lo:",
    b"real=",
    b"=",
    b"\\\n",
)


def damaged(content: bytes, chance: random.Random) -> bytes:
    pieces = bytearray(content)
    for _ in range(chance.randrange(1, 6)):
        place = chance.randrange(len(pieces) + 1)
        end = min(len(pieces), place + chance.choice((0, 1, 3, 40)))
        pieces[place:end] = chance.choice((*WORDS, bytes(chance.randrange(256) for _ in range(4)), b""))
    return bytes(pieces)


def worlds(seed: int) -> Iterator[Snapshot]:
    whole = snapshot("right")
    chance = random.Random(seed)
    for _ in range(25):
        hosts: list[HostSnapshot] = []
        for host in whole.hosts:
            spoilt: dict[str, Artifact] = {
                name: replace(one, content=damaged(one.content, chance)) if chance.random() < 0.5 else one
                for name, one in host.artifacts.items()
            }
            hosts.append(replace(host, artifacts=spoilt))
        yield replace(whole, hosts=tuple(hosts))


@pytest.mark.parametrize("seed", range(6))
def test_there_is_always_a_report(seed: int) -> None:
    rules = load_rules(RULES)
    for world in worlds(seed):
        report = judge(world, derive_clusters(world), rules, run=RUN)
        assert {row.name for row in report.hosts} == {host.name for host in world.hosts}
        assert {finding.rule for finding in report.findings} == {
            rule.id for rule in rules if rule.scope != "waiver"
        }


def test_hosts_that_nobody_could_read_are_one_unknown_cluster() -> None:
    whole = snapshot("right")
    nobody = replace(
        whole,
        hosts=tuple(replace(host, status="unreachable", artifacts={}, ssh=None) for host in whole.hosts),
    )
    report = judge(nobody, derive_clusters(nobody), load_rules(RULES), run=RUN)
    assert len(report.clusters) == 1
    assert {finding.state for finding in report.findings} == {"unknown"}
