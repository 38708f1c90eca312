"""ldirectord.cf against ipvsadm -Ln, and against another ldirectord.cf."""

from __future__ import annotations

from textwrap import dedent, indent

import pytest

from auditor.derive.drift import compare_ldirectord, derive_ipvs_problems
from auditor.model.place import At, Unknown
from auditor.parse import read
from auditor.parse.text import read_document

POOL = """
real=10.0.0.1:80 gate 7
real=10.0.0.2:80 gate 9
scheduler=wrr
"""
TABLE = """\
IP Virtual Server version 1.2.0 (size=4096)
Prot LocalAddress:Port Scheduler Flags
  -> RemoteAddress:Port           Forward Weight ActiveConn InActConn
TCP  10.0.0.9:80 wrr
  -> 10.0.0.1:80                  Route   7      0          0
  -> 10.0.0.2:80                  Route   9      0          0
"""


def config(pool: str = POOL, head: str = "quiescent=no", virtual: str = "10.0.0.9:80"):  # type: ignore[no-untyped-def]
    text = f"{head}\nvirtual={virtual}\n{indent(dedent(pool).strip(), '        ')}\n"
    reading = read("ldirectord", read_document(text.encode(), source="ldirectord.cf"))
    assert reading.value.accepted, reading.diagnostics
    return reading.value


def differences(cf: object, table: str) -> list[str]:
    reading = read("ipvsadm", read_document(table.encode(), source="ipvsadm"))
    return [
        problem.why.en if isinstance(problem, Unknown) else problem.message.en
        for problem in derive_ipvs_problems(cf, reading.value, None)  # type: ignore[arg-type]
    ]


def test_file_and_table_agree_whatever_the_order() -> None:
    head, first, second = TABLE[: TABLE.index("  -> 10")], *TABLE.splitlines(keepends=True)[4:]
    assert differences(config(), TABLE) == []
    assert differences(config(), head + second + first) == []


@pytest.mark.parametrize(
    ("old", "new", "wanted"),
    [
        ("Route   9", "Route   3", "10.0.0.9:80: 10.0.0.2 has weight 3 live, 9 in ldirectord.cf"),
        ("Route   9", "Masq    9", "10.0.0.9:80: 10.0.0.2 is forwarded by masq, ldirectord.cf says gate"),
        ("wrr", "rr", "10.0.0.9:80: scheduler is rr live, wrr in ldirectord.cf"),
        ("wrr", "wrr persistent 600", "10.0.0.9:80: persistent is 600 live, - in ldirectord.cf"),
        (
            "10.0.0.2:80 ",
            "10.0.0.3:80 ",
            "10.0.0.9:80: real server 10.0.0.3:80 is live, but not in ldirectord.cf",
        ),
    ],
)
def test_what_was_changed_by_hand_is_drift(old: str, new: str, wanted: str) -> None:
    assert differences(config(), TABLE.replace(old, new)) == [wanted]


def test_a_directors_own_address_is_shown_as_local() -> None:
    assert differences(config(), TABLE.replace("Route   9", "Local   9")) == []


def test_what_the_health_check_took_out_is_no_drift() -> None:
    gone = TABLE[: TABLE.index("  -> 10.0.0.2")]
    at_zero = TABLE.replace("Route   9", "Route   0")
    assert differences(config(), gone) == []
    assert differences(config(head="quiescent=yes"), at_zero) == []


def test_the_other_way_round_it_is() -> None:
    gone = TABLE[: TABLE.index("  -> 10.0.0.2")]
    at_zero = TABLE.replace("Route   9", "Route   0")
    assert "has weight 0 live, 9" in differences(config(), at_zero)[0]
    assert "is in ldirectord.cf, but not live" in differences(config(head="quiescent=yes"), gone)[0]


def test_the_fallback_may_stand_in() -> None:
    pool = POOL + "fallback=127.0.0.1:80 gate\n"
    sorry = (
        TABLE[: TABLE.index("  -> 10.0.0.1")]
        + "  -> 127.0.0.1:80                 Local   1      0          0\n"
    )
    assert differences(config(pool), sorry) == []


def test_outside_masq_the_services_port_wins() -> None:
    assert differences(config(POOL.replace("10.0.0.2:80", "10.0.0.2:8080")), TABLE) == []


def test_services_on_one_side_only() -> None:
    missing = differences(config(virtual="10.0.0.8:80"), TABLE)
    assert missing == [
        "virtual service 10.0.0.8:80 is in ldirectord.cf, but not in the live table",
        "virtual service 10.0.0.9:80 is live, but not in ldirectord.cf",
    ]


def test_a_name_cannot_be_compared() -> None:
    assert "web1 is a name" in differences(config(POOL.replace("10.0.0.2", "web1")), TABLE)[0]


@pytest.mark.parametrize(
    ("other", "wanted"),
    [
        (config(POOL + "# a remark\n"), "identical"),
        (config(POOL.replace("gate 9", "gate 8")), "10.0.0.9:80: real is"),
        (config(head="quiescent=yes"), "10.0.0.9:80: quiescent is False and True"),
        (config(virtual="10.0.0.8:80"), "only one has 10.0.0.8:80"),
    ],
)
def test_two_files_by_meaning(other: object, wanted: str) -> None:
    comparison = compare_ldirectord({"ld1": config(), "ld2": other})  # type: ignore[dict-item]
    assert wanted == comparison.kind or wanted in comparison.explanation.en
    assert all(isinstance(at, At) for at in comparison.ats)
