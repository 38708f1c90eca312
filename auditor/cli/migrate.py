"""migrate: the files of a modern cluster, and the ledger of what became of the old one."""

from __future__ import annotations

import argparse
import io
import os
import shlex
import sys
from pathlib import Path

from auditor.cli import exits
from auditor.cli.exits import Failure
from auditor.cli.scan import load
from auditor.cli.streams import say
from auditor.model.cluster import Cluster
from auditor.model.findings import Run
from auditor.model.migration import Migration, NewFile
from auditor.model.place import Unknown


def migrate(options: argparse.Namespace) -> int:
    """0: nothing stands in the way; 1: findings make it unsafe; 3: hosts are missing."""
    from auditor.derive import derive_clusters
    from auditor.judge.rules import RuleError, load_rules
    from auditor.judge.verdict import judge
    from auditor.migrate import migrate as convert
    from auditor.migrate.documents import write_documents
    from auditor.render.html import render_html
    from auditor.resources import RULES

    snapshot = load(Path(options.snapshot))
    clusters = derive_clusters(snapshot)
    chosen = _choose(clusters, options.cluster)
    try:
        rules = load_rules(RULES)
    except RuleError as error:
        raise Failure(str(error)) from None
    run = Run(id=snapshot.run_id, started=snapshot.started, finished=snapshot.finished or snapshot.started)
    report = judge(snapshot, clusters, rules, run=run)
    folder = _fresh(Path(options.output))
    status = exits.OK
    migrations = [convert(snapshot, cluster, report, target=options.to, ha=options.ha) for cluster in chosen]
    page = io.StringIO()
    render_html(report, page, lang=options.lang, migrations=migrations)
    _write(folder, (NewFile(path="report.html", text=page.getvalue()),))
    for cluster, migration in zip(chosen, migrations, strict=True):
        place = folder if len(chosen) == 1 else folder / _folder(cluster)
        documents = write_documents(migration, options.lang)
        _write(place, (*migration.files, *documents))
        _show(migration, options.lang)
        status = _worse(status, migration)
        options.status = status
        sys.stdout.flush()
        say(_last_line(migration, place, options.lang))
    return status


def _choose(clusters: tuple[Cluster, ...], wanted: str | None) -> list[Cluster]:
    """The cluster that was asked for, else all that have a director."""
    served = [
        cluster for cluster in clusters if not isinstance(cluster.directors, Unknown) and cluster.directors
    ]
    if wanted is not None:
        served = [cluster for cluster in served if cluster.name == wanted]
    if served:
        return served
    names = ", ".join(cluster.name for cluster in clusters) or "none"
    if wanted is not None:
        raise Failure(
            f"--cluster {wanted}: there is no such cluster with a director; the snapshot has {names}"
        )
    raise Failure("no director could be read, so there is nothing to migrate; see lvsaudit check")


def _folder(cluster: Cluster) -> str:
    name = "".join(
        character if character.isalnum() or character in "+-_" else "-" for character in cluster.name
    )
    return name.strip("-") or "cluster"


def _fresh(folder: Path) -> Path:
    """An empty folder: what an older run left would be copied to hosts as well."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if any(folder.iterdir()):
            raise Failure(f"{folder} is not empty; name a new folder with -o")
    except OSError as error:
        raise Failure(f"{folder}: {error.strerror}; choose another place with -o") from None
    return folder


def _write(folder: Path, files: tuple[NewFile, ...]) -> None:
    try:
        for file in files:
            path = folder / file.path
            _make_parents(folder, path)
            handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, int(file.mode, 8))
            with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as out:
                out.write(file.text)
            path.chmod(int(file.mode, 8))
    except OSError as error:
        raise Failure(f"{error.filename or folder}: {error.strerror}", exits.INCOMPLETE) from None


def _make_parents(folder: Path, path: Path) -> None:
    """As they lie on every host: the umask of whoever runs this must not reach / of another machine."""
    for parent in reversed(path.relative_to(folder).parents):
        place = folder / parent
        if not place.is_dir():
            place.mkdir(parents=True)
            place.chmod(0o755)


def _worse(status: int, migration: Migration) -> int:
    if any(one.finding.state == "fail" for one in migration.inhibitors) or status == exits.FINDINGS:
        return exits.FINDINGS
    return exits.INCOMPLETE if migration.holes or migration.inhibitors else status


def _show(migration: Migration, lang: str) -> None:
    from auditor.render.migration import render_migration

    render_migration(migration, sys.stdout, lang=lang)


def _last_line(migration: Migration, place: Path, lang: str) -> str:
    readme = shlex.quote(str(place / "README.md"))
    if any(one.finding.state == "fail" for one in migration.inhibitors):
        unsafe = "不安全: 请先解决上述问题" if lang == "zh" else "unsafe: mend what stands in the way first"
    elif migration.inhibitors or migration.holes:
        unsafe = "不完整: 有内容未能读取" if lang == "zh" else "incomplete: not everything could be read"
    else:
        unsafe = "没有阻碍" if lang == "zh" else "nothing stands in the way"
    following = "下一步" if lang == "zh" else "next"
    return f"{unsafe}; {following}: less {readme}"
