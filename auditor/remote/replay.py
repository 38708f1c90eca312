"""SSH servers on loopback that answer from records: what an old server offers, and no shell behind it."""

from __future__ import annotations

import contextlib
import logging
import socket
import threading
from collections.abc import Callable, Mapping
from hashlib import sha1
from io import StringIO
from typing import Any

import paramiko
from paramiko.common import (
    AUTH_FAILED,
    AUTH_SUCCESSFUL,
    OPEN_FAILED_ADMINISTRATIVELY_PROHIBITED,
    OPEN_SUCCEEDED,
)

from auditor.remote.legacy import SSH_RSA, LegacyTransport, SHA1RSAKey

Answer = Callable[[bytes], bytes | None]

ADDRESS = "127.0.0.1"
USER = "root"

_KEY_BITS = 2048
_PROGRAM_CAP = 1 << 20
_LOG = "auditor.remote.replay.paramiko"
_stock: Any = paramiko.Transport

logging.getLogger(_LOG).addHandler(logging.NullHandler())
logging.getLogger(_LOG).propagate = False


class Replay:
    """A server for each name in ``answers``, listening until it is closed.

    An answer gets the program that a client feeds to /bin/sh, and gives what the host said to it when it was
    recorded; None: that was never recorded, and the client sees status 127. Nothing is ever run.

    ``ports``: where each host listens on ADDRESS. ``known_hosts``: the lines a client needs to trust them.
    ``identity``: the private key, made for this run alone, that may log in as USER.
    """

    def __init__(self, answers: Mapping[str, Answer]) -> None:
        client = paramiko.RSAKey.generate(_KEY_BITS)
        self.identity = _private_text(client)
        self._doors: dict[str, socket.socket] = {}
        self._transports: list[_Centos4Transport] = []
        # One key for all: they are one recording, and keys take time to make.
        host_key = SHA1RSAKey.adopt(paramiko.RSAKey.generate(_KEY_BITS))
        for name, answer in answers.items():
            self._doors[name] = door = socket.create_server((ADDRESS, 0))
            threading.Thread(
                target=self._serve, args=(door, host_key, client, answer), name=f"replay-{name}", daemon=True
            ).start()
        self.ports: Mapping[str, int] = {name: door.getsockname()[1] for name, door in self._doors.items()}
        self.known_hosts = "".join(
            f"[{ADDRESS}]:{port} {SSH_RSA} {host_key.get_base64()}\n" for port in self.ports.values()
        )

    def __enter__(self) -> Replay:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Listen no more, and hang up on everyone."""
        for door in self._doors.values():
            _hang_up(door)
        for transport in self._transports:
            transport.close()

    def _serve(
        self, door: socket.socket, host_key: paramiko.PKey, client: paramiko.PKey, answer: Answer
    ) -> None:
        while True:
            try:
                connection, _ = door.accept()
            except OSError:
                return
            transport = _Centos4Transport(connection)
            transport.add_server_key(host_key)
            self._transports = [one for one in self._transports if one.is_active()] + [transport]
            # With an event it does not wait: one slow client must not keep others out.
            transport.start_server(threading.Event(), _Recorded(client, answer))


class _Group14SHA1(_stock._kex_info["diffie-hellman-group14-sha256"]):  # type: ignore[misc]
    name = "diffie-hellman-group14-sha1"
    hash_algo = sha1


class _Centos4Transport(LegacyTransport):
    """The server's side, with no more than OpenSSH 3.9p1 of CentOS 4 had."""

    _preferred_kex = (_Group14SHA1.name,)
    _preferred_keys = (SSH_RSA,)
    _preferred_pubkeys = (SSH_RSA,)
    _preferred_ciphers = ("aes128-cbc", "3des-cbc", "aes192-cbc", "aes256-cbc", "aes128-ctr", "aes256-ctr")
    _preferred_macs = ("hmac-md5", "hmac-sha1", "hmac-sha1-96", "hmac-md5-96")
    _kex_info = {_Group14SHA1.name: _Group14SHA1}  # noqa: RUF012

    def __init__(self, connection: socket.socket) -> None:
        super().__init__(connection)
        self.daemon = True
        self.set_log_channel(_LOG)
        self.local_version = "SSH-2.0-OpenSSH_3.9p1"
        self.server_sig_algs = False
        self.advertise_strict_kex = False


class _Recorded(paramiko.ServerInterface):
    """Lets one key in, and takes one kind of command: a shell that reads its program."""

    def __init__(self, client: paramiko.PKey, answer: Answer) -> None:
        self._client = client
        self._answer = answer

    def get_allowed_auths(self, username: str) -> str:
        return "publickey"

    def check_auth_publickey(self, username: str, key: paramiko.PKey) -> int:
        known = username == USER and key.asbytes() == self._client.asbytes()
        return AUTH_SUCCESSFUL if known else AUTH_FAILED

    def check_channel_request(self, kind: str, chanid: int) -> int:
        return OPEN_SUCCEEDED if kind == "session" else OPEN_FAILED_ADMINISTRATIVELY_PROHIBITED

    def check_channel_exec_request(self, channel: paramiko.Channel, command: bytes) -> bool:
        if not command.endswith(b"/bin/sh -s"):
            return False
        threading.Thread(target=self._reply, args=(channel,), daemon=True).start()
        return True

    def _reply(self, channel: paramiko.Channel) -> None:
        try:
            program = bytearray()
            while len(program) <= _PROGRAM_CAP and (piece := channel.recv(1 << 16)):
                program += piece
            said = self._answer(bytes(program))
            if said is None:
                channel.sendall_stderr(b"this program was never recorded\n")
            else:
                channel.sendall(said)
            channel.send_exit_status(127 if said is None else 0)
        except (paramiko.SSHException, OSError):
            return
        finally:
            channel.close()


def _private_text(key: paramiko.RSAKey) -> str:
    out = StringIO()
    key.write_private_key(out)
    return out.getvalue()


def _hang_up(door: socket.socket) -> None:
    # Closing alone does not wake a thread that waits in accept.
    with contextlib.suppress(OSError):
        door.shutdown(socket.SHUT_RDWR)
    door.close()
