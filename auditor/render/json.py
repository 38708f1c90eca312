"""report.json: the public form of a report, written and read again."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Any, TextIO

from jsonschema import Draft202012Validator
from jsonschema.exceptions import best_match

from auditor.model.findings import (
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
from auditor.model.place import At, Prose
from auditor.model.snapshot import Artifact, HostError
from auditor.render.visible import shows_itself, visible
from auditor.resources import REPORTS


class ReportError(Exception):
    """A file that is no report; as text ``report.json: $.findings[3].state: message``."""


def render_json(report: Report, out: TextIO) -> None:
    """Write report.json: UTF-8, sorted keys, ``\\n``; the same report gives the same bytes.

    Characters that could act on a terminal are written as ``\\uXXXX``, which is the same value.
    """
    dump(_report(report), out)


def dump(value: Mapping[str, Any], out: TextIO) -> None:
    """The one way in which JSON is written: sorted, and harmless to a terminal."""
    text = json.dumps(value, ensure_ascii=False, allow_nan=False, sort_keys=True, indent=1)
    out.write(_SUSPECT.sub(_escape, text) + "\n")


def read_report(path: Path, rules: Iterable[Rule] = ()) -> Report:
    """A stored report. Raises ReportError where it cannot be read or is not what the schema says.

    report.json keeps the titles of its rules but not what they explain: that, and the Chinese of the fixes,
    comes from ``rules``. What is not there either stays empty, and a fix is then English in both languages.
    The lines around the evidence are not kept.
    """
    try:
        stored = json.loads(path.read_bytes().decode("utf-8"))
    except OSError as error:
        raise ReportError(f"{path}: {error.strerror}") from None
    except (ValueError, RecursionError) as error:
        raise ReportError(f"{path}: not JSON: {visible(str(error), limit=200)}") from None
    complaint = best_match(_validator().iter_errors(stored))
    if complaint is not None:
        where, what = visible(complaint.json_path, limit=200), visible(complaint.message, limit=300)
        raise ReportError(f"{path}: {where}: {what}")
    known = {rule.id: rule for rule in rules}
    listed = {rule["id"] for rule in stored["rules"]}
    for index, finding in enumerate(stored["findings"]):
        if finding["rule"] not in listed:
            rule = visible(finding["rule"], limit=200)
            raise ReportError(f"{path}: $.findings[{index}].rule: {rule} is not among the report's rules")
    ids = {finding["id"] for finding in stored["findings"]}
    for index, blocker in enumerate(stored["verdict"]["blockers"]):
        if blocker not in ids:
            what = visible(blocker, limit=200)
            raise ReportError(f"{path}: $.verdict.blockers[{index}]: {what} is not among the findings")
    return _read(stored, known)


def schema() -> Mapping[str, Any]:
    """The JSON Schema of report.json."""
    loaded: Mapping[str, Any] = json.loads((REPORTS / "schema" / "report.json").read_text("utf-8"))
    return loaded


@cache
def _validator() -> Draft202012Validator:
    return Draft202012Validator(schema())


# Whatever is not ASCII is looked at closely; of ASCII, json itself has escaped the controls but DEL.
_SUSPECT = re.compile(r"[^\n\x20-\x7e]")


def _escape(match: re.Match[str]) -> str:
    character = match[0]
    if shows_itself(character):
        return character
    units = character.encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{units[i]:02x}{units[i + 1]:02x}" for i in range(0, len(units), 2))


# -- writing ----------------------------------------------------------------


def _report(report: Report) -> dict[str, Any]:
    verdict = report.verdict
    return {
        "schema_version": report.schema_version,
        "tool": {"name": "lvsaudit", "version": report.tool_version},
        "run": {
            "id": report.run.id,
            "started": report.run.started,
            "finished": report.run.finished,
            "complete": verdict.complete,
            "exit_code": verdict.exit_code,
        },
        "verdict": {
            "state": verdict.state,
            "blockers": list(verdict.blockers),
            "unknown": list(verdict.unknown),
        },
        "counts": dict(verdict.counts),
        "clusters": [_cluster(cluster) for cluster in report.clusters],
        "hosts": [_host(host) for host in report.hosts],
        "rules": [_rule(rule) for rule in report.rules],
        "findings": [finding_to_json(finding) for finding in report.findings],
        "errors": [
            {"host": error.host, "stage": error.stage, "code": error.code, "message": error.message}
            for error in report.errors
        ],
        **({"omitted": list(report.omitted)} if report.omitted else {}),
        **({"baseline": _baseline(report.baseline)} if report.baseline else {}),
    }


def _baseline(baseline: Baseline) -> dict[str, Any]:
    return {
        "run": {"id": baseline.run_id, "started": baseline.started},
        "new": list(baseline.new),
        "changed": list(baseline.changed),
        "unchanged": list(baseline.unchanged),
        "fixed": [finding_to_json(finding) for finding in baseline.fixed],
        "unseen": [finding_to_json(finding) for finding in baseline.unseen],
    }


def _cluster(cluster: ClusterRow) -> dict[str, Any]:
    return {
        "name": cluster.name,
        "directors": list(cluster.directors),
        "reals": list(cluster.reals),
        "active": cluster.active,
        "virtuals": [
            {
                "name": virtual.name,
                "scheduler": virtual.scheduler,
                "reals": list(virtual.reals),
                "owners": list(virtual.owners),
            }
            for virtual in cluster.virtuals
        ],
        "failures": [
            {
                "node": failure.node,
                "moves": [{"vip": vip, "to": to} for vip, to in failure.moves],
                "connections": failure.connections,
                "twice": list(failure.twice),
                "text": _prose(failure.text),
            }
            for failure in cluster.failures
        ],
    }


def _host(host: HostRow) -> dict[str, Any]:
    ssh = host.ssh
    return {
        "name": host.name,
        "address": host.address,
        "roles": list(host.roles),
        "role_reasons": [reason.en for reason in host.role_reasons],
        "status": host.status,
        "os": dict(host.os),
        "ssh": ssh and {"kex": ssh.kex, "host_key": ssh.host_key, "legacy": list(ssh.legacy)},
        "artifacts": [_artifact(artifact) for artifact in host.artifacts],
    }


def _artifact(artifact: Artifact) -> dict[str, Any]:
    return {
        "id": artifact.id,
        "kind": artifact.kind,
        "path": artifact.path,
        "argv": None if artifact.argv is None else list(artifact.argv),
        "exit_status": artifact.exit_status,
        "size": artifact.size,
        "truncated": artifact.state == "truncated",
        "mode": artifact.mode,
        "owner": artifact.owner,
        "mtime": artifact.mtime,
        "sha256": artifact.sha256,
    }


def _rule(rule: Rule) -> dict[str, Any]:
    basis, section = _basis(rule.basis)
    return {
        "id": rule.id,
        "severity": rule.severity,
        "basis": basis,
        "section": section,
        "title": _prose(rule.title),
    }


def _basis(cited: tuple[str, ...]) -> tuple[str | None, str | None]:
    """The runbook where it says so, else upstream; with all its sections that the rule cites."""
    for source in ("runbook", "upstream"):
        sections = [one.partition(" ")[2] for one in cited if one.split(" ")[0] == source]
        if sections:
            return source, " ".join(sections)
    return None, None


def finding_to_json(finding: Finding) -> dict[str, Any]:
    """As report.json has it."""
    return {
        "id": finding.id,
        "fingerprint": finding.fingerprint,
        "rule": finding.rule,
        "host": finding.host,
        "cluster": finding.cluster,
        "state": finding.state,
        "severity": finding.severity,
        "message": _prose(finding.message),
        "expected": finding.expected,
        "actual": {"configured": finding.configured, "running": finding.running},
        "evidence": [
            {
                "host": one.at.host,
                "path": one.at.source,
                "line": one.at.line,
                "column": one.at.column,
                "end_column": one.at.end_column,
                "text": one.text,
            }
            for one in finding.evidence
        ],
        "fix": [{"kind": step.kind, "text": step.text.en} for step in finding.fix],
        "waiver": finding.waiver
        and {
            "reason": finding.waiver.reason,
            "owner": finding.waiver.owner,
            "expires": finding.waiver.expires,
        },
    }


def _prose(prose: Prose) -> dict[str, str]:
    return {"en": prose.en, "zh": prose.zh}


# -- reading ----------------------------------------------------------------


def _read(stored: Mapping[str, Any], known: Mapping[str, Rule]) -> Report:
    run, verdict = stored["run"], stored["verdict"]
    return Report(
        schema_version=stored["schema_version"],
        tool_version=stored["tool"]["version"],
        run=Run(id=run["id"], started=run["started"], finished=run["finished"]),
        verdict=Verdict(
            state=verdict["state"],
            blockers=tuple(verdict["blockers"]),
            unknown=tuple(verdict["unknown"]),
            counts=stored["counts"],
            complete=run["complete"],
            exit_code=run["exit_code"],
        ),
        clusters=tuple(_read_cluster(cluster) for cluster in stored["clusters"]),
        hosts=tuple(_read_host(host) for host in stored["hosts"]),
        rules=tuple(_read_rule(rule, known.get(rule["id"])) for rule in stored["rules"]),
        findings=tuple(_read_finding(finding, known.get(finding["rule"])) for finding in stored["findings"]),
        errors=tuple(HostError(**error) for error in stored["errors"]),
        omitted=tuple(stored.get("omitted", ())),
        baseline=_read_baseline(stored["baseline"], known) if "baseline" in stored else None,
    )


def _read_baseline(stored: Mapping[str, Any], known: Mapping[str, Rule]) -> Baseline:
    return Baseline(
        run_id=stored["run"]["id"],
        started=stored["run"]["started"],
        new=tuple(stored["new"]),
        changed=tuple(stored["changed"]),
        unchanged=tuple(stored["unchanged"]),
        fixed=tuple(_read_finding(finding, known.get(finding["rule"])) for finding in stored["fixed"]),
        unseen=tuple(_read_finding(finding, known.get(finding["rule"])) for finding in stored["unseen"]),
    )


def _read_cluster(cluster: Mapping[str, Any]) -> ClusterRow:
    return ClusterRow(
        name=cluster["name"],
        directors=tuple(cluster["directors"]),
        reals=tuple(cluster["reals"]),
        active=cluster["active"],
        virtuals=tuple(
            VirtualRow(
                name=virtual["name"],
                scheduler=virtual["scheduler"],
                reals=tuple(virtual["reals"]),
                owners=tuple(virtual["owners"]),
            )
            for virtual in cluster["virtuals"]
        ),
        failures=tuple(
            FailureRow(
                node=failure["node"],
                moves=tuple((move["vip"], move["to"]) for move in failure["moves"]),
                connections=failure["connections"],
                twice=tuple(failure["twice"]),
                text=Prose(**failure["text"]),
            )
            for failure in cluster["failures"]
        ),
    )


def _read_host(host: Mapping[str, Any]) -> HostRow:
    ssh = host["ssh"]
    return HostRow(
        name=host["name"],
        address=host["address"],
        roles=tuple(host["roles"]),
        role_reasons=tuple(Prose(en=reason, zh=reason) for reason in host["role_reasons"]),
        status=host["status"],
        os=host["os"],
        ssh=ssh and SshRow(kex=ssh["kex"], host_key=ssh["host_key"], legacy=tuple(ssh["legacy"])),
        artifacts=tuple(_read_artifact(artifact) for artifact in host["artifacts"]),
    )


def _read_artifact(artifact: Mapping[str, Any]) -> Artifact:
    return Artifact(
        id=artifact["id"],
        probe=artifact["id"],
        kind=artifact["kind"],
        state="truncated" if artifact["truncated"] else "read",
        path=artifact["path"],
        argv=None if artifact["argv"] is None else tuple(artifact["argv"]),
        exit_status=artifact["exit_status"],
        size=artifact["size"],
        mode=artifact["mode"],
        owner=artifact["owner"],
        mtime=artifact["mtime"],
        sha256=artifact["sha256"],
    )


_NOTHING = Prose(en="", zh="")


def _read_rule(rule: Mapping[str, Any], known: Rule | None) -> Rule:
    cited = () if rule["section"] is None else tuple(rule["section"].split(" "))
    return Rule(
        id=rule["id"],
        severity=rule["severity"],
        scope=known.scope if known else "",
        applies_to=known.applies_to if known else "",
        title=Prose(**rule["title"]),
        message=known.message if known else _NOTHING,
        why=known.why if known else _NOTHING,
        judged=known.judged if known else _NOTHING,
        false_alarms=known.false_alarms if known else _NOTHING,
        fix=known.fix if known else (),
        basis=tuple(f"{rule['basis']} {section}" for section in cited),
    )


def _read_finding(finding: Mapping[str, Any], known: Rule | None) -> Finding:
    return Finding(
        id=finding["id"],
        fingerprint=finding["fingerprint"],
        rule=finding["rule"],
        severity=finding["severity"],
        host=finding["host"],
        cluster=finding["cluster"],
        subject=None,
        state=finding["state"],
        message=Prose(**finding["message"]),
        expected=finding["expected"],
        configured=finding["actual"]["configured"],
        running=finding["actual"]["running"],
        evidence=tuple(
            Evidence(
                at=At(
                    host=one["host"],
                    source=one["path"],
                    line=one["line"],
                    column=one["column"],
                    end_column=one["end_column"],
                ),
                text=one["text"],
            )
            for one in finding["evidence"]
        ),
        fix=tuple(_read_fix(step, known.fix if known else ()) for step in finding["fix"]),
        waiver=finding["waiver"] and _read_waiver(finding),
    )


def _read_waiver(finding: Mapping[str, Any]) -> Waiver:
    """What a report keeps of it: not which other hosts it names, nor the line it stands on."""
    return Waiver(
        rule=finding["rule"],
        hosts=(finding["host"] or finding["cluster"],),
        at=At(host="", source=""),
        **finding["waiver"],
    )


def _read_fix(step: Mapping[str, str], known: tuple[Fix, ...]) -> Fix:
    for fix in known:
        if fix.kind == step["kind"] and fix.text.en == step["text"]:
            return fix
    return Fix(kind=step["kind"], text=Prose(en=step["text"], zh=step["text"]))
