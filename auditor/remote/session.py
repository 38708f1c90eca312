"""One host over SSH: connect, run, close."""

from __future__ import annotations

import logging
import math
import re
import secrets
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import paramiko

from auditor.model.snapshot import Ssh
from auditor.remote import known_hosts
from auditor.remote.endpoint import Endpoint
from auditor.remote.legacy import LegacyTransport, ModernTransport, obsolete
from auditor.remote.login import Login, log_in
from auditor.remote.policy import Policy, RemoteError, one_line, without_secret
from auditor.remote.wire import Wire, dial

ENVIRONMENT = "env -i PATH=/usr/local/sbin:/usr/local/bin:/sbin:/usr/sbin:/bin:/usr/bin LC_ALL=C TZ=UTC"

_LOGIN_ALLOWANCE = 1 << 20
# What is on its way when a script is cut off, and the packets around the payload.
_RUN_SLACK = 8 << 20
_PAUSES = (0.0, 0.5, 1.5, 4.0)
_SESSIONS_PER_JUMP_HOST = 16
_QUIET_AFTER_EXIT = 5.0
_LOG = "auditor.remote.paramiko"

# paramiko logs tracebacks of every broken connection; what matters of them is in RemoteError.
logging.getLogger(_LOG).addHandler(logging.NullHandler())
logging.getLogger(_LOG).propagate = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Output:
    """What a script said. With sudo all of it is ``stdout``.

    ``ended``: whole; limit or timeout: cut off; lost: the connection broke.
    ``exit_status`` is None where the host did not tell it.
    """

    stdout: bytes
    stderr: bytes
    exit_status: int | None
    ended: str


class Session:
    """A login on one host, to be closed.

    ``banner``: what the server showed before the login. ``accepted``: its host key was new and is now known.
    Two threads may run scripts at the same time.
    """

    def __init__(
        self,
        endpoint: Endpoint,
        policy: Policy,
        transport: ModernTransport,
        wire: Wire,
        login: Login,
        *,
        accepted: bool,
    ) -> None:
        self.ssh = _ssh(transport, login)
        self.banner = login.banner
        self.accepted = accepted
        self._endpoint = endpoint
        self._policy = policy
        self._transport = transport
        self._wire = wire

    def __enter__(self) -> Session:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def run(self, script: bytes, *, timeout: float, limit: int, sudo: bool = False) -> Output:
        """Feed ``script`` to /bin/sh in an empty environment; ``timeout`` in seconds, ``limit`` in bytes.

        Output of the login shell's own start files comes first, except with sudo. With sudo the script runs as
        root on a terminal (requiretty), where nothing is echoed and no byte is changed.
        Raises RemoteError of stage ``collect`` where the script could not start: sudo_refused, refused, timeout
        or lost.
        """
        deadline = time.monotonic() + timeout
        self._wire.allowance += limit + _RUN_SLACK
        # Nothing that the server does, or does not, can hold us longer than this.
        with _closing_after(timeout + _QUIET_AFTER_EXIT, self._transport):
            try:
                channel = self._transport.open_session(timeout=timeout)
            except (paramiko.SSHException, EOFError, OSError) as error:
                raise self._not_started("opened no session", error) from None
            try:
                talk = _Talk(channel, deadline, limit)
                if sudo and self._endpoint.user != "root":
                    self._start_as_root(talk, script)
                else:
                    self._start(talk, script)
                return talk.finish()
            finally:
                _close(channel)

    def close(self) -> None:
        self._transport.close()

    @property
    def alive(self) -> bool:
        return self._transport.is_active()

    def forward(self, host: str, port: int) -> Any:
        """A channel to ``host:port`` as this host sees it. Raises paramiko.SSHException, EOFError or OSError."""
        self._wire.allowance = math.inf
        return self._transport.open_channel(
            "direct-tcpip", (host, port), ("127.0.0.1", 0), timeout=self._policy.connect_timeout
        )

    def _start(self, talk: _Talk, script: bytes) -> None:
        # One line without quotes: a csh reads it first.
        self._exec(talk, f"exec {ENVIRONMENT} /bin/sh -s")
        talk.say(script, last=True)

    def _start_as_root(self, talk: _Talk, script: bytes) -> None:
        mark = secrets.token_hex(8)
        ready, prompt, go = f"ready-{mark}\n", f"prompt-{mark}", f"go-{mark}\n"
        # sudo reads the password from the terminal and may throw away what was typed ahead. So the script follows
        # only after root's shell has said "go", and head hands on exactly its bytes, so that no shell reads from
        # a terminal. Neither ! nor line break: a csh reads this first, too.
        root = f"echo {go.strip()}; head -c {len(script)} | exec {ENVIRONMENT} /bin/sh -s"
        sudo = f'sudo -S -p {prompt} /bin/sh -c "{root}"'
        self._exec(
            talk,
            f"exec {ENVIRONMENT} /bin/sh -c 'stty raw -echo && echo {ready.strip()} && exec {sudo}'",
            terminal=True,
        )
        if talk.until(ready) is None:
            raise self._no_sudo(talk, "the login shell runs no command on a terminal")
        asked = talk.until(prompt, go)
        password = None
        if asked == prompt:
            ask = self._policy.ask
            password = ask(f"[sudo] password for {self._endpoint}: ") if ask is not None else None
            if password is None:
                raise self._no_sudo(talk, "it wants a password, and there is nobody to type it")
            talk.say(password.encode() + b"\n")
            asked = talk.until(prompt, go)
        if asked != go:
            raise self._no_sudo(talk, "the password is wrong" if asked == prompt else "", password)
        talk.say(script)

    def _exec(self, talk: _Talk, command: str, *, terminal: bool = False) -> None:
        try:
            if terminal:
                talk.channel.get_pty(term="dumb", width=512)
            talk.channel.exec_command(command)
        except (paramiko.SSHException, EOFError, OSError) as error:
            what = "runs no command (a forced command, PermitTTY, or a limit?)"
            raise self._not_started(what, error) from None

    def _not_started(self, what: str, error: Exception) -> RemoteError:
        if self._transport.is_active():
            return RemoteError(
                "collect", "refused", f"{self._endpoint}: the server {what}: {one_line(str(error))}"
            )
        return RemoteError(
            "collect",
            "lost",
            f"{self._endpoint}: the connection broke before the collection began; try again",
        )

    def _no_sudo(self, talk: _Talk, why: str, password: str | None = None) -> RemoteError:
        if talk.ended == "timeout":
            return RemoteError("collect", "timeout", f"{self._endpoint}: sudo did not answer in time")
        said = one_line(without_secret(talk.stdout.decode("utf-8", "replace"), password))
        words = "; ".join(filter(None, (why, f"it said: {said}" if said else "")))
        return RemoteError(
            "collect",
            "sudo_refused",
            f"{self._endpoint}: sudo does not run /bin/sh{f': {words}' if words else ''}; see lvsaudit commands "
            "--sudoers, or take sudo out of HOSTS",
        )


def open_session(endpoint: Endpoint, policy: Policy) -> Session:
    """Connect, check the host key, log in. Hosts behind one jump host share one login there.

    A server that hangs up before it has said a word (MaxStartups) is tried again a few times.
    Raises RemoteError of stage ``connect`` or ``auth``.
    """
    for pause in _PAUSES:
        time.sleep(pause * (1 + secrets.randbelow(1000) / 1000))
        wire = _through(endpoint.via, endpoint, policy) if endpoint.via else _dial(endpoint, policy)
        try:
            return _open(wire, endpoint, policy)
        except _HungUp:
            continue
    raise RemoteError(
        "connect",
        "refused",
        f"{endpoint}: the server hung up {len(_PAUSES)} times before it said a word: too many logins at once "
        "(MaxStartups), /etc/hosts.deny, or no SSH server",
    )


# -- connecting -------------------------------------------------------------


_TOO_MANY = b"Exceeded MaxStartups"


class _HungUp(Exception):
    """The peer closed before it had sent a byte, or said that it has too many visitors."""


def _dial(endpoint: Endpoint, policy: Policy) -> Wire:
    try:
        return dial(endpoint.host, endpoint.port, policy.connect_timeout, _LOGIN_ALLOWANCE)
    except socket.gaierror:
        code, what = (
            "unresolvable",
            "the name has no address; give it one with addr= in HOSTS, or in /etc/hosts",
        )
    except UnicodeError:
        code, what = "unresolvable", "this cannot be a host name; correct it in HOSTS"
    except ConnectionRefusedError:
        code, what = "refused", "nothing listens there; check the port and that sshd runs"
    except TimeoutError:
        code = "timeout"
        what = f"no answer within {policy.connect_timeout:.0f} s; the host is down, or a firewall drops the packets"
    except OSError as error:
        code, what = "unreachable", f"{error.strerror or error}; check address, route and firewall"
    raise RemoteError("connect", code, f"{endpoint}: {what}")


def _open(wire: Wire, endpoint: Endpoint, policy: Policy) -> Session:
    known = _known(endpoint, policy)
    transport: Any = (LegacyTransport if policy.legacy else ModernTransport)(wire)
    transport.set_log_channel(_LOG)
    transport.banner_timeout = transport.handshake_timeout = policy.handshake_timeout
    transport.auth_timeout = policy.auth_timeout
    transport.prefer_known(known.kinds)
    try:
        _shake_hands(transport, wire, endpoint, policy)
        accepted = _check_host_key(transport.host_key.asbytes(), known, endpoint, policy)
        login = log_in(transport, endpoint, policy)
        return Session(endpoint, policy, transport, wire, login, accepted=accepted)
    except BaseException:
        transport.close()
        wire.close()
        raise


def _shake_hands(transport: Any, wire: Wire, endpoint: Endpoint, policy: Policy) -> None:
    error: Exception | None = None
    with _closing_after(policy.handshake_timeout, transport) as expired:
        try:
            transport.start_client(timeout=policy.handshake_timeout)
        except Exception as problem:
            # The connection's own thread hands over whatever ended it.
            error = problem
    if transport.initial_kex_done and transport.is_active():
        return
    who, late = str(endpoint), f"within {policy.handshake_timeout:.0f} s"
    heard = one_line(wire.heard, 80)
    # OpenSSH from 9.2 on says why it turns a visitor away.
    if wire.hung_up and not expired.is_set() and (not wire.heard or wire.heard.startswith(_TOO_MANY)):
        raise _HungUp
    if not wire.identified:
        if wire.heard:
            raise RemoteError(
                "connect", "not_ssh", f"{who}: this is no SSH server, it says: {heard}; check the port"
            )
        raise RemoteError(
            "connect",
            "timeout",
            f"{who}: connected, but the server says nothing {late}; it hangs, or looks our name up in vain "
            "(UseDNS, /etc/hosts.allow)",
        )
    if isinstance(error, paramiko.ssh_exception.IncompatiblePeer):
        raise RemoteError("connect", "no_common_algorithm", f"{who}: {_nothing_common(transport, heard)}")
    if expired.is_set() or error is None:
        raise RemoteError(
            "connect", "timeout", f"{who}: keys were not agreed {late} ({heard}); try again later"
        )
    said = one_line(transport.farewell or str(error)) or "the connection broke"
    if wire.flooded:
        said = "it sends more than a login needs"
    raise RemoteError(
        "connect",
        "handshake_failed",
        f"{who}: the key exchange failed: {said} ({heard}); try: ssh -v {endpoint.host}",
    )


def _nothing_common(transport: ModernTransport, heard: str) -> str:
    if not transport.offered:
        return f"it speaks another protocol than SSH 2 ({heard}); reach it by other means, or update it"
    legacy = LegacyTransport
    for field, ours, theirs_could in (
        ("kex", transport.preferred_kex, legacy._preferred_kex),
        ("host key", transport.preferred_keys, legacy._preferred_keys),
        ("cipher", transport.preferred_ciphers, legacy._preferred_ciphers),
        ("MAC", transport.preferred_macs, legacy._preferred_macs),
    ):
        offered = transport.offered[field]
        if not set(ours) & set(offered):
            advice = "no way is left to reach it; update it"
            if set(theirs_could) & set(offered):
                advice = "it is obsolete, and --legacy-ssh never forbids what it has; leave that option out"
            return f"no common algorithm ({field}: it has {one_line(', '.join(offered))}); {advice}"
    return f"no common compression ({heard})"


def _ssh(transport: Any, login: Login) -> Ssh:
    used = [transport.agreed_kex, transport.host_key_type, login.signature or ""]
    used += [transport.local_cipher, transport.remote_cipher, transport.local_mac, transport.remote_mac]
    return Ssh(
        server=transport.remote_version,
        kex=transport.agreed_kex,
        host_key=transport.host_key_type,
        cipher=transport.remote_cipher,
        mac=transport.remote_mac,
        fingerprint=known_hosts.fingerprint(transport.host_key.asbytes()),
        legacy=obsolete(used),
    )


# -- host keys --------------------------------------------------------------

_accepting = threading.Lock()


def _known(endpoint: Endpoint, policy: Policy) -> known_hosts.Known:
    try:
        return known_hosts.find(policy.known_hosts, endpoint.known_as)
    except OSError as error:
        raise RemoteError(
            "connect",
            "host_key_unknown",
            f"{endpoint}: cannot read {error.filename}: {error.strerror}, so no host key can be checked",
        ) from None


def _check_host_key(blob: bytes, known: known_hosts.Known, endpoint: Endpoint, policy: Policy) -> bool:
    """Whether the key was accepted as a new one."""
    shown = f"{known_hosts.key_kind(blob)} {known_hosts.fingerprint(blob)}"
    if blob in known.revoked:
        raise RemoteError(
            "connect",
            "host_key_revoked",
            f"{endpoint}: its host key {shown} is marked @revoked in known_hosts; nothing was sent to it",
        )
    if blob in known.keys:
        return False
    if known.keys:
        raise RemoteError(
            "connect",
            "host_key_changed",
            f"{endpoint}: its host key is now {shown}, and known_hosts has another ({', '.join(known.kinds)}): "
            "the host was reinstalled, or somebody is in between; nothing was sent to it. If you know why: "
            f"ssh-keygen -R '{endpoint.known_as[0]}'",
        )
    if policy.accept_new and policy.known_hosts:
        return _accept(blob, endpoint, policy)
    authority = " (certificates of hosts are not verified here)" if known.authority else ""
    raise RemoteError(
        "connect",
        "host_key_unknown",
        f"{endpoint}: its host key {shown} is not in known_hosts{authority}; compare it with ssh-keygen -lf on the "
        "host and log in once with ssh, or use --host-key accept-new",
    )


def _accept(blob: bytes, endpoint: Endpoint, policy: Policy) -> bool:
    with _accepting:
        # Another thread may have met the host under the same name in the meantime.
        again = _known(endpoint, policy)
        if again.keys:
            return _check_host_key(blob, again, endpoint, policy)
        try:
            known_hosts.remember(policy.known_hosts[0], endpoint.known_as, blob)
        except OSError as error:
            raise RemoteError(
                "connect",
                "host_key_unknown",
                f"{endpoint}: its new host key cannot be kept: {policy.known_hosts[0]}: {error.strerror}",
            ) from None
        return True


# -- jump hosts -------------------------------------------------------------


class _JumpHost:
    """One login on a jump host, shared by all that go through it, closed when the last one has gone."""

    def __init__(self, endpoint: Endpoint, policy: Policy) -> None:
        self._endpoint = endpoint
        self._policy = policy
        self._slots = threading.BoundedSemaphore(_SESSIONS_PER_JUMP_HOST)
        self._lock = threading.Lock()
        self._session: Session | None = None
        self._users = 0
        self._failed: tuple[float, RemoteError] | None = None

    def enter(self) -> Session:
        self._slots.acquire()
        try:
            with self._lock:
                if self._session is None or not self._session.alive:
                    self._session, self._users = self._log_in(), 0
                self._users += 1
                return self._session
        except BaseException:
            self._slots.release()
            raise

    def leave(self, session: Session) -> None:
        with self._lock:
            if session is self._session:
                self._users -= 1
                if self._users == 0:
                    session.close()
                    self._session = None
        self._slots.release()

    def _log_in(self) -> Session:
        # A thousand hosts behind a dead jump host must not each wait for it.
        if self._failed is not None and time.monotonic() - self._failed[0] < 60:
            raise self._failed[1]
        try:
            return open_session(self._endpoint, self._policy)
        except RemoteError as error:
            self._failed = time.monotonic(), error
            raise


_jump_hosts: dict[tuple[Endpoint, Policy], _JumpHost] = {}


class _Forwarded:
    """A channel through a jump host that frees its place there when it is closed."""

    def __init__(self, channel: Any, host: _JumpHost, session: Session) -> None:
        self._channel = channel
        self._leave: Any = lambda: host.leave(session)
        self.send = channel.send
        self.recv = channel.recv
        self.settimeout = channel.settimeout

    @property
    def _closed(self) -> bool:
        return bool(self._channel.closed)

    def close(self) -> None:
        self._channel.close()
        leave, self._leave = self._leave, None
        if leave is not None:
            leave()


def _through(via: Endpoint, endpoint: Endpoint, policy: Policy) -> Wire:
    host = _jump_hosts.setdefault((via, policy), _JumpHost(via, policy))
    try:
        session = host.enter()
    except RemoteError as error:
        raise RemoteError(
            "connect", "jump_failed", f"{endpoint}: its jump host cannot be used: {error.message}"
        ) from None
    try:
        channel = session.forward(endpoint.host, endpoint.port)
    except (paramiko.SSHException, EOFError, OSError) as error:
        host.leave(session)
        if isinstance(error, paramiko.ChannelException) and error.code == 1:
            raise RemoteError(
                "connect",
                "jump_failed",
                f"{endpoint}: the jump host {via} forbids to go on to {endpoint.where} "
                "(AllowTcpForwarding, PermitOpen); allow it there",
            ) from None
        code = "unreachable" if session.alive else "jump_failed"
        raise RemoteError(
            "connect",
            code,
            f"{endpoint}: the jump host {via} cannot reach {endpoint.where}: {one_line(str(error))}; "
            "check from there",
        ) from None
    return Wire(_Forwarded(channel, host, session), _LOGIN_ALLOWANCE)


# -- running ----------------------------------------------------------------


class _Bell:
    """Rings for both streams of a channel. Silenced by its listener alone, so that no ring is missed.

    paramiko's own file descriptor for that is written to by one thread while another closes it.
    """

    def __init__(self, channel: Any) -> None:
        self._rung = threading.Event()
        channel.in_buffer.set_event(self)
        channel.in_stderr_buffer.set_event(self)

    def set(self) -> None:
        self._rung.set()

    def clear(self) -> None:
        pass

    def silence(self) -> None:
        self._rung.clear()

    def wait(self, seconds: float) -> None:
        self._rung.wait(seconds)


class _Talk:
    """What goes to and fro on one channel: all directions in one loop, so that none can block another.

    ``ended`` is None as long as more can come.
    """

    def __init__(self, channel: Any, deadline: float, limit: int) -> None:
        self.channel = channel
        self.stdout = bytearray()
        self.stderr = bytearray()
        self.ended: str | None = None
        self._bell = _Bell(channel)
        self._deadline = deadline
        self._limit = limit
        self._unsent = b""
        self._last = False
        self._last_came = time.monotonic()
        channel.settimeout(0.0)

    def say(self, data: bytes, *, last: bool = False) -> None:
        self._unsent = data
        self._last = last

    def until(self, *words: str) -> str | None:
        """The word that comes first, taken out of ``stdout`` with all before it; None if none comes.

        A word that ends in a line break matches the end of a line, however the terminal writes it.
        """
        pattern = re.compile("|".join(map(re.escape, words)).replace("\\\n", "\r?\n").encode())
        while not (found := pattern.search(self.stdout)):
            if self.ended is not None:
                return None
            self._step()
        word = found[0].decode().replace("\r", "")
        del self.stdout[: found.end()]
        return word

    def finish(self) -> Output:
        while self.ended is None:
            self._step()
        status = self.channel.exit_status
        return Output(
            stdout=bytes(self.stdout),
            stderr=bytes(self.stderr),
            exit_status=status if status >= 0 else None,
            ended=self.ended,
        )

    def _step(self) -> None:
        self._bell.silence()
        self._send()
        came = self._receive(self.channel.recv, self.stdout)
        more = self._receive(self.channel.recv_stderr, self.stderr)
        now = time.monotonic()
        if came or more:
            self._last_came = now
        if len(self.stdout) + len(self.stderr) > self._limit:
            del self.stderr[max(0, self._limit - len(self.stdout)) :]
            del self.stdout[self._limit :]
            self.ended = "limit"
        elif came is None and more is None:
            # The exit status may come after the end of the streams.
            self.channel.status_event.wait(min(_QUIET_AFTER_EXIT, max(0.0, self._deadline - now)))
            self.ended = "whole" if self._whole() else "lost"
        elif now >= self._deadline:
            self.ended = "timeout"
        elif self._exited() and now - self._last_came > _QUIET_AFTER_EXIT:
            # A process left behind holds the streams open; the script itself is done.
            self.ended = "whole"
        elif not came and not more:
            # Nothing rings when there is room again to send, nor when the exit status comes.
            self._bell.wait(min(0.02 if self._unsent else 1.0, self._deadline - now))

    def _whole(self) -> bool:
        return self._exited() or bool(self.channel.eof_received or self.channel.transport.is_active())

    def _exited(self) -> bool:
        return int(self.channel.exit_status) >= 0

    def _send(self) -> None:
        try:
            while self._unsent and self.channel.send_ready():
                sent = self.channel.send(self._unsent[:32768])
                self._unsent = self._unsent[sent:] if sent else b""
            if self._last and not self._unsent:
                self._last = False
                self.channel.shutdown_write()
        except OSError:
            # The shell has gone without reading all; its words are still to be heard.
            self._unsent = b""

    def _receive(self, receive: Any, into: bytearray) -> bool | None:
        """Whether bytes came; None when none can come any more."""
        try:
            data = receive(65536)
        except TimeoutError:
            return False
        into += data
        return True if data else None


@contextmanager
def _closing_after(seconds: float, transport: Any) -> Iterator[threading.Event]:
    """Close the connection unless the block ends in time, which lets go whoever waits for it.

    paramiko waits without end for some answers. The event tells whether it came to that.
    """
    expired = threading.Event()

    def expire() -> None:
        expired.set()
        transport.close()

    timer = threading.Timer(seconds, expire)
    timer.daemon = True
    timer.start()
    try:
        yield expired
    finally:
        timer.cancel()


def _close(channel: Any) -> None:
    try:
        channel.close()
    except (paramiko.SSHException, EOFError, OSError):
        # The connection has gone, and the channel with it.
        return
