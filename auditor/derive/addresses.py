"""IP addresses out of text that a host wrote: what is none is None, never an exception."""

from __future__ import annotations

from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_interface

Ip = IPv4Address | IPv6Address

# The same few addresses are asked for again and again.
_KEPT = 1 << 16


@lru_cache(_KEPT)
def to_ip(text: str | None) -> Ip | None:
    try:
        return ip_address(text.partition("%")[0]) if text else None
    except ValueError:
        return None


@lru_cache(_KEPT)
def to_network(address: str, prefix: int | str) -> IPv4Network | IPv6Network | None:
    """The network that an address with a prefix length or a netmask stands in."""
    try:
        return ip_interface(f"{address}/{prefix}").network
    except ValueError:
        return None


def is_loopback(text: str) -> bool:
    ip = to_ip(text)
    return ip is not None and ip.is_loopback


def joined(address: str, port: int | None) -> str:
    """``address:port`` as ipvsadm writes it; the address alone where there is no port."""
    if port is None:
        return address
    return f"[{address}]:{port}" if ":" in address else f"{address}:{port}"


def bits(text: str) -> int:
    """32 or 128, the prefix length of the address alone."""
    return 128 if ":" in text else 32
