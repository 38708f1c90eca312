"""inventory: what stands there before a migration; nothing is contacted."""

from __future__ import annotations

import argparse
import shlex
import sys
from pathlib import Path

from auditor.cli import exits
from auditor.cli.scan import find_snapshot, load
from auditor.cli.streams import as_utf8, say


def inventory(options: argparse.Namespace) -> int:
    """0: all of it is known; 3: some of it is not, and says why."""
    from auditor.derive import derive_clusters
    from auditor.derive.inventory import derive_inventory
    from auditor.render import inventory as render
    from auditor.render import words

    path = find_snapshot(Path(options.snapshot))
    snapshot = load(path)
    found = derive_inventory(snapshot, derive_clusters(snapshot))
    options.status = exits.INCOMPLETE if found.blanks else exits.OK
    if options.format == "table":
        render.render_inventory(found, sys.stdout, lang=options.lang)
    else:
        as_utf8()
        if options.format == "json":
            render.render_inventory_json(found, snapshot, sys.stdout)
        else:
            render.render_inventory_csv(found, sys.stdout)
    sys.stdout.flush()
    step = words.say("next", options.lang, command=shlex.join(["lvsaudit", "check", str(path)]))
    say(f"{render.summary(found, snapshot, options.lang)}; {step}")
    return int(options.status)
