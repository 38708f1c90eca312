"""rules and explain: the catalogue, and the reasons of one rule."""

from __future__ import annotations

import argparse
import textwrap
from difflib import get_close_matches

from auditor.cli import exits
from auditor.cli.exits import Failure
from auditor.cli.streams import write_json
from auditor.cli.terms import load_catalogue
from auditor.judge.rules import load_runbook, load_upstream
from auditor.model.place import Prose

_WORDS = {
    "severity": Prose(en="severity", zh="严重程度"),
    "scope": Prose(en="judged for", zh="判断对象"),
    "why": Prose(en="why it matters", zh="为什么重要"),
    "judged": Prose(en="how it is judged", zh="如何判断"),
    "false": Prose(en="known false alarms", zh="已知误报"),
    "inhibits": Prose(en="why it stops a migration", zh="为何阻止迁移"),
    "fix": Prose(en="what to do", zh="如何处理"),
    "basis": Prose(en="basis", zh="依据"),
    "runbook": Prose(en="runbook", zh="手册"),
    "upstream": Prose(en="upstream", zh="上游"),
}


def list_rules(options: argparse.Namespace) -> int:
    rules = load_catalogue(options.rules)
    if options.format == "json":
        rows = [
            {
                "id": rule.id,
                "severity": rule.severity,
                "scope": rule.scope,
                "basis": list(rule.basis),
                "title": {"en": rule.title.en, "zh": rule.title.zh},
            }
            for rule in rules
        ]
        write_json(rows)
        return exits.OK
    width = max(len(rule.id) for rule in rules)
    for rule in rules:
        print(f"{rule.id:{width}}  {rule.severity:8}  {getattr(rule.title, options.lang)}")
    return exits.OK


def explain(options: argparse.Namespace) -> int:
    rules = {rule.id: rule for rule in load_catalogue(options.rules)}
    if options.rule not in rules:
        near = get_close_matches(options.rule, rules, 1, 0.4)
        hint = f"did you mean {near[0]}?" if near else "see lvsaudit rules"
        raise Failure(f"there is no rule {options.rule}; {hint}")
    rule, lang = rules[options.rule], options.lang

    def word(name: str) -> str:
        return str(getattr(_WORDS[name], lang))

    print(f"{rule.id}: {getattr(rule.title, lang)}\n")
    print(f"{word('severity')}: {rule.severity}; {word('scope')}: {rule.applies_to}")
    for name, prose in (("why", rule.why), ("judged", rule.judged), ("false", rule.false_alarms)):
        _paragraph(word(name), getattr(prose, lang))
    if rule.inhibits is not None:
        _paragraph(word("inhibits"), getattr(rule.inhibits, lang))
    _paragraph(word("fix"), "")
    for fix in rule.fix:
        for line in getattr(fix.text, lang).splitlines():
            print(f"  {line}")
    if rule.basis:
        _paragraph(word("basis"), "")
    for source in dict.fromkeys(_source(basis, lang) for basis in rule.basis):
        print(f"  {source}")
    return exits.OK


def _source(basis: str, lang: str) -> str:
    """``runbook 2a`` with the title of that section, ``upstream 5.4`` with what can be read there."""
    kind, _, number = basis.partition(" ")
    titles = load_runbook() if kind == "runbook" else load_upstream()
    title = titles.get(number if kind == "runbook" else number.partition(".")[0])
    name = f"{getattr(_WORDS[kind], lang)} {number}" if kind == "runbook" else getattr(_WORDS[kind], lang)
    return name if title is None else f"{name}: {getattr(title, lang)}"


def _paragraph(heading: str, text: str) -> None:
    print(f"\n{heading}")
    for line in textwrap.wrap(text, 92) if text else ():
        print(f"  {line}")
