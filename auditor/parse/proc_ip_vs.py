"""Reads /proc/net/ip_vs, which needs no root."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import IPv4Address, IPv6Address

from auditor.model.facts import Document, IpvsReal, IpvsService, IpvsTable, Reading
from auditor.parse.draft import Draft
from auditor.parse.grammar import Line, read_lines
from auditor.parse.ipvsadm import FORWARDING, TableDraft, listed_weight, name_endpoint
from auditor.parse.text import whole


def read_proc_ip_vs(document: Document) -> Reading[IpvsTable]:
    """The same table as ``ipvsadm -Ln`` lists, in the kernel's own order.

    Semantics of Linux 2.4 .. 6.x. What the kernel does not write here: flags, persistence engines, and how
    many jiffies make a second, so that a persistence time stays in ``persistent_jiffies``. The family of a
    mark is that of its real servers, 4 where it has none.
    """
    draft = Draft("proc-ip-vs", document)
    table = TableDraft(draft)
    for line in read_lines("proc-ip-vs", document):
        match line.tag:
            case "VIRTUAL":
                table.add_service(_service(line))
                if line["jiffies"]:
                    draft.say(
                        "info",
                        "jiffies",
                        line.at("jiffies"),
                        "the time is counted in jiffies, of which the file does not tell how many make a second",
                        "此处时间以 jiffies 计, 文件没有说明一秒等于多少 jiffies",
                    )
            case "REAL":
                table.add_real(
                    IpvsReal(
                        address=kernel_address(line["address"]),
                        port=int(line["port"], 16),
                        forwarding=FORWARDING[line["forward"]],
                        weight=listed_weight(line["weight"]),
                        active=whole(line["active"]),
                        inactive=whole(line["inactive"]),
                        at=line.at("address"),
                    )
                )
            case "BLANK":
                pass
            case _:
                table.add_other(line)
    found = table.finish()
    settled = {id(service): _settle_family(service) for service in found.services}
    draft.facts = [settled.get(id(fact), fact) for fact in draft.facts]
    return draft.finish(replace(found, services=tuple(settled.values())))


def _service(line: Line) -> IpvsService:
    mark = int(line["mark"], 16) if line["mark"] else None
    address = kernel_address(line["address"]) if mark is None else None
    port = int(line["port"], 16) if mark is None else None
    return IpvsService(
        name=name_endpoint(address, port) if address is not None and port is not None else str(mark),
        address=address,
        port=port,
        mark=mark,
        family=6 if address is not None and ":" in address else 4,
        protocol="fwm" if mark is not None else line["protocol"].lower(),
        scheduler=line["scheduler"],
        flags=(),
        persistent=None,
        netmask=_netmask(line["netmask"], address),
        ops=bool(line["ops"]),
        pe=None,
        reals=(),
        at=line.at("mark" if mark is not None else "address"),
        persistent_jiffies=whole(line["jiffies"]) if line["jiffies"] else None,
    )


def kernel_address(text: str) -> str:
    """``CA4BD8AD``, or IPv6 in full groups with or without brackets. ValueError for what is none."""
    return str(IPv6Address(text.strip("[]"))) if ":" in text else str(IPv4Address(int(text, 16)))


def _netmask(text: str, address: str | None) -> str | None:
    """As ipvsadm shows it: a mask of one address is none; for IPv6 the word holds the length."""
    if not text or text == "FFFFFFFF":
        return None
    number = int(text, 16)
    if address is not None and ":" in address:
        length = int.from_bytes(number.to_bytes(4, "big"), "little")
        return None if length >= 128 else str(length)
    return str(IPv4Address(number))


def _settle_family(service: IpvsService) -> IpvsService:
    six = service.mark is not None and any(":" in real.address for real in service.reals)
    return replace(service, family=6) if six else service
