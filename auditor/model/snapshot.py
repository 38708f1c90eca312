"""What was collected: bytes with their circumstances, host by host."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field

from auditor.model.record import record


@record
class Artifact:
    """One file, link, directory listing or command output of one host.

    ``id``: the probe's name, and for a probe with many files the path as well; unique per host.
    ``kind``: ``file``, ``link``, ``directory`` or ``command``; a directory that is ``read`` was listed completely.
    ``state``:
      ``read``       content is whole;
      ``absent``     looked, not there;
      ``unreadable`` there, but not readable for us (``why`` says what to do);
      ``truncated``  content stops at a cap or at a broken connection;
      ``skipped``    deliberately not run (``why``: for instance no /proc/net/ip_vs);
      ``failed``     the command does not exist or could not run.
    ``content``: redacted bytes as stored; empty unless read or truncated.
    ``size``: bytes on the host before redaction. ``mode``: octal string such as ``"0600"``.
    ``mtime``: RFC 3339 UTC. ``target``: what a link points at. ``sha256``: of ``content``.
    """

    id: str
    probe: str
    kind: str
    state: str
    path: str | None = None
    argv: tuple[str, ...] | None = None
    why: str | None = None
    exit_status: int | None = None
    size: int | None = None
    mode: str | None = None
    owner: str | None = None
    group: str | None = None
    mtime: str | None = None
    target: str | None = None
    sha256: str | None = None
    redactions: int = 0
    stored: str | None = None
    content: bytes = b""

    @property
    def source(self) -> str:
        """What evidence calls it: the path, or the command line."""
        return self.path if self.path is not None else " ".join(self.argv or (self.probe,))


@record
class Ssh:
    """What the two sides agreed on. ``legacy``: the agreed names that rest on SHA-1 or worse."""

    server: str
    kex: str
    host_key: str
    cipher: str
    mac: str
    fingerprint: str
    legacy: tuple[str, ...] = ()


@record
class HostError:
    """Why something of a host is missing. ``stage``: connect, auth, collect, parse or rule."""

    host: str
    stage: str
    code: str
    message: str


@record
class HostSnapshot:
    """``status``: ok, partial, unreachable, auth_failed, host_key_rejected or timeout.

    ``roles`` and ``cluster`` are what HOSTS says, not what the evidence shows.
    """

    id: str
    name: str
    address: str
    status: str
    user: str | None = None
    port: int | None = None
    jump: tuple[str, ...] = ()
    roles: frozenset[str] = frozenset()
    cluster: str | None = None
    os: str | None = None
    encoding: str | None = None
    ssh: Ssh | None = None
    artifacts: Mapping[str, Artifact] = field(default_factory=dict)
    errors: tuple[HostError, ...] = ()


@record
class Snapshot:
    """Times are RFC 3339 UTC; ``hosts`` in the order of HOSTS."""

    schema_version: str
    tool_version: str
    run_id: str
    started: str
    finished: str | None
    hosts: tuple[HostSnapshot, ...]
