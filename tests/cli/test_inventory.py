"""inventory as a user types it: a table, JSON by its schema, and CSV that a spreadsheet may open."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from auditor.cli import exits, main
from auditor.render.csv import guard
from auditor.resources import DEMO, REPORTS
from tests.cli.test_diff import stored
from tests.derive.test_difference import edited


def test_three_ways(capsys: pytest.CaptureFixture[str]) -> None:
    schema = json.loads((REPORTS / "schema" / "inventory.json").read_text("utf-8"))
    Draft202012Validator.check_schema(schema)
    assert main(["inventory", str(DEMO), "--lang", "en"]) == exits.OK
    heard = capsys.readouterr()
    assert "  packages\n    chkconfig: " in heard.out
    assert heard.err.startswith("6 hosts, ")
    assert main(["inventory", str(DEMO), "-f", "json"]) == exits.OK
    found = json.loads(capsys.readouterr().out)
    Draft202012Validator(schema).validate(found)
    assert main(["inventory", str(DEMO), "-f", "csv"]) == exits.OK
    rows = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    assert [row["value"] for row in rows] == [guard(row["value"]) for row in found["rows"]]


def test_gaps_and_hostile_words(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    evil = "ld1: $ uname s/2.6.9-55.ELsmp/=HYPERLINK(1)/"
    path = stored(
        edited(evil, "rs1: unreachable", "ld2: $ packages s/ipvsadm 1/ipvsadm \x1b[31m1/"), tmp_path / "s"
    )
    for format in ("table", "json", "csv"):
        assert main(["inventory", str(path), "-f", format]) == exits.INCOMPLETE
        out = capsys.readouterr().out
        assert "rs1 was not read: unreachable" in out or "未能读取 rs1" in out
        assert "\x1b" not in out
    assert "'=HYPERLINK(1) i686" in out


@pytest.mark.parametrize(
    ("cell", "safe"),
    [
        ("=1+1", "'=1+1"),
        ("-3", "'-3"),
        ("@x", "'@x"),
        (" +x", "' +x"),
        ("\t=x", "'    =x"),
        ("\r=x", "\u240d=x"),
        ("\uff1dx", "'\uff1dx"),
        ("a=b", "a=b"),
        (None, ""),
    ],
)
def test_no_cell_is_a_formula(cell: str | None, safe: str) -> None:
    assert guard(cell) == safe
