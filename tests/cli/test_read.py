"""read: what a person and a script get to see of one file."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from rich.cells import cell_len

from auditor.cli import main

_CF = """\
quiescent=no
virtual=10.0.0.1:http
\treal=10.0.0.2->10.0.0.3:80 gate
\treal=10.0.0.4:80 masq 5
\tscheduler=Wrr
"""


def _file(folder: Path, name: str, text: str | bytes) -> str:
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return str(path)


def test_a_refusal_shows_line_and_caret_and_exits_1(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = _file(tmp_path, "ldirectord.cf", _CF + "\treal=中文:80 gate 1\n\treal=10.0.0.5:80 gate 1.5\n")
    assert main(["read", path]) == 1
    shown = capsys.readouterr()
    assert (
        f'{path}:7:24: error: weight "1.5" is refused by every ldirectord: a whole number is wanted\n'
        "        real=10.0.0.5:80 gate 1.5\n"
        "                              ^^^\n"
    ) in shown.out
    assert shown.err == (
        f"{path}: refused by ldirectord 4.12: 1 virtual service, 4 real servers, 1 error, 2 warnings\n"
    )
    lines = shown.out.splitlines()
    wide = lines.index("        real=中文:80 gate 1")
    assert lines[wide - 1].endswith(
        'real "中文:80 gate 1" is read as the server 0.0.0.80: ldirectord skips what stands before 80'
    )
    assert lines[wide + 1] == f"{' ' * 13}{'^' * cell_len('中文:80 gate 1')}"


def test_what_is_silently_read_as_something_else_is_said_in_both_languages(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = _file(tmp_path, "ldirectord.cf", "virtual=10.1.2.3\n\treal=10.0.0.2 gate\n")
    assert main(["read", path]) == 0
    shown = capsys.readouterr()
    assert (
        ":1:9: warning: `virtual=10.1.2.3` has no port: ldirectord takes it for firewall mark 10\n"
        in shown.out
    )
    assert main(["read", path, "--lang", "zh"]) == 0
    shown = capsys.readouterr()
    assert ":1:9: 警告: `virtual=10.1.2.3` 没有端口: ldirectord 会当作防火墙标记 10\n" in shown.out
    assert shown.err == f"{path}: ldirectord 4.12 接受: 1 个虚拟服务, 1 台真实服务器, 1 个警告\n"


def test_json_has_the_values_the_daemon_uses_and_the_text_where_it_differs(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["read", _file(tmp_path, "ldirectord.cf", _CF), "-f", "json", "--release", "2009"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert (said["format"], said["release"], said["accepted"], said["unparsed"]) == (
        *("ldirectord", "2009", True),
        [],
    )
    (virtual,) = said["facts"]
    assert {
        key: virtual[key] for key in ("virtual", "protocol", "scheduler", "service", "checktype", "raw")
    } == {
        "virtual": "10.0.0.1:80",
        "protocol": "tcp",
        "scheduler": "rr",
        "service": "http",
        "checktype": "negotiate",
        "raw": {"virtual": "10.0.0.1:http", "scheduler": "Wrr"},
    }
    assert [(real["real"], real["forwarding"], real["weight"], real["raw"]) for real in virtual["reals"]] == [
        ("10.0.0.2:80", "gate", 1, "10.0.0.2->10.0.0.3:80 gate"),
        ("10.0.0.3:80", "gate", 1, "10.0.0.2->10.0.0.3:80 gate"),
        ("10.0.0.4:80", "masq", 5, None),
    ]
    (note,) = said["diagnostics"]
    assert {key: note[key] for key in ("severity", "code", "line", "column", "end_column")} == {
        "severity": "warning",
        "code": "value-cut",
        "line": 5,
        "column": 12,
        "end_column": 15,
    }
    assert note["message"] == {
        "en": 'scheduler "Wrr" is read as rr; the rest is ignored',
        "zh": "scheduler “Wrr” 被读作 rr; 其余部分被忽略",
    }


def test_releases_differ(tmp_path: Path) -> None:
    path = _file(tmp_path, "ldirectord.cf", "virtual=10.0.0.1:80\n\tops=no\n")
    assert [main(["read", path, "--release", release]) for release in ("2004", "2009", "4.12")] == [1, 1, 0]


@pytest.mark.parametrize(
    ("name", "text", "format_name"),
    [
        ("ha.cf", "node a b\nbcast eth0\nauto_failback on\n", "ha.cf"),
        ("haresources", "a 10.0.0.9\n", "haresources"),
        ("authkeys", "auth 1\n1 crc\n", "authkeys"),
        ("ifcfg-lo:0", "DEVICE=lo:0\n", "ifcfg"),
        ("sysctl.conf", "net.ipv4.ip_forward = 1\n", "sysctl.conf"),
        ("keepalived.conf", "vrrp_instance a {\n}\n", "keepalived"),
        ("ipvsadm", "-A -t 10.0.0.1:80 -s rr\n", "ipvsadm-rules"),
        ("ipvsadm.txt", "IP Virtual Server version 1.2.1 (size=4096)\n", "ipvsadm"),
    ],
)
def test_the_usual_name_tells_the_format(
    name: str, text: str, format_name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["read", _file(tmp_path, name, text), "-f", "json"]) == 0
    assert json.loads(capsys.readouterr().out)["format"] == format_name


def test_usage_errors_exit_2_and_say_what_to_give(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["read", _file(tmp_path, "notes.txt", "x\n")]) == 2
    assert "--format" in capsys.readouterr().err
    assert main(["read", str(tmp_path / "none.cf")]) == 2
    assert main(["read", _file(tmp_path, "ldirectord.cf", "x\n"), "--format", "nonsense"]) == 2


def test_a_hostile_file_drives_no_terminal(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    hostile = "virtual=10.0.0.1:80\n\t\x1b]0;title\x07\x9b31m\u202e=x\n" + "\t" + "x" * 100_000 + "\n"
    assert main(["read", _file(tmp_path, "ldirectord.cf", hostile)]) == 1
    shown = capsys.readouterr()
    assert not any(sign in shown.out + shown.err for sign in "\x1b\x07\x9b\u202e\t")
    assert max(map(len, shown.out.splitlines())) < 400
