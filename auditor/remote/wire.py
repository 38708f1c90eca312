"""The byte stream under one SSH connection: a socket, or a channel through a jump host."""

from __future__ import annotations

import re
import socket
import threading
from collections.abc import Callable
from typing import Any

_CHUNK = 1 << 16
_PREAMBLE_CAP = 1 << 16
_IDENT = re.compile(rb"(?:\A|(?<=\n))SSH-[^\n]*\n")


class Wire:
    """What paramiko takes for a socket, with what it lacks.

    - A peer that floods, in whatever disguise, is cut off when ``allowance`` bytes have come.
    - Lines before the identification may be in any encoding, and do not grow without end.
    - A channel's data is never sent after its close: sshd answers that by ending the whole connection to the
      jump host, and with it every other host behind it. paramiko's channel lets go of its lock too early.

    ``heard``: what came before the identification, and the identification itself.
    """

    def __init__(self, stream: Any, allowance: float) -> None:
        self.allowance = allowance
        self.identified = False
        self.heard = b""
        self.hung_up = False
        self.flooded = False
        self._stream = stream
        self._sending = threading.Lock()
        self.recv: Callable[[int], bytes] = self._greet

    @property
    def _closed(self) -> bool:
        return bool(self._stream._closed)

    def send(self, data: bytes) -> int:
        with self._sending:
            return int(self._stream.send(data))

    def settimeout(self, seconds: float | None) -> None:
        self._stream.settimeout(seconds)

    def close(self) -> None:
        with self._sending:
            self._stream.close()

    def _greet(self, size: int) -> bytes:
        while not (found := _IDENT.search(self.heard)):
            data = self._receive(min(size, _CHUNK))
            self.heard += data
            if not data:
                return b""
            if len(self.heard) > _PREAMBLE_CAP:
                raise ConnectionAbortedError("no SSH identification within 64 KiB")
        rest = self.heard[found.start() :]
        self.heard = self.heard[: found.end()]
        self.identified = True
        self.recv = self._receive
        return rest

    def _receive(self, size: int) -> bytes:
        try:
            # A packet may claim any length; memory is taken for what comes, not for what is claimed.
            data = bytes(self._stream.recv(min(size, _CHUNK)))
        except TimeoutError:
            raise
        except OSError:
            self.hung_up = True
            raise
        if not data:
            self.hung_up = True
        self.allowance -= len(data)
        if self.allowance < 0:
            self.flooded = True
            raise ConnectionAbortedError("more bytes than were asked for")
        return data


def dial(host: str, port: int, timeout: float, allowance: float) -> Wire:
    """A TCP connection to the first address that answers, ``timeout`` seconds for each. Raises OSError."""
    stream = socket.create_connection((host, port), timeout)
    stream.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    stream.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    if hasattr(socket, "TCP_USER_TIMEOUT"):
        # A peer that has gone for good must not hold a sender for a quarter of an hour.
        stream.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, 60_000)
    return Wire(stream, allowance)
