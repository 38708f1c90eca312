"""The terms of a verdict: which rules, which waivers, what blocks, and what it is compared with."""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path

from auditor.cli.exits import Failure
from auditor.cli.streams import say
from auditor.judge.rules import RuleError, load_rules
from auditor.judge.waivers import SOURCE, load_waivers
from auditor.model.findings import Report, Rule, Waiver
from auditor.resources import RULES


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """``omitted``: ids of rules that were left out. ``waivers_file``: where the waivers stand, if there are any."""

    rules: tuple[Rule, ...]
    omitted: tuple[str, ...]
    fail_on: str
    waivers: tuple[Waiver, ...]
    waivers_file: Path | None
    baseline: Report | None


def load_terms(options: argparse.Namespace, beside: Path | None) -> Terms:
    """What the options of a verdict name, read and checked before anybody is contacted.

    ``beside``: the folder where waivers.toml counts without being named. Failure: anything is wrong.
    """
    catalogue = load_catalogue(options.rules)
    chosen = _choose(catalogue, options.select, options.ignore)
    file = Path(options.waivers) if options.waivers else None
    if file is None and beside is not None and (beside / SOURCE).exists():
        file = beside / SOURCE
    try:
        waivers = load_waivers(file, catalogue) if file is not None else ()
    except RuleError as error:
        raise Failure(str(error)) from None
    if file is not None and not options.waivers:
        say(f"{file}: {len(waivers)} waiver{'' if len(waivers) == 1 else 's'}")
    return Terms(
        rules=chosen,
        omitted=tuple(rule.id for rule in catalogue if rule not in chosen),
        fail_on=options.fail_on,
        waivers=waivers,
        waivers_file=file,
        baseline=_baseline(options.baseline, catalogue),
    )


def load_catalogue(folders: list[str]) -> tuple[Rule, ...]:
    """Our rules, and those of a site's own folders: ``AREA/NAME.toml``, as ours are written."""
    for name in folders:
        folder = Path(name)
        files = sorted(folder.rglob("*.toml"))
        lost = next((file for file in files if len(file.relative_to(folder).parts) != 2), None)
        if not folder.is_dir():
            raise Failure(f"--rules {name}: there is no such folder")
        if lost is not None:
            raise Failure(f"{lost}: a rule lies in a folder with the name of its area: {name}/AREA/NAME.toml")
        if not files:
            raise Failure(f"--rules {name}: there are no rules in it: {name}/AREA/NAME.toml")
    try:
        return load_rules(RULES, *map(Path, folders))
    except RuleError as error:
        raise Failure(str(error)) from None


def _choose(catalogue: tuple[Rule, ...], select: list[str], ignore: list[str]) -> tuple[Rule, ...]:
    wanted = _matching(catalogue, select, "--select") if select else {rule.id for rule in catalogue}
    wanted -= _matching(catalogue, ignore, "--ignore")
    if not wanted:
        raise Failure("--select and --ignore leave no rule to judge by")
    return tuple(rule for rule in catalogue if rule.id in wanted)


def _matching(catalogue: tuple[Rule, ...], patterns: list[str], option: str) -> set[str]:
    """The ids of rules that patterns name: ``arp.silent``, ``arp.*``, several with commas between them."""
    areas = {f"{rule.id.partition('.')[0]}.*" for rule in catalogue}
    ids = {rule.id for rule in catalogue}
    found: set[str] = set()
    for pattern in (one.strip() for text in patterns for one in text.split(",")):
        if pattern in areas:
            found |= {name for name in ids if name.startswith(pattern[:-1])}
        elif pattern in ids:
            found.add(pattern)
        else:
            near = get_close_matches(pattern, sorted(ids | areas), 1, 0.4)
            hint = f"did you mean {near[0]}?" if near else "see lvsaudit rules"
            raise Failure(f"{option}: no rule is called {pattern!r}; {hint}")
    return found


def _baseline(name: str | None, catalogue: tuple[Rule, ...]) -> Report | None:
    from auditor.render.json import ReportError, read_report

    if name is None:
        return None
    try:
        return read_report(Path(name), catalogue)
    except ReportError as error:
        raise Failure(f"--baseline: {error}") from None
