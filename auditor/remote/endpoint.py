"""From a line of HOSTS and the user's ssh config to what is dialled."""

from __future__ import annotations

import getpass
import re
from dataclasses import dataclass
from pathlib import Path

from auditor.model.inventory import Inventory, Target
from auditor.model.place import At
from auditor.remote.known_hosts import known_name
from auditor.remote.policy import Policy, RemoteError
from auditor.remote.ssh_config import Settings, look_up

_HOP = re.compile(
    r"(?:ssh://)?(?:(?P<user>[^@]+)@)?(?:\[(?P<six>[0-9A-Fa-f:.%]+)\]|(?P<host>[^:@\[\]]+))(?::(?P<port>\d+))?/?"
)
_DEFAULT_IDENTITIES = ("id_ed25519", "id_rsa", "id_ecdsa")


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

    def __str__(self) -> str:
        """``root@ld1``, ``root@ld1 (10.0.0.5:2222)``."""
        plain = self.host == self.name and self.port == 22
        return f"{self.user}@{self.name}" + ("" if plain else f" ({self.where})")

    @property
    def where(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == 22 else f"{host}:{self.port}"


def resolve(target: Target, inventory: Inventory, policy: Policy) -> Endpoint:
    """Explicit keys of HOSTS win over the ssh config. Nothing is looked up in the network, no command is run.

    A hop that is another target's name is reached as that target is. Raises RemoteError ``bad_config`` or
    ``jump_failed``.
    """
    return _resolve(target, inventory, policy, None, ())


def _resolve(
    target: Target, inventory: Inventory, policy: Policy, via: Endpoint | None, trail: tuple[str, ...]
) -> Endpoint:
    if target.name in trail:
        circle = " -> ".join((*trail, target.name))
        raise RemoteError(
            "connect", "jump_failed", f"{trail[0]}: its jump hosts lead in a circle ({circle}); take one out"
        )
    local_user = getpass.getuser()
    try:
        settings = look_up(policy.ssh_config, target.name, user=target.user, local_user=local_user)
    except (OSError, ValueError) as error:
        raise RemoteError(
            "connect", "bad_config", f"{target.name}: cannot use the ssh config: {error}"
        ) from None
    if via is None:
        for hop in _hops(target, settings):
            via = _resolve(_hop(hop, target, inventory), inventory, policy, via, (*trail, target.name))
    host = target.address or settings.host or target.name
    port = target.port or int(settings.port or 22)
    names = (
        (settings.key_alias,)
        if settings.key_alias
        else (known_name(host, port), known_name(target.name, port))
    )
    return Endpoint(
        name=target.name,
        host=host,
        port=port,
        user=target.user or settings.user or local_user,
        known_as=tuple(dict.fromkeys(names)),
        identities=_identities(target, settings, policy),
        agent=policy.agent and not settings.identities_only,
        via=via,
    )


def _hops(target: Target, settings: Settings) -> tuple[str, ...]:
    if target.jump:
        return () if target.jump == ("none",) else target.jump
    if settings.proxy_command is not None:
        raise RemoteError(
            "connect",
            "bad_config",
            f"{target.name}: the ssh config reaches it by a ProxyCommand, which is not run; "
            f"name the host between in HOSTS: {target.name} jump=HOST",
        )
    return settings.jump or ()


def _hop(text: str, target: Target, inventory: Inventory) -> Target:
    for other in inventory.targets:
        if other.name == text:
            return other
    found = _HOP.fullmatch(text)
    if found is None or (found["port"] and not 0 < int(found["port"]) < 65536):
        raise RemoteError(
            "connect", "jump_failed", f"{target.name}: the jump host {text!r} is not [user@]host[:port]"
        )
    return Target(
        name=found["six"] or found["host"],
        at=At(host="", source=target.at.source, line=target.at.line),
        user=found["user"],
        port=int(found["port"]) if found["port"] else None,
    )


def _identities(target: Target, settings: Settings, policy: Policy) -> tuple[Path, ...]:
    if target.identity is not None:
        return (Path(target.identity).expanduser(),)
    chosen = tuple(dict.fromkeys((*policy.identities, *settings.identities)))
    if chosen:
        return chosen
    usual = (Path.home() / ".ssh" / name for name in _DEFAULT_IDENTITIES)
    return tuple(path for path in usual if path.is_file())
