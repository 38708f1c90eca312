"""diff as a user types it: what a script gets, what a person sees, and which status the shell sees."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from auditor.cli import exits, main
from auditor.collect.store import Store
from auditor.model.inventory import Inventory, Target
from auditor.model.place import At
from auditor.model.snapshot import Snapshot
from auditor.resources import DEMO, REPORTS
from tests.derive.test_difference import edited


def stored(snapshot: Snapshot, folder: Path) -> Path:
    """A snapshot as a run leaves it."""
    store = Store(folder)
    targets = tuple(Target(name=host.name, at=At(host="", source="")) for host in snapshot.hosts)
    store.begin(Inventory(source="hosts", targets=targets), snapshot.started)
    for host in snapshot.hosts:
        store.write(host)
    store.finish(snapshot.started)
    store.close()
    return folder


@pytest.fixture(scope="module")
def right(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return stored(edited(), tmp_path_factory.mktemp("right") / "run" / "snapshot")


def diff(capsys: pytest.CaptureFixture[str], *words: str | Path) -> tuple[int, str, str]:
    status = main(["diff", *map(str, words), "--lang", "en"])
    heard = capsys.readouterr()
    return status, heard.out, heard.err


def as_json(capsys: pytest.CaptureFixture[str], *words: str | Path) -> dict[str, Any]:
    _, out, _ = diff(capsys, *words, "-f", "json")
    found: dict[str, Any] = json.loads(out)
    schema = json.loads((REPORTS / "schema" / "diff.json").read_text("utf-8"))
    Draft202012Validator.check_schema(schema)
    Draft202012Validator(schema).validate(found)
    return found


def test_nothing_differs(right: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    again = stored(edited(), tmp_path / "again")
    assert diff(capsys, right, again) == (exits.OK, "", "SAME: nothing differs\n")
    assert diff(capsys, right.parent, again)[0] == exits.OK, "the folder of a scan will do"
    found = as_json(capsys, right, again)
    assert (found["different"], found["complete"], found["changes"]) == (False, True, [])


def test_a_weight(right: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    new = stored(edited("ld1: $ ipvsadm s/Route   9 /Route   3 /"), tmp_path / "new")
    status, out, err = diff(capsys, right, new)
    assert status == exits.FINDINGS
    assert (
        "ld1\n  IPVS, running\n    ~ tcp 202.75.216.173:80 real 202.75.216.164:80: gate weight 9 → gate weight 3\n"
        in out
    )
    assert "  + new  ipvs.table  ld1: " in out
    assert err.startswith("DIFFERENT: 2 changes by meaning, 2 findings, 0 texts;")
    found = as_json(capsys, right, new)
    change = found["changes"][0]
    assert (change["kind"], change["before"]["value"], change["after"]["value"]) == (
        "changed",
        "gate weight 9",
        "gate weight 3",
    )
    assert [row["rule"] for row in found["findings"]["new"]] == ["ipvs.table"] * 2


def test_a_gap_is_no_agreement(right: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    new = stored(edited("ld1: unreadable $ packages"), tmp_path / "new")
    other = stored(edited("ld1: unreadable $ packages"), tmp_path / "other")
    assert diff(capsys, right, new)[0] == exits.FINDINGS, "it was read whole, and is not any more"
    status, out, err = diff(capsys, other, new)
    assert (status, err.partition(":")[0]) == (exits.INCOMPLETE, "CANNOT TELL")
    assert "? ld1  packages: " in out


def test_reports(right: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    new = stored(edited("ld1: /etc/ha.d/ha.cf s/auto_failback off/auto_failback on/"), tmp_path / "new")
    for name, snapshot in (("a", right), ("b", new)):
        main(["check", str(snapshot), "-o", str(tmp_path / name), "--lang", "en"])
    capsys.readouterr()
    pair = [tmp_path / name / "report.json" for name in "ab"]
    assert diff(capsys, pair[0], pair[0])[:2] == (exits.OK, "")
    found = as_json(capsys, *pair)
    assert [(one["area"], one["name"]) for one in found["changes"]] == [("file", "/etc/ha.d/ha.cf")]
    assert [row["rule"] for row in found["findings"]["new"]] == ["ha-cf.auto-failback"]


def test_a_host_drives_no_terminal(right: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    evil = "ld1: /etc/inittab s/id:3/\x1b[31mid:3\u202e/"
    named = "ld1: $ packages s/httpd 2/\x1b]0;x\x07httpd 2/"
    new = stored(edited(evil, named), tmp_path / "new")
    for words in ((), ("-f", "json")):
        _, out, _ = diff(capsys, right, new, *words)
        assert not {"\x1b", "\x07", "\u202e"} & set(out)


def test_wrong_words(right: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", str(DEMO), "-o", str(tmp_path)]) == exits.FINDINGS
    shutil.copytree(DEMO, tmp_path / "demo")
    capsys.readouterr()
    status, _, err = diff(capsys, right, tmp_path / "report.json")
    assert (status, "give two snapshots or two reports" in err) == (exits.USAGE, True)
    assert diff(capsys, right, tmp_path / "nowhere")[0] == exits.USAGE
