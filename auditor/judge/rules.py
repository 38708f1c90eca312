"""Rules: from TOML files to records, checked by schema and by what their expressions say."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator, ValidationError
from jsonschema.exceptions import best_match

from auditor.judge.expression import (
    Expression,
    ExpressionError,
    Members,
    Shape,
    Template,
    parse_expression,
    parse_members,
    parse_template,
    shape_of,
)
from auditor.model.cluster import Cluster, Host
from auditor.model.findings import Fix, Rule, WaiverUse
from auditor.model.place import At, Prose
from auditor.resources import REPORTS, RULES

# The names that the expressions of a rule start from, by the rule's scope.
SCOPES: Mapping[str, Mapping[str, Shape]] = {
    "host": {"host": shape_of(Host), "cluster": shape_of(Cluster)},
    "cluster": {"cluster": shape_of(Cluster)},
    "waiver": {"waiver": shape_of(WaiverUse)},
}


class RuleError(Exception):
    """A rule, or a waiver of one, that cannot be used; as text ``file:line:column: message``."""

    def __init__(self, at: At, message: str) -> None:
        super().__init__(f"{at.source}:{at.line}:{at.column}: {message}")
        self.at = at
        self.message = message


@dataclass(frozen=True, slots=True, kw_only=True)
class Conditions:
    """What a rule says, ready to be judged. ``message``: English and Chinese."""

    when: Expression | None
    for_each: Members | None
    require: Expression | None
    forbid: Members | None
    subject: Template | None
    expected: Template | None
    actual: Template | None
    running: Template | None
    message: tuple[Template, Template]


def load_rules(*folders: Path) -> tuple[Rule, ...]:
    """The rules of all folders, by id; ``AREA/NAME.toml`` has the id ``AREA.NAME``.

    Raises RuleError at the first file that is not a rule, cites a section of the runbook that
    ``rules/runbook.toml`` does not name, reads a fact that does not exist, or repeats an id.
    """
    rules: dict[str, tuple[Rule, Path]] = {}
    for folder in folders:
        for path in sorted(folder.glob("*/*.toml")):
            rule = _load(path)
            if rule.id in rules:
                raise RuleError(place_in(path, "", 0), f"{rule.id} is defined in {rules[rule.id][1]} already")
            rules[rule.id] = (rule, path)
    return tuple(rule for _, (rule, _) in sorted(rules.items()))


@cache
def load_runbook() -> Mapping[str, Prose]:
    """Titles of the runbook's sections by their number: ``2a``."""
    sections = tomllib.loads((RULES / "runbook.toml").read_text(encoding="utf-8"))["sections"]
    return {number: _prose(title) for number, title in sections.items()}


@cache
def load_upstream() -> Mapping[str, Prose]:
    """Where what is known of the software itself can be read, by the first part of the number: ``5`` of 5.4."""
    sources = tomllib.loads((RULES / "upstream.toml").read_text(encoding="utf-8"))["sources"]
    return {number: _prose(source) for number, source in sources.items()}


def compile_rule(rule: Rule, scope: Mapping[str, Shape] | None = None) -> Conditions:
    """Raises ExpressionError. ``scope``: by default that of ``rule.scope``."""
    names = dict(SCOPES[rule.scope] if scope is None else scope)
    when = parse_expression(rule.when, names) if rule.when is not None else None
    for_each = parse_members(rule.for_each, names) if rule.for_each is not None else None
    if for_each is not None:
        names[for_each.name] = for_each.shape
    require = parse_expression(rule.require, names) if rule.require is not None else None
    forbid = parse_members(rule.forbid, names) if rule.forbid is not None else None
    # Where ``require`` can fail too there is no member to speak of.
    if forbid is not None and require is None:
        names[forbid.name] = forbid.shape
    return Conditions(
        when=when,
        for_each=for_each,
        require=require,
        forbid=forbid,
        subject=_subject(rule.subject, names),
        expected=_template(rule.expected, names),
        actual=_template(rule.actual, names),
        running=_template(rule.running, names),
        message=(parse_template(rule.message.en, names), parse_template(rule.message.zh, names)),
    )


def _template(text: str | None, names: Mapping[str, Shape]) -> Template | None:
    return None if text is None else parse_template(text, names)


def _subject(text: str | None, names: Mapping[str, Shape]) -> Template | None:
    """A template, or one expression without the braces."""
    if text is None or "{" in text:
        return _template(text, names)
    return Template((parse_expression(text, names),))


def _load(path: Path) -> Rule:
    text, data = read_toml(path)
    faults = list(_schema().iter_errors(data))
    if faults:
        # A key that is missing may be one that was misspelt.
        misspelt = [fault for fault in faults if fault.validator == "additionalProperties"]
        fault = best_match(misspelt or faults)
        key, message = explain(fault)
        raise RuleError(_key_place(path, text, key), message)
    rule = _rule(f"{path.parent.name}.{path.stem}", data)
    if not _ID.fullmatch(rule.id):
        message = f"{rule.id} is no id for a rule: AREA/NAME.toml, in small letters, digits and hyphens"
        raise RuleError(place_in(path, text, 0), message)
    for section in rule.basis:
        kind, _, number = section.partition(" ")
        if kind == "runbook" and number not in load_runbook():
            message = f"the runbook has no section {number!r}; {nearest(number, load_runbook())}"
            raise RuleError(place_in(path, text, max(text.find(f'"{section}"') + 1, 0)), message)
    try:
        compile_rule(rule)
    except ExpressionError as error:
        # The text stands in the file as it is, between quotes, unless it was written with escapes.
        found = re.search(rf"(?<=[\"'\n]){re.escape(error.text)}(?=[\"'])", text)
        raise RuleError(
            place_in(path, text, found.start() + error.offset if found else 0), error.message
        ) from None
    return rule


def read_toml(path: Path) -> tuple[str, dict[str, Any]]:
    try:
        text = path.read_bytes().decode()
    except UnicodeDecodeError as error:
        raise RuleError(place_in(path, "", 0), f"not UTF-8: {error.reason}") from None
    except OSError as error:
        raise RuleError(place_in(path, "", 0), f"cannot be read: {error.strerror}") from None
    text = text.replace("\r\n", "\n")
    try:
        return text, tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        told = re.fullmatch(r"(?P<message>.*) \(at line (?P<line>\d+), column (?P<column>\d+)\)", str(error))
        if told is None:
            raise RuleError(place_in(path, text, len(text)), str(error)) from None
        at = At(host="", source=str(path), line=int(told["line"]), column=int(told["column"]))
        raise RuleError(at, told["message"]) from None


def _rule(rule_id: str, data: Mapping[str, Any]) -> Rule:
    fixes = data["fix"] if isinstance(data["fix"], list) else [{"kind": "hint", **data["fix"]}]
    return Rule(
        id=rule_id,
        severity=data["severity"],
        scope=data["scope"],
        applies_to=data["applies-to"],
        title=_prose(data["title"]),
        message=_prose(data["message"]),
        why=_prose(data["why"]),
        judged=_prose(data["judged"]),
        false_alarms=_prose(data["false-alarms"]),
        fix=tuple(Fix(kind=fix["kind"], text=_prose(fix)) for fix in fixes),
        basis=tuple(data["basis"]),
        when=data.get("when"),
        for_each=data.get("for-each"),
        require=data.get("require"),
        forbid=data.get("forbid"),
        subject=data.get("subject"),
        expected=data.get("expected"),
        actual=data.get("actual"),
        running=data.get("running"),
        inhibits=_prose(data["inhibits"]) if "inhibits" in data else None,
    )


def _prose(data: Mapping[str, str]) -> Prose:
    return Prose(en=data["en"], zh=data["zh"])


@cache
def _schema() -> Draft202012Validator:
    return Draft202012Validator(json.loads((REPORTS / "schema" / "rule.json").read_text(encoding="utf-8")))


def explain(error: ValidationError) -> tuple[str, str]:
    """The key to point at, and what is wrong there."""
    key = str(error.absolute_path[0]) if error.absolute_path else ""
    schema: Any = error.schema
    if error.validator == "additionalProperties":
        known = schema["properties"]
        instance: Any = error.instance
        unknown = next(name for name in instance if name not in known)
        return key or unknown, f"there is no key {unknown!r}; {nearest(unknown, known)}"
    if error.validator == "enum":
        near = nearest(str(error.instance), schema["enum"])
        return key, f"{error.instance!r} is not allowed for {key}; {near}"
    if error.validator == "anyOf" and not key:
        return key, "'require' or 'forbid' is missing"
    return key, f"{key}: {error.message}" if key else error.message


def nearest(name: str, known: Iterable[str]) -> str:
    close = get_close_matches(name, list(known), n=1, cutoff=0.4)
    return f"did you mean {close[0]!r}?" if close else f"there is {', '.join(known)}"


def _key_place(path: Path, text: str, key: str) -> At:
    found = (
        re.search(rf"^[ \t]*[\"']?(?P<key>{re.escape(key)})[\"']?[ \t]*=", text, re.MULTILINE)
        if key
        else None
    )
    return place_in(path, text, found.start("key") if found else 0)


def place_in(path: Path, text: str, offset: int) -> At:
    before = text[:offset]
    return At(
        host="",
        source=str(path),
        line=before.count("\n") + 1,
        column=offset - (before.rfind("\n") + 1) + 1,
    )


_ID = re.compile(r"[a-z][a-z0-9-]*\.[a-z][a-z0-9-]*")
