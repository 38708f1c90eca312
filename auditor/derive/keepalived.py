"""What keepalived.conf makes of its host: services by address, addresses that VRRP moves, and what it leaves open."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from auditor.derive.addresses import to_ip
from auditor.derive.evidence import unknown
from auditor.model.facts import Keepalived, KeepalivedReal, KeepalivedVirtual, RealServer, VrrpInstance
from auditor.model.place import At, Unknown

_MOST = 100_000
"""Services and their real servers, which only ranges of addresses can make so many in a file."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """One service of a virtual_server, which has several when it is of a group; of an address, or of a ``mark``."""

    virtual: KeepalivedVirtual
    address: str | None
    port: int
    mark: int | None

    @property
    def name(self) -> str:
        return self.virtual.name

    @property
    def reals(self) -> tuple[KeepalivedReal, ...]:
        return self.virtual.reals

    @property
    def at(self) -> At:
        return self.virtual.at

    @property
    def key(self) -> tuple[str, str, int]:
        """What the kernel tells services apart by; a mark has the family of the real servers."""
        if self.mark is not None:
            return "fwm", "6" if any(":" in real.address for real in self.reals) else "4", self.mark
        return self.virtual.protocol, str(self.address), self.port


def services_of(file: Keepalived) -> Iterator[Service | Unknown]:
    """What keepalived puts into the kernel's table; Unknown where the file alone does not tell."""
    count = 0
    for virtual in file.virtuals:
        for service in _services(virtual, file):
            yield service
            count += 1 + len(virtual.reals)
            if count >= _MOST:
                yield unknown(
                    virtual.at,
                    f"{virtual.at} and what follows have more services than were looked at",
                    f"{virtual.at} 及其后的服务过多, 未全部检查",
                )
                return


def gap_of(file: Keepalived | None | Unknown) -> Unknown | None:
    """Why there may be more, or less, than the file says; None: it says all, or is not there."""
    if file is None or isinstance(file, Unknown):
        return file
    for include in file.includes:
        return unknown(
            include.at,
            f"{include.at.source} includes {include.value}, which was not read",
            f"{include.at.source} 引用了 {include.value}, 该文件未读取",
        )
    for strange in file.strange:
        return unknown(
            strange.at,
            f"{strange.at} is nothing that keepalived is known to read",
            f"{strange.at} 不是已知的 keepalived 配置",
        )
    for at in file.conditional:
        return unknown(
            at,
            f"{at} counts on some hosts only, and on which was not read",
            f"{at} 仅对部分主机有效, 未读取是哪些主机",
        )
    return next((service for service in services_of(file) if isinstance(service, Unknown)), None)


def vrrp_of(file: Keepalived | None | Unknown) -> dict[str, VrrpInstance]:
    """The addresses that are seen to be brought up and taken down by VRRP, and by which instance."""
    instances = () if file is None or isinstance(file, Unknown) else file.instances
    found: dict[str, VrrpInstance] = {}
    for instance in instances:
        for address in instance.addresses:
            if (ip := to_ip(address.address)) is not None:
                found.setdefault(str(ip), instance)
    return found


def forwarding_unknown(name: str, real: RealServer | KeepalivedReal) -> Unknown:
    """``name``: of the service."""
    return unknown(
        real.at,
        f"how {name} is forwarded to {real.address} is not known: no lb_kind says it",
        f"没有 lb_kind 说明 {name} 如何转发到 {real.address}",
    )


def _services(virtual: KeepalivedVirtual, file: Keepalived) -> Iterator[Service | Unknown]:
    if virtual.group is None:
        yield from _members(
            virtual, f"fwmark {virtual.mark}" if virtual.mark is not None else _written(virtual)
        )
        return
    groups = [group for group in file.groups if group.name == virtual.group]
    if not groups:
        yield unknown(
            virtual.at,
            f"the group {virtual.group} of {virtual.at} was not found",
            f"未找到 {virtual.at} 的组 {virtual.group}",
        )
    for group in groups:
        for member in group.members:
            yield from _members(virtual, member)


def _written(virtual: KeepalivedVirtual) -> str:
    return f"{virtual.address} {virtual.port or 0}"


def _members(virtual: KeepalivedVirtual, written: str) -> Iterator[Service | Unknown]:
    """``10.0.0.1 80``, ``10.0.0.1-4 80`` or ``fwmark 1``."""
    first, _, second = written.partition(" ")
    number = second.split(" ", 1)[0]
    whole = number.isascii() and number.isdecimal() and len(number) < 11
    if first == "fwmark" and whole:
        yield Service(virtual=virtual, address=None, port=0, mark=int(number))
        return
    addresses = _addresses(first)
    if not addresses or not (whole or not number):
        yield unknown(
            virtual.at,
            f"which address {written} of {virtual.at} means cannot be told",
            f"无法得知 {virtual.at} 中 {written} 的地址",
        )
    for address in addresses:
        yield Service(virtual=virtual, address=address, port=int(number or 0), mark=None)


def _addresses(written: str) -> tuple[str, ...]:
    """Those of ``10.0.0.1-4``, or of ``2001:db8::a-f``, whose last parts run on; () where it is none."""
    begin, _, end = written.partition("-")
    first = to_ip(begin)
    if first is None or not end:
        return (str(first),) if first is not None else ()
    base = 16 if ":" in begin else 10
    try:
        last = int(end, base)
    except ValueError:
        return ()
    start = int(first) & (0xFFFF if base == 16 else 0xFF)
    count = last - start + 1
    if not 0 < count <= 256 or last > (0xFFFF if base == 16 else 0xFF):
        return ()
    return tuple(str(first + offset) for offset in range(count))
