"""From a line of HOSTS and the user's ssh config to what is dialled."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from auditor.model.inventory import Inventory, Target
from auditor.remote.policy import Policy


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """One sshd and the way to it.

    ``name``: what people call the host. ``known_as``: names under which its key may stand in known_hosts.
    ``identities``: private key files, in order; ``agent``: whether other keys of the agent may be tried.
    ``via``: the sshd that the connection goes through.
    """

    name: str
    host: str
    port: int
    user: str
    known_as: tuple[str, ...]
    identities: tuple[Path, ...] = ()
    agent: bool = True
    via: Endpoint | None = None


def resolve(target: Target, inventory: Inventory, policy: Policy) -> Endpoint:
    """Explicit keys of HOSTS win over the ssh config. Raises RemoteError ``bad_config`` or ``jump_failed``."""
    raise NotImplementedError
