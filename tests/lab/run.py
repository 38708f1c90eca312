"""Runs the scenarios: ``make lab-test``. Each cluster boots once, for all of its scenarios."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import pytest

from tests.lab.lab import Lab, start_lab
from tests.lab.say import say
from tests.lab.scenario import Scenario, differences, scenarios
from tests.lab.untouched import digest, traced, writes


@pytest.fixture(scope="session")
def lab() -> Iterator[Lab]:
    with start_lab() as lab:
        yield lab


def test_a_scan_changes_nothing(lab: Lab) -> None:
    lab.become("right")
    lab.scan()
    before = _digests(lab)
    lab.scan()
    for name, after in _digests(lab).items():
        assert after == before[name], f"{name}: changed by a scan"


def _digests(lab: Lab) -> dict[str, dict[str, str]]:
    with ThreadPoolExecutor() as pool:
        return dict(zip(lab.nodes, pool.map(partial(digest, lab), lab.nodes), strict=True))


def test_what_a_scan_runs_writes_nothing(lab: Lab) -> None:
    lab.become("right")
    with contextlib.ExitStack() as stack:
        calls = {name: stack.enter_context(traced(lab, name)) for name in ("ld1", "rs1")}
        lab.scan()
    for name in calls:
        assert any("execve" in call for call in calls[name]), name
        assert not [call for call in calls[name] if writes(call)], name


def test_traffic_does_not_notice_a_scan(lab: Lab) -> None:
    """One host at a time: all six share the processors of this machine, and their load is not to be the scan's."""
    lab.become("right")
    with lab.traffic() as alone:
        time.sleep(20)
    with lab.traffic() as scanned:
        lab.scan("--forks", "1")
    say(f"requests without a scan: {alone}; during a scan: {scanned}")
    assert min(alone["requests"], scanned["requests"]) > 100
    assert scanned["failed"] == alone["failed"] == []
    assert scanned["median"] < 2 * alone["median"]


@pytest.mark.parametrize("scenario", scenarios().values(), ids=lambda scenario: scenario.name)
def test_scenario(lab: Lab, scenario: Scenario) -> None:
    with lab.broken(scenario):
        wrong = list(differences(lab.scan(), scenario))
    for line in wrong:
        say(line)
    assert not wrong, f"{scenario.name}: {scenario.title}"
