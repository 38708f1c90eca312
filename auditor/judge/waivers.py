"""Waivers: failures that somebody answers for until a day. They stay visible, and they run out."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.exceptions import best_match

from auditor.judge.rules import RuleError, explain, nearest, place_in, read_toml
from auditor.model.findings import Finding, Rule, Waiver, WaiverUse
from auditor.model.place import At, Prose, Unknown
from auditor.resources import REPORTS

# What evidence calls the file, whatever its folder: the same waivers give the same report.
SOURCE = "waivers.toml"


def load_waivers(path: Path, rules: Iterable[Rule]) -> tuple[Waiver, ...]:
    """The waivers of a file, in its order. Raises RuleError with file:line:column for what is none.

    ``rules``: the whole catalogue; a waiver of a rule that is not in it is an error, not merely unmatched.
    """
    text, data = read_toml(path)
    known = [rule.id for rule in rules if rule.scope != "waiver"]
    wrong = next((key for key in data if key != "waiver"), None)
    if wrong is not None:
        raise RuleError(
            place_in(path, text, text.find(wrong)), f"there is no table {wrong!r}; it is [[waiver]]"
        )
    tables = data.get("waiver", [])
    if not isinstance(tables, list) or not all(isinstance(table, dict) for table in tables):
        raise RuleError(
            place_in(path, text, max(text.find("waiver"), 0)), "each waiver begins with [[waiver]]"
        )
    waivers = []
    for number, table in enumerate(tables):
        values = {
            key: value.isoformat() if isinstance(value, date) else value for key, value in table.items()
        }
        key, message = _fault(values, known)
        if message:
            raise RuleError(_where(path, text, number, key), message)
        at = replace(_where(path, text, number, ""), source=SOURCE, column=None)
        waivers.append(
            Waiver(
                rule=values["rule"],
                hosts=tuple(values["hosts"]),
                reason=values["reason"],
                owner=values["owner"],
                expires=values["expires"],
                at=at,
            )
        )
    return tuple(waivers)


def apply_waivers(
    findings: Sequence[Finding], waivers: Iterable[Waiver], rules: Iterable[Rule], today: str
) -> tuple[list[Finding], tuple[WaiverUse, ...]]:
    """The findings with failures waived where a waiver is in force, and what each waiver does for whom.

    Only what fails can be waived: what nobody could tell stays open. ``today``: ``2026-12-31``, UTC; a waiver
    counts through the day it expires. Waivers of rules that are not among ``rules`` say nothing.
    """
    judged = {rule.id for rule in rules}
    about: dict[tuple[str, str | None], list[int]] = {}
    for number, finding in enumerate(findings):
        about.setdefault((finding.rule, finding.host or finding.cluster), []).append(number)
    result = [*findings]
    uses = []
    for waiver in waivers:
        for name in waiver.hosts if waiver.rule in judged else ():
            rows = about.get((waiver.rule, name), [])
            use = _use(waiver, name, [findings[number] for number in rows], today)
            uses.append(use)
            for number in rows if use.standing == "in_force" else ():
                if result[number].state == "fail":
                    result[number] = replace(result[number], state="waived", waiver=waiver)
    return result, tuple(uses)


def _use(waiver: Waiver, name: str, rows: Iterable[Finding], today: str) -> WaiverUse:
    states = {row.state for row in rows}
    standing: str | Unknown
    if waiver.expires < today:
        standing, explanation = "expired", _EXPIRED
    elif "fail" in states:
        standing, explanation = "in_force", _IN_FORCE
    elif "unknown" in states:
        standing, explanation = Unknown(why=_UNJUDGED, at=waiver.at), _UNJUDGED
    else:
        standing, explanation = "unmatched", _UNMATCHED if states else _STRANGER
    return WaiverUse(
        rule=waiver.rule,
        subject=name,
        reason=waiver.reason,
        owner=waiver.owner,
        expires=waiver.expires,
        standing=standing,
        explanation=explanation,
        at=waiver.at,
    )


_EXPIRED = Prose(en="it has expired, and counts no more", zh="已过期, 不再有效")
_IN_FORCE = Prose(en="it is in force", zh="有效")
_UNJUDGED = Prose(
    en="the rule could not be judged, so nobody can tell whether the waiver is needed",
    zh="该规则无法判断, 因此不知道豁免是否仍有需要",
)
_UNMATCHED = Prose(en="nothing fails there any more", zh="那里已没有不合格项")
_STRANGER = Prose(
    en="the rule was not judged for anything of that name", zh="该规则没有判断过叫这个名字的主机或集群"
)


def _fault(values: Mapping[str, Any], known: Sequence[str]) -> tuple[str, str | None]:
    """The key to point at and what is wrong there; None: nothing."""
    faults = list(_schema().iter_errors(values))
    misspelt = [fault for fault in faults if fault.validator == "additionalProperties"]
    fault = best_match(misspelt or faults)
    if fault is not None:
        return explain(fault)
    try:
        if date.fromisoformat(values["expires"]).isoformat() != values["expires"]:
            raise ValueError
    except ValueError:
        return "expires", f"expires: {values['expires']!r} is no day such as 2026-12-31"
    if values["rule"] not in known:
        return "rule", f"there is no rule {values['rule']!r} to waive; {nearest(values['rule'], known)}"
    return "", None


@cache
def _schema() -> Draft202012Validator:
    schema = json.loads((REPORTS / "schema" / "waivers.json").read_text(encoding="utf-8"))
    return Draft202012Validator(schema["$defs"]["waiver"])


_TABLE = re.compile(r"^[ \t]*\[\[[ \t]*waiver[ \t]*\]\]", re.MULTILINE)


def _where(path: Path, text: str, number: int, key: str) -> At:
    """The key of one table, or where the table begins; tables written inline stand where the file does."""
    begins = [found.start() for found in _TABLE.finditer(text)]
    if number >= len(begins):
        return place_in(path, text, 0)
    start, end = begins[number], [*begins, len(text)][number + 1]
    found = re.compile(rf"^[ \t]*[\"']?(?P<key>{re.escape(key)})[\"']?[ \t]*=", re.MULTILINE).search(
        text, start, end
    )
    return place_in(path, text, found.start("key") if key and found else start)
