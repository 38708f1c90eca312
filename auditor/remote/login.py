"""Who we are, told to one server: keys first, then a password if somebody can be asked."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import paramiko
from paramiko.auth_handler import AuthHandler

from auditor.remote.endpoint import Endpoint
from auditor.remote.keys import AgentKeys, KeyFileError, load_key, public_part
from auditor.remote.legacy import SSH_DSS, SSH_RSA, LegacyTransport, ModernTransport, rsa_signatures
from auditor.remote.policy import Policy, RemoteError, one_line, without_secret

# OpenSSH from 5.3 on hangs up at the sixth refusal, whatever was tried. Two are kept for passwords.
_KEY_ATTEMPTS = 4
_PASSWORD_WORDS = ("password", "密码", "口令")
_INFO_RESPONSE = b"\x3d"


@dataclass(frozen=True, slots=True, kw_only=True)
class Login:
    """``banner``: what the server shows before it lets anybody in; ``signature``: with which a key was proven."""

    banner: bytes
    signature: str | None


def log_in(transport: ModernTransport, endpoint: Endpoint, policy: Policy) -> Login:
    """Log in on a connection whose host key has been checked. Raises RemoteError of stage ``auth``."""
    attempt = _Attempt(transport, endpoint, policy)
    try:
        attempt.run()
    finally:
        attempt.close()
    return Login(banner=attempt.banner, signature=attempt.signature)


class _Handler(AuthHandler):
    """paramiko's, with a signature algorithm of our choice and with prompts in any encoding."""

    transport: Any
    interactive_handler: Any
    algorithm: str | None = None

    def _finalize_pubkey_algorithm(self, key_type: str) -> str:
        return self.algorithm or key_type

    def _parse_userauth_info_request(self, m: paramiko.Message) -> None:
        title, instructions, _language = m.get_binary(), m.get_binary(), m.get_binary()
        count = m.get_int()
        if self.auth_method != "keyboard-interactive" or count > 16:
            raise paramiko.SSHException("the server asks questions out of turn")
        prompts = [(_decode(m.get_binary()), m.get_boolean()) for _ in range(count)]
        answers = self.interactive_handler(_decode(title), _decode(instructions), prompts)
        reply = paramiko.Message()
        reply.add_byte(_INFO_RESPONSE)
        reply.add_int(len(answers))
        for answer in answers:
            reply.add_string(answer)
        self.transport._send_message(reply)


class _Attempt:
    """``refused``: what the server did not take; ``notes``: what could not even be tried, and why.

    ``methods``: what the server takes next; ``partial``: it took the last thing, and wants more.
    """

    def __init__(self, transport: ModernTransport, endpoint: Endpoint, policy: Policy) -> None:
        self.banner = b""
        self.signature: str | None = None
        self._transport: Any = transport
        self._legacy = isinstance(transport, LegacyTransport)
        self._endpoint = endpoint
        self._policy = policy
        self._agent = AgentKeys() if policy.agent else None
        self._methods: list[str] = []
        self._partial = False
        self._refused: list[str] = []
        self._notes: list[str] = []
        self._unreadable = False
        self._asked: set[str] = set()
        self._answered: set[str] = set()
        self._left = self._offers()

    def run(self) -> None:
        # Servers before 5.3 send their banner only after this, and all tell what they take.
        if self._try(lambda handler, event: handler.auth_none(self._endpoint.user, event)):
            return
        # A server that wants two factors may want the key as the second.
        if not (self._keys() or self._passwords() or self._keys()):
            raise self._failure()

    def close(self) -> None:
        if self._agent is not None:
            self._agent.close()

    # -- keys --

    def _keys(self) -> bool:
        tried = 0
        while "publickey" in self._methods and (offer := next(self._left, None)) is not None:
            key, label = offer
            self._refused.append(label)
            for algorithm in self._algorithms(key):
                if tried == _KEY_ATTEMPTS:
                    self._refused.pop()
                    self._notes.append(f"{label} and what follows was not tried: servers hang up after a few")
                    return False
                tried += 1
                if self._prove(key, algorithm):
                    return True
                if self._partial:
                    self._refused.pop()
                    break
        return False

    def _prove(self, key: paramiko.PKey, algorithm: str) -> bool:
        taken = self._try(
            lambda handler, event: handler.auth_publickey(self._endpoint.user, key, event), algorithm
        )
        if taken or self._partial:
            self.signature = algorithm
        return taken

    def _offers(self) -> Iterator[tuple[paramiko.PKey, str]]:
        """Each key with the name that messages give it."""
        held = {key.asbytes(): key for key in (self._agent.keys if self._agent else ()) if self._usable(key)}
        for path in self._endpoint.identities:
            # The agent may hold the key whose file wants a passphrase.
            key = held.pop(public_part(path), None)
            if key is not None:
                yield key, str(path)
                continue
            try:
                yield load_key(path, self._policy.ask), str(path)
            except KeyFileError as error:
                self._unreadable = True
                self._notes.append(str(error))
        if self._endpoint.agent:
            for key in held.values():
                yield key, f"the agent's {one_line(key.comment, 60) or key.get_name()}"

    def _usable(self, key: Any) -> bool:
        name = key.get_name()
        return (
            name == SSH_RSA or name in self._transport.preferred_pubkeys or (name == SSH_DSS and self._legacy)
        )

    def _algorithms(self, key: paramiko.PKey) -> tuple[str, ...]:
        if key.get_name() != SSH_RSA:
            return (key.get_name(),)
        return rsa_signatures(
            self._transport.server_extensions.get("server-sig-algs"),
            self._transport.remote_version,
            self._transport.host_key_type,
            legacy=self._legacy,
        )

    # -- passwords --

    def _passwords(self) -> bool:
        while True:
            ways = [way for way in ("password", "keyboard-interactive") if way in self._methods]
            way = next((way for way in ways if way not in self._asked), None)
            if way is None:
                return False
            if self._policy.ask is None:
                self._notes.append("no password was tried: there is no terminal to ask on")
                return False
            self._asked.add(way)
            self._refused.append("the password" if way == "password" else "the answers to its questions")
            if self._answer(way):
                return True
            if self._partial:
                self._refused.pop()

    def _answer(self, way: str) -> bool:
        user = self._endpoint.user
        if way == "keyboard-interactive":
            return self._try(lambda handler, event: handler.auth_interactive(user, self._answers, event))
        password = self._ask(f"Password for {self._endpoint}: ")
        return self._try(lambda handler, event: handler.auth_password(user, password, event))

    def _answers(self, _title: str, _instructions: str, prompts: list[tuple[str, bool]]) -> list[str]:
        """Runs in the connection's own thread."""
        return [
            self._ask(
                f"Password for {self._endpoint}: "
                if not echo and any(word in prompt.lower() for word in _PASSWORD_WORDS)
                else f"{self._endpoint} asks: {one_line(prompt, 100)} "
            )
            for prompt, echo in prompts
        ]

    def _ask(self, question: str) -> str:
        answer = self._policy.ask(question) if self._policy.ask is not None else None
        if answer is None:
            raise RemoteError(
                "auth", "auth_failed", f"{self._endpoint}: the login was given up: no password was typed"
            )
        self._answered.add(answer)
        return answer

    # -- one try --

    def _try(self, request: Callable[[Any, threading.Event], None], algorithm: str | None = None) -> bool:
        """Whether the server let us in."""
        self._partial = False
        handler: Any = _Handler(self._transport)
        handler.algorithm = algorithm
        event = threading.Event()
        self._transport.auth_handler = handler
        try:
            request(handler, event)
            wanted = handler.wait_for_response(event)
        except paramiko.BadAuthenticationType as refusal:
            self._methods = list(refusal.allowed_types)
            return False
        except paramiko.AuthenticationException as refusal:
            if "timeout" in str(refusal):
                raise self._timeout() from None
            if not self._transport.is_active():
                raise self._failure() from None
            return False
        except RemoteError:
            raise
        except Exception as error:
            # The connection's own thread hands over whatever ended it.
            raise self._failure(error) from None
        finally:
            self.banner = handler.banner or self.banner
        self._methods = list(wanted)
        self._partial = bool(wanted)
        return not wanted

    def _timeout(self) -> RemoteError:
        return RemoteError(
            "auth",
            "timeout",
            f"{self._endpoint}: no answer to the login within {self._policy.auth_timeout:.0f} s; a server that "
            "looks names up with a dead resolver can take that long (UseDNS, PAM, LDAP): look there",
        )

    def _failure(self, error: Exception | None = None) -> RemoteError:
        said = self._transport.farewell or (str(error) if error is not None else "")
        for answer in self._answered:
            said = without_secret(said, answer)
        said = one_line(said)
        said = f"it said: {said}" if said else ""
        if not self._transport.is_active() and not self._refused:
            words = [f"{self._endpoint}: the connection broke during the login", said]
            words.append("try again, and look into the server's log if it stays so")
            return RemoteError("auth", "lost", "; ".join(filter(None, words)))
        words = [f"{self._endpoint}: the login was refused"]
        if self._refused:
            words.append("not taken: " + ", ".join(self._refused))
        words += self._notes
        if not self._refused and not self._notes:
            words.append("there was no key to offer")
        if self._methods:
            words.append("the server takes " + ", ".join(one_line(method, 40) for method in self._methods))
        words += [said, self._advice()]
        code = "key_unreadable" if self._unreadable and not self._refused else "auth_failed"
        return RemoteError("auth", code, "; ".join(filter(None, words)))

    def _advice(self) -> str:
        if not self._legacy and not self._transport.server_extensions:
            return "it may know RSA keys with SHA-1 only: leave out --legacy-ssh never, or use a key of another kind"
        endpoint = self._endpoint
        port = f" -p {endpoint.port}" if endpoint.port != 22 else ""
        jump = f" -J {endpoint.via.user}@{endpoint.via.where}" if endpoint.via is not None else ""
        return f"try by hand: ssh -v{port}{jump} {endpoint.user}@{endpoint.host}"


def _decode(text: bytes) -> str:
    for encoding in ("utf-8", "gb18030"):
        try:
            return text.decode(encoding)
        except UnicodeDecodeError:
            continue
    return text.decode("latin-1")
