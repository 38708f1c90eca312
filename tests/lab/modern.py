"""The cluster that a migration wrote, on new hosts: Debian 12 with systemd, as their installer leaves them.

A host has the old one's name, address and wires, and a way in; everything else is what people do with the files,
which is what the migration's own list of commands says. Hosts for files of Enterprise Linux are Debian too, but have
NetworkManager, and what the list installs by Debian's names.
"""

from __future__ import annotations

import contextlib
import re
import shlex
import shutil
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from tests.hosts.cluster import make_key
from tests.hosts.machine import Machine
from tests.lab.cluster import machines
from tests.lab.lab import PATIENCE, Lab, networks
from tests.lab.root import disk
from tests.lab.say import say
from tests.lab.space import Space

MODULES = "/usr/lib/uml/modules"
# Where a host finds the files of the migration.
FILES = "/mnt/migration"
MEMORY = {True: "1024M", False: "320M"}
DEBIAN_NAMES = {
    "pacemaker": ("pacemaker", "pacemaker-resource-agents"),
    "pacemaker-cli": ("pacemaker-cli-utils",),
    "iputils": ("iputils-arping",),
}

HOST_KEY = "etc/ssh/ssh_host_ed25519_key"
DEBIAN_NETWORK = "etc/network/interfaces.d/installed"
EL9_NETWORK = "etc/NetworkManager/system-connections/eth0.nmconnection"
SECRET = {HOST_KEY, EL9_NETWORK}
_STANZA = """\
auto eth0
iface eth0 inet static
  address {address}/28
  gateway {gateway}
"""
_KEYFILE = """\
[connection]
id=eth0
type=ethernet
interface-name=eth0

[ipv4]
method=manual
address1={address}/28,{gateway}
"""


@dataclass(frozen=True, slots=True)
class Step:
    """One block of cluster/commands.txt."""

    title: str
    hosts: tuple[str, ...]
    commands: tuple[str, ...]


def read_steps(text: str) -> tuple[Step, ...]:
    """The blocks of commands.txt: ``# 3. Title [host, host]``, then commands."""
    steps = []
    for block in text.strip().split("\n\n"):
        head, *commands = block.splitlines()
        found = re.fullmatch(r"# \d+\. (?P<title>.*?)(?: \[(?P<hosts>[^]]*)\])?", head)
        assert found is not None, head
        steps.append(Step(found["title"], tuple((found["hosts"] or "").split(", ")), tuple(commands)))
    return tuple(steps)


@contextlib.contextmanager
def start_new(migration: Path) -> Iterator[NewLab]:
    """Networks and client, and new hosts that nobody has switched on yet; gone at the end of the block."""
    with networks() as parts:
        yield NewLab(*parts, migration)


class NewLab(Lab):
    """``steps``: the migration's list of commands. ``last_scan``: options of the scan that its README asks for."""

    def __init__(self, work: Path, space: Space, debian: Path, migration: Path) -> None:
        super().__init__(work, space, debian)
        self.steps = read_steps((migration / "cluster/commands.txt").read_text())
        scan = re.search(r"^ *lvsaudit scan HOSTS(.*)", (migration / "README.md").read_text(), re.MULTILINE)
        assert scan is not None
        self.last_scan = shlex.split(scan[1])
        self._disks: dict[str, Path] = {}
        public_keys = {}
        for name, machine in machines("right", debian).items():
            self._machines[name] = machine
            self._disks[name] = disk("\n".join(self._installed(name)))
            private, public = make_key("ed25519", name)
            public_keys[name] = public
            place = work / "new" / name
            shutil.copytree(migration, place / "migration")
            for path, text in self._first_files(machine, private, public).items():
                target = place / "installed" / path
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_text(text)
                target.chmod(0o600 if path in SECRET else 0o644)
        self._introduce(public_keys)

    def follow(self, step: Step) -> None:
        """Do on each host what the list says is to be done there.

        What is to be installed is on its disk, and the old cluster is off.
        """
        if step.title.startswith(("Install ", "Stop the old cluster")):
            return
        say(step.title)
        if step.commands[0].startswith("systemctl reboot"):
            self.restart(*step.hosts)
            return
        first, *_ = step.hosts
        scripts = {
            name: "\n".join(line for line in step.commands if _for(line, name, first=name == first))
            for name in step.hosts
        }
        with ThreadPoolExecutor() as pool:
            # list: for what any of them raises
            list(pool.map(lambda name: self.sh(name, f"set -e; cd {FILES}\n{scripts[name]}"), scripts))

    def restart(self, *names: str) -> None:
        """Through the doors of systemd, and up again with the same disk."""
        for name in names:
            # Later: some close the network before they can say that they were asked.
            self.sh(name, "systemd-run --quiet --on-active=1s systemctl poweroff")
        for name in names:
            self._nodes.pop(name).wait(PATIENCE)
        self.boot(*names)

    @property
    def _for_el9(self) -> bool:
        return any(command.startswith("dnf ") for step in self.steps for command in step.commands)

    def _installed(self, name: str) -> list[str]:
        """What the installer and the first step put there."""
        lines = ["apt-get install network-manager"] if self._for_el9 else []
        for step in self.steps:
            if name in step.hosts and step.title.startswith("Install "):
                lines += map(_in_debian, step.commands)
        return lines

    def _first_files(self, machine: Machine, host_key: bytes, public: str) -> dict[str, str]:
        if self._for_el9:
            network = {EL9_NETWORK: _KEYFILE.format(address=machine.address, gateway=machine.gateway)}
        else:
            network = {DEBIAN_NETWORK: _STANZA.format(address=machine.address, gateway=machine.gateway)}
        return {
            "etc/hostname": f"{machine.name}\n",
            "etc/hosts": f"127.0.0.1 localhost\n127.0.1.1 {machine.name}\n",
            "etc/network/interfaces": "source /etc/network/interfaces.d/*\nauto lo\niface lo inet loopback\n",
            HOST_KEY: host_key.decode(),
            f"{HOST_KEY}.pub": f"{public}\n",
            "root/.ssh/authorized_keys": self._authorized,
            **network,
        }

    def _system(self, machine: Machine) -> tuple[str, ...]:
        place = self.work / "new" / machine.name
        return (
            f"mem={MEMORY['director' in machine.roles]}",
            f"ubd0={place}/disk,{self._disks[machine.name]}",
            *("root=/dev/ubda", "rootfstype=ext4", "ro", "init=/sbin/install"),
            *(f"NODE={place}", f"MODULES={MODULES}"),
        )


def _for(command: str, name: str, *, first: bool) -> bool:
    """Whether a command is for this host, as the remark behind it says; for all where it says nothing."""
    remark = command.partition("   # ")[2]
    if remark.startswith(("on one", "on the first")):
        return first
    return remark in {"", name} or " " in remark


def _in_debian(command: str) -> str:
    """A command that installs, in Debian's words."""
    if not command.startswith("dnf install "):
        return command
    packages = command.removeprefix("dnf install ").partition("   # ")[0].split()
    names = (name for package in packages for name in DEBIAN_NAMES.get(package, (package,)))
    return f"apt-get install --no-install-recommends {' '.join(names)}"
