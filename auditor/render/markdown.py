"""The report for a ticket or a wiki: Markdown in which no host marks anything up."""

from __future__ import annotations

import re
from typing import TextIO

from auditor.model.findings import Report
from auditor.render.matter import matters, message_of, notes, place_of, reason, subjects, waived
from auditor.render.visible import visible
from auditor.render.words import listed, say, tell

# Signs that mark up anywhere, addresses that become links, and what begins a list where a text begins.
_ACTIVE = re.compile(r"([\\`*_\[\]<>#|~&@]|:(?=//)|:(?=\w+:)|^[-+=]|(?<=^\d)[.)])")


def render_markdown(report: Report, out: TextIO, *, lang: str = "en") -> None:
    """The verdict, what to do worst first, what nobody could tell, what is waived."""
    lines = [f"# {say(report.verdict.state, lang)}", "", plain(reason(report, lang)), ""]
    todo = matters(report)
    if todo:
        lines += [f"## {say('to_do', lang)}", ""]
    for matter in todo:
        about = listed(subjects(matter.findings, lang), lang, most=20)
        lines += [f"### {say(matter.severity, lang)}: {plain(matter.rule.id)} ({plain(about)})", ""]
        for case in matter.cases:
            where = listed(
                (place_of(one.evidence[0].at) for one in case.findings if one.evidence), lang, most=6
            )
            lines.append(f"- {plain(tell(case.message, lang))}" + (f" ({plain(where)})" if where else ""))
        lines += [
            "",
            *(f"> {plain(line)}  " for one in matter.fix for line in tell(one.text, lang).splitlines()),
            "",
        ]
    gaps = notes(report)
    if gaps:
        lines += [f"## {say('gaps', lang)}", ""]
    for note in gaps:
        name = note.host.name if note.host else f"{say('cluster_word', lang)} {note.cluster}"
        said = [message_of(error) for error in note.errors] + [tell(gap.reason, lang) for gap in note.gaps]
        said += [say("checks_open", lang, count=note.open)] if note.open else []
        lines += [f"- {plain(name)}: {plain(one)}" for one in said]
    excused = waived(report)
    if excused:
        lines += ["", f"## {say('waived_title', lang)}", ""]
    for one in excused:
        waiver = one.waiver
        words = say("until", lang, day=waiver.expires, owner=waiver.owner, reason=waiver.reason)
        about = listed(subjects(one.findings, lang), lang, most=20)
        lines.append(f"- {plain(waiver.rule)} ({plain(about)}): {plain(words)}")
    out.write("\n".join(lines).rstrip() + "\n")


def plain(text: str) -> str:
    """Text that Markdown, and the HTML within it, shows as it stands."""
    return _ACTIVE.sub(r"\\\1", visible(text))
