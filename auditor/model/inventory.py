"""HOSTS as understood."""

from __future__ import annotations

from auditor.model.place import At
from auditor.model.record import record


@record
class Target:
    """One host to visit, after groups, vars and ranges are applied. Values that nobody gave are None.

    ``jump``: hops in order, each ``[user@]host[:port]`` or the name of another target.
    ``roles``: subset of ``{"director", "real"}``; empty when the evidence has to tell.
    ``at``: where in HOSTS the host stands.
    """

    name: str
    at: At
    address: str | None = None
    user: str | None = None
    port: int | None = None
    jump: tuple[str, ...] = ()
    identity: str | None = None
    roles: frozenset[str] = frozenset()
    cluster: str | None = None
    sudo: bool = False
    encoding: str | None = None
    os: str | None = None


@record
class Inventory:
    source: str
    targets: tuple[Target, ...]
