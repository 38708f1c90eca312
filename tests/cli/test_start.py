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
from auditor.resources import DEMO

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
        ("scan ld1, --port 99999", "--port: '99999' is no port"),
        ("scan ld1, --user=-oProxyCommand=x", "--user: '-oProxyCommand=x' cannot be used"),
        ("scan ld1, --jump a:99999", "--jump: '99999' is no port"),
        ("scan ld1, --forks 0", "'0' is no number from 1 on"),
        ("scan ld1, --ssh-config /nowhere", "--ssh-config /nowhere: No such file"),
        ("scan ld1, --identity /nowhere", "--identity /nowhere: No such file"),
        ("scan ld1, --known-hosts /nowhere", "--known-hosts /nowhere: No such file"),
        ("scan ld1, --resume", "Name its folder with -o"),
        ("report /etc/passwd", "not JSON"),
    ],
)
def test_a_wrong_word_contacts_nobody_and_is_told(words: str, said: str) -> None:
    ended = run(*words.split())
    assert ended.returncode == exits.USAGE
    assert said in ended.stderr
    assert ended.stdout == ""
    assert "Traceback" not in ended.stderr


def test_no_password_is_asked_for_where_nobody_sits(tmp_path: Path) -> None:
    ended = run("scan", "ld1,", "--ask-pass", "-o", str(tmp_path / "out"), start_new_session=True)
    assert ended.returncode == exits.USAGE
    assert "--ask-pass: there is no terminal" in ended.stderr
    assert not (tmp_path / "out").exists()


def test_hosts_from_standard_input_and_its_words_drive_no_terminal() -> None:
    ended = run("hosts", "-", "--ssh-config", os.devnull, input="ld1\nld2 os=\x1b[31mred\n")
    assert ended.returncode == exits.USAGE
    assert "standard input:2:5: os:" in ended.stderr
    assert "\x1b" not in ended.stderr
    ended = run("hosts", "ld1,\x1b]0;x\x07,", "--ssh-config", os.devnull)
    assert ended.returncode == exits.USAGE
    assert "\x1b" not in ended.stderr


@pytest.mark.parametrize(
    ("words", "status"),
    [("rules", exits.OK), ("explain arp.silent", exits.OK), (f"check {DEMO} --lang en", exits.FINDINGS)],
)
@pytest.mark.parametrize("also", ["", "2>&1"])
def test_a_reader_that_has_seen_enough_changes_no_verdict(words: str, status: int, also: str) -> None:
    pipe = f"{sys.executable} -m auditor.cli {words} {also} | head -c 1; exit ${{PIPESTATUS[0]}}"
    ended = subprocess.run(["bash", "-c", pipe], capture_output=True, text=True, check=False)
    assert ended.returncode == status, ended.stderr
    assert "rror" not in ended.stderr


def test_output_that_goes_nowhere() -> None:
    program = f"{sys.executable} -m auditor.cli"
    full = subprocess.run(
        f"{program} rules >/dev/full", shell=True, capture_output=True, text=True, check=False
    )
    assert (full.returncode, full.stderr.count("\n")) == (exits.INCOMPLETE, 1), full.stderr
    assert "the output: No space left on device" in full.stderr
    closed = subprocess.run(f"{program} rules >&-", shell=True, capture_output=True, text=True, check=False)
    assert (closed.returncode, closed.stderr) == (exits.OK, "")


def test_a_terminal_that_cannot_show_chinese_shows_something() -> None:
    ended = run("explain", "arp.silent", "--lang", "zh", env=os.environ | {"PYTHONIOENCODING": "ascii"})
    assert ended.returncode == exits.OK
    assert "\\u4e3a" in ended.stdout


def test_check_and_report_end_with_the_verdict_and_what_to_type_next(tmp_path: Path) -> None:
    checked = run("check", str(DEMO), "-o", str(tmp_path), "--lang", "en")
    shown = run("report", str(tmp_path / "report.json"), "-f", "json")
    assert checked.returncode == shown.returncode == exits.FINDINGS
    for ended in (checked, shown):
        last = ended.stderr.splitlines()[-1]
        assert last.startswith("NOT READY")
        assert "next: lvsaudit explain " in last
    assert json.loads(shown.stdout) == json.loads((tmp_path / "report.json").read_text())


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
