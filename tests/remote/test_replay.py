"""A recorded cluster over real SSH: what comes back is what was recorded, and nothing else can be had."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from auditor.collect.fleet import collect
from auditor.collect.recorded import answer
from auditor.collect.script import commands_program, files_program, read_commands, read_files
from auditor.collect.store import Store
from auditor.model.inventory import Inventory, Target
from auditor.model.place import At
from auditor.model.snapshot import Artifact, HostSnapshot
from auditor.remote.endpoint import resolve
from auditor.remote.policy import Policy, RemoteError
from auditor.remote.replay import ADDRESS, USER, Replay
from auditor.remote.session import Session, open_session
from tests.hosts.snapshots import snapshot

RECORDED = snapshot("printed")
MARKER = "0123456789abcdef"


@pytest.fixture(scope="module")
def replay() -> Iterator[Replay]:
    with Replay({host.name: partial(answer, host) for host in RECORDED.hosts}) as running:
        yield running


def inventory(replay: Replay, folder: Path) -> Inventory:
    identity = folder / "identity"
    identity.write_text(replay.identity)
    identity.chmod(0o600)
    return Inventory(
        source="hosts",
        targets=tuple(
            Target(
                name=name,
                at=At(host="", source="hosts"),
                address=ADDRESS,
                port=port,
                user=USER,
                identity=str(identity),
            )
            for name, port in replay.ports.items()
        ),
    )


def policy(replay: Replay, folder: Path, *, legacy: bool = True) -> Policy:
    known_hosts = folder / "known_hosts"
    known_hosts.write_text(replay.known_hosts)
    return Policy(known_hosts=(known_hosts,), legacy=legacy, agent=False)


def login(replay: Replay, folder: Path) -> Session:
    hosts, how = inventory(replay, folder), policy(replay, folder)
    return open_session(resolve(hosts.targets[0], hosts, how), how)


def without_sizes(artifacts: Iterator[Artifact]) -> dict[str, tuple[object, ...]]:
    """What a second visit must find again: a redacted file has another size, a folder's size means nothing."""
    return {
        one.id: (one.kind, one.state, one.why, one.mode, one.owner, one.mtime, one.target, one.content)
        for one in artifacts
    }


@pytest.mark.parametrize("host", RECORDED.hosts, ids=lambda host: host.name)
def test_answers_bring_the_artifacts_back(host: HostSnapshot) -> None:
    files = read_files(answer(host, files_program(MARKER)) or b"", MARKER)
    commands = read_commands(answer(host, commands_program(MARKER)) or b"", MARKER)
    assert files.whole
    assert commands.whole
    assert without_sizes(iter((*files.artifacts, *commands.artifacts))) == without_sizes(
        iter(host.artifacts.values())
    )


def test_what_could_not_be_read_stays_so() -> None:
    keys = RECORDED.hosts[0].artifacts["/etc/ha.d/authkeys"]
    refused = Artifact(
        id=keys.id,
        probe=keys.probe,
        kind="file",
        state="unreadable",
        path=keys.path,
        why="Permission denied",
        size=73,
        mode="0600",
        owner="root",
        group="root",
        mtime=keys.mtime,
    )
    host = HostSnapshot(id="ld1", name="ld1", address="", status="partial", artifacts={refused.id: refused})
    found = {one.id: one for one in read_files(answer(host, files_program(MARKER)) or b"", MARKER).artifacts}
    assert found[refused.id] == refused


def test_a_scan_of_the_replay_is_the_recording(replay: Replay, tmp_path: Path) -> None:
    hosts, how = inventory(replay, tmp_path), policy(replay, tmp_path)
    store = Store(tmp_path / "snapshot")
    collected = collect(hosts, how, store)
    store.close()
    assert [(host.name, host.status, host.errors) for host in collected.hosts] == [
        (host.name, "ok", ()) for host in RECORDED.hosts
    ]
    for recorded, host in zip(RECORDED.hosts, collected.hosts, strict=True):
        assert host.artifacts.keys() == recorded.artifacts.keys()
        assert host.artifacts["ip-addr"].content == recorded.artifacts["ip-addr"].content
        assert host.ssh is not None
        assert host.ssh.server == "SSH-2.0-OpenSSH_3.9p1"
        assert host.ssh.legacy == ("diffie-hellman-group14-sha1", "ssh-rsa")


def test_no_other_program_is_answered(replay: Replay, tmp_path: Path) -> None:
    with login(replay, tmp_path) as session:
        said = session.run(b"N=1\ntouch /tmp/anything\n", timeout=10, limit=1 << 20)
        assert (said.stdout, said.exit_status) == (b"", 127)
        changed = files_program(MARKER).replace(b"/etc/ha.d/ha.cf", b"/etc/shadow")
        assert session.run(changed, timeout=10, limit=1 << 20).exit_status == 127


def test_only_the_key_of_this_run_opens(replay: Replay, tmp_path: Path) -> None:
    hosts, how = inventory(replay, tmp_path), policy(replay, tmp_path)
    with Replay({}) as other:
        (tmp_path / "identity").write_text(other.identity)
    with pytest.raises(RemoteError) as refused:
        open_session(resolve(hosts.targets[0], hosts, how), how)
    assert refused.value.code == "auth_failed"


def test_it_offers_nothing_modern(replay: Replay, tmp_path: Path) -> None:
    hosts, how = inventory(replay, tmp_path), policy(replay, tmp_path, legacy=False)
    with pytest.raises(RemoteError) as refused:
        open_session(resolve(hosts.targets[0], hosts, how), how)
    assert refused.value.code == "no_common_algorithm"


def test_closing_hangs_up_and_gives_the_ports_back(tmp_path: Path) -> None:
    with Replay({"ld1": partial(answer, RECORDED.hosts[0])}) as replay:
        session = login(replay, tmp_path)
        port = replay.ports["ld1"]
    with pytest.raises(RemoteError):
        session.run(files_program(MARKER), timeout=10, limit=1 << 20)
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection((ADDRESS, port), timeout=5)
