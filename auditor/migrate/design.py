"""What the new cluster shall be: one record of decisions, made of facts alone, that all files are written from.

Only values that were understood as addresses, names and numbers come in here, so that nothing a host said can
add a line to a file of the new cluster.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from auditor.derive.addresses import bits, is_loopback, to_ip, to_network
from auditor.derive.arp import derive_placements
from auditor.derive.evidence import Evidence, known, read_evidence
from auditor.derive.topology import node_name
from auditor.migrate.ldirectord import NewCf, translate
from auditor.model.cluster import Cluster, Host
from auditor.model.facts import HaCf, Ifcfg, Resource, ResourceAddress, ScriptCommand
from auditor.model.place import Unknown
from auditor.model.snapshot import HostSnapshot, Snapshot

_NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]{0,62})")
_INTERFACE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,14}")
_LABEL = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,9}:[A-Za-z0-9._-]{1,5}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """A path of the cluster's own traffic; ``interface`` None: the one that the address of HOSTS is on."""

    number: int
    interface: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """A director. ``host``: its name in HOSTS, None for a node that HOSTS does not list.

    ``rings``: its address on each link, its name where no address is known.
    """

    node: str
    number: int
    host: str | None
    rings: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One resource of the group, in its order. ``kind``: vip, sync, balancer, or open: not understood."""

    kind: str
    id: str
    resource: Resource | None = None
    address: str = ""
    prefix: int = 0
    interface: str | None = None

    @property
    def is_six(self) -> bool:
        return ":" in self.address


@dataclass(frozen=True, slots=True, kw_only=True)
class Sync:
    """The connection synchronisation. ``both``: each director ran master and backup at the same time."""

    interface: str | None
    syncid: int
    both: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class NicAddress:
    """``label``: as ``eth0:0`` where the address had one."""

    address: str
    prefix: int
    label: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class NewNic:
    """An interface with its fixed addresses. ``found``: from what runs, since no file describes it."""

    name: str
    addresses: tuple[NicAddress, ...]
    dhcp: bool
    gateways: tuple[str, ...]
    mtu: int | None
    onboot: bool
    found: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class NewHost:
    """One host that was read. ``lo_vips``: addresses it carries on lo or on the tunnel, interface by address."""

    name: str
    node: str
    director: bool
    real: bool
    evidence: Evidence
    nics: tuple[NewNic, ...]
    lo_vips: Mapping[str, str]
    tunnel: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Design:
    """``leader``: the director whose files are followed where the directors' files differ.

    ``deadtime``, ``warntime``: milliseconds. ``preferred``: the node that haresources names first.
    ``timeouts``: seconds of tcp, tcpfin and udp where they were set by somebody.
    """

    cluster: str
    target: str
    ha: str
    leader: NewHost | None
    hosts: tuple[NewHost, ...]
    members: tuple[Member, ...]
    links: tuple[Link, ...]
    deadtime: int
    warntime: int
    failback: bool
    preferred: str | None
    parts: tuple[Part, ...]
    pings: tuple[str, ...]
    ping_acts: bool
    dampen: int
    watchdog: bool
    facility: str
    logfile: str | None
    sync: Sync | None
    timeouts: tuple[int, int, int] | None
    cf: NewCf | None
    vips: frozenset[str]

    @property
    def debian(self) -> bool:
        return self.target == "debian-12"

    @property
    def pacemaker(self) -> bool:
        return self.ha == "pacemaker"

    @property
    def token(self) -> int:
        """Milliseconds. A node is dead once the token was lost and the others agreed: 1.2 times as long again."""
        return self.deadtime * 5 // 11

    @property
    def consensus(self) -> int:
        return self.deadtime - self.token

    @property
    def warning(self) -> int:
        """Per cent of the token."""
        return max(1, min(99, 100 * self.warntime // max(1, self.token)))

    @property
    def sync_unit(self) -> str:
        """The unit that starts the master: alone, or together with the backup where no role is ever swapped."""
        swapped = self.pacemaker and self.sync is not None and not self.sync.both
        return "lvs-sync-master" if swapped else "lvs-sync"

    def serves(self, host: NewHost) -> bool:
        """Whether this host runs the VIPs: every director under pacemaker, else the leader alone."""
        return host.director and (self.pacemaker or host == self.leader)


def design_cluster(snapshot: Snapshot, cluster: Cluster, target: str, ha: str) -> Design:
    """Every decision about one cluster."""
    snapshots = {host.name: host for host in snapshot.hosts}
    evidence = {
        host.name: read_evidence(snapshots[host.name])
        for host in cluster.hosts
        if snapshots[host.name].status in {"ok", "partial"}
    }
    vips = _vips(cluster)
    hosts = tuple(_host(host, evidence[host.name], vips) for host in cluster.hosts if host.name in evidence)
    leader = _leader(cluster, hosts)
    if ha == "none" and leader is not None:
        # It owns them all the time: on lo as well they would only be in the way.
        owner = replace(leader, lo_vips={a: i for a, i in leader.lo_vips.items() if a not in vips})
        hosts = tuple(owner if host == leader else host for host in hosts)
        leader = owner
    ha_cf = known(leader.evidence.ha_cf) if leader else None
    value: HaCf | None = ha_cf.value if ha_cf is not None else None
    links, members = _membership(hosts, value)
    parts = tuple(_parts(leader))
    preferred = _preferred(leader)
    acts = value is not None and any(respawn.program in {"ipfail", "pingd"} for respawn in value.respawns)
    sync = _sync(hosts, parts)
    return Design(
        cluster=cluster.name,
        target=target,
        ha=ha,
        leader=leader,
        hosts=hosts,
        members=members,
        links=links,
        deadtime=value.deadtime.ms if value is not None else 30000,
        warntime=value.warntime.ms if value is not None else 15000,
        failback=_failback(value),
        preferred=preferred,
        parts=parts,
        pings=tuple(
            address
            for ping in (value.pings if value else ())
            for address in ping.addresses
            if to_ip(address) is not None or _NAME.fullmatch(address)
        ),
        ping_acts=acts,
        dampen=_dampen(value),
        watchdog=value is not None and value.watchdog is not None,
        facility=_facility(value),
        logfile=_logfile(value),
        sync=sync,
        timeouts=_timeouts(hosts),
        cf=translate(leader.evidence) if leader else None,
        vips=vips,
    )


def unread(snapshot: Snapshot, cluster: Cluster) -> Iterator[tuple[str, HostSnapshot | None]]:
    """Hosts that are needed and were not read: of HOSTS, then nodes and real servers that HOSTS does not list."""
    snapshots = {host.name: host for host in snapshot.hosts}
    for host in cluster.hosts:
        if snapshots[host.name].status != "ok":
            yield host.name, snapshots[host.name]
    if not isinstance(cluster.members, Unknown):
        for member in cluster.members:
            if not isinstance(member, Unknown) and member.host is None and is_name(member.name):
                yield member.name, None


def is_name(text: str) -> bool:
    """A host's or node's name, or an address."""
    return _NAME.fullmatch(text) is not None or to_ip(text) is not None


def is_interface(text: str | None) -> bool:
    return text is not None and _INTERFACE.fullmatch(text) is not None


# -- the cluster ------------------------------------------------------------


def _vips(cluster: Cluster) -> frozenset[str]:
    if isinstance(cluster.vips, Unknown):
        return frozenset()
    return frozenset(vip.address for vip in cluster.vips if not isinstance(vip, Unknown))


def _leader(cluster: Cluster, hosts: Sequence[NewHost]) -> NewHost | None:
    """The active director if its files could be read, else the first with the most of them."""
    directors = [host for host in hosts if host.director]
    active = cluster.active if isinstance(cluster.active, str) else None

    def merit(host: NewHost) -> tuple[int, bool]:
        files = (host.evidence.ldirectord, host.evidence.haresources, host.evidence.ha_cf)
        return sum(known(file) is not None for file in files), host.name == active

    return max(directors, key=merit, default=None)


def _links(ha_cf: HaCf | None) -> tuple[Link, ...]:
    """One a network interface, in the order of the media; serial lines and links to nowhere are none."""
    found: list[str] = []
    for medium in ha_cf.media if ha_cf is not None else ():
        if medium.kind != "serial" and is_interface(medium.interface) and medium.interface not in found:
            found.append(medium.interface)
    return tuple(Link(number=number, interface=name) for number, name in enumerate(found[:8])) or (
        Link(number=0, interface=None),
    )


def _membership(hosts: Sequence[NewHost], ha_cf: HaCf | None) -> tuple[tuple[Link, ...], tuple[Member, ...]]:
    """A further link needs an address of every member; one without stays out, and the ledger asks for it."""
    first, *others = _links(ha_cf)
    usable = [
        link
        for link in others
        if all(to_ip(member.rings[0]) is not None for member in _members(hosts, ha_cf, [link]))
    ]
    links = tuple(replace(link, number=number) for number, link in enumerate((first, *usable)))
    return links, _members(hosts, ha_cf, links)


def _members(hosts: Sequence[NewHost], ha_cf: HaCf | None, links: Sequence[Link]) -> tuple[Member, ...]:
    by_node = {node_name(host.evidence): host for host in hosts}
    names = [node.name for node in ha_cf.nodes] if ha_cf is not None else []
    names = names or [node_name(host.evidence) for host in hosts if host.director]
    members = []
    for number, name in enumerate(dict.fromkeys(filter(_NAME.fullmatch, names)), 1):
        host = by_node.get(name)
        rings = tuple(_ring(name, host, hosts, link) for link in links)
        members.append(Member(node=name, number=number, host=host.name if host else None, rings=rings))
    return tuple(members)


def _ring(node: str, host: NewHost | None, hosts: Sequence[NewHost], link: Link) -> str:
    """The node's own address on the link, by its files, then by what runs; then what a director calls it."""
    if host is not None:
        nic = next((nic for nic in host.nics if nic.name == link.interface), None)
        if nic is not None and nic.addresses:
            return nic.addresses[0].address
        if link.interface is None and to_ip(host.evidence.snapshot.address) is not None:
            return host.evidence.snapshot.address
    elif link.number == 0:
        for other in hosts:
            for entry in known(other.evidence.hosts) or ():
                if node in (name.lower() for name in entry.names) and not is_loopback(entry.address):
                    return entry.address
    return node


def _failback(ha_cf: HaCf | None) -> bool:
    """Without a line heartbeat takes ``legacy``, which gives back as well."""
    if ha_cf is None or ha_cf.auto_failback is None:
        return True
    return ha_cf.auto_failback.value.lower() not in {"off", "false", "no", "n", "0"}


def _dampen(ha_cf: HaCf | None) -> int:
    for directive in ha_cf.directives if ha_cf is not None else ():
        number = re.match(r"([0-9]{1,6})(ms)?", directive.words[0]) if directive.words else None
        if directive.name == "deadping" and number is not None:
            return max(1, int(number[1]) // (1000 if number[2] else 1))
    return 5


def _facility(ha_cf: HaCf | None) -> str:
    wanted = ha_cf.logfacility.value.lower() if ha_cf is not None and ha_cf.logfacility else "daemon"
    return wanted if re.fullmatch(r"daemon|local[0-7]", wanted) else "daemon"


def _logfile(ha_cf: HaCf | None) -> str | None:
    path = ha_cf.logfile.value if ha_cf is not None and ha_cf.logfile else ""
    return path if re.fullmatch(r"/var/log/[A-Za-z0-9._/-]{1,200}", path) and ".." not in path else None


def _preferred(leader: NewHost | None) -> str | None:
    haresources = known(leader.evidence.haresources) if leader is not None else None
    groups = haresources.value.groups if haresources is not None else ()
    return next((group.node.name for group in groups if _NAME.fullmatch(group.node.name)), None)


# -- the group --------------------------------------------------------------


def _parts(leader: NewHost | None) -> Iterator[Part]:
    """The resources of all groups in their order; the balancer closes the list where no group has it."""
    if leader is None:
        return
    haresources = known(leader.evidence.haresources)
    taken: set[str] = set()
    for group in haresources.value.groups if haresources is not None else ():
        addresses = {address.at: address for address in group.addresses}
        for resource in group.resources:
            part = _part(resource, addresses.get(resource.at), leader)
            if part.id not in taken:
                taken.add(part.id)
                yield part
    if "ldirectord" not in taken and known(leader.evidence.ldirectord) is not None:
        yield Part(kind="balancer", id="ldirectord")


def _part(resource: Resource, named: ResourceAddress | None, leader: NewHost) -> Part:
    script = posixpath.basename(resource.script)
    if named is not None and (ip := to_ip(named.address)) is not None:
        interface, prefix = named.interface, named.prefix
        if prefix is None or not is_interface(interface):
            found_interface, found_prefix = _standing(leader, str(ip))
            interface = interface if is_interface(interface) else found_interface
            prefix = found_prefix if prefix is None else prefix
        return Part(
            kind="vip",
            id=vip_id(str(ip)),
            resource=resource,
            address=str(ip),
            prefix=prefix,
            interface=interface,
        )
    if script == "ldirectord":
        return Part(kind="balancer", id="ldirectord", resource=resource)
    if script == "LVSSyncDaemonSwap":
        return Part(kind="sync", id="lvs-sync-master", resource=resource)
    return Part(
        kind="open", id=f"open-{re.sub(r'[^A-Za-z0-9]+', '-', resource.written)[:60]}", resource=resource
    )


def vip_id(address: str) -> str:
    return "vip-" + re.sub(r"[.:]+", "-", address).strip("-")


def _standing(leader: NewHost, address: str) -> tuple[str | None, int]:
    """The interface and prefix of the network that the address is in, by the leader's own addresses."""
    for nic in leader.nics:
        for own in nic.addresses:
            network = to_network(own.address, own.prefix)
            if network is not None and to_ip(address) in network:
                return nic.name, own.prefix
    return None, bits(address)


def _sync(hosts: Sequence[NewHost], parts: Sequence[Part]) -> Sync | None:
    """From the running daemons, then from scripts; the interface may be known to nobody."""
    asked = any(part.kind == "sync" for part in parts)
    for host in hosts:
        daemons = known(host.evidence.sync_daemons) or () if host.director else ()
        if daemons:
            interface = daemons[0].interface if is_interface(daemons[0].interface) else None
            roles = {daemon.role for daemon in daemons}
            return Sync(interface=interface, syncid=daemons[0].syncid, both=len(roles) > 1)
    for host in hosts:
        for command in sync_commands(host):
            words = dict(pairwise(command.words))
            interface = words.get("--mcast-interface")
            syncid = words.get("--syncid", "0")
            return Sync(
                interface=interface if is_interface(interface) else None,
                syncid=int(syncid) if syncid.isdecimal() and int(syncid) < 256 else 0,
                both=not asked,
            )
    return Sync(interface=None, syncid=0, both=False) if asked else None


def sync_commands(host: NewHost) -> list[ScriptCommand]:
    script = known(host.evidence.rc_local) if host.director else None
    return [
        command
        for command in (script.commands if script is not None else ())
        if command.kind == "ipvsadm" and "--start-daemon" in command.words and not command.where
    ]


def set_command(host: NewHost) -> ScriptCommand | None:
    """The last ``ipvsadm --set`` of rc.local."""
    script = known(host.evidence.rc_local)
    found = [
        command
        for command in (script.commands if script is not None else ())
        if command.kind == "ipvsadm" and "--set" in command.words and not command.where
    ]
    return found[-1] if found else None


def set_values(command: ScriptCommand) -> tuple[int, int, int] | None:
    numbers = command.words[command.words.index("--set") + 1 :][:3]
    if len(numbers) < 3 or not all(re.fullmatch(r"[0-9]{1,8}", number) for number in numbers):
        return None
    return int(numbers[0]), int(numbers[1]), int(numbers[2])


def _timeouts(hosts: Sequence[NewHost]) -> tuple[int, int, int] | None:
    """What rc.local sets, else what runs where it is not the kernel's own 900 120 300."""
    for host in hosts:
        command = set_command(host) if host.director else None
        if command is not None and (values := set_values(command)) is not None:
            return values
    for host in hosts:
        running = known(host.evidence.ipvs_timeouts) if host.director else None
        if running is not None and (running.tcp, running.tcpfin, running.udp) != (900, 120, 300):
            return running.tcp, running.tcpfin, running.udp
    return None


# -- one host ---------------------------------------------------------------


def _host(host: Host, evidence: Evidence, vips: frozenset[str]) -> NewHost:
    lo_vips = _lo_vips(evidence, vips)
    return NewHost(
        name=host.name,
        node=_host_name(host, evidence),
        director="director" in host.roles and host.moved is not True,
        real="real" in host.roles,
        evidence=evidence,
        nics=tuple(_nics(evidence, vips)),
        lo_vips=lo_vips,
        tunnel=any(interface.startswith("tunl") for interface in lo_vips.values())
        or any(name.startswith("tunl") for name in _interfaces(evidence)),
    )


def _host_name(host: Host, evidence: Evidence) -> str:
    """``uname -n``, which is what heartbeat knows the node by."""
    name = host.name if isinstance(evidence.uname, Unknown) else evidence.uname.node
    return name if _NAME.fullmatch(name) else host.name


def _interfaces(evidence: Evidence) -> list[str]:
    return [interface.name for interface in known(evidence.interfaces) or ()]


def _lo_vips(evidence: Evidence, vips: frozenset[str]) -> dict[str, str]:
    """What stands on lo, a dummy or the tunnel, or is configured to: address to interface."""
    placements = derive_placements(evidence, vips)
    found: dict[str, str] = {}
    for placement in placements if not isinstance(placements, Unknown) else ():
        if isinstance(placement, Unknown):
            continue
        ip = to_ip(placement.address)
        if ip is not None and not ip.is_link_local:
            interface = placement.interface.split(":")[0]
            found.setdefault(str(ip), interface if interface.startswith("tunl") else "lo")
    return dict(sorted(found.items()))


def _nics(evidence: Evidence, vips: frozenset[str]) -> Iterator[NewNic]:
    files = known(evidence.ifcfgs) or ()
    names = list(dict.fromkeys(ifcfg.device.split(":")[0] for ifcfg in files if is_live(ifcfg)))
    default = _default_gateways(evidence)
    for name in names:
        if name == "lo" or not is_interface(name) or name.startswith(("tunl", "dummy")):
            continue
        own = [ifcfg for ifcfg in files if ifcfg.device.split(":")[0] == name and is_live(ifcfg)]
        addresses = tuple(
            address
            for ifcfg in own
            for address in ifcfg_addresses(ifcfg)
            if str(to_ip(address.address)) not in vips
        )
        main = next((ifcfg for ifcfg in own if ":" not in ifcfg.device), own[0])
        yield NewNic(
            name=name,
            addresses=addresses,
            dhcp=setting(main, "BOOTPROTO").lower() in {"dhcp", "bootp"},
            gateways=tuple(gateway for gateway in default if _reaches(addresses, gateway)),
            mtu=_mtu(setting(main, "MTU")),
            onboot=setting(main, "ONBOOT").lower() != "no",
            found=False,
        )
    for interface in known(evidence.interfaces) or ():
        if interface.name in names or interface.kind != "ether" or not is_interface(interface.name):
            continue
        addresses = tuple(
            NicAddress(
                address=str(to_ip(address.address)),
                prefix=address.prefix,
                label=address.label if address.label and _LABEL.fullmatch(address.label) else None,
            )
            for address in interface.addresses
            if address.scope != "link" and str(to_ip(address.address)) not in vips
        )
        if addresses:
            yield NewNic(
                name=interface.name,
                addresses=addresses,
                dhcp=False,
                gateways=tuple(gateway for gateway in default if _reaches(addresses, gateway)),
                mtu=None,
                onboot=True,
                found=True,
            )


def is_live(ifcfg: Ifcfg) -> bool:
    """Not a copy that an editor or a package left."""
    return not re.search(r"\.(?:bak|orig|old|rpmnew|rpmsave|save)$|~$", ifcfg.path)


def setting(ifcfg: Ifcfg, key: str) -> str:
    return next((one.value for one in reversed(ifcfg.settings) if one.key == key), "")


def ifcfg_addresses(ifcfg: Ifcfg) -> Iterator[NicAddress]:
    """IPADDR, then IPADDR0, IPADDR1 and IPV6ADDR with its secondaries."""
    label = ifcfg.device if _LABEL.fullmatch(ifcfg.device) else None
    for suffix in ("", *map(str, range(8))):
        ip = to_ip(setting(ifcfg, f"IPADDR{suffix}"))
        mask = setting(ifcfg, f"PREFIX{suffix}") or setting(ifcfg, f"NETMASK{suffix}")
        if ip is not None and ip.version == 4:
            network = to_network(str(ip), mask or _class_prefix(str(ip)))
            if network is not None:
                yield NicAddress(address=str(ip), prefix=network.prefixlen, label=label)
    for word in (setting(ifcfg, "IPV6ADDR"), *setting(ifcfg, "IPV6ADDR_SECONDARIES").split()):
        address, _, prefix = word.partition("/")
        ip = to_ip(address)
        if ip is not None and ip.version == 6:
            length = int(prefix) if prefix.isdecimal() and int(prefix[:4]) <= 128 else 64
            yield NicAddress(address=str(ip), prefix=length, label=None)


def _class_prefix(address: str) -> int:
    first = int(address.split(".")[0])
    return 8 if first < 128 else 16 if first < 192 else 24


def _mtu(text: str) -> int | None:
    return int(text) if re.fullmatch(r"[0-9]{2,5}", text) else None


def _default_gateways(evidence: Evidence) -> tuple[str, ...]:
    """The default routes that run; without them what the files say, /etc/sysconfig/network first."""
    if not isinstance(evidence.routes, Unknown):
        running = [
            str(to_ip(route.gateway))
            for route in evidence.routes
            if route.destination == "default"
            and route.table in {None, "main"}
            and to_ip(route.gateway) is not None
        ]
        if running:
            return tuple(dict.fromkeys(running))
    network = known(evidence.network)
    written = [network.gateway] if network is not None else []
    written += [ifcfg.gateway for ifcfg in known(evidence.ifcfgs) or ()]
    found = [str(ip) for one in written if one is not None and (ip := to_ip(one.value)) is not None]
    return tuple(found[:1])


def _reaches(addresses: Sequence[NicAddress], gateway: str) -> bool:
    return any(
        (network := to_network(own.address, own.prefix)) is not None and to_ip(gateway) in network
        for own in addresses
    )
