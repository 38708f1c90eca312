"""The report as SARIF 2.1.0, for code scanning: each failure with the file and line that decided."""

from __future__ import annotations

from typing import Any, TextIO
from urllib.parse import quote

from auditor.model.findings import Finding, Report, Rule
from auditor.render.json import dump
from auditor.render.matter import subjects
from auditor.render.visible import visible
from auditor.render.words import tell

_LEVELS = {"critical": "error", "high": "error", "medium": "warning", "low": "note", "info": "note"}


def render_sarif(report: Report, out: TextIO, *, lang: str = "en") -> None:
    """``fail`` and ``waived`` (as suppressed) are results of kind fail; ``unknown`` is of kind open."""
    numbers = {rule.id: number for number, rule in enumerate(report.rules)}
    told = [finding for finding in report.findings if finding.state in {"fail", "waived", "unknown"}]
    run = {
        "tool": {
            "driver": {
                "name": "lvsaudit",
                "version": report.tool_version,
                "rules": [_rule(rule, lang) for rule in report.rules],
            }
        },
        "invocations": [
            {
                "executionSuccessful": report.verdict.complete,
                "startTimeUtc": report.run.started,
                "endTimeUtc": report.run.finished,
                "exitCode": report.verdict.exit_code,
            }
        ],
        "results": [_result(finding, numbers[finding.rule], lang) for finding in told],
        "columnKind": "unicodeCodePoints",
    }
    dump(
        {"$schema": "https://json.schemastore.org/sarif-2.1.0.json", "version": "2.1.0", "runs": [run]},
        out,
    )


def _rule(rule: Rule, lang: str) -> dict[str, Any]:
    why = tell(rule.why, lang) or tell(rule.title, lang)
    return {
        "id": rule.id,
        "shortDescription": {"text": tell(rule.title, lang)},
        "fullDescription": {"text": why},
        "defaultConfiguration": {"level": _LEVELS[rule.severity]},
    }


def _result(finding: Finding, number: int, lang: str) -> dict[str, Any]:
    about = subjects([finding], lang)[0]
    result: dict[str, Any] = {
        "ruleId": finding.rule,
        "ruleIndex": number,
        "message": {"text": visible(f"{about}: {tell(finding.message, lang)}")},
        "partialFingerprints": {"lvsaudit/v1": finding.fingerprint},
        "locations": [_location(finding, index) for index in range(len(finding.evidence))],
    }
    if finding.state == "unknown":
        return result | {"kind": "open", "level": "none"}
    result |= {"kind": "fail", "level": _LEVELS[finding.severity]}
    if finding.waiver is not None:
        waiver = finding.waiver
        words = visible(f"{waiver.owner}, until {waiver.expires}: {waiver.reason}")
        result["suppressions"] = [{"kind": "external", "status": "accepted", "justification": words}]
    return result


def _location(finding: Finding, index: int) -> dict[str, Any]:
    """Hosts are folders, as in a snapshot."""
    at = finding.evidence[index].at
    place: dict[str, Any] = {
        "artifactLocation": {"uri": quote(visible(f"{at.host or '.'}/{at.source.lstrip('/')}"))}
    }
    if at.line is not None:
        region = {"startLine": at.line, "startColumn": at.column, "endColumn": at.end_column}
        place["region"] = {key: value for key, value in region.items() if value is not None}
    return {"physicalLocation": place}
