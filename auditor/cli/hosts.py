"""hosts and commands: what a scan would visit, and what it would run there. Nothing is contacted."""

from __future__ import annotations

import argparse
import json
import sys
from typing import Any

from auditor.cli import exits
from auditor.cli.exits import Failure
from auditor.cli.options import load_inventory, load_policy
from auditor.remote.endpoint import Endpoint, resolve
from auditor.remote.policy import RemoteError


def hosts(options: argparse.Namespace) -> int:
    inventory, policy = load_inventory(options), load_policy(options)
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
        json.dump(rows, sys.stdout, ensure_ascii=False, indent=2)
        sys.stdout.write("\n")
        return exits.OK
    for row in rows:
        jump = f"  via {' > '.join(row['jump'])}" if row["jump"] else ""
        sudo = "  sudo" if row["sudo"] else ""
        roles = f"{','.join(row['roles']) or '?'} ({row['role_reasons'][0]})"
        print(f"{row['name']:24} {row['user']}@{row['host']}:{row['port']}{jump}{sudo}  {roles}")
    return exits.OK


def commands(options: argparse.Namespace) -> int:
    from auditor.collect.probes import describe

    sys.stdout.write(describe(sudoers=options.sudoers))
    return exits.OK


def _hops(endpoint: Endpoint) -> list[str]:
    """The bastions on the way, the first one first."""
    return [] if endpoint.via is None else [*_hops(endpoint.via), str(endpoint.via)]
