"""A whole cluster that tests can log in to: real OpenSSH servers on loopback, one for each connection."""

from __future__ import annotations

import contextlib
import selectors
import shlex
import shutil
import socket
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache, partial
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ed25519, rsa

from tests.hosts.eras import ERAS
from tests.hosts.machine import Machine
from tests.hosts.namespace import Namespace
from tests.hosts.tree import write_tree

TOOLS = ("unshare", "nsenter", "ip", "sshd", "tar", "pivot_root")


@contextlib.contextmanager
def start_cluster(
    machines: Sequence[Machine], *, era: str | Mapping[str, str] = "centos4"
) -> Iterator[Cluster]:
    """The machines, up and running until the end of the block. ``era``: of all, or by name.

    Needs root and TOOLS. RuntimeError when a host does not come up.
    """
    work = Path(tempfile.mkdtemp(prefix="lvsaudit-hosts-"))
    doors = _Doors()
    spaces: list[Namespace] = []
    try:
        identity_key, authorized = make_key("rsa", "client")
        hosts = {}
        for machine in machines:
            own_era = era if isinstance(era, str) else era[machine.name]
            private, public = make_key(ERAS[own_era]["HostKey"], machine.name)
            tree = write_tree(machine, era=own_era, host_key=private, authorized_key=authorized)
            space = Namespace(work / machine.name, machine, tree)
            spaces.append(space)
            sshd = partial(space.inside, "/usr/sbin/sshd", "-i", "-e")
            port = doors.open(sshd, work / f"{machine.name}.log")
            hosts[machine.name] = Host(machine, space, port, public, own_era)
        for space in spaces:
            space.wait()
        yield Cluster(work, hosts, identity_key)
    finally:
        doors.close()
        for space in spaces:
            space.stop()
        shutil.rmtree(work, ignore_errors=True)


class Host:
    """One running host. ``public_key``: algorithm and base64, as in known_hosts."""

    def __init__(self, machine: Machine, space: Namespace, port: int, public_key: str, era: str) -> None:
        self.machine, self.name = machine, machine.name
        self.address, self.port = "127.0.0.1", port
        self.public_key, self.era = public_key, era
        self._space = space

    def sh(self, script: str, *, stdin: bytes = b"", check: bool = True) -> str:
        """What a script says, run by root in there; raises CalledProcessError unless it ends well."""
        done = subprocess.run(
            self._space.inside("/bin/sh", "-c", script), input=stdin, capture_output=True, check=False
        )
        if check and done.returncode:
            raise RuntimeError(
                f"{self.name}: {script!r} ended with {done.returncode}: {done.stderr.decode()}"
            )
        return done.stdout.decode()

    def write(self, path: str, text: str, mode: int = 0o644) -> None:
        quoted = shlex.quote(path)
        self.sh(f"cat >{quoted}; chmod {mode:o} {quoted}", stdin=text.encode())

    def digest(self) -> dict[str, str]:
        """Everything that a visit must not change: files with their times, kernel values, modules, addresses,
        processes. Waits until sessions that are closing are gone.
        """
        deadline = time.monotonic() + 5
        while (processes := self._space.processes()) and time.monotonic() < deadline:
            time.sleep(0.01)
        found = {"processes": "\n".join(processes)}
        for line in self.sh(_DIGEST).splitlines():
            what, _, value = line.partition("\t")
            found[what] = f"{found[what]}\n{value}" if what in found else value
        return found


_DIGEST = r"""
find / -xdev -printf '%p\t%y %m %u %g %s %T@ %C@ %l\n'
find / -xdev -type f -exec sha256sum {} + | sed 's/^\([0-9a-f]*\)  \(.*\)$/\2\t\1/'
cd /proc/.kernel/sys
grep -rs . net kernel/hostname kernel/domainname kernel/modprobe | grep -v conntrack_count | sed 's/:/\t/'
cat /proc/.kernel/modules | sed 's/^/modules of this machine\t/'
{ ip addr; ip route show table all; ip neigh; ip rule; } | sed 's/^/network\t/'
sed 's/^/mounts\t/' /proc/mounts
"""


class Cluster:
    """``hosts_text``: as HOSTS; ``known_hosts`` and ``identity``: paths of files for a client."""

    def __init__(self, work: Path, hosts: Mapping[str, Host], identity_key: bytes) -> None:
        self.hosts = hosts
        self.known_hosts = work / "known_hosts"
        self.known_hosts.write_text(
            "".join(f"[{host.address}]:{host.port} {host.public_key}\n" for host in hosts.values())
        )
        self.identity = work / "identity"
        self.identity.write_bytes(identity_key)
        self.identity.chmod(0o600)
        self._work = work

    def __getitem__(self, name: str) -> Host:
        return self.hosts[name]

    def hosts_text(self, user: str = "root") -> str:
        return "".join(
            f"{host.name} addr={host.address} port={host.port} user={user} identity={self.identity}\n"
            for host in self.hosts.values()
        )

    def log(self, name: str) -> str:
        """What the servers of a host said."""
        return (self._work / f"{name}.log").read_text()


class _Doors:
    """Listens for all hosts of a cluster, and starts a program on each connection."""

    def __init__(self) -> None:
        self._selector = selectors.DefaultSelector()
        self._wake, self._waker = socket.socketpair()
        self._selector.register(self._wake, selectors.EVENT_READ)
        self._running: list[subprocess.Popen[bytes]] = []
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def open(self, command: Callable[[], list[str]], log: Path) -> int:
        """The port of 127.0.0.1 where ``command`` will be run on each connection."""
        door = socket.create_server(("127.0.0.1", 0), backlog=128)
        self._selector.register(door, selectors.EVENT_READ, (command, log))
        port: int = door.getsockname()[1]
        return port

    def close(self) -> None:
        self._waker.close()
        self._thread.join()
        for key in list(self._selector.get_map().values()):
            assert isinstance(key.fileobj, socket.socket)
            key.fileobj.close()
        self._selector.close()

    def _serve(self) -> None:
        while True:
            for key, _ in self._selector.select():
                if key.fileobj is self._wake:
                    return
                assert isinstance(key.fileobj, socket.socket)
                with contextlib.suppress(OSError):
                    self._admit(key.fileobj, *key.data)

    def _admit(self, door: socket.socket, command: Callable[[], list[str]], log: Path) -> None:
        self._running = [process for process in self._running if process.poll() is None]
        connection, _ = door.accept()
        with connection, log.open("ab") as err:
            stream = connection.fileno()
            self._running.append(subprocess.Popen(command(), stdin=stream, stdout=stream, stderr=err, env={}))


@cache
def make_key(kind: str, owner: str) -> tuple[bytes, str]:
    """Private and public key in OpenSSH's forms; one for each owner, since they take time to make."""
    key = ed25519.Ed25519PrivateKey.generate() if kind == "ed25519" else rsa.generate_private_key(65537, 2048)
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.OpenSSH, serialization.NoEncryption()
    )
    public = key.public_key().public_bytes(serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH)
    return private, f"{public.decode()}\n" if owner == "client" else public.decode()
