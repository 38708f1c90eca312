"""What stands there before a migration, as statements: systems, addresses, pools, checks, and what they lean on."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

from auditor.derive.addresses import joined
from auditor.derive.evidence import Evidence, read_evidence, unknown
from auditor.derive.keepalived import forwarding_unknown, gap_of, services_of
from auditor.model.cluster import Cluster, Host, Member
from auditor.model.difference import Blank, Meaning, Statement
from auditor.model.facts import (
    HaCf,
    Haresources,
    Interface,
    KeepalivedVirtual,
    LdirectordCf,
    Package,
    RcLink,
    Virtual,
)
from auditor.model.place import At, Unknown
from auditor.model.snapshot import Snapshot, Ssh

T = TypeVar("T")

Found = Iterator[tuple[str, str, At | None]]

# What a migration replaces, or has to know the version of.
_PACKAGES = re.compile(
    r"heartbeat.*|ldirectord|resource-agents|cluster-glue.*|pacemaker.*|corosync.*|keepalived|ipvsadm|piranha"
    r"|kernel|kernel-smp|kernel-hugemem|openssh-server|iptables|arptables.*|iproute|initscripts|chkconfig|perl"
    r"|perl-(libwww-perl|MailTools|Net-.*|Mail-.*|LDAP|DBI|DBD-.*|IO-Socket-.*|Crypt-SSLeay|Authen-Radius)"
    r"|httpd|nginx|squid|haproxy"
)
# Services whose order of starting matters beside heartbeat's.
_SERVICES = re.compile(
    r"heartbeat|ldirectord|ipvsadm|keepalived|network|iptables|syslog|rsyslog|ntpd|sshd|httpd|nginx|local"
)


def derive_inventory(snapshot: Snapshot, clusters: Sequence[Cluster]) -> Meaning:
    """One statement for everything that is known; a blank, with the reason, for everything that is not.

    Clusters first, then hosts in the order of HOSTS.
    """
    found = _Finder()
    visited = {host.name: read_evidence(host) for host in snapshot.hosts}
    for cluster in clusters:
        _cluster(cluster, found)
    hosts = {host.name: host for cluster in clusters for host in cluster.hosts}
    for name, evidence in visited.items():
        found.say(name, "system", "address", evidence.snapshot.address)
        found.say(name, "system", "status", evidence.snapshot.status)
        if evidence.snapshot.status not in {"ok", "partial"}:
            why = unknown(
                At(host=name, source=""),
                f"{name} was not read: {evidence.snapshot.status}",
                f"未能读取 {name}: {evidence.snapshot.status}",
            )
            for area in ("system", "package", "address", "boot", "ssh"):
                found.blank(name, area, why)
            continue
        _host(hosts[name], evidence, found)
    return Meaning(statements=tuple(found.statements), blanks=tuple(dict.fromkeys(found.blanks)))


class _Finder:
    """Takes statements and blanks down, in order."""

    def __init__(self) -> None:
        self.statements: list[Statement] = []
        self.blanks: list[Blank] = []

    def say(self, subject: str, area: str, name: str, value: str, at: At | None = None) -> None:
        self.statements.append(Statement(subject=subject, area=area, name=name, value=value, at=at))

    def blank(self, subject: str, area: str, why: Unknown) -> None:
        self.blanks.append(Blank(subject=subject, area=area, why=why))

    def take(
        self, subject: str, area: str, fact: T | None | Unknown, read: Callable[[T], Found], absent: str = ""
    ) -> None:
        """``absent``: what to say where there is nothing of the kind, so that it is not taken for overlooked."""
        if isinstance(fact, Unknown):
            self.blank(subject, area, fact)
            return
        rows = [] if fact is None else list(read(fact))
        for name, value, at in rows:
            self.say(subject, area, name, value, at)
        if not rows and absent:
            self.say(subject, area, absent, "none")


# -- clusters ---------------------------------------------------------------


def _cluster(cluster: Cluster, found: _Finder) -> None:
    name = cluster.name
    found.take(name, "cluster", cluster.directors, lambda hosts: _names("directors", hosts))
    found.take(name, "cluster", cluster.reals, lambda hosts: _names("real servers", hosts))
    active = cluster.active
    found.take(
        name,
        "cluster",
        "none, or several" if active is None else active,
        lambda active: iter([("active director", active, None)]),
    )
    for vip in cluster.vips if not isinstance(cluster.vips, Unknown) else (cluster.vips,):
        if isinstance(vip, Unknown):
            found.blank(name, "vip", vip)
        elif isinstance(vip.owners, Unknown):
            found.blank(name, "vip", vip.owners)
        else:
            held = ", ".join(vip.owners) or "nobody"
            found.say(name, "vip", vip.address, f"held by {held}", next(iter(vip.ats), None))
    if isinstance(cluster.directors, Unknown):
        for area in ("pool", "check", "reference"):
            found.blank(name, area, cluster.directors)
    for director in _directors(cluster):
        if director.moved is True:
            continue  # its keepalived.conf says what it serves
        found.take(name, "pool", director.ldirectord, _pools, absent=f"services of {director.name}")
        found.take(name, "check", director.ldirectord, _checks)
        found.take(name, "reference", director.ldirectord, _references)
        found.take(name, "reference", director.ha_cf, _programs)
        found.take(name, "reference", director.haresources, _scripts)
        if not isinstance(director.ldirectord, Unknown):
            break  # the files of the others have to be the same, which is for the rules to say
    for host in cluster.hosts:
        if "director" in host.roles or not host.roles_known:
            _keepalived(host, found)
    _strangers(cluster, found)


def _directors(cluster: Cluster) -> list[Host]:
    """The active one first."""
    directors = () if isinstance(cluster.directors, Unknown) else cluster.directors
    return sorted(directors, key=lambda host: host.name != cluster.active)


def _names(name: str, hosts: Sequence[Host]) -> Found:
    yield name, ", ".join(host.name for host in hosts) or "none", None


def _pools(cf: LdirectordCf) -> Found:
    for virtual in cf.virtuals:
        words = [virtual.scheduler]
        words += [f"persistent {virtual.persistent} s"] if virtual.persistent else []
        words += [f"mask {virtual.netmask}"] if virtual.netmask else []
        words += [f"quiescent {'yes' if virtual.quiescent else 'no'}"]
        yield _called(virtual), ", ".join(words), virtual.at
        for real in virtual.reals:
            address = joined(real.address, real.port or virtual.port)
            yield f"{_called(virtual)} real {address}", f"{real.forwarding} weight {real.weight}", real.at
        if virtual.fallback is not None:
            fallback = virtual.fallback
            address = joined(fallback.address, fallback.port or virtual.port)
            yield f"{_called(virtual)} fallback", f"{address} {fallback.forwarding}", fallback.at


def _checks(cf: LdirectordCf) -> Found:
    for virtual in cf.virtuals:
        words = [virtual.checktype, virtual.service]
        for key in ("request", "receive", "virtualhost", "checkport"):
            value = getattr(virtual, key)
            words += [f"{key} {value}"] if value is not None else []
        yield _called(virtual), " ".join(words), virtual.at


def _keepalived(host: Host, found: _Finder) -> None:
    """Of each director on its own, since files that differ are no fault here."""
    name, file = host.name, host.keepalived
    gap = gap_of(file)
    if gap is not None:
        for area in ("pool", "check", "vip"):
            found.blank(name, area, gap)
    if file is None or isinstance(file, Unknown):
        return
    members: dict[At, list[str]] = {}
    for service in services_of(file):
        if not isinstance(service, Unknown):
            member = (
                f"mark {service.mark}" if service.address is None else joined(service.address, service.port)
            )
            members.setdefault(service.virtual.at, []).append(member)
    for virtual in file.virtuals:
        _keepalived_pool(name, virtual, members.get(virtual.at, []), found)
    for instance in file.instances:
        values = {
            "state": instance.state,
            "interface": instance.interface,
            "router id": instance.router_id,
            "priority": instance.priority,
            "sync daemon on": instance.sync_interface,
        }
        words = [f"{key} {value}" for key, value in values.items() if value is not None]
        words += [] if instance.preempt else ["no preemption"]
        found.say(name, "vip", f"VRRP {instance.name}", ", ".join(words), instance.at)
        for address in instance.addresses:
            words = [f"{address.address}/{address.prefix}"]
            words += [f"dev {address.interface}"] if address.interface is not None else []
            words += [f"label {address.label}"] if address.label is not None else []
            found.say(name, "vip", f"VRRP {instance.name} address", " ".join(words), address.at)
    blocks = [*(virtual.settings for virtual in file.virtuals), *(one.settings for one in file.instances)]
    for setting in (setting for settings in blocks for setting in settings):
        if setting.key == "misc_path" or setting.key.startswith("notify_"):
            # What stands behind the program may be a password.
            found.say(name, "reference", setting.key, " ".join(setting.value.split()[:1]), setting.at)


def _keepalived_pool(name: str, virtual: KeepalivedVirtual, members: Sequence[str], found: _Finder) -> None:
    called = f"{virtual.protocol} {'group ' if virtual.group is not None else ''}{virtual.name}"
    words = [virtual.scheduler or "scheduler not given"]
    words += [f"persistent {virtual.persistent} s"] if virtual.persistent else []
    words += [f"mask {virtual.netmask}"] if virtual.netmask else []
    words += ["one packet"] if virtual.ops else []
    found.say(name, "pool", called, ", ".join(words), virtual.at)
    for member in members if virtual.group is not None else ():
        found.say(name, "pool", f"{called} member", member, virtual.at)
    for real in virtual.reals:
        address = joined(real.address, real.port or virtual.port)
        if real.forwarding is None:
            found.blank(name, "pool", forwarding_unknown(virtual.name, real))
        words = [*([real.forwarding] if real.forwarding is not None else []), f"weight {real.weight}"]
        found.say(name, "pool", f"{called} real {address}", " ".join(words), real.at)
        for check in real.checks:
            words = [f"{one.key} {one.value}" for one in check.settings if one.key in _CHECKED]
            found.say(name, "check", f"{called} real {address}", " ".join([check.kind, *words]), check.at)
    if virtual.fallback is not None:
        fallback = virtual.fallback
        address = joined(fallback.address, fallback.port or virtual.port)
        value = " ".join([address, *([fallback.forwarding] if fallback.forwarding is not None else [])])
        found.say(name, "pool", f"{called} fallback", value, fallback.at)


_CHECKED = ("connect_ip", "connect_port", "path", "status_code", "digest", "virtualhost")

_CHECKED_FILES = (
    "checkcommand",
    "fallbackcommand",
    "callback",
    "monitorfile",
    "maintenancedir",
    "execute",
    "logfile",
)
_CERTIFICATE = re.compile(r"/\S+\.(pem|crt|cer|key|p12|jks)\b", re.IGNORECASE)


def _references(cf: LdirectordCf) -> Found:
    """Files and programs that have to be there for the configuration to work; checks over TLS need trust."""
    for setting in (*cf.settings, *(one for virtual in cf.virtuals for one in virtual.settings)):
        value = setting.value.strip("\"'")
        if setting.key in _CHECKED_FILES:
            yield setting.key, value, setting.at
        for match in _CERTIFICATE.finditer(value):
            yield "certificate", match[0], setting.at
    for virtual in cf.virtuals:
        if virtual.service in {"https", "imaps", "pops", "ldaps"} and virtual.checktype == "negotiate":
            yield f"TLS of {_called(virtual)}", f"checked by {virtual.service}", virtual.at
        if virtual.service in {"http", "https"} and virtual.request:
            yield f"page of {_called(virtual)}", virtual.request, virtual.at


def _programs(ha_cf: HaCf) -> Found:
    for respawn in ha_cf.respawns:
        yield "respawn", f"{respawn.path} as {respawn.user}", respawn.at
    for directive in ha_cf.stonith:
        # What stands behind the type of device may be a password.
        yield directive.name, " ".join(directive.words[:2]), directive.at


def _scripts(haresources: Haresources) -> Found:
    scripts: dict[str, At] = {}
    for group in haresources.groups:
        for resource in group.resources:
            scripts.setdefault(resource.script, resource.at)
    for script, at in scripts.items():
        yield "resource script", script, at


def _strangers(cluster: Cluster, found: _Finder) -> None:
    """Real servers and nodes that the files name and HOSTS does not."""
    members = (cluster.members,) if isinstance(cluster.members, Unknown) else cluster.members
    strangers = 0
    for member in members:
        if isinstance(member, Unknown):
            found.blank(cluster.name, "stranger", member)
        elif isinstance(member.host, Unknown):
            found.blank(cluster.name, "stranger", member.host)
        elif member.host is None:
            strangers += 1
            found.say(cluster.name, "stranger", _kind(member), member.name, member.at)
    if not strangers and not any(blank.area == "stranger" for blank in found.blanks):
        found.say(cluster.name, "stranger", "real servers and nodes that HOSTS does not have", "none")


def _kind(member: Member) -> str:
    return "real server" if member.kind == "real" else "node"


# -- hosts ------------------------------------------------------------------


def _host(host: Host, evidence: Evidence, found: _Finder) -> None:
    name = host.name
    found.say(name, "system", "roles", ", ".join(sorted(host.roles)) or "none found")
    found.take(
        name, "system", host.release, lambda one: iter([("system", one.text, one.at)]), absent="system"
    )
    found.take(
        name,
        "system",
        host.support,
        lambda one: iter([("maintained until", f"{one.ends}, over" if one.over else one.ends, one.at)]),
    )
    found.take(
        name, "system", host.uname, lambda one: iter([("kernel", f"{one.release} {one.machine}", one.at)])
    )
    found.take(name, "package", evidence.packages, _packages, absent="packages that matter")
    found.take(name, "address", host.interfaces, _addresses, absent="addresses")
    found.take(
        name,
        "address",
        host.default_route,
        lambda route: iter([("default route", f"{route.gateway} dev {route.interface}", route.at)]),
        absent="default route",
    )
    found.take(
        name, "boot", evidence.links, lambda links: _boot(links, _runlevel(links)), absent="SysV links"
    )
    found.take(name, "ssh", evidence.snapshot.ssh, _ssh)


def _packages(packages: Sequence[Package]) -> Found:
    for package in sorted(packages, key=lambda one: (one.name, one.version)):
        if _PACKAGES.fullmatch(package.name):
            yield package.name, f"{package.version}-{package.release}", package.at


def _addresses(interfaces: Sequence[Interface]) -> Found:
    for interface in interfaces:
        for address in interface.addresses:
            if address.scope != "link" and not (
                interface.name == "lo" and address.address.startswith("127.")
            ):
                words = [f"{address.address}/{address.prefix}"]
                words += [f"label {address.label}"] if address.label not in {None, interface.name} else []
                words += [f"scope {address.scope}"] if address.scope != "global" else []
                yield interface.name, " ".join(words), address.at


def _runlevel(links: Sequence[RcLink]) -> str:
    """3, which servers boot into, where it has links at all."""
    return "3" if any(link.runlevel == "3" for link in links) else "5"


def _boot(links: Sequence[RcLink], runlevel: str) -> Found:
    """The order in which what matters starts, as the links say."""
    order = sorted(
        (link for link in links if link.runlevel == runlevel and link.kind == "S"), key=lambda link: link.name
    )
    started = [link for link in order if _SERVICES.fullmatch(link.service)]
    if started:
        yield f"start in runlevel {runlevel}", " ".join(link.name for link in started), started[0].at


def _ssh(ssh: Ssh) -> Found:
    yield "server", ssh.server, None
    yield "key exchange", ssh.kex, None
    yield "host key", ssh.host_key, None
    yield "cipher and MAC", f"{ssh.cipher} {ssh.mac}", None
    yield "obsolete", ", ".join(ssh.legacy) or "none", None


def _called(virtual: Virtual) -> str:
    return f"{virtual.protocol} {virtual.name}"
