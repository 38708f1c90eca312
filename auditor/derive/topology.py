"""Which hosts belong together, what each one is, and which addresses they serve."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from auditor.derive.addresses import is_loopback, to_ip
from auditor.derive.evidence import Evidence, known, unknown
from auditor.derive.keepalived import services_of
from auditor.model.facts import Keepalived, LdirectordCf
from auditor.model.place import At, Prose, Unknown


@dataclass(frozen=True, slots=True, kw_only=True)
class Role:
    """What a host is, and why; ``known`` is false while evidence is missing that could add a role.

    ``moved``: a director of keepalived alone, with nothing of heartbeat, which no ha.cf names.
    """

    names: frozenset[str]
    reasons: tuple[Prose, ...]
    known: bool
    moved: bool | Unknown


@dataclass(frozen=True, slots=True, kw_only=True)
class Community:
    """Hosts of one cluster, in the order of HOSTS."""

    name: str
    members: tuple[Evidence, ...]
    roles: Mapping[str, Role]

    def those(self, role: str) -> list[Evidence]:
        return [member for member in self.members if role in self.roles[member.snapshot.name].names]


def derive_communities(hosts: Sequence[Evidence]) -> tuple[Community, ...]:
    """Group by what HOSTS says and by what the hosts' own files say of each other.

    A host that nothing ties to a cluster joins the only cluster there is; with several it stays alone. Where
    no director could be read, all hosts that HOSTS does not tell apart are taken together.
    """
    index = _Index(hosts)
    groups = _Groups([host.snapshot.name for host in hosts])
    by_name = {host.snapshot.name: host for host in hosts}
    for host in hosts:
        for name in index.tied(host):
            clusters = {host.snapshot.cluster, by_name[name].snapshot.cluster} - {None}
            if len(clusters) < 2:
                groups.join(host.snapshot.name, name)
    roles = {host.snapshot.name: _role(host, index) for host in hosts}
    served = [
        names
        for names in groups.all()
        if any(
            "director" in roles[name].names and not isinstance(by_name[name].uname, Unknown) for name in names
        )
    ]
    if len(served) < 2 and hosts:
        core = served[0] if served else [hosts[0].snapshot.name]
        named = {by_name[name].snapshot.cluster for name in core}
        for host in hosts:
            if host.snapshot.cluster is None or host.snapshot.cluster in named:
                groups.join(core[0], host.snapshot.name)
    return tuple(
        Community(
            name=_community_name([by_name[name] for name in names], roles),
            members=tuple(by_name[name] for name in names),
            roles={name: roles[name] for name in names},
        )
        for names in groups.all()
    )


def own_addresses(host: Evidence) -> frozenset[str]:
    """Addresses that reach this host: from HOSTS and from its interfaces; loopback ones reach everybody."""
    interfaces = () if isinstance(host.interfaces, Unknown) else host.interfaces
    addresses = {address.address for interface in interfaces for address in interface.addresses}
    ips = map(to_ip, addresses | {host.snapshot.address})
    return frozenset(str(ip) for ip in ips if ip is not None and not ip.is_loopback and not ip.is_link_local)


def node_name(host: Evidence) -> str:
    """``uname -n`` as heartbeat compares it; the name in HOSTS where the host could not be asked."""
    return (host.snapshot.name if isinstance(host.uname, Unknown) else host.uname.node).lower()


def named_nodes(hosts: Iterable[Evidence]) -> dict[str, Evidence]:
    """Which host each node of ha.cf is: the one whose ``uname -n`` that is, else the director of that name in HOSTS,
    since one that somebody renamed is still there.
    """
    hosts = tuple(hosts)
    listed = {host.snapshot.name.lower(): host for host in hosts if known(host.ha_cf) is not None}
    return listed | {node_name(host): host for host in hosts}


def virtual_addresses(host: Evidence) -> Iterator[tuple[str, bool, At]]:
    """Every VIP that a director's files or its live table name: address, whether it is served, place."""
    if (cf := known(host.ldirectord)) is not None:
        for virtual in cf.value.virtuals:
            if (ip := to_ip(virtual.address)) is not None:
                yield str(ip), True, virtual.at
    if (haresources := known(host.haresources)) is not None:
        for address in haresources.value.addresses:
            if (ip := to_ip(address.address)) is not None:
                yield str(ip), False, address.at
    if (keepalived := known(host.keepalived)) is not None:
        for made in services_of(keepalived):
            if not isinstance(made, Unknown) and made.address is not None:
                yield made.address, True, made.virtual.at
        for instance in keepalived.instances:
            for address in instance.addresses:
                if (ip := to_ip(address.address)) is not None:
                    yield str(ip), False, address.at
    if (table := known(host.ipvs)) is not None:
        for service in table.services:
            if (ip := to_ip(service.address)) is not None:
                yield str(ip), True, service.at


def real_addresses(file: LdirectordCf | Keepalived) -> dict[str, At]:
    """The real servers of all pools, with the first place that names each; a fallback is none."""
    found: dict[str, At] = {}
    for virtual in file.virtuals:
        for real in virtual.reals:
            if not is_loopback(real.address):
                found.setdefault(str(to_ip(real.address) or real.address), real.at)
    return found


class _Groups:
    """Union-find over names, keeping their first order."""

    def __init__(self, names: Sequence[str]) -> None:
        self._names = names
        self._parent = {name: name for name in names}

    def find(self, name: str) -> str:
        while self._parent[name] != name:
            self._parent[name] = self._parent[self._parent[name]]
            name = self._parent[name]
        return name

    def join(self, one: str, other: str) -> None:
        self._parent[self.find(other)] = self.find(one)

    def all(self) -> list[list[str]]:
        groups: dict[str, list[str]] = {}
        for name in self._names:
            groups.setdefault(self.find(name), []).append(name)
        return list(groups.values())


class _Index:
    """Who goes by which name and address, and whose files say what of whom."""

    def __init__(self, hosts: Sequence[Evidence]) -> None:
        self._hosts = hosts
        self._by_address: dict[str, list[str]] = {}
        self._by_node: dict[str, list[str]] = {}
        self._by_vip: dict[str, list[str]] = {}
        self._by_cluster: dict[str, list[str]] = {}
        self.naming_node: dict[str, list[str]] = {}
        self.naming_real: dict[str, list[tuple[str, str]]] = {}
        for host in hosts:
            name = host.snapshot.name
            for address in own_addresses(host):
                self._by_address.setdefault(address, []).append(name)
            self._by_node.setdefault(node_name(host), []).append(name)
            for vip in {address for address, _, _ in virtual_addresses(host)}:
                self._by_vip.setdefault(vip, []).append(name)
            if host.snapshot.cluster is not None:
                self._by_cluster.setdefault(host.snapshot.cluster, []).append(name)
            for node in _nodes(host):
                self.naming_node.setdefault(node, []).append(name)
            for file, reals in _reals(host):
                for real in reals:
                    self.naming_real.setdefault(real, []).append((file, name))

    def tied(self, host: Evidence) -> Iterator[str]:
        """Names of the hosts that this one's cluster, files or addresses tie it to."""
        if host.snapshot.cluster is not None:
            yield from self._by_cluster[host.snapshot.cluster]
        for node in _nodes(host):
            yield from self._by_node.get(node, ())
        for _, reals in _reals(host):
            for real in reals:
                yield from self._by_address.get(real, ())
        for vip, _, _ in virtual_addresses(host):
            yield from self._by_vip[vip]

    @property
    def unread_ha_cf(self) -> Unknown | None:
        """Of a host that may be a director, and so may have any other as a node."""
        for host in self._hosts:
            file = host.ha_cf
            if file is None or host.snapshot.roles == {"real"}:
                continue
            if isinstance(file, Unknown):
                return file
            if not file.value.accepted:
                return unknown(
                    file.at,
                    f"heartbeat refuses {file.at}, so its nodes are not known for certain",
                    f"heartbeat 拒绝 {file.at}, 无法确定其节点",
                )
        return None

    def others_naming(self, host: Evidence) -> list[str]:
        """Those whose ha.cf has this host as a node."""
        names = self.naming_node.get(node_name(host), ())
        return [name for name in names if name != host.snapshot.name]

    def is_vip(self, address: str) -> bool:
        return address in self._by_vip


def _nodes(host: Evidence) -> frozenset[str]:
    ha_cf = known(host.ha_cf)
    return ha_cf.value.node_names if ha_cf is not None else frozenset()


def _reals(host: Evidence) -> Iterator[tuple[str, Mapping[str, At]]]:
    """The real servers that each file names."""
    if (cf := known(host.ldirectord)) is not None:
        yield "ldirectord.cf", real_addresses(cf.value)
    if (keepalived := known(host.keepalived)) is not None:
        yield "keepalived.conf", real_addresses(keepalived)


def _role(host: Evidence, index: _Index) -> Role:
    """Given roles stand; evidence may add one, since a director that serves as a real server has to meet both."""
    names = set(host.snapshot.roles)
    reasons = [Prose(en=f"{name}: HOSTS says so", zh=f"{name}: HOSTS 指定") for name in sorted(names)]
    for role, reason in _found_roles(host, index):
        names.add(role)
        reasons.append(reason)
    deciding = (host.ha_cf, host.ldirectord, host.haresources, host.keepalived, host.interfaces)
    complete = not any(isinstance(fact, Unknown) for fact in deciding)
    return Role(
        names=frozenset(names),
        reasons=tuple(reasons),
        known=complete or bool(host.snapshot.roles),
        moved=_moved(host, index),
    )


def _moved(host: Evidence, index: _Index) -> bool | Unknown:
    old = (host.ha_cf, host.haresources, host.ldirectord)
    if any(fact is not None for fact in old) or index.others_naming(host):
        return False
    if isinstance(host.keepalived, Unknown):
        return host.keepalived
    if host.keepalived is None or not _balances(host.keepalived):
        return False
    if isinstance(host.uname, Unknown):
        return host.uname
    return index.unread_ha_cf or True


def _balances(file: Keepalived) -> bool:
    return bool(file.virtuals) or any(instance.addresses for instance in file.instances)


def _found_roles(host: Evidence, index: _Index) -> Iterator[tuple[str, Prose]]:
    cf, haresources, table = known(host.ldirectord), known(host.haresources), known(host.ipvs)
    keepalived = known(host.keepalived)
    if cf is not None and cf.value.virtuals:
        yield (
            "director",
            Prose(
                en=f"director: its ldirectord.cf has {len(cf.value.virtuals)} virtual services",
                zh=f"director: 其 ldirectord.cf 定义了 {len(cf.value.virtuals)} 个虚拟服务",
            ),
        )
    if haresources is not None and haresources.value.groups:
        yield "director", Prose(en="director: it has a haresources file", zh="director: 存在 haresources")
    if table is not None and table.services:
        yield "director", Prose(en="director: its IPVS table has services", zh="director: 其 IPVS 表中有服务")
    moving = keepalived is not None and any(instance.addresses for instance in keepalived.instances)
    if keepalived is not None and keepalived.virtuals:
        count = len(keepalived.virtuals)
        yield (
            "director",
            Prose(
                en=f"director: its keepalived.conf has {count} virtual services",
                zh=f"director: 其 keepalived.conf 定义了 {count} 个虚拟服务",
            ),
        )
    elif moving:
        yield (
            "director",
            Prose(
                en="director: its keepalived.conf has addresses that VRRP moves",
                zh="director: 其 keepalived.conf 中有由 VRRP 切换的地址",
            ),
        )
    for other in index.others_naming(host):
        yield (
            "director",
            Prose(
                en=f"director: ha.cf of {other} names it as a node",
                zh=f"director: {other} 的 ha.cf 将其列为节点",
            ),
        )
    for address in sorted(own_addresses(host)):
        for file, other in index.naming_real.get(address, ()):
            word = "real=" if file == "ldirectord.cf" else "real_server "
            yield (
                "real",
                Prose(
                    en=f"real: {file} of {other} has {word}{address}",
                    zh=f"real: {other} 的 {file} 中有 {word}{address}",
                ),
            )
    if haresources is None and not moving:
        for vip in sorted(address for address in _hidden_addresses(host) if index.is_vip(address)):
            yield "real", Prose(en=f"real: it has the VIP {vip} on lo", zh=f"real: lo 上有 VIP {vip}")


def _hidden_addresses(host: Evidence) -> set[str]:
    interfaces = () if isinstance(host.interfaces, Unknown) else host.interfaces
    return {
        str(to_ip(address.address))
        for interface in interfaces
        if interface.name == "lo" or interface.name.startswith(("dummy", "tunl"))
        for address in interface.addresses
        if not is_loopback(address.address)
    }


def _community_name(members: Sequence[Evidence], roles: Mapping[str, Role]) -> str:
    named = sorted({member.snapshot.cluster for member in members if member.snapshot.cluster})
    directors = [
        member.snapshot.name for member in members if "director" in roles[member.snapshot.name].names
    ]
    return "+".join(named or directors or [members[0].snapshot.name])
