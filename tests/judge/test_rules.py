"""Rule files: what is loaded, and what is refused where."""

from __future__ import annotations

from pathlib import Path

import pytest

from auditor.judge.rules import RuleError, load_rules, load_runbook, load_upstream
from auditor.model.findings import Fix
from auditor.model.place import Prose
from auditor.resources import RULES

GOOD = """\
title        = { en = "the name is known", zh = "名称已知" }
severity     = "high"
scope        = "host"
applies-to   = "director"
basis        = ["runbook 2f", "upstream 7.5"]
when         = "host.uname is not None"
for-each     = "link in host.heartbeat_links if link.kind == 'S'"
require      = "link.number == 75"
subject      = "link.name"
running      = "{link.number}"
message      = { en = "{link.name} is wrong", zh = "{link.name} 不对" }
why          = { en = "because", zh = "因为" }
judged       = { en = "so", zh = "如此" }
false-alarms = { en = "none", zh = "无" }
fix          = { en = "rename {it}", zh = "改名" }
"""


def write(folder: Path, text: str, name: str = "rc/order.toml") -> Path:
    path = folder / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def test_a_rule_is_named_by_its_place(tmp_path: Path) -> None:
    write(tmp_path, GOOD)
    (rule,) = load_rules(tmp_path)
    assert rule.id == "rc.order"
    assert rule.applies_to == "director"
    assert rule.for_each == "link in host.heartbeat_links if link.kind == 'S'"
    assert rule.fix == (Fix(kind="hint", text=Prose(en="rename {it}", zh="改名")),)


def test_a_fix_can_have_steps(tmp_path: Path) -> None:
    steps = '[{ kind = "command", en = "a", zh = "a" }, { kind = "file", en = "b", zh = "b" }]'
    write(tmp_path, GOOD.replace('{ en = "rename {it}", zh = "改名" }', steps))
    assert [fix.kind for fix in load_rules(tmp_path)[0].fix] == ["command", "file"]


@pytest.mark.parametrize(
    ("old", "new", "place", "message"),
    [
        ("host.uname is", "host.unam is", "6:22", "Host has no 'unam'; did you mean 'uname'?"),
        ("link.kind == 'S'", "link.kin == 'S'", "7:54", "RcLink has no 'kin'; did you mean 'kind'?"),
        ("{link.name} 不对", "{link.nam} 不对", "11:59", "did you mean 'name'?"),
        ("{link.name} is", "{lnk.name} is", "11:25", "there is no 'lnk' here; did you mean 'link'?"),
        ("link.number ==", "link.number +", "8:17", "BinOp is not part of the rule language"),
        ('"link.name"', "'''\nlink.nam'''", "10:6", "did you mean 'name'?"),
        ("runbook 2f", "runbook 2h", "5:18", "the runbook has no section '2h'"),
        ("severity     =", "severty      =", "2:1", "there is no key 'severty'; did you mean 'severity'?"),
        ('"high"', '"hihg"', "2:1", "'hihg' is not allowed for severity; did you mean 'high'?"),
        ('"director"', '"cluster"', "4:1", "applies-to"),
        ('require      = "link.number == 75"\n', "", "1:1", "'require' or 'forbid' is missing"),
        ('subject      = "link.name"\n', "", "1:1", "'subject' is a dependency of 'for-each'"),
        ('why          = { en = "because", zh = "因为" }\n', "", "1:1", "'why' is a required property"),
        (', zh = "因为"', "", "12:1", "why: 'zh' is a required property"),
        ('{ en = "because"', '{ en: "because"', "12:20", "Expected '='"),
    ],
)
def test_a_bad_rule_is_refused_where_it_is_bad(
    tmp_path: Path, old: str, new: str, place: str, message: str
) -> None:
    assert old in GOOD
    path = write(tmp_path, GOOD.replace(old, new, 1))
    with pytest.raises(RuleError) as caught:
        load_rules(tmp_path)
    assert str(caught.value).startswith(f"{path}:{place}: ")
    assert message in str(caught.value)


def test_cluster_rules_do_not_see_one_host(tmp_path: Path) -> None:
    text = GOOD.replace('"host"', '"cluster"').replace('"director"', '"cluster"')
    write(tmp_path, text)
    with pytest.raises(RuleError, match="there is no 'host' here; there is cluster"):
        load_rules(tmp_path)


def test_what_require_and_forbid_share_is_all_that_a_message_may_name(tmp_path: Path) -> None:
    text = GOOD.replace("subject ", 'forbid = "key in host.authkeys.keys"\nsubject ')
    write(tmp_path, text)
    load_rules(tmp_path)
    write(tmp_path, text.replace("{link.name} is", "{key.number} is"))
    with pytest.raises(RuleError, match="there is no 'key' here"):
        load_rules(tmp_path)


def test_an_id_is_given_once(tmp_path: Path) -> None:
    write(tmp_path, GOOD)
    (tmp_path / "site").mkdir()
    write(tmp_path / "site", GOOD)
    with pytest.raises(RuleError, match=r"rc\.order is defined in .*/rc/order\.toml already"):
        load_rules(tmp_path, tmp_path / "site")


@pytest.mark.parametrize("name", ["Rc/order.toml", "rc/two.parts.toml", "rc/_order.toml"])
def test_an_id_is_plain(tmp_path: Path, name: str) -> None:
    write(tmp_path, GOOD, name)
    with pytest.raises(RuleError, match="is no id for a rule"):
        load_rules(tmp_path)


def test_bytes_that_are_no_text(tmp_path: Path) -> None:
    write(tmp_path, "").write_bytes(b"title = '\xff'")
    with pytest.raises(RuleError, match="not UTF-8"):
        load_rules(tmp_path)


def test_the_rules_that_come_along_load() -> None:
    rules = load_rules(RULES)
    assert [rule.id for rule in rules] == sorted(rule.id for rule in rules)
    assert {section for rule in rules for section in rule.basis if section.startswith("runbook")} <= {
        f"runbook {number}" for number in load_runbook()
    }
    numbers = {basis.split()[1] for rule in rules for basis in rule.basis if basis.startswith("upstream")}
    assert {number.partition(".")[0] for number in numbers} == load_upstream().keys()
