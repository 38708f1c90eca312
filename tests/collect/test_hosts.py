"""The collector on whole hosts: what it brings, over which SSH, and that it leaves nothing behind."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from auditor.collect.fleet import collect
from auditor.collect.store import Store
from auditor.derive import derive_clusters
from auditor.judge.rules import load_rules
from auditor.judge.verdict import judge
from auditor.model.findings import Run
from auditor.model.snapshot import Snapshot
from auditor.parse.inventory import read_inventory
from auditor.parse.text import read_document
from auditor.remote.policy import Policy
from auditor.resources import RULES
from tests.hosts.cluster import Cluster
from tests.hosts.snapshots import snapshot

pytestmark = pytest.mark.sshd


def visit(cluster: Cluster, folder: Path, *, user: str = "root", legacy: bool = True) -> Snapshot:
    inventory = read_inventory(read_document(cluster.hosts_text(user).encode(), source="hosts"))
    policy = Policy(
        known_hosts=(Path(cluster.known_hosts),),
        identities=(Path(cluster.identity),),
        legacy=legacy,
        agent=False,
    )
    store = Store(folder / "snapshot")
    try:
        return collect(inventory, policy, store)
    finally:
        store.close()


def states(seen: Snapshot) -> set[tuple[str, str | None, str | None, str]]:
    run = Run(id="x", started="2026-11-01T00:00:00Z", finished="2026-11-01T00:00:00Z")
    report = judge(seen, derive_clusters(seen), load_rules(RULES), run=run)
    return {
        (finding.rule, finding.host, finding.subject, finding.state)
        for finding in report.findings
        if finding.rule != "ssh.obsolete"
    }


@pytest.mark.parametrize("variant", ["printed", "right"])
def test_real_hosts_are_judged_like_their_description(
    variant: str, new_cluster: Callable[..., Cluster], tmp_path: Path
) -> None:
    seen = visit(new_cluster(variant), tmp_path)
    assert {host.status for host in seen.hosts} == {"ok"}
    assert states(seen) == states(snapshot(variant))


@pytest.mark.parametrize(
    ("era", "kex"),
    [
        ("centos4", "diffie-hellman-group14-sha1"),
        ("centos5", "diffie-hellman-group14-sha1"),
        ("centos6", "diffie-hellman-group-exchange-sha256"),
    ],
)
def test_an_old_server_is_reached_and_said_to_be_old(
    era: str, kex: str, new_cluster: Callable[..., Cluster], tmp_path: Path
) -> None:
    running = new_cluster("right", era=era, only="ld1")
    (host,) = visit(running, tmp_path).hosts
    assert (host.status, host.ssh and host.ssh.kex) == ("ok", kex)
    assert host.ssh is not None
    assert "ssh-rsa" in host.ssh.legacy


def test_a_modern_server_is_reached_by_modern_means(
    new_cluster: Callable[..., Cluster], tmp_path: Path
) -> None:
    (host,) = visit(new_cluster("right", era="modern", only="rs1"), tmp_path).hosts
    assert host.ssh is not None
    assert (host.status, host.ssh.legacy) == ("ok", ())


def test_never_means_never(new_cluster: Callable[..., Cluster], tmp_path: Path) -> None:
    (host,) = visit(new_cluster("right", era="centos4", only="rs1"), tmp_path, legacy=False).hosts
    assert (host.status, host.errors[0].code) == ("unreachable", "no_common_algorithm")
    assert "--legacy-ssh" in host.errors[0].message


def test_nothing_changes_on_any_host(new_cluster: Callable[..., Cluster], tmp_path: Path) -> None:
    """The whole file tree, modules, sysctls, addresses and processes."""
    running = new_cluster("right")
    before = {name: host.digest() for name, host in running.hosts.items()}
    visit(running, tmp_path)
    assert {name: host.digest() for name, host in running.hosts.items()} == before


def test_without_root_it_is_unknown_and_never_pass(
    new_cluster: Callable[..., Cluster], tmp_path: Path
) -> None:
    seen = visit(new_cluster("right"), tmp_path, user="audit")
    assert {host.status for host in seen.hosts} == {"partial"}
    as_root = {row[:3]: row[3] for row in states(snapshot("right"))}
    found = {row[:3]: row[3] for row in states(seen)}
    assert found["authkeys.valid", "ld1", None] == "unknown"
    assert not {row for row, state in found.items() if state == "pass" and as_root.get(row, "pass") != "pass"}
