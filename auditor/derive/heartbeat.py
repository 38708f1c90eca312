"""What heartbeat's files amount to: paths between the directors, the watchdog, and the group that serves the VIPs."""

from __future__ import annotations

import posixpath
from collections.abc import Callable
from ipaddress import IPv4Network, IPv6Network
from typing import TYPE_CHECKING

from auditor.derive.addresses import to_ip, to_network
from auditor.derive.evidence import Evidence, known, unknown
from auditor.derive.keepalived import gap_of, vrrp_of
from auditor.model.cluster import Comparison, Problem
from auditor.model.facts import HaCf, Interface, Medium
from auditor.model.place import At, Prose, Unknown

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from auditor.model.facts import Group, Haresources, ModuleLine

Channel = tuple[str, str | None, int | None, IPv4Network | IPv6Network]
Strangers = Callable[[Channel], tuple[Evidence, Medium] | None]

_OFF = frozenset({"off", "no", "n", "false", "0"})
# Drivers of real watchdogs, which need no alias; softdog is the kernel's own.
_HARDWARE = ("wdt", "_watchdog")


# -- media --------------------------------------------------------------------


def derive_channels(host: Evidence) -> Iterator[tuple[Channel, Medium]]:
    """Where everybody who listens hears this director: kind, group, port and network of its mcast and bcast."""
    for medium in _media(host):
        if medium.kind in {"mcast", "bcast"}:
            for network in _networks(host, medium.interface):
                yield (medium.kind, medium.group, medium.port, network), medium


def derive_media_problems(
    directors: Sequence[Evidence], strangers: Strangers, unheard: Unknown | None
) -> Iterator[Problem | Unknown]:
    """Media that exist on one director only, or that a director of another cluster listens to.

    ``strangers``: such a director and its medium for a channel, or None. ``unheard``: why another cluster could have
    one that is not known.
    """
    for director in directors:
        for fact in (director.ha_cf, director.interfaces):
            if isinstance(fact, Unknown):
                yield fact
    for director in directors:
        for medium in _media(director):
            yield from _on_interface(director, medium)
            for other in directors:
                if other is not director and _file(other) is not None and not _meets(director, medium, other):
                    yield _unanswered(director, medium, other)
        yield from _shared(director, strangers)
    if unheard is not None and any(True for director in directors for _ in derive_channels(director)):
        yield unheard


def _file(host: Evidence) -> HaCf | None:
    reading = known(host.ha_cf)
    return reading.value if reading is not None else None


def _media(host: Evidence) -> tuple[Medium, ...]:
    file = _file(host)
    return file.media if file is not None else ()


def _describe(medium: Medium) -> str:
    """As in ha.cf, without what the other end may have differently."""
    match medium.kind:
        case "mcast":
            return f"mcast {medium.group}:{medium.port}"
        case "ucast":
            return f"ucast {medium.peer}"
        case _:
            return f"{medium.kind} {medium.interface}"


def _interface(host: Evidence, name: str) -> Interface | None:
    return next((one for one in known(host.interfaces) or () if one.name == name), None)


def _networks(host: Evidence, interface: str) -> set[IPv4Network | IPv6Network]:
    live = _interface(host, interface)
    networks = {to_network(one.address, one.prefix) for one in (live.addresses if live else ())}
    return {network for network in networks if network is not None and network.num_addresses > 1}


def _own(host: Evidence) -> set[str]:
    return {
        str(to_ip(address.address))
        for interface in known(host.interfaces) or ()
        for address in interface.addresses
    }


def _on_interface(host: Evidence, medium: Medium) -> Iterator[Problem]:
    if medium.kind == "serial" or isinstance(host.interfaces, Unknown):
        return
    live = _interface(host, medium.interface)
    if live is not None and live.up and any(address.family == 4 for address in live.addresses):
        return
    what, zh = (
        ("does not exist", "不存在")
        if live is None
        else ("is down", "未启用")
        if not live.up
        else ("has no IPv4 address", "没有 IPv4 地址")
    )
    name = host.snapshot.name
    yield Problem(
        code="interface",
        subject=f"{name} {_describe(medium)} interface",
        message=Prose(
            en=f"{name}: {medium.kind} goes over {medium.interface}, which {what}",
            zh=f"{name}: {medium.kind} 使用的接口 {medium.interface} {zh}",
        ),
        ats=(medium.at, *((live.at,) if live else (At(host=name, source="ip-addr"),))),
    )


def _meets(host: Evidence, medium: Medium, other: Evidence) -> bool:
    """Whether a medium of the other director hears this one."""
    if medium.kind == "ucast" and medium.peer in _own(host):
        return True  # heartbeat leaves out a line that is aimed at itself
    return any(_pairs(host, medium, other, theirs) for theirs in _media(other) if theirs.kind == medium.kind)


def _pairs(host: Evidence, medium: Medium, other: Evidence, theirs: Medium) -> bool:
    match medium.kind:
        case "mcast":
            return (medium.group, medium.port) == (theirs.group, theirs.port)
        case "bcast":
            networks = _networks(host, medium.interface), _networks(other, theirs.interface)
            return medium.port == theirs.port and (not all(networks) or bool(networks[0] & networks[1]))
        case "ucast":
            unread = isinstance(host.interfaces, Unknown) or isinstance(other.interfaces, Unknown)
            return medium.port == theirs.port and (
                unread or (theirs.peer in _own(host) and medium.peer in _own(other))
            )
    return True  # a serial line does not tell where it leads


def _unanswered(host: Evidence, medium: Medium, other: Evidence) -> Problem:
    name, peer, what = host.snapshot.name, other.snapshot.name, _describe(medium)
    return Problem(
        code="unanswered",
        subject=f"{name} {what} {peer}",
        message=Prose(
            en=f"{name} sends on {what}, port {medium.port}, but no medium of {peer} hears it",
            zh=f"{name} 在 {what} (端口 {medium.port}) 上发送心跳, 但 {peer} 没有任何介质能收到",
        ),
        ats=(medium.at, *(theirs.at for theirs in _media(other))),
    )


def _shared(host: Evidence, strangers: Strangers) -> Iterator[Problem]:
    """Two clusters in one network that use one group and port, or broadcast on one port, hear each other."""
    for channel, medium in derive_channels(host):
        found = strangers(channel)
        if found is not None:
            other, theirs = found
            name, stranger = host.snapshot.name, other.snapshot.name
            yield Problem(
                code="shared",
                subject=f"{name} {_describe(medium)} {stranger}",
                message=Prose(
                    en=f"{name} and {stranger}, of another cluster, share {_describe(medium)}, port {medium.port}: "
                    "each logs the other's messages as forged or from a stranger",
                    zh=f"{name} 与另一集群的 {stranger} 共用 {_describe(medium)} (端口 {medium.port}): "
                    "双方都会把对方的消息当作伪造或陌生节点记入日志",
                ),
                ats=(medium.at, theirs.at),
            )


# -- watchdog -----------------------------------------------------------------


def derive_watchdog(evidence: Evidence) -> Comparison | Unknown:
    """``none``, ``complete`` or ``partial``: a watchdog line, its driver in the kernel, and the alias for boot."""
    ha_cf, modules, lines, uname = evidence.ha_cf, evidence.modules, evidence.module_lines, evidence.uname
    if isinstance(ha_cf, Unknown):
        return ha_cf
    if isinstance(modules, Unknown):
        return modules
    if isinstance(lines, Unknown):
        return lines
    if isinstance(uname, Unknown):
        return uname
    if ha_cf is not None and not ha_cf.value.accepted:
        return _refused(ha_cf.at, "heartbeat")
    line = ha_cf.value.watchdog if ha_cf is not None else None
    softdog = next((one for one in modules if one.name == "softdog"), None)
    hardware = next((one for one in modules if one.name.endswith(_HARDWARE)), None)
    if line is not None and hardware is not None and softdog is None:
        return Comparison(
            kind="complete",
            explanation=Prose(en=f"{hardware.name} is a real watchdog", zh=f"{hardware.name} 是硬件看门狗"),
            ats=(line.at, hardware.at),
        )
    old = uname.release.startswith("2.4.")
    aliases = [one for one in lines if _is_softdog_alias(one)]
    read = next(
        (one for one in aliases if (posixpath.basename(one.at.source) == "modules.conf") == old), None
    )
    there = (line is not None, softdog is not None, read is not None)
    ats = tuple(one.at for one in (line, softdog, *aliases) if one is not None)
    if all(there):
        complete = Prose(en="line, module and alias are there", zh="指令、模块与 alias 齐备")
        return Comparison(kind="complete", explanation=complete, ats=ats)
    if not any(there) and not aliases:
        none = Prose(en="no watchdog is used", zh="未使用看门狗")
        return Comparison(kind="none", explanation=none, ats=(uname.at,))
    return _partial(there, ats, wrong_file=read is None and bool(aliases), old=old)


def _is_softdog_alias(line: ModuleLine) -> bool:
    return line.verb == "alias" and line.words[:2] in {
        ("watchdog", "softdog"),
        ("char-major-10-130", "softdog"),
    }


def _partial(there: Sequence[bool], ats: tuple[At, ...], *, wrong_file: bool, old: bool) -> Comparison:
    names = (
        ("a watchdog line in ha.cf", "ha.cf 中的 watchdog 行"),
        ("softdog in the kernel", "内核中的 softdog"),
        ("an alias that this kernel reads", "本内核会读取的 alias"),
    )
    have = [name for name, is_there in zip(names, there, strict=True) if is_there]
    lack = [name for name, is_there in zip(names, there, strict=True) if not is_there]
    en = f"there is {_list(have, 0) or 'nothing of it in force'}, but not {_list(lack, 0)}"
    zh = f"有{_list(have, 1) or '配置但未生效'}, 却没有{_list(lack, 1)}"
    if wrong_file:
        right, wrong = ("modules.conf", "modprobe.conf") if old else ("modprobe.conf", "modules.conf")
        en += f"; the alias stands in {wrong}, while this kernel reads {right}"
        zh += f"; alias 写在 {wrong}, 而本内核读取的是 {right}"
    return Comparison(kind="partial", explanation=Prose(en=en, zh=zh), ats=ats)


def _list(names: Sequence[tuple[str, str]], language: int) -> str:
    return (" and ", "与")[language].join(name[language] for name in names)


# -- haresources and ldirectord -----------------------------------------------


def derive_coverage(director: Evidence, directors: Sequence[Evidence]) -> Iterator[Problem | Unknown]:
    """VIPs that ldirectord serves, but that its group in haresources does not bring up before it.

    And those of haresources that VRRP moves as well, on whichever of the ``directors``.
    """
    if isinstance(director.haresources, Unknown):
        yield director.haresources
        return
    file = _file(director)
    crm = file.crm if file is not None else None
    unused = crm is not None and crm.value.lower() not in _OFF  # haresources is not used then
    if director.haresources is not None and not unused:
        yield from _moved_twice(director.snapshot.name, director.haresources.value, directors)
    if isinstance(director.ldirectord, Unknown):
        yield director.ldirectord
        return
    if director.haresources is None or director.ldirectord is None or unused:
        return
    haresources, cf = director.haresources.value, director.ldirectord.value
    for accepted, at, daemon in (
        (haresources.accepted, haresources.at, "heartbeat"),
        (cf.accepted, cf.at, "ldirectord"),
    ):
        if not accepted:
            yield _refused(at, daemon)
            return
    name = director.snapshot.name
    serving = next((group for group in haresources.groups if _ldirectord_in(group) is not None), None)
    if serving is None and cf.virtuals:
        yield Problem(
            code="ldirectord",
            subject=f"{name} ldirectord",
            message=Prose(
                en=f"{name}: ldirectord is no resource of haresources, so a takeover starts no service",
                zh=f"{name}: haresources 中没有 ldirectord 资源, 接管后不会启动任何服务",
            ),
            ats=(haresources.at, cf.at),
        )
        return
    places: dict[str, tuple[At, ...]] = {}
    for virtual in cf.virtuals:
        ip = to_ip(virtual.address)
        if ip is not None:
            places[str(ip)] = (*places.get(str(ip), ()), virtual.at)
        elif virtual.mark is None:
            yield unknown(
                virtual.at,
                f"{virtual.name} is a name: which address it means cannot be told from the files",
                f"{virtual.name} 是名称: 无法从文件得知其地址",
            )
    by_vrrp, gap = vrrp_of(director.keepalived), gap_of(director.keepalived)
    for vip, ats in places.items():
        instance = by_vrrp.get(vip)
        if instance is None and gap is not None and not _groups_of(vip, haresources.groups):
            continue  # keepalived may bring it up, which was said above
        if instance is not None and not _groups_of(vip, haresources.groups):
            yield Problem(
                code="uncovered",
                subject=f"{name} {vip}",
                message=Prose(
                    en=f"{name}: {vip} is moved by VRRP, ldirectord by heartbeat: the two can end on "
                    "different directors",
                    zh=f"{name}: {vip} 由 VRRP 切换, ldirectord 由 heartbeat 切换: 两者可能落在不同的调度器上",
                ),
                ats=(*ats, haresources.at, instance.at),
            )
            continue
        fault = _cover(vip, haresources.groups, serving)
        if fault is not None:
            yield Problem(
                code="uncovered",
                subject=f"{name} {vip}",
                message=Prose(en=f"{name}: {vip} {fault.en}", zh=f"{name}: {vip} {fault.zh}"),
                ats=(*ats, haresources.at),
            )


def _refused(at: At, daemon: str) -> Unknown:
    return unknown(
        at,
        f"{daemon} refuses {at.source}, so what it would do cannot be told",
        f"{daemon} 拒绝 {at.source}, 无法得知它会如何处理",
    )


def _ldirectord_in(group: Group) -> int | None:
    scripts = [posixpath.basename(resource.script) for resource in group.resources]
    return scripts.index("ldirectord") if "ldirectord" in scripts else None


def _moved_twice(
    name: str, haresources: Haresources, directors: Sequence[Evidence]
) -> Iterator[Problem | Unknown]:
    """Resources that a VRRP instance brings up as well: heartbeat and keepalived know nothing of each other."""
    for other in directors:
        by_vrrp = vrrp_of(other.keepalived)
        for address in haresources.addresses:
            vip = str(to_ip(address.address))
            instance = by_vrrp.get(vip)
            if instance is not None:
                host = other.snapshot.name
                yield Problem(
                    code="moved-twice",
                    subject=f"{name} {vip} {host}",
                    message=Prose(
                        en=f"{name}: {vip} is a resource of heartbeat and an address of the VRRP instance "
                        f"{instance.name} on {host}: two programs move it, and both directors can have it",
                        zh=f"{name}: {vip} 既是 heartbeat 的资源, 又是 {host} 上 VRRP 实例 {instance.name} 的地址: "
                        "两个程序各自切换它, 两台调度器可能同时拥有",
                    ),
                    ats=(address.at, instance.at),
                )
        gap = gap_of(other.keepalived)
        if gap is not None and not isinstance(other.haresources, Unknown):
            yield gap  # else its own coverage is unknown already


def _groups_of(vip: str, groups: Sequence[Group]) -> list[Group]:
    return [group for group in groups if any(str(to_ip(one.address)) == vip for one in group.addresses)]


def _cover(vip: str, groups: Sequence[Group], serving: Group | None) -> Prose | None:
    found = _groups_of(vip, groups)
    if not found:
        return Prose(
            en="is served by ldirectord, but is no resource: nobody brings it up at a takeover",
            zh="由 ldirectord 提供服务, 却不是资源: 接管时没有人启用它",
        )
    if serving is not None and serving not in found:
        return Prose(
            en="is in another group than ldirectord: the two can end on different directors",
            zh="与 ldirectord 不在同一资源组: 两者可能落在不同的调度器上",
        )
    if serving is not None:
        own = next(one for one in serving.addresses if str(to_ip(one.address)) == vip)
        order = [resource.at for resource in serving.resources]
        last = _ldirectord_in(serving)
        if own.at in order and last is not None and order.index(own.at) > last:
            return Prose(
                en="stands behind ldirectord, which then starts without the address",
                zh="写在 ldirectord 之后, ldirectord 启动时地址尚未就绪",
            )
    return None
