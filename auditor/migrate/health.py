"""Health checks for a target without ldirectord: a unit and a timer for each pool, around curl and ipvsadm."""

from __future__ import annotations

import re
from dataclasses import dataclass

from auditor.migrate.design import Design
from auditor.migrate.ldirectord import Fate
from auditor.migrate.tell import Told
from auditor.model.facts import Setting, Virtual


@dataclass(frozen=True, slots=True, kw_only=True)
class Pool:
    """``name``: as an instance of the units; ``id``: as a resource of the CIB."""

    id: str
    name: str
    virtual: Virtual


def pools(design: Design) -> tuple[Pool, ...]:
    """One for each service of ldirectord.cf, in its order."""
    return tuple(
        Pool(
            id=f"pool-{re.sub(r'[^A-Za-z0-9]+', '-', name).strip('-')}",
            name=name,
            virtual=virtual,
        )
        for virtual in (design.cf.virtuals if design.cf is not None else ())
        for name in (_name(virtual),)
    )


def unit(pool: Pool) -> str:
    return f"lvs-pool@{pool.name}"


def _name(virtual: Virtual) -> str:
    if virtual.mark is not None:
        return f"fwm{'6' if virtual.family == 6 else ''}_{virtual.mark}"
    return re.sub(r"[^A-Za-z0-9.:_]", "_", f"{virtual.protocol}_{virtual.address}_{virtual.port}")


def tell_setting(design: Design, fact: Setting, fate: Fate) -> Told:
    return Told(fate="decide", value=f"{fact.key}={fact.value}", why=fate.why)
