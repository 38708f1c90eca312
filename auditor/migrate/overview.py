"""The cluster before and after, aspect by aspect."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from auditor.derive.evidence import known
from auditor.migrate.design import Design
from auditor.model.cluster import Cluster
from auditor.model.facts import HaCf, Virtual
from auditor.model.migration import Aspect
from auditor.model.place import Prose

_NAMES = {"debian-12": "Debian 12", "el9": "Enterprise Linux 9"}


def target_name(target: str) -> str:
    return _NAMES[target]


def aspects(design: Design, cluster: Cluster) -> Iterator[Aspect]:
    leader = design.leader
    reading = known(leader.evidence.ha_cf) if leader is not None else None
    ha_cf: HaCf | None = reading.value if reading is not None else None
    yield _aspect("system", "系统", *_both(_systems(design)), *_both(target_name(design.target)))
    yield _aspect("directors", "调度器", *_directors_before(design, cluster), *_directors_after(design))
    if design.pacemaker:
        media = _listed(f"{medium.kind} {medium.interface}" for medium in (ha_cf.media if ha_cf else ()))
        rings = _listed(", ".join(member.rings) for member in design.members)
        yield _aspect(
            "membership", "成员通信", *_both(f"heartbeat: {media}"), *_both(f"corosync knet: {rings}")
        )
        yield _aspect(
            "a dead director is noticed after",
            "判定调度器死亡",
            *_both(f"deadtime {ha_cf.deadtime.ms if ha_cf else '?'} ms"),
            *_both(f"token + consensus {design.deadtime} ms"),
        )
        stays, returns = ("stays", "不切回"), ("goes back", "切回")
        word = ha_cf.auto_failback.value if ha_cf and ha_cf.auto_failback else "-"
        after = returns if design.failback else stays
        yield _aspect(
            "after the first director is back the service",
            "首选调度器恢复后服务",
            *_both(f"auto_failback {word}"),
            *after,
        )
    for part in design.parts:
        if part.kind == "vip":
            script = part.resource.script if part.resource is not None else "-"
            yield _aspect(
                f"VIP {part.address}",
                f"VIP {part.address}",
                *_both(f"{script} /{part.prefix} {part.interface or '?'}"),
                *_both(
                    ("ocf:heartbeat:IPaddr2" if design.pacemaker else "lvs-vip.service")
                    + f" /{part.prefix} {part.interface or '?'}"
                ),
            )
    for virtual in design.cf.virtuals if design.cf is not None else ():
        text = _pool(virtual)
        checker = "ldirectord 4.12" if design.debian else "lvs-health@.timer"
        yield _aspect(
            f"service {virtual.protocol} {virtual.name}",
            f"服务 {virtual.protocol} {virtual.name}",
            *_both(text),
            f"the same; checked by {checker}",
            f"不变; 由 {checker} 检查",
        )
    carriers = [host.name for host in design.hosts if host.lo_vips]
    if carriers:
        yield _aspect(
            "VIPs on the loopback of",
            "在 lo 上带 VIP 的主机",
            *_both(", ".join(carriers)),
            "lvs-vip-lo.service, only where the ARP guard is on",
            "lvs-vip-lo.service, 仅在 ARP 抑制生效后",
        )
    if design.sync is not None:
        where = f"{design.sync.interface or '?'} syncid {design.sync.syncid}"
        yield _aspect(
            "connection synchronisation", "连接同步", *_both(where), *_both(f"lvs-sync-*.service {where}")
        )


def _aspect(en: str, zh: str, before: str, before_zh: str, after: str, after_zh: str) -> Aspect:
    return Aspect(
        name=Prose(en=en, zh=zh), before=Prose(en=before, zh=before_zh), after=Prose(en=after, zh=after_zh)
    )


def _both(text: str) -> tuple[str, str]:
    return text, text


def _systems(design: Design) -> str:
    releases = [known(host.evidence.release) for host in design.hosts]
    return _listed(release.text for release in releases if release is not None)


def _listed(texts: Iterable[str]) -> str:
    return "; ".join(dict.fromkeys(texts)) or "-"


def _directors_before(design: Design, cluster: Cluster) -> tuple[str, str]:
    names = _listed(member.node for member in design.members)
    active = cluster.active if isinstance(cluster.active, str) else "?"
    return f"{names} (active: {active})", f"{names} (主用: {active})"


def _directors_after(design: Design) -> tuple[str, str]:
    names = _listed(member.node for member in design.members)
    if design.pacemaker:
        return f"{names} (prefers {design.preferred or '-'})", f"{names} (首选 {design.preferred or '-'})"
    leader = design.leader.node if design.leader else "-"
    return f"{leader} alone; nobody takes over", f"仅 {leader}; 无人接管"


def _pool(virtual: Virtual) -> str:
    reals = ", ".join(
        f"{real.address}{'' if real.port is None else f':{real.port}'} {real.forwarding} {real.weight}"
        for real in virtual.reals
    )
    return f"{virtual.scheduler}: {reals or '-'}"
