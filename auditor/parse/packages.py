"""Reads package lists of rpm and dpkg."""

from __future__ import annotations

from dataclasses import replace

from auditor.model.facts import Document, Package, Reading, Setting
from auditor.parse.grammar import Line
from auditor.parse.rows import read_rows


def read_packages(document: Document) -> Reading[tuple[Package, ...]]:
    """Every line as a ``Package``; ``release`` is "" where the line has none, or a dash.

    A row of ``dpkg -l`` counts when the package is installed; else it is a ``Setting``, and no part of the value.
    """
    kinds = {"QUERY": _package, "NVR": _package, "DATED": _package, "ROW": _row}
    reading = read_rows("packages", document, kinds)
    return replace(reading, value=tuple(one for one in reading.value if isinstance(one, Package)))


def _row(line: Line) -> Package | Setting:
    if line["state"] != "ii ":
        return Setting(key=line["name"], value=line["state"].strip(), at=line.at("state"))
    version, _, release = line["version"].rpartition(":")[2].rpartition("-")
    if not version:
        version, release = release, ""
    return Package(name=line["name"], version=version, release=release, at=line.at("name"))


def _package(line: Line) -> Package:
    release = "" if line["release"] == "-" else line["release"]
    return Package(name=line["name"], version=line["version"], release=release, at=line.at("name"))
