"""Rules over clusters: what holds, what does not, and what nobody could tell."""

from __future__ import annotations

import hashlib
import stat
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache

from auditor import __version__
from auditor.derive.addresses import joined
from auditor.derive.evidence import known
from auditor.derive.keepalived import services_of
from auditor.judge.baseline import compare
from auditor.judge.expression import Member, Names, Template, Value, places
from auditor.judge.rules import Conditions, compile_rule
from auditor.judge.waivers import SOURCE, apply_waivers
from auditor.model.cluster import Cluster, Host
from auditor.model.facts import KeepalivedReal, RealServer
from auditor.model.findings import (
    SEVERITIES,
    STATES,
    Baseline,
    ClusterRow,
    Evidence,
    FailureRow,
    Finding,
    HostRow,
    Report,
    Rule,
    Run,
    SshRow,
    Verdict,
    VirtualRow,
    Waiver,
    WaiverUse,
)
from auditor.model.place import At, Prose, Unknown
from auditor.model.snapshot import Artifact, HostError, Snapshot, Ssh
from auditor.parse.text import read_document

SCHEMA_VERSION = "1.0"


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """One row of a rule: its state, the names that templates may use, and the places that decided it.

    ``why``: what could not be looked at, for unknown.
    """

    state: str
    names: Names
    ats: tuple[At, ...]
    why: Prose | None = None


def judge(
    snapshot: Snapshot,
    clusters: tuple[Cluster, ...],
    rules: tuple[Rule, ...],
    *,
    fail_on: str = "high",
    run: Run,
    omitted: Iterable[str] = (),
    waivers: Iterable[Waiver] = (),
    baseline: Report | None = None,
) -> Report:
    """Judge every rule on everything it applies to; each pair gives one finding or more, worst first.

    ``fail_on``: the least severity that blocks, one of SEVERITIES. A run that is not complete is never ready.
    Hosts of the snapshot that are in no cluster are unknown to every rule. ``omitted``: rules left out by
    choice. ``waivers`` count on the day on which ``run`` began. With a ``baseline`` only failures that are not
    among its own make the exit code 1; the verdict itself is about all of them. The same arguments give the
    same report.
    """
    show = _evidence_reader(snapshot)
    drafts: list[Finding] = []
    for rule in rules:
        conditions = _compile(rule)
        drafts.extend(
            _draft(rule, conditions, host, cluster, outcome, show)
            for host, cluster, outcome in apply_rule(rule, conditions, clusters)
        )
    stray = _stray_hosts(snapshot, clusters)
    drafts.extend(_stray_draft(rule, host) for rule in rules if rule.scope == "host" for host in stray)
    drafts, uses = apply_waivers(drafts, waivers, rules, run.started[:10])
    drafts.extend(_waiver_drafts(rules, uses, snapshot, clusters, show))
    findings = _number(drafts)
    errors = _errors(snapshot)
    compared = None if baseline is None else compare(findings, baseline)
    return Report(
        schema_version=SCHEMA_VERSION,
        tool_version=__version__,
        run=run,
        verdict=_verdict(snapshot, findings, errors, fail_on, compared),
        clusters=tuple(_cluster_row(cluster) for cluster in clusters),
        hosts=_host_rows(snapshot, clusters),
        rules=tuple(sorted(rules, key=lambda rule: rule.id)),
        findings=findings,
        errors=errors,
        omitted=tuple(sorted(omitted)),
        baseline=compared,
    )


_compile = cache(compile_rule)


def outcomes(conditions: Conditions, names: Names) -> Iterator[Outcome]:
    """What a rule says of one subject: at least one row, whatever is missing."""
    context: tuple[At, ...] = ()
    if conditions.when is not None:
        when = conditions.when.truth(names)
        if when.value is not True:
            yield _outcome(Value(when.value or None, when.ats), names)  # false: does not apply
            return
        context = when.ats
    if conditions.for_each is None:
        yield from _hold(conditions, names, (), context)
        return
    collection = conditions.for_each.walk(names)
    if isinstance(collection.value, Unknown):
        yield _outcome(collection, names)
        return
    members = [member for member in collection.value if member.included is not False]
    if not members:
        seen = tuple(at for member in collection.value for at in member.ats)
        yield _outcome(Value(None, collection.ats + seen or context), names)
    for member in members:
        bound = {**names, conditions.for_each.name: member.value}
        gap = _gap(member)
        if gap is not None:
            yield _outcome(Value(gap, member.ats), bound)
        else:
            yield from _hold(conditions, bound, member.ats, context)


def _hold(
    conditions: Conditions, names: Names, ats: tuple[At, ...], context: tuple[At, ...]
) -> Iterator[Outcome]:
    """``require`` and ``forbid``: one row for all that holds, else one for each thing that does not."""
    bad: list[Outcome] = []
    seen = ats
    if conditions.require is not None:
        truth = conditions.require.truth(names)
        seen += truth.ats
        if truth.value is not True:
            bad.append(_outcome(Value(truth.value, seen or context), names))
    if conditions.forbid is not None:
        collection = conditions.forbid.walk(names)
        seen += collection.ats
        if isinstance(collection.value, Unknown):
            bad.append(_outcome(Value(collection.value, seen), names))
        else:
            for member in collection.value:
                bound = {**names, conditions.forbid.name: member.value}
                if member.included is not False:
                    bad.append(_outcome(Value(_gap(member) or False, ats + member.ats), bound))
                seen += member.ats
    yield from bad or [_outcome(Value(True, seen or context), names)]


def _outcome(decided: Value, names: Names) -> Outcome:
    """True: pass, False: fail, None: does not apply."""
    ats = tuple(dict.fromkeys(decided.ats))
    if isinstance(decided.value, Unknown):
        own = places(decided.value)
        return Outcome(state="unknown", names=names, ats=ats or own, why=decided.value.why)
    state = {True: "pass", False: "fail", None: "not_applicable"}[decided.value]
    return Outcome(state=state, names=names, ats=ats)


def _gap(member: Member) -> Unknown | None:
    """Why nothing can be said of a member: it is not known, or not known to be one."""
    for value in (member.value, member.included):
        if isinstance(value, Unknown):
            return value
    return None


def apply_rule(
    rule: Rule, conditions: Conditions, clusters: Iterable[Cluster]
) -> Iterator[tuple[str | None, str, Outcome]]:
    """Host (None for a cluster), cluster and outcome of everything that a rule applies to."""
    for cluster in clusters if rule.scope != "waiver" else ():
        if rule.scope == "cluster":
            for outcome in outcomes(conditions, {"cluster": cluster}):
                yield None, cluster.name, outcome
            continue
        for host in cluster.hosts:
            names = {"host": host, "cluster": cluster}
            applies = _applies(rule, host)
            if isinstance(applies, Unknown):
                yield host.name, cluster.name, _outcome(Value(applies), names)
            elif applies:
                for outcome in outcomes(conditions, names):
                    yield host.name, cluster.name, outcome


def _applies(rule: Rule, host: Host) -> bool | Unknown:
    if rule.applies_to == "host":
        return True
    if rule.applies_to == "vip-carrier":
        return host.carries_vip
    role = "director" if rule.applies_to == "heartbeat" else rule.applies_to
    if role in host.roles:
        moved = host.moved if rule.applies_to == "heartbeat" else False
        return moved if isinstance(moved, Unknown) else not moved
    if host.roles_known:
        return False
    return Unknown(
        why=Prose(
            en=f"{host.name}: not enough was read to tell whether it is a {_ROLES[role].en}",
            zh=f"{host.name}: 读取的信息不足, 无法判断它是否为{_ROLES[role].zh}",
        )
    )


_ROLES = {"director": Prose(en="director", zh="调度器"), "real": Prose(en="real server", zh="真实服务器")}


# -- findings ---------------------------------------------------------------


def _draft(
    rule: Rule,
    conditions: Conditions,
    host: str | None,
    cluster: str | None,
    outcome: Outcome,
    show: Callable[[At], Evidence],
) -> Finding:
    """A finding that has no id and no fingerprint yet."""
    names = outcome.names
    evidence = _to_the_point(show(at) for at in outcome.ats)
    judged = outcome.state != "not_applicable"
    return Finding(
        id="",
        fingerprint="",
        rule=rule.id,
        severity=rule.severity,
        host=host,
        cluster=cluster,
        subject=_render(conditions.subject, names),
        state=outcome.state,
        message=_message(rule, conditions, outcome),
        expected=_render(conditions.expected, names) if judged else None,
        configured=_render(conditions.actual, names) if judged else None,
        running=_render(conditions.running, names) if judged else None,
        evidence=evidence,
        fix=rule.fix if outcome.state == "fail" else (),
    )


def _message(rule: Rule, conditions: Conditions, outcome: Outcome) -> Prose:
    if outcome.state == "pass":
        return rule.title
    if outcome.state == "fail":
        english, chinese = conditions.message
        return Prose(en=english.render(outcome.names, "en"), zh=chinese.render(outcome.names, "zh"))
    return outcome.why or Prose(en="does not apply here", zh="此处不适用")


def _render(template: Template | None, names: Names) -> str | None:
    """None as well where the template speaks of a member and there is none."""
    if template is None or not template.used <= names.keys():
        return None
    return template.machine(names)


def _stray_hosts(snapshot: Snapshot, clusters: Iterable[Cluster]) -> list[str]:
    grouped = {host.name for cluster in clusters for host in cluster.hosts}
    return [host.name for host in snapshot.hosts if host.name not in grouped]


def _stray_draft(rule: Rule, host: str) -> Finding:
    return Finding(
        id="",
        fingerprint="",
        rule=rule.id,
        severity=rule.severity,
        host=host,
        cluster=None,
        subject=None,
        state="unknown",
        message=Prose(en=f"{host} belongs to no cluster", zh=f"{host} 不属于任何集群"),
        expected=None,
        configured=None,
        running=None,
        evidence=(),
        fix=(),
    )


def _waiver_drafts(
    rules: Iterable[Rule],
    uses: Iterable[WaiverUse],
    snapshot: Snapshot,
    clusters: Iterable[Cluster],
    show: Callable[[At], Evidence],
) -> Iterator[Finding]:
    """One row for each waiver and each host or cluster that it names, which nobody of ours may be called."""
    scopes = {rule.id: rule.scope for rule in rules}
    homes: dict[str, str | None] = {host.name: None for host in snapshot.hosts}
    homes |= {host.name: cluster.name for cluster in clusters for host in cluster.hosts}
    names = {cluster.name for cluster in clusters}
    for rule in rules:
        if rule.scope != "waiver":
            continue
        conditions = compile_rule(rule)
        for use in uses:
            on_host = scopes[use.rule] == "host"
            host = use.subject if on_host and use.subject in homes else None
            cluster = homes.get(use.subject) if on_host else use.subject if use.subject in names else None
            for outcome in outcomes(conditions, {"waiver": use}):
                yield _draft(rule, conditions, host, cluster, replace(outcome, ats=(use.at,)), show)


def _number(drafts: Iterable[Finding]) -> tuple[Finding, ...]:
    """Worst first. Findings about the same thing are told apart by their order."""
    times: Counter[tuple[str, ...]] = Counter()
    findings = []
    for draft in drafts:
        about = (draft.rule, draft.host or f"cluster {draft.cluster}", draft.subject or "")
        location = "\0".join((*about, str(times[about])) if times[about] else about)
        times[about] += 1
        fingerprint = hashlib.sha256(location.encode(errors="surrogatepass")).hexdigest()[:16]
        findings.append(replace(draft, id=f"{draft.rule}-{fingerprint[:12]}", fingerprint=fingerprint))
    return tuple(sorted(findings, key=_rank))


def _rank(finding: Finding) -> tuple[object, ...]:
    return (
        STATES.index(finding.state),
        SEVERITIES.index(finding.severity),
        finding.rule,
        finding.cluster or "",
        finding.host or "",
        finding.subject or "",
        finding.fingerprint,
    )


# -- evidence ---------------------------------------------------------------

_AROUND = 2  # lines before and after that go along with the one that decided


def _evidence_reader(snapshot: Snapshot) -> Callable[[At], Evidence]:
    """Looks places up in the artifacts; a source may be named by its probe."""
    artifacts: dict[tuple[str, str], Artifact] = {}
    encodings = {host.name: host.encoding for host in snapshot.hosts}
    for host in snapshot.hosts:
        for artifact in host.artifacts.values():
            artifacts.setdefault((host.name, artifact.source), artifact)
        for artifact in host.artifacts.values():
            artifacts.setdefault((host.name, artifact.id), artifact)

    @cache
    def lines(host: str, source: str) -> list[str]:
        artifact = artifacts[host, source]
        document = read_document(artifact.content, source=source, host=host, encoding=encodings[host])
        return document.text.removesuffix("\n").split("\n")

    def show(at: At) -> Evidence:
        artifact = artifacts.get((at.host, at.source))
        if artifact is None:
            return Evidence(at=at, text=None)
        at = replace(at, source=artifact.source)
        if at.line is None:
            return Evidence(at=at, text=_listing(artifact))
        text = lines(at.host, at.source)
        if not 0 < at.line <= len(text):
            return Evidence(at=at, text=None)
        start, end = max(0, at.line - 1 - _AROUND), at.line + _AROUND
        return Evidence(
            at=at,
            text=text[at.line - 1],
            before=tuple(text[start : at.line - 1]),
            after=tuple(text[at.line : end]),
        )

    return show


def _listing(artifact: Artifact) -> str | None:
    """How a file lies there, as ls says it: mode, owner, group, and where a link leads."""
    if artifact.mode is None:
        return None
    kind = {"link": stat.S_IFLNK, "directory": stat.S_IFDIR}.get(artifact.kind, stat.S_IFREG)
    words = [stat.filemode(kind | int(artifact.mode, 8)), artifact.owner or "?", artifact.group or "?"]
    return " ".join(words if artifact.target is None else [*words, "->", artifact.target])


def _to_the_point(evidence: Iterable[Evidence]) -> tuple[Evidence, ...]:
    """Each place once; a file as a whole only where none of its lines is shown."""
    shown = tuple(dict.fromkeys(one for one in evidence if one.at.source))
    precise = {(one.at.host, one.at.source) for one in shown if one.at.line is not None}
    return tuple(
        one for one in shown if one.at.line is not None or (one.at.host, one.at.source) not in precise
    )


# -- the verdict and the rest of the report ---------------------------------


def _verdict(
    snapshot: Snapshot,
    findings: Sequence[Finding],
    errors: Sequence[HostError],
    fail_on: str,
    baseline: Baseline | None,
) -> Verdict:
    counts = Counter(finding.state for finding in findings)
    blocking = SEVERITIES[: SEVERITIES.index(fail_on) + 1]
    blockers = [one.id for one in findings if one.state == "fail" and one.severity in blocking]
    unknown = _unknown(snapshot, findings, errors)
    state = "not_ready" if blockers else "cannot_tell" if unknown else "ready"
    count = blockers if baseline is None else set(blockers) & {*baseline.new}
    return Verdict(
        state=state,
        blockers=tuple(blockers),
        unknown=unknown,
        counts={name: counts[name] for name in sorted(STATES)},
        complete=not unknown,
        exit_code=1 if count else 3 if unknown else 0,
    )


def _unknown(snapshot: Snapshot, findings: Sequence[Finding], errors: Sequence[HostError]) -> tuple[str, ...]:
    """All that keeps the run from being complete; a host that was not read is named once."""
    unread = {host.name for host in snapshot.hosts if host.status not in {"ok", "partial"}}
    reasons = [f"{host.name}: {host.status}" for host in snapshot.hosts if host.status != "ok"]
    reasons += [f"{error.host}: {error.message}" for error in errors if error.host not in unread]
    reasons += [
        f"{finding.host or finding.cluster or SOURCE}: {finding.rule}: {finding.message.en}"
        for finding in findings
        if finding.state == "unknown" and finding.host not in unread
    ]
    if not reasons and not any(finding.state in {"pass", "fail"} for finding in findings):
        reasons.append("nothing could be judged")
    return tuple(dict.fromkeys(reasons))


def _errors(snapshot: Snapshot) -> tuple[HostError, ...]:
    """What collection reported, and every artifact that stops half-way."""
    return tuple(
        error
        for host in snapshot.hosts
        for error in (
            *host.errors,
            *(
                HostError(
                    host=host.name,
                    stage="collect",
                    code="truncated",
                    message=f"{artifact.source}: {artifact.why or 'truncated'}",
                )
                for artifact in host.artifacts.values()
                if artifact.state == "truncated"
            ),
        )
    )


def _host_rows(snapshot: Snapshot, clusters: Iterable[Cluster]) -> tuple[HostRow, ...]:
    known = {host.name: host for cluster in clusters for host in cluster.hosts}
    rows = []
    for visited in snapshot.hosts:
        host = known.get(visited.name)
        rows.append(
            HostRow(
                name=visited.name,
                address=visited.address,
                roles=tuple(sorted(visited.roles if host is None else host.roles)),
                role_reasons=() if host is None else host.role_reasons,
                status=visited.status,
                os={} if host is None else _os(host),
                ssh=_ssh_row(visited.ssh),
                artifacts=tuple(artifact for artifact in visited.artifacts.values() if _was_read(artifact)),
            )
        )
    return tuple(rows)


def _ssh_row(ssh: Ssh | None) -> SshRow | None:
    return None if ssh is None else SshRow(kex=ssh.kex, host_key=ssh.host_key, legacy=ssh.legacy)


def _was_read(artifact: Artifact) -> bool:
    """A folder has no bytes of its own: what lies in it does."""
    return artifact.state in {"read", "truncated"} and artifact.kind != "directory"


def _os(host: Host) -> dict[str, str]:
    facts: dict[str, str] = {}
    if host.release is not None and not isinstance(host.release, Unknown):
        facts |= {"id": host.release.id, "version": host.release.version, "text": host.release.text}
    if not isinstance(host.uname, Unknown):
        facts |= {"kernel": host.uname.release, "machine": host.uname.machine}
    return facts


def _cluster_row(cluster: Cluster) -> ClusterRow:
    directors = () if isinstance(cluster.directors, Unknown) else cluster.directors
    reals = () if isinstance(cluster.reals, Unknown) else cluster.reals
    active = None if isinstance(cluster.active, Unknown) else cluster.active
    return ClusterRow(
        name=cluster.name,
        directors=tuple(host.name for host in directors),
        reals=tuple(host.name for host in reals),
        active=active,
        virtuals=tuple(_virtual_rows(cluster, directors, active)),
        failures=tuple(_failure_rows(cluster)),
    )


def _failure_rows(cluster: Cluster) -> Iterator[FailureRow]:
    for failure in () if isinstance(cluster.failures, Unknown) else cluster.failures:
        yield FailureRow(
            node=failure.node,
            moves=tuple((move.vip, move.to) for move in failure.moves),
            connections=failure.connections,
            twice=failure.twice,
            text=failure.text,
        )


def _virtual_rows(cluster: Cluster, directors: Iterable[Host], active: str | None) -> Iterator[VirtualRow]:
    """The services of the active director's file, or of the first that was read; then those of keepalived."""
    ranked = sorted(directors, key=lambda host: host.name != active)
    files = [file for host in ranked if (file := known(host.ldirectord)) is not None]
    vips = () if isinstance(cluster.vips, Unknown) else cluster.vips
    owners = {vip.address: vip.seen for vip in vips if not isinstance(vip, Unknown)}
    for virtual in files[0].virtuals if files else ():
        yield VirtualRow(
            name=virtual.name,
            scheduler=virtual.scheduler,
            reals=_real_rows(virtual.reals, virtual.port),
            owners=owners.get(virtual.address or "", ()),
        )
    made = {
        service.key: service
        for host in ranked
        if (keepalived := known(host.keepalived)) is not None
        for service in services_of(keepalived)
        if not isinstance(service, Unknown)
    }
    for service in made.values():
        yield VirtualRow(
            name=str(service.mark) if service.address is None else joined(service.address, service.port),
            scheduler=service.virtual.scheduler or "?",
            reals=_real_rows(service.reals, service.port),
            owners=owners.get(service.address or "", ()),
        )


def _real_rows(reals: Iterable[RealServer | KeepalivedReal], port: int | None) -> tuple[str, ...]:
    return tuple(
        f"{joined(real.address, real.port or port)} {real.forwarding or '?'} {real.weight}" for real in reals
    )
