"""A report of the runbook's cluster, made by hand: fails, gaps, passes, a waiver, an unreachable host, old SSH."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import fields, is_dataclass, replace
from typing import Any

from auditor.model.findings import (
    SEVERITIES,
    STATES,
    Baseline,
    ClusterRow,
    Evidence,
    FailureRow,
    Finding,
    Fix,
    HostRow,
    Report,
    Rule,
    Run,
    SshRow,
    Verdict,
    VirtualRow,
    Waiver,
)
from auditor.model.migration import Aspect, Hole, Inhibitor, Migration, Row
from auditor.model.place import At, Prose
from auditor.model.snapshot import Artifact, HostError

CLUSTER = "ld1+ld2"
LDIRECTORD = "/etc/ha.d/ldirectord.cf"
RULES: dict[str, Rule] = {}


def rule(name: str, severity: str, basis: str, en: str, zh: str, *fix: tuple[str, str, str]) -> None:
    RULES[name] = Rule(
        id=name,
        severity=severity,
        scope="host",
        applies_to="host",
        title=Prose(en=en, zh=zh),
        message=Prose(en="{host.name}", zh="{host.name}"),
        why=Prose(en=f"Why {name} matters & what <it> costs.", zh=f"{name} 的影响。"),
        judged=Prose(en="By the values in force.", zh="按生效值判断。"),
        false_alarms=Prose(en="None known.", zh="暂无。"),
        fix=tuple(Fix(kind=kind, text=Prose(en=e, zh=z)) for kind, e, z in fix),
        basis=(basis,),
    )


rule(
    "arp.silent", "critical", "runbook 2g", "real server is silent for the VIP", "真实服务器对 VIP 保持静默",
    ("command", "sysctl -w net.ipv4.conf.all.arp_ignore=1", "sysctl -w net.ipv4.conf.all.arp_ignore=1"),
    ("hint", "Write it into /etc/sysctl.conf too.", "同时写入 /etc/sysctl.conf。"),
)  # fmt: skip
rule("haresources.same-on-nodes", "critical", "runbook 2c", "the same file", "两台文件相同",
     ("hint", "Copy one to the other.", "复制到另一台。"))  # fmt: skip
rule("authkeys.crc-active", "high", "upstream 4", "no active crc line", "没有启用 crc",
     ("file", "auth 1\n1 sha1 <a long word>", "auth 1\n1 sha1 <一个长词>"))  # fmt: skip
rule("authkeys.mode", "high", "runbook 2a", "authkeys is readable by root alone", "authkeys 仅 root 可读")
rule("ldirectord.quiescent", "medium", "runbook 2d", "quiescent is explicit", "明确设置 quiescent")
rule("ssh.obsolete", "info", "upstream 9", "SSH of this century", "SSH 算法未过时")


def evidence(host: str, source: str, line: int | None, text: str | None, span: str | None = None) -> Evidence:
    """``span``: the part of the text that the finding is about."""
    column = text.index(span) + 1 if span and text else None
    end = column + len(span) if span and column else None
    at = At(host=host, source=source, line=line, column=column, end_column=end)
    around = ("# before",) if line and line > 1 else ()
    return Evidence(at=at, text=text, before=around, after=("# after",) if line else ())


def finding(
    name: str, host: str | None, state: str, message: Prose | None = None, *seen: Evidence, **more: Any
) -> Finding:
    known = RULES[name]
    about = f"{name}-{host or CLUSTER}-{more.pop('part', 0)}"
    return Finding(
        id=about,
        fingerprint=about,
        rule=name,
        severity=known.severity,
        host=host,
        cluster=CLUSTER,
        subject=None,
        state=state,
        message=message or known.title,
        expected=more.get("expected"),
        configured=more.get("configured"),
        running=more.get("running"),
        evidence=seen,
        fix=known.fix if state == "fail" else (),
        waiver=WAIVER if state == "waived" else None,
    )


WAIVER = Waiver(
    rule="ssh.obsolete",
    hosts=("ld1",),
    reason="until the cut-over, CHG-1234",
    owner="net-team",
    expires="2026-12-31",
    at=At(host="", source=""),
)


def host(name: str, address: str, *roles: str, status: str = "ok") -> HostRow:
    read = status in {"ok", "partial"}
    return HostRow(
        name=name,
        address=address,
        roles=roles,
        role_reasons=(Prose(en=f"{roles[0]}: HOSTS says so", zh=f"{roles[0]}: HOSTS 指定"),),
        status=status,
        os={"id": "centos", "version": "4.5", "text": "CentOS release 4.5 (Final)"} if read else {},
        ssh=SshRow(
            kex="diffie-hellman-group14-sha1", host_key="ssh-rsa", legacy=("diffie-hellman-group14-sha1",)
        )
        if read
        else None,
        artifacts=(
            Artifact(
                id=LDIRECTORD, probe=LDIRECTORD, kind="file", state="read", path=LDIRECTORD, size=812,
                mode="0644", owner="root", mtime="2009-03-01T08:00:00Z", sha256="ab" * 32,
            ),
            Artifact(id="ipvsadm", probe="ipvsadm", kind="command", state="truncated",
                     argv=("ipvsadm", "-Ln"), exit_status=0, size=99),
        )
        if read
        else (),
    )  # fmt: skip


def sample() -> Report:
    """NOT READY: two matters block, one host was not read."""
    answers = Prose(
        en="eth0 answers ARP for 202.75.216.173: arp_ignore 0 in force",
        zh="eth0 会应答 202.75.216.173 的 ARP: 生效值 arp_ignore 0",
    )
    ignore = {"expected": "arp_ignore 1", "configured": "1", "running": "0"}
    sysctl = "net.ipv4.conf.all.arp_ignore = 0"
    crc = Prose(en="key 1 is crc, which is no key", zh="密钥 1 是 crc, 等于没有密钥")
    unread = Prose(en="rs4 was not read: unreachable", zh="未能读取 rs4: unreachable")
    denied = Prose(en="/etc/ha.d/authkeys: permission denied", zh="/etc/ha.d/authkeys: 权限不足")
    findings = [
        *(
            finding("arp.silent", name, "fail", answers,
                    evidence(name, "/etc/sysctl.conf", 14, sysctl, "0"),
                    evidence(name, "sysctl -a", None, None), **ignore)
            for name in ("rs1", "rs2", "rs3")
        ),
        finding("haresources.same-on-nodes", None, "fail",
                Prose(en="each director names itself as the preferred node", zh="每台调度器都把自己写成首选节点"),
                evidence("ld1", "/etc/ha.d/haresources", 1, "ld1 \\", "ld1"),
                evidence("ld2", "/etc/ha.d/haresources", 1, "ld2 \\", "ld2")),
        finding("authkeys.crc-active", "ld1", "fail", crc,
                evidence("ld1", "/etc/ha.d/authkeys", 2, "1 crc", "crc"), expected="sha1", configured="crc"),
        finding("authkeys.mode", "ld1", "fail", Prose(en="mode 0644", zh="权限 0644"),
                evidence("ld1", "/etc/ha.d/authkeys", None, "-rw-r--r-- root root")),
        finding("ldirectord.quiescent", "ld1", "fail",
                Prose(en="quiescent is not set in the Chinese example", zh="示例中未设置 quiescent"),
                evidence("ld1", LDIRECTORD, 3, "\tquiescent=中文 # 静默=否 [fe80::1]", "中文")),
        finding("arp.silent", "rs4", "unknown", unread),
        finding("authkeys.crc-active", "ld2", "unknown", denied, evidence("ld2", "/etc/ha.d/authkeys", None, None)),
        finding("haresources.same-on-nodes", None, "unknown", unread, part=1),
        finding("authkeys.mode", "ld2", "pass"),
        finding("ldirectord.quiescent", "ld2", "pass"),
        finding("ssh.obsolete", "ld1", "waived"),
        finding("arp.silent", "ld2", "not_applicable", Prose(en="does not apply here", zh="此处不适用")),
    ]  # fmt: skip
    return report_of(
        findings,
        hosts=(
            host("ld1", "202.75.216.162", "director"),
            host("ld2", "202.75.216.163", "director", "real", status="partial"),
            *(host(f"rs{n}", f"202.75.216.{163 + n}", "real") for n in (1, 2, 3)),
            host("rs4", "202.75.216.167", "real", status="unreachable"),
        ),
        errors=(
            HostError(
                host="rs4", stage="connect", code="timeout", message="rs4: no answer within 10 s; is it up?"
            ),
            HostError(
                host="ld2", stage="collect", code="unreadable", message="ld2: audit cannot read authkeys"
            ),
        ),
    )


def compared() -> Report:
    """The same beside an earlier report, with a rule left out."""
    report = sample()
    first, second, *others = (finding for finding in report.findings if finding.state == "fail")
    baseline = Baseline(
        run_id="20261101T100000Z",
        started="2026-11-01T10:00:00Z",
        new=(first.id,),
        changed=(second.id,),
        unchanged=tuple(finding.id for finding in others),
        fixed=(replace(first, id="arp.silent-rs3-9", fingerprint="9"),),
        unseen=(replace(first, host="rs4", id="arp.silent-rs4-9"),),
    )
    return replace(report, baseline=baseline, omitted=("gateway.consistent",))


def migration_of(report: Report) -> Migration:
    """Half a cluster, one reason to wait, and three values."""
    at = At(host="ld1", source=LDIRECTORD, line=4, column=1, end_column=9)
    why = Prose(en="nobody can tell", zh="无从得知")
    return Migration(
        cluster=CLUSTER,
        target="debian-12",
        ha="pacemaker",
        inhibitors=tuple(
            Inhibitor(finding=finding, reason=why) for finding in report.findings if finding.state == "fail"
        )[:2],
        holes=(Hole(name="rs4", why=why),),
        aspects=(
            Aspect(name=Prose(en="system", zh="系统"), before=why, after=Prose(en="Debian", zh="Debian")),
        ),
        steps=(),
        verify=(),
        back=(),
        rows=tuple(
            Row(fate=fate, host="ld1", value="x", why=why, at=at) for fate in ("decide", "lost", "kept")
        ),
        files=(),
    )


def report_of(
    findings: list[Finding], hosts: tuple[HostRow, ...], errors: tuple[HostError, ...] = ()
) -> Report:
    """A report whose verdict follows from its findings."""
    findings = sorted(findings, key=lambda one: (STATES.index(one.state), SEVERITIES.index(one.severity)))
    blockers = tuple(
        one.id for one in findings if one.state == "fail" and one.severity in {"critical", "high"}
    )
    unknown = tuple(f"{one.name}: {one.status}" for one in hosts if one.status != "ok")
    state = "not_ready" if blockers else "cannot_tell" if unknown else "ready"
    counts = Counter(one.state for one in findings)
    pool = ("202.75.216.163:80 gate 7", "202.75.216.164:80 gate 9")
    return Report(
        schema_version="1.0",
        tool_version="0.1.0",
        run=Run(id="20261124T100000Z", started="2026-11-24T10:00:00Z", finished="2026-11-24T10:00:09Z"),
        verdict=Verdict(
            state=state,
            blockers=blockers,
            unknown=unknown,
            counts={name: counts[name] for name in STATES},
            complete=not unknown,
            exit_code={"not_ready": 1, "cannot_tell": 3, "ready": 0}[state],
        ),
        clusters=(
            ClusterRow(
                name=CLUSTER,
                directors=("ld1", "ld2"),
                reals=("ld2", "rs1", "rs2", "rs3", "rs4"),
                active="ld1",
                virtuals=(
                    VirtualRow(name="202.75.216.173:80", scheduler="wrr", reals=pool, owners=("ld1",)),
                    VirtualRow(name="202.91.231.173:80", scheduler="wrr", reals=pool, owners=()),
                ),
                failures=(
                    FailureRow(
                        node="ld1",
                        moves=(("202.75.216.173", "ld2"), ("202.91.231.173", None)),
                        connections="broken",
                        twice=("202.75.216.173",),
                        text=Prose(en="ld2 takes its VIP after 30 s", zh="ld2 在 30 秒后接管 1 个 VIP"),
                    ),
                    FailureRow(
                        node="rs1",
                        moves=(),
                        connections="share",
                        twice=(),
                        text=Prose(en="its share breaks", zh="它承担的连接中断"),
                    ),
                ),
            ),
        ),
        hosts=hosts,
        rules=tuple(RULES[name] for name in sorted(RULES)),
        findings=tuple(findings),
        errors=errors,
    )


def fleet(rules: tuple[Rule, ...], hosts: int, *, per_cluster: int = 25) -> Report:
    """Every rule on every host; a fifth fails, each with words of its own, a twentieth could not be told."""
    rows = tuple(
        replace(host(f"web{n:04}", f"10.0.{n // 250}.{n % 250}", "real"), artifacts=()) for n in range(hosts)
    )
    findings = []
    for number, row in enumerate(rows):
        for index, known in enumerate(rules):
            chance = (number * 7 + index * 13) % 20
            state = "fail" if chance < 4 else "unknown" if chance == 4 else "pass"
            message = Prose(
                en=f"{row.name}: {known.title.en}: not so for {row.address}",
                zh=f"{row.name}: {known.title.zh}",
            )
            seen = evidence(row.name, f"/etc/{known.id}", 14, f"value = {number}", str(number))
            findings.append(
                Finding(
                    id=f"{known.id}-{number}",
                    fingerprint=f"{known.id}-{number}",
                    rule=known.id,
                    severity=known.severity,
                    host=row.name,
                    cluster=f"c{number // per_cluster}",
                    subject=None,
                    state=state,
                    message=message,
                    expected="1",
                    configured="0",
                    running=str(number),
                    evidence=(seen,),
                    fix=known.fix if state == "fail" else (),
                )
            )
    report = report_of(findings, rows)
    clusters = tuple(
        replace(report.clusters[0], name=f"c{n}", directors=(), reals=(), active=None)
        for n in range((hosts + per_cluster - 1) // per_cluster)
    )
    return replace(report, rules=rules, clusters=clusters)


# Machine words of the contract, and what our own hand has counted or timed.
_CLOSED = frozenset(
    {"state", "severity", "kind", "status", "stage", "scope", "applies_to", "roles", "connections", "schema_version",
     "mode", "mtime", "sha256", "started", "finished", "basis", "expires", "fate", "target"}
)  # fmt: skip


def poisoned(record: Any, poison: Callable[[str], str]) -> Any:
    """The record with every text in it changed but the machine words; what was equal stays equal."""
    if isinstance(record, str):
        return poison(record)
    if isinstance(record, tuple):
        return tuple(poisoned(one, poison) for one in record)
    if isinstance(record, dict):
        return {key: poisoned(value, poison) for key, value in record.items()}
    if is_dataclass(record) and not isinstance(record, type):
        changed = {
            field.name: poisoned(getattr(record, field.name), poison)
            for field in fields(record)
            if field.name not in _CLOSED
        }
        return replace(record, **changed)
    return record
