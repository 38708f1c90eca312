"""Findings as a person takes them up: one matter a rule, the same words about several hosts once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from auditor.model.findings import SEVERITIES, Finding, Fix, HostRow, Report, Rule, Waiver
from auditor.model.place import At, Prose
from auditor.model.snapshot import HostError
from auditor.render.words import listed, say


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """Findings of one rule that say the same of different hosts, clusters or places."""

    message: Prose
    expected: str | None
    configured: str | None
    running: str | None
    findings: tuple[Finding, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Matter:
    """All that fails of one rule. ``fix``: each step once."""

    rule: Rule
    severity: str
    cases: tuple[Case, ...]
    fix: tuple[Fix, ...]

    @property
    def findings(self) -> tuple[Finding, ...]:
        return tuple(finding for case in self.cases for finding in case.findings)


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """One thing that could not be looked at, and the rules that nobody can judge for it."""

    reason: Prose
    at: At | None
    rules: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """What nobody could tell about a host, or about a cluster where ``host`` is None.

    Of a host that was not read at all there are no gaps but the number of judgements that are ``open``.
    """

    host: HostRow | None
    cluster: str | None
    errors: tuple[HostError, ...]
    gaps: tuple[Gap, ...]
    open: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Waived:
    """The failures of one rule that somebody answers for with the same words."""

    waiver: Waiver
    findings: tuple[Finding, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Drift:
    """One way in which findings moved since the baseline. ``key``: new, changed, fixed or unseen."""

    key: str
    findings: tuple[Finding, ...]


def matters(report: Report) -> tuple[Matter, ...]:
    """What fails, in the order of the report: worst first."""
    rules = {rule.id: rule for rule in report.rules}
    failed: dict[str, list[Finding]] = {}
    for finding in report.findings:
        if finding.state == "fail":
            failed.setdefault(finding.rule, []).append(finding)
    return tuple(
        Matter(
            rule=rules[name],
            severity=findings[0].severity,
            cases=tuple(_cases(findings)),
            fix=tuple(dict.fromkeys(step for finding in findings for step in finding.fix)),
        )
        for name, findings in failed.items()
    )


def notes(report: Report) -> tuple[Note, ...]:
    """All that could not be looked at: the hosts that tell nothing, the others, the clusters."""
    hosts = {host.name: host for host in report.hosts}
    errors: dict[str, list[HostError]] = {}
    for error in report.errors:
        errors.setdefault(error.host, []).append(error)
    unknown: dict[tuple[str | None, str | None], list[Finding]] = {}
    for finding in report.findings:
        if finding.state == "unknown":
            about = (finding.host, None) if finding.host else (None, finding.cluster)
            unknown.setdefault(about, []).append(finding)
    taken = []
    for host in sorted(hosts.values(), key=was_read):
        findings = unknown.pop((host.name, None), [])
        if findings or host.name in errors or not was_read(host):
            taken.append(_note(host, None, errors.get(host.name, ()), findings))
    taken += [_note(None, cluster, (), findings) for (_, cluster), findings in unknown.items()]
    return tuple(taken)


def waived(report: Report) -> tuple[Waived, ...]:
    """What is waived, in the order of the report."""
    excused: dict[tuple[str, ...], list[Finding]] = {}
    for finding in report.findings:
        if finding.waiver is not None:
            waiver = finding.waiver
            excused.setdefault((finding.rule, waiver.reason, waiver.owner, waiver.expires), []).append(
                finding
            )
    return tuple(
        Waived(waiver=same[0].waiver, findings=tuple(same)) for same in excused.values() if same[0].waiver
    )


def drifts(report: Report) -> tuple[Drift, ...]:
    """What is not as it was in the baseline, if there is one."""
    baseline = report.baseline
    if baseline is None:
        return ()
    now = {finding.id: finding for finding in report.findings}
    found = (
        Drift(key="new", findings=tuple(now[name] for name in baseline.new if name in now)),
        Drift(key="changed", findings=tuple(now[name] for name in baseline.changed if name in now)),
        Drift(key="fixed", findings=baseline.fixed),
        Drift(key="unseen", findings=baseline.unseen),
    )
    return tuple(drift for drift in found if drift.findings)


def reason(report: Report, lang: str) -> str:
    """Why the verdict is what it is, and what is not known."""
    blocking = blockers(report)
    counts = Counter(finding.severity for finding in blocking)
    problems = [
        say("of_severity", lang, count=f"{counts[severity]:,}", severity=say(severity, lang))
        for severity in SEVERITIES
        if counts[severity]
    ]
    parts = [
        say(
            f"why_{report.verdict.state}",
            lang,
            problems=listed(problems, lang, most=len(SEVERITIES)),
            where=listed(subjects(blocking, lang), lang, most=3),
        )
    ]
    missing = [host.name for host in report.hosts if not was_read(host)]
    if missing:
        parts.append(say("unread_hosts", lang, hosts=listed(missing, lang)))
    unknown = report.verdict.counts["unknown"]
    if unknown:
        parts.append(say("unknown_checks", lang, count=f"{unknown:,}"))
    baseline = report.baseline
    if baseline is not None:
        keys = ("new", "changed", "fixed", "unchanged", "unseen")
        moved = {key: len(getattr(baseline, key)) for key in keys}
        parts.append(say("since_baseline", lang, **moved))
    return "; ".join(parts)


def blockers(report: Report) -> tuple[Finding, ...]:
    """The findings that stand in the way, worst first."""
    blocking = set(report.verdict.blockers)
    return tuple(finding for finding in report.findings if finding.id in blocking)


def subjects(findings: Iterable[Finding], lang: str) -> tuple[str, ...]:
    """The hosts and the clusters that findings are about, each once."""
    return tuple(
        dict.fromkeys(
            finding.host
            or (f"{say('cluster_word', lang)} {finding.cluster}" if finding.cluster else say("waivers", lang))
            for finding in findings
        )
    )


def place_of(at: At) -> str:
    """``ld1:/etc/ha.d/ha.cf:5:1``, as editors take it."""
    return f"{at}:{at.column}" if at.line is not None and at.column is not None else str(at)


def message_of(error: HostError) -> str:
    """Without the host's name in front: it stands above."""
    return error.message.removeprefix(f"{error.host}: ")


def was_read(host: HostRow) -> bool:
    return host.status in {"ok", "partial"}


def _cases(findings: Iterable[Finding]) -> Iterable[Case]:
    alike: dict[tuple[object, ...], list[Finding]] = {}
    for finding in findings:
        words = (finding.message, finding.expected, finding.configured, finding.running)
        alike.setdefault(words, []).append(finding)
    for same in alike.values():
        first = same[0]
        yield Case(
            message=first.message,
            expected=first.expected,
            configured=first.configured,
            running=first.running,
            findings=tuple(same),
        )


def _note(
    host: HostRow | None, cluster: str | None, errors: Iterable[HostError], findings: Iterable[Finding]
) -> Note:
    if host is not None and not was_read(host):
        return Note(host=host, cluster=None, errors=tuple(errors), gaps=(), open=len(list(findings)))
    alike: dict[Prose, list[Finding]] = {}
    for finding in findings:
        alike.setdefault(finding.message, []).append(finding)
    gaps = tuple(
        Gap(
            reason=reason,
            at=next((one.at for finding in same for one in finding.evidence), None),
            rules=tuple(dict.fromkeys(finding.rule for finding in same)),
        )
        for reason, same in alike.items()
    )
    return Note(host=host, cluster=cluster, errors=tuple(errors), gaps=gaps, open=0)
