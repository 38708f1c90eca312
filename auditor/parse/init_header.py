"""Reads what init scripts tell chkconfig in their comments."""

from __future__ import annotations

import posixpath
from dataclasses import replace

from auditor.model.facts import Document, InitHeader, Reading, Setting
from auditor.parse.draft import Draft
from auditor.parse.grammar import Line, read_lines


def read_init_header(document: Document) -> Reading[tuple[InitHeader, ...]]:
    """One ``InitHeader`` a script, in order. Lines of script that are no comments are none of this format."""
    headers: list[InitHeader] = []
    draft = Draft("init-header", document)
    inside = False
    for line in read_lines("init-header", document):
        if line.tag in {"BLANK", "COMMENT"}:
            continue
        fact = _fact(line)
        if fact is None or (line.tag != "FILE" and not headers):
            draft.leave(line)
            continue
        draft.facts.append(fact)
        if line.tag == "FILE":
            headers.append(_bare(line))
            inside = False
        elif line.tag in {"BEGIN", "END"}:
            inside = line.tag == "BEGIN"
        else:
            headers[-1] = _with(headers[-1], line, inside)
    return draft.finish(tuple(headers))


def _fact(line: Line) -> Setting | None:
    match line.tag:
        case "FILE":
            return Setting(key="file", value=line["path"], at=line.at("path"))
        case "CHKCONFIG":
            value = f"{line['levels']} {line['start']} {line['stop']}"
            return Setting(key="chkconfig", value=value, at=line.at("levels"))
        case "DESCRIPTION":
            return Setting(key="description", value=line["description"].strip(), at=line.at())
        case "KEYWORD":
            return Setting(key=line["keyword"], value=line["value"].strip(), at=line.at("keyword"))
        case "BEGIN" | "END":
            return Setting(key=line.tag, value="", at=line.at())
    return None


def _bare(line: Line) -> InitHeader:
    return InitHeader(
        service=posixpath.basename(line["path"]),
        levels=None,
        start=None,
        stop=None,
        provides=(),
        required_start=(),
        required_stop=(),
        default_start=None,
        description=None,
        at=line.at("path"),
    )


def _with(header: InitHeader, line: Line, inside: bool) -> InitHeader:
    """The first line of a kind counts; keywords count inside the block of the Linux Standard Base only."""
    if line.tag == "CHKCONFIG" and header.levels is None:
        levels = "" if line["levels"] == "-" else line["levels"]
        return replace(header, levels=levels, start=int(line["start"]), stop=int(line["stop"]))
    if line.tag == "DESCRIPTION" and header.description is None:
        return replace(header, description=line["description"].strip())
    if line.tag == "KEYWORD" and inside:
        words = tuple(line["value"].split())
        match line["keyword"]:
            case "Provides":
                return replace(header, provides=words)
            case "Required-Start":
                return replace(header, required_start=words)
            case "Required-Stop":
                return replace(header, required_stop=words)
            case "Default-Start":
                return replace(header, default_start=" ".join(words))
    return header
