"""The decision table: a VIP on lo or on the interface itself, and what the two sysctls make of it."""

from __future__ import annotations

import pytest

from auditor.derive.arp import decide

# placement, arp_ignore, arp_announce, VIP in a subnet of the interface -> what the host does
TABLE = """
lo         0  2  yes  answers
lo         1  2  yes  silent
lo         2  2  yes  silent
lo         3  2  yes  answers
lo-host    3  2  yes  silent
lo         4  2  yes  answers
lo         7  2  yes  answers
lo         8  2  yes  unreachable
lo         9  2  yes  answers
lo         1  1  yes  announces
lo         1  1  no   silent
lo         1  0  no   announces
lo         1  3  no   announces
lo-host    1  2  no   silent
eth0       0  0  yes  answers
eth0       1  2  yes  answers
eth0       1  2  no   answers
eth0       2  2  yes  answers
eth0       2  2  no   silent
eth0       2  0  no   announces
eth0       3  2  yes  answers
eth0       8  2  yes  unreachable
"""


@pytest.mark.parametrize("row", [line.split() for line in TABLE.split("\n") if line], ids=" ".join)
def test_decision_table(row: list[str]) -> None:
    placement, ignore, announce, in_subnet, wanted = row
    kind, reason = decide(
        hidden=placement.startswith("lo"),
        scope_host=placement.endswith("-host"),
        in_subnet=in_subnet == "yes",
        arp_ignore=int(ignore),
        arp_announce=int(announce),
    )
    assert kind == wanted
    assert reason.en
    assert reason.zh
