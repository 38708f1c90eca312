"""Every example cluster migrates: accounted for, true to its word, and taken by the tools of the target."""

from __future__ import annotations

import json
import re
from functools import cache
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from auditor.derive import derive_clusters
from auditor.judge.rules import load_rules
from auditor.judge.verdict import judge
from auditor.migrate import migrate
from auditor.migrate.documents import ledger_schema, write_documents
from auditor.migrate.words import why
from auditor.model.migration import Migration
from auditor.model.place import Unknown
from auditor.model.snapshot import Snapshot
from auditor.resources import RULES
from tests.clusters.golden import RUN, build, examples
from tests.migrate.accounts import unaccounted, untrue
from tests.migrate.worlds import texts
from tests.oracles.modern import judged, laid_out

EXAMPLES = {example.path.stem: example for example in examples()}
TARGETS = ("debian-12", "el9")


@cache
def world(name: str) -> Snapshot:
    return build(EXAMPLES[name])


@cache
def migrations(name: str, target: str) -> tuple[Migration, ...]:
    clusters = derive_clusters(world(name))
    report = judge(world(name), clusters, load_rules(RULES), run=RUN)
    return tuple(
        migrate(world(name), cluster, report, target=target, ha="pacemaker")
        for cluster in clusters
        if cluster.directors and not isinstance(cluster.directors, Unknown)
    )


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("name", EXAMPLES)
def test_an_example_migrates(name: str, target: str) -> None:
    assert migrations(name, target)
    for migration in migrations(name, target):
        assert unaccounted(world(name), migration)[1] == []
        assert untrue(migration) == []
        assert [row for row in migration.rows if row.why == why("nobody-knows")] == []
        (ledger,) = (file.text for file in write_documents(migration, "zh") if file.path == "ledger.json")
        Draft202012Validator(ledger_schema()).validate(json.loads(ledger))


@pytest.mark.parametrize("target", TARGETS)
def test_the_tools_take_every_example(target: str, tmp_path: Path) -> None:
    script = (
        "mkdir -p etc/corosync; head -c 256 /dev/zero > etc/corosync/authkey\n"
        "mount -t overlay -o lowerdir=$PWD/etc:/etc overlay /etc\n"
    )
    wanted = []
    for name in EXAMPLES:
        for number, migration in enumerate(migrations(name, target)):
            files = texts(migration)
            laid_out({f"{name}{number}/{path}": text for path, text in files.items()}, tmp_path)
            for path, text in files.items():
                if path == "cluster/cib.xml":
                    script += f"crm_verify -x {name}{number}/{path} && echo good {name}{number} cib\n"
                    wanted.append(f"good {name}{number} cib")
                elif path.endswith("corosync.conf"):
                    for ring in re.findall(rf"name: {path.split('/')[0]}\n.*\n((?: +ring.*\n)+)", text):
                        script += "ip addr flush dev lo\n"
                        script += "".join(
                            f"ip addr add {address} dev lo\n" for address in re.findall(r": (\S+)", ring)
                        )
                    script += (
                        f"corosync -t -c $PWD/{name}{number}/{path} && echo good {name}{number} {path}\n"
                    )
                    wanted.append(f"good {name}{number} {path}")
    ran = judged(script, tmp_path)
    assert [line for line in wanted if line not in ran.stdout.splitlines()] == [], ran.stderr
