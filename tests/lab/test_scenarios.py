"""The scenarios as files, without the lab: whatever they name is there."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from auditor.cli import main
from auditor.judge.rules import load_rules
from auditor.resources import DEMO, RULES
from tests.hosts.runbook import LAST_OCTET
from tests.lab.cluster import CLUSTERS
from tests.lab.scenario import Scenario, differences, scenarios

SCENARIOS = scenarios()
SCOPES = {rule.id: rule.scope for rule in load_rules(RULES)}
PLACES = {*LAST_OCTET, "client", "gateway"}


@pytest.mark.parametrize("scenario", SCENARIOS.values(), ids=SCENARIOS)
def test_a_scenario_names_what_there_is(scenario: Scenario) -> None:
    staying = {name for name, other in SCENARIOS.items() if other.stays}
    assert scenario.cluster in CLUSTERS.keys() | staying
    for scripts in (scenario.break_, scenario.shows, scenario.still, scenario.undo, scenario.undone):
        assert scripts.keys() <= PLACES
    assert {*scenario.off, *scenario.on} <= LAST_OCTET.keys()
    for where in scenario.fails | scenario.unknown:
        rule, _, host = where.partition(" ")
        assert (host in {*LAST_OCTET, "*"}) == (SCOPES[rule] == "host"), where


def test_what_is_broken_is_mended() -> None:
    for scenario in SCENARIOS.values():
        assert scenario.stays or not scenario.off
        assert bool(scenario.undo) == bool(scenario.break_) or scenario.stays


def test_the_demo_is_the_runbook_as_printed(tmp_path: Path) -> None:
    """``make record`` took it from the lab; a rule that changes changes that scenario as well."""
    main(["check", str(DEMO), "-o", str(tmp_path)])
    report = json.loads((tmp_path / "report.json").read_text())
    assert list(differences(report, SCENARIOS["41-printed"])) == []
