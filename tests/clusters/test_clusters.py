"""Whole example clusters are judged as their golden reports say, line by line."""

from __future__ import annotations

import pytest

from tests.clusters.golden import Example, examples, golden

EXAMPLES = list(examples())


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.path.stem)
def test_all_that_is_wrong_and_nothing_else(example: Example) -> None:
    """After a change of rules or readers: ``make golden``, and every line that changed has to be true."""
    assert golden(example) == example.golden
