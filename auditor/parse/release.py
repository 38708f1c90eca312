"""Reads which distribution a host runs."""

from __future__ import annotations

from dataclasses import replace

from auditor.model.facts import Document, Reading, Release
from auditor.parse.grammar import Line
from auditor.parse.rows import read_rows
from auditor.parse.sysconfig import last_of, setting

_PRODUCTS = (
    ("centos", "centos"),
    ("red hat enterprise", "rhel"),
    ("red hat linux", "rhl"),
    ("fedora", "fedora"),
    ("rocky", "rocky"),
    ("alma", "almalinux"),
    ("oracle", "ol"),
    ("scientific", "scientific"),
)


def read_release(document: Document) -> Reading[Release | None]:
    """``id`` as os-release spells it; None where no line names a distribution."""
    reading = read_rows(
        "release", document, {"ASSIGNMENT": setting, "SENTENCE": _sentence, "VERSION": _debian}
    )
    value = next((fact for fact in reading.facts if isinstance(fact, Release)), None)
    settings = last_of(reading.facts)
    if value is None and "ID" in settings:
        name, version = settings["ID"], settings.get("VERSION_ID")
        text = settings.get("PRETTY_NAME", name).value
        value = Release(id=name.value, version=version.value if version else "", text=text, at=name.at)
    return replace(reading, value=value)  # type: ignore[arg-type, return-value]


def _sentence(line: Line) -> Release:
    product = line["product"].lower()
    known = (name for words, name in _PRODUCTS if words in product)
    name = next(known, product.split()[0] if product.split() else "")
    return Release(id=name, version=line["version"], text=line.text.strip(), at=line.at())


def _debian(line: Line) -> Release:
    return Release(id="debian", version=line["debian"], text=line.text.strip(), at=line.at("debian"))
