"""How long it takes to judge a fleet by the whole catalogue: ``make bench``. Seconds of processor time, no network.

Once as clusters of six, once as one cluster with that many real servers. What is linear takes the same time a host.
"""

from __future__ import annotations

import re
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import pairwise

from auditor.derive.cluster import relate
from auditor.derive.evidence import read_evidence
from auditor.judge.rules import load_rules
from auditor.judge.verdict import judge
from auditor.model.findings import Run
from auditor.model.snapshot import HostSnapshot, Snapshot
from auditor.resources import RULES
from tests.hosts.snapshots import snapshot

FLEETS = (100, 300, 1000, 3000)
RUN = Run(id="bench", started="2026-11-01T00:00:00Z", finished="2026-11-01T00:00:00Z")


def clusters(hosts: int) -> Iterator[HostSnapshot]:
    """Clusters of six, each with names and networks of its own."""
    right = snapshot("right").hosts
    for number in range(hosts):
        cluster, host = divmod(number, len(right))
        network = f"{cluster // 250}.{cluster % 250}"
        words = {name: f"c{cluster}{name}" for name in ("ld1", "ld2", "rs1", "rs2", "rs3", "rs4")}
        words |= {"202.75.216": f"11.{network}", "202.91.231": f"12.{network}", "10.75.216": f"13.{network}"}
        yield renamed(right[host], words)


def one_cluster(hosts: int) -> Iterator[HostSnapshot]:
    """Two directors and many real servers in one pool."""
    ld1, ld2, rs1, *_ = snapshot("right").hosts
    addresses = [f"10.64.{number // 250}.{number % 250 + 1}" for number in range(hosts - 2)]
    reals = "".join(f"        real={address}:80 gate 1\n" for address in addresses)
    path = "/etc/ha.d/ldirectord.cf"
    for director in (ld1, ld2):
        file = director.artifacts[path]
        text = re.sub(r"(        real=[^\n]*\n)+", reals, file.content.decode())
        artifacts = {**director.artifacts, path: replace(file, content=text.encode())}
        yield replace(director, artifacts=artifacts)
    for number, address in enumerate(addresses):
        words = {"rs1": f"rs{number}", "202.75.216.164/28": f"{address}/16", "202.75.216.164": address}
        yield renamed(rs1, words)


def renamed(host: HostSnapshot, words: Mapping[str, str]) -> HostSnapshot:
    pattern = re.compile("|".join(map(re.escape, sorted(words, key=len, reverse=True))))

    def put(text: str) -> str:
        return pattern.sub(lambda match: words[match[0]], text)

    return replace(
        host,
        id=put(host.name),
        name=put(host.name),
        address=put(host.address),
        artifacts={
            key: replace(artifact, content=put(artifact.content.decode()).encode())
            for key, artifact in host.artifacts.items()
        },
    )


def measure(name: str, whole: Snapshot) -> None:
    rules = load_rules(RULES)
    times = [time.process_time()]
    read = [read_evidence(host) for host in whole.hosts]
    times.append(time.process_time())
    related = relate(read, whole.started)
    times.append(time.process_time())
    report = judge(whole, related, rules, run=RUN)
    times.append(time.process_time())
    steps = [after - before for before, after in pairwise(times)]
    count = len(whole.hosts)
    each = 1000 * sum(steps) / count
    read_time, relate_time, judge_time = steps
    sys.stdout.write(
        f"{name:12} {count:5} hosts  read {read_time:6.1f} s  derive {relate_time:6.1f} s  judge {judge_time:6.1f} s"
        f"  {each:5.1f} ms a host  {len(report.findings)} findings\n"
    )
    sys.stdout.flush()


def main() -> None:
    base = snapshot("right")
    for hosts in FLEETS:
        measure("clusters", replace(base, hosts=tuple(clusters(hosts))))
    for hosts in FLEETS[:3]:
        measure("one cluster", replace(base, hosts=tuple(one_cluster(hosts))))


if __name__ == "__main__":
    main()
