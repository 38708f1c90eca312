"""One scenario: what is broken, how that shows, and exactly which rules must fail when lvsaudit scans it."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

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
