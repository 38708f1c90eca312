"""read: one file on its own, as a linter does it."""

from __future__ import annotations

import argparse
import dataclasses
import fnmatch
import posixpath
import sys
from pathlib import Path
from typing import Any

from auditor import parse
from auditor.cli import exits
from auditor.cli.exits import Failure
from auditor.cli.streams import say, write_json
from auditor.collect.redact import Redactor
from auditor.model.facts import Document, LdirectordCf, Reading, Setting, Virtual
from auditor.model.place import At
from auditor.model.snapshot import Artifact
from auditor.parse.ldirectord import read_ldirectord
from auditor.parse.text import read_document
from auditor.render.diagnostics import diagnostic_lines, verdict_line

_NAMES = (
    ("*ldirectord*.cf", "ldirectord"),
    ("*ha.cf", "ha.cf"),
    ("*haresources", "haresources"),
    ("*authkeys", "authkeys"),
    ("keepalived*.conf", "keepalived"),
    ("ipvsadm*", "ipvsadm"),
    ("ifcfg-*", "ifcfg"),
    ("network", "network"),
    ("hosts", "hosts"),
    ("sysctl.conf", "sysctl.conf"),
    ("rc.local", "rc.local"),
    ("modprobe.conf", "modprobe"),
    ("modules.conf", "modprobe"),
    ("inittab", "inittab"),
    ("*release", "release"),
)


def read(options: argparse.Namespace) -> int:
    """0: the program that reads the file accepts it; 1: it refuses."""
    name, content = _content(options.file)
    format_name = options.reader or _format(name)
    if format_name not in parse.READERS:
        known = ", ".join(sorted(parse.READERS))
        raise Failure(f"{name}: cannot tell the format; give --format, one of {known}")
    hidden = Redactor().redact(
        Artifact(id=name, probe=format_name, kind="file", state="read", path=name, content=content)
    )
    if format_name == "ipvsadm" and not options.reader and b"IP Virtual Server" not in content[:4096]:
        format_name = "ipvsadm-rules"  # the file that the service restores has the name of the command
    document = read_document(hidden.content, source=name)
    reading = _read(format_name, document, options.release)
    accepted = _accepted(reading)
    options.status = exits.OK if accepted else exits.FINDINGS
    if options.format == "json":
        write_json(_to_json(reading, options.release, accepted))
    else:
        for line in diagnostic_lines(reading, document, options.lang):
            print(line)
        say(verdict_line(reading, accepted, options.lang))
    return int(options.status)


def _content(path: str) -> tuple[str, bytes]:
    if path == "-":
        return "-", sys.stdin.buffer.read()
    try:
        return path, Path(path).read_bytes()
    except OSError as error:
        raise Failure(f"{path}: {error.strerror}") from None


def _format(name: str) -> str | None:
    base = posixpath.basename(name)
    if posixpath.basename(posixpath.dirname(name)) == "sysctl.d":
        return "sysctl.conf"
    return next((format_name for pattern, format_name in _NAMES if fnmatch.fnmatchcase(base, pattern)), None)


def _read(format_name: str, document: Document, release: str) -> Reading[Any]:
    return (
        read_ldirectord(document, release)
        if format_name == "ldirectord"
        else parse.read(format_name, document)
    )


def _accepted(reading: Reading[Any]) -> bool:
    return not any(diagnostic.severity == "error" for diagnostic in reading.diagnostics)


def _to_json(reading: Reading[Any], release: str, accepted: bool) -> dict[str, Any]:
    cf = reading.value if isinstance(reading.value, LdirectordCf) else None
    return {
        "format": reading.format,
        "release": release if cf is not None else None,
        "accepted": accepted,
        "facts": [_plain(fact) for fact in reading.facts] if cf is None else _virtuals(reading, cf),
        "unparsed": [
            {"line": one.at.line, "column": one.at.column, "text": one.text} for one in reading.unparsed
        ],
        "diagnostics": [
            {
                "severity": one.severity,
                "code": one.code,
                "line": one.at.line,
                "column": one.at.column,
                "end_column": one.at.end_column,
                "message": {"en": one.message.en, "zh": one.message.zh},
            }
            for one in reading.diagnostics
        ],
    }


def _virtuals(reading: Reading[Any], cf: LdirectordCf) -> list[dict[str, Any]]:
    written = {fact.at: fact for fact in reading.facts if isinstance(fact, Setting)}
    return [_virtual(virtual, written) for virtual in cf.virtuals]


def _virtual(virtual: Virtual, written: dict[At, Setting]) -> dict[str, Any]:
    """Values as the daemon uses them; ``raw`` has the text of those that are written differently."""
    fact: dict[str, Any] = _plain(virtual)
    fact["virtual"] = fact.pop("name")
    fact["raw"] = {
        setting.key: setting.value
        for setting in virtual.settings
        if setting.key in fact and str(fact[setting.key]) != setting.value and setting.key not in _TOGETHER
    }
    if written[virtual.at].value != virtual.name:
        fact["raw"]["virtual"] = written[virtual.at].value
    for real, plain in zip(virtual.reals, fact["reals"], strict=True):
        address = f"[{real.address}]" if ":" in real.address else real.address
        plain["real"] = address if real.port is None else f"{address}:{real.port}"
        raw = written[real.at].value
        plain["raw"] = None if raw.split() in _usual(plain) else raw
    return fact


_TOGETHER = {"fallback"}


def _usual(real: dict[str, Any]) -> list[list[str]]:
    line = [real["real"], real["forwarding"]]
    return [[*line, str(real["weight"])], *([line] if real["weight"] == 1 else [])]


def _plain(value: Any) -> Any:
    """A record as JSON has it; places without the host, which is the one the file lies on."""
    if isinstance(value, At):
        return {"line": value.line, "column": value.column, "end_column": value.end_column}
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {one.name: _plain(getattr(value, one.name)) for one in dataclasses.fields(value)}
    if isinstance(value, frozenset):
        return sorted(value)
    if isinstance(value, tuple | list):
        return [_plain(one) for one in value]
    return value
