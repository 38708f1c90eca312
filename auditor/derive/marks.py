"""Which addresses a virtual service is reached by: its own, or those whose packets get its firewall mark."""

from __future__ import annotations

from collections.abc import Iterable

from auditor import parse
from auditor.derive.addresses import bits, to_network
from auditor.derive.evidence import Evidence, unknown
from auditor.derive.keepalived import Service
from auditor.model.facts import FilterRule, Firewall, Reading, Virtual
from auditor.model.place import At, Unknown
from auditor.parse.text import read_document


def addresses_of(virtual: Virtual | Service, directors: Iterable[Evidence]) -> tuple[str, ...] | Unknown:
    """``virtual.address`` as it stands; for a mark what the packet filters of all directors give that mark to.

    Unknown: nothing was seen that gives the mark, or something gives it by more than the destination.
    """
    if virtual.mark is None:
        return (virtual.address,) if virtual.address is not None else ()
    gap: Unknown | None = None
    found: set[str] = set()
    for director in directors:
        rules = _marking(director, virtual.mark)
        if isinstance(rules, Unknown):
            gap = gap or rules
            continue
        for rule in rules:
            address = _destination(rule)
            if address is None:
                return unknown(
                    rule.at,
                    f"mark {virtual.mark} is given by more than one destination address: {' '.join(rule.words)}",
                    f"标记 {virtual.mark} 不只按单个目的地址设置: {' '.join(rule.words)}",
                )
            found.add(address)
    if found:
        return tuple(sorted(found))
    return gap or unknown(
        virtual.at,
        f"no packet filter rule was seen that gives mark {virtual.mark}, so its addresses are not known",
        f"没有看到设置标记 {virtual.mark} 的防火墙规则, 因此不知道它对应哪些地址",
    )


def _marking(director: Evidence, mark: int) -> list[FilterRule] | Unknown:
    artifact = director.snapshot.artifacts.get("iptables")
    host = director.snapshot.name
    if artifact is None or artifact.state not in {"read", "absent", "skipped"}:
        return unknown(
            At(host=host, source="iptables-save"),
            f"the packet filter of {host} was not read",
            f"未读取 {host} 的防火墙规则",
        )
    document = read_document(artifact.content, source=artifact.source, host=host)
    reading: Reading[Firewall] = parse.read("iptables", document)
    dark = next((line for line in reading.unparsed if "MARK" in line.text), None)
    if dark is not None:
        return unknown(dark.at, f"{dark.at} is not understood", f"无法理解 {dark.at}")
    return [rule for rule in reading.value.rules if rule.set_mark == mark]


def _destination(rule: FilterRule) -> str | None:
    if rule.destination is None or "destination" in rule.negated:
        return None
    address, _, length = rule.destination.partition("/")
    network = to_network(address, length or bits(address))
    return address if network is not None and network.num_addresses == 1 else None
