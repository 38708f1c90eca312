"""Ways in: kinds of keys, an agent, passwords, bastions, an sshd with too many visitors. Real OpenSSH throughout."""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from auditor.parse.inventory import read_inventory
from auditor.parse.text import read_document
from auditor.remote.endpoint import resolve
from auditor.remote.policy import Once, Policy, RemoteError
from auditor.remote.session import Session, open_session

pytestmark = pytest.mark.sshd

# What CentOS 4 offered; DSA is tried apart.
OLD = """\
KexAlgorithms diffie-hellman-group14-sha1,diffie-hellman-group1-sha1
HostKeyAlgorithms ssh-rsa
PubkeyAcceptedAlgorithms ssh-rsa
Ciphers aes128-cbc,3des-cbc
MACs hmac-sha1,hmac-md5
"""


class Server:
    """One sshd on loopback with a folder of its own."""

    def __init__(self, folder: Path, settings: str) -> None:
        self.folder = folder
        for name, kind in (("host", "rsa"), ("user", "rsa")):
            key(folder / name, kind)
        with contextlib.closing(socket.create_server(("127.0.0.1", 0))) as free:
            self.port: int = free.getsockname()[1]
        config = folder / "sshd_config"
        config.write_text(
            f"{settings}ListenAddress 127.0.0.1:{self.port}\nHostKey {folder / 'host'}\nPidFile none\nStrictModes no\n"
            f"AuthorizedKeysFile {folder / 'user.pub'}\nPermitRootLogin yes\nUsePAM no\nPasswordAuthentication no\n"
        )
        self.known_hosts = folder / "known_hosts"
        self.known_hosts.write_text(known(self.port, folder / "host.pub"))
        self._process = subprocess.Popen(
            ["/usr/sbin/sshd", "-D", "-e", "-f", config], stderr=subprocess.DEVNULL
        )
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port)):
                return
            time.sleep(0.02)
        raise RuntimeError("sshd does not come up")

    def policy(self, **more: object) -> Policy:
        return Policy(known_hosts=(self.known_hosts,), **{"agent": False, **more})  # type: ignore[arg-type]

    def open(self, policy: Policy, line: str | None = None) -> Session:
        """Log in to the first host of ``line``, which is this server's own unless given."""
        text = line or f"here addr=127.0.0.1 port={self.port} user=root identity={self.folder / 'user'}\n"
        inventory = read_inventory(read_document(text.encode(), source="hosts"))
        return open_session(resolve(inventory.targets[0], inventory, policy), policy)

    def close(self) -> None:
        self._process.terminate()
        self._process.wait()


@pytest.fixture
def start(tmp_path: Path, require_tool: Callable[[str], str]) -> Iterator[Callable[..., Server]]:
    require_tool("sshd")
    if os.geteuid() != 0:
        pytest.skip("only root can log in as root")
    Path("/run/sshd").mkdir(exist_ok=True)
    with contextlib.ExitStack() as stack:

        def run(settings: str = "", name: str = "server") -> Server:
            folder = tmp_path / name
            folder.mkdir()
            return stack.enter_context(contextlib.closing(Server(folder, settings)))

        yield run


def known(port: int, public: Path) -> str:
    """A line of known_hosts."""
    algorithm, blob, *_ = public.read_text().split()
    return f"[127.0.0.1]:{port} {algorithm} {blob}\n"


def key(path: Path, kind: str, passphrase: str = "", *more: str) -> None:
    words = ["ssh-keygen", "-q", "-t", kind, "-N", passphrase, "-f", path, *more]
    subprocess.run(words, check=True, stdin=subprocess.DEVNULL)


def says(session: Session) -> bytes:
    with session:
        return session.run(b"echo $((6 * 7))\n", timeout=20, limit=1 << 16).stdout


GROUP14, GROUP1, GEX = (f"diffie-hellman-group{name}-sha1" for name in ("14", "1", "-exchange"))


@pytest.mark.parametrize(
    ("settings", "legacy"),
    [
        (OLD, {GROUP14, "ssh-rsa"}),
        (OLD.replace(f"{GROUP14},", ""), {GROUP1, "ssh-rsa"}),
        (OLD.replace(f"{GROUP14},{GROUP1}", GEX), {GEX, "ssh-rsa"}),
        (
            OLD.replace("aes128-cbc,", "").replace("hmac-sha1,", ""),
            {GROUP14, "ssh-rsa", "3des-cbc", "hmac-md5"},
        ),
        ("", set()),
    ],
    ids=["group14", "group1", "group-exchange", "3des-md5", "modern"],
)
def test_only_what_a_server_has_is_used_and_what_is_old_is_told(
    settings: str, legacy: set[str], start: Callable[..., Server]
) -> None:
    server = start(settings)
    with server.open(server.policy()) as session:
        assert set(session.ssh.legacy) >= legacy
        assert bool(session.ssh.legacy) == bool(legacy)
        assert session.run(b"exit 3\n", timeout=20, limit=100).exit_status == 3


def test_a_server_with_a_dsa_key_alone(start: Callable[..., Server], tmp_path: Path) -> None:
    dsa = tmp_path / "dsa"
    key(dsa, "dsa")
    server = start(f"{OLD.replace('HostKeyAlgorithms ssh-rsa', 'HostKeyAlgorithms ssh-dss')}HostKey {dsa}\n")
    server.known_hosts.write_text(known(server.port, dsa.with_suffix(".pub")))
    with server.open(server.policy()) as session:
        assert session.ssh.host_key == "ssh-dss"
    server.known_hosts.write_text(known(1, dsa.with_suffix(".pub")))
    with pytest.raises(RemoteError, match="SHA256"):
        server.open(server.policy())


@pytest.mark.parametrize(
    ("kind", "more"), [("rsa", ()), ("rsa", ("-m", "PEM")), ("ecdsa", ()), ("ed25519", ())], ids=str
)
@pytest.mark.parametrize("passphrase", ["", "Canary-passphrase"])
def test_every_kind_of_key_file(
    kind: str, more: tuple[str, ...], passphrase: str, start: Callable[..., Server]
) -> None:
    server = start()
    for name in ("user", "user.pub"):
        (server.folder / name).unlink()
    key(server.folder / "user", kind, passphrase, *more)
    asked: list[str] = []

    def answer(question: str) -> str:
        asked.append(question)
        return passphrase

    assert says(server.open(server.policy(ask=Once(answer)))) == b"42\n"
    assert len(asked) == bool(passphrase)


def test_an_encrypted_key_without_a_terminal(start: Callable[..., Server]) -> None:
    server = start()
    subprocess.run(["ssh-keygen", "-q", "-p", "-N", "Canary", "-f", server.folder / "user"], check=True)
    with pytest.raises(RemoteError) as caught:
        server.open(server.policy())
    assert caught.value.code in {"key_unreadable", "auth_failed"}
    assert "ssh-agent" in caught.value.message
    with pytest.raises(RemoteError) as caught:
        server.open(server.policy(ask=Once(lambda _: "Canary-wrong")))
    assert "Canary" not in caught.value.message


def test_a_key_in_an_agent(start: Callable[..., Server], monkeypatch: pytest.MonkeyPatch) -> None:
    server = start(OLD)
    place = server.folder / "agent"
    agent = subprocess.Popen(["ssh-agent", "-D", "-a", place], stdout=subprocess.DEVNULL)
    try:
        while not place.exists():
            time.sleep(0.02)
        monkeypatch.setenv("SSH_AUTH_SOCK", str(place))
        subprocess.run(["ssh-add", "-q", server.folder / "user"], check=True, timeout=10)
        (server.folder / "user").unlink()
        line = f"here addr=127.0.0.1 port={server.port} user=root\n"
        assert says(server.open(server.policy(agent=True), line)) == b"42\n"
    finally:
        agent.terminate()
        agent.wait()


def test_through_two_bastions(start: Callable[..., Server]) -> None:
    first, second, third = start("", "first"), start(OLD, "second"), start("", "third")
    for server in (second, third):
        shutil.copy(first.folder / "user.pub", server.folder / "user.pub")
    identity = first.folder / "user"
    lines = "".join(server.known_hosts.read_text() for server in (first, second, third))
    first.known_hosts.write_text(lines)
    hosts = "".join(
        f"{name} addr=127.0.0.1 port={server.port} user=root identity={identity}{more}\n"
        for name, server, more in (
            ("end", third, " jump=middle"),
            ("middle", second, " jump=door"),
            ("door", first, ""),
        )
    )
    assert says(first.open(first.policy(), hosts)) == b"42\n"


def test_a_bastion_that_cannot_reach_it(start: Callable[..., Server]) -> None:
    server = start()
    with contextlib.closing(socket.create_server(("127.0.0.1", 0))) as free:
        port = free.getsockname()[1]
    line = (
        f"end addr=127.0.0.1 port={port} user=root jump=door\n"
        f"door addr=127.0.0.1 port={server.port} user=root identity={server.folder / 'user'}\n"
    )
    with pytest.raises(RemoteError) as caught:
        server.open(server.policy(), line)
    assert caught.value.stage == "connect"
    assert "end" in caught.value.message


def test_aliases_of_ssh_config(start: Callable[..., Server]) -> None:
    server = start()
    config, included = server.folder / "config", server.folder / "included"
    included.write_text(
        f"Host here\n  HostName 127.0.0.1\n  Port {server.port}\n  IdentityFile {server.folder / 'user'}\n"
    )
    config.write_text(f"Include {included}\nHost *\n  User root\n")
    assert says(server.open(server.policy(ssh_config=config), "here\n")) == b"42\n"


def test_many_logins_to_a_server_that_takes_few_at_a_time(start: Callable[..., Server]) -> None:
    """MaxStartups as in OpenSSH 3.6 to 5.3: a hard limit, told by hanging up."""
    server = start("MaxStartups 3:100:3\n")
    policy = server.policy()
    with ThreadPoolExecutor(6) as pool:
        assert list(pool.map(lambda _: says(server.open(policy)), range(6))) == [b"42\n"] * 6


def test_a_question_is_asked_once_for_all() -> None:
    asked: list[str] = []
    gate = threading.Barrier(4)

    def answer(question: str) -> str:
        asked.append(question)
        return "x"

    once = Once(answer)

    def ask(_: int) -> str | None:
        gate.wait()
        return once("Passphrase: ")

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(ask, range(4))) == ["x"] * 4
    assert asked == ["Passphrase: "]
