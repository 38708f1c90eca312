"""Order of links as rc runs them: small runlevels as lists of names."""

from __future__ import annotations

from string import ascii_lowercase as LETTERS

from auditor.derive.boot import derive_enablement, derive_order
from auditor.model.facts import RcLink
from auditor.model.place import At


def runlevels(**levels: str) -> tuple[RcLink, ...]:
    """``rc3="S10network S75heartbeat"``; levels that are not given are as they should be."""
    good = {f"rc{n}": "S10network S12syslog S75heartbeat S85httpd S99local" for n in "2345"}
    good |= {f"rc{n}": "K05heartbeat K15httpd K88syslog K90network" for n in "016"}
    return tuple(
        RcLink(
            runlevel=level[2:],
            kind=name[0],
            number=int(name[1:].rstrip(LETTERS)),
            service=name[1:].lstrip("0123456789"),
            name=name,
            target=None,
            at=At(host="ld1", source=f"/etc/rc.d/{level}.d/{name}"),
        )
        for level, names in (good | levels).items()
        for name in names.split()
    )


def said(problems: tuple[object, ...]) -> list[str]:
    return [problem.message.en for problem in problems]  # type: ignore[attr-defined]


def test_the_runbooks_links_are_right() -> None:
    assert said(derive_enablement(runlevels(), "ld1")) == []
    assert said(derive_order(runlevels(), "ld1")) == []


def test_a_missing_and_a_double_start() -> None:
    links = runlevels(
        rc2="S10network", rc4="S10network S75heartbeat S99heartbeat", rc6="S00heartbeat K05heartbeat"
    )
    assert said(derive_enablement(links, "ld1")) == [
        "runlevel 2: 0 S links of heartbeat (-), 1 wanted",
        "runlevel 4: 2 S links of heartbeat (S75heartbeat, S99heartbeat), 1 wanted",
        "runlevel 6: 1 S links of heartbeat (S00heartbeat), 0 wanted",
    ]


def test_equal_numbers_go_by_the_alphabet() -> None:
    # S99heartbeat comes before S99local, but after S85httpd.
    links = runlevels(rc3="S10network S85httpd S99heartbeat S99local")
    assert said(derive_order(links, "ld1")) == ["runlevel 3: S99heartbeat starts after S85httpd"]


def test_three_digits_are_sorted_as_text() -> None:
    links = runlevels(rc3="S100heartbeat S11network")
    assert said(derive_order(links, "ld1")) == ["runlevel 3: S100heartbeat starts before S11network"]


def test_it_stops_before_the_network_goes() -> None:
    links = runlevels(rc0="K90network K95heartbeat", rc6="K90network")
    assert said(derive_order(links, "ld1")) == [
        "runlevel 0: K95heartbeat stops after K90network",
        "runlevel 6: no K link of heartbeat, so it is never stopped in order",
    ]
