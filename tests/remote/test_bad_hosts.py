"""Hosts that do not do what they should: each costs itself alone, soon, with a message that says what to do."""

from __future__ import annotations

import contextlib
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from auditor.collect.fleet import collect
from auditor.collect.store import Store
from auditor.model.inventory import Inventory, Target
from auditor.model.place import At
from auditor.model.snapshot import HostSnapshot
from auditor.parse.inventory import read_inventory
from auditor.parse.text import read_document
from auditor.remote.endpoint import Endpoint, resolve
from auditor.remote.policy import Policy, RemoteError
from auditor.remote.session import Session, open_session
from tests.hosts.cluster import Cluster

NewCluster = Callable[..., Cluster]
MIB = 1 << 20


def login(cluster: Cluster, name: str, policy: Policy, user: str = "root") -> Session:
    inventory = read_inventory(read_document(cluster.hosts_text(user).encode(), source="hosts"))
    (target,) = (target for target in inventory.targets if target.name == name)
    return open_session(resolve(target, inventory, policy), policy)


def trusting(cluster: Cluster, **more: object) -> Policy:
    return Policy(known_hosts=(Path(cluster.known_hosts),), agent=False, **more)  # type: ignore[arg-type]


def visit(cluster: Cluster, folder: Path, *, user: str = "root", more: str = "") -> dict[str, HostSnapshot]:
    text = cluster.hosts_text(user).replace("\n", f" {more}\n")
    inventory = read_inventory(read_document(text.encode(), source="hosts"))
    store = Store(folder / "snapshot")
    with contextlib.closing(store):
        return {host.name: host for host in collect(inventory, trusting(cluster), store).hosts}


# -- before SSH begins ------------------------------------------------------


@contextlib.contextmanager
def server(answer: Callable[[socket.socket], None]) -> Iterator[int]:
    """A port on loopback where each connection gets ``answer``."""
    door = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = door.accept()
                threading.Thread(target=talk, args=(connection,), daemon=True).start()

    def talk(connection: socket.socket) -> None:
        with contextlib.suppress(OSError), connection:
            answer(connection)

    threading.Thread(target=serve, daemon=True).start()
    try:
        yield door.getsockname()[1]
    finally:
        door.close()


def failure(port: int, host: str = "127.0.0.1") -> RemoteError:
    policy = Policy(known_hosts=(), agent=False, connect_timeout=2, handshake_timeout=2, auth_timeout=2)
    target = Target(name="ld1", at=At(host="", source="hosts"), address=host, port=port, user="root")
    with pytest.raises(RemoteError) as caught:
        open_session(resolve(target, Inventory(source="hosts", targets=(target,)), policy), policy).close()
    return caught.value


def silence(connection: socket.socket) -> None:
    connection.recv(1 << 16)
    threading.Event().wait(20)


def web(connection: socket.socket) -> None:
    connection.sendall(b"HTTP/1.0 400 Bad Request\r\nServer: x\x1b[2J\r\n\r\n<html>\r\n")


def endless_banner(connection: socket.socket) -> None:
    while True:
        connection.sendall(b"welcome to \xce\xd2\xc3\xc7\r\n" * 1000)


def zeros(connection: socket.socket) -> None:
    while True:
        connection.sendall(bytes(1 << 16))


def ssh1(connection: socket.socket) -> None:
    connection.sendall(b"SSH-1.5-1.2.27\n")
    connection.recv(1 << 16)


def dies_in_the_exchange(connection: socket.socket) -> None:
    connection.sendall(b"SSH-2.0-OpenSSH_3.9p1\r\n")
    connection.recv(1 << 16)


@pytest.mark.parametrize(
    "answer",
    [silence, web, endless_banner, zeros, ssh1, dies_in_the_exchange],
    ids=lambda answer: answer.__name__,
)
def test_what_is_no_ssh_server(answer: Callable[[socket.socket], None]) -> None:
    with server(answer) as port:
        started = time.monotonic()
        error = failure(port)
    assert time.monotonic() - started < 15
    assert error.stage == "connect"
    assert error.code in {"timeout", "not_ssh", "handshake_failed", "no_common_algorithm", "lost"}
    assert "ld1" in error.message
    assert error.message.isprintable()


def test_nobody_listens() -> None:
    with socket.create_server(("127.0.0.1", 0)) as door:
        port = door.getsockname()[1]
    error = failure(port)
    assert error.code == "refused"
    assert str(port) in error.message


def test_a_name_without_an_address() -> None:
    assert failure(22, "no-such-host.invalid").code == "unresolvable"


# -- host keys --------------------------------------------------------------


@pytest.mark.sshd
def test_a_host_that_nobody_knows_is_refused_and_can_be_believed_once(
    new_cluster: NewCluster, tmp_path: Path
) -> None:
    running = new_cluster("right", only="rs1")
    known = tmp_path / "known_hosts"
    known.write_text("")
    policy = Policy(known_hosts=(known,), agent=False)
    with pytest.raises(RemoteError) as caught:
        login(running, "rs1", policy)
    assert caught.value.code == "host_key_unknown"
    assert "SHA256:" in caught.value.message
    assert "accept-new" in caught.value.message
    login(running, "rs1", Policy(known_hosts=(known,), agent=False, accept_new=True)).close()
    login(running, "rs1", policy).close()
    assert known.stat().st_mode & 0o077 == 0 or known.read_text().startswith("[127.0.0.1]:")


@pytest.mark.sshd
@pytest.mark.parametrize("accept_new", [False, True])
def test_a_changed_key_is_always_refused(accept_new: bool, new_cluster: NewCluster, tmp_path: Path) -> None:
    running = new_cluster("right", only="rs1 rs2")
    known = tmp_path / "known_hosts"
    other = running["rs2"].public_key
    known.write_text(f"[127.0.0.1]:{running['rs1'].port} {other}\n")
    before = known.read_bytes()
    with pytest.raises(RemoteError) as caught:
        login(running, "rs1", Policy(known_hosts=(known,), agent=False, accept_new=accept_new))
    assert caught.value.code == "host_key_changed"
    assert known.read_bytes() == before


@pytest.mark.sshd
def test_a_revoked_key(new_cluster: NewCluster, tmp_path: Path) -> None:
    running = new_cluster("right", only="rs1")
    known = tmp_path / "known_hosts"
    known.write_text(running.known_hosts.read_text() + f"@revoked * {running['rs1'].public_key}\n")
    with pytest.raises(RemoteError) as caught:
        login(running, "rs1", Policy(known_hosts=(known,), agent=False))
    assert caught.value.code == "host_key_revoked"


# -- while it is visited ----------------------------------------------------


@pytest.fixture
def session(cluster: Cluster) -> Iterator[Session]:
    with login(cluster, "rs1", trusting(cluster)) as opened:
        yield opened


@pytest.mark.sshd
def test_a_flood_ends_at_the_limit(session: Session) -> None:
    output = session.run(b"cat /dev/zero\n", timeout=30, limit=MIB)
    assert (output.ended, len(output.stdout) + len(output.stderr) <= MIB + (1 << 17)) == ("limit", True)


@pytest.mark.sshd
def test_both_streams_at_once_do_not_block_each_other(session: Session) -> None:
    script = b"head -c 10000000 /dev/zero >&2 &\nhead -c 10000000 /dev/zero\nwait\nexit 3\n"
    output = session.run(script, timeout=60, limit=64 * MIB)
    assert (len(output.stdout), len(output.stderr), output.exit_status) == (10_000_000, 10_000_000, 3)


@pytest.mark.sshd
def test_a_hang_ends_at_its_time(session: Session) -> None:
    started = time.monotonic()
    output = session.run(b"echo begun\nsleep 60\n", timeout=1, limit=MIB)
    assert (output.ended, output.stdout) == ("timeout", b"begun\n")
    assert time.monotonic() - started < 10


@pytest.mark.sshd
def test_a_connection_that_dies_half_way(session: Session) -> None:
    output = session.run(b"echo begun\nsleep 1\nkill -9 $PPID\nsleep 5\n", timeout=20, limit=MIB)
    assert (output.ended, output.stdout, output.exit_status) == ("lost", b"begun\n", None)


@pytest.mark.sshd
def test_a_noisy_shell_and_a_read_only_home(new_cluster: NewCluster, tmp_path: Path) -> None:
    running = new_cluster("right", only="rs1")
    running["rs1"].write("/root/.bashrc", "echo welcome; echo careful >&2\nprintf '\\033[2J'\n")
    running["rs1"].sh("mount --bind /root /root && mount -o remount,bind,ro /root")
    host = visit(running, tmp_path)["rs1"]
    assert (host.status, host.errors) == ("ok", ())


@pytest.mark.sshd
def test_a_csh_user(new_cluster: NewCluster, tmp_path: Path, require_tool: Callable[[str], str]) -> None:
    shell = require_tool("tcsh")
    running = new_cluster("right", only="rs1")
    running["rs1"].sh(f"sed -i '/^root:/s#[^:]*$#{shell}#' /etc/passwd")
    assert visit(running, tmp_path)["rs1"].status == "ok"


@pytest.mark.sshd
def test_missing_tools_are_named(new_cluster: NewCluster, tmp_path: Path) -> None:
    running = new_cluster("right", only="rs1")
    running["rs1"].sh("for d in /bin /sbin /usr/bin /usr/sbin /usr/local/bin; do rm -f $d/ip $d/tar; done")
    host = visit(running, tmp_path)["rs1"]
    assert host.status == "partial"
    assert host.artifacts["ip-addr"].state == "failed"
    assert host.artifacts["/etc/sysctl.conf"].state in {"failed", "unreadable"}
    assert host.artifacts["uname"].state == "read"
    assert all("rs1" in error.message for error in host.errors)


@pytest.mark.sshd
def test_root_through_sudo_that_wants_a_terminal(new_cluster: NewCluster, tmp_path: Path) -> None:
    running = new_cluster("right", only="ld1")
    running["ld1"].sh("sed -i '1i Defaults requiretty' /etc/sudoers")
    host = visit(running, tmp_path, user="audit", more="sudo=true")["ld1"]
    assert (host.status, host.errors) == ("ok", ())
    assert host.artifacts["/etc/ha.d/authkeys"].state == "read"


@pytest.mark.sshd
def test_sudo_that_refuses_costs_what_only_root_sees(new_cluster: NewCluster, tmp_path: Path) -> None:
    running = new_cluster("right", only="ld1")
    running["ld1"].sh("sed -i '/^audit/d' /etc/sudoers")
    host = visit(running, tmp_path, user="audit", more="sudo=true")["ld1"]
    assert host.status == "partial"
    assert "sudo_refused" in {error.code for error in host.errors}
    assert host.artifacts["/etc/ha.d/authkeys"].state == "unreadable"
    assert host.artifacts["/etc/ha.d/ha.cf"].state == "read"


@pytest.mark.sshd
def test_a_wrong_key_is_refused_with_what_was_tried(new_cluster: NewCluster, tmp_path: Path) -> None:
    running = new_cluster("right", only="rs1")
    other = tmp_path / "other"
    subprocess.run(["ssh-keygen", "-q", "-t", "rsa", "-N", "", "-f", other], check=True)
    policy = trusting(running)
    endpoint = Endpoint(
        name="rs1",
        host="127.0.0.1",
        port=running["rs1"].port,
        user="root",
        known_as=(f"[127.0.0.1]:{running['rs1'].port}",),
        identities=(other,),
    )
    with pytest.raises(RemoteError) as caught:
        open_session(endpoint, policy)
    assert (caught.value.stage, caught.value.code) == ("auth", "auth_failed")
    assert "other" in caught.value.message
