"""The running lab: boots and ends nodes, runs commands on them, scans them."""

from __future__ import annotations

import contextlib
import json
import shlex
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from tests.hosts.cluster import make_key
from tests.hosts.machine import Machine
from tests.lab.cluster import CLUSTERS, GUEST, machines, tree
from tests.lab.say import say
from tests.lab.scenario import Scenario, scenarios
from tests.lab.software import software
from tests.lab.space import Space

# A node is up in 5 s and heartbeat's group in 100 s where nobody else works.
PATIENCE = 600.0


@contextlib.contextmanager
def networks() -> Iterator[tuple[Path, Space, Path]]:
    """What a lab is made of, gateway and client included, but no node. All of it is gone at the end of the block."""
    debian = software()
    work = Path(tempfile.mkdtemp(prefix="lvsaudit-lab-"))
    space = Space(work)
    try:
        yield work, space, debian
    finally:
        space.stop()


@contextlib.contextmanager
def start_lab() -> Iterator[Lab]:
    """A lab without a node yet."""
    with networks() as parts:
        yield Lab(*parts)


class Lab:
    """``client`` and ``gateway`` are places where commands run, beside the nodes that were booted."""

    def __init__(self, work: Path, space: Space, debian: Path) -> None:
        self.work, self._space, self._debian = work, space, debian
        self._nodes: dict[str, subprocess.Popen[bytes]] = {}
        self._cluster: str | None = None
        identity, self._authorized = make_key("rsa", "client")
        self.identity = work / "identity"
        self.identity.write_bytes(identity)
        self.identity.chmod(0o600)
        self.known_hosts = work / "known_hosts"
        self.ssh_config = work / "ssh_config"
        self.hosts = work / "hosts.txt"
        self._machines: dict[str, Machine] = {}

    def become(self, cluster: str) -> None:
        """Boot one of CLUSTERS, or get where a scenario ends that stays, unless that is where the lab is."""
        if cluster == self._cluster:
            return
        if cluster not in CLUSTERS:
            with self.broken(scenarios()[cluster]):
                return
        self.kill(*self._nodes)
        self._describe(CLUSTERS[cluster].variant)
        say(f"booting: {cluster}")
        for names, settled in CLUSTERS[cluster].boots:
            self.boot(*names.split())
            self.until(settled)
            say(f"settled: {names}")
        self._cluster = cluster

    @contextlib.contextmanager
    def broken(self, scenario: Scenario) -> Iterator[None]:
        """The scenario's cluster, broken as the scenario says, and mended in the end unless it is to stay so."""
        self.become(scenario.cluster)
        self._cluster = None
        say(f"{scenario.name}: {scenario.title}")
        self.kill(*scenario.off)
        self.boot(*scenario.on)
        self._do(scenario.break_)
        self.until(scenario.shows)
        yield
        self._do(scenario.still)
        self._do(scenario.undo)
        self.until(scenario.undone)
        self._cluster = scenario.name if scenario.stays else scenario.cluster

    def _describe(self, variant: str) -> None:
        self._machines = machines(variant, self._debian)
        public_keys = {}
        for name, machine in self._machines.items():
            private, public_keys[name] = make_key("rsa", name)
            root = tree(machine, host_key=private, authorized_key=self._authorized)
            (self.work / f"{name}.tar").write_bytes(root)
        self._introduce(public_keys, _OLD_ALGORITHMS)

    def _introduce(self, public_keys: Mapping[str, str], options: str = "") -> None:
        """Write down how to reach the machines, and by which keys they are known. ``options``: more of ssh_config."""
        known, config, hosts = "", _SSH_CONFIG.format(work=self.work) + options, ""
        for name, machine in self._machines.items():
            known += f"{machine.address} {public_keys[name]}\n"
            config += f"Host {name}\nHostName {machine.address}\n"
            hosts += f"{name} addr={machine.address} user=root\n"
        self.known_hosts.write_text(known)
        self.ssh_config.write_text(config)
        self.hosts.write_text(hosts)

    def boot(self, *names: str) -> None:
        """Boot nodes and wait until one can log in."""
        if names:
            say(f"power on: {' '.join(names)}")
        for name in names:
            self._nodes[name] = self._power_on(self._machines[name])
        for name in names:
            self.until({name: "exit 0"})

    def kill(self, *names: str) -> None:
        """Pull the plug."""
        if names:
            say(f"power off: {' '.join(names)}")
        for name in names:
            # The kernel leads a session of its own; its pid counts in the lab's namespace.
            self.sh("gateway", f"kill -KILL -$(cat {self.work}/{name}/pid)")
            self._nodes.pop(name).wait()
            subprocess.run([*self._ssh(name)[:-1], "-O", "exit", name], capture_output=True, check=False)

    def sh(self, place: str, script: str) -> str:
        """What a script says, run by root; RuntimeError unless it ends well."""
        done = self._run(place, script)
        if done.returncode:
            raise RuntimeError(
                f"{place}: {script!r} ended with {done.returncode}: {done.stderr or done.stdout}"
            )
        return done.stdout

    def until(self, conditions: Mapping[str, str]) -> None:
        """Wait until each script, by its place, ends well; RuntimeError with what it said last when it does not."""
        for place, script in conditions.items():
            patient = (
                f"for second in $(seq 30); do ( {script} ) >/dev/null 2>&1 && exit; sleep 1; done; {script}"
            )
            deadline = time.monotonic() + PATIENCE
            while (done := self._run(place, patient)).returncode:
                if place in self._nodes and self._nodes[place].poll() is not None:
                    raise RuntimeError(f"{place} is down: {self.console(place)}")
                if time.monotonic() > deadline:
                    raise RuntimeError(f"{place}: {script!r} does not come true: {done.stdout}{done.stderr}")
                time.sleep(0.5)

    @property
    def nodes(self) -> tuple[str, ...]:
        """Those that are up."""
        return tuple(self._nodes)

    def scan(self, *options: str) -> dict[str, Any]:
        """report.json of a scan of all hosts, by the installed program; its exit status is in there."""
        say("scan")
        out = self.work / "scan"
        shutil.rmtree(out, ignore_errors=True)
        scan = self._space.visiting(*self.lvsaudit("scan", str(self.hosts), "-o", str(out), *options))
        done = subprocess.run(scan, capture_output=True, text=True, check=False)
        try:
            report = json.loads((out / "report.json").read_text())
        except OSError:
            raise RuntimeError(f"lvsaudit scan ended with {done.returncode}: {done.stderr}") from None
        assert report["run"]["exit_code"] == done.returncode, done.stderr
        return report

    def collect(self) -> Path:
        """A snapshot of all hosts, until the lab ends; RuntimeError unless every one of them was read whole."""
        out = self.work / "snapshot"
        collect = self._space.visiting(*self.lvsaudit("collect", str(self.hosts), "-o", str(out)))
        done = subprocess.run(collect, capture_output=True, text=True, check=False)
        if done.returncode:
            raise RuntimeError(f"lvsaudit collect ended with {done.returncode}: {done.stderr}")
        return out

    @contextlib.contextmanager
    def traffic(self) -> Iterator[dict[str, Any]]:
        """The client asks for pages during the block; in the end: how many requests, which failed, how long each."""
        told: dict[str, Any] = {}
        command = self._space.client(sys.executable, "-m", "tests.lab.traffic", "202.75.216.173")
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as client:
            try:
                yield told
            finally:
                out, _ = client.communicate()
            told |= json.loads(out)

    def lvsaudit(self, verb: str, *arguments: str) -> list[str]:
        """The command line of the installed program, for the lab's network."""
        program = Path(sys.executable).with_name("lvsaudit")
        known = ("--known-hosts", str(self.known_hosts), "--identity", str(self.identity))
        return [str(program), verb, *arguments, *known]

    def shell(self) -> None:
        """A shell in the lab's network, with what to type there; returns when it is left."""
        for what, command in (
            ("log in", ["ssh", "-F", str(self.ssh_config), "ld1"]),
            ("scan", self.lvsaudit("scan", str(self.hosts))),
            ("be the client", self._space.client("bash")),
        ):
            say(f"{what}: {shlex.join(command)}")
        subprocess.run(self._space.visiting("bash"), check=False)

    def console(self, name: str) -> str:
        """What a node's kernel and start scripts said."""
        return (self.work / f"{name}.console").read_text(errors="replace")

    def _do(self, scripts: Mapping[str, str]) -> None:
        for place, script in scripts.items():
            say(f"{place}# {script.strip()}")
            self.sh(place, script)

    def _power_on(self, machine: Machine) -> subprocess.Popen[bytes]:
        name = machine.name
        wires = []
        for number, (interface, mac) in enumerate(machine.macs.items()):
            tap = f"{name}-{interface}"
            made = f"ip tuntap add {tap} mode tap && ip link set {tap} master br{number} up"
            self.sh("gateway", f"ip link show {tap} >/dev/null 2>&1 || {{ {made}; }}")
            wires.append(f"vec{number}:transport=tap,ifname={tap},depth=64,mac={mac}")
        kernel = (
            *("env", "TMPDIR=/run/memory", "linux.uml", f"umid={name}", f"uml_dir={self.work}/"),
            *self._system(machine),
            *("con=null", "con0=null,fd:1", "ssl=null", *wires),
        )
        with (self.work / f"{name}.console").open("ab") as console:
            return subprocess.Popen(
                self._space.inside(*kernel),
                stdin=subprocess.DEVNULL,
                stdout=console,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def _system(self, machine: Machine) -> tuple[str, ...]:
        """Memory, root and first program, for the kernel's command line."""
        return (
            *("mem=192M", "root=/dev/root", "rootfstype=hostfs", "rootflags=/", "ro", f"init={GUEST}/boot"),
            *(f"TREE={self.work}/{machine.name}.tar", f"SOFTWARE={self._debian}"),
        )

    def _run(self, place: str, script: str) -> subprocess.CompletedProcess[str]:
        if place == "client":
            command = self._space.client("sh", "-c", script)
        elif place == "gateway":
            command = self._space.inside("sh", "-c", script)
        else:
            command = [*self._ssh(place), script]
        return subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)

    def _ssh(self, name: str) -> list[str]:
        return self._space.inside("ssh", "-F", str(self.ssh_config), name)


_SSH_CONFIG = """\
User root
IdentityFile {work}/identity
IdentitiesOnly yes
UserKnownHostsFile {work}/known_hosts
ConnectTimeout 5
ServerAliveInterval 5
LogLevel ERROR
ControlMaster auto
ControlPath {work}/%n.ssh
ControlPersist yes
"""
# What a client of today must be told to reach servers of CentOS 4.
_OLD_ALGORITHMS = """\
KexAlgorithms +diffie-hellman-group14-sha1
HostKeyAlgorithms +ssh-rsa
PubkeyAcceptedAlgorithms ssh-rsa
"""
