"""Reads package lists of rpm and dpkg."""

from __future__ import annotations

from auditor.model.facts import Document, Package, Reading
from auditor.parse.grammar import Line
from auditor.parse.rows import read_rows


def read_packages(document: Document) -> Reading[tuple[Package, ...]]:
    """Every line as a ``Package``; ``release`` is "" where the line has none, or a dash."""
    return read_rows("packages", document, {"QUERY": _package, "NVR": _package})


def _package(line: Line) -> Package:
    release = "" if line["release"] == "-" else line["release"]
    return Package(name=line["name"], version=line["version"], release=release, at=line.at("name"))
