"""Every file of a host that could be read, in order, with the facts its reader made of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from auditor import parse
from auditor.model.facts import (
    AuthKey,
    AuthSelection,
    Directive,
    Group,
    HostsEntry,
    ModuleLine,
    Reading,
    Release,
    ScriptLine,
    Setting,
    Sysctl,
)
from auditor.model.place import At
from auditor.model.snapshot import Artifact, HostSnapshot
from auditor.parse.ldirectord import read_ldirectord
from auditor.parse.text import read_document

# The probes whose name is not that of their format.
_FORMATS = {
    "arptables-rules": "arptables",
    "chkconfig.d": "init-header",
    "iptables-rules": "iptables",
    "sysctl.d": "sysctl.conf",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """One file. ``reading``: None where it could not be read whole, or where there is no reader for it."""

    artifact: Artifact
    lines: tuple[str, ...]
    reading: Reading[Any] | None

    def line(self, at: At) -> str:
        """The text of one line, without the blanks around it."""
        number = at.line or 0
        return self.lines[number - 1].strip() if 0 < number <= len(self.lines) else ""

    def written(self, fact: object) -> str:
        """A fact as its file has it, in one line, without keys."""
        at = getattr(fact, "at", None)
        return _written(fact) or (self.line(at) if isinstance(at, At) else "")


def read_sources(host: HostSnapshot, release: str) -> Iterator[Source]:
    """The files of a host by path; one that is also reached through a link comes once.

    ``release``: of ldirectord, which decides what its file means.
    """
    seen: set[tuple[str, bytes]] = set()
    for artifact in sorted(host.artifacts.values(), key=lambda artifact: artifact.path or ""):
        if artifact.kind not in {"file", "link"} or artifact.probe in {"init.d", "resource.d", "rc-links"}:
            continue
        if artifact.state == "absent":
            continue
        twin = (artifact.probe, artifact.content)
        if artifact.kind == "link" and twin in seen | _contents(host, artifact):
            continue
        seen.add(twin)
        yield _source(host, artifact, release)


def _contents(host: HostSnapshot, link: Artifact) -> set[tuple[str, bytes]]:
    return {
        (other.probe, other.content)
        for other in host.artifacts.values()
        if other.kind == "file" and other.probe == link.probe
    }


def _source(host: HostSnapshot, artifact: Artifact, release: str) -> Source:
    name = _FORMATS.get(artifact.probe, artifact.probe)
    document = read_document(artifact.content, source=artifact.source, host=host.name, encoding=host.encoding)
    lines = tuple(document.text.split("\n"))
    if artifact.state != "read" or name not in parse.READERS:
        return Source(artifact=artifact, lines=lines, reading=None)
    reading = read_ldirectord(document, release) if name == "ldirectord" else parse.read(name, document)
    return Source(artifact=artifact, lines=lines, reading=reading)


def _written(fact: object) -> str:
    match fact:
        case Setting():
            return f"{fact.key}={fact.value}" if fact.value else fact.key
        case Directive():
            return " ".join((fact.name, *fact.words))
        case Group():
            return " ".join((fact.node.written, *(resource.written for resource in fact.resources)))
        case AuthSelection():
            return f"auth {fact.number}"
        case AuthKey():
            return f"{fact.number} {fact.method}" + (" (key)" if fact.key is not None else "")
        case HostsEntry():
            return " ".join((fact.address, *fact.names))
        case Sysctl():
            return f"{fact.key} = {fact.value}"
        case ModuleLine():
            return " ".join((fact.verb, *fact.words))
        case ScriptLine() | Release():
            return fact.text
        case _:
            return ""
