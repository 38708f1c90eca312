"""What happens when a node dies: which VIPs move where, which connections break, what would be owned twice.

Resources move as heartbeat 2 moves those of haresources (style R1): the survivor starts the groups that its own
file has, whatever node they name, once the peer has been silent for the deadtime. Where keepalived runs, VRRP moves
the addresses of its instances.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from auditor.derive.addresses import to_ip
from auditor.derive.evidence import known
from auditor.model.cluster import Comparison, Failure, Host, Move, Vip
from auditor.model.facts import KeepalivedVirtual, Virtual
from auditor.model.place import At, Prose, Unknown

_OFF = frozenset({"off", "no", "n", "false", "0"})
_SHOWN = 3  # pools that a sentence names


@dataclass(frozen=True, slots=True, kw_only=True)
class _Share:
    """What one real server is worth in a pool; ``alone``: there is no other one with a weight."""

    pool: str
    weight: int
    total: int
    checked: bool
    alone: bool


def derive_failures(
    directors: Sequence[Host],
    reals: Sequence[Host],
    vips: Sequence[Vip | Unknown],
    sync: Comparison | Unknown,
    same: Comparison | Unknown,
) -> Iterator[Failure]:
    """One for each node: directors first, then those that are real servers only.

    ``sync`` and ``same``: how the directors' sync daemons and their haresources compare.
    """
    shares = _shares(directors, reals)
    for director in directors:
        others = [other for other in directors if other is not director]
        own = shares.get(director.name, ())
        yield _of_director(director, others, vips, own, sync, same)
    names = {director.name for director in directors}
    gap = next((vip for vip in vips if isinstance(vip, Unknown)), None)
    for real in reals:
        if real.name not in names:
            share = shares.get(real.name, ())
            yield _untold(real, gap.why) if gap is not None and not share else _of_real(real, share)


# -- real servers ---------------------------------------------------------------


def _shares(directors: Sequence[Host], reals: Sequence[Host]) -> Mapping[str, Sequence[_Share]]:
    """Host to its shares, by the files of the directors that serve, or else of the first that has one."""
    names = {
        str(to_ip(address)): real.name
        for real in reals
        for address in (real.address, *(one.address for one in known(real.addresses) or ()))
    }
    ranked = sorted(directors, key=lambda director: director.active is not True)
    serving = next((one for one in ranked if known(one.ldirectord) is not None), None)
    cf = known(serving.ldirectord) if serving is not None else None
    checked = {pool.name: pool.checked for pool in known(serving.pools) or ()} if serving is not None else {}
    pools = {virtual.name: _weights(virtual) for virtual in (cf.virtuals if cf is not None else ())}
    for director in ranked:
        keepalived = known(director.keepalived)
        for made in keepalived.virtuals if keepalived is not None else ():
            if made.name not in pools:
                pools[made.name] = _weights(made)
                checked[made.name] = all(real.checks for real in made.reals)
    found: dict[str, list[_Share]] = {}
    for pool, weights in pools.items():
        total = sum(weights.values())
        used = sum(weight > 0 for weight in weights.values())
        for address, weight in weights.items():
            name = names.get(str(to_ip(address)))
            if name is not None and weight > 0:
                found.setdefault(name, []).append(
                    _Share(
                        pool=pool,
                        weight=weight,
                        total=total,
                        checked=checked.get(pool, False),
                        alone=used == 1,
                    )
                )
    return found


def _weights(virtual: Virtual | KeepalivedVirtual) -> Mapping[str, int]:
    return {real.address: real.weight for real in virtual.reals}


def _of_real(real: Host, shares: Sequence[_Share]) -> Failure:
    return Failure(
        node=real.name,
        moves=(),
        connections="share" if shares else "none",
        twice=(),
        text=_share_text(shares) or Prose(en="no pool sends anything to it", zh="没有服务池向它转发请求"),
        ats=(real.at,),
    )


def _share_text(shares: Sequence[_Share]) -> Prose | None:
    if not shares:
        return None
    shown = [f"{share.pool} {share.weight}/{share.total}" for share in shares[:_SHOWN]]
    more = len(shares) - len(shown)
    pools = ", ".join(shown)
    en = f"its share breaks: {pools}" + (f" and {more} more" if more else "")
    zh = f"它承担的连接中断: {pools}" + (f" 等, 另有 {more} 个" if more else "")
    alone = [share.pool for share in shares if share.alone]
    unseen = [share.pool for share in shares if not share.checked]
    if alone:
        en += f"; nobody else serves {', '.join(alone[:_SHOWN])}"
        zh += f"; {', '.join(alone[:_SHOWN])} 再无其他真实服务器"
    if unseen:
        en += f"; nothing notices it in {', '.join(unseen[:_SHOWN])}, so its share stays lost"
        zh += f"; {', '.join(unseen[:_SHOWN])} 没有检查能够察觉, 这一份会一直丢失"
    else:
        en += "; the health check then takes it out"
        zh += "; 随后健康检查将其摘除"
    return Prose(en=en, zh=zh)


# -- directors ------------------------------------------------------------------


def _of_director(
    director: Host,
    others: Sequence[Host],
    vips: Sequence[Vip | Unknown],
    shares: Sequence[_Share],
    sync: Comparison | Unknown,
    same: Comparison | Unknown,
) -> Failure:
    sure = [vip for vip in vips if isinstance(vip, Vip)]
    doubt = next((vip for vip in vips if isinstance(vip, Unknown)), None) or next(
        (vip.owners for vip in sure if isinstance(vip.owners, Unknown)), None
    )
    if doubt is not None:
        return _untold(director, doubt.why)
    owned = [vip.address for vip in sure if director.name in (known(vip.owners) or ())]
    # One that somebody else holds as well does not move: it is there already.
    held = {
        vip.address: [one.name for one in others if one.name in (known(vip.owners) or ())] for vip in sure
    }
    moves = []
    for vip in owned:
        heirs = [(other, _takes(other, vip)) for other in others]
        unclear = next((takes for _, takes in heirs if isinstance(takes, Unknown)), None)
        heir = next((other.name for other, takes in heirs if takes is True), None)
        to = next(iter(held[vip]), heir)
        if to is None and unclear is not None:
            return _untold(director, unclear.why)
        moves.append(Move(vip=vip, to=to))
    twice, when = _twice(director, others, [vip.address for vip in sure], same)
    connections = _connections(moves, shares, sync)
    there = {vip for vip in owned if held[vip]}
    text = _text([*_move_texts(moves, others, there)], shares, connections, twice, when)
    ats = tuple(At(host=one.name, source="/etc/ha.d/haresources") for one in (director, *others))
    return Failure(
        node=director.name, moves=tuple(moves), connections=connections, twice=twice, text=text, ats=ats
    )


def _untold(director: Host, why: Prose) -> Failure:
    return Failure(
        node=director.name,
        moves=(),
        connections="unknown",
        twice=(),
        text=Prose(en=f"cannot be told: {why.en}", zh=f"无法判断: {why.zh}"),
        ats=(director.at,),
    )


def _takes(survivor: Host, vip: str) -> bool | Unknown:
    """Whether heartbeat or keepalived runs on the survivor and brings the VIP up there."""
    by_vrrp = _takes_by_vrrp(survivor, vip)
    if by_vrrp is not False:
        return by_vrrp
    haresources, ha_cf, daemon = survivor.haresources, survivor.ha_cf, survivor.heartbeat
    if isinstance(haresources, Unknown):
        return haresources
    if isinstance(ha_cf, Unknown):
        return ha_cf
    if isinstance(daemon, Unknown):
        return daemon
    if ha_cf is not None and ha_cf.crm is not None and ha_cf.crm.value.lower() not in _OFF:
        return Unknown(
            why=Prose(
                en=f"{survivor.name} runs a cluster manager (crm), whose rules are not read",
                zh=f"{survivor.name} 运行集群管理器 (crm), 未读取其规则",
            ),
            at=ha_cf.crm.at,
        )
    if haresources is None or ha_cf is None or daemon is None:
        return False
    return any(str(to_ip(one.address)) == vip for one in haresources.addresses)


def _takes_by_vrrp(survivor: Host, vip: str) -> bool | Unknown:
    if vip not in survivor.vrrp_vips:
        return survivor.keepalived_whole if isinstance(survivor.keepalived_whole, Unknown) else False
    daemon = survivor.keepalived_daemon
    return daemon if isinstance(daemon, Unknown) else daemon is not None


def _twice(
    director: Host, others: Sequence[Host], vips: Sequence[str], same: Comparison | Unknown
) -> tuple[tuple[str, ...], str]:
    """VIPs with two owners when the node is only cut off, or comes back; and which of the two."""
    taken = tuple(vip for vip in vips if any(_takes(other, vip) is True for other in others))
    own = tuple(vip for vip in taken if _takes(director, vip) is True)
    selfish = isinstance(same, Comparison) and same.kind == "each-names-itself"
    ha_cf = known(director.ha_cf)
    failback = ha_cf is not None and (
        ha_cf.auto_failback is None or ha_cf.auto_failback.value.lower() not in _OFF
    )
    if selfish and failback and own:
        return own, "back"
    fenced = any((file := known(other.ha_cf)) is not None and file.stonith for other in others)
    return (own, "cut off") if own and not fenced else ((), "")


def _connections(moves: Sequence[Move], shares: Sequence[_Share], sync: Comparison | Unknown) -> str:
    """``kept``, ``broken``, ``share`` (only what it served itself), ``none``, or ``unknown``."""
    if not moves:
        return "share" if shares else "none"
    if any(move.to is None for move in moves):
        return "broken"
    if isinstance(sync, Unknown):
        return "unknown"
    return "kept" if sync.kind == "fits" else "broken"


def _text(
    moves: Sequence[Prose], shares: Sequence[_Share], connections: str, twice: Sequence[str], when: str
) -> Prose:
    parts = list(moves)
    if moves:
        parts.append(_CONNECTIONS[connections])
    own = _share_text(shares)
    if own is not None:
        parts.append(own)
    if twice:
        parts.append(_TWICE[when])
    if not parts:
        parts.append(Prose(en="nothing changes for clients", zh="对客户没有影响"))
    return Prose(en="; ".join(part.en for part in parts), zh="; ".join(part.zh for part in parts))


_CONNECTIONS = {
    "kept": Prose(en="established connections go on", zh="已建立的连接得以保持"),
    "broken": Prose(en="established connections break", zh="已建立的连接全部中断"),
    "unknown": Prose(en="whether connections go on cannot be told", zh="已建立的连接能否保持无法判断"),
}
_TWICE = {
    "back": Prose(
        en="when it comes back it takes them while the other keeps them: two owners",
        zh="它恢复时会夺回 VIP 而对方并不释放: 一个地址两个主人",
    ),
    "cut off": Prose(
        en="if it is only cut off, and not dead, both own them, since nothing fences it",
        zh="若它只是失联而未死亡, 由于没有隔离手段, 双方会同时拥有 VIP",
    ),
}


def _move_texts(moves: Sequence[Move], others: Sequence[Host], there: Collection[str]) -> Iterator[Prose]:
    """``there``: VIPs that another director holds already, beside this one."""
    heirs: dict[tuple[str | None, bool], list[str]] = {}
    by_name = {other.name: other for other in others}
    for move in moves:
        if move.vip not in there:
            by_vrrp = move.to is not None and _takes_by_vrrp(by_name[move.to], move.vip) is True
            heirs.setdefault((move.to, by_vrrp), []).append(move.vip)
    if there:
        holders = ", ".join(sorted({move.to or "" for move in moves if move.vip in there}))
        yield Prose(
            en=f"{holders} holds {len(there)} of its VIPs already, and is their only owner then",
            zh=f"{holders} 已同时持有其中 {len(there)} 个 VIP, 此后成为唯一的主人",
        )
    for (heir, by_vrrp), vips in heirs.items():
        if heir is None:
            yield Prose(
                en=f"nobody takes {', '.join(vips)}: the service is down",
                zh=f"没有人接管 {', '.join(vips)}: 服务中断",
            )
            continue
        if by_vrrp:
            yield Prose(
                en=f"{heir} takes {', '.join(vips)} by VRRP", zh=f"{heir} 经 VRRP 接管 {', '.join(vips)}"
            )
            continue
        file = known(by_name[heir].ha_cf)
        after = f"{file.deadtime.ms / 1000:g}" if file is not None else "?"
        count = len(vips)
        yield Prose(
            en=f"{heir} takes {'its VIP' if count == 1 else f'all {count} VIPs'} after {after} s"
            if len(heirs) == 1
            else f"{heir} takes {', '.join(vips)} after {after} s",
            zh=f"{heir} 在 {after} 秒后接管 {count} 个 VIP"
            if len(heirs) == 1
            else f"{heir} 在 {after} 秒后接管 {', '.join(vips)}",
        )
