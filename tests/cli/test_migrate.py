"""The verb: a folder to copy from, a summary on the screen, and a status for the shell."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from auditor.cli import main
from auditor.resources import DEMO


def test_the_demo_cluster_is_migrated_and_called_unsafe(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    assert main(["migrate", str(DEMO), "--to", "debian-12", "-o", str(out), "--lang", "en"]) == 1
    screen = capsys.readouterr()
    assert "haresources.same-on-nodes" in screen.out
    assert "ocf:heartbeat:IPaddr2" in screen.out
    assert screen.err.strip().splitlines()[-1].startswith("unsafe: ")
    assert (out / "ld1/etc/corosync/corosync.conf").is_file()
    assert json.loads((out / "ledger.json").read_text())["counts"]["kept"] > 100
    page = (out / "report.html").read_text()
    assert '<section id="migration">' in page
    assert "token + consensus 30000 ms" in page
    assert not [path for path in out.rglob("*") if path.is_file() and path.stat().st_mode & 0o111]
    assert {path.stat().st_mode & 0o777 for path in (out / "ld1").rglob("*") if path.is_dir()} == {0o755}
    assert (out / "ld1/etc/ha.d/ldirectord.cf").stat().st_mode & 0o777 == 0o600


def test_both_languages_say_the_same_things(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for lang in ("en", "zh"):
        main(["migrate", str(DEMO), "--to", "debian-12", "-o", str(tmp_path / lang), "--lang", lang])
    capsys.readouterr()
    english, chinese = ((tmp_path / lang / "README.md").read_text() for lang in ("en", "zh"))
    assert english.count("\n- ") == chinese.count("\n- ")
    assert "待决定" in chinese


def test_a_folder_that_holds_something_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "old").write_text("")
    assert main(["migrate", str(DEMO), "--to", "debian-12", "-o", str(tmp_path)]) == 2
    assert "not empty" in capsys.readouterr().err


def test_a_cluster_that_is_not_there(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert (
        main(["migrate", str(DEMO), "--to", "debian-12", "--cluster", "web", "-o", str(tmp_path / "out")])
        == 2
    )
    assert "ld1+ld2" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_explain_says_why_a_finding_stops_a_migration(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", "ipvs.one-active", "--lang", "en"]) == 0
    assert "why it stops a migration\n" in capsys.readouterr().out
    assert main(["explain", "ssh.obsolete", "--lang", "en"]) == 0
    assert "stops a migration" not in capsys.readouterr().out
