"""The whole cluster: who owns and answers for each VIP, who has to carry it, and how the directors' files compare."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import product

from auditor.derive.addresses import is_loopback, to_ip
from auditor.derive.arp import derive_stances, is_hidden, placed
from auditor.derive.drift import compare_ldirectord
from auditor.derive.evidence import HA_D, Evidence, known, read_evidence, unknown
from auditor.derive.failure import derive_failures
from auditor.derive.heartbeat import (
    Channel,
    Strangers,
    derive_channels,
    derive_coverage,
    derive_media_problems,
)
from auditor.derive.host import Surroundings, derive_host, vips_on
from auditor.derive.keepalived import Service, forwarding_unknown, services_of
from auditor.derive.marks import addresses_of
from auditor.derive.topology import (
    Community,
    derive_communities,
    named_nodes,
    own_addresses,
    real_addresses,
    virtual_addresses,
)
from auditor.model.cluster import Cluster, Comparison, DualRole, Duty, Host, Member, Vip
from auditor.model.facts import Address, Group, KeepalivedReal, Medium, RealServer, SyncDaemon, Virtual
from auditor.model.place import At, Prose, Unknown
from auditor.model.snapshot import Snapshot

_CARRIED = frozenset({"gate", "ipip"})
_DEFAULT_TCP_TIMEOUT = 900


def derive_clusters(snapshot: Snapshot) -> tuple[Cluster, ...]:
    """Every host of the snapshot in exactly one cluster, in the order of HOSTS."""
    return relate([read_evidence(host) for host in snapshot.hosts], snapshot.started)


def relate(hosts: Sequence[Evidence], day: str) -> tuple[Cluster, ...]:
    """The same from hosts that were read already; ``day``: of the visit, RFC 3339."""
    communities = derive_communities(hosts)
    listening: dict[Channel, list[tuple[Community, Evidence, Medium]]] = {}
    for community in communities:
        for director in community.those("director"):
            for channel, medium in derive_channels(director):
                listening.setdefault(channel, []).append((community, director, medium))

    def strangers_of(community: Community) -> Strangers:
        def strangers(channel: Channel) -> tuple[Evidence, Medium] | None:
            heard = ((host, medium) for other, host, medium in listening[channel] if other is not community)
            return next(heard, None)

        return strangers

    def unheard_by(community: Community) -> Unknown | None:
        others = (
            director
            for other in communities
            if other is not community
            for director in other.those("director")
        )
        return _first_unknown(fact for other in others for fact in (other.ha_cf, other.interfaces))

    return tuple(
        _cluster(community, strangers_of(community), unheard_by(community), day) for community in communities
    )


def _cluster(community: Community, strangers: Strangers, unheard: Unknown | None, day: str) -> Cluster:
    vips = _vip_places(community)
    around = Surroundings(
        vips=frozenset(vips),
        segment=_segment(community, frozenset(vips)),
        nodes={
            name: own_addresses(member)
            for name, member in named_nodes(community.members).items()
            if own_addresses(member) and not isinstance(member.uname, Unknown)
        },
        reals=_forwardings(community),
        listening={
            address: member.listening for member in community.members for address in own_addresses(member)
        },
        day=day,
    )
    hosts = {
        member.snapshot.name: derive_host(member, community.roles[member.snapshot.name], around)
        for member in community.members
    }
    evidence = {member.snapshot.name: member for member in community.members}
    directors = [host for host in hosts.values() if "director" in host.roles]
    unread = _unread_director(hosts.values(), directors)
    gaps = _gaps(directors)
    all_vips = tuple(
        _vip(address, served, ats, hosts, evidence, around) for address, (served, ats) in sorted(vips.items())
    )
    reals = [host for host in hosts.values() if "real" in host.roles]
    own = [evidence[host.name] for host in directors]
    unsure = unread or _first_unknown(host.moved for host in directors)
    heartbeats = [host for host in directors if host.moved is False]
    same = unsure or _compare_haresources(heartbeats)
    sync = unsure or _sync(heartbeats)
    return Cluster(
        name=community.name,
        at=At(host="", source=community.name),
        hosts=tuple(hosts.values()),
        directors=unread or tuple(directors),
        heartbeats=unsure or tuple(heartbeats),
        reals=unread or tuple(reals),
        active=unread or _active(directors),
        vips=unread or (*all_vips, *gaps),
        duties=unread or (*_duties(directors, evidence), *gaps),
        dual_roles=unread or (*_dual_roles(directors, hosts, evidence), *gaps),
        members=unread or (*_members(directors, evidence), *gaps),
        media_problems=unread or tuple(derive_media_problems(own, strangers, unheard)),
        coverage_problems=unread or tuple(problem for host in own for problem in derive_coverage(host, own)),
        authkeys=unsure or _compare_authkeys(heartbeats),
        haresources=same,
        ldirectord=unsure or _compare_files(heartbeats),
        sync=sync,
        ipvs_tcp_timeout=unread or _tcp_timeout(directors),
        failures=unread or tuple(derive_failures(directors, reals, (*all_vips, *gaps), sync, same)),
    )


def _unread_director(hosts: Iterable[Host], directors: Sequence[Host]) -> Unknown | None:
    """No director was found, but a host that could be one was not read."""
    if directors:
        return None
    for host in hosts:
        if not host.roles_known:
            return unknown(
                host.at,
                f"no director was found, and {host.name} could be one, but was not read",
                f"没有找到调度器, 而 {host.name} 可能是调度器却未能读取",
            )
    return None


def _gaps(directors: Iterable[Host]) -> list[Unknown]:
    """Why the directors' files could name more VIPs, nodes and real servers than we know."""
    return [
        fact
        for director in directors
        for fact in (director.ldirectord, director.haresources, director.keepalived_whole)
        if isinstance(fact, Unknown)
    ][:1]


def _vip_places(community: Community) -> Mapping[str, tuple[bool, tuple[At, ...]]]:
    """Address to: is it served, and the places that name it."""
    found: dict[str, tuple[bool, tuple[At, ...]]] = {}
    for director in community.those("director"):
        for address, served, at in virtual_addresses(director):
            was_served, ats = found.get(address, (False, ()))
            found[address] = (was_served or served, (*ats, at))
    return found


def _forwardings(community: Community) -> Mapping[str, frozenset[str | None]]:
    """Address of a real server to the ways in which the directors' files forward to it; None: nobody knows."""
    found: dict[str, frozenset[str | None]] = {}
    for director in community.those("director"):
        cf, keepalived = known(director.ldirectord), known(director.keepalived)
        for file in (cf.value if cf is not None else None, keepalived):
            for virtual in file.virtuals if file is not None else ():
                for real in virtual.reals:
                    address = str(to_ip(real.address))
                    found[address] = found.get(address, frozenset()) | {real.forwarding}
    return found


def _segment(community: Community, vips: frozenset[str]) -> frozenset[str]:
    """The addresses on the directors' interfaces that have, or by haresources shall have, a VIP."""
    found: set[str] = set()
    for director in community.those("director"):
        named = set()
        if (haresources := known(director.haresources)) is not None:
            named |= {address.interface for address in haresources.value.addresses}
        if (keepalived := known(director.keepalived)) is not None:
            for instance in keepalived.instances:
                named |= {address.interface for address in instance.addresses}
        for interface in known(director.interfaces) or ():
            addresses = {address.address for address in interface.addresses if address.scope != "link"}
            if not is_hidden(interface.name) and (addresses & vips or interface.name in named):
                found |= addresses - vips
    return frozenset(found)


def _vip(
    address: str,
    served: bool,
    ats: tuple[At, ...],
    hosts: Mapping[str, Host],
    evidence: Mapping[str, Evidence],
    around: Surroundings,
) -> Vip:
    claims = [
        (host.name, _owns(evidence[host.name], address))
        for host in hosts.values()
        if "director" in host.roles
    ]
    seen = tuple(name for name, owns in claims if owns is True)
    owners = _certain(claims)
    if isinstance(owners, Unknown):
        owners = replace(owners, why=_as_far_as_seen(owners.why, seen))
    answering = _certain(
        ((name, _answers(evidence[name], host, address, around)) for name, host in hosts.items())
    )
    table: bool | None | Unknown = None
    if served and not isinstance(owners, Unknown) and len(owners) == 1:
        live = hosts[owners[0]].ipvs
        table = live if isinstance(live, Unknown) else live is not None and _serves(hosts[owners[0]], address)
    return Vip(
        address=address, served=served, seen=seen, owners=owners, answering=answering, table=table, ats=ats
    )


def _as_far_as_seen(why: Prose, owners: Sequence[str]) -> Prose:
    """In the middle of an outage the dead cannot be asked; what the living say is what people need to know."""
    names = ", ".join(owners)
    return Prose(
        en=f"{why.en}; {f'{names} has it' if owners else 'no director that was read has it'}",
        zh=f"{why.zh}; {f'已见由 {names} 持有' if owners else '已读取的调度器均未持有'}",
    )


def _certain(claims: Iterable[tuple[str, bool | Unknown]]) -> tuple[str, ...] | Unknown:
    """The names whose claim holds. Two that do are a fault whatever the rest says; else all must be known."""
    gap: Unknown | None = None
    names = []
    for name, claim in claims:
        if isinstance(claim, Unknown):
            gap = gap or claim
        elif claim:
            names.append(name)
    return gap if gap is not None and len(names) < 2 else tuple(names)


def _owns(evidence: Evidence, address: str) -> bool | Unknown:
    owned = vips_on(evidence, frozenset({address}), hidden=False)
    return owned if isinstance(owned, Unknown) else bool(owned)


def _serves(host: Host, address: str) -> bool:
    table = known(host.ipvs)
    return table is not None and any(
        service.mark is not None or str(to_ip(service.address)) == address for service in table.services
    )


def _answers(evidence: Evidence, host: Host, address: str, around: Surroundings) -> bool | Unknown:
    """Whether this host would answer an ARP request for the address on any interface in the segment."""
    if isinstance(evidence.interfaces, Unknown):
        return evidence.interfaces
    if not placed(evidence.interfaces, address):
        return False
    stances = derive_stances(evidence, host.nics, (address,), around.segment)
    if isinstance(stances, Unknown):
        return stances
    if any(stance.kind == "answers" for stance in stances):
        return True
    return next((stance.kind for stance in stances if isinstance(stance.kind, Unknown)), False)


def _active(directors: Iterable[Host]) -> str | None | Unknown:
    names = _certain((director.name, director.active) for director in directors)
    if isinstance(names, Unknown):
        return names
    return names[0] if len(names) == 1 else None


def _duties(directors: Sequence[Host], evidence: Mapping[str, Evidence]) -> Iterator[Duty | Unknown]:
    """Every VIP that every DR or TUN real server of HOSTS has to carry, once."""
    owners = {address: name for name, member in evidence.items() for address in own_addresses(member)}
    seen: set[tuple[str, str]] = set()
    for carried in _carried(directors, evidence):
        if isinstance(carried, Unknown):
            yield carried
            continue
        vip, real = carried
        name = owners.get(str(to_ip(real.address)))
        if name is None or (name, vip) in seen:
            continue
        seen.add((name, vip))
        yield Duty(
            real=name,
            vip=vip,
            address=_carried_at(evidence[name], vip),
            ats=(real.at, At(host=name, source="ip-addr")),
        )


def _carried(
    directors: Sequence[Host], evidence: Mapping[str, Evidence]
) -> Iterator[tuple[str, RealServer | KeepalivedReal] | Unknown]:
    """Each VIP with each real server that its packets reach unchanged, by the files of all directors."""
    for director in directors:
        cf, keepalived = known(director.ldirectord), known(director.keepalived)
        made = services_of(keepalived) if keepalived is not None else ()
        for virtual in (*(cf.virtuals if cf is not None else ()), *made):
            if isinstance(virtual, Unknown):
                continue
            for real in virtual.reals:
                if real.forwarding is None:
                    yield forwarding_unknown(virtual.name, real)
            carried = [real for real in virtual.reals if real.forwarding in _CARRIED]
            vips = _vips_of(virtual, directors, evidence)
            if isinstance(vips, Unknown):
                yield from [vips] if carried else []
            else:
                yield from product(vips, carried)


def _vips_of(
    virtual: Virtual | Service, directors: Iterable[Host], evidence: Mapping[str, Evidence]
) -> list[str] | Unknown:
    addresses = addresses_of(virtual, [evidence[director.name] for director in directors])
    if isinstance(addresses, Unknown):
        return addresses
    return [str(ip) for ip in map(to_ip, addresses) if ip is not None]


def _carried_at(evidence: Evidence, vip: str) -> Address | None | Unknown:
    if isinstance(evidence.interfaces, Unknown):
        return evidence.interfaces
    return next((address for address in placed(evidence.interfaces, vip)), None)


def _dual_roles(
    directors: Sequence[Host], hosts: Mapping[str, Host], evidence: Mapping[str, Evidence]
) -> Iterator[DualRole | Unknown]:
    """Directors that some pool uses as a real server."""
    pools: dict[str, dict[str, At]] = {}
    for carried in _carried(directors, evidence):
        if isinstance(carried, Unknown):
            yield carried
            continue
        vip, real = carried
        pools.setdefault(str(to_ip(real.address)), {}).setdefault(vip, real.at)
    for host in hosts.values():
        if "director" not in host.roles:
            continue
        addresses = known(host.addresses) or ()
        own = {str(to_ip(address.address)) for address in addresses} | {str(to_ip(host.address))}
        for address in sorted(own & pools.keys()):
            if not is_loopback(address):
                yield _dual_role(host, address, pools[address])


def _dual_role(host: Host, address: str, vips: Mapping[str, At]) -> DualRole:
    safe, reason = _is_safe(host, frozenset(vips))
    return DualRole(host=host.name, real=address, safe=safe, reason=reason, ats=tuple(vips.values()))


def _is_safe(host: Host, vips: frozenset[str]) -> tuple[bool | Unknown, Prose]:
    cannot_tell = Prose(en="what it carries could not be read", zh="无法读取其地址或 ARP 设置")
    if isinstance(host.active, Unknown):
        return host.active, cannot_tell
    if host.active:
        return True, Prose(
            en="it is the active director and serves its share locally", zh="它是主用调度器, 在本机处理其份额"
        )
    if isinstance(host.addresses, Unknown):
        return host.addresses, cannot_tell
    missing = sorted(vips - {str(to_ip(address.address)) for address in host.addresses})
    if missing:
        return False, Prose(
            en=f"it is passive and does not have {', '.join(missing)} on lo: its whole share of the requests is "
            "dropped, while the health check of its own address stays green",
            zh=f"它是备用节点, lo 上没有 {', '.join(missing)}: 分给它的请求全部丢失, 而对其自身地址的健康检查仍正常",
        )
    if isinstance(host.stances, Unknown):
        return host.stances, cannot_tell
    for stance in host.stances:
        if isinstance(stance.kind, Unknown):
            return stance.kind, cannot_tell
        if stance.kind != "silent":
            return False, stance.reason
    if isinstance(host.ipvs, Unknown):
        return host.ipvs, cannot_tell
    if host.ipvs is not None and host.ipvs.services:
        return False, Prose(
            en="it is passive, but its IPVS table is not empty: requests are sent on to another real server, or loop",
            zh="它是备用节点, 但其 IPVS 表不为空: 请求会被再次转发, 甚至形成环路",
        )
    return True, Prose(
        en="it carries the VIPs on lo, silently, with an empty table",
        zh="lo 上有 VIP, 保持静默, 且运行表为空",
    )


def _members(directors: Iterable[Host], evidence: Mapping[str, Evidence]) -> Iterator[Member]:
    """Every node and every real server that the directors' files name, once."""
    by_address = {address: name for name, member in evidence.items() for address in own_addresses(member)}
    by_node = {name: member.snapshot.name for name, member in named_nodes(evidence.values()).items()}
    # A host that was not asked may be the one that is named.
    gaps = {
        "node": _first_unknown(member.uname for member in evidence.values()),
        "real": _first_unknown(member.interfaces for member in evidence.values()),
    }
    seen: set[tuple[str, str]] = set()
    for director in directors:
        for name, kind, at, host in _named(director, by_address, by_node):
            if (kind, name) not in seen:
                seen.add((kind, name))
                owner = host or gaps[kind]
                yield Member(name=name, kind=kind, host=owner, read=_was_read(evidence, owner), at=at)


def _named(
    director: Host, by_address: Mapping[str, str], by_node: Mapping[str, str]
) -> Iterator[tuple[str, str, At, str | None]]:
    ha_cf, cf = known(director.ha_cf), known(director.ldirectord)
    for node in ha_cf.nodes if ha_cf is not None else ():
        yield node.name, "node", node.at, by_node.get(node.name)
    for file in (cf, known(director.keepalived)):
        for address, at in real_addresses(file).items() if file is not None else ():
            yield address, "real", at, by_address.get(address) or by_node.get(address.lower())


def _was_read(evidence: Mapping[str, Evidence], host: str | None | Unknown) -> bool | Unknown:
    if host is None or isinstance(host, Unknown):
        return host or False
    snapshot = evidence[host].snapshot
    if snapshot.status == "ok":
        return True
    return unknown(
        At(host=host, source=""),
        f"{host} was not read whole: {snapshot.status}",
        f"{host} 未能完整读取: {snapshot.status}",
    )


def _first_unknown(facts: Iterable[object]) -> Unknown | None:
    return next((fact for fact in facts if isinstance(fact, Unknown)), None)


def _compare_authkeys(directors: Sequence[Host]) -> Comparison | Unknown:
    """The keys that the directors sign with; of a file that heartbeat refuses nobody can tell which it would be."""
    absent = [director.name for director in directors if director.authkeys is None]
    if absent:
        names = ", ".join(absent)
        return Comparison(
            kind="absent",
            explanation=Prose(en=f"there is no authkeys on {names}", zh=f"{names} 上没有 authkeys"),
            ats=tuple(At(host=name, source=f"{HA_D}/authkeys") for name in absent),
        )
    files = {director.name: file for director in directors if (file := known(director.authkeys)) is not None}
    keys = {
        name: file.selected for name, file in files.items() if file.accepted and file.selected is not None
    }
    ats = tuple(key.at for key in keys.values())
    first = next(iter(keys), "")
    for name, key in keys.items():
        one = keys[first]
        if (key.number, key.method, key.key) == (one.number, one.method, one.key):
            continue
        if key.number != one.number:
            what, zh = (
                f"under number {one.number} and {key.number}",
                f"编号分别为 {one.number} 与 {key.number}",
            )
        elif key.method != one.method:
            what, zh = f"by {one.method} and {key.method}", f"方法分别为 {one.method} 与 {key.method}"
        else:
            what, zh = "with two different keys", "密钥本身不同"
        return Comparison(
            kind="different",
            explanation=Prose(en=f"{first} and {name} sign {what}", zh=f"{first} 与 {name} 签名的{zh}"),
            ats=ats,
        )
    refused = next((file for name, file in files.items() if name not in keys), None)
    if refused is not None:
        return unknown(
            refused.at,
            f"heartbeat refuses {refused.at.source}, so which key it would sign with cannot be told",
            f"heartbeat 会拒绝 {refused.at.source}, 无法得知它会用哪个密钥签名",
        )
    return _first_unknown(director.authkeys for director in directors) or Comparison(
        kind="identical",
        explanation=Prose(en="the same key on all directors", zh="各调度器使用相同的密钥"),
        ats=ats,
    )


def _compare_haresources(directors: Sequence[Host]) -> Comparison | Unknown:
    gap = _first_unknown(director.haresources for director in directors)
    if gap is not None:
        return gap
    files = {
        director.name: director.haresources
        for director in directors
        if director.haresources is not None and not isinstance(director.haresources, Unknown)
    }
    groups = {name: _normal(file.groups) for name, file in files.items()}
    ats = tuple(at for file in files.values() for at in [group.node.at for group in file.groups] or [file.at])
    absent = [director.name for director in directors if director.name not in groups]
    if absent:
        return Comparison(
            kind="absent",
            explanation=Prose(
                en=f"{', '.join(absent)} has no haresources", zh=f"{', '.join(absent)} 没有 haresources"
            ),
            ats=ats,
        )
    if len(set(groups.values())) <= 1:
        return Comparison(
            kind="identical",
            explanation=Prose(en="the same on all directors", zh="各调度器上一致"),
            ats=ats,
        )
    resources = {tuple(resources for _, resources in group) for group in groups.values()}
    selfish = all(
        {node for node, _ in groups[director.name]} == {_own_name(director)} for director in directors
    )
    if len(resources) == 1 and selfish:
        return Comparison(
            kind="each-names-itself",
            explanation=Prose(
                en="the same resources, but each director names itself as the preferred node: when both start at "
                "the same time, each takes them all and every VIP has two owners; after a failed start nobody does. "
                "The runbook prints it so; heartbeat wants the same file on both nodes",
                zh="资源相同, 但每台调度器都把自己写成首选节点: 同时启动时双方都会接管全部资源, 每个 VIP 出现两个主人; "
                "启动失败后则无人接管。手册正是这样写的, 而 heartbeat 要求两台的文件完全相同",
            ),
            ats=ats,
        )
    return Comparison(
        kind="different",
        explanation=Prose(
            en="the directors disagree about nodes, resources or their order",
            zh="各调度器的节点、资源或顺序不一致",
        ),
        ats=ats,
    )


def _normal(groups: Iterable[Group]) -> tuple[tuple[str, tuple[tuple[str, tuple[str, ...]], ...]], ...]:
    return tuple(
        (group.node.name, tuple((resource.script, resource.args) for resource in group.resources))
        for group in groups
    )


def _own_name(host: Host) -> str:
    return (host.name if isinstance(host.uname, Unknown) else host.uname.node).lower()


def _compare_files(directors: Sequence[Host]) -> Comparison | Unknown:
    gap = _first_unknown(director.ldirectord for director in directors)
    if gap is not None:
        return gap
    files = {
        director.name: director.ldirectord
        for director in directors
        if director.ldirectord is not None and not isinstance(director.ldirectord, Unknown)
    }
    absent = [director.name for director in directors if director.name not in files]
    if absent or not files:
        return Comparison(
            kind="absent",
            explanation=Prose(
                en=f"{', '.join(absent)} has no ldirectord.cf", zh=f"{', '.join(absent)} 没有 ldirectord.cf"
            ),
            ats=tuple(file.at for file in files.values()),
        )
    return compare_ldirectord(files)


def _sync(directors: Sequence[Host]) -> Comparison | Unknown:
    """Connection synchronisation: master on the active director, backup on each passive one, one syncid."""
    gap = _first_unknown(fact for director in directors for fact in (director.sync_daemons, director.active))
    if gap is not None:
        return gap
    daemons: dict[str, tuple[SyncDaemon, ...]] = {
        director.name: () if isinstance(director.sync_daemons, Unknown) else director.sync_daemons or ()
        for director in directors
    }
    ats = tuple(daemon.at for own in daemons.values() for daemon in own)
    if not ats:
        return Comparison(
            kind="off",
            explanation=Prose(
                en="no sync daemon runs: a failover breaks every established connection",
                zh="没有运行同步守护进程: 切换时所有已建立的连接都会中断",
            ),
            ats=tuple(At(host=director.name, source="ipvsadm-daemon") for director in directors),
        )
    for director in directors:
        wanted = "master" if director.active else "backup"
        if wanted not in {daemon.role for daemon in daemons[director.name]}:
            state, zh = ("active", "主用") if director.active else ("passive", "备用")
            return Comparison(
                kind="wrong",
                explanation=Prose(
                    en=f"{director.name} is {state}, but no {wanted} sync daemon runs there",
                    zh=f"{director.name} 是{zh}节点, 但没有运行 {wanted} 同步守护进程",
                ),
                ats=ats,
            )
    if len({daemon.syncid for own in daemons.values() for daemon in own} - {0}) > 1:
        return Comparison(
            kind="wrong",
            explanation=Prose(en="the directors use different sync ids", zh="各调度器的 syncid 不同"),
            ats=ats,
        )
    return Comparison(
        kind="fits", explanation=Prose(en="roles and sync ids fit", zh="角色与 syncid 相符"), ats=ats
    )


def _tcp_timeout(directors: Iterable[Host]) -> int | Unknown:
    """The IPVS timeout that conntrack is measured by: the live one of a director, else the kernel's default."""
    for director in directors:
        timeouts = director.ipvs_timeouts
        if isinstance(timeouts, Unknown):
            return timeouts
        if timeouts is not None:
            return timeouts.tcp
    return _DEFAULT_TCP_TIMEOUT
