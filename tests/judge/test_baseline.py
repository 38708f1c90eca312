"""Against an earlier report: what is new, what is gone for sure, and what nobody looked at again."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from auditor.judge.verdict import judge
from auditor.model.findings import Report
from tests.judge.test_verdict import GONE, NO_CRC, ORDER, RUN, authkeys, cluster, good, problem, snapshot
from tests.judge.test_waivers import waiver

RULES = (NO_CRC, ORDER)


def judged(baseline: Report | None = None, *, rules: Any = RULES, waivers: Any = (), **facts: Any) -> Report:
    return judge(
        snapshot("ld1"), (cluster(good(**facts)),), rules, run=RUN, baseline=baseline, waivers=waivers
    )


def crc(*lines: int) -> dict[str, Any]:
    return {"authkeys": authkeys("ld1", *("crc" for _ in lines))}


def moved(report: Report) -> dict[str, int]:
    assert report.baseline is not None
    keys = ("new", "changed", "unchanged", "fixed", "unseen")
    return {key: found for key in keys if (found := len(getattr(report.baseline, key)))}


@pytest.mark.parametrize(
    ("before", "after", "expected", "code"),
    [
        ({}, {}, {}, 0),
        ({}, crc(1), {"new": 1}, 1),
        (crc(1), crc(1), {"unchanged": 1}, 0),
        (crc(1), crc(1, 2), {"unchanged": 1, "new": 1}, 1),
        (crc(1), {}, {"fixed": 1}, 0),
        (crc(1), {"authkeys": GONE}, {"unseen": 1}, 3),
        ({"authkeys": GONE}, crc(1), {"new": 1}, 1),
        (crc(1), {"authkeys": None}, {"fixed": 1}, 0),
    ],
)
def test_only_what_is_new_counts(
    before: dict[str, Any], after: dict[str, Any], expected: dict[str, int], code: int
) -> None:
    report = judged(judged(**before), **after)
    assert moved(report) == expected
    assert report.verdict.exit_code == code
    assert (report.verdict.state == "not_ready") == any(row.state == "fail" for row in report.findings)


def test_other_words_about_the_same_place_are_a_change() -> None:
    late = {"order_problems": (problem("rc3 httpd", 1),)}
    later = {"order_problems": (problem("rc3 httpd", 9),)}
    assert moved(judged(judged(**late), **later)) == {"unchanged": 1}
    crc_only = authkeys("ld1", "crc")
    first = judged(authkeys=crc_only, rules=(NO_CRC,))
    other = tuple(row for row in first.findings if row.state == "fail")
    assert len(other) == 1
    changed = replace(first, findings=(replace(other[0], configured="md5"),))
    assert moved(judged(changed, authkeys=crc_only, rules=(NO_CRC,))) == {"changed": 1}


def test_a_rule_that_is_not_asked_mends_nothing() -> None:
    assert moved(judged(judged(**crc(1)), rules=(ORDER,))) == {"unseen": 1}


def test_waiving_is_not_mending_and_an_expired_waiver_is_new() -> None:
    given = waiver("authkeys.crc", "ld1")
    failing, waived = judged(**crc(1)), judged(waivers=(given,), **crc(1))
    assert moved(judged(failing, waivers=(given,), **crc(1))) == {"unchanged": 1}
    assert moved(judged(waived, **crc(1))) == {"new": 1}
