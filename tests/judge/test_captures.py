"""Clusters that really ran, recorded with other tools: their judgement, where the recordings are at hand."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from auditor.derive import derive_clusters
from auditor.judge.rules import load_rules
from auditor.judge.verdict import judge
from auditor.model.findings import Report, Run
from auditor.model.snapshot import Artifact, HostSnapshot, Snapshot
from auditor.resources import RULES

CAPTURES = Path(os.environ.get("LVSAUDIT_CORPUS", "/nowhere")).parent / "captures"
pytestmark = pytest.mark.skipif(not CAPTURES.is_dir(), reason="LVSAUDIT_CORPUS is not set")

RUN = Run(id="x", started="2026-11-01T00:00:00Z", finished="2026-11-01T00:00:00Z")
FILES = {
    "etc_authkeys.txt": "/etc/ha.d/authkeys",
    "etc_ha.cf.txt": "/etc/ha.d/ha.cf",
    "etc_haresources.txt": "/etc/ha.d/haresources",
    "etc_ldirectord.cf.txt": "/etc/ha.d/ldirectord.cf",
}
COMMANDS = {
    "ip_addr.txt": "ip-addr",
    "ip_route.txt": "ip-route",
    "ipvsadm_Ln.txt": "ipvsadm",
    "ipvsadm_Ln_stats_exact.txt": "ipvsadm-stats",
    "ipvsadm_L_timeout.txt": "ipvsadm-timeout",
    "ipvsadm_L_daemon.txt": "ipvsadm-daemon",
    "proc_ip_vs.txt": "proc-ip-vs",
    "sysctl_net.txt": "sysctl",
    "lsmod.txt": "modules",
}
ADDRESSES = {"ld1": 162, "ld2": 163, "rs1": 164, "rs2": 165}


def recorded(capture: str) -> Snapshot:
    """What was recorded of each host, under the names that a visit would have given it; the rest is missing."""
    folders = [path for path in sorted((CAPTURES / capture).iterdir()) if path.is_dir()]
    return Snapshot(
        schema_version="1.0",
        tool_version="0",
        run_id="0",
        started=RUN.started,
        finished=RUN.finished,
        hosts=tuple(_host(folder) for folder in folders),
    )


def _host(folder: Path) -> HostSnapshot:
    name = folder.name
    found = [
        Artifact(
            id=path, probe=path, kind="file", state="read", path=path, mode="0600", owner="root", group="root",
            mtime=RUN.started, content=(folder / recording).read_bytes(),
        )
        for recording, path in FILES.items()
        if (folder / recording).is_file()
    ]  # fmt: skip
    found += [
        Artifact(
            id=probe, probe=probe, kind="command", state="read", argv=(probe,), exit_status=0,
            content=(folder / recording).read_bytes(),
        )
        for recording, probe in COMMANDS.items()
        if (folder / recording).is_file()
    ]  # fmt: skip
    path = "/etc/keepalived/keepalived.conf"  # software that none of them had
    found.append(Artifact(id=path, probe="keepalived", kind="file", state="absent", path=path))
    uname = folder / "uname.txt"
    words = uname.read_text().split() if uname.is_file() else ["Linux", name, "6.1"]
    told = f"{words[0]}\n{words[1]}\n{words[2]}\nx86_64\n".encode()
    found.append(
        Artifact(id="uname", probe="uname", kind="command", state="read", exit_status=0, content=told)
    )
    return HostSnapshot(
        id=name,
        name=name,
        address=f"202.75.216.{ADDRESSES[name]}",
        status="partial",
        artifacts={artifact.id: artifact for artifact in found},
    )


def judged(capture: str) -> Report:
    snapshot = recorded(capture)
    return judge(snapshot, derive_clusters(snapshot), load_rules(RULES), run=RUN)


def rows(report: Report, rule: str, state: str) -> list[str]:
    return [row.message.en for row in report.findings if row.rule == rule and row.state == state]


def test_both_directors_booted_at_once_with_the_runbooks_haresources() -> None:
    report = judged("13-seed-haresources-mismatch-dual-active")
    (cluster,) = report.clusters
    assert (cluster.active, cluster.directors) == (None, ("ld1", "ld2"))
    twice = rows(report, "ipvs.one-active", "fail")
    assert [row.split()[0] for row in twice] == [
        "202.75.216.172",
        "202.75.216.173",
        "202.91.231.172",
        "202.91.231.173",
    ]
    assert all("is on 2 directors (ld1, ld2)" in row for row in twice)
    (why,) = rows(report, "haresources.same-on-nodes", "fail")
    assert "when both start at the same time, each takes them all and every VIP has two owners" in why
    assert rows(report, "ipvs.one-active", "pass") == []
    assert report.verdict.state == "not_ready"
    assert cluster.failures[0].text.en.startswith("ld2 holds 4 of its VIPs already")


def test_the_runbooks_cluster_in_steady_state() -> None:
    """As somebody set it up who gave both directors one haresources: ld1 serves, ld2 drops its own share."""
    report = judged("01-seed-steady")
    (cluster,) = report.clusters
    assert (cluster.active, cluster.reals) == ("ld1", ("ld2", "rs1", "rs2"))
    failing = {
        row.rule for row in report.findings if row.state == "fail" and row.severity in {"critical", "high"}
    }
    assert failing == {"arp.vip-present", "authkeys.crc-active", "ipvs.real-is-director"}
    assert all("ld2" in row for row in rows(report, "arp.vip-present", "fail"))
    for rule in ("ipvs.one-active", "arp.one-answer", "ipvs.table", "ipvs.standby-empty", "arp.silent"):
        assert rows(report, rule, "pass"), rule
        assert rows(report, rule, "fail") == [], rule


@pytest.mark.parametrize(
    "capture", ["03-rs1-down-quiescent-no", "04-all-down-fallback", "05-rs1-down-quiescent-yes"]
)
def test_what_the_health_check_took_out_is_no_drift(capture: str) -> None:
    report = judged(capture)
    assert rows(report, "ipvs.table", "fail") == []
