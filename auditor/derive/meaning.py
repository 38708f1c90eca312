"""A snapshot as a list of statements that stay the same whenever the cluster does: no counters, times or pids."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, TypeVar

from auditor.derive.addresses import joined
from auditor.derive.evidence import Evidence, read_evidence, unknown
from auditor.derive.kernel import boot_sysctls
from auditor.model.cluster import Cluster, Host
from auditor.model.difference import Blank, Meaning, Statement
from auditor.model.facts import (
    Authkeys,
    HaCf,
    Haresources,
    HostsEntry,
    Ifcfg,
    Interface,
    IpvsTable,
    IpvsTimeouts,
    LdirectordCf,
    NetworkFile,
    Package,
    Process,
    RcLink,
    Reading,
    Release,
    Route,
    Script,
    SyncDaemon,
    Sysctl,
    Uname,
    Virtual,
)
from auditor.model.findings import Report
from auditor.model.place import At, Unknown
from auditor.model.snapshot import HostSnapshot, Snapshot

T = TypeVar("T")

# Name, value, place: what the functions below find.
Found = Iterator[tuple[str, str, At | None]]

_MARK_TAG = re.compile(r"(«redacted:[a-z_-]+:len[0-9]+):[0-9]+»")


def derive_meaning(snapshot: Snapshot, clusters: Iterable[Cluster]) -> Meaning:
    """What all hosts and clusters are, have and do."""
    statements: list[Statement] = []
    blanks: list[Blank] = []

    def add(subject: str, area: str, fact: T | None | Unknown, read: Callable[[T], Found]) -> None:
        if isinstance(fact, Unknown):
            blanks.append(Blank(subject=subject, area=area, why=fact))
        elif fact is not None:
            statements.extend(
                Statement(subject=subject, area=area, name=name, value=value, at=at)
                for name, value, at in read(fact)
            )

    for cluster in clusters:
        add(cluster.name, "cluster", cluster.directors, lambda hosts: _names("directors", hosts))
        add(cluster.name, "cluster", cluster.reals, lambda hosts: _names("real servers", hosts))
        active = cluster.active
        add(cluster.name, "cluster", active if active is not None else "nobody", _active)
        if isinstance(cluster.vips, Unknown):
            add(cluster.name, "vip", cluster.vips, iter)
            continue
        for vip in cluster.vips:
            if isinstance(vip, Unknown):
                add(cluster.name, "vip", vip, iter)
                continue
            for what, held in (("held by", vip.owners), ("answered for by", vip.answering)):
                name = f"{vip.address} {what}"
                add(
                    cluster.name,
                    "vip",
                    held,
                    lambda names, name=name: iter([(name, ", ".join(sorted(names)) or "nobody", None)]),  # type: ignore[misc]
                )
    hosts = {host.name: host for cluster in clusters for host in cluster.hosts}
    for visited in snapshot.hosts:
        evidence, host = read_evidence(visited), hosts.get(visited.name)
        statements.append(Statement(subject=visited.name, area="host", name="status", value=visited.status))
        if visited.status not in {"ok", "partial"}:
            gap = unknown(
                At(host=visited.name, source=""),
                f"{visited.name} was not read: {visited.status}",
                f"未能读取 {visited.name}: {visited.status}",
            )
            blanks.append(Blank(subject=visited.name, area="host", why=gap))
            continue
        for area, fact, read in _areas(visited, evidence, host):
            add(visited.name, area, fact, read)
    return Meaning(statements=tuple(statements), blanks=tuple(dict.fromkeys(blanks)))


def report_meaning(report: Report) -> Meaning:
    """The same of a stored report, which knows less: files by their sums, nothing of what the kernel has."""
    statements: list[Statement] = []
    blanks: list[Blank] = []
    for cluster in report.clusters:
        rows = [("active director", cluster.active or "nobody")]
        rows += [("directors", ", ".join(sorted(cluster.directors)) or "none")]
        rows += [("real servers", ", ".join(sorted(cluster.reals)) or "none")]
        for virtual in cluster.virtuals:
            rows += [(f"{virtual.name} scheduler", virtual.scheduler)]
            rows += [(f"{virtual.name} held by", ", ".join(sorted(virtual.owners)) or "nobody")]
            pool = (real.rsplit(" ", 2) for real in virtual.reals)
            rows += [(f"{virtual.name} real {real}", f"{how} weight {weight}") for real, how, weight in pool]
        statements += [
            Statement(subject=cluster.name, area="cluster", name=name, value=value) for name, value in rows
        ]
    for host in report.hosts:
        rows = [("status", host.status)]
        if host.status not in {"ok", "partial"}:
            gap = unknown(At(host=host.name, source=""), f"{host.name} was not read", f"未能读取 {host.name}")
            blanks.append(Blank(subject=host.name, area="host", why=gap))
        else:
            rows += [("roles", ", ".join(sorted(host.roles)) or "none")]
            rows += [(name, host.os[key]) for name, key in _OS_ROWS if key in host.os]
        statements += [
            Statement(subject=host.name, area="host", name=name, value=value) for name, value in rows
        ]
        if host.ssh is not None:
            legacy = ", ".join(sorted(host.ssh.legacy)) or "none"
            statements.append(
                Statement(subject=host.name, area="ssh", name="obsolete algorithms", value=legacy)
            )
        for artifact in host.artifacts:
            if artifact.kind == "file" and artifact.path:
                value = " ".join(
                    filter(None, (artifact.mode, artifact.owner, artifact.sha256 and artifact.sha256[:12]))
                )
                statements.append(Statement(subject=host.name, area="file", name=artifact.path, value=value))
    return Meaning(statements=tuple(statements), blanks=tuple(blanks))


_OS_ROWS = (("system", "text"), ("kernel", "kernel"))


def without_tag(text: str) -> str:
    """A redacted secret without what tells it from others of its own run alone."""
    return _MARK_TAG.sub(r"\1»", text)


Area = tuple[str, object, Callable[..., Found]]


def _areas(visited: HostSnapshot, evidence: Evidence, host: Host | None) -> Iterator[Area]:
    yield "host", host, _roles
    yield "host", evidence.release, _release
    yield "host", evidence.uname, _uname
    yield "ssh", visited, _ssh
    yield "package", evidence.packages, _packages
    yield "address", evidence.interfaces, _interfaces
    yield "route", evidence.routes, _routes
    yield "ifcfg", evidence.ifcfgs, _ifcfgs
    yield "network", evidence.network, _network
    yield "hosts", evidence.hosts, _hosts
    yield "sysctl", evidence.sysctls, lambda values: _sysctls(values.values())
    yield "sysctl_boot", boot_sysctls(evidence), lambda values: _sysctls(values.values())
    yield "rc_local", evidence.rc_local, _commands
    yield "boot", evidence.links, _links
    yield "process", evidence.processes, _processes
    yield "ipvs", evidence.ipvs, _table
    yield "ipvs", evidence.ipvs_timeouts, _timeouts
    yield "ipvs", evidence.sync_daemons, _sync
    yield "authkeys", _fact(evidence.authkeys), _authkeys
    yield "ha_cf", _fact(evidence.ha_cf), _ha_cf
    yield "haresources", _fact(evidence.haresources), _haresources
    yield "ldirectord", _fact(evidence.ldirectord), _ldirectord
    yield "file", visited, _files


def _fact(reading: Reading[Any] | None | Unknown) -> object:
    return reading if reading is None or isinstance(reading, Unknown) else reading.value


def _names(name: str, hosts: Sequence[Host]) -> Found:
    yield name, ", ".join(sorted(host.name for host in hosts)) or "none", None


def _active(name: str) -> Found:
    yield "active director", name, None


def _roles(host: Host) -> Found:
    yield "roles", ", ".join(sorted(host.roles)) or "none", None


def _release(release: Release) -> Found:
    yield "system", release.text, release.at


def _uname(uname: Uname) -> Found:
    yield "kernel", f"{uname.release} {uname.machine}", uname.at
    yield "name", uname.node, uname.at


def _ssh(host: HostSnapshot) -> Found:
    if host.ssh is not None:
        yield "server", host.ssh.server, None
        yield "host key", f"{host.ssh.host_key} {host.ssh.fingerprint}", None
        yield "obsolete algorithms", ", ".join(sorted(host.ssh.legacy)) or "none", None


def _packages(packages: Sequence[Package]) -> Found:
    """Of a package that is there several times, as kernels are, all versions."""
    versions: dict[str, list[Package]] = {}
    for package in packages:
        versions.setdefault(package.name, []).append(package)
    for name, same in versions.items():
        yield name, ", ".join(sorted(f"{one.version}-{one.release}" for one in same)), same[0].at


def _interfaces(interfaces: Sequence[Interface]) -> Found:
    for interface in interfaces:
        words = ["up" if interface.up else "down", *([] if interface.arp else ["without ARP"])]
        words += [f"mac {interface.mac}"] if interface.mac else []
        words += [f"in {interface.master}"] if interface.master else []
        yield interface.name, ", ".join(words), interface.at
        for address in interface.addresses:
            if address.scope != "link" or address.family == 4:
                name = f"{interface.name} {address.address}/{address.prefix}"
                yield name, f"scope {address.scope}", address.at


def _routes(routes: Sequence[Route]) -> Found:
    """Those that somebody set: what the kernel makes of the addresses follows from them."""
    for route in routes:
        if route.kind == "unicast" and route.gateway is not None:
            table = "" if route.table in {None, "main"} else f" table {route.table}"
            yield f"{route.destination}{table}", f"via {route.gateway} dev {route.interface}", route.at


def _ifcfgs(files: Sequence[Ifcfg]) -> Found:
    for file in files:
        last = {setting.key: setting for setting in file.settings}
        for key, setting in last.items():
            yield f"{posixpath.basename(file.path)} {key}", setting.value, setting.at


def _network(file: NetworkFile) -> Found:
    for key, setting in {setting.key: setting for setting in file.settings}.items():
        yield key, setting.value, setting.at


def _hosts(entries: Sequence[HostsEntry]) -> Found:
    """The first line that has a name is the one that counts."""
    seen: set[str] = set()
    for entry in entries:
        for name in entry.names:
            if name.lower() not in seen:
                seen.add(name.lower())
                yield name.lower(), entry.address, entry.at


def _sysctls(values: Iterable[Sysctl]) -> Found:
    for sysctl in values:
        yield sysctl.key, " ".join(sysctl.value.split()), sysctl.at


def _commands(script: Script) -> Found:
    for command in script.commands:
        yield " ".join(command.text.split()), "run", command.at


def _links(links: Sequence[RcLink]) -> Found:
    found: dict[tuple[str, str], list[RcLink]] = {}
    for link in links:
        found.setdefault((link.runlevel, link.service), []).append(link)
    for (runlevel, service), same in found.items():
        numbers = sorted(link.name.removesuffix(service) for link in same)
        yield f"rc{runlevel} {service}", ", ".join(numbers), same[0].at


def _processes(processes: Sequence[Process]) -> Found:
    """Daemons: what init adopted, and the threads that synchronise connections."""
    for process in processes:
        words = process.command.split()
        program = posixpath.basename(words[0]).rstrip(":") if words else ""
        if program in {"perl", "python", "sh", "bash"}:
            scripts = [posixpath.basename(word) for word in words[1:] if not word.startswith("-")]
            program = next(iter(scripts), program)
        thread = program.startswith("[")
        if program and ((process.ppid == 1 and not thread) or program.startswith("[ipvs")):
            yield program.strip("[]"), "runs", process.at


def _table(table: IpvsTable) -> Found:
    for service in table.services:
        name = f"{service.protocol} {service.name}"
        words = [service.scheduler, *service.flags]
        words += [f"persistent {service.persistent}"] if service.persistent else []
        words += [f"mask {service.netmask}"] if service.netmask else []
        words += ["ops"] if service.ops else []
        yield name, " ".join(words), service.at
        for real in service.reals:
            # Old kernels call a director's own address Local where the file says gate.
            forwarding = "gate" if real.forwarding == "local" else real.forwarding
            yield (
                f"{name} real {joined(real.address, real.port)}",
                f"{forwarding} weight {real.weight}",
                real.at,
            )


def _timeouts(timeouts: IpvsTimeouts) -> Found:
    yield "timeouts", f"{timeouts.tcp} {timeouts.tcpfin} {timeouts.udp}", timeouts.at


def _sync(daemons: Sequence[SyncDaemon]) -> Found:
    for daemon in daemons:
        yield f"sync daemon {daemon.role}", f"{daemon.interface} syncid {daemon.syncid}", daemon.at


def _authkeys(authkeys: Authkeys) -> Found:
    if authkeys.selection is not None:
        yield "auth", str(authkeys.selection.number), authkeys.selection.at
    for key in authkeys.keys:
        yield f"key {key.number}", without_tag(f"{key.method} {key.key or ''}").strip(), key.at


def _ha_cf(ha_cf: HaCf) -> Found:
    """Directives that are given several times are as many statements."""
    several = {
        "node",
        "ping",
        "ping_group",
        "respawn",
        "apiauth",
        "stonith_host",
        "mcast",
        "bcast",
        "ucast",
        "serial",
    }
    for directive in ha_cf.directives:
        words = without_tag(" ".join(directive.words))
        if directive.name == "node":
            for word, at in zip(directive.words, directive.word_ats, strict=False):
                yield f"node {word}", "listed", at
        elif directive.name in several:
            yield f"{directive.name} {words}", "listed", directive.at
        else:
            yield directive.name, words, directive.at


def _haresources(haresources: Haresources) -> Found:
    for number, group in enumerate(haresources.groups, 1):
        resources = " ".join("::".join((one.script, *one.args)) for one in group.resources)
        yield f"group {number}", f"{group.node.name} {resources}", group.at


def _ldirectord(cf: LdirectordCf) -> Found:
    for setting in cf.settings:
        if setting.section is None:
            yield setting.key, without_tag(setting.value), setting.at
    for virtual in cf.virtuals:
        for what, value, at in _virtual(virtual):
            yield f"{virtual.protocol} {virtual.name} {what}".rstrip(), without_tag(value), at


def _virtual(virtual: Virtual) -> Found:
    """With the values that count, whether written or not."""
    written = {setting.key: setting.at for setting in virtual.settings}
    yield "", "defined", virtual.at
    for key in _ATTRIBUTES:
        value = getattr(virtual, key)
        if value is not None:
            yield key, {True: "yes", False: "no"}.get(value, str(value)), written.get(key, virtual.at)
    if virtual.fallback is not None:
        fallback = virtual.fallback
        yield (
            "fallback",
            f"{joined(fallback.address, fallback.port)} {fallback.forwarding}",
            fallback.at,
        )
    for real in virtual.reals:
        words = [real.forwarding, f"weight {real.weight}"]
        words += [f"{name} {value}" for name in _OF_REALS if (value := getattr(real, name)) is not None]
        yield f"real {joined(real.address, real.port or virtual.port or 0)}", " ".join(words), real.at


_ATTRIBUTES = (
    *("scheduler", "persistent", "netmask", "quiescent", "service", "checktype", "request", "receive"),
    *("virtualhost", "checkport", "ops"),
)
_OF_REALS = ("request", "receive", "upper", "lower")


def _files(host: HostSnapshot) -> Found:
    """How files lie; their times are not looked at."""
    for artifact in host.artifacts.values():
        if artifact.kind == "file" and artifact.path and artifact.state != "absent" and artifact.mode:
            owner = f"{artifact.owner or '?'}:{artifact.group or '?'}"
            yield artifact.path, f"{artifact.mode} {owner}", At(host=host.name, source=artifact.path)
