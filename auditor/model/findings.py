"""What was judged. The same shape as report.json, which is the public contract."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from auditor.model.place import At, Prose
from auditor.model.snapshot import Artifact, HostError

STATES = ("fail", "unknown", "pass", "waived", "not_applicable")
SEVERITIES = ("critical", "high", "medium", "low", "info")


@dataclass(frozen=True, slots=True, kw_only=True)
class Fix:
    """``kind``: hint, command or file. Texts come from the rule, never from a host."""

    kind: str
    text: Prose


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One rule as loaded: words for people, expressions for the judge (see auditor/judge/rules.py).

    ``scope``: ``host`` or ``cluster``. ``applies_to``: host, director, real, vip-carrier or cluster.
    ``basis``: tuple of ``"runbook 2a"`` or ``"upstream 4"``. ``message``, ``expected``, ``actual`` (what the
    files say) and ``running`` are templates.
    """

    id: str
    severity: str
    scope: str
    applies_to: str
    title: Prose
    message: Prose
    why: Prose
    judged: Prose
    false_alarms: Prose
    fix: tuple[Fix, ...]
    basis: tuple[str, ...]
    when: str | None = None
    for_each: str | None = None
    require: str | None = None
    forbid: str | None = None
    subject: str | None = None
    expected: str | None = None
    actual: str | None = None
    running: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """A place and the text that stands there, unaltered (``text`` is None where the place is gone).

    ``before`` and ``after``: the lines around it, for people; report.json does not keep them.
    """

    at: At
    text: str | None
    before: tuple[str, ...] = ()
    after: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One judgement of one rule on one subject: a host, or a cluster when ``host`` is None.

    ``fingerprint``: rule, host and semantic location, so that re-indenting a file makes no new finding.
    ``configured`` and ``running``: what the files say and what the kernel or daemon does.
    """

    id: str
    fingerprint: str
    rule: str
    severity: str
    host: str | None
    cluster: str | None
    subject: str | None
    state: str
    message: Prose
    expected: str | None
    configured: str | None
    running: str | None
    evidence: tuple[Evidence, ...]
    fix: tuple[Fix, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """``state``: ready, not_ready or cannot_tell."""

    state: str
    blockers: tuple[str, ...]
    unknown: tuple[str, ...]
    counts: Mapping[str, int]
    complete: bool
    exit_code: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """Times are RFC 3339 UTC. The only part of a report that two runs over one snapshot may differ in."""

    id: str
    started: str
    finished: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SshRow:
    """What both sides agreed on; ``legacy``: the agreed names that rest on SHA-1 or worse."""

    kex: str
    host_key: str
    legacy: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class HostRow:
    """One host of the report. ``os``: of id, version, text, kernel and machine those that are known.

    ``ssh``: None when nothing was agreed. ``artifacts``: what was read of it, whole or in part.
    """

    name: str
    address: str
    roles: tuple[str, ...]
    role_reasons: tuple[Prose, ...]
    status: str
    os: Mapping[str, str]
    ssh: SshRow | None
    artifacts: tuple[Artifact, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class VirtualRow:
    """A virtual service with its pool: ``reals`` are ``address:port forwarding weight``."""

    name: str
    scheduler: str
    reals: tuple[str, ...]
    owners: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ClusterRow:
    """``active``: the one director that serves; None when there is none, several, or nobody could tell."""

    name: str
    directors: tuple[str, ...]
    reals: tuple[str, ...]
    active: str | None
    virtuals: tuple[VirtualRow, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """Everything a renderer may show. ``errors`` holds what could not be looked at, and why."""

    schema_version: str
    tool_version: str
    run: Run
    verdict: Verdict
    clusters: tuple[ClusterRow, ...]
    hosts: tuple[HostRow, ...]
    rules: tuple[Rule, ...]
    findings: tuple[Finding, ...]
    errors: tuple[HostError, ...]
