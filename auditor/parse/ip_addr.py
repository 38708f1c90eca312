"""Reads the interfaces and addresses that ip lists."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import ip_address
from itertools import pairwise

from auditor.model.facts import Address, Document, Interface, Reading, Setting
from auditor.model.place import At
from auditor.parse.draft import Draft
from auditor.parse.grammar import Line, read_lines

_VALUES = frozenset({"brd", "broadcast", "any", "scope", "peer", "metric", "proto"})
_FLAGS = frozenset(
    {
        "secondary",
        "primary",
        "temporary",
        "deprecated",
        "dynamic",
        "tentative",
        "dadfailed",
        "nodad",
        "optimistic",
    }
    | {"permanent", "mngtmpaddr", "noprefixroute", "home", "autojoin", "stable-privacy"}
)


def read_ip_addr(document: Document) -> Reading[tuple[Interface, ...]]:
    """Interfaces in order, each with its addresses. An address that is none is an Unparsed line.

    Below a line at the margin that is not understood no address belongs to the interface above it.
    """
    draft = Draft("ip-addr", document)
    interfaces: dict[str, Interface] = {}
    current = ""
    for line in read_lines("ip-addr", document):
        match line.tag:
            case "LINK":
                current = line["name"]
                interfaces[current] = _interface(line)
                draft.facts.append(interfaces[current])
            case "LAYER" if current:
                interfaces[current] = replace(interfaces[current], kind=line["kind"], mac=line.get("mac"))
                draft.facts.append(Setting(key=f"link/{line['kind']}", value=line["mac"], at=line.at("kind")))
            case "INET" | "ONE":
                name = line["name"] if line.tag == "ONE" else current
                address = _address(line, name)
                if address is None:
                    draft.leave(line)
                    continue
                current = current if line.tag == "INET" else name
                bare = _bare_interface(address.interface, address.at)
                known = interfaces.setdefault(address.interface, bare)
                interfaces[address.interface] = replace(known, addresses=(*known.addresses, address))
                draft.facts.append(address)
            case "LIFETIME":
                draft.facts.append(Setting(key="valid_lft", value=line.text.strip(), at=line.at()))
            case "BLANK":
                pass
            case _:
                draft.leave(line)
                current = current if line.text[:1].isspace() else ""
    return draft.finish(tuple(interfaces.values()))


def _interface(line: Line) -> Interface:
    flags = frozenset(line["flags"].split(",")) - {""}
    words = line["rest"].split()
    following = dict(pairwise(words))
    mtu = following.get("mtu", "")
    return Interface(
        name=line["name"],
        flags=flags,
        arp="NOARP" not in flags,
        up="UP" in flags,
        kind=None,
        mac=None,
        master=following.get("master"),
        mtu=int(mtu) if mtu.isdecimal() and len(mtu) < 10 else None,
        addresses=(),
        at=line.at("name"),
    )


def _bare_interface(name: str, at: At) -> Interface:
    """An interface known by an address alone: with -o flags are not shown, and what is down has no line."""
    return Interface(
        name=name,
        flags=frozenset(),
        arp=True,
        up=True,
        kind=None,
        mac=None,
        master=None,
        mtu=None,
        addresses=(),
        at=at,
    )


def _address(line: Line, interface: str) -> Address | None:
    """Without the line of its interface, as in what grep left, an address has its label alone to go by."""
    try:
        family = ip_address(line["address"]).version
    except ValueError:
        return None
    longest = 32 if family == 4 else 128
    prefix = int(line["prefix"]) if line["prefix"] else longest
    if prefix > longest:
        return None
    broadcast, scope, label, secondary = None, "global", None, False
    words = iter(line["rest"].split("\\")[0].split())
    for word in words:
        if word in _VALUES:
            value = next(words, "")
            broadcast = value if word in {"brd", "broadcast"} else broadcast
            scope = value if word == "scope" else scope
        elif word in _FLAGS:
            secondary = secondary or word == "secondary"
        else:
            label = word
    if not interface and label is None:
        return None
    return Address(
        address=line["address"],
        prefix=prefix,
        family=family,
        interface=interface or (label or "").partition(":")[0],
        scope=scope,
        label=label,
        broadcast=broadcast,
        secondary=secondary,
        at=line.at("address"),
    )
