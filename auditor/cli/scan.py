"""scan, collect and check: from hosts to a verdict, in one step or in two."""

from __future__ import annotations

import argparse
import os
import secrets
import shlex
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TextIO

from auditor.cli import exits
from auditor.cli.exits import Failure
from auditor.cli.options import load_inventory, load_policy, stamp
from auditor.cli.streams import say
from auditor.cli.terms import Terms, load_terms
from auditor.judge.waivers import SOURCE
from auditor.model.findings import Report, Run
from auditor.model.inventory import Inventory
from auditor.model.snapshot import Snapshot
from auditor.remote.policy import Policy


def scan(options: argparse.Namespace) -> int:
    if options.resume and not options.output:
        raise Failure("--resume: which run? Name its folder with -o")
    inventory, policy = load_inventory(options), load_policy(options)
    is_file = options.hosts != "-" and not options.hosts.endswith(",")
    terms = load_terms(options, Path(options.hosts).parent if is_file else None)
    folder = Path(options.output or f"lvsaudit-{stamp()}")
    return scan_into(folder, inventory, policy, terms, options, resume=options.resume, width=options.forks)


def collect(options: argparse.Namespace) -> int:
    inventory, policy = load_inventory(options), load_policy(options)
    path = Path(options.output)
    snapshot = _collect(
        inventory, policy, path, resume=options.resume, width=options.forks, again=_again(options)
    )
    short = [host for host in snapshot.hosts if host.status != "ok"]
    for host in short:
        for error in host.errors:
            say(error.message)
    options.status = exits.INCOMPLETE if short else exits.OK
    whole = len(snapshot.hosts) - len(short)
    say(
        f"{whole} of {len(snapshot.hosts)} hosts read whole; next: {shlex.join(['lvsaudit', 'check', str(path)])}"
    )
    return int(options.status)


def check(options: argparse.Namespace) -> int:
    path = find_snapshot(Path(options.snapshot))
    terms = load_terms(options, path.resolve().parent)
    started = _now()
    report = _judge(load(path), terms, started)
    folder = Path(options.output) if options.output else None
    if folder is not None:
        _make(folder)
        write_reports(report, folder, options.lang, path)
    return _show(report, options, folder, "lvsaudit scan HOSTS")


def scan_into(
    folder: Path,
    inventory: Inventory,
    policy: Policy,
    terms: Terms,
    options: argparse.Namespace,
    *,
    resume: bool = False,
    width: int = 32,
) -> int:
    """Collect into ``folder/snapshot``, judge what is there, write the reports beside it and show the verdict.

    The waivers go along, so that ``check`` finds them where ``scan`` did: beside what it was given.
    """
    started = _now()
    _make(folder)
    again = _again(options, folder)
    snapshot = _collect(inventory, policy, folder / "snapshot", resume=resume, width=width, again=again)
    report = _judge(snapshot, terms, started)
    if terms.waivers_file is not None:
        _keep(terms.waivers_file, folder / SOURCE)
    write_reports(report, folder, options.lang, folder / "snapshot")
    return _show(report, options, folder, again)


def find_snapshot(path: Path) -> Path:
    """What a scan left may be named as a whole."""
    return path / "snapshot" if (path / "snapshot" / "snapshot.json").is_file() else path


def load(path: Path) -> Snapshot:
    from auditor.collect.store import SnapshotError, load_snapshot

    try:
        return load_snapshot(path)
    except SnapshotError as error:
        raise Failure(str(error)) from None


def write_reports(report: Report, folder: Path, lang: str, snapshot: Path) -> None:
    """report.json and report.html, each whole or not at all. ``snapshot``: from which they can be had again."""
    from auditor.render.html import render_html
    from auditor.render.json import render_json

    try:
        _write_whole(folder / "report.json", lambda out: render_json(report, out))
        _write_whole(folder / "report.html", lambda out: render_html(report, out, lang=lang))
    except OSError as error:
        again = shlex.join(["lvsaudit", "check", str(snapshot), "-o"])
        raise Failure(
            f"{folder}: {error.strerror}; the snapshot is kept: {again} DIR", exits.INCOMPLETE
        ) from None


def _write_whole(path: Path, render: Callable[[TextIO], object]) -> None:
    """Write beside the place, then rename: an old file stays intact until the new one is complete."""
    beside = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    handle = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as out:
            render(out)
            out.flush()
            os.fsync(out.fileno())
        beside.replace(path)
    except BaseException:
        beside.unlink(missing_ok=True)
        raise


def _collect(
    inventory: Inventory, policy: Policy, path: Path, *, resume: bool, width: int, again: str
) -> Snapshot:
    from auditor.collect.fleet import collect
    from auditor.collect.store import SnapshotError, SnapshotLocked, Store
    from auditor.render.progress import progress

    try:
        store = Store(path, resume=resume)
    except SnapshotLocked as error:
        raise Failure(str(error), exits.REFUSED) from None
    except SnapshotError as error:
        raise Failure(str(error)) from None
    try:
        with progress(len(inventory.targets), sys.stderr) as observer:
            return collect(inventory, policy, store, width=max(1, width), observer=observer)
    except SnapshotError as error:
        raise Failure(str(error), exits.INCOMPLETE) from None
    except KeyboardInterrupt:
        raise Failure(f"interrupted; what was read is kept. Go on with: {again}", exits.INTERRUPTED) from None
    finally:
        store.close()


def _keep(waivers: Path, place: Path) -> None:
    try:
        text = waivers.read_text(encoding="utf-8")
        if not place.exists() or place.read_text(encoding="utf-8") != text:
            _write_whole(place, lambda out: out.write(text))
    except OSError as error:
        raise Failure(f"{error.filename}: {error.strerror}", exits.INCOMPLETE) from None


def _judge(snapshot: Snapshot, terms: Terms, started: str) -> Report:
    from auditor.derive import derive_clusters
    from auditor.judge.verdict import judge

    return judge(
        snapshot,
        derive_clusters(snapshot),
        terms.rules,
        fail_on=terms.fail_on,
        run=Run(id=snapshot.run_id, started=started, finished=_now()),
        omitted=terms.omitted,
        waivers=terms.waivers,
        baseline=terms.baseline,
    )


def _show(report: Report, options: argparse.Namespace, folder: Path | None, again: str) -> int:
    """``again``: the command that looks once more at what could not be looked at."""
    from auditor.render.console import last_line, render_console

    options.status = report.verdict.exit_code
    render_console(report, sys.stdout, lang=options.lang)
    sys.stdout.flush()
    if folder is not None:
        say(f"{folder / 'report.html'}\n{folder / 'report.json'}")
    say(last_line(report, options.lang, folder, again=again))
    return report.verdict.exit_code


def _make(folder: Path) -> None:
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise Failure(f"{folder}: {error.strerror}; choose another place with -o") from None


def _again(options: argparse.Namespace, folder: Path | None = None) -> str:
    """The command that goes on where this one was broken off; a verb that cannot is begun anew."""
    words = [word for word in options.words if word != "--resume"]
    if "resume" not in options:
        return shlex.join(["lvsaudit", words[0]])
    if folder is not None and not options.output:
        words += ["-o", str(folder)]
    return shlex.join(["lvsaudit", *words, "--resume"])


def _now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
