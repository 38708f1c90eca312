"""Reads what uname prints."""

from __future__ import annotations

from auditor.model.facts import Document, Reading, Setting, Uname
from auditor.parse.draft import Draft
from auditor.parse.grammar import Line, read_lines

_WORDS = ("sysname", "node", "release", "machine")


def read_uname(document: Document) -> Reading[Uname | None]:
    """``uname -a``, or four lines with one word each; the value is None unless all four are there."""
    draft = Draft("uname", document)
    words: list[Setting] = []
    value: Uname | None = None
    for line in read_lines("uname", document):
        if line.tag == "ALL" and not draft.facts:
            value = _from_one_line(line)
            draft.facts.append(value)
        elif line.tag == "WORD" and value is None and len(words) < len(_WORDS):
            words.append(Setting(key=_WORDS[len(words)], value=line["word"], at=line.at("word")))
            draft.facts.append(words[-1])
        elif line.tag != "BLANK":
            draft.leave(line)
    if len(words) == len(_WORDS):
        sysname, node, release, machine = (word.value for word in words)
        value = Uname(sysname=sysname, node=node, release=release, machine=machine, at=words[1].at)
    return draft.finish(value)


def _from_one_line(line: Line) -> Uname:
    """The machine stands before the system's name at the end, or before processor and platform as well."""
    rest = line["rest"].split()
    machines = [
        word
        for word in rest
        if word.endswith(("86", "86_64")) or word in {"aarch64", "ia64", "ppc64", "s390x"}
    ]
    return Uname(
        sysname=line["sysname"],
        node=line["node"],
        release=line["release"],
        machine=machines[0] if machines else rest[-1],
        at=line.at("node"),
    )
