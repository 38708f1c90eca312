"""Health checks of small pools: what they are worth and what they need."""

from __future__ import annotations

from textwrap import indent

import pytest

from auditor.derive.checks import derive_check_needs, derive_pools
from auditor.model.cluster import Packages
from auditor.model.facts import LdirectordCf
from auditor.model.place import At
from auditor.parse.ldirectord import read_ldirectord
from auditor.parse.text import read_document


def config(*options: str, virtual: str = "10.0.0.9:80", release: str = "2009") -> LdirectordCf:
    lines = "".join(f"{option}\n" for option in ("real=10.0.0.1:80 gate", *options))
    text = f"virtual={virtual}\n{indent(lines, '    ')}"
    return read_ldirectord(read_document(text.encode(), source="ldirectord.cf"), release).value


def installed(*names: str) -> Packages:
    at = At(host="ld1", source="packages")
    return Packages(heartbeat=None, ldirectord=None, ipvsadm=None, names=frozenset(names), at=at)


@pytest.mark.parametrize(
    ("options", "virtual", "checked"),
    [
        ((), "10.0.0.9:80", True),
        ((), "10.0.0.9:4711", False),  # no service has this port
        ((), "7", False),  # nor has a mark
        (("service=http",), "7", True),
        (("checktype=connect",), "10.0.0.9:4711", True),
        (("checktype=3",), "10.0.0.9:4711", True),  # three connects before each negotiation
        (("checktype=ping",), "7", True),
        (("checktype=on",), "10.0.0.9:80", False),
        (("checktype=off",), "10.0.0.9:80", False),
        (("checktype=external",), "10.0.0.9:80", False),
        (("checktype=external", "checkcommand=/usr/local/bin/check"), "10.0.0.9:80", True),
    ],
)
def test_what_is_checked(options: tuple[str, ...], virtual: str, checked: bool) -> None:
    (pool,) = derive_pools(config(*options, virtual=virtual))
    assert pool.checked is checked, pool.check.en


@pytest.mark.parametrize(
    ("receive", "text"),
    [
        ("ok", "loose"),
        ("^ok", "loose"),  # as in "okay, but not today"
        ("^ok$", "tight"),
        ("\\Aok\\s*\\Z", "tight"),
        ("^ok\\$", "loose"),  # a dollar sign, not the end
        (".*", "loose"),
        ("in service", "tight"),
        ("(a+)+$", "loose"),  # looked at, never run
    ],
)
def test_which_text_tells_pages_apart(receive: str, text: str) -> None:
    (pool,) = derive_pools(config(f'receive="{receive}"'))
    assert pool.text == text


def test_quiescent_may_stand_in_the_service() -> None:
    assert not derive_pools(config())[0].quiescent_set
    assert derive_pools(config("quiescent=yes"))[0].quiescent_set


@pytest.mark.parametrize(
    ("options", "release", "modules"),
    [
        (("service=http",), "2009", ["LWP::UserAgent"]),
        (("service=mysql",), "2009", ["DBI", "DBD::mysql"]),
        (("service=mysql", "checktype=connect"), "2009", []),
        (("service=mysql", "checktype=external"), "2009", []),
        (("service=mysql", "checktype=2"), "2009", ["DBI", "DBD::mysql"]),
        (("service=imap",), "2004", ["Mail::IMAPClient"]),
        (("service=imap",), "4.12", ["Net::IMAP::Simple"]),
        (("service=smtp",), "2009", []),  # comes with Perl itself
    ],
)
def test_modules_of_a_negotiation(options: tuple[str, ...], release: str, modules: list[str]) -> None:
    needs = derive_check_needs(config(*options, release=release), installed("perl-DBI"))
    assert [need.module for need in needs] == modules
    assert all(need.installed is (need.module == "DBI") for need in needs)
