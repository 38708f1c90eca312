"""The other end of the wire, and a sender on this one: answers line by line what the kernel does with ARP.

``neighbour.py hear INTERFACE``: ``ask ADDRESS`` says whether anybody answers for it, ``heard ADDRESS`` who asked for
it. ``neighbour.py send``: ``FROM TO`` sends a packet, so that the kernel has to ask for TO.
"""

from __future__ import annotations

import socket
import struct
import sys
import time
from collections.abc import Iterator

ARP = 0x0806
REQUEST, REPLY = 1, 2
OWN = "10.75.0.1"
LONG = 0.1  # seconds until a frame that does not come is taken not to come


def frames(wire: socket.socket) -> Iterator[tuple[int, str, str]]:
    """Operation, sender and target of the ARP frames that come in for a while."""
    end = time.monotonic() + LONG
    while (left := end - time.monotonic()) > 0:
        wire.settimeout(left)
        try:
            frame, _ = wire.recvfrom(128)
        except TimeoutError:
            return
        operation, sender, target = struct.unpack("!14x6xH6x4s6x4s", frame[:42])
        yield operation, socket.inet_ntoa(sender), socket.inet_ntoa(target)


def hear(interface: str) -> None:
    wire = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ARP))
    wire.bind((interface, ARP))
    mac = wire.getsockname()[4]
    for line in sys.stdin:
        word, address = line.split()
        if word == "ask":
            request = struct.pack("!6s6sHHHBBH", b"\xff" * 6, mac, ARP, 1, 0x0800, 6, 4, REQUEST)
            wire.send(request + mac + socket.inet_aton(OWN) + bytes(6) + socket.inet_aton(address))
            found = any((kind, sender) == (REPLY, address) for kind, sender, _ in frames(wire))
            print("yes" if found else "no", flush=True)
        else:
            askers = (sender for kind, sender, target in frames(wire) if (kind, target) == (REQUEST, address))
            print(next(askers, "nobody"), flush=True)


def send() -> None:
    for line in sys.stdin:
        source, target = line.split()
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
            sender.bind((source, 0))
            sender.sendto(b"x", (target, 9))
        print("sent", flush=True)


if __name__ == "__main__":
    hear(sys.argv[2]) if sys.argv[1] == "hear" else send()
