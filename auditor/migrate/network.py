"""Addresses, names and routes: systemd-networkd or NetworkManager, /etc/hosts, /etc/hostname, the VIPs on lo."""

from __future__ import annotations

import re
from collections.abc import Iterator

from auditor.derive.addresses import bits, is_loopback, to_ip, to_network
from auditor.derive.evidence import known
from auditor.migrate.design import (
    Design,
    NewHost,
    NewNic,
    NicAddress,
    ifcfg_addresses,
    is_live,
    is_name,
)
from auditor.migrate.ldirectord import is_plain
from auditor.migrate.tell import Told, changed, decide, kept, lost
from auditor.migrate.templates import fill
from auditor.model.facts import HostsEntry, Ifcfg, Setting
from auditor.model.place import Unknown

HOSTS = "etc/hosts"
HOSTNAME = "etc/hostname"
LO_UNIT = "etc/systemd/system/lvs-vip-lo.service"


def write_network(design: Design, host: NewHost) -> Iterator[tuple[str, str, str]]:
    """Path, text and mode of each file."""
    for nic in host.nics:
        text = _networkd(nic, keep=design.serves(host)) if design.debian else _keyfile(nic)
        yield nic_path(design, nic), text, "0644" if design.debian else "0600"
    yield HOSTNAME, f"{host.node}\n", "0644"
    yield HOSTS, "\n".join(hosts_lines(design, host)) + "\n", "0644"
    if host.lo_vips:
        guarded = any(":" not in address for address in host.lo_vips)
        text = fill("lvs-vip-lo.service.j2", host=host, places=list(_lo_places(host)), guarded=guarded)
        yield LO_UNIT, text, "0644"


def nic_path(design: Design, nic: NewNic) -> str:
    if design.debian:
        return f"etc/systemd/network/10-{nic.name}.network"
    return f"etc/NetworkManager/system-connections/{nic.name}.nmconnection"


def _lo_places(host: NewHost) -> Iterator[dict[str, str]]:
    for address, interface in host.lo_vips.items():
        yield {
            "text": lo_text(address, interface),
            "gone": f"{address}/{bits(address)} dev {interface}",
            "six": "-6 " if ":" in address else "",
        }


def lo_text(address: str, interface: str) -> str:
    """IPv6 knows no scope to give; an address that everybody has must not be tested for twins either."""
    tail = " nodad" if ":" in address else " scope host"
    return f"{address}/{bits(address)} dev {interface}{tail}"


# -- interfaces -------------------------------------------------------------


def address_text(design: Design, nic: NewNic, address: NicAddress) -> str:
    if design.debian:
        return f"Address={address.address}/{address.prefix}"
    same = [one for one in nic.addresses if (":" in one.address) == (":" in address.address)]
    return f"address{same.index(address) + 1}={address.address}/{address.prefix}"


def gateway_text(design: Design, gateway: str) -> str:
    return f"Gateway={gateway}" if design.debian else f"gateway={gateway}"


KEEP = "KeepConfiguration=static"


def _networkd(nic: NewNic, *, keep: bool) -> str:
    """``keep``: a networkd that is restarted leaves the addresses alone that others added: the VIPs."""
    lines = ["[Match]", f"Name={nic.name}", ""]
    link = ([f"MTUBytes={nic.mtu}"] if nic.mtu else []) + ([] if nic.onboot else ["ActivationPolicy=manual"])
    if link:
        lines += ["[Link]", *link, ""]
    lines += ["[Network]", f"DHCP={'yes' if nic.dhcp else 'no'}"]
    lines += [KEEP] if keep else []
    lines += [f"Gateway={gateway}" for gateway in nic.gateways]
    for address in nic.addresses:
        lines += ["", "[Address]", f"Address={address.address}/{address.prefix}"]
        lines += [f"Label={address.label}"] if address.label else []
    return "\n".join(lines) + "\n"


def _keyfile(nic: NewNic) -> str:
    lines = [
        "[connection]",
        f"id={nic.name}",
        "type=ethernet",
        f"interface-name={nic.name}",
        f"autoconnect={'true' if nic.onboot else 'false'}",
    ]
    if nic.mtu:
        lines += ["", "[ethernet]", f"mtu={nic.mtu}"]
    for section, six in (("ipv4", False), ("ipv6", True)):
        addresses = [one for one in nic.addresses if (":" in one.address) == six]
        gateways = [one for one in nic.gateways if (":" in one) == six]
        automatic = nic.dhcp or six
        method = "manual" if addresses else "auto" if automatic else "disabled"
        lines += ["", f"[{section}]", f"method={'auto' if nic.dhcp and not six else method}"]
        lines += [f"address{number}={one.address}/{one.prefix}" for number, one in enumerate(addresses, 1)]
        lines += [f"gateway={gateway}" for gateway in gateways[:1]]
    return "\n".join(lines) + "\n"


def tell_ifcfg(design: Design, host: NewHost, ifcfg: Ifcfg, fact: object) -> Iterator[Told]:
    """One assignment of one ifcfg file."""
    if not isinstance(fact, Setting):
        return
    value = f"{fact.key}={fact.value}"
    name = ifcfg.device.split(":")[0]
    if not is_live(ifcfg):
        yield lost(value, "leftover")
    elif ifcfg.device == "lo":
        yield lost(value, "lo-itself")
    elif name == "lo" or name.startswith(("tunl", "dummy")):
        yield _tell_lo(design, host, ifcfg, fact, value)
    else:
        nic = next((nic for nic in host.nics if nic.name == name), None)
        if nic is None:
            yield decide(value, "interface-unknown")
        else:
            yield _tell_nic(design, nic, ifcfg, fact, value)


def _tell_lo(design: Design, host: NewHost, ifcfg: Ifcfg, fact: Setting, value: str) -> Told:
    address = str(to_ip(ifcfg.address.value)) if ifcfg.address is not None else ""
    interface = host.lo_vips.get(address)
    if fact.key in {
        "ARP",
        "NETWORK",
        "BROADCAST",
        "NAME",
        "ONBOOT",
        "ONPARENT",
        "DEVICE",
        "TYPE",
        "BOOTPROTO",
    }:
        return lost(value, "arp-no" if fact.key == "ARP" else "lo-detail")
    if interface is None and design.serves(host) and address in design.vips:
        return lost(value, "owner-serves")
    if interface is None:
        return decide(value, "value-refused")
    text = lo_text(address, interface)
    if fact.key == "IPADDR" and fact.value == address:
        return changed(value, LO_UNIT, text, "lo-unit")
    if fact.key in {"NETMASK", "PREFIX"}:
        network = to_network(address, fact.value)
        whole = network is not None and network.prefixlen == network.max_prefixlen
        return changed(value, LO_UNIT, text, "lo-mask" if whole else "lo-mask-wrong")
    return decide(value, "unknown-key")


def _tell_nic(design: Design, nic: NewNic, ifcfg: Ifcfg, fact: Setting, value: str) -> Told:
    path = nic_path(design, nic)
    named = f"Name={nic.name}" if design.debian else f"interface-name={nic.name}"
    own = [one for one in ifcfg_addresses(ifcfg) if one in nic.addresses]
    key = re.sub(r"[0-9]+$", "", fact.key)
    match key:
        case "DEVICE":
            if ":" in fact.value and not own:
                return lost(value, "alias-empty")
            if ":" in fact.value:
                return changed(value, path, address_text(design, nic, own[0]), "alias")
            return kept(value, path, named)
        case "IPADDR" | "IPV":
            return _tell_address(design, nic, fact, value, own)
        case "NETMASK" | "PREFIX":
            match_ = [one for one in own if _mask_fits(one, fact.value)]
            if match_:
                return changed(value, path, address_text(design, nic, match_[0]), "netmask")
            return decide(value, "vip-in-ifcfg" if ifcfg.address else "value-refused")
        case "IPV6ADDR_SECONDARIES" | "IPV6ADDR":
            return _tell_address(design, nic, fact, value, own)
        case "NETWORK" | "BROADCAST":
            return lost(value, "computed")
        case "GATEWAY" | "IPV6_DEFAULTGW":
            return tell_gateway(design, (nic,), fact, value)
        case "BOOTPROTO":
            text = f"DHCP={'yes' if nic.dhcp else 'no'}" if design.debian else "method="
            return changed(value, path, text, "bootproto") if own or nic.dhcp else lost(value, "alias-empty")
        case "ONBOOT" if ":" in ifcfg.device:
            return lost(value, "alias-onboot")
        case "ONBOOT" if nic.onboot:
            return kept(value, path, named if design.debian else "autoconnect=true")
        case "ONBOOT":
            return changed(
                value, path, "ActivationPolicy=manual" if design.debian else "autoconnect=false", "onboot-no"
            )
        case "MTU" if nic.mtu is not None:
            return kept(value, path, f"MTUBytes={nic.mtu}" if design.debian else f"mtu={nic.mtu}")
        case "HWADDR":
            return decide(value, "hwaddr")
        case (
            "ARP"
            | "NAME"
            | "TYPE"
            | "USERCTL"
            | "PEERDNS"
            | "NM_CONTROLLED"
            | "IPV6INIT"
            | "UUID"
            | "ONPARENT"
        ):
            return lost(value, "ifcfg-detail")
    return decide(value, "unknown-key")


def _tell_address(design: Design, nic: NewNic, fact: Setting, value: str, own: list[NicAddress]) -> Told:
    words = [word.partition("/")[0] for word in fact.value.split()]
    here = [one for one in own if one.address in {str(to_ip(word)) for word in words}]
    if here and len(here) == len(words):
        return kept(value, nic_path(design, nic), address_text(design, nic, here[0]))
    if any(str(to_ip(word)) in design.vips for word in words):
        return decide(value, "vip-in-ifcfg")
    return decide(value, "value-refused")


def _mask_fits(address: NicAddress, mask: str) -> bool:
    network = to_network(address.address, mask)
    return network is not None and network.prefixlen == address.prefix


def tell_gateway(design: Design, nics: tuple[NewNic, ...], fact: Setting, value: str) -> Told:
    """``nics``: those it could belong to."""
    for nic in nics:
        if fact.value in nic.gateways:
            return kept(value, nic_path(design, nic), gateway_text(design, fact.value))
    return (
        lost(value, "gateway-other")
        if any(nic.gateways for nic in nics)
        else decide(value, "gateway-nowhere")
    )


def tell_network(design: Design, host: NewHost, fact: object) -> Iterator[Told]:
    """/etc/sysconfig/network."""
    if not isinstance(fact, Setting):
        return
    value = f"{fact.key}={fact.value}"
    if fact.key == "HOSTNAME" and fact.value == host.node:
        yield kept(value, HOSTNAME, host.node)
    elif fact.key == "HOSTNAME":
        yield decide(value, "hostname-other", path=HOSTNAME, text=host.node)
    elif fact.key == "GATEWAY":
        yield tell_gateway(design, host.nics, fact, value)
    elif fact.key in {"NETWORKING", "NOZEROCONF", "GATEWAYDEV", "FORWARD_IPV4"}:
        yield lost(value, "network-detail")
    elif fact.key == "NETWORKING_IPV6":
        yield decide(value, "ipv6-switch")
    else:
        yield decide(value, "unknown-key")


# -- names ------------------------------------------------------------------


def hosts_lines(design: Design, host: NewHost) -> list[str]:
    """The old lines without what sends a node's name to the loopback, then the members that were missing."""
    lines = [
        text for entry in known(host.evidence.hosts) or () if (text := hosts_text(design, entry)) is not None
    ]
    return lines + hosts_added(design, host)


def hosts_text(design: Design, entry: HostsEntry) -> str | None:
    """The line as it is written; None where nothing of it may stay."""
    nodes = {member.node for member in design.members} if design.pacemaker else set()
    names = [
        name
        for name in entry.names
        if not (is_loopback(entry.address) and name.lower() in nodes) and is_name(name) and is_plain(name)
    ]
    return " ".join((entry.address, *names)) if names else None


def hosts_added(design: Design, host: NewHost) -> list[str]:
    """Members that the old file does not name, as far as their address is known."""
    there = {
        name.lower()
        for entry in known(host.evidence.hosts) or ()
        if not is_loopback(entry.address)
        for name in entry.names
    }
    return [
        f"{member.rings[0]} {member.node}"
        for member in design.members
        if host.director and member.node not in there and to_ip(member.rings[0]) is not None
    ]


def tell_hosts(design: Design, host: NewHost, fact: object) -> Iterator[Told]:
    if not isinstance(fact, HostsEntry):
        return
    value = " ".join((fact.address, *fact.names))
    if isinstance(host.evidence.hosts, Unknown):
        yield decide(value, "file-unclear")
        return
    text = hosts_text(design, fact)
    if text == value:
        yield kept(value, HOSTS, text)
    elif text is not None:
        yield changed(value, HOSTS, text, "hosts-loopback")
    else:
        yield lost(value, "hosts-loopback")
