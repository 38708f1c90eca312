"""The main job as a user does it: the installed program against real servers."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from auditor.cli import exits
from auditor.collect.store import Store
from tests.hosts.cluster import Cluster

pytestmark = pytest.mark.sshd


def lvsaudit(*words: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command(*words), capture_output=True, text=True, check=False, timeout=120)


def command(*words: str | Path) -> list[str]:
    return [sys.executable, "-m", "auditor.cli", *map(str, words)]


def connection(cluster: Cluster, folder: Path, more: str = "") -> list[str | Path]:
    hosts = folder / "hosts.txt"
    hosts.write_text(cluster.hosts_text() + more)
    return [
        hosts,
        "--identity",
        cluster.identity,
        "--known-hosts",
        cluster.known_hosts,
        "--ssh-config",
        os.devnull,
    ]


def failing(report: dict[str, object]) -> set[tuple[str, str]]:
    findings: list[dict[str, str]] = report["findings"]  # type: ignore[assignment]
    return {(row["rule"], row["host"] or row["cluster"]) for row in findings if row["state"] == "fail"}


def test_the_runbook_as_printed(cluster: Cluster, tmp_path: Path) -> None:
    out = tmp_path / "out"
    ended = lvsaudit("scan", *connection(cluster, tmp_path), "-o", out, "--lang", "en")
    assert ended.returncode == exits.FINDINGS, ended.stderr
    report = json.loads((out / "report.json").read_text())
    assert report["verdict"]["state"] == "not_ready"
    assert {host["name"]: host["roles"] for host in report["hosts"]} == {
        "ld1": ["director"],
        "ld2": ["director", "real"],
        **{name: ["real"] for name in ("rs1", "rs2", "rs3", "rs4")},
    }
    directors, reals = ("ld1", "ld2"), ("rs1", "rs2", "rs3", "rs4")
    of_cluster = (
        "arp.vip-present",
        "ha-cf.fencing",
        "ha-cf.single-medium",
        "haresources.same-on-nodes",
        "ipvs.real-is-director",
        "ipvs.sync-daemon",
    )
    of_directors = (
        "authkeys.crc-active",
        "gateway.consistent",
        "ha-cf.logs",
        "ha-cf.ping-acts",
        "ldirectord.check-text",
    )
    assert failing(report) == {
        *((rule, "ld1+ld2") for rule in of_cluster),
        *((rule, host) for host in directors for rule in of_directors),
        ("arp.vip-persistent", "ld2"),
        *(
            (rule, host)
            for host in directors + reals
            for rule in ("arp.false-guard", "conntrack.persistent", "host.end-of-life", "ssh.obsolete")
        ),
    }
    assert "NOT READY" in ended.stdout
    assert "NOT READY" in ended.stderr.splitlines()[-1].upper()
    assert (out / "report.html").stat().st_mode & 0o777 == 0o600
    assert (out / "snapshot" / "snapshot.json").is_file()


def test_the_runbook_done_right(new_cluster: Callable[..., Cluster], tmp_path: Path) -> None:
    ended = lvsaudit("scan", *connection(new_cluster("right"), tmp_path), "-o", tmp_path / "out")
    assert ended.returncode == exits.OK, ended.stdout + ended.stderr
    report = json.loads((tmp_path / "out" / "report.json").read_text())
    assert report["verdict"]["state"] == "ready"
    assert {rule for rule, _ in failing(report)} == {"host.end-of-life", "ssh.obsolete"}


def test_scan_is_collect_and_check(cluster: Cluster, tmp_path: Path) -> None:
    lvsaudit("scan", *connection(cluster, tmp_path), "-o", tmp_path / "scan")
    for _ in range(2):
        assert (
            lvsaudit("check", tmp_path / "scan" / "snapshot", "-o", tmp_path / "check").returncode
            == exits.FINDINGS
        )
    one, other = (json.loads((tmp_path / name / "report.json").read_text()) for name in ("scan", "check"))
    one.pop("run"), other.pop("run")
    assert one == other


def test_waivers_lie_beside_hosts_and_go_along(cluster: Cluster, tmp_path: Path) -> None:
    words = connection(cluster, tmp_path)
    (tmp_path / "waivers.toml").write_text(
        '[[waiver]]\nrule = "ssh.obsolete"\nhosts = ["rs1"]\nreason = "old"\nowner = "me"\nexpires = 2999-01-01\n'
    )
    ended = lvsaudit("scan", *words, "-o", tmp_path / "scan")
    assert f"{tmp_path / 'waivers.toml'}: 1 waiver" in ended.stderr
    lvsaudit("check", tmp_path / "scan" / "snapshot", "-o", tmp_path / "check")
    one, other = (json.loads((tmp_path / name / "report.json").read_text()) for name in ("scan", "check"))
    one.pop("run"), other.pop("run")
    assert one == other
    assert one["counts"]["waived"] == 1


def test_a_host_that_is_not_there_costs_itself_alone(cluster: Cluster, tmp_path: Path) -> None:
    words = connection(cluster, tmp_path, "rs9 addr=127.0.0.1 port=9 role=real\n")
    ended = lvsaudit("scan", *words, "-o", tmp_path / "out")
    report = json.loads((tmp_path / "out" / "report.json").read_text())
    assert ended.returncode == exits.FINDINGS
    assert not report["run"]["complete"]
    assert {host["name"]: host["status"] for host in report["hosts"]}["rs9"] == "unreachable"
    assert any("rs9" in one for one in report["verdict"]["unknown"])
    assert [
        row["state"] for row in report["findings"] if row["host"] == "rs1" and row["rule"] == "arp.silent"
    ] == ["pass"] * 2


def test_nobody_answers(tmp_path: Path) -> None:
    hosts = tmp_path / "hosts.txt"
    hosts.write_text("ld1 addr=127.0.0.1 port=9\n")
    ended = lvsaudit("scan", hosts, "-o", tmp_path / "out", "--ssh-config", os.devnull)
    assert ended.returncode == exits.INCOMPLETE
    report = json.loads((tmp_path / "out" / "report.json").read_text())
    assert report["verdict"]["state"] == "cannot_tell"
    assert {row["state"] for row in report["findings"]} == {"unknown"}
    last = ended.stderr.splitlines()[-1]
    assert last.endswith(f"-o {tmp_path / 'out'} --ssh-config {os.devnull} --resume")
    assert (
        subprocess.run(
            [
                sys.executable,
                "-m",
                *last.partition("then: ")[2].replace("lvsaudit", "auditor.cli", 1).split(),
            ],
            capture_output=True,
            check=False,
        ).returncode
        == exits.INCOMPLETE
    )


def test_no_secret_is_left_anywhere(new_cluster: Callable[..., Cluster], tmp_path: Path) -> None:
    running = new_cluster("right", only="ld1")
    running["ld1"].write("/etc/ha.d/authkeys", "auth 1\n1 sha1 Canary-5f2d9b\n", 0o600)
    ended = lvsaudit("scan", *connection(running, tmp_path), "-o", tmp_path / "out")
    assert "Canary-5f2d9b" not in ended.stdout + ended.stderr
    for path in (tmp_path / "out").rglob("*"):
        assert not path.is_file() or b"Canary-5f2d9b" not in path.read_bytes(), path
    assert (
        "redacted"
        in (
            tmp_path / "out" / "snapshot" / "hosts" / "ld1" / "files" / "etc" / "ha.d" / "authkeys"
        ).read_text()
    )


def test_interrupted_and_resumed(cluster: Cluster, tmp_path: Path) -> None:
    silent = socket.create_server(("127.0.0.1", 0))
    words = connection(cluster, tmp_path, f"slow addr=127.0.0.1 port={silent.getsockname()[1]}\n")
    out = tmp_path / "out"
    # A shell without job control has what it starts in the background ignore SIGINT, these tests too.
    heeding = ["env", "--default-signal=INT", *command("scan", *words, "-o", out)]
    running = subprocess.Popen(heeding, stderr=subprocess.PIPE, text=True)
    deadline = time.monotonic() + 30
    while len(list((out / "snapshot" / "hosts").glob("*/host.json"))) < 6 and time.monotonic() < deadline:
        time.sleep(0.05)
    running.send_signal(signal.SIGINT)
    _, said = running.communicate(timeout=20)
    assert running.returncode == exits.INTERRUPTED
    assert "--resume" in said
    again = lvsaudit("scan", *connection(cluster, tmp_path), "-o", out, "--resume")
    assert again.returncode == exits.FINDINGS, again.stderr


def test_two_runs_do_not_write_into_one_folder(tmp_path: Path) -> None:
    hosts = tmp_path / "hosts.txt"
    hosts.write_text("ld1 addr=127.0.0.1 port=9\n")
    with contextlib.closing(Store(tmp_path / "snapshot")):
        ended = lvsaudit("collect", hosts, "-o", tmp_path / "snapshot", "--ssh-config", os.devnull)
    assert ended.returncode == exits.REFUSED
    assert "another run is writing" in ended.stderr


def test_a_full_disk_is_told_and_an_old_report_stays(cluster: Cluster, tmp_path: Path) -> None:
    small = tmp_path / "small"
    small.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "none", small], check=True)
    try:
        ended = lvsaudit("scan", *connection(cluster, tmp_path), "-o", small / "out")
        assert ended.returncode == exits.INCOMPLETE
        assert "No space left" in ended.stderr
        assert "Traceback" not in ended.stderr
    finally:
        subprocess.run(["umount", small], check=True)
