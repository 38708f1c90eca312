"""Many hosts, good and bad, answered by the shell of this machine in place of an SSH connection."""

from __future__ import annotations

import subprocess
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import pytest

from auditor.collect import fleet
from auditor.collect.recorded import answer
from auditor.collect.store import SnapshotError, Store, load_snapshot
from auditor.model.inventory import Inventory, Target
from auditor.model.place import At
from auditor.model.snapshot import HostSnapshot, Snapshot, Ssh
from auditor.remote.endpoint import Endpoint
from auditor.remote.policy import Policy, RemoteError
from auditor.remote.session import Output
from auditor.resources import DEMO

SSH = Ssh(server="s", kex="k", host_key="h", cipher="c", mac="m", fingerprint="f")
POLICY = Policy(known_hosts=())
NOW = datetime(2026, 11, 22, 10, tzinfo=UTC)


def sh(script: bytes) -> Output:
    done = subprocess.run(["sh", "-s"], input=script, capture_output=True)
    return Output(stdout=done.stdout, stderr=done.stderr, exit_status=done.returncode, ended="whole")


def is_files(script: bytes) -> bool:
    return b"tar chPf" in script


def half(script: bytes) -> Output:
    whole = sh(script)
    return Output(stdout=whole.stdout[:3000], stderr=b"", exit_status=None, ended="limit")


def recorded(script: bytes) -> Output:
    """A host without secrets, the same on every machine."""
    host = next(host for host in load_snapshot(DEMO).hosts if host.name == "rs1")
    return Output(stdout=answer(host, script) or b"", stderr=b"", exit_status=0, ended="whole")


def garbage(script: bytes) -> Output:
    return Output(stdout=b"This account is\x1b[2J disabled.\n", stderr=b"", exit_status=1, ended="whole")


def lost(script: bytes) -> Output:
    if is_files(script):
        return sh(script)
    raise RemoteError("collect", "lost", "lost: no channel; scan this host again")


def fault(script: bytes) -> Output:
    raise ZeroDivisionError


@dataclass
class Network:
    """Hosts by name: what opening a session raises, or how a session runs a script."""

    hosts: dict[str, RemoteError | Callable[[bytes], Output]] = field(default_factory=dict)
    via: dict[str, str] = field(default_factory=dict)
    visited: list[str] = field(default_factory=list)
    closed: list[str] = field(default_factory=list)
    sudo: list[str] = field(default_factory=list)

    def resolve(self, target: Target, inventory: Inventory, policy: Policy) -> Endpoint:
        bastion = self.via.get(target.name)
        via = Endpoint(name=bastion, host=bastion, port=22, user="hop", known_as=()) if bastion else None
        return Endpoint(name=target.name, host="10.0.0.1", port=2222, user="audit", known_as=(), via=via)

    def open_session(self, endpoint: Endpoint, policy: Policy) -> Local:
        self.visited.append(endpoint.name)
        behaviour = self.hosts.get(endpoint.name, sh)
        if isinstance(behaviour, RemoteError):
            raise behaviour
        return Local(self, endpoint.name, behaviour)


class Local:
    def __init__(self, network: Network, name: str, behaviour: Callable[[bytes], Output]) -> None:
        self.network, self.name, self.behaviour, self.ssh = network, name, behaviour, SSH

    def __enter__(self) -> Local:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def run(self, script: bytes, *, timeout: float, limit: int, sudo: bool = False) -> Output:
        if sudo:
            raise RemoteError("auth", "sudo_refused", "nosudo: sudo does not take the password")
        return self.behaviour(script)

    def close(self) -> None:
        self.network.closed.append(self.name)


@pytest.fixture
def network(monkeypatch: pytest.MonkeyPatch) -> Network:
    network = Network()
    monkeypatch.setattr(fleet, "resolve", network.resolve)
    monkeypatch.setattr(fleet, "open_session", network.open_session)
    return network


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    store = Store(tmp_path / "snapshot")
    yield store
    store.close()


def inventory(*names: str) -> Inventory:
    at = At(host="", source="hosts.txt", line=1)
    targets = (Target(name=name, at=at, sudo=name == "nosudo", roles=frozenset({"real"})) for name in names)
    return Inventory(source="hosts.txt", targets=tuple(targets))


def collect(hosts: Inventory, store: Store, **options: object) -> Snapshot:
    return fleet.collect(hosts, POLICY, store, now=lambda: NOW, **options)  # type: ignore[arg-type]


def test_a_bad_host_costs_itself_alone(network: Network, store: Store) -> None:
    network.hosts = {
        "down": RemoteError("connect", "unreachable", "down: no route"),
        "slow": RemoteError("connect", "timeout", "slow does not answer"),
        "locked": RemoteError("auth", "auth_failed", "locked refuses the login"),
        "changed": RemoteError("connect", "host_key_changed", "changed has another key"),
        "flood": half,
        "garbage": garbage,
        "lost": lost,
        "fault": fault,
    }
    names = ("good", *network.hosts, "nosudo")
    snapshot = collect(inventory(*names), store)
    assert {host.name: (host.status, *(error.code for error in host.errors)) for host in snapshot.hosts} == {
        "good": ("ok",),
        "down": ("unreachable", "unreachable"),
        "slow": ("timeout", "timeout"),
        "locked": ("auth_failed", "auth_failed"),
        "changed": ("host_key_rejected", "host_key_changed"),
        "flood": ("partial", "flood"),
        "garbage": ("partial", "garbage"),
        "lost": ("partial", "lost"),
        "fault": ("unreachable", "internal"),
        "nosudo": ("partial", "sudo_refused"),
    }
    by_name = {host.name: host for host in snapshot.hosts}
    assert by_name["garbage"].errors[0].message.isprintable()
    assert {one.state for one in by_name["garbage"].artifacts.values()} == {"failed"}
    assert by_name["lost"].artifacts["/etc/hosts"].content == Path("/etc/hosts").read_bytes()
    assert by_name["lost"].artifacts["uname"].state == "failed"
    assert by_name["nosudo"].artifacts["uname"].state == "read"
    good = by_name["good"]
    assert (good.address, good.user, good.port, good.ssh, good.roles) == (
        "10.0.0.1",
        "audit",
        2222,
        SSH,
        {"real"},
    )
    assert sorted(network.closed) == ["fault", "flood", "garbage", "good", "lost", "nosudo"]
    assert load_snapshot(store.path) == snapshot
    assert (snapshot.started, snapshot.finished) == ("2026-11-22T10:00:00Z", "2026-11-22T10:00:00Z")


def test_few_at_a_time_and_fewer_through_a_bastion(network: Network, store: Store) -> None:
    lock, now, most = threading.Lock(), {"all": 0, "hop": 0}, {"all": 0, "hop": 0}
    names = [f"web{number}" for number in range(40)]
    network.via = dict.fromkeys(names[:30], "hop")

    def counted(name: str) -> Callable[[bytes], Output]:
        def run(script: bytes) -> Output:
            kinds = ["all", "hop"] if name in network.via else ["all"]
            with lock:
                for kind in kinds:
                    now[kind] += 1
                    most[kind] = max(most[kind], now[kind])
            threading.Event().wait(0.01)
            with lock:
                for kind in kinds:
                    now[kind] -= 1
            return garbage(script)

        return run

    network.hosts = {name: counted(name) for name in names}
    snapshot = collect(inventory(*names), store, width=12)
    assert [host.name for host in snapshot.hosts] == names
    assert most["hop"] <= fleet.PER_BASTION < most["all"] <= 12
    assert snapshot.hosts[0].jump == ("hop@hop:22",)


@dataclass
class Breaker:
    """Somebody who presses Ctrl-C after so many hosts."""

    after: int
    names: list[str] = field(default_factory=list)
    ended: bool = False

    def started(self, name: str) -> None: ...

    def finished(self, host: HostSnapshot) -> None:
        self.names.append(host.name)
        if len(self.names) == self.after:
            raise KeyboardInterrupt

    def done(self) -> None:
        self.ended = True


def test_an_interrupted_run_keeps_what_it_has_and_goes_on(network: Network, tmp_path: Path) -> None:
    names = [f"web{number}" for number in range(6)]
    # Whatever runs on this machine may hold a secret, and hosts with secrets are visited again.
    network.hosts = dict.fromkeys(names, recorded)
    store, breaker = Store(tmp_path / "s"), Breaker(after=3)
    with pytest.raises(KeyboardInterrupt):
        collect(inventory(*names), store, width=1, observer=breaker)
    store.close()
    assert breaker.ended
    assert [host.status for host in load_snapshot(tmp_path / "s").hosts].count("ok") == 3
    network.visited.clear()
    again = Store(tmp_path / "s", resume=True)
    snapshot = collect(inventory(*names), again)
    assert sorted(network.visited) == sorted({*names} - {*breaker.names})
    assert [host.status for host in snapshot.hosts] == ["ok"] * 6


def test_an_interrupt_hangs_up_on_a_host_that_says_nothing(
    network: Network, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    silent = threading.Event()

    class Waiting(Local):
        def close(self) -> None:
            super().close()
            silent.set()

    def open_session(endpoint: Endpoint, policy: Policy) -> Local:
        if endpoint.name == "silent":
            return Waiting(
                network, "silent", lambda script: garbage(script) if silent.wait(30) else fault(script)
            )
        return Local(network, endpoint.name, sh)

    monkeypatch.setattr(fleet, "open_session", open_session)
    with pytest.raises(KeyboardInterrupt):
        collect(inventory("silent", "web"), store, observer=Breaker(after=1))
    assert silent.is_set()
    assert [host.status for host in load_snapshot(store.path).hosts] == ["unreachable", "ok"]


def test_a_full_disk_ends_the_run(network: Network, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    def write(host: HostSnapshot) -> HostSnapshot:
        raise SnapshotError("here", "cannot be written: No space left on device", "Make room")

    monkeypatch.setattr(store, "write", write)
    with pytest.raises(SnapshotError):
        collect(inventory("a", "b"), store)


def test_secrets_of_a_fleet_never_reach_the_disk(network: Network, store: Store, tmp_path: Path) -> None:
    def director(key: bytes) -> Callable[[bytes], Output]:
        def run(script: bytes) -> Output:
            said = sh(script)
            hosts = Path("/etc/hosts").read_bytes()
            out = said.stdout.replace(hosts, (b"password=" + key + b"\n").ljust(len(hosts), b"#"), 1)
            return Output(stdout=out, stderr=b"", exit_status=0, ended="whole")

        return run

    network.hosts = {"ld1": director(b"canary-1"), "ld2": director(b"canary-1")}
    snapshot = collect(inventory("ld1", "ld2"), store)
    first, second = (host.artifacts["/etc/hosts"] for host in snapshot.hosts)
    assert first.redactions >= 1
    assert first.content == second.content
    for file in tmp_path.rglob("*"):
        assert not file.is_file() or b"canary" not in file.read_bytes()
