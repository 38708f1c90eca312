"""What a verdict is asked for: rules chosen, rules of a site, waivers, a baseline; the same for check and scan."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from auditor.cli import exits, main
from auditor.resources import DEMO, RULES

SITE = """\
title        = { en = "ntpd runs", zh = "ntpd 在运行" }
severity     = "critical"
scope        = "host"
applies-to   = "host"
basis        = []
require      = "host.uname.node == 'nobody'"
message      = { en = "{host.name} has no clock", zh = "{host.name} 没有时钟" }
why          = { en = "because", zh = "因为" }
judged       = { en = "so", zh = "如此" }
false-alarms = { en = "none", zh = "无" }
fix          = { en = "start it", zh = "启动" }
"""
WAIVER = """\
[[waiver]]
rule = "haresources.same-on-nodes"
hosts = ["ld1+ld2"]
reason = "known"
owner = "ops"
expires = 2999-12-31
"""


def check(folder: Path, *words: str, snapshot: Path = DEMO) -> tuple[int, dict[str, Any]]:
    status = main(["check", str(snapshot), "-o", str(folder), "--lang", "en", *words])
    return status, json.loads((folder / "report.json").read_text("utf-8"))


def site(folder: Path, text: str = SITE, name: str = "site/clock.toml") -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return folder


def failing(report: dict[str, Any], rule: str) -> set[str | None]:
    return {row["host"] for row in report["findings"] if (row["rule"], row["state"]) == (rule, "fail")}


def test_rules_are_chosen_by_name_and_area(tmp_path: Path) -> None:
    _, report = check(
        tmp_path, "--select", "arp.*,ssh.obsolete", "--select", "rc.*", "--ignore", "arp.silent"
    )
    ids = [rule["id"] for rule in report["rules"]]
    assert {name.partition(".")[0] for name in ids} == {"arp", "ssh", "rc"}
    assert "arp.silent" not in ids
    assert "arp.silent" in report["omitted"]
    everything = {f"{path.parent.name}.{path.stem}" for path in RULES.glob("*/*.toml")}
    assert {*ids, *report["omitted"]} == everything


def test_what_blocks_is_a_choice(tmp_path: Path) -> None:
    words = ("--select", "ssh.obsolete")
    assert check(tmp_path, *words)[0] == exits.OK
    assert check(tmp_path, *words, "--fail-on", "info")[0] == exits.FINDINGS


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("--select arp.silnt", "--select: no rule is called 'arp.silnt'; did you mean arp.silent?"),
        ("--ignore arb.*", "--ignore: no rule is called 'arb.*'; did you mean arp.*?"),
        ("--ignore arp", "no rule is called 'arp'"),
        ("--select arp.*,", "no rule is called ''"),
        ("--select ssh.obsolete --ignore ssh.*", "leave no rule to judge by"),
        ("--rules /nowhere", "--rules /nowhere: there is no such folder"),
        ("--rules /proc/self/fdinfo", "there are no rules in it"),
        ("--waivers /nowhere", "/nowhere:1:1: cannot be read: No such file"),
        ("--baseline /nowhere", "--baseline: /nowhere: No such file"),
        ("--baseline /etc/hosts", "--baseline: /etc/hosts: not JSON"),
    ],
)
@pytest.mark.parametrize("verb", [f"check {DEMO}", "scan ld1,", "demo"])
def test_wrong_terms_are_told_before_anything_is_done(
    verb: str, words: str, said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*verb.split(), "-o", str(tmp_path / "out"), *words.split()]) == exits.USAGE
    heard = capsys.readouterr()
    assert said in heard.err
    assert heard.out == ""
    assert not (tmp_path / "out").exists()


def test_a_site_has_rules_of_its_own(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    own = str(site(tmp_path / "own"))
    status, report = check(tmp_path, "--rules", own, "--select", "site.*")
    assert status == exits.FINDINGS
    assert failing(report, "site.clock") == {"ld1", "ld2", "rs1", "rs2", "rs3", "rs4"}
    assert main(["explain", "site.clock", "--rules", own, "--lang", "en"]) == exits.OK
    assert "start it" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("arp/silent.toml", SITE, "arp/silent.toml:1:1: arp.silent is defined in "),
        ("clock.toml", SITE, "a rule lies in a folder with the name of its area"),
        (
            "site/clock.toml",
            SITE.replace("severity", "severty"),
            "clock.toml:2:1: there is no key 'severty'; did",
        ),
        (
            "site/clock.toml",
            SITE.replace("uname.node", "uname.nod"),
            "clock.toml:6:28: Uname has no 'nod'; did you",
        ),
        ("site/clock.toml", "title = ", "clock.toml:1:9: "),
    ],
)
def test_a_bad_rule_of_a_site_is_told_where(
    name: str, text: str, said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    own = site(tmp_path / "own", text, name)
    assert main(["check", str(DEMO), "--rules", str(own)]) == exits.USAGE
    assert said in capsys.readouterr().err


def test_waivers_are_found_beside_the_snapshot(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shutil.copytree(DEMO, tmp_path / "snapshot")
    _, plain = check(tmp_path / "out", snapshot=tmp_path / "snapshot")
    (tmp_path / "waivers.toml").write_text(WAIVER)
    _, waived = check(tmp_path / "out", snapshot=tmp_path / "snapshot")
    assert "waivers.toml: 1 waiver\n" in capsys.readouterr().err
    assert (plain["counts"]["waived"], waived["counts"]["waived"]) == (0, 1)
    (row,) = [row for row in waived["findings"] if row["state"] == "waived"]
    assert row["waiver"] == {"reason": "known", "owner": "ops", "expires": "2999-12-31"}
    _, named = check(tmp_path / "out", "--waivers", str(tmp_path / "waivers.toml"))
    assert {**named, "run": None} == {**waived, "run": None}, "wherever they lie"
    _, none = check(tmp_path / "out", "--waivers", "/dev/null", snapshot=tmp_path / "snapshot")
    assert none["counts"]["waived"] == 0


def test_with_a_baseline_only_what_is_new_counts(tmp_path: Path) -> None:
    check(tmp_path / "before")
    baseline = ("--baseline", str(tmp_path / "before" / "report.json"))
    status, report = check(tmp_path / "after", *baseline)
    assert (status, report["run"]["exit_code"], report["verdict"]["state"]) == (exits.OK, 0, "not_ready")
    assert report["baseline"]["new"] == []
    assert len(report["baseline"]["unchanged"]) == report["counts"]["fail"]
    own = ("--rules", str(site(tmp_path / "own")))
    status, report = check(tmp_path / "after", *baseline, *own)
    assert (status, len(report["baseline"]["new"])) == (exits.FINDINGS, 6)
