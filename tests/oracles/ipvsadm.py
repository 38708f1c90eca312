"""The real ipvsadm 1.31 of Debian 12: does it take a command, and what does it then ask the kernel for?"""

from __future__ import annotations

import os
import struct
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Self

from tests.oracles import UNPACKED

PROGRAM = UNPACKED / "sbin/ipvsadm"

_COMPILER = UNPACKED / "usr/bin/tcc"
_LIBRARIES = UNPACKED / "usr/lib/x86_64-linux-gnu"
_SERVICE = struct.Struct("<H2x4s2s2xI16sII4s")
_SERVER = struct.Struct("<4s2s2xIiII")
_SET = 1152
_FORWARDINGS = ("masq", "local", "ipip", "gate")
_PERSISTENT, _OPS, _FLAGS = 1, 4, {8: "flag-1", 16: "flag-2", 32: "flag-3"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """As ``struct ip_vs_service_user`` has it: 0 and "" for what the command does not tell."""

    protocol: int
    address: str
    port: int
    mark: int
    scheduler: str
    persistent: int | None
    ops: bool
    flags: tuple[str, ...]
    netmask: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """As ``struct ip_vs_dest_user`` has it."""

    address: str
    port: int
    forwarding: str
    weight: int
    upper: int
    lower: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """``refusal``: what ipvsadm says, None where it takes the command.

    ``service`` and ``server``: what it asks the kernel for, None where that is of another kind, or where the old way
    of asking has no room for it, as for IPv6.
    """

    refusal: str | None
    service: Service | None = None
    server: Server | None = None


class Ipvsadm:
    def __init__(self) -> None:
        self._folder = TemporaryDirectory(prefix="ipvsadm-")
        stand_in = Path(self._folder.name) / "kernel.so"
        source = Path(__file__).with_suffix(".c")
        parts = [f"-B{_LIBRARIES}/tcc", "-nostdlib", "-shared", "-o", stand_in, source]
        subprocess.run([_COMPILER, *parts], check=True)
        self._environment = {
            "LD_PRELOAD": str(stand_in),
            "LD_LIBRARY_PATH": f"{_LIBRARIES}:{UNPACKED / 'lib/x86_64-linux-gnu'}",
            "PATH": os.defpath,
            "LC_ALL": "C",
        }

    def ask(self, words: Sequence[str]) -> Verdict:
        run = subprocess.run([PROGRAM, *words], env=self._environment, capture_output=True, check=False)
        said = run.stderr.decode("utf-8", "replace").strip()
        if run.returncode and "Operation not supported with specified address family" not in said:
            return Verdict(refusal=said)
        if len(run.stdout) < 8:
            return Verdict(refusal=None)
        name, length = struct.unpack_from("<II", run.stdout)
        asked = run.stdout[8 : 8 + length]
        if name - _SET not in {2, 3, 4, 7, 8, 9}:
            return Verdict(refusal=None)
        server = _server(asked[_SERVICE.size :]) if name - _SET >= 7 else None
        return Verdict(refusal=None, service=_service(asked), server=server)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._folder.cleanup()


def _service(asked: bytes) -> Service:
    protocol, address, port, mark, scheduler, flags, timeout, netmask = _SERVICE.unpack_from(asked)
    return Service(
        protocol=protocol,
        address=str(IPv4Address(address)),
        port=int.from_bytes(port, "big"),
        mark=mark,
        scheduler=scheduler.rstrip(b"\0").decode(),
        persistent=timeout if flags & _PERSISTENT else None,
        ops=bool(flags & _OPS),
        flags=tuple(name for bit, name in _FLAGS.items() if flags & bit),
        netmask=str(IPv4Address(netmask)),
    )


def _server(asked: bytes) -> Server:
    address, port, flags, weight, upper, lower = _SERVER.unpack_from(asked)
    return Server(
        address=str(IPv4Address(address)),
        port=int.from_bytes(port, "big"),
        forwarding=_FORWARDINGS[flags & 7],
        weight=weight,
        upper=upper,
        lower=lower,
    )
