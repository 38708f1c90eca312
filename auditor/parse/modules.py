"""Reads the list of loaded kernel modules."""

from __future__ import annotations

import re

from auditor.model.facts import Document, Module, Reading
from auditor.parse.grammar import Line
from auditor.parse.rows import read_rows
from auditor.parse.text import whole

_USERS = re.compile(r"[ \t]+(?:\[(?P<old>[^\]\n]*)\]|(?P<new>[A-Za-z0-9_,.-]+))")


def read_modules(document: Document) -> Reading[tuple[Module, ...]]:
    return read_rows("modules", document, {"ROW": _module})


def _module(line: Line) -> Module:
    users = _USERS.match(line["rest"])
    names = re.split(r"[, ]+", (users["old"] or users["new"] or "")) if users else []
    used_by = tuple(name for name in names if name not in {"", "-"})
    return Module(name=line["name"], size=whole(line["size"]), used_by=used_by, at=line.at("name"))
