"""Reads interfaces as ifconfig shows them, of net-tools old and new."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import IPv4Network, ip_address

from auditor.model.facts import Address, Document, Interface, Reading, Setting
from auditor.parse.draft import Draft
from auditor.parse.grammar import Line, read_lines
from auditor.parse.text import whole


def read_ifconfig(document: Document) -> Reading[tuple[Interface, ...]]:
    """Interfaces in order; the addresses of an alias (``lo:0``) belong to its interface and keep it as label.

    ifconfig shows one address an interface or alias: what ``ip`` added without a label is not there.
    """
    draft = Draft("ifconfig", document)
    interfaces: dict[str, Interface] = {}
    name = ""
    for line in read_lines("ifconfig", document):
        device = name.partition(":")[0]
        match line.tag:
            case "LINK" | "ENCAP":
                name = line["name"]
                device = name.partition(":")[0]
                found = _interface(line, device)
                interfaces.setdefault(device, found)
                draft.facts.append(found)
            case "STATE" if name:
                flags = frozenset(line["state"].split()) - {"[NO", "FLAGS]"}
                interfaces[device] = _with_flags(interfaces[device], flags, line["mtu"])
                draft.facts.append(Setting(key="flags", value=" ".join(sorted(flags)), at=line.at("state")))
            case "INET" | "INET6" if name and (address := _address(line, name)) is not None:
                interface = interfaces[device]
                interfaces[device] = replace(interface, addresses=(*interface.addresses, address))
                draft.facts.append(address)
            case "LAYER" if name:
                kind = _KINDS.get(line["kind"], line["kind"])
                interfaces[device] = replace(interfaces[device], kind=kind, mac=line["mac"].lower() or None)
                draft.facts.append(Setting(key=f"link/{kind}", value=line["mac"], at=line.at("kind")))
            case "DETAIL" if name:
                key, _, value = line["detail"].partition(" ")
                draft.facts.append(Setting(key=key, value=value.strip(), at=line.at("detail")))
            case "BLANK":
                pass
            case _:
                draft.leave(line)
    return draft.finish(tuple(interfaces.values()))


_KINDS = {"loop": "loopback"}
_ENCAPS = (
    ("ethernet", "ether"),
    ("以太网", "ether"),
    ("local loopback", "loopback"),
    ("本地环回", "loopback"),
    ("本地回环", "loopback"),
    ("ipip", "ipip"),
    ("ip-ip", "ipip"),
    ("point-to-point", "ppp"),
)


def _interface(line: Line, device: str) -> Interface:
    bare = Interface(
        name=device,
        flags=frozenset(),
        arp=True,
        up=False,
        kind=None,
        mac=None,
        master=None,
        mtu=None,
        addresses=(),
        at=line.at("name"),
    )
    if line.tag == "LINK":
        return _with_flags(bare, frozenset(line["flags"].split(",")) - {""}, line["mtu"])
    encap = line["encap"].strip().lower()
    kind = next((kind for words, kind in _ENCAPS if words in encap), encap or None)
    return replace(bare, kind=kind, mac=line["mac"].lower() or None)


def _with_flags(interface: Interface, flags: frozenset[str], mtu: str) -> Interface:
    return replace(interface, flags=flags, arp="NOARP" not in flags, up="UP" in flags, mtu=whole(mtu))


def _address(line: Line, name: str) -> Address | None:
    six = line.tag == "INET6"
    try:
        family = ip_address(line["address"]).version
        mask = line.get("netmask")
        prefix = int(line["prefix"]) if six else IPv4Network(f"0.0.0.0/{mask or '255.255.255.255'}").prefixlen
    except ValueError:
        return None
    if family != (6 if six else 4) or prefix > (128 if six else 32):
        return None
    scope = (line.get("scope") or "global").lower()
    return Address(
        address=line["address"],
        prefix=prefix,
        family=family,
        interface=name.partition(":")[0],
        scope="host" if line["address"].startswith("127.") else scope.split(",")[0],
        label=name if not six else None,
        broadcast=line.get("broadcast"),
        secondary=False,
        at=line.at("address"),
    )
