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
from auditor.cli.streams import write_json
from auditor.collect.redact import Redactor
from auditor.model.facts import Document, LdirectordCf, Reading, Virtual
from auditor.model.place import At, Diagnostic
from auditor.model.snapshot import Artifact
from auditor.parse.ldirectord import read_ldirectord
from auditor.parse.text import read_document
from auditor.render.visible import visible

_NAMES = (
    ("ldirectord*.cf", "ldirectord"),
    ("ha.cf", "ha.cf"),
    ("haresources", "haresources"),
    ("authkeys", "authkeys"),
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
    document = read_document(hidden.content, source=name)
    reading = _read(format_name, document, options.release)
    accepted = _accepted(reading)
    options.status = exits.OK if accepted else exits.FINDINGS
    if options.format == "json":
        write_json(_to_json(reading, options.release, accepted))
    else:
        _print(reading, document, accepted, options.lang)
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
        "facts": [_virtual(virtual) for virtual in cf.virtuals]
        if cf
        else [_plain(fact) for fact in reading.facts],
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


def _virtual(virtual: Virtual) -> dict[str, Any]:
    fact: dict[str, Any] = _plain(virtual)
    fact["virtual"] = fact.pop("name")
    for real, plain in zip(virtual.reals, fact["reals"], strict=True):
        address = f"[{real.address}]" if ":" in real.address else real.address
        plain["real"] = address if real.port is None else f"{address}:{real.port}"
    return fact


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


def _print(reading: Reading[Any], document: Document, accepted: bool, lang: str) -> None:
    lines = document.text.split("\n")
    for one in reading.diagnostics:
        print(visible(f"{one.at}:{one.at.column or 1}: {one.severity}: {getattr(one.message, lang)}"))
        _print_caret(one, lines)
    for left in reading.unparsed:
        print(visible(f"{left.at}:{left.at.column or 1}: not understood: {left.text}"))
    said = ("accepted", "接受") if accepted else ("refused", "拒绝")
    print(visible(f"{reading.at.source}: {said[lang == 'zh']} ({reading.format}, {len(reading.facts)})"))


def _print_caret(diagnostic: Diagnostic, lines: list[str]) -> None:
    at = diagnostic.at
    if at.line is None or at.line > len(lines):
        return
    text = lines[at.line - 1].replace("\t", " ")
    start = max(0, (at.column or 1) - 1)
    end = max(start + 1, (at.end_column or start + 2) - 1)
    if len(text) > 160:
        return
    before, marked = visible(text[:start]), visible(text[start:end])
    print(f"    {before}{marked}{visible(text[end:])}")
    print(f"    {' ' * len(before)}{'^' * max(1, len(marked))}")
