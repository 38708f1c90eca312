"""report.html: one file that needs nothing else, escaped throughout, with a policy that lets nothing else run."""

from __future__ import annotations

import base64
import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TextIO

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from auditor.judge.rules import load_runbook
from auditor.migrate.documents import counts, grouped
from auditor.migrate.overview import target_name
from auditor.model.findings import SEVERITIES, Evidence, Finding, Report, Rule
from auditor.model.migration import FATES, Migration
from auditor.model.place import Prose
from auditor.render.matter import (
    Matter,
    Note,
    blockers,
    drifts,
    matters,
    message_of,
    notes,
    place_of,
    reason,
    subjects,
    waived,
    was_read,
)
from auditor.render.visible import visible
from auditor.render.words import phrase, word
from auditor.resources import REPORTS

# Above this many hosts the matrix and the tables keep to what is not right.
_ALL = 60
_COLUMNS = 40  # of one block of the matrix
_CASES = 3  # of one matter that are all shown in full; of more, the first, and the others in rows
_ABREAST = 110  # characters of host names beside each other
_MOST = 400
_NOTES = 5  # of what could not be looked at that stand open
_STATES = ("fail", "unknown", "waived", "pass", "not_applicable")  # what a cell shows first
_GLYPHS = {"fail": "✗", "unknown": "?", "waived": "◐", "pass": "✓", "not_applicable": "–"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """All findings of one rule about one host or cluster. ``link``: the part of the report that says more."""

    state: str
    glyph: str
    count: int
    link: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    rule: Rule
    link: str | None
    cells: tuple[Cell | None, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """Rules by hosts of one cluster, worst rule first. ``more_rules`` and ``more_hosts`` are all right."""

    cluster: str | None
    columns: tuple[str, ...]
    rows: tuple[Row, ...]
    more_rules: int
    more_hosts: int

    @property
    def tall(self) -> bool:
        """Whether the names have to stand upright."""
        return sum(max(len(name), 4) + 2 for name in self.columns) > _ABREAST


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """``mark`` is what the finding is about; the whole line where it has no columns."""

    number: int
    before: str
    mark: str
    after: str
    around: bool


def render_html(
    report: Report, out: TextIO, *, lang: str = "en", migrations: Sequence[Migration] = ()
) -> None:
    """Write the report as one page in both languages. ``lang``: the one that it opens in.

    ``migrations`` of its clusters: what they would change, and what became of every value.
    """
    environment = _environment()
    template = environment.get_template("report.html")
    view = _view(report)
    policy = "; ".join(
        (
            "default-src 'none'",
            f"script-src '{_digest(environment, 'report.js')}'",
            f"style-src '{_digest(environment, 'style.css')}'",
            "base-uri 'none'",
            "form-action 'none'",
        )
    )
    out.writelines(template.generate(report=report, lang=lang, policy=policy, migrations=migrations, **view))


def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(REPORTS / "html"),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_finalize,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals |= {
        "word": word,
        "phrase": phrase,
        "glyphs": _GLYPHS,
        "place_of": place_of,
        "lines_of": _lines_of,
        "cite": _cite,
        "full_cases": _full_cases,
        "most_cases": _MOST,
        "first_notes": _NOTES,
        "message_of": message_of,
        "target_name": target_name,
        "fates": FATES,
        "counts": counts,
        "grouped": grouped,
    }
    return environment


def _finalize(value: object) -> object:
    """Whatever a template puts out is one visible line; what a macro has put out already is left alone."""
    return visible(value) if isinstance(value, str) and not isinstance(value, Markup) else value


def _digest(environment: Environment, name: str) -> str:
    text = environment.get_template(name).render()
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"


# -- what the page shows ----------------------------------------------------


def _view(report: Report) -> dict[str, Any]:
    all_matters, all_notes = matters(report), notes(report)
    links = _Links(all_matters, all_notes)
    states: dict[str, Counter[str]] = defaultdict(Counter)
    by_rule: dict[str, Counter[str]] = defaultdict(Counter)
    for finding in report.findings:
        if finding.host:
            states[finding.host][finding.state] += 1
        by_rule[finding.rule][finding.state] += 1
    blocking = {finding.rule for finding in blockers(report)}
    return {
        "reason": Prose(en=reason(report, "en"), zh=reason(report, "zh")),
        "read": sum(was_read(host) for host in report.hosts),
        "matters": all_matters,
        "about": {matter.rule.id: _about(matter.findings) for matter in all_matters},
        "notes": all_notes,
        "blocking": tuple(matter for matter in all_matters if matter.rule.id in blocking),
        "blocks": tuple(_blocks(report, links)),
        "states": states,
        "by_rule": by_rule,
        "reasons_shown": len(report.hosts) <= _ALL,
        "links": links,
        "drifts": drifts(report),
        "waived": waived(report),
        "subjects_of": _about,
    }


class _Links:
    """Where the page says more: numbers, so that no name gets into an attribute."""

    def __init__(self, all_matters: Sequence[Matter], all_notes: Sequence[Note]) -> None:
        self.matter = {matter.rule.id: f"m{number}" for number, matter in enumerate(all_matters, start=1)}
        self.note = {
            (note.cluster, note.host.name if note.host else None): f"u{number}"
            for number, note in enumerate(all_notes, start=1)
        }

    def of(self, state: str, rule: str, cluster: str | None, host: str | None) -> str | None:
        if state == "fail":
            return self.matter[rule]
        if state == "unknown":
            return self.note[(None, host) if host else (cluster, None)]
        return None


def _about(findings: Iterable[Finding]) -> Prose:
    """The names of hosts and clusters, all of them."""
    found = list(findings)
    return Prose(en=", ".join(subjects(found, "en")), zh="、".join(subjects(found, "zh")))


def _blocks(report: Report, links: _Links) -> Iterator[Block]:
    grouped: dict[str | None, dict[tuple[str, str | None], list[Finding]]] = {}
    home: dict[str, str | None] = {}
    for finding in report.findings:
        grouped.setdefault(finding.cluster, {}).setdefault((finding.rule, finding.host), []).append(finding)
        if finding.host:
            home[finding.host] = finding.cluster
    brief = len(report.hosts) > _ALL
    rules = sorted(report.rules, key=lambda rule: (SEVERITIES.index(rule.severity), rule.id))
    for cluster in dict.fromkeys([*(row.name for row in report.clusters), *grouped]):
        found = grouped.get(cluster, {})
        hosts = [host for host in report.hosts if host.name in home and home[host.name] == cluster]
        hosts.sort(key=lambda host: "director" not in host.roles)
        wrong = {host for (_, host), same in found.items() if _worst(same) in {"fail", "unknown"}}
        names: list[str | None] = [host.name for host in hosts if host.name in wrong or not brief]
        left = len(hosts) - len(names)
        if any(host is None for _, host in found):
            names.insert(0, None)
        for start in range(0, max(len(names), 1), _COLUMNS):
            columns = names[start : start + _COLUMNS]
            yield _block(cluster, columns, rules, found, links, brief=brief, left=left if start == 0 else 0)


def _block(
    cluster: str | None,
    columns: Sequence[str | None],
    rules: Iterable[Rule],
    found: Mapping[tuple[str, str | None], Sequence[Finding]],
    links: _Links,
    *,
    brief: bool,
    left: int,
) -> Block:
    ranked: list[tuple[int, Row]] = []
    right = 0
    for rule in rules:
        cells = tuple(_cell(found.get((rule.id, host), ()), cluster, host, links) for host in columns)
        states = {cell.state for cell in cells if cell is not None}
        if not states:
            continue
        if brief and not states & {"fail", "unknown"}:
            right += 1
            continue
        rank = min(_STATES.index(state) for state in states)
        ranked.append((rank, Row(rule=rule, link=links.matter.get(rule.id), cells=cells)))
    ranked.sort(key=lambda pair: pair[0])
    return Block(
        cluster=cluster,
        columns=tuple(name or "" for name in columns),
        rows=tuple(row for _, row in ranked),
        more_rules=right,
        more_hosts=left,
    )


def _cell(findings: Sequence[Finding], cluster: str | None, host: str | None, links: _Links) -> Cell | None:
    if not findings:
        return None
    state = _worst(findings)
    return Cell(
        state=state,
        glyph=_GLYPHS[state],
        count=sum(finding.state == state for finding in findings),
        link=links.of(state, findings[0].rule, cluster, host),
    )


def _worst(findings: Iterable[Finding]) -> str:
    return min((finding.state for finding in findings), key=_STATES.index)


def _lines_of(evidence: Evidence) -> tuple[Line, ...]:
    """The line in question between those around it."""
    at, text = evidence.at, evidence.text
    if at.line is None or text is None:
        return ()
    start = 0 if at.column is None else at.column - 1
    end = len(text) if at.column is None else max(start + 1, (at.end_column or at.column) - 1)
    first = at.line - len(evidence.before)
    return (
        *(_line(first + offset, text) for offset, text in enumerate(evidence.before)),
        Line(
            number=at.line,
            before=_expand(text[:start]),
            mark=_expand(text[start:end]),
            after=_expand(text[end:]),
            around=False,
        ),
        *(_line(at.line + offset, text) for offset, text in enumerate(evidence.after, start=1)),
    )


def _full_cases(matter: Matter) -> int:
    return len(matter.cases) if len(matter.cases) <= _CASES else 1


def _line(number: int, text: str) -> Line:
    return Line(number=number, before=_expand(text), mark="", after="", around=True)


def _expand(text: str) -> str:
    return visible(text, limit=400)


def _cite(rule: Rule) -> tuple[tuple[str, Prose | None], ...]:
    """``runbook 2a`` with what the section is called, for each source of a rule that readers can open."""
    runbook = load_runbook()
    return tuple(
        (one, runbook.get(one.partition(" ")[2])) for one in rule.basis if one.startswith("runbook ")
    )
