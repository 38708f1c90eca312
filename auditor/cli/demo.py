"""demo: the recorded runbook cluster, served over real SSH on loopback and scanned like any other."""

from __future__ import annotations

import argparse
import os
import tempfile
from functools import partial
from pathlib import Path

from auditor.cli.options import stamp
from auditor.cli.scan import load, scan_into
from auditor.cli.terms import load_terms
from auditor.collect.recorded import answer
from auditor.parse.inventory import read_inventory
from auditor.parse.text import read_document
from auditor.remote.policy import Policy
from auditor.remote.replay import ADDRESS, USER, Replay
from auditor.resources import DEMO


def demo(options: argparse.Namespace) -> int:
    """Needs no root, no SSH server and no network but loopback; the keys are made for this run alone."""
    terms = load_terms(options, None)
    recorded = load(DEMO)
    folder = Path(options.output or f"lvsaudit-{stamp()}")
    with (
        tempfile.TemporaryDirectory(prefix="lvsaudit-demo-") as name,
        Replay({host.name: partial(answer, host) for host in recorded.hosts}) as replay,
    ):
        identity, known_hosts = Path(name) / "identity", Path(name) / "known_hosts"
        with os.fdopen(os.open(identity, os.O_WRONLY | os.O_CREAT, 0o600), "w") as key:
            key.write(replay.identity)
        known_hosts.write_text(replay.known_hosts)
        hosts = "".join(
            f"{host} addr={ADDRESS} port={port} user={USER} identity={identity}\n"
            for host, port in replay.ports.items()
        )
        inventory = read_inventory(read_document(hosts.encode(), source="demo"))
        return scan_into(folder, inventory, Policy(known_hosts=(known_hosts,), agent=False), terms, options)
