"""The full product: every artifact of every example cluster is spoilt in every way, one at a time.

It takes many minutes, so that it is no part of the suite, which takes turns in test_unknown.py:

    pytest -q tests/judge/mutations.py
"""

from __future__ import annotations

import pytest

from tests.clusters.golden import examples
from tests.judge.test_unknown import SPOILS, every, faults


@pytest.mark.parametrize("spoil", SPOILS)
@pytest.mark.parametrize("name", ["wrong", "wrong too", *sorted(one.path.stem for one in examples())])
def test_no_rule_comes_out_better(name: str, spoil: str) -> None:
    assert faults(name, every, lambda number: [spoil]) == []
