"""File against live: what ldirectord.cf asks for and what the kernel's IPVS table holds.

A real server that the health check took out is not drift: with quiescent it stands there with weight 0, without
it is gone, and the fallback may stand in its place (ldirectord 2004 to 4.12 alike).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from auditor.derive.addresses import to_ip
from auditor.derive.keepalived import gap_of, services_of
from auditor.model.cluster import Comparison, Problem
from auditor.model.facts import (
    IpvsReal,
    IpvsService,
    IpvsTable,
    Keepalived,
    LdirectordCf,
    RealServer,
    Virtual,
)
from auditor.model.place import At, Prose, Unknown

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

Key = tuple[str, str, int]


def derive_ipvs_problems(
    cf: LdirectordCf, table: IpvsTable, keepalived: Keepalived | None | Unknown
) -> tuple[Problem | Unknown, ...]:
    """Every difference between the file and the live table, set-wise: order means nothing in either.

    What keepalived makes is none; of a service that both make nobody can tell who had the last word.
    """
    wanted = {virtual_key(virtual): virtual for virtual in cf.virtuals}
    live = {_service_key(service): service for service in table.services}
    problems: list[Problem | Unknown] = []
    made, gap = _made(keepalived), gap_of(keepalived)
    for key, virtual in wanted.items():
        if virtual.mark is None and to_ip(virtual.address) is None:
            problems.append(_unresolved(virtual.name, virtual.at))
        elif key in made:
            problems.append(
                Unknown(
                    why=Prose(
                        en=f"{virtual.name} is in ldirectord.cf and in keepalived.conf: whose it is in the live table "
                        "cannot be told",
                        zh=f"{virtual.name} 同时在 ldirectord.cf 与 keepalived.conf 中: 无法得知运行表中的是哪一方的",
                    ),
                    at=made[key],
                )
            )
        elif key not in live:
            problems.append(
                _problem(
                    "service-missing",
                    virtual.name,
                    f"virtual service {virtual.name} is in ldirectord.cf, but not in the live table",
                    f"虚拟服务 {virtual.name} 在 ldirectord.cf 中, 但不在运行表中",
                    virtual.at,
                    table.at,
                )
            )
        else:
            problems.extend(_compare_service(virtual, live[key], cf))
    for key, service in live.items():
        if key not in wanted and key not in made:
            problems.append(
                gap
                or _problem(
                    "service-extra",
                    service.name,
                    f"virtual service {service.name} is live, but not in ldirectord.cf",
                    f"虚拟服务 {service.name} 在运行, 但 ldirectord.cf 中没有",
                    service.at,
                    cf.at,
                )
            )
    return tuple(problems)


def derive_other_services(
    table: IpvsTable | None | Unknown, keepalived: Keepalived | None | Unknown
) -> tuple[IpvsService, ...] | Unknown:
    """The live services that keepalived did not make."""
    if table is None or isinstance(table, Unknown):
        return table or ()
    made = _made(keepalived)
    others = tuple(service for service in table.services if _service_key(service) not in made)
    return (gap_of(keepalived) if others else None) or others


def _made(keepalived: Keepalived | None | Unknown) -> Mapping[Key, At]:
    """The services of keepalived.conf."""
    services = () if keepalived is None or isinstance(keepalived, Unknown) else services_of(keepalived)
    return {service.key: service.virtual.at for service in services if not isinstance(service, Unknown)}


def compare_ldirectord(files: Mapping[str, LdirectordCf]) -> Comparison:
    """The ldirectord.cf of all directors, by meaning: comments, order and layout do not count."""
    names = list(files)
    ats = tuple(file.at for file in files.values())
    first = files[names[0]]
    for name in names[1:]:
        difference = _first_difference(first, files[name])
        if difference:
            return Comparison(
                kind="different",
                explanation=Prose(
                    en=f"{names[0]} and {name} differ: {difference.en}",
                    zh=f"{names[0]} 与 {name} 不同: {difference.zh}",
                ),
                ats=ats,
            )
    return Comparison(
        kind="identical",
        explanation=Prose(en="the same by meaning on all directors", zh="各调度器上的含义一致"),
        ats=ats,
    )


def virtual_key(virtual: Virtual) -> Key:
    if virtual.mark is not None:
        return "fwm", str(virtual.family), virtual.mark
    return virtual.protocol, str(to_ip(virtual.address) or virtual.address), virtual.port or 0


def _service_key(service: IpvsService) -> Key:
    if service.mark is not None:
        return "fwm", str(service.family), service.mark
    return service.protocol, str(to_ip(service.address) or service.address), service.port or 0


def _compare_service(virtual: Virtual, service: IpvsService, cf: LdirectordCf) -> Iterator[Problem | Unknown]:
    if service.persistent_jiffies is not None:
        yield Unknown(
            why=Prose(
                en=f"{virtual.name}: the kernel's text tells persistence in ticks of unknown length; "
                "read as root to compare it",
                zh=f"{virtual.name}: 内核文本以未知长度的时钟滴答给出持久时间, 需以 root 读取才能比较",
            ),
            at=service.at,
        )
    persistent = virtual.persistent if service.persistent_jiffies is not None else service.persistent
    pairs = (
        ("scheduler", virtual.scheduler, service.scheduler),
        ("persistent", _word(virtual.persistent), _word(persistent)),
        ("netmask", _mask(virtual.netmask), _mask(service.netmask)),
    )
    for what, wanted, found in pairs:
        if wanted != found:
            yield _problem(
                what,
                f"{virtual.name} {what}",
                f"{virtual.name}: {what} is {found} live, {wanted} in ldirectord.cf",
                f"{virtual.name}: {what} 运行值为 {found}, ldirectord.cf 中为 {wanted}",
                service.at,
                virtual.at,
                expected=wanted,
                found=found,
            )
    yield from _compare_reals(virtual, service, cf)


def _compare_reals(virtual: Virtual, service: IpvsService, cf: LdirectordCf) -> Iterator[Problem | Unknown]:
    wanted: dict[tuple[str, int], RealServer] = {}
    for real in virtual.reals:
        if to_ip(real.address) is None:
            yield _unresolved(real.address, real.at)
        wanted[_place(real.address, real.port, real.forwarding, virtual)] = real
    live = {(str(to_ip(real.address) or real.address), real.port): real for real in service.reals}
    fallback = virtual.fallback or cf.fallback
    spare = _place(fallback.address, fallback.port, fallback.forwarding, virtual) if fallback else None
    unresolved = any(to_ip(real.address) is None for real in virtual.reals)
    for key, found in live.items():
        if key in wanted:
            yield from _compare_real(virtual, wanted[key], found)
        elif key != spare and not unresolved:
            yield _problem(
                "real-extra",
                f"{virtual.name} {found.address}:{found.port}",
                f"{virtual.name}: real server {found.address}:{found.port} is live, but not in ldirectord.cf",
                f"{virtual.name}: 真实服务器 {found.address}:{found.port} 在运行表中, 但 ldirectord.cf 中没有",
                found.at,
                virtual.at,
            )
    if virtual.quiescent and virtual.checktype != "off":
        # A check that fails leaves the real server there with weight 0: a missing one was not taken out by it.
        for key, missing in wanted.items():
            if key not in live and to_ip(missing.address) is not None:
                yield _problem(
                    "real-missing",
                    f"{virtual.name} {missing.address}",
                    f"{virtual.name}: real server {missing.address} is in ldirectord.cf, but not live, "
                    "although quiescent=yes keeps failed ones at weight 0",
                    f"{virtual.name}: 真实服务器 {missing.address} 在 ldirectord.cf 中但不在运行表中, "
                    "而 quiescent=yes 会把失败的保留为权重 0",
                    missing.at,
                    service.at,
                )


def _compare_real(virtual: Virtual, wanted: RealServer, found: IpvsReal) -> Iterator[Problem]:
    subject = f"{virtual.name} {wanted.address}"
    taken_out = found.weight == 0 and virtual.quiescent
    if found.weight != wanted.weight and not taken_out:
        yield _problem(
            "weight",
            f"{subject} weight",
            f"{virtual.name}: {wanted.address} has weight {found.weight} live, {wanted.weight} in ldirectord.cf",
            f"{virtual.name}: {wanted.address} 的运行权重为 {found.weight}, ldirectord.cf 中为 {wanted.weight}",
            found.at,
            wanted.at,
            expected=str(wanted.weight),
            found=str(found.weight),
        )
    # Kernels up to 2.6.36 show a director's own address as Local, whatever was asked for.
    if found.forwarding not in {wanted.forwarding, "local"}:
        yield _problem(
            "forwarding",
            f"{subject} forwarding",
            f"{virtual.name}: {wanted.address} is forwarded by {found.forwarding}, ldirectord.cf says "
            f"{wanted.forwarding}",
            f"{virtual.name}: {wanted.address} 的转发方式为 {found.forwarding}, ldirectord.cf 中为 {wanted.forwarding}",
            found.at,
            wanted.at,
            expected=wanted.forwarding,
            found=found.forwarding,
        )


def _place(address: str, port: int | None, forwarding: str, virtual: Virtual) -> tuple[str, int]:
    """Where ipvsadm puts a destination: outside masq and marks the service's port wins over the written one."""
    host = str(to_ip(address) or address)
    if virtual.mark is None and (forwarding != "masq" or not port):
        return host, virtual.port or 0
    return host, port or 0


def _mask(netmask: str | None) -> str:
    """A mask of one address is the same as none, and listings leave it out."""
    return "-" if netmask in {None, "255.255.255.255", "128"} else str(netmask)


def _word(value: object) -> str:
    return "-" if value is None else str(value)


def _problem(
    code: str, subject: str, en: str, zh: str, *ats: At, expected: str | None = None, found: str | None = None
) -> Problem:
    return Problem(
        code=code, subject=subject, message=Prose(en=en, zh=zh), ats=ats, expected=expected, found=found
    )


def _unresolved(name: str, at: At) -> Unknown:
    return Unknown(
        why=Prose(
            en=f"{name} is a name: which address ldirectord took it for cannot be told from the files",
            zh=f"{name} 是名称: 无法从文件得知 ldirectord 解析出的地址",
        ),
        at=at,
    )


def _first_difference(left: LdirectordCf, right: LdirectordCf) -> Prose | None:
    ours = {virtual_key(virtual): virtual for virtual in left.virtuals}
    theirs = {virtual_key(virtual): virtual for virtual in right.virtuals}
    for key in sorted(ours.keys() ^ theirs.keys()):
        virtual = ours.get(key) or theirs[key]
        return Prose(en=f"only one has {virtual.name}", zh=f"只有一方有 {virtual.name}")
    for key, virtual in sorted(ours.items()):
        for what, one, other in zip(_MEANING, _meaning(virtual), _meaning(theirs[key]), strict=True):
            if one != other:
                return Prose(
                    en=f"{virtual.name}: {what} is {_show(one)} and {_show(other)}",
                    zh=f"{virtual.name}: {what} 分别为 {_show(one)} 与 {_show(other)}",
                )
    ours_settings, theirs_settings = (
        {setting.key: setting.value for setting in file.settings if setting.section is None}
        for file in (left, right)
    )
    for name in sorted(ours_settings.keys() | theirs_settings.keys()):
        if ours_settings.get(name) != theirs_settings.get(name):
            return Prose(
                en=f"{name} is {_show(ours_settings.get(name))} and {_show(theirs_settings.get(name))}",
                zh=f"{name} 分别为 {_show(ours_settings.get(name))} 与 {_show(theirs_settings.get(name))}",
            )
    return None


_MEANING = (
    "scheduler",
    "persistent",
    "netmask",
    "quiescent",
    "service",
    "checktype",
    "request",
    "receive",
    "virtualhost",
    "checkport",
    "fallback",
    "real",
)


def _meaning(virtual: Virtual) -> Sequence[object]:
    fallback = virtual.fallback
    return (
        virtual.scheduler,
        virtual.persistent,
        virtual.netmask,
        virtual.quiescent,
        virtual.service,
        virtual.checktype,
        virtual.request,
        virtual.receive,
        virtual.virtualhost,
        virtual.checkport,
        (fallback.address, fallback.port, fallback.forwarding) if fallback else None,
        frozenset(
            (
                real.address,
                real.port,
                real.forwarding,
                real.weight,
                real.request,
                real.receive,
                real.upper,
                real.lower,
            )
            for real in virtual.reals
        ),
    )


def _show(value: object) -> str:
    if isinstance(value, frozenset):
        return ", ".join(sorted(f"{real[0]}:{real[1] or 0} {real[2]} {real[3]}" for real in value))
    if isinstance(value, tuple):
        return ":".join("" if part is None else str(part) for part in value)
    return _word(value)
