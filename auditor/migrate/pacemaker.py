"""The CIB instead of haresources: one group in the old order, and where it prefers to run."""

from __future__ import annotations

from collections.abc import Iterator

from auditor.migrate.design import Design, Part
from auditor.migrate.health import pools, unit
from auditor.migrate.tell import Told, changed, decide, kept, lost
from auditor.migrate.templates import fill
from auditor.model.facts import Group, Resource

CIB = "cluster/cib.xml"
SCORE = 50


def write_cib(design: Design) -> str:
    """The whole configuration section, with the schema it is written for."""
    return fill(
        "cib.xml.j2",
        design=design,
        primitives=[primitive for part in design.parts for primitive in _primitives(design, part)],
        stickiness=stickiness(design),
        score=SCORE,
        hosts=" ".join(design.pings),
    )


def stickiness(design: Design) -> str:
    return "0" if design.failback else "INFINITY"


def stickiness_text(design: Design) -> str:
    return f'name="resource-stickiness" value="{stickiness(design)}"'


def score_text(design: Design) -> str:
    return f'score="{SCORE}" node="{design.preferred}"'


def ping_text(design: Design) -> str:
    return f'name="host_list" value="{" ".join(design.pings)}"'


def rule_text(design: Design) -> str:
    return 'attribute="pingd" operation="lt" value="1"'


def _primitives(design: Design, part: Part) -> Iterator[dict[str, object]]:
    """Class, provider, type, parameters and operations of what stands for one resource."""
    if part.kind == "vip":
        parameters = {"ip": part.address, "cidr_netmask": str(part.prefix)}
        if part.interface is not None:
            parameters["nic"] = part.interface
        parameters |= {"lvs_ipv6_addrlabel": "true"} if part.is_six else {"lvs_support": "true"}
        yield _primitive(part.id, "ocf", "heartbeat", "IPaddr2", parameters, 20)
    elif part.kind == "sync" and design.sync_unit == "lvs-sync-master":
        yield _primitive(part.id, "systemd", None, "lvs-sync-master", {}, 60)
    elif part.kind == "balancer" and design.debian:
        yield _primitive(
            part.id, "ocf", "heartbeat", "ldirectord", {"configfile": "/etc/ha.d/ldirectord.cf"}, 120
        )
    elif part.kind == "balancer":
        for pool in pools(design):
            yield _primitive(pool.id, "systemd", None, unit(pool), {}, pool.patience)


def _primitive(
    id: str, kind: str, provider: str | None, type: str, parameters: dict[str, str], timeout: int
) -> dict[str, object]:
    return {
        "id": id,
        "class": kind,
        "provider": provider,
        "type": type,
        "parameters": parameters,
        "timeout": timeout,
        "interval": 10 if kind == "ocf" and type == "IPaddr2" else 20,
    }


def tell_haresources(design: Design, fact: object) -> Iterator[Told]:
    """The node, then every part of every resource."""
    if not isinstance(fact, Group):
        return
    if not design.pacemaker:
        yield lost(fact.node.written, "no-failover", at=fact.node.at)
    elif fact.node.name == design.preferred:
        yield changed(fact.node.written, CIB, score_text(design), "preferred", at=fact.node.at)
    else:
        yield decide(fact.node.written, "other-preferred", at=fact.node.at, preferred=design.preferred or "-")
    for resource in fact.resources:
        yield from _tell_resource(design, fact, resource)


def _tell_resource(design: Design, group: Group, resource: Resource) -> Iterator[Told]:
    part = next((part for part in design.parts if _stands_for(part, resource)), None)
    at = resource.at
    if part is None or part.kind == "open":
        for value in (resource.script, *resource.args):
            yield decide(value, "resource-unknown" if part else "not-in-leader", at=at)
        return
    if part.kind == "vip":
        yield from _tell_vip(design, group, resource, part)
        return
    if part.kind == "sync":
        path = f"etc/systemd/system/{design.sync_unit}.service"
        for value in (resource.script, *resource.args):
            yield changed(value, path, "--start-daemon master", "sync-swap", at=at)
        return
    yield from _tell_balancer(design, resource)


def _tell_balancer(design: Design, resource: Resource) -> Iterator[Told]:
    if design.pacemaker and design.debian:
        yield changed(resource.script, CIB, 'type="ldirectord"', "ocf-ldirectord", at=resource.at)
        for value in resource.args:
            yield changed(value, CIB, 'value="/etc/ha.d/ldirectord.cf"', "one-ldirectord", at=resource.at)
    elif design.debian:
        preset = "etc/systemd/system-preset/50-lvs.preset"
        for value in (resource.script, *resource.args):
            yield changed(value, preset, "enable ldirectord.service", "unit-ldirectord", at=resource.at)
    else:
        for value in (resource.script, *resource.args):
            yield changed(
                value,
                "etc/systemd/system/lvs-pool@.service",
                "lvs-health",
                "health-for-ldirectord",
                at=resource.at,
            )


def _tell_vip(design: Design, group: Group, resource: Resource, part: Part) -> Iterator[Told]:
    """``ip[/mask[/nic[:label][/broadcast]]]``."""
    at = resource.at
    path = CIB if design.pacemaker else "etc/systemd/system/lvs-vip.service"
    address = next((one for one in group.addresses if one.at == at), None)
    place = f'name="ip" value="{part.address}"' if design.pacemaker else f"{part.address}/{part.prefix}"
    if resource.script == "IPaddr2" and design.pacemaker:
        yield kept(resource.script, path, 'type="IPaddr2"', at=at)
    else:
        kind = 'type="IPaddr2"' if design.pacemaker else "ip address replace"
        yield changed(resource.script, path, kind, "ipaddr", at=at)
    raw = resource.args[0].split("/") if resource.args else []
    for index, value in enumerate(raw):
        if index == 0:
            yield kept(value, path, place, at=at)
        elif address is not None and value == address.broadcast:
            yield lost(value, "broadcast", at=at)
        elif value.split(":")[0] == part.interface:
            text = f'name="nic" value="{part.interface}"' if design.pacemaker else f"dev {part.interface}"
            if ":" in value:
                yield changed(value, path, text, "label", at=at)
            else:
                yield kept(value, path, text, at=at)
        elif index == 1 and address is not None and address.prefix is not None:
            text = f'name="cidr_netmask" value="{part.prefix}"' if design.pacemaker else f"/{part.prefix}"
            if value == str(part.prefix):
                yield kept(value, path, text, at=at)
            else:
                yield changed(value, path, text, "netmask", at=at)
        else:
            yield decide(value, "value-refused", at=at)
    for value in resource.args[1:]:
        yield decide(value, "resource-argument", at=at)


def _stands_for(part: Part, resource: Resource) -> bool:
    if part.resource is None:
        return part.kind == "balancer" and resource.script.rpartition("/")[2] == "ldirectord"
    if part.kind == "vip":
        return part.resource.written == resource.written
    return part.resource.script == resource.script and part.resource.args == resource.args
