"""Facts of a legacy cluster to the files of a modern one, and a ledger of what became of every value.

One way through: ``design`` decides what the new cluster shall be, one module a subject writes its files and
tells the fate of the values it took them from, ``ledger`` gathers what they tell, ``documents`` says it to
people. A value that no module speaks for is in the ledger all the same, as a decision for people.
"""

from __future__ import annotations

from collections.abc import Iterator

from auditor.migrate.boot import write_units
from auditor.migrate.corosync import CONF, write_corosync
from auditor.migrate.design import Design, NewHost, design_cluster, unread
from auditor.migrate.firewall import write_firewall
from auditor.migrate.health import write_health
from auditor.migrate.kernel import MODULES, SYSCTL, write_modules, write_sysctl
from auditor.migrate.ledger import write_ledger
from auditor.migrate.network import write_network
from auditor.migrate.overview import aspects
from auditor.migrate.pacemaker import CIB, write_cib
from auditor.migrate.steps import steps, verify, way_back
from auditor.model.cluster import Cluster
from auditor.model.findings import Report
from auditor.model.migration import Hole, Inhibitor, Migration, NewFile
from auditor.model.place import Prose
from auditor.model.snapshot import Snapshot

__all__ = ["migrate"]


def migrate(snapshot: Snapshot, cluster: Cluster, report: Report, *, target: str, ha: str) -> Migration:
    """The new files of one cluster and the ledger. ``target``: one of TARGETS; ``ha``: pacemaker or none.

    The same arguments give the same migration. What the findings call unsafe is named and not mended.
    """
    design = design_cluster(snapshot, cluster, target, ha)
    files = tuple(sorted(_files(design), key=lambda file: file.path))
    return Migration(
        cluster=cluster.name,
        target=target,
        ha=ha,
        inhibitors=_inhibitors(cluster, report),
        holes=tuple(_holes(snapshot, cluster)),
        aspects=tuple(aspects(design, cluster)),
        steps=tuple(steps(design)),
        verify=tuple(verify(design)),
        back=tuple(way_back(design)),
        rows=write_ledger(design, files),
        files=files,
    )


def _files(design: Design) -> Iterator[NewFile]:
    for host in design.hosts:
        yield from _host_files(design, host)
    if design.pacemaker and design.leader is not None:
        yield NewFile(path=CIB, text=write_cib(design))


def _host_files(design: Design, host: NewHost) -> Iterator[NewFile]:
    def file(path: str, text: str, mode: str = "0644") -> NewFile:
        return NewFile(path=f"{host.name}/{path}", text=text, mode=mode)

    for path, text, mode in write_network(design, host):
        yield file(path, text, mode)
    for path, text in (*write_units(design, host), *write_firewall(design, host)):
        yield file(path, text)
    for path, written in ((SYSCTL, write_sysctl(design, host)), (MODULES, write_modules(design, host))):
        if written is not None:
            yield file(path, written)
    if design.pacemaker and host.director:
        yield file(CONF, write_corosync(design))
    if design.serves(host) and design.cf is not None and design.debian:
        yield file("etc/ha.d/ldirectord.cf", design.cf.text, "0600")
    elif design.serves(host):
        yield from (file(*one) for one in write_health(design))


def _holes(snapshot: Snapshot, cluster: Cluster) -> Iterator[Hole]:
    for name, host in unread(snapshot, cluster):
        if host is None:
            yield Hole(name=name, why=Prose(en="HOSTS does not list it", zh="HOSTS 中没有列出"))
        elif host.status == "partial":
            yield Hole(name=name, why=Prose(en="read in part only", zh="只读取了一部分"))
        else:
            yield Hole(name=name, why=Prose(en=f"not read: {host.status}", zh=f"未能读取: {host.status}"))


def _inhibitors(cluster: Cluster, report: Report) -> tuple[Inhibitor, ...]:
    reasons = {rule.id: rule.inhibits for rule in report.rules if rule.inhibits is not None}
    names = {host.name for host in cluster.hosts}
    return tuple(
        Inhibitor(finding=finding, reason=reasons[finding.rule])
        for finding in report.findings
        if finding.rule in reasons
        and finding.state in {"fail", "unknown"}
        and (finding.cluster == cluster.name or finding.host in names)
    )
