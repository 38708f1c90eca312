"""Who answers an ARP request for a VIP, by the rules of Linux 2.6.9 to 6.x (net/ipv4/arp.c, inetdevice.h)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from auditor.derive.addresses import Ip, bits, is_loopback, to_ip, to_network
from auditor.derive.evidence import Evidence, unknown
from auditor.derive.kernel import boot_sysctls, in_force, sysctl_key
from auditor.model.cluster import ArpStance, Nic, Placement, Problem
from auditor.model.facts import Address, Ifcfg, Interface, Setting
from auditor.model.place import At, Prose, Unknown

if TYPE_CHECKING:
    from collections.abc import Iterable

LOOPBACK_PREFIX = 8
UNREACHABLE = 8
_GREATER_WINS_SINCE = (2, 6, 31)  # rp_filter; "and" before

_DEAF = frozenset({"arp_ignore", "arp_announce", "arp_filter", "rp_filter"})

_REASONS = {
    "silent": Prose(en="neither answers for the VIP nor announces it", zh="既不应答也不通告该 VIP"),
    "unreachable": Prose(
        en="arp_ignore 8 answers nothing, not even for the host's own address",
        zh="arp_ignore 为 8 时连本机自己的地址也不应答",
    ),
    "own": Prose(
        en="the VIP stands on the interface the request arrives on", zh="VIP 就配置在收到请求的接口上"
    ),
    "answers": Prose(
        en="this arp_ignore answers for addresses of other interfaces",
        zh="该 arp_ignore 值会替其他接口的地址应答",
    ),
    "announces": Prose(
        en="this arp_announce lets the VIP be the sender of ARP requests",
        zh="该 arp_announce 值会以 VIP 作为 ARP 请求源地址",
    ),
    "subnet": Prose(
        en="arp_announce 1 lets the VIP be the sender, since it is in this interface's subnet",
        zh="arp_announce 为 1, 而 VIP 与该接口同网段, 因此仍会以 VIP 作源地址",
    ),
    "neighbour": Prose(
        en="IPv6 neighbours are answered only for addresses of the interface they ask on",
        zh="IPv6 邻居请求只会由其到达接口自身的地址应答",
    ),
    "unknown": Prose(en="the values in force could not be read", zh="无法读取生效的值"),
    "arptables": Prose(
        en="arptables rules may silence it; look at them", zh="arptables 规则可能使其静默, 需人工查看"
    ),
}


def filter_in_force(evidence: Evidence, interface: str) -> tuple[int | Unknown, tuple[At, ...]]:
    """rp_filter as this kernel combines it with ``all``: both have to be on before 2.6.31, the greater one since."""
    sysctls, uname = evidence.sysctls, evidence.uname
    if isinstance(sysctls, Unknown):
        return sysctls, ()
    if isinstance(uname, Unknown):
        return uname, ()
    pair = [sysctls.get(sysctl_key(scope, "rp_filter")) for scope in ("all", interface)]
    ats = tuple(one.at for one in pair if one is not None)
    numbers = [one.number for one in pair if one is not None and one.number is not None]
    if len(numbers) < len(pair):
        at = At(host="", source=sysctl_key(interface, "rp_filter"))
        return unknown(
            next(iter(ats), at), f"rp_filter of {interface} was not read", f"未读取 {interface} 的 rp_filter"
        ), ats
    version = tuple(int(part) for part in re.findall(r"[0-9]+", uname.release)[:3])
    return (max(numbers) if version >= _GREATER_WINS_SINCE else int(all(numbers))), ats


def derive_nics(evidence: Evidence) -> tuple[Nic, ...] | Unknown:
    """The interfaces that ARP can arrive on, with the values in force."""
    interfaces = evidence.interfaces
    if isinstance(interfaces, Unknown):
        return interfaces
    nics = []
    for interface in interfaces:
        if hears_arp(interface):
            ignore, ignore_ats = in_force(evidence.sysctls, interface.name, "arp_ignore")
            announce, announce_ats = in_force(evidence.sysctls, interface.name, "arp_announce")
            arp_filter, _ = in_force(evidence.sysctls, interface.name, "arp_filter")
            rp_filter, _ = filter_in_force(evidence, interface.name)
            nics.append(
                Nic(
                    name=interface.name,
                    arp_ignore=ignore,
                    arp_announce=announce,
                    arp_filter=arp_filter,
                    rp_filter=rp_filter,
                    ats=(interface.at, *ignore_ats, *announce_ats),
                )
            )
    return tuple(nics)


def hears_arp(interface: Interface) -> bool:
    """ARP arrives on a bond or a bridge, not on its ports, and never on lo, a dummy or a tunnel."""
    return interface.up and interface.arp and interface.master is None and not is_hidden(interface.name)


def is_hidden(interface: str) -> bool:
    """Addresses on this interface are local, but ARP requests never come in through it."""
    return interface == "lo" or interface.startswith(("dummy", "tunl", "lvs"))


def decide(
    *,
    hidden: bool,
    scope_host: bool,
    in_subnet: bool,
    arp_ignore: int,
    arp_announce: int,
) -> tuple[str, Prose]:
    """One row of the decision table: ``silent``, ``answers``, ``announces`` or ``unreachable``, and the reason.

    ``hidden``: the VIP stands on lo or a dummy, not on the interface itself; ``scope_host``: it was added with
    scope host; ``in_subnet``: it lies in a subnet of the interface. With arp_ignore 2 only an asker in a subnet
    that the VIP shares is answered: for an address that stands alone nobody is.
    """
    if arp_ignore == UNREACHABLE:
        return "unreachable", _REASONS["unreachable"]
    if not hidden and (arp_ignore != 2 or in_subnet):
        return "answers", _REASONS["own"]
    if hidden and arp_ignore not in {1, 2} and not (arp_ignore == 3 and scope_host):
        return "answers", _REASONS["answers"]
    if arp_announce == 2:
        return "silent", _REASONS["silent"]
    if arp_announce == 1:
        return ("announces", _REASONS["subnet"]) if in_subnet else ("silent", _REASONS["silent"])
    return "announces", _REASONS["announces"]


def derive_stances(
    evidence: Evidence, nics: tuple[Nic, ...] | Unknown, vips: Iterable[str], segment: Iterable[str]
) -> tuple[ArpStance, ...] | Unknown:
    """What this host does for each VIP it carries, on each interface in the VIPs' segment.

    ``segment``: addresses that the directors have on the interface they serve the VIPs from.
    """
    interfaces = evidence.interfaces
    if isinstance(interfaces, Unknown):
        return interfaces
    if isinstance(nics, Unknown):
        return nics
    neighbours = [ip for ip in map(to_ip, segment) if ip is not None]
    by_name = {interface.name: interface for interface in interfaces}
    near = [nic for nic in nics if any(_holds(by_name[nic.name], address) for address in neighbours)]
    stances: list[ArpStance] = []
    for vip in sorted(set(vips)):
        for address in placed(interfaces, vip):
            stances.extend(_stance(evidence, vip, address, nic, by_name[nic.name]) for nic in near or nics)
    return tuple(stances)


def placed(interfaces: tuple[Interface, ...], vip: str) -> list[Address]:
    """Where a host has the address, or has a whole network on lo that makes the address its own."""
    wanted = to_ip(vip)
    return [
        address
        for interface in interfaces
        for address in interface.addresses
        if to_ip(address.address) == wanted
        or (interface.name == "lo" and not is_loopback(address.address) and _covers(address, wanted))
    ]


def derive_placements(evidence: Evidence, vips: frozenset[str]) -> tuple[Placement | Unknown, ...] | Unknown:
    """Every address but 127/8 and ::1 on lo, running or configured in ifcfg-lo:N or rc.local."""
    interfaces = evidence.interfaces
    if isinstance(interfaces, Unknown):
        return interfaces
    found: list[Placement | Unknown] = [
        Placement(
            address=address.address,
            interface=address.label or address.interface,
            prefix=address.prefix,
            full=bits(address.address),
            origin="running",
            reason=None,
            vip=str(to_ip(address.address)) in vips,
            at=address.at,
        )
        for interface in interfaces
        if is_hidden(interface.name)
        for address in interface.addresses
        if not is_loopback(address.address) and address.scope != "link"
    ]
    return (*found, *_configured_placements(evidence, vips))


def derive_false_guards(evidence: Evidence) -> Iterable[Problem | Unknown]:
    """What looks as if it hid a VIP and does nothing: ARP=no of an alias, values of interfaces without ARP."""
    if isinstance(evidence.ifcfgs, Unknown):
        yield evidence.ifcfgs
    else:
        for ifcfg in evidence.ifcfgs or ():
            if ":" in ifcfg.device and ifcfg.arp is not None and ifcfg.arp.value.lower() == "no":
                yield Problem(
                    code="arp-no",
                    subject=f"{ifcfg.device} ARP",
                    message=Prose(
                        en=f"ARP=no in {ifcfg.path} does nothing: ifup-aliases never reads it",
                        zh=f"{ifcfg.path} 中的 ARP=no 不起作用: ifup-aliases 从不读取它",
                    ),
                    ats=(ifcfg.arp.at,),
                )
    assignments = boot_sysctls(evidence)
    if isinstance(assignments, Unknown):
        yield assignments
        return
    for sysctl in assignments.values():
        parts = re.fullmatch(r"net[./]ipv4[./]conf[./](?P<interface>.+)[./](?P<name>\w+)", sysctl.key)
        if parts and parts["interface"].startswith(("lo", "dummy")) and parts["name"] in _DEAF:
            interface, name = parts["interface"], parts["name"]
            yield Problem(
                code="deaf-interface",
                subject=sysctl.key,
                message=Prose(
                    en=f"{sysctl.key} does nothing: no ARP request and no packet of a client arrives on {interface}",
                    zh=f"{sysctl.key} 不起作用: ARP 请求和客户的数据包都不会从 {interface} 进来",
                ),
                ats=(sysctl.at,),
                found=f"{name} {sysctl.value}",
            )


def _configured_placements(evidence: Evidence, vips: frozenset[str]) -> Iterable[Placement | Unknown]:
    if isinstance(evidence.ifcfgs, Unknown):
        yield evidence.ifcfgs
    else:
        for ifcfg in evidence.ifcfgs or ():
            if ifcfg.device.startswith("lo:") and ifcfg.address is not None:
                yield _alias_placement(ifcfg, ifcfg.address, vips)
    if isinstance(evidence.rc_local, Unknown):
        yield evidence.rc_local
    else:
        for command in evidence.rc_local.commands if evidence.rc_local else ():
            if (
                command.kind == "address"
                and command.address
                and is_hidden((command.interface or "").split(":")[0])
            ):
                yield Placement(
                    address=command.address,
                    interface=command.interface or "lo",
                    prefix=_ifconfig_prefix(command.address) if command.prefix is None else command.prefix,
                    full=bits(command.address),
                    origin=command.at.source,
                    reason=None
                    if command.prefix is not None
                    else Prose(
                        en="no netmask: the class of the address decides", zh="未写 netmask: 由地址类别决定"
                    ),
                    vip=str(to_ip(command.address)) in vips,
                    at=command.at,
                )


def _alias_placement(ifcfg: Ifcfg, written: Setting, vips: frozenset[str]) -> Placement | Unknown:
    mask = ifcfg.prefix or ifcfg.netmask
    network = to_network(written.value, mask.value if mask else LOOPBACK_PREFIX)
    if network is None:
        return unknown(written.at, f"{ifcfg.path}: no readable address", f"{ifcfg.path} 中的地址无法识别")
    return Placement(
        address=written.value,
        interface=ifcfg.device,
        prefix=network.prefixlen,
        full=network.max_prefixlen,
        origin=ifcfg.path,
        reason=None
        if mask
        else Prose(
            en="no NETMASK: the alias inherits 255.0.0.0 from lo", zh="没有 NETMASK: 别名继承 lo 的 255.0.0.0"
        ),
        vip=str(to_ip(written.value)) in vips,
        at=mask.at if mask else written.at,
    )


def _ifconfig_prefix(address: str) -> int:
    """The mask that ifconfig gives when none is written: by class A, B, C."""
    first = int(address.split(".")[0]) if "." in address else 0
    return 8 if first < 128 else 16 if first < 192 else 24


def _stance(evidence: Evidence, vip: str, address: Address, nic: Nic, interface: Interface) -> ArpStance:
    kind: str | Unknown
    if ":" in vip and address.interface != nic.name:
        # The sysctls are about ARP alone; ndisc_recv_ns looks the target up on the receiving device.
        kind, reason = "silent", _REASONS["neighbour"]
    elif isinstance(nic.arp_ignore, Unknown) or isinstance(nic.arp_announce, Unknown):
        missing = nic.arp_ignore if isinstance(nic.arp_ignore, Unknown) else nic.arp_announce
        kind, reason = missing if isinstance(missing, Unknown) else "", _REASONS["unknown"]
    else:
        kind, reason = decide(
            hidden=address.interface != nic.name,
            scope_host=address.scope == "host",
            in_subnet=_holds(interface, to_ip(vip))
            or (address.interface == nic.name and address.prefix < bits(vip)),
            arp_ignore=nic.arp_ignore,
            arp_announce=nic.arp_announce,
        )
        if kind in {"answers", "announces"} and evidence.arptables is not False:
            reason = _REASONS["arptables"]
            kind = Unknown(why=reason, at=At(host=evidence.snapshot.name, source="arptables"))
    return ArpStance(
        vip=vip,
        nic=nic.name,
        placement=address.label or address.interface,
        arp_ignore=nic.arp_ignore,
        arp_announce=nic.arp_announce,
        kind=kind,
        reason=reason,
        ats=(address.at, *nic.ats),
    )


def _holds(interface: Interface, ip: Ip | None) -> bool:
    """The address lies in a subnet of the interface, by another address than itself."""
    return any(
        not is_loopback(own.address) and to_ip(own.address) != ip and _covers(own, ip)
        for own in interface.addresses
    )


def _covers(own: Address, ip: Ip | None) -> bool:
    network = to_network(own.address, own.prefix)
    return network is not None and ip is not None and ip.version == network.version and ip in network
