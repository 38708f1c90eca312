"""ldirectord.cf as three generations of ldirectord read it."""

from __future__ import annotations

import os
import re
from collections import Counter
from pathlib import Path

import pytest

from auditor.model.facts import LdirectordCf, Reading
from auditor.parse.ldirectord import RELEASES, read_ldirectord
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


def _tally(words: object) -> str:
    return ",".join(f"{word}={count}" for word, count in sorted(Counter(words).items()))  # type: ignore[call-overload]


def _check_line(reading: Reading[LdirectordCf], verdict: str) -> None:
    """The line that the daemon stumbled over has a diagnostic; duplicates it reports where the service ended."""
    line = re.search(r"line (\d+): (?!duplicate)", verdict)
    if line is not None:
        wrong = [one.at.line for one in reading.diagnostics if one.severity == "error"]
        assert int(line[1]) in wrong, (verdict, reading.diagnostics)
