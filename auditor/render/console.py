"""The report on a terminal: the verdict, what to do about it, then the rest."""

from __future__ import annotations

import io
import os
import re
import shlex
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TextIO

from rich.cells import cell_len
from rich.console import Console
from rich.table import Table
from rich.text import Text

from auditor.model.findings import ClusterRow, Evidence, HostRow, Report
from auditor.model.place import At
from auditor.render.matter import (
    Case,
    Matter,
    Note,
    blockers,
    drifts,
    matters,
    message_of,
    notes,
    place_of,
    reason,
    subjects,
    waived,
)
from auditor.render.visible import safe, visible
from auditor.render.words import listed, say, tell

_WIDEST = 120  # lines longer than this are hard to read
_PIPED = 100
_REALS = 20
_DRIFT = 20  # findings that moved the same way
_PLACES = 3  # shown line by line; of the others only where they are

_VERDICTS = {
    "ready": "bold black on green",
    "not_ready": "bold white on red",
    "cannot_tell": "bold black on yellow",
}
_SEVERITIES = {
    "critical": "bold white on red",
    "high": "bold red",
    "medium": "bold yellow",
    "low": "bold cyan",
    "info": "bold",
}
_STATUSES = {"ok": "", "partial": "yellow"}


def render_console(
    report: Report,
    out: TextIO,
    *,
    lang: str = "en",
    width: int | None = None,
    color: bool | None = None,
) -> None:
    """Write the report for a person. ``width``: columns; ``color``: by default what ``out`` is fit for.

    What is no terminal gets no colours, and 100 columns whatever the environment says, so that a saved report
    does not depend on the window it was made in.
    """
    console = console_for(out, width=width, color=color)
    sections = (_verdict, _drift, _to_do, _open, _waived, _hosts, _clusters)
    buffer = console.file
    assert isinstance(buffer, io.StringIO)
    for section in sections:
        for part in section(report, lang, console.width):
            console.print(part, no_wrap=True, overflow="ignore", crop=False)
    put_out(buffer.getvalue(), out)


def put_out(text: str, out: TextIO) -> None:
    """Write what was drawn, as far as ``out`` has signs for it."""
    text = re.sub(" +$", "", text, flags=re.MULTILINE)
    encoding = getattr(out, "encoding", None) or "utf-8"
    out.write(text.encode(encoding, "backslashreplace").decode(encoding))


def console_for(out: TextIO, *, width: int | None = None, color: bool | None = None) -> Console:
    """A console that writes to memory as ``out`` would want it."""
    terminal = out.isatty()
    if width is None:
        width = min(_columns(out), _WIDEST) if terminal else _PIPED
    colored = (terminal and os.environ.get("TERM") != "dumb") if color is None else color
    return Console(
        file=io.StringIO(),
        width=max(width, 40),
        force_terminal=colored,
        color_system="standard" if colored else None,
        legacy_windows=False,
        markup=False,
        highlight=False,
        emoji=False,
    )


def last_line(report: Report, lang: str, folder: Path | None, *, again: str = "lvsaudit scan HOSTS") -> str:
    """The verdict and the next command to type. ``folder``: where the reports lie; ``again``: scans once more."""
    head = f"{say(report.verdict.state, lang)}: {reason(report, lang)}"
    if report.verdict.state == "not_ready":
        rule = blockers(report)[0].rule
        step = say("next", lang, command=f"lvsaudit explain {shlex.quote(rule)}")
    elif report.verdict.state == "cannot_tell":
        step = say("mend_then", lang, command=again)
    elif folder is not None:
        step = say("next", lang, command=f"xdg-open {shlex.quote(str(folder / 'report.html'))}")
    else:
        step = say("next", lang, command="lvsaudit rules")
    return visible(f"{head}; {step}")


# -- verdict ----------------------------------------------------------------


def _verdict(report: Report, lang: str, width: int) -> Iterator[Text]:
    state = report.verdict.state
    label = Text(f" {say(state, lang)} ", _VERDICTS[state])
    yield from hang(Text.assemble(label, "  "), safe(reason(report, lang), "bold"), width, indent=2)
    counts = {name: f"{count:,}" for name, count in report.verdict.counts.items()}
    yield from hang(Text("  "), safe(say("counts", lang, hosts=len(report.hosts), **counts), "dim"), width)
    if report.omitted:
        left_out = say("omitted", lang, rules=listed(report.omitted, lang, most=6))
        yield from hang(Text("  "), safe(left_out, "yellow"), width)
    yield Text()


# -- what moved, and what is waived -----------------------------------------

_MARKS = {
    "new": ("+", "bold red"),
    "changed": ("~", "yellow"),
    "fixed": ("-", "green"),
    "unseen": ("?", "yellow"),
}


def _drift(report: Report, lang: str, width: int) -> Iterator[Text]:
    if report.baseline is None:
        return
    heading = say("baseline", lang, started=report.baseline.started)
    yield from hang(Text(), safe(heading, "bold underline"), width)
    yield Text()
    if not drifts(report):
        yield from hang(Text("  "), safe(say("no_drift", lang)), width)
    yield from show_drifts(report, lang, width)
    yield Text()


def show_drifts(report: Report, lang: str, width: int) -> Iterator[Text]:
    """What is not as it was in the baseline."""
    for drift in drifts(report):
        mark, style = _MARKS[drift.key]
        for finding in drift.findings[:_DRIFT]:
            about = subjects([finding], lang)[0]
            head = Text.assemble((f"  {mark} {say(drift.key, lang)}  ", style), safe(finding.rule, "bold"))
            yield from hang(
                head, safe(f"  {about}: {tell(finding.message, lang)}"), width, indent=cell_len(mark) + 4
            )
        if len(drift.findings) > _DRIFT:
            more = say("drift_more", lang, more=len(drift.findings) - _DRIFT)
            yield from hang(Text("    "), safe(more, "dim"), width)


def _waived(report: Report, lang: str, width: int) -> Iterator[Text]:
    excused = waived(report)
    if not excused:
        return
    yield _heading("waived_title", lang)
    yield Text()
    for one in excused:
        about = listed(subjects(one.findings, lang), lang, most=6)
        yield from hang(Text("  "), Text.assemble(safe(one.waiver.rule, "bold"), safe(f"  {about}")), width)
        waiver = one.waiver
        words = say("until", lang, day=waiver.expires, owner=waiver.owner, reason=waiver.reason)
        yield from hang(Text("    "), safe(words), width)
        for message in dict.fromkeys(tell(finding.message, lang) for finding in one.findings):
            yield from hang(Text("      "), safe(message, "dim"), width)
    yield Text()


# -- what to do -------------------------------------------------------------


def _to_do(report: Report, lang: str, width: int) -> Iterator[Text]:
    todo = matters(report)
    if not todo:
        yield safe(say("nothing_to_do", lang))
        yield Text()
        return
    yield _heading("to_do", lang)
    for number, matter in enumerate(todo, start=1):
        yield Text()
        yield from _matter(number, matter, lang, width)
    yield Text()


def _matter(number: int, matter: Matter, lang: str, width: int) -> Iterator[Text]:
    head = Text.assemble(
        (f"{number:>2}  ", "bold"),
        (f" {say(matter.severity, lang).upper()} ", _SEVERITIES[matter.severity]),
        "  ",
        safe(matter.rule.id, "bold"),
        "  ",
    )
    about = subjects(matter.findings, lang)
    yield from hang(head, safe(listed(about, lang, most=6)), width)
    for case in matter.cases:
        yield from _case(case, lang, width, alone=len(matter.cases) == 1 or len(about) == 1)
    label = "fix"
    for step in matter.fix:
        mark = Text("$ ", "dim") if step.kind == "command" else Text()
        style = "" if step.kind == "hint" else "green"
        for line in tell(step.text, lang).splitlines():
            yield from hang(Text.assemble(_label(label, lang), mark), safe(line, style), width)
            label = ""


def _case(case: Case, lang: str, width: int, *, alone: bool) -> Iterator[Text]:
    message = safe(tell(case.message, lang))
    if not alone:
        about = listed(subjects(case.findings, lang), lang, most=6)
        message = Text.assemble(safe(f"{about}: ", "bold"), message)
    yield from hang(Text("    "), message, width)
    first, *others = case.findings
    yield from _evidence(first.evidence, lang, width)
    elsewhere = [place_of(one.evidence[0].at) if one.evidence else subjects([one], lang)[0] for one in others]
    if elsewhere:
        yield from hang(_label("also_on", lang), safe(listed(elsewhere, lang)), width)
    for key, value in (
        ("expected", case.expected),
        ("configured", case.configured),
        ("running", case.running),
    ):
        if value is not None:
            yield from hang(_label(key, lang), safe(value, "" if key == "expected" else "yellow"), width)


def _evidence(evidence: Sequence[Evidence], lang: str, width: int) -> Iterator[Text]:
    """The places that decided; lines that can be shown are shown, with the words in question underlined."""
    shown = [one for one in evidence if one.text is not None][:_PLACES]
    for one in shown:
        assert one.text is not None
        place = Text.assemble("      ", safe(place_of(one.at), "cyan"))
        if one.at.line is None:
            yield from hang(Text.assemble(place, "  "), safe(one.text), width, indent=8)
        else:
            yield from hang(place, Text(), width, indent=8)
            yield from _line(one.at, one.text, width)
    named = [place_of(one.at) for one in evidence if one.text is None]
    hidden = len(evidence) - len(shown) - len(named)
    if named:
        yield from hang(_label("seen_in", lang), safe(listed(named, lang), "cyan"), width)
    if hidden:
        yield Text.assemble("      ", safe(say("and_places", lang, more=hidden), "dim"))


def _line(at: At, text: str, width: int) -> Iterator[Text]:
    gutter = f"      {at.line:>4} │ "
    room = width - len(gutter)
    start = (at.column or 1) - 1
    end = max(start, (at.end_column or at.column or 1) - 1)
    before, span, after = (
        visible(part, limit=10 * room) for part in (text[:start], text[start:end], text[end:])
    )
    before, span, after = _window(before, span, after, room)
    bold = "bold" if at.column is not None else ""
    yield Text.assemble((gutter, "dim"), Text(before), Text(span, bold), Text(after))
    if at.column is not None:
        caret = " " * cell_len(before) + "^" * max(1, cell_len(span))
        yield Text.assemble((" " * (len(gutter) - 2) + "│ ", "dim"), (caret, "bold yellow"))


def _window(before: str, span: str, after: str, room: int) -> tuple[str, str, str]:
    """As much of a line as there is room for, with the part in question in it."""
    if cell_len(before + span + after) <= room:
        return before, span, after
    span = _cut(span, room // 2)
    lead = max(room - cell_len(span) - min(cell_len(after), room // 4), 0)
    if cell_len(before) > lead:
        while cell_len(before) > max(lead - 1, 0):
            before = before[1:]
        before = f"…{before}"
    return before, span, _cut(after, max(room - cell_len(before + span), 0))


def _cut(text: str, room: int) -> str:
    if cell_len(text) <= room:
        return text
    while text and cell_len(text) > room - 1:
        text = text[:-1]
    return f"{text}…" if room > 0 else ""


# -- what nobody could tell -------------------------------------------------


def _open(report: Report, lang: str, width: int) -> Iterator[Text]:
    taken = notes(report)
    if not taken:
        return
    yield _heading("gaps", lang)
    for note in taken:
        yield Text()
        yield from _note(note, lang, width)
    yield Text()


def _note(note: Note, lang: str, width: int) -> Iterator[Text]:
    name = note.host.name if note.host else f"{say('cluster_word', lang)} {note.cluster}"
    status = say(note.host.status, lang) if note.host and note.host.status != "ok" else ""
    yield from hang(Text("  "), Text.assemble(safe(name, "bold"), "  ", safe(status, "bold yellow")), width)
    lines = [safe(message_of(error)) for error in note.errors]
    for gap in note.gaps:
        place = f" ({place_of(gap.at)})" if gap.at and note.host is None else ""
        rules = safe(f" → {listed(gap.rules, lang, most=8)}", "dim")
        lines.append(Text.assemble(safe(tell(gap.reason, lang) + place), rules))
    if note.open:
        lines.append(safe(say("checks_open", lang, count=note.open), "dim"))
    for line in lines:
        yield from hang(Text("    "), line, width, indent=6)


# -- hosts and clusters -----------------------------------------------------


def _hosts(report: Report, lang: str, width: int) -> Iterator[Text | Table]:
    fails = Counter(finding.host for finding in report.findings if finding.state == "fail")
    unknown = Counter(finding.host for finding in report.findings if finding.state == "unknown")
    yield _heading("hosts", lang)
    yield Text()
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim", expand=False)
    table.add_column("")
    # Roles give way first; names, addresses and systems only where one of them is long.
    short = width >= 80 and all(
        len(host.name) <= 16 and len(host.address) <= len("255.255.255.255") and len(_os(host)) <= 12
        for host in report.hosts
    )
    for key in ("host", "address", "roles", "os", "ssh", "status"):
        whole = short and key != "roles"
        table.add_column(safe(say(key, lang)), overflow="fold", no_wrap=whole)
    for key in ("fails", "open"):
        table.add_column(safe(say(key, lang)), justify="right", no_wrap=True)
    for host in report.hosts:
        table.add_row(
            "",
            safe(host.name, "bold", limit=60),
            safe(host.address, limit=60),
            _roles(host, lang),
            safe(_os(host) or "-", limit=60),
            _ssh(host, lang),
            safe(say(host.status, lang), _STATUSES.get(host.status, "bold red")),
            Text(str(fails[host.name] or "-"), "bold red" if fails[host.name] else "dim"),
            Text(str(unknown[host.name] or "-"), "bold yellow" if unknown[host.name] else "dim"),
        )
    yield table
    yield Text()


def _roles(host: HostRow, lang: str) -> Text:
    return safe(listed((say(role, lang) for role in host.roles), lang) or say("no_role", lang))


def _os(host: HostRow) -> str:
    return " ".join(filter(None, (host.os.get("id"), host.os.get("version"))))


def _ssh(host: HostRow, lang: str) -> Text:
    if host.ssh is None:
        return Text("-", "dim")
    return safe(say("legacy", lang), "yellow") if host.ssh.legacy else safe(say("modern", lang))


def _clusters(report: Report, lang: str, width: int) -> Iterator[Text]:
    if not report.clusters:
        return
    yield _heading("clusters", lang)
    for cluster in report.clusters:
        yield Text()
        yield from _cluster(cluster, lang, width)
    yield Text()


def _cluster(cluster: ClusterRow, lang: str, width: int) -> Iterator[Text]:
    yield from hang(Text("  "), safe(cluster.name, "bold"), width)
    for key, value in (
        ("active", cluster.active or say("no_active", lang)),
        ("directors", listed(cluster.directors, lang, most=8) or say("none", lang)),
        ("reals", listed(cluster.reals, lang, most=8) or say("none", lang)),
    ):
        style = "bold yellow" if key == "active" and cluster.active is None else ""
        yield from hang(_label(key, lang), safe(value, style), width)
    for virtual in cluster.virtuals:
        held = listed(virtual.owners, lang)
        by = say("served_by", lang, owners=held) if held else say("held_by_nobody", lang)
        name = Text.assemble("      ", safe(virtual.name, "bold"), "  ")
        yield from hang(name, Text.assemble(safe(virtual.scheduler), "  ", safe(by, "dim")), width, indent=8)
        for real in virtual.reals[:_REALS]:
            yield from hang(Text("        → "), safe(real), width)
        if len(virtual.reals) > _REALS:
            more = say("and_reals", lang, more=len(virtual.reals) - _REALS)
            yield from hang(Text("        "), safe(more, "dim"), width)
    if cluster.failures:
        yield from hang(Text("      "), safe(say("if_dies", lang), "dim"), width)
    shown = len(cluster.directors) + _REALS
    for failure in cluster.failures[:shown]:
        name = Text.assemble("      ", safe(failure.node, "bold"), "  ")
        style = "yellow" if failure.twice or any(to is None for _, to in failure.moves) else ""
        yield from hang(name, safe(getattr(failure.text, lang), style), width, indent=8)
    if len(cluster.failures) > shown:
        more = say("and_reals", lang, more=len(cluster.failures) - shown)
        yield from hang(Text("        "), safe(more, "dim"), width)


# -- lines ------------------------------------------------------------------

_LABEL = 20  # where the values behind the labels of a matter begin


def _heading(key: str, lang: str) -> Text:
    return safe(say(key, lang), "bold underline")


def _label(key: str, lang: str) -> Text:
    label = say(key, lang) if key else ""
    return Text.assemble("      ", (label, "dim"), " " * max(1, _LABEL - 6 - cell_len(label)))


def _columns(out: TextIO) -> int:
    try:
        return os.get_terminal_size(out.fileno()).columns or 80
    except (OSError, ValueError):
        return 80


def hang(head: Text, body: Text, width: int, indent: int | None = None) -> Iterator[Text]:
    """``head`` and ``body`` on lines of ``width`` columns; the later lines start where the body does."""
    text = Text.assemble(head, body)
    indent = min(head.cell_len if indent is None else indent, width // 2)
    for number, line in enumerate(text.divide(_breaks(text.plain, width, width - indent))):
        line.rstrip()
        yield line if number == 0 else Text.assemble(" " * indent, line)


def _breaks(plain: str, first: int, others: int) -> list[int]:
    """Where to break: behind blanks, around Chinese characters, and inside a word only if it fills a line."""
    breaks: list[int] = []
    start, room = 0, first
    while True:
        end = chance = start
        used = 0
        while end < len(plain):
            used += cell_len(plain[end])
            if end > start and _may_break(plain[end - 1], plain[end]):
                chance = end
            if used > room and plain[end] != " ":
                break
            end += 1
        else:
            return breaks
        start = chance if chance > start else max(end, start + 1)
        breaks.append(start)
        room = others


def _may_break(left: str, right: str) -> bool:
    if left == " ":
        return right != " "
    return (cell_len(left) == 2 or cell_len(right) == 2) and right not in _NOT_FIRST and left not in _NOT_LAST


_NOT_FIRST = frozenset(" ，。、；：！？）】》」』”’,.;:!?)]}%")
_NOT_LAST = frozenset("（【《「『“‘([{")
