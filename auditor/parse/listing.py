"""Reads listings of folders, those with the links of boot above all."""

from __future__ import annotations

import posixpath
import re

from auditor.model.facts import Document, ListedFile, RcLink, Reading, Setting
from auditor.parse.draft import Draft
from auditor.parse.grammar import Line, read_lines
from auditor.parse.rows import heading
from auditor.parse.text import whole


def read_listing(document: Document) -> Reading[tuple[RcLink | ListedFile, ...]]:
    """Every entry in order; one of a folder rcN.d whose name is a link's name of rc is an ``RcLink``.

    A listing without folders, as of ``ls`` in one of them, has links too: their runlevel is "".
    """
    draft = Draft("listing", document)
    entries: list[RcLink | ListedFile] = []
    folder = ""
    for line in read_lines("listing", document):
        match line.tag:
            case "FOLDER":
                folder = line["folder"]
                draft.facts.append(Setting(key="folder", value=folder, at=line.at("folder")))
            case "TOTAL":
                draft.facts.append(heading(line))
            case "LONG" | "SHORT" if _is_entry(line):
                entries.append(_entry(line, folder))
                draft.facts.append(entries[-1])
            case "BLANK":
                pass
            case _:
                draft.leave(line)
    return draft.finish(tuple(entries))


_RC_FOLDER = re.compile(r"rc(?P<runlevel>[0-6S])\.d")
_RC_NAME = re.compile(r"(?P<kind>[SK])(?P<number>[0-9]{1,3})(?P<service>.+)")
_KINDS = {"-": "file", "d": "directory", "l": "link"}
_BITS = {"r": 4, "w": 2, "x": 1, "s": 1, "t": 1}


def _is_entry(line: Line) -> bool:
    """A lone word is one only as a path, a link's name of rc, with a target, or in capitals like README."""
    name = line["name"]
    return (
        line.tag == "LONG"
        or "/" in name
        or bool(line["target"] or _RC_NAME.fullmatch(name))
        or name.isupper()
    )


def _entry(line: Line, folder: str) -> RcLink | ListedFile:
    path = posixpath.join(folder, line["name"]) if folder else line["name"]
    above, name = posixpath.split(path)
    rc_folder, rc_name = _RC_FOLDER.fullmatch(posixpath.basename(above)), _RC_NAME.fullmatch(name)
    if rc_name is not None and (rc_folder is not None or not above):
        return RcLink(
            runlevel=rc_folder["runlevel"] if rc_folder is not None else "",
            kind=rc_name["kind"],
            number=int(rc_name["number"]),
            service=rc_name["service"],
            name=name,
            target=line["target"] or None,
            at=line.at("name"),
        )
    mode = line.get("mode")
    return ListedFile(
        path=path,
        at=line.at("name"),
        kind=_KINDS.get(mode[0], "other") if mode else None,
        mode=_octal(mode) if mode else None,
        owner=line.get("owner"),
        group=line.get("group"),
        size=whole(line["size"]) if line.get("size") else None,
        target=line["target"] or None,
    )


def _octal(mode: str) -> str:
    """``-rwsr-xr-T`` is ``5754``."""
    groups = [mode[start : start + 3] for start in (1, 4, 7)]
    digits = [sum(_BITS.get(sign, 0) for sign in group) for group in groups]
    special = sum(value for group, value in zip(groups, (4, 2, 1), strict=True) if group[2] in "sStT")
    return f"{special}{digits[0]}{digits[1]}{digits[2]}"
