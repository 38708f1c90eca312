"""Namespaces for all of the lab: its network, its mounts, its processes.

The first process in there waits for the end of a pipe that this program holds, and then removes the lab's folder.
When this program goes away, however it does, the kernel ends every node, and networks and mounts vanish with them.
"""

from __future__ import annotations

import os
import signal
import subprocess
from pathlib import Path

GATEWAY = ("202.75.216.161", "202.91.231.161")
# Behind the gateway: hosts whose idea of their own network is wrong can still be reached.
ADMINISTRATOR = "192.0.2.1"
CLIENT = ("202.75.216.170", "202.91.231.170")

_NAMESPACES = ("--mount", "--net", "--pid")
# UML wants memory that may be executed, and a /dev that even a bare container can have. br0 is the segment of
# the two public networks, br1 the wire between the directors. Their own addresses stay as they are when a node is
# plugged in, so that whoever knows them already still finds the gateway.
_BOOT = f"""\
set -e
trap 'rm -rf "$1"' EXIT
mount -t proc proc /proc
mount -t tmpfs -o mode=0755 run /run
mkdir /run/memory
mount -t tmpfs -o mode=0755 dev /dev
mkdir /dev/net
mknod /dev/net/tun c 10 200
mknod /dev/null c 1 3; mknod /dev/zero c 1 5; mknod /dev/random c 1 8; mknod /dev/urandom c 1 9
ln -s /proc/self/fd /dev/fd
ip link set lo up
for bridge in br0 br1; do
  ip link add $bridge address 02:00:00:00:ff:0${{bridge#br}} type bridge forward_delay 0
  echo 1 >/proc/sys/net/ipv6/conf/$bridge/disable_ipv6 2>/dev/null || :
  ip link set $bridge up
done
ip addr add {GATEWAY[0]}/28 dev br0
ip addr add {GATEWAY[1]}/28 dev br0
ip addr add {ADMINISTRATOR}/32 dev br0
ip route change 202.75.216.160/28 dev br0 src {ADMINISTRATOR}
ip netns add client
ip link add to-client type veth peer name eth0 netns client
ip link set to-client master br0 up
ip -n client link set lo up
ip -n client link set eth0 up
ip -n client addr add {CLIENT[0]}/28 dev eth0
ip -n client addr add {CLIENT[1]}/28 dev eth0
ip -n client route add default via {GATEWAY[0]}
echo ready
cat
"""


class Space:
    """Up when it is made; RuntimeError with what went wrong when it cannot be. ``work`` goes with it."""

    def __init__(self, work: Path) -> None:
        held, self._lifeline = os.pipe()
        self._outer = subprocess.Popen(
            ["unshare", *_NAMESPACES, "--fork", "sh", "-c", _BOOT, "sh", str(work)],
            stdin=held,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
        os.close(held)
        assert self._outer.stdout is not None
        assert self._outer.stderr is not None
        if self._outer.stdout.readline() != b"ready\n":
            self.stop()
            raise RuntimeError(f"no namespaces for the lab: {self._outer.stderr.read().decode()}")
        children = Path(f"/proc/{self._outer.pid}/task/{self._outer.pid}/children").read_text()
        self.pid = int(children.split()[0])

    def inside(self, *command: str) -> list[str]:
        """The command line that runs a command in there, to end with the lab."""
        return ["nsenter", "--target", str(self.pid), *_NAMESPACES, "--", *command]

    def client(self, *command: str) -> list[str]:
        """The command line that runs a program of this machine as the client."""
        return ["nsenter", f"--net=/proc/{self.pid}/root/run/netns/client", "--", *command]

    def visiting(self, *command: str) -> list[str]:
        """The command line that runs a program of this machine which sees the lab's network."""
        return ["nsenter", "--target", str(self.pid), "--net", "--", *command]

    def stop(self) -> None:
        os.close(self._lifeline)
        try:
            self._outer.wait(10)
        except subprocess.TimeoutExpired:
            os.killpg(self._outer.pid, signal.SIGKILL)
            self._outer.wait()
