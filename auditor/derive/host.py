"""One host: its own facts, and those that get their meaning from its cluster's VIPs and nodes."""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TypeVar

from auditor.derive.addresses import is_loopback, to_ip, to_network
from auditor.derive.aliases import derive_alias_problems, derive_arrivals, derive_vip_boots
from auditor.derive.arp import (
    derive_false_guards,
    derive_nics,
    derive_placements,
    derive_stances,
    is_hidden,
)
from auditor.derive.boot import derive_enablement, derive_forecasts, derive_order, derive_rivals
from auditor.derive.checks import derive_check_needs, derive_pools, derive_port_problems, derive_spares
from auditor.derive.drift import derive_ipvs_problems, derive_other_services
from auditor.derive.evidence import HA_D, Evidence, program_of, understood, unknown
from auditor.derive.heartbeat import derive_watchdog
from auditor.derive.keepalived import gap_of, vrrp_of
from auditor.derive.kernel import (
    derive_conntrack,
    derive_conntrack_problems,
    derive_ipvs_boot,
    derive_parameters,
)
from auditor.derive.routes import derive_default_routes, derive_gateways, derive_reverse_paths
from auditor.derive.support import derive_support
from auditor.derive.topology import Role, own_addresses
from auditor.model.cluster import DaemonFile, Flow, Forecast, Host, Lookup, Packages, Problem, SshFact
from auditor.model.facts import (
    Address,
    File,
    HaCf,
    HostsEntry,
    Interface,
    IpvsTable,
    Keepalived,
    LdirectordCf,
    Package,
    Process,
    RcLink,
    Reading,
    ResourceAddress,
    Route,
    Setting,
    Socket,
    Sysctl,
)
from auditor.model.place import At, Diagnostic, Prose, Unknown
from auditor.parse.ipvsadm import name_endpoint

T = TypeVar("T")

_LDIRECTORD_PACKAGES = ("ldirectord", "heartbeat-ldirectord")


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What a host's cluster tells it.

    ``vips``: all virtual addresses. ``segment``: what the directors have on the interface they serve them from.
    ``nodes``: lower-cased node name to the addresses that reach it; no key where nobody knows.
    ``reals``: address of a real server to the ways in which pools forward to it, None where nobody knows.
    ``listening``: address of a host to what listens there. ``day``: of the visit, RFC 3339.
    """

    vips: frozenset[str]
    segment: frozenset[str]
    nodes: Mapping[str, frozenset[str]]
    reals: Mapping[str, frozenset[str | None]]
    listening: Mapping[str, tuple[Socket, ...] | Unknown]
    day: str


def derive_host(evidence: Evidence, role: Role, around: Surroundings) -> Host:
    """Put one host together; what depends on evidence that is missing becomes Unknown."""
    snapshot = evidence.snapshot
    director = "director" in role.names
    nics = derive_nics(evidence)
    owned = vips_on(evidence, around.vips, hidden=False)
    hidden = vips_on(evidence, around.vips, hidden=True)
    links = evidence.links
    packages = _packages(evidence.packages, snapshot.name)
    ha_cf, cf = _fact(evidence.ha_cf), _fact(evidence.ldirectord)
    authkeys, haresources = _fact(evidence.authkeys), _fact(evidence.haresources)
    keepalived = evidence.keepalived
    refusals = _haresources_refusals(evidence, ha_cf)
    # A director that has a VIP on a real interface owns it; a real server that does steals it.
    carried = (
        hidden if director or isinstance(hidden, Unknown) or isinstance(owned, Unknown) else hidden | owned
    )
    return Host(
        name=snapshot.name,
        address=snapshot.address,
        at=At(host=snapshot.name, source=""),
        status=snapshot.status,
        read=snapshot.status in {"ok", "partial"},
        roles=role.names,
        roles_known=role.known,
        role_reasons=role.reasons,
        moved=role.moved,
        ssh=_ssh(evidence),
        uname=evidence.uname,
        release=evidence.release,
        support=derive_support(evidence.release, around.day),
        packages=packages,
        authkeys=authkeys,
        authkeys_file=evidence.authkeys_file,
        authkeys_refusals=_refusals(evidence.authkeys, f"{HA_D}/authkeys", snapshot.name),
        ha_cf=ha_cf,
        ha_cf_refusals=_refusals(evidence.ha_cf, f"{HA_D}/ha.cf", snapshot.name),
        ha_cf_warnings=_misreadings(evidence.ha_cf, "heartbeat"),
        heartbeat=_process(evidence, "heartbeat"),
        logd=_process(evidence, "ha_logd", "logd"),
        watchdog=derive_watchdog(evidence),
        haresources=haresources,
        haresources_refusals=refusals,
        resource_problems=_resource_problems(evidence, refusals),
        ldirectord=cf,
        ldirectord_file=evidence.ldirectord_file,
        ldirectord_refusals=_refusals(evidence.ldirectord, f"{HA_D}/ldirectord.cf", snapshot.name),
        ldirectord_warnings=_misreadings(evidence.ldirectord, "ldirectord"),
        keepalived=keepalived,
        keepalived_whole=gap_of(keepalived) or True,
        vrrp_vips=frozenset(vrrp_of(keepalived)),
        keepalived_daemon=_process(evidence, "keepalived"),
        pools=_of_file(cf, derive_pools),
        check_needs=_of_file(cf, lambda file: derive_check_needs(file, packages)),
        spares=_of_file(
            cf,
            lambda file: derive_spares(file, snapshot.name, own_addresses(evidence), around.listening),
        ),
        port_problems=_of_file(cf, derive_port_problems),
        daemon_files=_daemon_files(evidence),
        interfaces=evidence.interfaces,
        addresses=_all_addresses(evidence.interfaces),
        default_route=_default_route(evidence),
        default_routes=derive_default_routes(evidence),
        gateways=derive_gateways(evidence),
        hosts=evidence.hosts,
        configured_hostname=_configured_hostname(evidence),
        lookups=_lookups(evidence.hosts, ha_cf, around, snapshot.name),
        ipvs=evidence.ipvs,
        other_services=derive_other_services(evidence.ipvs, keepalived),
        ipvs_timeouts=evidence.ipvs_timeouts,
        ipvs_boot=derive_ipvs_boot(evidence),
        sync_daemons=evidence.sync_daemons,
        ipvs_problems=_ipvs_problems(cf, evidence.ipvs, keepalived, snapshot.name),
        flows=_flows(evidence),
        backup_only=_running(evidence, "net.ipv4.vs.backup_only"),
        active=owned if isinstance(owned, Unknown) else director and bool(owned),
        carries_vip=carried if isinstance(carried, Unknown) else bool(carried),
        nics=nics,
        stances=carried
        if isinstance(carried, Unknown)
        else derive_stances(evidence, nics, carried, around.segment),
        parameters=derive_parameters(evidence, nics, carried, _arrivals(evidence, around.vips)),
        placements=derive_placements(evidence, around.vips),
        vip_boots=tuple(derive_vip_boots(evidence, around.vips)),
        alias_problems=evidence.ifcfgs
        if isinstance(evidence.ifcfgs, Unknown)
        else derive_alias_problems(evidence.ifcfgs or ()),
        false_guards=tuple(derive_false_guards(evidence)),
        reverse_paths=tuple(derive_reverse_paths(evidence, around.reals)),
        sysv=links if isinstance(links, Unknown) else links is not None,
        heartbeat_links=links if isinstance(links, Unknown) else _of_heartbeat(links),
        enablement_problems=links
        if isinstance(links, Unknown)
        else derive_enablement(links or (), snapshot.name),
        order_problems=links if isinstance(links, Unknown) else derive_order(links or (), snapshot.name),
        forecasts=_forecasts(evidence),
        rival_links=links if isinstance(links, Unknown) else derive_rivals(links or ()),
        expire_template=_running(evidence, "net.ipv4.vs.expire_quiescent_template"),
        conntrack=derive_conntrack(evidence),
        conntrack_problems=tuple(derive_conntrack_problems(evidence)),
    )


def vips_on(evidence: Evidence, vips: frozenset[str], *, hidden: bool) -> frozenset[str] | Unknown:
    """The VIPs on lo, dummies and tunnels, or those on interfaces where ARP comes in."""
    if isinstance(evidence.interfaces, Unknown):
        return evidence.interfaces
    return frozenset(
        str(to_ip(address.address))
        for interface in evidence.interfaces
        if is_hidden(interface.name) == hidden
        for address in interface.addresses
        if str(to_ip(address.address)) in vips
    )


def _arrivals(evidence: Evidence, vips: frozenset[str]) -> Mapping[str, At] | Unknown:
    """VIP to the place that brings it up at boot, hidden from ARP."""
    found = derive_arrivals(evidence)
    return found if isinstance(found, Unknown) else {vip: at for vip, at in found.items() if vip in vips}


def _fact(reading: Reading[T] | None | Unknown) -> T | None | Unknown:
    if reading is None or isinstance(reading, Unknown):
        return reading
    whole = understood(reading)
    return whole if isinstance(whole, Unknown) else whole.value


def _ssh(evidence: Evidence) -> SshFact | Unknown:
    ssh, at = evidence.snapshot.ssh, At(host=evidence.snapshot.name, source="ssh")
    if ssh is None:
        return unknown(at, "no connection came about", "未能建立连接")
    return SshFact(legacy=ssh.legacy, server=ssh.server, at=at)


def _packages(packages: tuple[Package, ...] | Unknown, host: str) -> Packages | Unknown:
    if isinstance(packages, Unknown):
        return packages
    by_name = {package.name: package for package in packages}
    at = At(host=host, source="packages")
    return Packages(
        heartbeat=by_name.get("heartbeat"),
        ldirectord=next((by_name[name] for name in _LDIRECTORD_PACKAGES if name in by_name), None),
        ipvsadm=by_name.get("ipvsadm"),
        names=frozenset(by_name),
        at=packages[0].at if packages else at,
    )


def _refusals(reading: Reading[T] | None | Unknown, path: str, host: str) -> tuple[Diagnostic, ...] | Unknown:
    """Why the daemon would not start with the file."""
    if isinstance(reading, Unknown):
        return reading
    if reading is None:
        return (
            Diagnostic(
                severity="error",
                code="absent",
                message=Prose(en=f"{path} is not there", zh=f"{path} 不存在"),
                at=At(host=host, source=path),
            ),
        )
    return tuple(diagnostic for diagnostic in reading.diagnostics if diagnostic.severity == "error")


def _warnings(reading: Reading[T] | None | Unknown) -> tuple[Diagnostic, ...] | Unknown:
    """What the daemon reads as something else than stands there."""
    if reading is None or isinstance(reading, Unknown):
        return reading or ()
    return tuple(diagnostic for diagnostic in reading.diagnostics if diagnostic.severity == "warning")


def _misreadings(
    reading: Reading[T] | None | Unknown, daemon: str
) -> tuple[Diagnostic | Unknown, ...] | Unknown:
    """The same; in a file that is refused there may be more of them than can be told."""
    warnings = _warnings(reading)
    if reading is None or isinstance(reading, Unknown) or isinstance(warnings, Unknown):
        return warnings
    refusal = next((note for note in reading.diagnostics if note.severity == "error"), None)
    if refusal is None:
        return warnings
    return (
        *warnings,
        unknown(
            refusal.at,
            f"{daemon} refuses {refusal.at.source}, so how it would read the rest cannot be told",
            f"{daemon} 会拒绝 {refusal.at.source}, 无法得知它会如何解读其余内容",
        ),
    )


def _of_file(
    cf: LdirectordCf | None | Unknown, derive: Callable[[LdirectordCf], tuple[T, ...]]
) -> tuple[T, ...] | Unknown:
    if cf is None or isinstance(cf, Unknown):
        return cf or ()
    return derive(cf)


def _haresources_refusals(
    evidence: Evidence, ha_cf: HaCf | None | Unknown
) -> tuple[Diagnostic, ...] | Unknown:
    """What is refused or read as something else, and groups whose node ha.cf does not declare."""
    reading = evidence.haresources
    refusals = _refusals(reading, f"{HA_D}/haresources", evidence.snapshot.name)
    misread = _warnings(reading)
    if not isinstance(refusals, Unknown) and not isinstance(misread, Unknown):
        refusals = (*refusals, *misread)
    if isinstance(refusals, Unknown) or reading is None or isinstance(reading, Unknown) or ha_cf is None:
        return refusals
    if isinstance(ha_cf, Unknown):
        return refusals or ha_cf
    strangers = (group.node for group in reading.value.groups if group.node.name not in ha_cf.node_names)
    return (
        *refusals,
        *(
            Diagnostic(
                severity="error",
                code="stranger",
                message=Prose(
                    en=f"{node.written} is no node of ha.cf: heartbeat says Bad nodename and does not start",
                    zh=f"ha.cf 中没有节点 {node.written}: heartbeat 会报 Bad nodename 而拒绝启动",
                ),
                at=node.at,
            )
            for node in strangers
        ),
    )


def _resource_problems(
    evidence: Evidence, refusals: tuple[Diagnostic, ...] | Unknown
) -> tuple[Problem, ...] | Unknown:
    """Mask, interface and broadcast of each address resource, against each other and the live interfaces.

    What heartbeat refuses has no meaning, and without ha.cf nobody can tell that it does not.
    """
    haresources = _fact(evidence.haresources)
    if isinstance(haresources, Unknown):
        return haresources
    if haresources is None:
        return ()
    ha_cf = _fact(evidence.ha_cf)
    if isinstance(ha_cf, Unknown):
        return ha_cf
    if isinstance(refusals, Unknown):
        return refusals
    if ha_cf is None or any(refusal.severity == "error" for refusal in refusals):
        return unknown(
            haresources.at,
            "heartbeat does not start with these files, so what its addresses are cannot be told",
            "heartbeat 无法以这些文件启动, 因此无法得知其中的地址",
        )
    if isinstance(evidence.interfaces, Unknown):
        return evidence.interfaces
    return tuple(
        problem
        for address in haresources.addresses
        for problem in _address_problems(address, evidence.interfaces)
    )


def _address_problems(address: ResourceAddress, interfaces: tuple[Interface, ...]) -> Iterator[Problem]:
    def problem(code: str, en: str, zh: str, expected: str | None, found: str | None, *more: At) -> Problem:
        return Problem(
            code=code,
            subject=f"{address.address} {code}",
            message=Prose(en=f"{address.address}: {en}", zh=f"{address.address}: {zh}"),
            ats=(address.at, *more),
            expected=expected,
            found=found,
        )

    network = to_network(address.address, 32 if address.prefix is None else address.prefix)
    if network is None:
        yield problem("address", "is no address with a prefix length", "不是带前缀长度的地址", None, None)
        return
    if address.broadcast is not None and address.prefix is not None and network.version == 4:
        broadcast = str(network.broadcast_address)
        if address.broadcast != broadcast:
            yield problem(
                "broadcast",
                f"broadcast {address.broadcast} does not fit /{address.prefix}: it is {broadcast}",
                f"广播地址 {address.broadcast} 与 /{address.prefix} 不符, 应为 {broadcast}",
                broadcast,
                address.broadcast,
            )
    if address.interface is None:
        return
    interface = next((one for one in interfaces if one.name == address.interface), None)
    if interface is None:
        yield problem(
            "interface",
            f"interface {address.interface} does not exist",
            f"接口 {address.interface} 不存在",
            None,
            address.interface,
        )
        return
    own = to_ip(address.address)
    for live in interface.addresses:
        around = to_network(live.address, live.prefix)
        if own is None or around is None or own.version != around.version or own not in around:
            continue
        if (
            address.prefix is not None
            and live.prefix != address.prefix
            and live.prefix < around.max_prefixlen
        ):
            yield problem(
                "prefix",
                f"/{address.prefix} is written, but {live.interface} has {live.address}/{live.prefix}",
                f"写的是 /{address.prefix}, 而 {live.interface} 上是 {live.address}/{live.prefix}",
                f"/{live.prefix}",
                f"/{address.prefix}",
                live.at,
            )
        return
    yield problem(
        "network",
        f"no address of {interface.name} is in its network, so nothing there can reach it",
        f"{interface.name} 上没有同网段的地址, 无法到达",
        None,
        None,
        interface.at,
    )


def _daemon_files(evidence: Evidence) -> tuple[DaemonFile | Unknown, ...] | Unknown:
    """What heartbeat and ldirectord read when they were started; authkeys heartbeat reads anew whenever it changes."""
    if isinstance(evidence.processes, Unknown):
        return evidence.processes
    heartbeat, ldirectord = _process(evidence, "heartbeat"), _ldirectord_daemon(evidence.processes)
    cf = _fact(evidence.ldirectord)
    again: bool | Unknown = False
    if isinstance(cf, Unknown):
        again = cf
    elif cf is not None and cf.autoreload is not None:
        again = cf.autoreload.value == "yes"
    found: list[DaemonFile | Unknown] = []
    for daemon, process, file, reloads in (
        ("heartbeat", heartbeat, evidence.ha_cf_file, False),
        ("heartbeat", heartbeat, evidence.haresources_file, False),
        ("ldirectord", ldirectord, evidence.ldirectord_file, again),
    ):
        if process is None or isinstance(process, Unknown) or file is None:
            continue
        found.append(file if isinstance(file, Unknown) else _daemon_file(daemon, process, file, reloads))
    return tuple(found)


def _daemon_file(daemon: str, process: Process, file: File, reloads: bool | Unknown) -> DaemonFile:
    current: bool | Unknown
    if process.started is None:
        current = unknown(
            process.at, f"when {daemon} was started is not known", f"不知道 {daemon} 的启动时间"
        )
    else:
        current = process.started >= file.mtime
    return DaemonFile(
        daemon=daemon,
        path=file.path,
        started=process.started,
        changed=file.mtime,
        current=reloads
        if reloads is True or (current is False and isinstance(reloads, Unknown))
        else current,
        ats=(process.at, file.at),
    )


def _ldirectord_daemon(processes: tuple[Process, ...]) -> Process | None:
    """The running daemon: a perl whose program is ldirectord, or the name it gives itself."""
    for process in processes:
        words = process.command.split()
        program = [posixpath.basename(word) for word in words if not word.startswith("-")][:2]
        if program[:1] == ["ldirectord"] or (
            program and program[0].startswith("perl") and program[1:] == ["ldirectord"]
        ):
            return process
    return None


def _process(evidence: Evidence, *programs: str) -> Process | None | Unknown:
    """The first process of a program that has one of the names."""
    if isinstance(evidence.processes, Unknown):
        return evidence.processes
    return next((process for process in evidence.processes if program_of(process) in programs), None)


def _running(evidence: Evidence, key: str) -> Sysctl | None | Unknown:
    """A value of the running kernel; None: this kernel, as it is loaded, has no such key."""
    return evidence.sysctls if isinstance(evidence.sysctls, Unknown) else evidence.sysctls.get(key)


def _all_addresses(interfaces: tuple[Interface, ...] | Unknown) -> tuple[Address, ...] | Unknown:
    if isinstance(interfaces, Unknown):
        return interfaces
    return tuple(address for interface in interfaces for address in interface.addresses)


def _default_route(evidence: Evidence) -> Route | None | Unknown:
    if isinstance(evidence.routes, Unknown):
        return evidence.routes
    return next(
        (route for route in evidence.routes if route.destination == "default" and route.gateway), None
    )


def _configured_hostname(evidence: Evidence) -> Setting | None | Unknown:
    """HOSTNAME of /etc/sysconfig/network; /etc/hostname where the distribution has moved it there."""
    if isinstance(evidence.network, Unknown):
        return evidence.network
    if evidence.network is not None and evidence.network.hostname is not None:
        return evidence.network.hostname
    document = evidence.hostname
    if document is None or isinstance(document, Unknown):
        return document
    for number, line in enumerate(document.text.splitlines(), 1):
        if line.strip() and not line.startswith("#"):
            at = At(
                host=document.at.host,
                source=document.at.source,
                line=number,
                column=1,
                end_column=len(line) + 1,
            )
            return Setting(key="hostname", value=line.strip(), at=at)
    return None


def _lookups(
    entries: tuple[HostsEntry, ...] | None | Unknown,
    ha_cf: HaCf | None | Unknown,
    around: Surroundings,
    host: str,
) -> tuple[Lookup, ...] | Unknown:
    """What /etc/hosts makes of each node name; the first line that has the name wins, as the resolver does it."""
    if isinstance(ha_cf, Unknown):
        return ha_cf
    if isinstance(entries, Unknown):
        return entries
    if ha_cf is not None and not ha_cf.nodes:
        return unknown(ha_cf.at, "ha.cf names no node", "ha.cf 中没有节点")
    lookups = []
    for node in ha_cf.nodes if ha_cf is not None else ():
        names = ((entry, [name.lower() for name in entry.names]) for entry in entries or ())
        entry = next((entry for entry, written in names if node.name in written), None)
        address = entry.address if entry is not None else None
        right: bool | Unknown
        if address is None or is_loopback(address):
            right = False
        elif node.name not in around.nodes:
            right = unknown(
                node.at, f"the addresses of {node.name} were not read", f"未读取 {node.name} 的地址"
            )
        else:
            right = str(to_ip(address)) in around.nodes[node.name]
        lookups.append(
            Lookup(
                name=node.written,
                address=address,
                loopback=address is not None and is_loopback(address),
                right=right,
                ats=(entry.at if entry is not None else At(host=host, source="/etc/hosts"), node.at),
            )
        )
    return tuple(lookups)


def _ipvs_problems(
    cf: LdirectordCf | None | Unknown,
    table: IpvsTable | None | Unknown,
    keepalived: Keepalived | None | Unknown,
    host: str,
) -> tuple[Problem | Unknown, ...] | Unknown:
    if isinstance(cf, Unknown):
        return cf
    if isinstance(table, Unknown):
        return table
    if cf is None:
        return ()
    if not cf.accepted:
        return unknown(
            cf.at,
            "ldirectord refuses the file, so what it would put into the table cannot be told",
            "ldirectord 会拒绝该文件, 无法得知应有的运行表",
        )
    empty = IpvsTable(version=None, size=None, services=(), at=At(host=host, source="/proc/net/ip_vs"))
    return derive_ipvs_problems(cf, empty if table is None else table, keepalived)


def _flows(evidence: Evidence) -> tuple[Flow, ...] | Unknown:
    """The real servers of every service that was asked often enough for each to have had its turn."""
    table, counters = evidence.ipvs, evidence.counters
    for fact in (table, counters):
        if isinstance(fact, Unknown):
            return fact
    if table is None or isinstance(table, Unknown) or counters is None or isinstance(counters, Unknown):
        return ()
    rows = {(row.name, row.real): row for row in counters}
    flows: list[Flow] = []
    for service in table.services:
        own = [
            Flow(
                service=service.name,
                real=real.address,
                weight=real.weight,
                connections=row.connections,
                ats=(row.at, real.at),
            )
            for real in service.reals
            if (row := rows.get((service.name, name_endpoint(real.address, real.port or 0)))) is not None
        ]
        # The service's own count also has what it gave to those that are gone.
        if sum(flow.connections for flow in own) >= sum(flow.weight for flow in own):
            flows += own
    return tuple(flows)


def _forecasts(evidence: Evidence) -> tuple[Forecast, ...] | Unknown:
    links, headers = evidence.links, evidence.init_headers
    if isinstance(links, Unknown):
        return links
    if isinstance(headers, Unknown):
        return headers
    return derive_forecasts(links or (), headers or ())


def _of_heartbeat(links: tuple[RcLink, ...] | None) -> tuple[RcLink, ...]:
    return tuple(link for link in links or () if link.service == "heartbeat")
