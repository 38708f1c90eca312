"""Addresses of ifcfg-lo:N and rc.local: which of them come up at boot (ifup-aliases of EL4 to EL7)."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Sequence

from auditor.derive.addresses import to_ip
from auditor.derive.arp import is_hidden
from auditor.derive.evidence import Evidence, unknown
from auditor.model.cluster import Problem, VipBoot
from auditor.model.facts import Ifcfg
from auditor.model.place import At, Prose, Unknown

_LEFTOVER = re.compile(r"[.](bak|old|orig|save|saved|rpmsave|rpmnew|rpmorig|swp|[0-9]{4,})$", re.IGNORECASE)


def derive_alias_problems(ifcfgs: Sequence[Ifcfg]) -> tuple[Problem, ...]:
    """Files that ifup-aliases takes for aliases although they are leftovers, and those at which it gives up."""
    return tuple(problem for parent in _parents(ifcfgs).values() for problem in _faults(parent))


def derive_vip_boots(evidence: Evidence, vips: frozenset[str]) -> Iterator[VipBoot | Unknown]:
    """Each VIP on a loopback or dummy interface: whether it runs there, and whether boot brings it up there.

    A VIP that stands on a network interface now was moved there by heartbeat and is left out.
    """
    interfaces = evidence.interfaces
    if isinstance(interfaces, Unknown):
        yield interfaces
        return
    at_boot = derive_arrivals(evidence)
    if isinstance(at_boot, Unknown):
        yield at_boot
        return
    live = {
        str(to_ip(address.address)): (is_hidden(interface.name), address.at)
        for interface in sorted(interfaces, key=lambda one: not is_hidden(one.name))
        for address in interface.addresses
    }
    for vip in sorted(vips & (live.keys() | at_boot.keys())):
        hidden, place = live.get(vip, (True, None))
        if not hidden:
            continue
        configured: bool | Unknown = vip in at_boot
        ats = tuple(at for at in (place, at_boot.get(vip)) if at is not None)
        if not configured and evidence.ifcfgs is None:
            configured = unknown(
                ats[0],
                "this host has no network-scripts, and where else it configures addresses is not read",
                "该主机没有 network-scripts, 其他配置地址的位置未读取",
            )
        yield VipBoot(vip=vip, running=place is not None, configured=configured, ats=ats)


def derive_arrivals(evidence: Evidence) -> dict[str, At] | Unknown:
    """Address to the place that brings it up on lo or a dummy at boot."""
    for fact in (evidence.ifcfgs, evidence.rc_local):
        if isinstance(fact, Unknown):
            return fact
    found: dict[str, At] = {}
    ifcfgs = () if evidence.ifcfgs is None or isinstance(evidence.ifcfgs, Unknown) else evidence.ifcfgs
    aliases = {name: files for name, files in _parents(ifcfgs).items() if is_hidden(name)}
    for files in aliases.values():
        for ifcfg in _brought_up(files):
            if ifcfg.address is not None:
                found[str(to_ip(ifcfg.address.value))] = ifcfg.address.at
    for ifcfg in ifcfgs:
        for setting in ifcfg.settings if is_hidden(ifcfg.device) else ():
            if setting.key in {"IPV6ADDR", "IPV6ADDR_SECONDARIES"}:
                for word in setting.value.split():
                    found[str(to_ip(word.partition("/")[0]))] = setting.at
    script = evidence.rc_local
    for command in () if script is None or isinstance(script, Unknown) else script.commands:
        interface = (command.interface or "").split(":")[0]
        if command.kind == "address" and command.address and is_hidden(interface):
            found[str(to_ip(command.address))] = command.at
    return found


def _parents(ifcfgs: Sequence[Ifcfg]) -> dict[str, list[Ifcfg]]:
    """Interface to the files of its aliases, in the order in which the shell expands ``ifcfg-lo:*[^~]``."""
    groups: dict[str, list[Ifcfg]] = {}
    for ifcfg in sorted(ifcfgs, key=lambda one: one.path):
        parent, colon, alias = posixpath.basename(ifcfg.path).removeprefix("ifcfg-").partition(":")
        if colon and alias and not alias.endswith("~"):
            groups.setdefault(parent, []).append(ifcfg)
    return groups


def _brought_up(files: Sequence[Ifcfg]) -> Iterator[Ifcfg]:
    """Up to the first that repeats an address or a device; at that one the script ends."""
    seen: set[str] = set()
    for ifcfg in files:
        keys = _keys(ifcfg)
        if keys & seen:
            return
        seen |= keys
        if ifcfg.onparent is None or ifcfg.onparent.value not in {"no", "NO"}:
            yield ifcfg


def _keys(ifcfg: Ifcfg) -> set[str]:
    return {ifcfg.device, *([ifcfg.address.value] if ifcfg.address is not None else ())}


def _faults(files: Sequence[Ifcfg]) -> Iterator[Problem]:
    seen: dict[str, Ifcfg] = {}
    for index, ifcfg in enumerate(files):
        name = posixpath.basename(ifcfg.path)
        twin = next((seen[key] for key in sorted(_keys(ifcfg)) if key in seen), None)
        if twin is not None:
            later = ", ".join(posixpath.basename(one.path) for one in files[index + 1 :])
            yield Problem(
                code="duplicate",
                subject=name,
                message=Prose(
                    en=f"{name} repeats the device or the address of {posixpath.basename(twin.path)}: ifup-aliases "
                    + (f"ends there, and these never come up: {later}" if later else "ends there"),
                    zh=f"{name} 与 {posixpath.basename(twin.path)} 的设备或地址重复: ifup-aliases 到此退出"
                    + (f", 以下别名不会启用: {later}" if later else ""),
                ),
                ats=(ifcfg.at, twin.at),
            )
            return
        if _LEFTOVER.search(name):
            yield Problem(
                code="leftover",
                subject=name,
                message=Prose(
                    en=f"{name} looks like a leftover, but ifup-aliases reads it as an alias",
                    zh=f"{name} 看似遗留的备份, 但 ifup-aliases 会把它当作别名读取",
                ),
                ats=(ifcfg.at,),
            )
        seen |= dict.fromkeys(_keys(ifcfg), ifcfg)
