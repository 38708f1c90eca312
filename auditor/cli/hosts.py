"""hosts and commands: what a scan would visit, and what it would run there. Nothing is contacted."""

from __future__ import annotations

import argparse
import sys
from typing import Any

from auditor.cli import exits
from auditor.cli.exits import Failure
from auditor.cli.options import load_inventory, load_policy
from auditor.cli.streams import write_json
from auditor.remote.endpoint import Endpoint, resolve
from auditor.remote.policy import RemoteError
from auditor.render.visible import visible


def hosts(options: argparse.Namespace) -> int:
    inventory, policy = load_inventory(options), load_policy(options, ask=False)
    rows: list[dict[str, Any]] = []
    for target in inventory.targets:
        try:
            endpoint = resolve(target, inventory, policy)
        except RemoteError as error:
            raise Failure(error.message) from None
        rows.append(
            {
                "name": target.name,
                "host": endpoint.host,
                "port": endpoint.port,
                "user": endpoint.user,
                "jump": _hops(endpoint),
                "sudo": target.sudo,
                "roles": sorted(target.roles),
                "role_reasons": [f"{target.at}"]
                if target.roles
                else ["found from the evidence when it is read"],
                "cluster": target.cluster,
            }
        )
    if options.format == "json":
        write_json(rows)
        return exits.OK
    for row in rows:
        jump = f"  via {' > '.join(row['jump'])}" if row["jump"] else ""
        sudo = "  sudo" if row["sudo"] else ""
        roles = f"{','.join(row['roles']) or '?'} ({row['role_reasons'][0]})"
        where = f"[{row['host']}]" if ":" in row["host"] else row["host"]
        print(visible(f"{row['name']:24} {row['user']}@{where}:{row['port']}{jump}{sudo}  {roles}"))
    return exits.OK


def commands(options: argparse.Namespace) -> int:
    from auditor.collect.probes import describe

    sys.stdout.write(describe(sudoers=options.sudoers))
    return exits.OK


def _hops(endpoint: Endpoint) -> list[str]:
    """The bastions on the way, the first one first."""
    return [] if endpoint.via is None else [*_hops(endpoint.via), str(endpoint.via)]
