"""What was judged. The same shape as report.json, which is the public contract."""

from __future__ import annotations

from collections.abc import Mapping

from auditor.model.place import At, Prose, Unknown
from auditor.model.record import record
from auditor.model.snapshot import Artifact, HostError

STATES = ("fail", "unknown", "pass", "waived", "not_applicable")
SEVERITIES = ("critical", "high", "medium", "low", "info")


@record
class Fix:
    """``kind``: hint, command or file. Texts come from the rule, never from a host."""

    kind: str
    text: Prose


@record
class Rule:
    """One rule as loaded: words for people, expressions for the judge (see auditor/judge/rules.py).

    ``scope``: ``host``, ``cluster`` or ``waiver``. ``applies_to``: host, director, heartbeat (a director that has
    not moved to keepalived), real, vip-carrier, cluster or waiver.
    ``basis``: tuple of ``"runbook 2a"`` or ``"upstream 4"``. ``message``, ``expected``, ``actual`` (what the
    files say) and ``running`` are templates. ``inhibits``: why nobody should migrate while it does not hold.
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
    inhibits: Prose | None = None


@record
class Evidence:
    """A place and the text that stands there, unaltered (``text`` is None where the place is gone).

    ``before`` and ``after``: the lines around it, for people; report.json does not keep them.
    """

    at: At
    text: str | None
    before: tuple[str, ...] = ()
    after: tuple[str, ...] = ()


@record
class Waiver:
    """Somebody's word for it that a failure is to be lived with.

    ``hosts``: names of hosts, and of clusters for rules that compare hosts. ``expires``: the last day on which it
    counts, UTC, as ``2026-12-31``.
    """

    rule: str
    hosts: tuple[str, ...]
    reason: str
    owner: str
    expires: str
    at: At


@record
class WaiverUse:
    """What one waiver does for one of the hosts or clusters it names.

    ``standing``: in_force, expired, or unmatched when nothing fails there.
    """

    rule: str
    subject: str
    reason: str
    owner: str
    expires: str
    standing: str | Unknown
    explanation: Prose
    at: At


@record
class Finding:
    """One judgement of one rule on one subject: a host, a cluster when ``host`` is None, or neither for a waiver
    that names nobody we know.

    ``fingerprint``: rule, host and semantic location, so that re-indenting a file makes no new finding.
    ``configured`` and ``running``: what the files say and what the kernel or daemon does. ``waiver``: for waived.
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
    waiver: Waiver | None = None


@record
class Baseline:
    """How the failures compare with those of an earlier report, by fingerprint.

    ``new``, ``changed`` and ``unchanged`` are failures of this report; the values of the changed ones are others.
    ``fixed`` and ``unseen`` are failures of the earlier one: what passes now or is gone, and what nobody could
    look at or asked about this time.
    """

    run_id: str
    started: str
    new: tuple[str, ...]
    changed: tuple[str, ...]
    unchanged: tuple[str, ...]
    fixed: tuple[Finding, ...]
    unseen: tuple[Finding, ...]


@record
class Verdict:
    """``state``: ready, not_ready or cannot_tell. ``exit_code``: with a baseline only what is new makes it 1."""

    state: str
    blockers: tuple[str, ...]
    unknown: tuple[str, ...]
    counts: Mapping[str, int]
    complete: bool
    exit_code: int


@record
class Run:
    """Times are RFC 3339 UTC. The only part of a report that two runs over one snapshot may differ in."""

    id: str
    started: str
    finished: str


@record
class SshRow:
    """What both sides agreed on; ``legacy``: the agreed names that rest on SHA-1 or worse."""

    kex: str
    host_key: str
    legacy: tuple[str, ...]


@record
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


@record
class VirtualRow:
    """A virtual service with its pool: ``reals`` are ``address:port forwarding weight``."""

    name: str
    scheduler: str
    reals: tuple[str, ...]
    owners: tuple[str, ...]


@record
class FailureRow:
    """What happens if ``node`` dies, told in ``text``.

    ``moves``: each VIP that leaves it, with the director that takes it, None: nobody. ``connections``: kept,
    broken, share, none or unknown. ``twice``: VIPs with two owners if it is only cut off, or comes back.
    """

    node: str
    moves: tuple[tuple[str, str | None], ...]
    connections: str
    twice: tuple[str, ...]
    text: Prose


@record
class ClusterRow:
    """``active``: the one director that serves; None when there is none, several, or nobody could tell.

    ``failures``: directors first, then real servers.
    """

    name: str
    directors: tuple[str, ...]
    reals: tuple[str, ...]
    active: str | None
    virtuals: tuple[VirtualRow, ...]
    failures: tuple[FailureRow, ...]


@record
class Report:
    """Everything a renderer may show. ``errors`` holds what could not be looked at, and why.

    ``omitted``: rules of the catalogue that were left out by choice.
    """

    schema_version: str
    tool_version: str
    run: Run
    verdict: Verdict
    clusters: tuple[ClusterRow, ...]
    hosts: tuple[HostRow, ...]
    rules: tuple[Rule, ...]
    findings: tuple[Finding, ...]
    errors: tuple[HostError, ...]
    omitted: tuple[str, ...] = ()
    baseline: Baseline | None = None
