"""diff: two snapshots or two reports side by side; nothing is contacted."""

from __future__ import annotations

import argparse
import sys
from dataclasses import replace
from pathlib import Path

from auditor.cli import exits
from auditor.cli.exits import Failure
from auditor.cli.scan import find_snapshot, load
from auditor.cli.streams import as_utf8, say
from auditor.cli.terms import load_catalogue
from auditor.model.difference import Difference
from auditor.model.findings import Report, Rule, Run
from auditor.model.snapshot import Snapshot


def diff(options: argparse.Namespace) -> int:
    """0: nothing differs; 1: something does; 3: nothing that could be compared does."""
    from auditor.render.difference import render_difference, render_difference_json, summary

    rules = load_catalogue(options.rules)
    old, new = (find_snapshot(Path(name)) for name in (options.old, options.new))
    if old.is_dir() != new.is_dir():
        raise Failure(f"{old} and {new}: give two snapshots or two reports, not one of each")
    difference = _of_snapshots(load(old), load(new), rules) if old.is_dir() else _of_reports(old, new, rules)
    options.status = _status(difference)
    if options.format == "json":
        as_utf8()
        render_difference_json(difference, sys.stdout)
    else:
        render_difference(difference, sys.stdout, lang=options.lang)
    sys.stdout.flush()
    say(summary(difference, options.lang))
    return int(options.status)


def _status(difference: Difference) -> int:
    if difference.found:
        return exits.FINDINGS
    return exits.OK if difference.complete else exits.INCOMPLETE


def _of_snapshots(old: Snapshot, new: Snapshot, rules: tuple[Rule, ...]) -> Difference:
    from auditor.derive import derive_clusters
    from auditor.derive.difference import compare_meaning, compare_texts
    from auditor.derive.meaning import derive_meaning
    from auditor.judge.verdict import judge

    meanings, report = [], None
    for snapshot in (old, new):
        clusters = derive_clusters(snapshot)
        meanings.append(derive_meaning(snapshot, clusters))
        run = Run(
            id=snapshot.run_id, started=snapshot.started, finished=snapshot.finished or snapshot.started
        )
        report = judge(snapshot, clusters, rules, run=run, baseline=report)
    assert report is not None
    changes, blanks = compare_meaning(*meanings)
    return Difference(
        new=report, changes=changes, blanks=blanks, texts=tuple(compare_texts(old, new, changes))
    )


def _of_reports(old: Path, new: Path, rules: tuple[Rule, ...]) -> Difference:
    from auditor.derive.difference import compare_meaning
    from auditor.derive.meaning import report_meaning
    from auditor.judge.baseline import compare

    before, after = _read(old, rules), _read(new, rules)
    changes, blanks = compare_meaning(report_meaning(before), report_meaning(after))
    report = replace(after, baseline=compare(after.findings, before))
    return Difference(new=report, changes=changes, blanks=blanks, texts=())


def _read(path: Path, rules: tuple[Rule, ...]) -> Report:
    from auditor.render.json import ReportError, read_report

    try:
        return read_report(path, rules)
    except ReportError as error:
        raise Failure(str(error)) from None
