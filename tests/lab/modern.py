"""The cluster that a migration wrote, on new hosts: Debian 12 with systemd, as their installer leaves them.

A host has the old one's name, address and wires, and a way in; everything else is what people do with the files,
which is what the migration's own list of commands says.
"""

from __future__ import annotations

import contextlib
import re
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
    """``steps``: the migration's list of commands."""

    def __init__(self, work: Path, space: Space, debian: Path, migration: Path) -> None:
        super().__init__(work, space, debian)
        self.steps = read_steps((migration / "cluster/commands.txt").read_text())
        self._disks: dict[str, Path] = {}
        public_keys = {}
        for name, machine in machines("right", debian).items():
            self._machines[name] = machine
            self._disks[name] = disk(self._installed(name))
            private, public = make_key("ed25519", name)
            public_keys[name] = public
            place = work / "new" / name
            shutil.copytree(migration, place / "migration")
            for path, text in self._first_files(machine, private, public).items():
                target = place / "installed" / path
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_text(text)
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
            self.sh(name, "systemctl poweroff --no-block")
        for name in names:
            self._nodes.pop(name).wait(PATIENCE)
        self.boot(*names)

    def _installed(self, name: str) -> str:
        """What the first step installs there."""
        step = next(
            (step for step in self.steps if name in step.hosts and step.title.startswith("Install ")), None
        )
        return "\n".join(step.commands) if step is not None else ""

    def _first_files(self, machine: Machine, host_key: bytes, public: str) -> dict[str, str]:
        return {
            "etc/hostname": f"{machine.name}\n",
            "etc/hosts": f"127.0.0.1 localhost\n127.0.1.1 {machine.name}\n",
            "etc/network/interfaces": "source /etc/network/interfaces.d/*\nauto lo\niface lo inet loopback\n",
            "etc/network/interfaces.d/installed": (
                f"auto eth0\niface eth0 inet static\n  address {machine.address}/28\n"
                f"  gateway {machine.gateway}\n"
            ),
            "etc/ssh/ssh_host_ed25519_key": host_key.decode(),
            "etc/ssh/ssh_host_ed25519_key.pub": f"{public}\n",
            "root/.ssh/authorized_keys": self._authorized,
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
