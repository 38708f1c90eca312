"""What happens if a node of the runbook's cluster dies, in a few variants of it."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from auditor.derive import derive_clusters
from auditor.model.cluster import Failure
from auditor.model.place import Unknown
from tests.hosts.snapshots import snapshot

VIPS = ("202.75.216.172", "202.75.216.173", "202.91.231.172", "202.91.231.173")


def failures(variant: str, *edits: tuple[str, str, str, str]) -> dict[str, Failure]:
    """``edits``: host, artifact, expression, text in its place; the expression has to match."""
    world = snapshot(variant)
    hosts = {host.name: host for host in world.hosts}
    for name, source, old, new in edits:
        artifact = hosts[name].artifacts[source]
        text, times = re.subn(old, new, artifact.content.decode())
        assert times
        changed = replace(artifact, content=text.encode())
        hosts[name] = replace(hosts[name], artifacts={**hosts[name].artifacts, source: changed})
    (cluster,) = derive_clusters(replace(world, hosts=tuple(hosts.values())))
    assert not isinstance(cluster.failures, Unknown)
    return {failure.node: failure for failure in cluster.failures}


def moved(failure: Failure) -> dict[str, str | None]:
    return {move.vip: move.to for move in failure.moves}


def test_the_runbook_as_printed() -> None:
    """The other takes over after the default deadtime; nothing keeps connections, nothing fences."""
    found = failures("printed")
    assert list(found) == ["ld1", "ld2", "rs1", "rs2", "rs3", "rs4"]
    assert moved(found["ld1"]) == dict.fromkeys(VIPS, "ld2")
    assert found["ld1"].connections == "broken"
    assert found["ld1"].twice == found["ld2"].twice == VIPS
    assert found["ld1"].text.en.startswith("ld2 takes all 4 VIPs after 30 s; established connections break")
    assert "only cut off" in found["ld1"].text.en


def test_done_right() -> None:
    found = failures("right")
    assert moved(found["ld1"]) == dict.fromkeys(VIPS, "ld2")
    assert (found["ld1"].connections, found["ld1"].twice) == ("kept", ())
    assert (found["ld2"].connections, found["ld2"].moves) == ("share", ())
    assert "202.75.216.173:80 7/35" in found["ld2"].text.en


def test_files_that_name_themselves_fight_when_one_comes_back() -> None:
    failback = ("/etc/ha.d/ha.cf", "auto_failback off", "auto_failback on")
    found = failures("printed", ("ld1", *failback), ("ld2", *failback))
    assert found["ld1"].twice == VIPS
    assert "when it comes back" in found["ld1"].text.en


@pytest.mark.parametrize(
    ("edit", "lost"),
    [
        (("ld2", "ps", r"\n[^\n]*heartbeat: master[^\n]*", ""), ()),  # its other processes still run
        (("ld2", "ps", r"\n[^\n]*heartbeat: [^\n]*", ""), VIPS),
        (("ld2", "/etc/ha.d/haresources", r" IPaddr2::202\.91\.231\.173[^ ]*", ""), VIPS[3:]),
    ],
)
def test_a_vip_that_nobody_takes(edit: tuple[str, str, str, str], lost: tuple[str, ...]) -> None:
    found = failures("right", edit)["ld1"]
    assert moved(found) == {vip: None if vip in lost else "ld2" for vip in VIPS}
    assert found.connections == ("broken" if lost else "kept")
    assert ("nobody takes" in found.text.en) is bool(lost)


def test_a_pool_that_nothing_checks_keeps_sending_to_the_dead() -> None:
    found = failures("right", ("ld1", "/etc/ha.d/ldirectord.cf", "service=http\n", "service=none\n"))
    assert "so its share stays lost" in found["rs1"].text.en


def test_the_last_of_a_pool() -> None:
    only = r"        real=202\.75\.216\.16[^4]:80[^\n]*\n"
    found = failures("right", ("ld1", "/etc/ha.d/ldirectord.cf", only, ""))
    assert "nobody else serves 202.75.216.173:80" in found["rs1"].text.en


def test_what_was_not_read_is_not_told() -> None:
    world = snapshot("right")
    hosts = [
        replace(host, status="unreachable", artifacts={}) if host.name == "ld2" else host
        for host in world.hosts
    ]
    (cluster,) = derive_clusters(replace(world, hosts=tuple(hosts)))
    assert not isinstance(cluster.failures, Unknown)
    assert {failure.connections for failure in cluster.failures if failure.node in {"ld1", "ld2"}} == {
        "unknown"
    }
