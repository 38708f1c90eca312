"""The report as JUnit XML, which build servers show: a suite a rule, a case a host or cluster."""

from __future__ import annotations

from itertools import groupby
from typing import TextIO
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from auditor.model.findings import Finding, Report
from auditor.render.matter import place_of, subjects
from auditor.render.visible import visible
from auditor.render.words import tell

_SKIPPED = frozenset({"not_applicable", "waived"})


def render_junit(report: Report, out: TextIO, *, lang: str = "en") -> None:
    """``fail`` is a failure; ``unknown`` is an error, since it is no pass; what is waived is skipped and says so."""
    root = Element("testsuites", name="lvsaudit")
    ordered = sorted(report.findings, key=lambda finding: finding.rule)
    for rule, group in groupby(ordered, key=lambda finding: finding.rule):
        findings = list(group)
        states = [finding.state for finding in findings]
        suite = SubElement(
            root,
            "testsuite",
            name=visible(rule),
            tests=str(len(findings)),
            failures=str(states.count("fail")),
            errors=str(states.count("unknown")),
            skipped=str(sum(state in _SKIPPED for state in states)),
            timestamp=report.run.started.removesuffix("Z"),
        )
        for finding in findings:
            _case(suite, finding, lang)
    indent(root)
    out.write('<?xml version="1.0" encoding="UTF-8"?>\n' + tostring(root, encoding="unicode") + "\n")


def _case(suite: Element, finding: Finding, lang: str) -> None:
    about = visible(subjects([finding], lang)[0])
    name = f"{about} {visible(finding.subject)}" if finding.subject else about
    case = SubElement(suite, "testcase", classname=visible(finding.rule), name=name)
    message = visible(tell(finding.message, lang))
    if finding.state in _SKIPPED:
        waiver = finding.waiver
        why = f"{waiver.expires} {waiver.owner}: {waiver.reason}" if waiver else message
        SubElement(case, "skipped", message=visible(why))
    elif finding.state != "pass":
        kind = "failure" if finding.state == "fail" else "error"
        told = SubElement(case, kind, message=message, type=finding.severity)
        told.text = "\n".join(visible(place_of(one.at)) for one in finding.evidence)
