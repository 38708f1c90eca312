"""One scenario: what is broken, how that shows, and exactly which rules must fail when lvsaudit scans it."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent / "scenarios"


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """One file of ``scenarios``.

    ``cluster``: a key of ``tests.lab.cluster.CLUSTERS``, or the name of a scenario that ``stays``, to go on from it.
    Then, in this order: the plugs of the nodes ``off`` are pulled, ``on`` are booted, ``break_`` is done, ``shows``
    comes true, the scan, ``still`` is true, ``undo`` is done, and ``undone`` comes true. Each of these is scripts for
    root by the place where they run: a node, ``client`` or ``gateway``. One that ``stays`` is not undone.
    ``exit``: of the scan. ``fails`` and ``unknown``: ``rule host``, or ``rule`` alone where it is the cluster's, or
    ``rule *`` for every host that answered. A file has what its cluster's first file does not have. Whatever is
    about a host that does not answer must be unknown, and is not listed.
    """

    name: str
    title: str
    cluster: str
    exit: int
    off: tuple[str, ...] = ()
    on: tuple[str, ...] = ()
    break_: Mapping[str, str] = field(default_factory=dict)
    shows: Mapping[str, str] = field(default_factory=dict)
    still: Mapping[str, str] = field(default_factory=dict)
    undo: Mapping[str, str] = field(default_factory=dict)
    undone: Mapping[str, str] = field(default_factory=dict)
    stays: bool = False
    fails: frozenset[str] = frozenset()
    unknown: frozenset[str] = frozenset()


def scenarios() -> dict[str, Scenario]:
    """All by name, in the order of their files; TypeError for a key that there is not."""
    found: dict[str, Scenario] = {}
    first: dict[str, Scenario] = {}
    for path in sorted(FOLDER.glob("*.toml")):
        scenario = _read(path)
        base = first.setdefault(scenario.cluster, scenario)
        found[scenario.name] = replace(
            scenario, fails=base.fails | scenario.fails, unknown=base.unknown | scenario.unknown
        )
    return found


def _read(path: Path) -> Scenario:
    keys = tomllib.loads(path.read_text())
    keys["break_"] = keys.pop("break", {})
    for name in ("fails", "unknown"):
        keys[name] = frozenset(keys.get(name, ()))
    return Scenario(name=path.stem, **keys)


def differences(report: Mapping[str, Any], scenario: Scenario) -> Iterator[str]:
    """One line for each way in which a scan, as its report.json tells it, is not what the scenario expects."""
    yield from _rules(report, "fail", scenario.fails)
    yield from _rules(report, "unknown", scenario.unknown)
    if report["run"]["exit_code"] != scenario.exit:
        yield f"exit status {report['run']['exit_code']}, expected {scenario.exit}"


def _rules(report: Mapping[str, Any], state: str, wanted: Iterable[str]) -> Iterator[str]:
    """One line for each rule that came out as ``state`` and should not have, or the other way round."""
    found: dict[str, list[str]] = {}
    answering = [host["name"] for host in report["hosts"] if host["status"] == "ok"]
    for finding in report["findings"]:
        if finding["host"] not in (None, *answering):
            # Nobody has looked: nothing about this host may be anything else.
            if finding["state"] != "unknown":
                yield f"{finding['state']}, though {finding['host']} did not answer: {finding['rule']}"
        elif finding["state"] == state:
            where = f"{finding['rule']} {finding['host'] or ''}".strip()
            found.setdefault(where, []).append(finding["message"]["en"])
    expected = set()
    for where in wanted:
        rule, _, host = where.partition(" ")
        expected |= {f"{rule} {name}" for name in answering} if host == "*" else {where}
    for where in sorted(found.keys() - expected):
        yield f"{state}, but not expected: {where}: {'; '.join(found[where])}"
    for where in sorted(expected - found.keys()):
        yield f"expected to {state}, but did not: {where}"
