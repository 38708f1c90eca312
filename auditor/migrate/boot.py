"""What starts at boot: units, presets, and what becomes of rc.local, the rc links and inittab."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from auditor.derive.addresses import to_ip
from auditor.derive.evidence import known
from auditor.migrate.design import Design, NewHost, set_command, set_values
from auditor.migrate.health import pools
from auditor.migrate.kernel import MODULES, module_of, new_modules, tell_sysctl
from auditor.migrate.network import LO_UNIT, address_text, gateway_text, lo_text, nic_path
from auditor.migrate.tell import Told, changed, decide, lost
from auditor.migrate.templates import fill
from auditor.model.facts import RcLink, ScriptCommand, ScriptLine, Setting

UNITS = "etc/systemd/system"
PRESET = "etc/systemd/system-preset/50-lvs.preset"
TIMEOUTS = f"{UNITS}/lvs-timeouts.service"
SYNC_MASTER = f"{UNITS}/lvs-sync-master.service"
SYNC_BACKUP = f"{UNITS}/lvs-sync-backup.service"
SYNC_BOTH = f"{UNITS}/lvs-sync.service"
VIP = f"{UNITS}/lvs-vip.service"


def write_units(design: Design, host: NewHost) -> Iterator[tuple[str, str]]:
    """Path and text of each."""
    if design.serves(host):
        if design.timeouts is not None:
            yield TIMEOUTS, fill("lvs-timeouts.service.j2", design=design)
        yield from _sync_units(design)
        if not design.pacemaker:
            yield VIP, fill("lvs-vip.service.j2", design=design, vips=vips(design))
    yield PRESET, "\n".join(preset_lines(design, host)) + "\n"


def _sync_units(design: Design) -> Iterator[tuple[str, str]]:
    if design.sync is None:
        return
    values = {"sync": design.sync, "interface": sync_interface(design)}
    if design.sync_unit == "lvs-sync":
        yield SYNC_BOTH, fill("lvs-sync.service.j2", **values)
    else:
        yield SYNC_MASTER, fill("lvs-sync-master.service.j2", **values)
        yield SYNC_BACKUP, fill("lvs-sync-backup.service.j2", **values)


def sync_interface(design: Design) -> str:
    """Where nobody knows it, the one that the first VIP is on."""
    assert design.sync is not None
    found = (part.interface for part in design.parts if part.interface is not None)
    return design.sync.interface or next(found, "eth0")


def vips(design: Design) -> list[dict[str, str]]:
    return [
        {
            "text": f"{part.address}/{part.prefix} dev {part.interface or 'eth0'}",
            "address": part.address,
            "interface": part.interface or "eth0",
            "six": "-6 " if part.is_six else "",
        }
        for part in design.parts
        if part.kind == "vip"
    ]


def enabled(design: Design, host: NewHost) -> list[str]:
    """Units of this host that start at boot."""
    units = ["systemd-networkd.service"] if design.debian else ["NetworkManager.service"]
    if host.lo_vips:
        units.append("lvs-vip-lo.service")
    if not design.serves(host):
        return units
    if design.timeouts is not None:
        units.append("lvs-timeouts.service")
    if design.sync is not None:
        units.append(design.sync_unit.replace("-master", "-backup") + ".service")
    if design.pacemaker:
        return [*units, "corosync.service", "pacemaker.service"]
    units.append("lvs-vip.service")
    if design.debian:
        return [*units, "ldirectord.service"]
    return [*units, *(f"lvs-pool@{pool.name}.service" for pool in pools(design))]


def disabled(design: Design, host: NewHost) -> list[str]:
    """Units that would take from pacemaker what it runs, or start what was not there."""
    units = ["networking.service", "NetworkManager.service"] if design.debian else []
    if not host.director:
        return units
    if design.pacemaker:
        units += ["sbd.service", "lvs-sync-master.service"] if design.sync else ["sbd.service"]
    if not (design.debian and not design.pacemaker and design.serves(host)):
        units.append("ldirectord.service")
    return [*units, "ipvsadm.service"]


def preset_lines(design: Design, host: NewHost) -> list[str]:
    return [
        *(f"enable {unit}" for unit in enabled(design, host)),
        *(f"disable {unit}" for unit in disabled(design, host)),
    ]


# -- rc.local ---------------------------------------------------------------


def tell_rc_local(design: Design, host: NewHost, fact: object) -> Iterator[Told]:
    """One line: each command that runs whenever the script does is translated, what hangs on a condition is not."""
    if not isinstance(fact, ScriptLine):
        return
    for command in fact.commands:
        if command.where:
            yield replace(decide(command.text, "line-conditional"), at=command.at)
        else:
            yield from (replace(told, at=command.at) for told in _tell_command(design, host, command))
    for text in fact.others:
        yield lost(text, "script-stock") if is_stock(text) else decide(text, "line-unknown")
    if not fact.commands and not fact.others:
        yield lost(fact.text, "script-stock") if is_stock(fact.text) else decide(fact.text, "line-steers")


def _tell_command(design: Design, host: NewHost, fact: ScriptCommand) -> Iterator[Told]:
    match fact.kind:
        case "sysctl":
            yield from tell_sysctl(host, fact)
        case "address":
            yield _tell_address(design, host, fact)
        case "module":
            name = module_of(fact)
            if name in new_modules(design, host):
                yield changed(fact.text, MODULES, str(name), "module-script")
            else:
                yield decide(fact.text, "module-option")
        case "ipvsadm":
            yield _tell_ipvsadm(design, host, fact)
        case "route":
            yield _tell_route(design, host, fact)
        case _:
            yield decide(fact.text, "line-unknown")


def _tell_address(design: Design, host: NewHost, fact: ScriptCommand) -> Told:
    address = str(to_ip(fact.address))
    interface = host.lo_vips.get(address)
    if interface is not None:
        return changed(fact.text, LO_UNIT, lo_text(address, interface), "lo-unit")
    for nic in host.nics:
        for own in nic.addresses:
            if own.address == address:
                return changed(fact.text, nic_path(design, nic), address_text(design, nic, own), "alias")
    if address in design.vips and design.serves(host):
        return lost(fact.text, "owner-serves")
    return decide(fact.text, "line-unknown")


def _tell_ipvsadm(design: Design, host: NewHost, fact: ScriptCommand) -> Told:
    if "--set" in fact.words and design.serves(host) and set_command(host) == fact:
        values = set_values(fact)
        if values is not None and values == design.timeouts:
            return changed(fact.text, TIMEOUTS, "--set {} {} {}".format(*values), "timeouts-unit")
    if "--start-daemon" in fact.words and design.sync is not None and design.serves(host):
        path = f"{UNITS}/{design.sync_unit}.service"
        return changed(fact.text, path, "--start-daemon", "sync-unit")
    return decide(fact.text, "ipvsadm-line")


def _tell_route(design: Design, host: NewHost, fact: ScriptCommand) -> Told:
    for nic in host.nics:
        for gateway in nic.gateways:
            if "default" in fact.words and gateway in fact.words:
                return changed(fact.text, nic_path(design, nic), gateway_text(design, gateway), "route-file")
    return decide(fact.text, "route-line")


def is_stock(text: str) -> bool:
    """Lines that every rc.local of the old distributions had."""
    return re.fullmatch(r"\s*(?:touch /var/lock/subsys/local|exit 0|#!.*)\s*", text) is not None


# -- links and levels -------------------------------------------------------

_UNITS = {
    "network": None,
    "syslog": "rsyslog",
    "rsyslog": "rsyslog",
    "sshd": "ssh",
    "crond": "cron",
    "atd": "atd",
    "ntpd": "chrony",
    "sendmail": None,
    "netfs": None,
    "kudzu": None,
    "irqbalance": "irqbalance",
    "acpid": None,
    "rawdevices": None,
    "readahead": None,
    "readahead_early": None,
    "cpuspeed": None,
    "messagebus": "dbus",
    "haldaemon": None,
    "lvm2-monitor": "lvm2-monitor",
    "mdmonitor": "mdmonitor",
    "smartd": "smartmontools",
    "microcode_ctl": None,
    "local": None,
    "single": None,
    "halt": None,
    "reboot": None,
    "killall": None,
    "udev-post": None,
    "auditd": "auditd",
}
"""Services of the distribution itself, and the unit on the new one where it has another name or none."""


def tell_services(design: Design, host: NewHost) -> Iterator[Told]:
    """One row a service of the rc links: where it starts, and what starts it now."""
    links = known(host.evidence.links) or ()
    for service in sorted({link.service for link in links}):
        starts = [link for link in links if link.service == service and link.kind == "S"]
        stops = [link for link in links if link.service == service and link.kind == "K"]
        yield _tell_service(design, host, service, starts, stops)


def _tell_service(
    design: Design, host: NewHost, service: str, starts: list[RcLink], stops: list[RcLink]
) -> Told:
    at = (starts or stops)[0].at
    levels = "".join(sorted({link.runlevel for link in starts}))
    numbers = ",".join(sorted({link.name[:3] for link in (*starts, *stops)}))
    value = f"{service}: {numbers}; S in {levels or '-'}"
    if service == "heartbeat" and design.pacemaker and design.serves(host):
        return changed(value, PRESET, "enable pacemaker.service", "heartbeat-units", at=at)
    if service == "heartbeat":
        return lost(value, "no-failover", at=at)
    if service in {"ldirectord", "ipvsadm"} and host.director:
        text = f"{'enable' if f'{service}.service' in enabled(design, host) else 'disable'} {service}.service"
        if levels and text.startswith("disable"):
            return decide(value, "was-enabled", at=at, path=PRESET, text=text)
        return changed(value, PRESET, text, "unit-preset", at=at)
    if not starts or levels.strip("016") == "":
        return lost(value, "not-started", at=at)
    if service in {"iptables", "ip6tables", "arptables_jf"}:
        return decide(value, "firewall", at=at)
    if service in _UNITS:
        return lost(value, "distribution-service", at=at)
    return decide(value, "service-of-host", at=at)


def tell_inittab(fact: object) -> Iterator[Told]:
    if not isinstance(fact, Setting):
        return
    value = f"{fact.section}:{fact.value}:{fact.key}"
    if fact.key in {
        "initdefault",
        "sysinit",
        "wait",
        "ctrlaltdel",
        "powerfail",
        "powerokwait",
        "bootwait",
    } or (re.fullmatch(r"[0-9x]", fact.section or "") is not None):
        yield lost(value, "inittab-stock")
    else:
        yield decide(value, "inittab-line")
