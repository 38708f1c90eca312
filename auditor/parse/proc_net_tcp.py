"""Reads /proc/net/tcp and /proc/net/tcp6."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import IPv4Address, IPv6Address

from auditor.model.facts import Document, Reading, Socket
from auditor.parse.grammar import Line
from auditor.parse.rows import read_rows


def read_proc_net_tcp(document: Document) -> Reading[tuple[Socket, ...]]:
    """All sockets as facts; the value is those that listen."""
    reading = read_rows("proc-net-tcp", document, {"SOCKET": _socket})
    listening = tuple(socket for socket in reading.value if socket.state == "listen")
    return replace(reading, value=listening)


_STATES = {
    0x01: "established",
    0x02: "syn-sent",
    0x03: "syn-recv",
    0x04: "fin-wait-1",
    0x05: "fin-wait-2",
    0x06: "time-wait",
    0x07: "close",
    0x08: "close-wait",
    0x09: "last-ack",
    0x0A: "listen",
    0x0B: "closing",
    0x0C: "new-syn-recv",
}


def _socket(line: Line) -> Socket | None:
    state = _STATES.get(int(line["state"], 16))
    if state is None:
        return None
    return Socket(
        address=_address(line["address"]),
        port=int(line["port"], 16),
        peer=_address(line["peer"]),
        peer_port=int(line["peer_port"], 16),
        state=state,
        at=line.at("address"),
    )


def _address(text: str) -> str:
    words = bytes.fromhex(text)
    content = b"".join(words[start : start + 4][::-1] for start in range(0, len(words), 4))
    return str(IPv4Address(content) if len(content) == 4 else IPv6Address(content))
