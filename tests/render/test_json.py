"""report.json: what the contract says, no more and no less, and the same report again when it is read."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from auditor.derive import derive_clusters
from auditor.judge.rules import load_rules
from auditor.judge.verdict import judge
from auditor.model.findings import Report
from auditor.render.json import ReportError, read_report, render_json, schema
from auditor.render.visible import shows_itself
from auditor.resources import RULES as RULES_FOLDER
from tests.hosts.snapshots import snapshot
from tests.render.hostile import PAYLOADS
from tests.render.sample import RULES, compared, poisoned, sample


def text_of(report: Report) -> str:
    out = io.StringIO()
    render_json(report, out)
    return out.getvalue()


def validate(text: str) -> Any:
    stored = json.loads(text)
    Draft202012Validator(schema()).validate(stored)
    return stored


def test_the_schema_is_one() -> None:
    Draft202012Validator.check_schema(schema())


def test_what_the_contract_says() -> None:
    stored = validate(text_of(sample()))
    assert stored["schema_version"] == "1.0"
    assert stored["tool"] == {"name": "lvsaudit", "version": "0.1.0"}
    assert stored["run"]["exit_code"] == 1
    assert stored["verdict"]["state"] == "not_ready"
    assert stored["verdict"]["unknown"] == ["ld2: partial", "rs4: unreachable"]
    assert stored["counts"] == {"pass": 2, "fail": 7, "unknown": 3, "not_applicable": 1, "waived": 1}
    finding = next(one for one in stored["findings"] if one["rule"] == "arp.silent")
    assert finding["actual"] == {"configured": "1", "running": "0"}
    assert finding["evidence"][0] == {
        "host": "rs1",
        "path": "/etc/sysctl.conf",
        "line": 14,
        "column": 32,
        "end_column": 33,
        "text": "net.ipv4.conf.all.arp_ignore = 0",
    }
    assert finding["fix"][0] == {"kind": "command", "text": "sysctl -w net.ipv4.conf.all.arp_ignore=1"}
    assert finding["waiver"] is None
    rule = next(one for one in stored["rules"] if one["id"] == "authkeys.mode")
    assert rule == {
        "id": "authkeys.mode",
        "severity": "high",
        "basis": "runbook",
        "section": "2a",
        "title": {"en": "authkeys is readable by root alone", "zh": "authkeys 仅 root 可读"},
    }


@pytest.mark.parametrize("variant", ["printed", "right"])
def test_what_is_judged_is_valid(variant: str, tmp_path: Path) -> None:
    """The runbook's cluster, all the way."""
    hosts = snapshot(variant)
    rules = load_rules(RULES_FOLDER)
    report = judge(hosts, derive_clusters(hosts), rules, run=sample().run)
    text = text_of(report)
    validate(text)
    path = tmp_path / "report.json"
    path.write_text(text, encoding="utf-8")
    assert text_of(read_report(path, rules)) == text


def test_bytes_are_determined() -> None:
    text = text_of(sample())
    assert text == text_of(sample())
    assert text.endswith("}\n")
    assert "\r" not in text
    assert "真实服务器" in text, "what is text is not escaped"
    keys = [line.strip().split('"')[1] for line in text.splitlines() if line.startswith(' "')]
    assert keys == sorted(keys)


@pytest.mark.parametrize("extra", ["", "run", "findings.0", "findings.0.evidence.0", "hosts.0.os", "rules.0"])
def test_nothing_else_is_accepted(extra: str) -> None:
    stored = json.loads(text_of(sample()))
    part = stored
    for step in filter(None, extra.split(".")):
        part = part[int(step)] if step.isdigit() else part[step]
    part["more"] = 1
    assert not Draft202012Validator(schema()).is_valid(stored)


def test_read_again(tmp_path: Path) -> None:
    path = tmp_path / "report.json"
    text = text_of(sample())
    path.write_text(text, encoding="utf-8", newline="\n")
    again = read_report(path, RULES.values())
    assert text_of(again) == text
    assert again.rules == sample().rules, "with what the catalogue knows of them"
    assert again.findings[0].fix == sample().findings[0].fix


def test_read_again_without_the_catalogue(tmp_path: Path) -> None:
    path = tmp_path / "report.json"
    path.write_text(text_of(sample()), encoding="utf-8")
    again = read_report(path)
    assert text_of(again) == text_of(sample())
    assert all(rule.why.en == "" for rule in again.rules)


@pytest.mark.parametrize("payload", PAYLOADS, ids=range(len(PAYLOADS)))
def test_hostile_words_go_through_whole_and_harmless(payload: str, tmp_path: Path) -> None:
    report = poisoned(compared(), lambda text: text + payload)
    text = text_of(report)
    assert all(sign == "\n" or shows_itself(sign) for sign in text)
    stored = json.loads(text)
    assert stored["findings"][0]["evidence"][0]["text"] == report.findings[0].evidence[0].text
    path = tmp_path / "report.json"
    path.write_bytes(text.encode("utf-8"))
    assert text_of(read_report(path)) == text


def state(stored: Any) -> None:
    stored["findings"][3]["state"] = "fine"


def missing(stored: Any) -> None:
    del stored["run"]["complete"]


def stranger(stored: Any) -> None:
    stored["findings"][2]["rule"] = "no.such\x1b[2J"


def blocker(stored: Any) -> None:
    stored["verdict"]["blockers"].append("nothing")


def version(stored: Any) -> None:
    stored["schema_version"] = "2.0"


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (state, "$.findings[3].state: 'fine' is not one of ["),
        (missing, "$.run: 'complete' is a required property"),
        (stranger, "$.findings[2].rule: no.such␛[2J is not among the report's rules"),
        (blocker, "$.verdict.blockers[6]: nothing is not among the findings"),
        (version, "$.schema_version: '1.0' was expected"),
    ],
)
def test_what_is_wrong_is_said_with_its_place(
    change: Callable[[Any], None], said: str, tmp_path: Path
) -> None:
    stored = json.loads(text_of(sample()))
    change(stored)
    path = tmp_path / "report.json"
    path.write_text(json.dumps(stored), encoding="utf-8")
    with pytest.raises(ReportError) as error:
        read_report(path)
    assert str(error.value).startswith(f"{path}: {said}")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "not JSON"),
        (b"\xff\xfe", "not JSON"),
        (b"{}" * 2, "not JSON"),
        (b"[" * 100_000, "not JSON"),
        (b"[]", "$: [] is not of type 'object'"),
    ],
)
def test_what_is_no_report(content: bytes, said: str, tmp_path: Path) -> None:
    path = tmp_path / "report.json"
    path.write_bytes(content)
    with pytest.raises(ReportError, match=said.replace("$", r"\$").replace("[]", r"\[\]")):
        read_report(path)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(ReportError, match="No such file"):
        read_report(tmp_path / "report.json")
