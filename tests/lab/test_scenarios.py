"""The scenarios as files, without the lab: whatever they name is there."""

from __future__ import annotations

import pytest

from auditor.judge.rules import load_rules
from auditor.resources import RULES
from tests.hosts.runbook import LAST_OCTET
from tests.lab.cluster import CLUSTERS
from tests.lab.scenario import Scenario, scenarios

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
