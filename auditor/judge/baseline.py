"""One report against an earlier one: which failures are new, and which are gone for sure."""

from __future__ import annotations

from collections.abc import Iterable

from auditor.model.findings import Baseline, Finding, Report


def compare(findings: Iterable[Finding], earlier: Report) -> Baseline:
    """Failures by fingerprint. A failure that is gone is fixed only if its rule was judged there without a gap.

    What was waived, unknown or right before, and fails now, is new.
    """
    now = {finding.fingerprint: finding for finding in findings}
    before = {finding.fingerprint: finding for finding in earlier.findings if finding.state == "fail"}
    states: dict[tuple[str, str | None, str | None], set[str]] = {}
    for finding in now.values():
        states.setdefault(_about(finding), set()).add(finding.state)
    new: list[str] = []
    changed: list[str] = []
    unchanged: list[str] = []
    for mark, finding in now.items():
        if finding.state == "fail" and mark not in before:
            new.append(finding.id)
        elif finding.state in _WRONG and mark in before:
            same = _values(finding) == _values(before[mark])
            (unchanged if same else changed).append(finding.id)
    fixed: list[Finding] = []
    unseen: list[Finding] = []
    for mark, finding in before.items():
        if mark not in now or now[mark].state not in _WRONG:
            found = states.get(_about(finding), {"unknown"})
            (unseen if "unknown" in found else fixed).append(finding)
    return Baseline(
        run_id=earlier.run.id,
        started=earlier.run.started,
        new=tuple(new),
        changed=tuple(changed),
        unchanged=tuple(unchanged),
        fixed=tuple(fixed),
        unseen=tuple(unseen),
    )


_WRONG = frozenset({"fail", "waived"})


def _about(finding: Finding) -> tuple[str, str | None, str | None]:
    """A cluster may get another name when a director comes or goes; a host's findings do not depend on it."""
    return finding.rule, finding.host, None if finding.host else finding.cluster


def _values(finding: Finding) -> tuple[str | None, ...]:
    return finding.expected, finding.configured, finding.running, finding.message.en
