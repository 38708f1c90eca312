"""What one host is: its files, addresses, kernel values, and what its programs say. Only text."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import IPv4Interface

INSTALLED = "2007-05-10T12:00:00Z"


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """One file. ``mtime`` is RFC 3339 UTC."""

    content: str
    mode: int = 0o644
    mtime: str = "2007-08-20T08:00:00Z"


@dataclass(frozen=True, slots=True, kw_only=True)
class Configured:
    """One address as ``ip addr add`` gets it; ``label`` is the interface's own name where none was given."""

    address: IPv4Interface
    interface: str
    label: str
    scope: str = "global"

    @property
    def broadcast(self) -> str | None:
        network = self.address.network
        return str(network.broadcast_address) if network.prefixlen < 31 else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """One host as text.

    ``address``: where an administrator reaches it. ``roles``: as HOSTS would say.
    ``links``: path to target. ``macs``: interface to hardware address, in the order of their creation; without lo.
    ``sysctls``: values of this machine's kernel, below /proc/sys; ``proc``: texts below /proc that the kernel
    of a test machine does not have. ``answers``: program to arguments to what it prints.
    """

    name: str
    address: str
    roles: frozenset[str]
    release: str
    machine: str
    files: Mapping[str, Text]
    links: Mapping[str, str]
    macs: Mapping[str, str]
    addresses: tuple[Configured, ...]
    gateway: str
    sysctls: Mapping[str, str]
    proc: Mapping[str, str]
    packages: str
    processes: str
    answers: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
