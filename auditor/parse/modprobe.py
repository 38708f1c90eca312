"""Reads what modprobe is configured to do."""

from __future__ import annotations

from auditor.model.facts import Document, ModuleLine, Reading
from auditor.parse.grammar import Line
from auditor.parse.rows import read_rows


def read_modprobe(document: Document) -> Reading[tuple[ModuleLine, ...]]:
    return read_rows("modprobe", document, {"ENTRY": _entry})


def _entry(line: Line) -> ModuleLine:
    words = line["words"].replace("\\\n", " ").split()
    return ModuleLine(verb=line["verb"], words=tuple(words), at=line.at("verb"))
