"""Whole example clusters, and all that is wrong or unknown about each: ``NAME.txt``, above and below a line of dashes.

Above it: what the cluster is, as comments, then where it comes from and how it differs:

    from right                            the runbook's cluster, ``right`` or ``printed``
    and right with ld1=mx1 10.75.=10.76.  another one beside it, with these words put for those everywhere
    without rs1, rs2                      hosts that are not there at all
    rs3: mode 0600 /etc/hosts             edits as tests/hosts/edits.py has them

Below it: the verdict, the clusters as they were understood, and one line for each rule that fails or is unknown
on a host or a cluster. ``make golden`` writes the part below anew; every line of it has to be true.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

from auditor.derive import derive_clusters
from auditor.judge.rules import load_rules
from auditor.judge.verdict import judge
from auditor.model.findings import Finding, Report, Run
from auditor.model.snapshot import HostSnapshot, Snapshot
from auditor.resources import RULES
from tests.hosts.edits import World, apply, read_edits
from tests.hosts.snapshots import snapshot

HERE = Path(__file__).parent
LINE = "-" * 80
RUN = Run(id="golden", started="2025-11-24T10:00:00Z", finished="2025-11-24T10:00:02Z")


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """``description``: the part above the line, ``golden``: the one below."""

    path: Path
    description: str
    golden: str


def examples() -> Iterator[Example]:
    for path in sorted(HERE.glob("*.txt")):
        description, _, golden = path.read_text(encoding="utf-8").partition(f"{LINE}\n")
        yield Example(path=path, description=description, golden=golden)


def build(example: Example) -> Snapshot:
    """The snapshot that a description is of."""
    world: World = {}
    edits: list[tuple[int, str]] = []
    for number, line in enumerate(example.description.split("\n"), 1):
        if line.startswith("from "):
            world |= _hosts(line.removeprefix("from "), {})
        elif line.startswith("and "):
            variant, _, words = line.removeprefix("and ").partition(" with ")
            world |= _hosts(variant, dict(word.split("=") for word in words.split()))
        elif line.startswith("without "):
            for name in line.removeprefix("without ").split(", "):
                del world[name]
        else:
            edits.append((number, line))
    for edit in read_edits(example.path, edits):
        apply(edit, world)
    return replace(snapshot("right"), hosts=tuple(world.values()))


def judged(example: Example) -> Report:
    hosts = build(example)
    return judge(hosts, derive_clusters(hosts), rules(), run=RUN)


@cache
def rules() -> tuple:  # type: ignore[type-arg]
    return load_rules(RULES)


def golden(example: Example) -> str:
    """What the part below the line should be."""
    report = judged(example)
    lines = [f"{report.verdict.state} {report.verdict.exit_code}"]
    for cluster in report.clusters:
        directors, reals = ", ".join(cluster.directors) or "none", ", ".join(cluster.reals) or "none"
        lines.append(f"cluster {cluster.name}: active {cluster.active}; directors {directors}; reals {reals}")
    rows: dict[tuple[str, str, str, str], list[Finding]] = {}
    for finding in report.findings:
        if finding.state in {"fail", "unknown"}:
            about = (finding.state, finding.host or str(finding.cluster), finding.severity, finding.rule)
            rows.setdefault(about, []).append(finding)
    # Where nothing of a host was read every rule is unknown for the one reason.
    unread = [host.name for host in report.hosts if host.status not in {"ok", "partial"}]
    lines += [f"unknown  {name:8} everything: it was not read" for name in unread]
    for (state, about, severity, rule), found in rows.items():
        if about not in unread:
            count = f" x{len(found)}" if len(found) > 1 else ""
            message = found[0].message.en.partition("\n")[0]
            lines.append(f"{state:8} {about:8} {severity:8} {rule}{count}: {message}")
    return "\n".join(lines) + "\n"


def _hosts(variant: str, words: Mapping[str, str]) -> World:
    """The hosts of one cluster of the runbook; every name, address and text with ``words`` put for others."""
    found = {}
    for host in snapshot(variant).hosts:
        renamed = _renamed(host, words) if words else host
        found[renamed.name] = renamed
    return found


def _renamed(host: HostSnapshot, words: Mapping[str, str]) -> HostSnapshot:
    pattern = re.compile("|".join(map(re.escape, words)))

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


if __name__ == "__main__":
    for one in examples():
        text = f"{one.description}{LINE}\n{golden(one)}"
        if one.path.read_text(encoding="utf-8") != text:
            one.path.write_text(text, encoding="utf-8")
            sys.stdout.write(f"{one.path}\n")
