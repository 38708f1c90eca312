"""Ways out of a host: its default route and the files that set it, and packets that the way back condemns."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from auditor.derive.addresses import to_ip
from auditor.derive.arp import filter_in_force
from auditor.derive.evidence import Evidence, known, unknown
from auditor.model.cluster import ReversePath
from auditor.model.facts import Setting
from auditor.model.place import At, Unknown

if TYPE_CHECKING:
    from auditor.model.facts import Interface, Route

_STRICT = 1


def derive_default_routes(evidence: Evidence) -> tuple[Route, ...] | Unknown:
    """Default routes of the main table that lead to a gateway."""
    if isinstance(evidence.routes, Unknown):
        return evidence.routes
    return tuple(
        route
        for route in evidence.routes
        if route.destination == "default"
        and route.gateway
        and route.table in {None, "main"}
        and ":" not in route.gateway
    )


def derive_gateways(evidence: Evidence) -> tuple[Setting, ...] | Unknown:
    """Every line that sets a default gateway at boot: sysconfig/network, ifcfg files, rc.local."""
    if evidence.ifcfgs is None:
        return unknown(
            At(host=evidence.snapshot.name, source="/etc/sysconfig/network-scripts"),
            "this host has no network-scripts, and where else it configures its gateway is not read",
            "该主机没有 network-scripts, 其他配置网关的位置未读取",
        )
    for fact in (evidence.network, evidence.ifcfgs, evidence.rc_local):
        if isinstance(fact, Unknown):
            return fact
    network, script = known(evidence.network), known(evidence.rc_local)
    lines = [network.gateway if network is not None else None]
    lines += [ifcfg.gateway for ifcfg in known(evidence.ifcfgs) or ()]
    for command in script.commands if script is not None else ():
        match = re.search(r"\bdefault\s+(?:gw|via)\s+(\S+)", command.text)
        if command.kind == "route" and match:
            lines.append(Setting(key="route", value=match[1], at=command.at))
    return tuple(line for line in lines if line is not None and line.value)


def derive_reverse_paths(
    evidence: Evidence, reals: Mapping[str, frozenset[str | None]]
) -> Iterator[ReversePath | Unknown]:
    """Where requests for the VIPs come in, and whether the way back to any client lets them.

    ``reals``: addresses of real servers in the cluster's pools, with the ways they are forwarded to; None: nobody
    knows.
    """
    if isinstance(evidence.interfaces, Unknown):
        yield evidence.interfaces
        return
    for address in (address for interface in evidence.interfaces for address in interface.addresses):
        if None in reals.get(str(to_ip(address.address)), frozenset()):
            yield unknown(
                address.at,
                f"how requests are forwarded to {address.address} is not known: no lb_kind says it",
                f"没有 lb_kind 说明请求如何转发到 {address.address}",
            )
    for interface, forwarding in _arrivals(evidence.interfaces, reals).items():
        yield _reverse_path(evidence, interface, forwarding)


def _arrivals(
    interfaces: tuple[Interface, ...], reals: Mapping[str, frozenset[str | None]]
) -> dict[str, tuple[str, At]]:
    """Interface to forwarding: that of the own address for gate, the tunnel for ipip."""
    found: dict[str, tuple[str, At]] = {}
    tunnels = [one for one in interfaces if one.name.startswith("tunl")]
    for interface in interfaces:
        for address in interface.addresses:
            ways = reals.get(str(to_ip(address.address)), frozenset())
            if "gate" in ways:
                found[interface.name] = "gate", interface.at
            if "ipip" in ways:
                found |= {tunnel.name: ("ipip", tunnel.at) for tunnel in tunnels}
    return found


def _reverse_path(evidence: Evidence, interface: str, arrival: tuple[str, At]) -> ReversePath | Unknown:
    forwarding, at = arrival
    routes = derive_default_routes(evidence)
    if isinstance(routes, Unknown):
        return routes
    if isinstance(evidence.policy_routing, Unknown):
        return evidence.policy_routing
    value, ats = filter_in_force(evidence, interface)
    ways = {route.interface for route in routes}
    dropped: bool | Unknown
    if isinstance(value, Unknown):
        dropped = value
    elif value != _STRICT:
        dropped = False
    elif not routes:
        dropped = unknown(
            at, "there is no default route to look the way back up in", "没有默认路由, 无法判断回程"
        )
    elif evidence.policy_routing:
        dropped = unknown(at, "rules of ip rule choose the way back", "回程由 ip rule 的策略决定")
    else:
        dropped = interface not in ways
    return ReversePath(
        interface=interface,
        forwarding=forwarding,
        rp_filter=value,
        way_back=", ".join(sorted(way or "" for way in ways)) or None,
        dropped=dropped,
        ats=(at, *ats, *(route.at for route in routes)),
    )
