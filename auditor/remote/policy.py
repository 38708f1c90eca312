"""How to connect, the same for a whole run, and what is said when it fails."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

Ask = Callable[[str], str | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """Times are seconds.

    ``legacy``: algorithms of the SHA-1 era may be agreed on after all modern ones.
    ``accept_new``: a host without any known key is believed once, and written to the first of ``known_hosts``.
    ``identities``: private key files for every host that HOSTS gives none, before those of the ssh config.
    ``ask``: asks a person on a terminal, without echo; None where there is no terminal. See ``Once``.
    ``connect_timeout``: for each address; ``handshake_timeout``: from the open socket to the agreed keys;
    ``auth_timeout``: for each attempt. Old servers look names up before they answer, hence the long ones.
    """

    known_hosts: tuple[Path, ...]
    legacy: bool = True
    accept_new: bool = False
    identities: tuple[Path, ...] = ()
    ssh_config: Path | None = None
    agent: bool = True
    ask: Ask | None = None
    connect_timeout: float = 15.0
    handshake_timeout: float = 60.0
    auth_timeout: float = 120.0


class RemoteError(Exception):
    """A host, or a part of it, that could not be had. No secret is ever in it.

    ``stage``: connect, auth or collect. ``code``: unresolvable, refused, unreachable, timeout, not_ssh,
    no_common_algorithm, handshake_failed, host_key_unknown, host_key_changed, host_key_revoked, auth_failed,
    key_unreadable, sudo_refused, jump_failed, bad_config or lost.
    ``message``: what happened, where, and what to do next; one line, free of control characters.
    """

    def __init__(self, stage: str, code: str, message: str) -> None:
        super().__init__(message)
        self.stage = stage
        self.code = code
        self.message = message


def one_line(text: str | bytes, limit: int = 200) -> str:
    """Words from a host, fit for a message: no control characters, no line breaks, not long."""
    if isinstance(text, bytes):
        text = text.decode("utf-8", "replace")
    line = " ".join(text.split())
    line = "".join(sign if sign.isprintable() else "\ufffd" for sign in line)
    return line if len(line) <= limit else line[: limit - 1] + "…"


def without_secret(text: str, secret: str | None) -> str:
    """A host that was given a password may say it back; no message repeats it."""
    return text.replace(secret, "…") if secret else text


class Once:
    """Asks each question once and one at a time, whatever the number of threads that want the answer."""

    def __init__(self, ask: Ask) -> None:
        self._ask = ask
        self._lock = threading.Lock()
        self._answers: dict[str, str | None] = {}

    def __call__(self, question: str) -> str | None:
        with self._lock:
            if question not in self._answers:
                self._answers[question] = self._ask(question)
            return self._answers[question]
