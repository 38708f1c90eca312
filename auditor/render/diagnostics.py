"""What a reader has to say about one file, line by line, as compilers do it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from rich.cells import cell_len

from auditor.model.facts import Document, LdirectordCf, Reading
from auditor.model.place import At, Diagnostic
from auditor.render.visible import visible

_SEVERITIES = {"error": "错误", "warning": "警告", "info": "提示"}
_BEFORE, _MARKED, _AFTER = 60, 60, 40
"""So many characters of a line are shown, seen from the marked part."""


def diagnostic_lines(reading: Reading[Any], document: Document, lang: str) -> Iterator[str]:
    """``ldirectord.cf:14:32: error: …`` with the line and a caret under the place, for each diagnostic in order.

    Then the lines that the grammar has no words for, where nothing was said about them. A terminal shows every
    line as it stands here.
    """
    lines = document.text.split("\n")
    for one in reading.diagnostics:
        severity = _SEVERITIES[one.severity] if lang == "zh" else one.severity
        yield visible(f"{_place(one.at)}: {severity}: {_message(one, lang)}")
        yield from _excerpt(one.at, lines)
    told = {one.at.line for one in reading.diagnostics}
    for left in reading.unparsed:
        if left.at.line not in told:
            said = "此行无法解读, 未予采用" if lang == "zh" else "this line is not understood and left out"
            yield visible(f"{_place(left.at)}: {_SEVERITIES['info'] if lang == 'zh' else 'info'}: {said}")
            yield from _excerpt(left.at, lines)


def verdict_line(reading: Reading[Any], accepted: bool, lang: str) -> str:
    """``ldirectord.cf: refused by ldirectord 4.12: 2 errors, 1 warning``."""
    who = _PROGRAMS.get(reading.format, "")
    if isinstance(reading.value, LdirectordCf):
        who = f"ldirectord {reading.value.release}"
    counts = [
        (sum(one.severity == severity for one in reading.diagnostics), severity) for severity in _SEVERITIES
    ]
    if lang == "zh":
        verdict = f"{who or '此文件'} {'接受' if accepted else '拒绝'}" if who else "已读取"
        found = [f"{count} 个{_SEVERITIES[severity]}" for count, severity in counts if count]
        found += [f"{len(reading.unparsed)} 行无法解读"] if reading.unparsed else []
        return visible(f"{reading.at.source}: {verdict}: {', '.join([*_contents(reading, lang), *found])}")
    verdict = f"{'accepted' if accepted else 'refused'} by {who}" if who else "read"
    found = [f"{count} {severity}{'s' if count > 1 else ''}" for count, severity in counts if count]
    found += [f"{len(reading.unparsed)} not understood"] if reading.unparsed else []
    return visible(f"{reading.at.source}: {verdict}: {', '.join([*_contents(reading, lang), *found])}")


def _contents(reading: Reading[Any], lang: str) -> list[str]:
    if not isinstance(reading.value, LdirectordCf):
        count = len(reading.facts)
        return [f"{count} 项" if lang == "zh" else f"{count} fact{'s' if count != 1 else ''}"]
    virtuals = reading.value.virtuals
    reals = sum(len(virtual.reals) for virtual in virtuals)
    if lang == "zh":
        return [f"{len(virtuals)} 个虚拟服务", f"{reals} 台真实服务器"]
    return [
        f"{len(virtuals)} virtual service{'s' if len(virtuals) != 1 else ''}",
        f"{reals} real server{'s' if reals != 1 else ''}",
    ]


_PROGRAMS = {
    **dict.fromkeys(("ha.cf", "haresources", "authkeys"), "heartbeat"),
    "keepalived": "keepalived",
}
"""Who refuses a file of the format as a whole; the others are read line by line, and nobody does."""


def _place(at: At) -> str:
    return str(at) if at.line is None else f"{at}:{at.column or 1}"


def _message(diagnostic: Diagnostic, lang: str) -> str:
    return diagnostic.message.zh if lang == "zh" else diagnostic.message.en


def _excerpt(at: At, lines: list[str]) -> Iterator[str]:
    """The line and carets; of a long one what stands round the place. Wide characters count two columns."""
    if at.line is None or at.line > len(lines):
        return
    text = lines[at.line - 1]
    start = min(len(text), (at.column or 1) - 1)
    end = max(start, min(len(text), (at.end_column or start + 2) - 1))
    before, marked, after = text[:start], text[start:end], text[end:]
    before = visible(before) if len(before) <= _BEFORE else f"…{visible(before[-_BEFORE:])}"
    marked = visible(marked) if len(marked) <= _MARKED else f"{visible(marked[:_MARKED])}…"
    after = visible(after) if len(after) <= _AFTER else f"{visible(after[:_AFTER])}…"
    yield f"    {before}{marked}{after}".rstrip()
    yield f"    {' ' * cell_len(before)}{'^' * max(1, cell_len(marked))}"
