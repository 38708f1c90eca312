"""Records the runbook's cluster for ``lvsaudit demo``: real hosts in namespaces, visited by the real collector.

python -m tests.hosts.record auditor/demo        (root)
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from pathlib import Path

from auditor.collect.fleet import collect
from auditor.collect.store import Store
from auditor.parse.inventory import read_inventory
from auditor.parse.text import read_document
from auditor.remote.policy import Policy
from tests.hosts.cluster import start_cluster
from tests.hosts.runbook import cluster


def main() -> int:
    place = Path(sys.argv[1])
    with start_cluster(cluster("printed")) as running, tempfile.TemporaryDirectory() as folder:
        inventory = read_inventory(read_document(running.hosts_text().encode(), source="hosts"))
        policy = Policy(
            known_hosts=(Path(running.known_hosts),), identities=(Path(running.identity),), agent=False
        )
        store = Store(Path(folder) / "demo")
        snapshot = collect(inventory, policy, store)
        store.close()
        short = [host.name for host in snapshot.hosts if host.status != "ok"]
        if short:
            print(f"not whole: {', '.join(short)}; nothing is recorded", file=sys.stderr)
            return 1
        shutil.rmtree(place, ignore_errors=True)
        shutil.copytree(Path(folder) / "demo", place, symlinks=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
