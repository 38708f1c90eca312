"""Kernel parameters and modules: what is in force, what boot gives, and in which order boot gives it.

Boot order is that of the links in rc2.d to rc5.d, and within rc.local that of its lines. sysctl.conf and sysctl.d are
applied before anything has an address; the init script network applies them once more (EL4 to EL6).
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from auditor.derive.boot import ON
from auditor.derive.evidence import Evidence, known, unknown
from auditor.model.cluster import Nic, Parameter, Problem
from auditor.model.facts import IpvsTimeouts, Module, ScriptCommand, Sysctl
from auditor.model.place import At, Prose, Unknown
from auditor.parse.sysconfig import last_of

_GUARDS = ("arp_ignore", "arp_announce")
_CONNTRACK_KEYS = (
    "net.ipv4.netfilter.ip_conntrack_tcp_timeout_established",
    "net.netfilter.nf_conntrack_tcp_timeout_established",
    "net.ipv4.netfilter.nf_conntrack_tcp_timeout_established",
)
IPTABLES_CONFIG = "/etc/sysconfig/iptables-config"


def sysctl_key(interface: str, name: str) -> str:
    """The key as ``parse.sysctl`` writes it: slashes where the interface's name has dots."""
    separator = "/" if "." in interface else "."
    return separator.join(("net", "ipv4", "conf", interface, name))


def in_force(
    sysctls: Mapping[str, Sysctl] | Unknown, interface: str, name: str
) -> tuple[int | Unknown, tuple[At, ...]]:
    """max(all, own), which is how the kernel combines arp_ignore and arp_announce; with the places of both."""
    if isinstance(sysctls, Unknown):
        return sysctls, ()
    pair = [sysctls.get(sysctl_key(scope, name)) for scope in ("all", interface)]
    numbers = [sysctl.number for sysctl in pair if sysctl is not None and sysctl.number is not None]
    ats = tuple(sysctl.at for sysctl in pair if sysctl is not None)
    if len(numbers) < len(pair):
        at = next(iter(ats), At(host="", source=sysctl_key(interface, name)))
        return unknown(at, f"{name} of {interface} was not read", f"未读取 {interface} 的 {name}"), ats
    return max(numbers), ats


def boot_sysctls(evidence: Evidence, *, before: int | None = None) -> Mapping[str, Sysctl] | Unknown:
    """Key to the last assignment that boot makes: sysctl files first, rc.local last, where nothing stands around it.

    ``before``: a line of rc.local that is not reached yet.
    """
    if isinstance(evidence.sysctl_files, Unknown):
        return evidence.sysctl_files
    if isinstance(evidence.rc_local, Unknown):
        return evidence.rc_local
    last = {sysctl.key: sysctl for sysctl in evidence.sysctl_files}
    for command in _steps(evidence):
        if before is not None and _line(command.at) >= before:
            break
        if command.kind == "sysctl" and command.key is not None and command.value is not None:
            number = command.value.split()[:1]
            last[command.key] = Sysctl(
                key=command.key,
                value=command.value,
                number=int(number[0]) if number and number[0].isdecimal() else None,
                at=command.at,
            )
    return last


def _steps(evidence: Evidence) -> Iterator[ScriptCommand]:
    """What rc.local does whenever it runs, in its order."""
    script = evidence.rc_local
    for command in () if script is None or isinstance(script, Unknown) else script.commands:
        if not command.where:
            yield command


def _line(at: At) -> int:
    return at.line or 0


# -- file against live --------------------------------------------------------


def derive_parameters(
    evidence: Evidence,
    nics: tuple[Nic, ...] | Unknown,
    carried: frozenset[str] | Unknown,
    arrivals: Mapping[str, At] | Unknown,
) -> tuple[Parameter | Unknown, ...] | Unknown:
    """The ARP guard of each interface, every other parameter that a file sets and that was read, and the modules.

    ``carried``: VIPs to be silent about. ``arrivals``: VIP to the place that brings it up at boot on an interface that
    hides it.
    """
    assignments = boot_sysctls(evidence)
    if isinstance(nics, Unknown):
        return nics
    if isinstance(assignments, Unknown):
        return assignments
    if isinstance(evidence.sysctls, Unknown):
        return evidence.sysctls
    matters = bool(carried or arrivals)
    early = boot_sysctls(evidence, before=0)
    at_vips = _at_first_vip(evidence, early, arrivals)
    return (
        *(
            _guard(evidence.sysctls, nic, name, assignments, early, at_vips if matters else assignments)
            for nic in nics
            for name in _GUARDS
        ),
        *_set_values(evidence.sysctls, assignments),
        *_loaded(evidence),
    )


def _guard(
    live: Mapping[str, Sysctl],
    nic: Nic,
    name: str,
    assignments: Mapping[str, Sysctl],
    early: Mapping[str, Sysctl] | Unknown,
    at_vips: Mapping[str, Sysctl] | Unknown | None,
) -> Parameter | Unknown:
    """``assignments``: of the whole boot; ``early``: before rc.local; ``at_vips``: see ``_at_first_vip``."""
    running = nic.arp_ignore if name == "arp_ignore" else nic.arp_announce
    if isinstance(running, Unknown):
        return running
    boot, ats = _at_boot(assignments, nic.name, name)
    _, running_ats = in_force(live, nic.name, name)
    guard = _parameter(f"{nic.name} {name}", str(running), boot, (*running_ats, *ats))
    first, _ = _at_boot(early, nic.name, name)
    if guard.kept is not True or at_vips is assignments or first == boot:
        return guard
    if at_vips is None:
        source = ats[0].source
        first = unknown(
            ats[0],
            f"{source} sets {name} of {nic.name}, and nothing that was read tells whether the VIPs are up by then",
            f"{source} 设置 {nic.name} 的 {name}, 而读到的内容无法说明届时 VIP 是否已启用",
        )
    else:
        first, _ = _at_boot(at_vips, nic.name, name)
    if first == boot:
        return guard
    if isinstance(first, Unknown):
        return replace(guard, kept=first)
    text = Prose(
        en=f"{guard.name} is {boot} at the end of the next boot, but still {first} when the first VIP comes up",
        zh=f"{guard.name} 在下次启动结束时为 {boot}, 但首个 VIP 启用时仍为 {first}",
    )
    return replace(guard, kept=False, text=text)


def _parameter(name: str, running: str, boot: object, ats: tuple[At, ...]) -> Parameter:
    given = boot if isinstance(boot, Unknown) else str(boot)
    return Parameter(
        name=name,
        running=running,
        boot=given,
        kept=given if isinstance(given, Unknown) else running == given,
        text=Prose(
            en=f"{name} is {running} now and {given} after the next boot",
            zh=f"{name} 当前为 {running}, 下次启动后为 {given}",
        ),
        ats=ats,
    )


def _at_boot(
    assignments: Mapping[str, Sysctl] | Unknown, nic: str, name: str
) -> tuple[int | Unknown, tuple[At, ...]]:
    if isinstance(assignments, Unknown):
        return assignments, ()
    own, every, default = (assignments.get(sysctl_key(scope, name)) for scope in (nic, "all", "default"))
    values = [sysctl.number or 0 for sysctl in (own, every) if sysctl is not None]
    ats = tuple(sysctl.at for sysctl in (own, every) if sysctl is not None)
    boot = max(values, default=0)
    if own is None and default is not None and (default.number or 0) > boot:
        # Copied when the interface is created, which may be before or after the files are read.
        return unknown(
            default.at,
            f"{default.key} counts only for interfaces created after it is set",
            f"{default.key} 只对之后创建的接口有效",
        ), (*ats, default.at)
    return boot, ats


def _at_first_vip(
    evidence: Evidence, early: Mapping[str, Sysctl] | Unknown, arrivals: Mapping[str, At] | Unknown
) -> Mapping[str, Sysctl] | Unknown | None:
    """The assignments that boot has made when the first VIP comes up; None: nothing that was read brings one up."""
    if isinstance(arrivals, Unknown):
        return arrivals
    if not arrivals:
        return None
    if not all(map(_is_rc_local, arrivals.values())):
        return early
    return boot_sysctls(evidence, before=min(map(_line, arrivals.values())))


def _is_rc_local(at: At) -> bool:
    return posixpath.basename(at.source) == "rc.local"


def _set_values(live: Mapping[str, Sysctl], assignments: Mapping[str, Sysctl]) -> Iterator[Parameter]:
    """What a file sets beside the guards and the conntrack timeout, which are judged by more than their value.

    A key that this kernel does not have, or that nobody asks it for, says nothing.
    """
    for key, written in assignments.items():
        running = live.get(key)
        if running is None or key in _CONNTRACK_KEYS or re.split(r"[./]", key)[-1] in _GUARDS:
            continue
        # The kernel takes as many numbers as are written; those behind stay.
        wanted, found = _numbers(written.value), _numbers(running.value)
        yield _parameter(key, " ".join(found[: len(wanted)]), " ".join(wanted), (running.at, written.at))


def _numbers(text: str) -> list[str]:
    """The words of a value up to the first that is no number."""
    words = text.split()
    number = re.compile(r"-?[0-9]+")
    end = next((place for place, word in enumerate(words) if not number.match(word)), len(words))
    return [str(int(found[0])) for word in words[:end] if (found := number.match(word))] or words


def _loaded(evidence: Evidence) -> Iterator[Parameter | Unknown]:
    """The modules that rc.local loads. An alias of modprobe.conf loads nothing by itself."""
    places: dict[str, At] = {}
    lines = known(evidence.module_lines) or ()
    aliases = {line.words[0]: line.words[1] for line in lines if line.verb == "alias" and len(line.words) > 1}
    for command in _steps(evidence):
        name = _module_of(command)
        if name is not None:
            places[aliases.get(name, name)] = command.at
        elif command.kind == "module":
            for gone in command.words:
                places.pop(gone.replace("-", "_"), None)
    if places and isinstance(evidence.modules, Unknown):
        yield evidence.modules
        return
    live = {} if isinstance(evidence.modules, Unknown) else {one.name: one.at for one in evidence.modules}
    for name, at in places.items():
        there = name in live
        yield Parameter(
            name=f"module {name}",
            running="loaded" if there else "not loaded",
            boot="loaded",
            kept=there,
            text=Prose(
                en=f"{at.source} loads module {name}, and it is not loaded now",
                zh=f"{at.source} 会加载模块 {name}, 而它当前并未加载",
            ),
            ats=(live[name], at) if there else (at,),
        )


def _module_of(command: ScriptCommand) -> str | None:
    """The module that a command of rc.local loads."""
    words = [word for word in command.words if not word.startswith("-")]
    if command.kind != "module" or not words or "-r" in command.words:
        return None
    if command.text.split()[0].endswith("rmmod"):
        return None
    return posixpath.basename(words[0]).split(".")[0].replace("-", "_")


# -- connection tracking ------------------------------------------------------


def derive_conntrack(evidence: Evidence) -> Sysctl | None | Unknown:
    """The running value under the name this kernel gives it; None: connection tracking is not loaded."""
    if isinstance(evidence.sysctls, Unknown):
        return evidence.sysctls
    values = evidence.sysctls
    return next((values[key] for key in _CONNTRACK_KEYS if key in values), None)


def derive_conntrack_problems(evidence: Evidence) -> Iterator[Problem | Unknown]:
    """Why the running timeout is not what boot gives, or does not stay.

    The parameter is there while the module is: what sets it before the module is loaded sets nothing, and a restart
    of iptables unloads the module where IPTABLES_MODULES_UNLOAD does not say no.
    """
    running, assignments, modules = derive_conntrack(evidence), boot_sysctls(evidence), evidence.modules
    for fact in (running, assignments, modules):
        if isinstance(fact, Unknown):
            yield fact
            return
    assert not isinstance(assignments, Unknown)
    assert not isinstance(modules, Unknown)
    if running is None or isinstance(running, Unknown):
        return
    written = assignments.get(running.key)
    if written is None:
        yield _of_conntrack(
            "unset", "nothing that was read sets it at boot", "读到的内容没有在启动时设置它", running
        )
        return
    source = written.at.source
    if written.number != running.number:
        en, zh = (
            f"{source} sets it to {written.number} at boot",
            f"{source} 在启动时将其设为 {written.number}",
        )
        yield _of_conntrack("other", en, zh, running, written)
        return
    module = next((one for one in modules if one.name in {"ip_conntrack", "nf_conntrack"}), None)
    if module is None:
        return  # it is part of the kernel: there from the first, and it stays
    in_time = _set_in_time(evidence, written, _dependents(module, modules))
    lost = _unloaded_by_restart(evidence, written)
    if in_time is False:
        en, zh = (
            f"{source} sets it before {module.name} is loaded",
            f"{source} 在 {module.name} 加载之前设置它",
        )
        yield _of_conntrack("early", f"{en}, so it has no effect", f"{zh}, 因此不起作用", running, written)
    elif isinstance(lost, At):
        en = f"a restart of iptables unloads {module.name}, and the value with it (IPTABLES_MODULES_UNLOAD is yes)"
        zh = f"重启 iptables 会卸载 {module.name}, 该值随之丢失 (IPTABLES_MODULES_UNLOAD 为 yes)"
        yield _of_conntrack("unloaded", en, zh, running, written, lost)
    else:
        yield from (gap for gap in (in_time, lost) if isinstance(gap, Unknown))


def _of_conntrack(code: str, en: str, zh: str, running: Sysctl, *rest: Sysctl | At) -> Problem:
    written = next((one for one in rest if isinstance(one, Sysctl)), None)
    return Problem(
        code=code,
        subject=code,
        message=Prose(en=en, zh=zh),
        ats=(running.at, *(one.at if isinstance(one, Sysctl) else one for one in rest)),
        found=None if written is None else written.value,
    )


def _dependents(module: Module, modules: Sequence[Module]) -> frozenset[str]:
    """The module and all that load it along with themselves."""
    by_name = {one.name: one for one in modules}
    found, fresh = {module.name}, [module.name]
    while fresh:
        users = by_name[fresh.pop()].used_by
        fresh += [user for user in users if user in by_name and user not in found]
        found |= set(users)
    return frozenset(found)


def _set_in_time(evidence: Evidence, written: Sysctl, carriers: frozenset[str]) -> bool | Unknown:
    """Whether boot loads one of the ``carriers`` before it makes the assignment, in the runlevel that it enters."""
    loads = [_line(step.at) for step in _steps(evidence) if _brings(step, carriers)]
    in_script = _is_rc_local(written.at)
    sets = [_line(step.at) for step in _steps(evidence) if step.kind == "sysctl-load"]
    sets = [_line(written.at)] if in_script else sets
    if any(load < line for load in loads for line in sets):
        return True
    gap = unknown(
        written.at,
        f"what loads the module before {written.at.source} is applied cannot be told from what was read",
        f"读到的内容无法说明在 {written.at.source} 生效之前由什么加载该模块",
    )
    for fact in (evidence.systemd, evidence.links):
        if isinstance(fact, Unknown):
            return fact
    if evidence.systemd or evidence.links is None or isinstance(evidence.links, Unknown):
        return gap
    service = _iptables_carries(evidence)
    if isinstance(service, Unknown):
        return service
    default = known(evidence.runlevel)
    told: list[bool] = []
    for level in ON if default is None else default.value:
        name = {
            link.service: link.name
            for link in evidence.links
            if link.runlevel == level
            and link.kind == "S"
            and link.service in {"iptables", "network", "local"}
        }
        moments = [(name["local"], line) for line in sets if "local" in name]
        moments += [(name["network"], 0)] if "network" in name and not in_script else []
        moments += [(name["iptables"], 1)] if "iptables" in name and _is_set_anew(evidence, written) else []
        starts = [(name["local"], line) for line in loads if "local" in name]
        starts += [(name["iptables"], 0)] if "iptables" in name and service else []
        if moments and not starts:
            return gap
        if moments:
            told.append(min(starts) < max(moments))
    return all(told) if told else gap


def _brings(step: ScriptCommand, carriers: frozenset[str]) -> bool:
    """Whether a command of rc.local loads one of them; ipvsadm loads IPVS."""
    if step.kind == "ipvsadm":
        return "ip_vs" in carriers
    if step.kind == "iptables":
        return step.rule is not None and (bool(step.rule.states) or step.rule.table == "nat")
    return _module_of(step) in carriers


def _iptables_carries(evidence: Evidence) -> bool | Unknown:
    """Whether the init script iptables loads connection tracking: for its rules, or because it is told to."""
    rules, config = evidence.iptables_rules, evidence.iptables_config
    if isinstance(config, Unknown):
        return config
    told = last_of(config or ()).get("IPTABLES_MODULES")
    if told is not None and "conntrack" in told.value:
        return True
    if isinstance(rules, Unknown):
        return rules
    return rules is not None and any(rule.states or rule.table == "nat" for rule in rules.rules)


def _unloaded_by_restart(evidence: Evidence, written: Sysctl) -> At | None | Unknown:
    """The place by which a restart of iptables throws the value away; None: it does not, or there is no iptables."""
    config, headers = evidence.iptables_config, evidence.init_headers
    if isinstance(config, Unknown):
        return config
    unload = last_of(config or ()).get("IPTABLES_MODULES_UNLOAD")
    if (unload is not None and unload.value != "yes") or _is_set_anew(evidence, written):
        return None
    if unload is not None:
        return unload.at
    if config is None:
        if isinstance(headers, Unknown):
            return headers
        if not any(header.service == "iptables" for header in headers or ()):
            return None
    return At(host=evidence.snapshot.name, source=IPTABLES_CONFIG)


def _is_set_anew(evidence: Evidence, written: Sysctl) -> bool:
    """iptables of EL6 and later sets, whenever it starts, what the list picks out of the sysctl files."""
    told = last_of(known(evidence.iptables_config) or ()).get("IPTABLES_SYSCTL_LOAD_LIST")
    return (
        told is not None
        and "nf_conntrack" in written.key
        and not _is_rc_local(written.at)
        and any(word in written.key for word in told.value.split())
    )


# -- IPVS ---------------------------------------------------------------------


def derive_ipvs_boot(evidence: Evidence) -> IpvsTimeouts | Unknown:
    """The timeouts after the next boot: the kernel's own, and over them what rc.local sets."""
    script = evidence.rc_local
    if isinstance(script, Unknown):
        return script
    at = At(host=evidence.snapshot.name, source="/etc/rc.d/rc.local") if script is None else script.at
    found = IpvsTimeouts(tcp=900, tcpfin=120, udp=300, at=at)
    for command in script.commands if script is not None else ():
        told = command.ipvs.timeouts if command.ipvs is not None and command.ipvs.verb == "set" else None
        if told is not None and command.where:
            return unknown(
                command.at,
                f"whether {command.text} is run hangs on a condition",
                f"{command.text} 是否执行取决于条件",
            )
        if told is not None:
            found = IpvsTimeouts(
                tcp=told.tcp or found.tcp,
                tcpfin=told.tcpfin or found.tcpfin,
                udp=told.udp or found.udp,
                at=command.at,
            )
    return found
