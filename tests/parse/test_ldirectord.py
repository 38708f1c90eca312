"""ldirectord.cf as three generations of ldirectord read it."""

from __future__ import annotations

import json
import os
import re
from collections import Counter
from pathlib import Path

import pytest

from auditor.model.facts import LdirectordCf, Reading
from auditor.parse.ldirectord import RELEASES, ldirectord_release, read_ldirectord
from auditor.parse.text import read_document

_CORPUS = os.environ.get("LVSAUDIT_CORPUS")

_LOCAL_SERVICES = re.compile(rb"service=(?:pingpong_master|pingpong_slave|pingpong|gprs)\b")
"""The recorded 2004 ldirectord carried four services that one company had added; upstream refuses them."""


def _read(text: str, release: str = "4.12") -> Reading[LdirectordCf]:
    return read_ldirectord(
        read_document(text.encode(), source="/etc/ha.d/ldirectord.cf", host="ld1"), release
    )


def _codes(reading: Reading[LdirectordCf], severity: str = "error") -> list[str]:
    return [one.code for one in reading.diagnostics if one.severity == severity]


_COLUMN = {"2004": 1, "2009": 2, "4.12": 3}


def _micro() -> list[tuple[str, str, str]]:
    if _CORPUS is None:
        return []
    rows = [
        line.split("\t") for line in (Path(_CORPUS) / "ldirectord-micro/RESULTS.tsv").read_text().splitlines()
    ]
    return [(row[0], release, row[_COLUMN[release]]) for row in rows[1:] for release in RELEASES]


def _recorded() -> list[tuple[str, str, str]]:
    if _CORPUS is None:
        return []
    found = []
    for line in (Path(_CORPUS) / "MANIFEST.tsv").read_text().splitlines()[1:]:
        cells = line.split("\t")
        if cells[1] == "ldirectord":
            verdicts = re.split(r" \| (?=v1\.186|4\.12)", cells[11])
            found += [
                (cells[0], release, verdict) for release, verdict in zip(RELEASES, verdicts, strict=True)
            ]
    return found


corpus = pytest.mark.skipif(_CORPUS is None, reason="LVSAUDIT_CORPUS is not set")


@corpus
def test_every_file_has_a_recorded_verdict_of_every_release() -> None:
    files = {f"ldirectord/{path.name}" for path in (Path(str(_CORPUS)) / "ldirectord").iterdir()}
    assert {path for path, _, _ in _recorded()} == files
    assert len(_recorded()) == len(RELEASES) * len(files)
    small = {path.stem for path in (Path(str(_CORPUS)) / "ldirectord-micro").glob("*.cf")}
    assert {case for case, _, _ in _micro()} == small


@corpus
@pytest.mark.parametrize(("case", "release", "verdict"), _micro())
def test_small_cases_get_the_verdict_of_the_real_parser(case: str, release: str, verdict: str) -> None:
    path = Path(str(_CORPUS)) / "ldirectord-micro" / f"{case}.cf"
    reading = read_ldirectord(read_document(path.read_bytes(), source=str(path)), release)
    assert reading.value.accepted == verdict.startswith("OK"), reading.diagnostics
    if reading.value.accepted:
        counts = re.match(r"OK v(\d+) r(\d+)", verdict)
        assert counts is not None
        assert len(reading.value.virtuals) == int(counts[1])
        assert sum(len(virtual.reals) for virtual in reading.value.virtuals) == int(counts[2])
    else:
        _check_line(reading, verdict)


@corpus
@pytest.mark.parametrize(("path", "release", "verdict"), _recorded())
def test_real_files_get_the_verdict_of_the_real_parser(path: str, release: str, verdict: str) -> None:
    content = (Path(str(_CORPUS)) / path).read_bytes()
    waived = False
    if release == "2004" and _LOCAL_SERVICES.search(content) and ": OK" in verdict:
        content, waived = _LOCAL_SERVICES.sub(b"service=none", content), True
    reading = read_ldirectord(read_document(content, source=path), release)
    assert reading.value.accepted == (": OK" in verdict), reading.diagnostics
    if not reading.value.accepted:
        _check_line(reading, verdict)
        return
    virtuals = reading.value.virtuals
    assert f" v={len(virtuals)} r={sum(len(virtual.reals) for virtual in virtuals)} " in verdict
    assert f" fwd={_tally(real.forwarding for virtual in virtuals for real in virtual.reals)} " in verdict
    assert f" sch={_tally(virtual.scheduler for virtual in virtuals)} " in verdict
    assert f" ct={_tally(virtual.checktype for virtual in virtuals)} " in verdict
    assert waived or f" svc={_tally(virtual.service for virtual in virtuals)} " in verdict
    assert f" proto={_tally(virtual.protocol for virtual in virtuals)} " in verdict


def _captured() -> list[str]:
    folder = Path(_CORPUS).parent / "captures/30-oracles/ldirectord-cf-cases" if _CORPUS else None
    return sorted(path.name for path in folder.glob("*.cf")) if folder is not None else []


@corpus
@pytest.mark.parametrize("name", _captured())
def test_captured_cases_get_the_values_of_4_12(name: str) -> None:
    folder = Path(str(_CORPUS)).parent / "captures/30-oracles/ldirectord-cf-cases"
    verdict = json.loads((folder / f"{name}.json").read_text())
    reading = read_ldirectord(read_document((folder / name).read_bytes(), source=name))
    assert reading.value.accepted == verdict["accepted"], reading.diagnostics
    if verdict["accepted"]:
        assert [
            (
                virtual.scheduler,
                virtual.service,
                virtual.checktype,
                [(real.port or 0, real.forwarding, real.weight) for real in virtual.reals],
            )
            for virtual in reading.value.virtuals
        ] == [
            (
                virtual["scheduler"],
                virtual["service"],
                virtual["checktype"],
                [(int(real["port"]), real["forward"], int(real["weight"])) for real in virtual["real"]],
            )
            for virtual in verdict["virtual"]
        ]


def _tally(words: object) -> str:
    return ",".join(f"{word}={count}" for word, count in sorted(Counter(words).items()))  # type: ignore[call-overload]


def _check_line(reading: Reading[LdirectordCf], verdict: str) -> None:
    """The line that the daemon stumbled over has a diagnostic; duplicates it reports where the service ended."""
    line = re.search(r"line (\d+): (?!duplicate)", verdict)
    if line is not None:
        wrong = [one.at.line for one in reading.diagnostics if one.severity == "error"]
        assert int(line[1]) in wrong, (verdict, reading.diagnostics)


_RUNBOOK = """\
checktimeout=3
checkinterval=3
fallback=127.0.0.1:80
autoreload=yes
quiescent=no
virtual=202.75.216.173:80
        fallback=127.0.0.1:80
        real=202.75.216.163:80 gate 7
        real=202.75.216.164:80 gate 9
        service=http
        request="checknode.lvs"
        receive="ok"
        scheduler=wrr
#       persistent=60
        protocol=tcp
        checktype=negotiate
"""


@pytest.mark.parametrize("release", RELEASES)
def test_the_runbooks_service_is_read_with_its_places(release: str) -> None:
    reading = _read(_RUNBOOK, release)
    assert reading.value.accepted
    assert not reading.diagnostics
    (virtual,) = reading.value.virtuals
    assert (virtual.name, virtual.protocol, virtual.scheduler, virtual.service, virtual.checktype) == (
        "202.75.216.173:80",
        "tcp",
        "wrr",
        "http",
        "negotiate",
    )
    assert [(real.address, real.port, real.forwarding, real.weight) for real in virtual.reals] == [
        ("202.75.216.163", 80, "gate", 7),
        ("202.75.216.164", 80, "gate", 9),
    ]
    assert (virtual.request, virtual.receive) == ("/checknode.lvs", "ok")
    assert (virtual.quiescent, virtual.persistent, virtual.family) == (False, None, 4)
    assert virtual.fallback is not None
    assert (virtual.fallback.address, virtual.fallback.port, virtual.fallback.forwarding) == (
        "127.0.0.1",
        80,
        "gate",
    )
    real = virtual.reals[1]
    assert str(real.at) == "ld1:/etc/ha.d/ldirectord.cf:9"
    assert (real.at.column, real.at.end_column) == (14, 38)
    assert reading.value.quiescent is not None
    assert reading.value.quiescent.at.line == 5
    assert len(reading.facts) == 15


@pytest.mark.parametrize(
    ("line", "code", "column", "message"),
    [
        (
            "real=10.0.0.2:80 gate 1.5",
            "weight",
            27,
            'weight "1.5" is refused by every ldirectord: a whole number is wanted',
        ),
        (
            "real=10.0.0.2:80 gate -1",
            "weight",
            27,
            'weight "-1" is refused by every ldirectord: a whole number is wanted',
        ),
        (
            "real=10.0.0.2:80",
            "forwarding",
            10,
            '"10.0.0.2:80" has no forwarding method: gate, masq or ipip is wanted behind it',
        ),
        (
            "real=10.0.0.2:80 GATE 1",
            "forwarding",
            22,
            'forwarding "GATE" is refused: gate, masq or ipip is wanted',
        ),
        (
            "real=10.0.0.999:80 gate",
            "real",
            10,
            'address "10.0.0.999" does not exist, so this real server is refused',
        ),
        (
            "real=10.0.0.2:80 gate 1 x",
            "real-rest",
            29,
            '"x" is refused: nothing may stand here behind forwarding method and weight',
        ),
        (
            "real=10.0.0.2:80\tgate\t\t1.5 x",
            "weight",
            28,
            'weight "1.5" is refused by every ldirectord: a whole number is wanted',
        ),
        (
            "real=10.0.0.9->10.0.0.2:80 gate",
            "range",
            10,
            "the range 10.0.0.9->10.0.0.2 is refused: it runs backwards",
        ),
        (
            "request=index.html",
            "quotes",
            13,
            "request index.html is refused: the value must stand in double quotes",
        ),
        (
            'receive="a#b"',
            "comment-in-quotes",
            13,
            '"#" begins a comment even inside quotes: of receive only "a is left, which is refused',
        ),
        ('login=""', "empty", 11, "login is refused without a value"),
        (
            "quiescent=no # x",
            "yes-no",
            15,
            "quiescent is refused: a blank or carriage return stands behind no, and exactly yes or no is wanted",
        ),
        ("persistent=yes", "number", 16, 'persistent "yes" is refused: a whole number is wanted'),
        ("checkport=0", "port", 15, "checkport 0 is refused: 1 to 65535 is wanted"),
        ("scheduler=WRR", "scheduler", 15, 'scheduler "WRR" is refused: a name in small letters is wanted'),
        (
            "Scheduler=rr",
            "unknown-directive",
            5,
            '"Scheduler" is a directive that no ldirectord knows; scheduler is meant?',
        ),
        (
            "autoreload=yes",
            "wrong-place",
            5,
            "autoreload is a global line: it must begin in the first column",
        ),
        (
            "protocol=fwm",
            "protocol",
            14,
            "protocol fwm is refused: a service of address and port is tcp or udp",
        ),
        (
            "what is this",
            "unknown-command",
            9,
            '"what is this" is a command that no ldirectord knows: key=value is wanted',
        ),
    ],
)
def test_a_refusal_says_where_and_why_in_both_languages(
    line: str, code: str, column: int, message: str
) -> None:
    reading = _read(f"virtual=10.0.0.1:80\n    {line}\n    real=10.0.0.8:80 gate\n")
    (error,) = (one for one in reading.diagnostics if one.severity == "error")
    assert (error.code, error.at.line, error.at.column, error.message.en) == (code, 2, column, message)
    assert error.message.zh
    assert not reading.value.accepted
    assert [real.address for real in reading.value.virtuals[0].reals][-1] == "10.0.0.8"


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("quiescent=yes \n", "yes-no"),
        ("autoreload=yes # x\n", "yes-no"),
        (" checktimeout=3\n", "indentation"),
        ("logfile=/var/log/x\n", "quotes"),
        ("timeout=3\n", "withdrawn-directive"),
        ("fallback=127.0.0.1:80 # x\n", "forwarding"),
        ("real=10.0.0.2:80 gate\n", "wrong-place"),
        ("virtual=10.0.0.1:80\n   real=10.0.0.2:80 gate\n", "indentation"),
        ("virtual=10.0.0.1:80\n    service=http\n\n    real=10.0.0.2:80 gate\n", "outside-virtual"),
        ("virtual=10.0.0.1:80\n     \n    service=http\n", "wide-blank-line"),
        ("virtual=10.0.0.1:80\n\t \n    service=http\n", "wide-blank-line"),
        ("virtual=x y\n    service=http\n", "virtual"),
        ("virtual=10.0.0.1:99999\n    service=http\n", "virtual"),
        ("virtual=[fe80::1]:80\n    service=http\n", "family"),
        ("virtual6=[fe80::1]:80\n    real=10.0.0.2:80 gate\n", "family"),
        (
            "virtual=10.0.0.1:80\n    service=http\n\nvirtual=10.0.0.1:80\n    service=http\n",
            "duplicate-virtual",
        ),
        ("virtual=10.0.0.1:80", "virtual-at-end"),
        ("virtual=10.0.0.1:80\n    emailalertstatus=none, all\n", "emailalertstatus"),
        ("quiescent=yes\r\n", "yes-no"),
        ("virtual=10.0.0.1:80\n\u3000\u3000real=10.0.0.2:80 gate\n", "unknown-command"),
    ],
)
def test_what_4_12_refuses_has_a_code_of_its_own(text: str, code: str) -> None:
    reading = _read(text)
    assert _codes(reading) == [code]


@pytest.mark.parametrize(
    ("options", "code", "field", "value"),
    [
        ("scheduler=Wrr", "value-cut", "scheduler", "rr"),
        ("checktype=3connect", "checktype-number", "checktype", "combined"),
        ("persistent=10m", "number-cut", "persistent", 10),
        ("netmask=255.255.255.255", "netmask-alone", "netmask", "255.255.255.255"),
        ("ops=yes", "ops-without-udp", "ops", False),
        ("service=http,https", "value-cut", "service", "http"),
    ],
)
def test_silent_readings_are_warned_of(options: str, code: str, field: str, value: object) -> None:
    reading = _read(f"virtual=10.0.0.1:80\n    {options}\n")
    assert reading.value.accepted
    assert _codes(reading, "warning") == [code]
    assert getattr(reading.value.virtuals[0], field) == value


def test_an_address_without_a_port_is_a_firewall_mark() -> None:
    reading = _read("virtual=10.1.2.3\n    real=10.0.0.2 gate\n")
    assert reading.value.accepted
    (warning,) = reading.diagnostics
    assert warning.message.en == "`virtual=10.1.2.3` has no port: ldirectord takes it for firewall mark 10"
    assert warning.message.zh == "`virtual=10.1.2.3` 没有端口: ldirectord 会当作防火墙标记 10"
    (virtual,) = reading.value.virtuals
    assert (virtual.name, virtual.mark, virtual.protocol, virtual.service) == ("10", 10, "fwm", "none")
    assert virtual.reals[0].port is None


def test_everything_a_real_server_may_say_is_read() -> None:
    reading = _read(
        "virtual=10.0.0.1:http\n"
        '    real=10.0.0.2->10.0.0.4:8080 masq 5 "a.html","ok" l:1 u:9\n'
        "    real=web.example.com ipip -w 3\n"
    )
    assert reading.value.accepted
    (virtual,) = reading.value.virtuals
    assert virtual.port == 80
    assert [(real.address, real.port, real.forwarding, real.weight) for real in virtual.reals] == [
        ("10.0.0.2", 8080, "masq", 5),
        ("10.0.0.3", 8080, "masq", 5),
        ("10.0.0.4", 8080, "masq", 5),
        ("web.example.com", None, "ipip", 3),
    ]
    first = virtual.reals[0]
    assert (first.request, first.receive, first.lower, first.upper) == ("/a.html", "ok", 1, 9)
    assert _codes(reading, "warning") == ["weight-search"]


def test_a_service_of_ipv6_is_read() -> None:
    reading = _read("virtual6=[FE80:0::1]:443\n    real6=[fe80::2]:443 gate\n    fallback6=[::1]:80\n")
    assert reading.value.accepted, reading.diagnostics
    (virtual,) = reading.value.virtuals
    assert (virtual.name, virtual.address, virtual.family, virtual.service) == (
        "[fe80::1]:443",
        "fe80::1",
        6,
        "https",
    )
    assert virtual.reals[0].address == "fe80::2"


@pytest.mark.parametrize(
    ("option", "releases"),
    [
        ("checktype=external", ("2009", "4.12")),
        ("ops=no", ("4.12",)),
        ("connecttimeout=3", ("2004",)),
        ("service=ldaps", ("4.12",)),
        ("service=mysql", RELEASES),
        ("servicename=x", ("4.12",)),
        ("failurecount=2", ("2009", "4.12")),
        ("real=10.0.0.2:80 gate l:1", ("4.12",)),
        ("netmask=255.255.255.0 x", ("2004", "2009")),
    ],
)
def test_each_release_knows_its_own_directives(option: str, releases: tuple[str, ...]) -> None:
    text = f"virtual=10.0.0.1:80\n    {option}\n    service=http\n"
    assert tuple(release for release in RELEASES if _read(text, release).value.accepted) == releases


def test_a_refusal_by_age_names_the_release_that_knows_better() -> None:
    (error,) = _read("virtual=10.0.0.1:80\n    ops=no\n", "2009").diagnostics
    assert error.message.en == "ops is refused by ldirectord 2009: it exists from 4.12 on"


def test_quiescent_defaults_changed_between_the_releases() -> None:
    text = "virtual=10.0.0.1:80\n    service=http\n"
    assert [_read(text, release).value.virtuals[0].quiescent for release in RELEASES] == [True, False, False]
    assert _read("quiescent=no\n" + text, "2004").value.virtuals[0].quiescent is False


def test_a_duplicate_is_refused_since_2009_only() -> None:
    text = "virtual=10.0.0.1:80\n    service=http\n" * 2
    assert [_read(text, release).value.accepted for release in RELEASES] == [True, False, False]
    assert len(_read(text).value.virtuals) == 2


def test_one_broken_line_does_not_hide_the_rest() -> None:
    reading = _read(
        "virtual=10.0.0.1:80\n    real=10.0.0.2:80 gate one\n    nonsense\n    real=10.0.0.3:80 gate 4\n"
    )
    assert [real.address for real in reading.value.virtuals[0].reals] == ["10.0.0.3"]
    assert [one.text for one in reading.unparsed] == ["    nonsense"]


def test_a_byte_order_mark_and_carriage_returns_are_seen() -> None:
    content = b"\xef\xbb\xbfvirtual=10.0.0.1:80\r\n    real=10.0.0.2:80 gate 1\r\n"
    reading = read_ldirectord(read_document(content, source="ldirectord.cf"))
    assert _codes(reading) == ["byte-order-mark"]
    assert _codes(reading, "warning") == ["carriage-return"]
    assert reading.value.virtuals[0].reals[0].weight == 1


def test_a_redacted_secret_is_read_as_the_original() -> None:
    clear = _read('virtual=10.0.0.1:80\n    login="me"\n    passwd="s3cret"\n')
    hidden = _read(
        'virtual=10.0.0.1:80\n    login="«redacted:login:len2:1»"\n    passwd="«redacted:passwd:len6:2»"\n'
    )
    assert clear.value.accepted
    assert hidden.value.accepted
    assert not hidden.diagnostics


@pytest.mark.parametrize(
    ("version", "release"),
    [
        ("1.2.3", "2004"),
        ("2.0.7", "2009"),
        ("2.1.4-1.el5", "2009"),
        ("3.9.5", "2009"),
        ("4.12.0", "4.12"),
        ("1:4.12.0-2", "4.12"),
        ("", "4.12"),
    ],
)
def test_a_package_version_chooses_the_release(version: str, release: str) -> None:
    assert ldirectord_release(version) == release


def test_an_unknown_release_is_an_error() -> None:
    with pytest.raises(KeyError, match=r"2004, 2009, 4\.12"):
        _read("", "5.0")
