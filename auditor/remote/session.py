"""One host over SSH: connect, run, close."""

from __future__ import annotations

from dataclasses import dataclass

from auditor.model.snapshot import Ssh
from auditor.remote.endpoint import Endpoint
from auditor.remote.policy import Policy


@dataclass(frozen=True, slots=True, kw_only=True)
class Output:
    """What a script said. ``ended``: whole, limit, timeout or lost. With sudo all of it is ``stdout``.

    ``exit_status`` is None where the host did not tell it.
    """

    stdout: bytes
    stderr: bytes
    exit_status: int | None
    ended: str


class Session:
    """A login on one host, to be closed."""

    def __init__(self, ssh: Ssh, banner: bytes) -> None:
        self.ssh = ssh
        self.banner = banner

    def __enter__(self) -> Session:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def run(self, script: bytes, *, timeout: float, limit: int, sudo: bool = False) -> Output:
        """Feed ``script`` to /bin/sh in an empty environment; ``timeout`` in seconds, ``limit`` in bytes.

        Raises RemoteError ``sudo_refused`` or ``lost`` where the script could not even start.
        """
        raise NotImplementedError

    def close(self) -> None:
        raise NotImplementedError


def open_session(endpoint: Endpoint, policy: Policy) -> Session:
    """Log in. Raises RemoteError."""
    raise NotImplementedError
