"""Starting: what help needs, what a typo gets, and which status the shell sees."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from auditor import __version__
from auditor.cli import exits, main

HEAVY = ("paramiko", "lark", "rich", "jsonschema", "jinja2", "cryptography")


def run(*words: str, **more: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "auditor.cli", *words], capture_output=True, text=True, check=False, **more
    )  # type: ignore[call-overload, no-any-return]


@pytest.mark.parametrize("word", ["--version", "--help", "scan --help"])
def test_help_loads_nothing_heavy(word: str) -> None:
    program = (
        f"import sys; from auditor.cli import main\ntry: main({word.split()!r})\n"
        "except SystemExit as end: assert not end.code\n"
        f"sys.exit(', '.join(name for name in {HEAVY!r} if name in sys.modules) or 0)"
    )
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stderr


def test_version() -> None:
    assert run("--version").stdout == f"lvsaudit {__version__}\n"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("scn hosts.txt", "did you mean scan?"),
        ("scan --legacy-sh never x", "did you mean --legacy-ssh?"),
        ("explain arp.silnt", "did you mean arp.silent?"),
        ("scan /nowhere/hosts.txt", "/nowhere/hosts.txt: No such file or directory"),
        ("scan ld1,-x,", "not a dash first"),
        ("check /nowhere", "/nowhere"),
        ("read /etc/passwd", "cannot tell the format"),
    ],
)
def test_a_wrong_word_contacts_nobody_and_is_told(words: str, said: str) -> None:
    ended = run(*words.split())
    assert ended.returncode == exits.USAGE
    assert said in ended.stderr
    assert ended.stdout == ""
    assert "Traceback" not in ended.stderr


def test_a_reader_that_has_seen_enough_is_no_fault() -> None:
    pipe = f"{sys.executable} -m auditor.cli rules | head -1; exit ${{PIPESTATUS[0]}}"
    ended = subprocess.run(["bash", "-c", pipe], capture_output=True, text=True, check=False)
    assert (ended.returncode, ended.stderr) == (0, "")


def test_a_bug_is_one_line_and_a_log_without_the_words_of_hosts(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def broken(_: object) -> int:
        raise ValueError("correct-horse from a host")

    monkeypatch.setattr("auditor.cli.rules.list_rules", broken)
    assert main(["rules"]) == exits.BUG
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    log = Path(said.split()[-1])
    text = log.read_text()
    assert "in broken" in text
    assert "correct-horse" not in text + said
    assert log.stat().st_mode & 0o777 == 0o600
    log.unlink()


def test_rules_for_programs() -> None:
    rows = json.loads(run("rules", "list", "-f", "json").stdout)
    assert len(rows) >= 33
    assert {"id", "severity", "scope", "basis", "title"} <= rows[0].keys()


def test_explain_in_two_languages() -> None:
    english, chinese = (
        run("explain", "arp.silent").stdout,
        run("explain", "arp.silent", "--lang", "zh").stdout,
    )
    assert "why it matters" in english
    assert "为什么重要" in chinese


def test_hosts_as_understood(tmp_path: Path) -> None:
    listing = tmp_path / "hosts.txt"
    listing.write_text("ld1 addr=10.0.0.1 role=director\n[realservers]\nrs1 user=audit port=2222\n")
    rows = json.loads(
        run("hosts", str(listing), "-f", "json", "--user", "root", "--ssh-config", os.devnull).stdout
    )
    assert [(row["name"], row["host"], row["user"], row["port"], row["roles"]) for row in rows] == [
        ("ld1", "10.0.0.1", "root", 22, ["director"]),
        ("rs1", "rs1", "audit", 2222, ["real"]),
    ]


def test_read_one_file(tmp_path: Path) -> None:
    file = tmp_path / "ldirectord.cf"
    file.write_text('virtual=10.0.0.9:80\n\treal=10.0.0.1:80 gate 7\n\tpasswd="hunter2"\n\n')
    found = run("read", str(file), "-f", "json")
    assert found.returncode == exits.OK
    assert "hunter2" not in found.stdout
    report = json.loads(found.stdout)
    assert report["accepted"] is True
    (virtual,) = report["facts"]
    assert (virtual["virtual"], virtual["scheduler"], virtual["checktype"]) == (
        "10.0.0.9:80",
        "wrr",
        "negotiate",
    )
    assert [(real["real"], real["forwarding"], real["weight"]) for real in virtual["reals"]] == [
        ("10.0.0.1:80", "gate", 7)
    ]


def test_read_a_refused_file_shows_where(tmp_path: Path) -> None:
    file = tmp_path / "ldirectord.cf"
    file.write_text("virtual=10.0.0.9:80\n        real=10.0.0.1:80 gate 1.5\n\n")
    ended = run("read", str(file))
    assert ended.returncode == exits.FINDINGS
    assert f"{file}:2:" in ended.stdout
    assert "^^^" in ended.stdout
