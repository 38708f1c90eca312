"""One host in namespaces of its own: mount, network, UTS, IPC and PID, over /usr of this machine.

Its first process waits for the end of a pipe that the test holds. When the test goes away, however it does,
that process ends, the kernel kills the rest of the namespace, and mounts and interfaces vanish with it.
"""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Mapping
from pathlib import Path

from tests.hosts.machine import Machine

_NAMESPACES = ("--mount", "--net", "--uts", "--ipc", "--pid")
_PATH = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C", "TZ": "UTC"}

_BOOT = """\
set -e
cd {work}
mkdir root
mount -t tmpfs -o mode=0755,noatime root root
tar xpf tree.tar -C root
cd root
mount -t overlay -o lowerdir=/usr,upperdir=$PWD/.usr/up,workdir=$PWD/.usr/work usr usr
mount -t proc proc proc/.kernel
mount -t devpts -o newinstance,ptmxmode=0666,mode=0620 devpts dev/pts
shadow() {{ (cd $1 && shift && ln -s $@ . 2>/dev/null || :); }}
mkdir -p proc/net proc/sys/net/ipv4
shadow proc .kernel/cmdline .kernel/cpuinfo .kernel/loadavg .kernel/meminfo .kernel/stat .kernel/uptime
shadow proc/net ../.kernel/self/net/arp ../.kernel/self/net/dev ../.kernel/self/net/route ../.kernel/self/net/unix
shadow proc/sys ../.kernel/sys/dev ../.kernel/sys/fs ../.kernel/sys/kernel ../.kernel/sys/vm
shadow proc/sys/net ../../.kernel/sys/net/core ../../.kernel/sys/net/unix
shadow proc/sys/net/ipv4 '../../../.kernel/sys/net/ipv4/*'
echo {name} >proc/sys/kernel/hostname
cd proc/.kernel/sys
[ ! -e net/ipv6 ] || echo 1 >net/ipv6/conf/all/disable_ipv6
ip -batch - <<'END'
{interfaces}END
{sysctls}ip -batch - <<'END'
{addresses}END
cd ../../..
pivot_root . .old
umount -l /.old
echo ready
exec env --ignore-signal=CHLD cat
"""


class Namespace:
    """A running host. It is not up before ``wait`` has returned."""

    def __init__(self, work: Path, machine: Machine, tree: bytes) -> None:
        work.mkdir()
        (work / "tree.tar").write_bytes(tree)
        self._log = work / "boot.log"
        held, self._lifeline = os.pipe()
        try:
            with self._log.open("wb") as log:
                self._outer = subprocess.Popen(
                    ["unshare", *_NAMESPACES, "--fork", "sh", "-c", _boot(work, machine)],
                    env=_PATH,
                    stdin=held,
                    stdout=subprocess.PIPE,
                    stderr=log,
                    start_new_session=True,
                )
        finally:
            os.close(held)
        self._pid = 0

    def wait(self) -> None:
        """Until the host is up; RuntimeError with what went wrong when it fails."""
        assert self._outer.stdout is not None
        if self._outer.stdout.readline() != b"ready\n":
            raise RuntimeError(f"the host did not come up: {self._log.read_text()}")
        children = Path(f"/proc/{self._outer.pid}/task/{self._outer.pid}/children").read_text()
        self._pid = int(children.split()[0])

    def inside(self, *command: str) -> list[str]:
        """The command line that runs a command in there, once it is up."""
        return ["nsenter", "--target", str(self._pid), *_NAMESPACES, "--", *command]

    def processes(self) -> list[str]:
        """Command lines of all that runs in there, beside the first process."""
        own = Path(f"/proc/{self._pid}/ns/pid").readlink()
        found = []
        for folder in Path("/proc").glob("[0-9]*"):
            try:
                if (folder / "ns/pid").readlink() == own and folder.name != str(self._pid):
                    found.append((folder / "cmdline").read_bytes().replace(b"\0", b" ").decode().strip())
            except OSError:
                continue
        return sorted(found)

    def stop(self) -> None:
        """May be called twice, and after a failed start."""
        if self._lifeline >= 0:
            os.close(self._lifeline)
            self._lifeline = -1
        try:
            self._outer.wait(5)
        except subprocess.TimeoutExpired:
            os.killpg(self._outer.pid, signal.SIGKILL)
            self._outer.wait()
        assert self._outer.stdout is not None
        self._outer.stdout.close()


def _boot(work: Path, machine: Machine) -> str:
    interfaces = "link set lo up\n" + "".join(
        f"link add {name} address {mac} type ifb\nlink set {name} arp on multicast on mtu 1500\nlink set {name} up\n"
        for name, mac in machine.macs.items()
    )
    addresses = "".join(
        f"addr add {address.address} {f'brd {address.broadcast}' if address.broadcast else ''}"
        f" dev {address.interface} label {address.label}\n"
        for address in machine.addresses
        if not address.address.ip.is_loopback
    )
    return _BOOT.format(
        work=work,
        name=machine.name,
        interfaces=interfaces,
        addresses=addresses + f"route add default via {machine.gateway}\n",
        sysctls=_writes(machine.sysctls),
    )


def _writes(values: Mapping[str, str]) -> str:
    return "".join(f"echo {value} >{key}\n" for key, value in values.items())
