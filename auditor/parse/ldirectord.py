"""Reads ldirectord.cf as one of three generations of ldirectord does."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from difflib import get_close_matches
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address
from typing import Any

from auditor.model.facts import Document, Fallback, LdirectordCf, Reading, RealServer, Setting, Virtual
from auditor.model.place import At, Diagnostic, Unparsed
from auditor.parse.addresses import USUAL, old_address
from auditor.parse.grammar import Line, find_fault, read_lines
from auditor.parse.ldirectord_options import (
    GLOBALS,
    OPTIONS,
    RELEASES,
    Checked,
    Option,
    check_checktype,
    check_netmask,
    check_protocol,
    check_service,
    check_supervised,
    default_service,
)
from auditor.parse.ldirectord_words import say
from auditor.parse.text import BLANKS, has_mark, place, whole

_LONGEST = 2048
"""Longer values are not read: no address, name or number needs them."""

_WIDEST = 1024
"""So many addresses of a range are listed."""


@dataclass(slots=True)
class _Section:
    """A ``virtual=`` line and the options below it."""

    line: Line
    virtual: Setting
    options: list[tuple[Setting, Line]] = field(default_factory=list)

    def last(self, key: str) -> Setting:
        return next(setting for setting, _ in reversed(self.options) if setting.key == key)


@dataclass(slots=True)
class _Draft:
    """What the lines add up to so far. ``era``: the release as an index of ``RELEASES``; ``quiescent``: its default."""

    era: int
    quiescent: bool
    facts: list[Setting] = field(default_factory=list)
    unparsed: list[Unparsed] = field(default_factory=list)
    notes: list[Diagnostic] = field(default_factory=list)
    globals: list[tuple[Setting, Line]] = field(default_factory=list)
    sections: list[_Section] = field(default_factory=list)


def read_ldirectord(
    document: Document, release: str = "4.12", *, quiescent: bool | None = None
) -> Reading[LdirectordCf]:
    """Every line as a ``Setting``, the services they make as ``Virtual``, ranges of real servers spread out.

    Semantics of read_config in the given release; KeyError for a release that is not in ``RELEASES``.
    ``quiescent``: what the installed version takes where no line says it; by default what the release takes.
    Names are taken to resolve, log and monitor files to be writable: that is the director's, not the file's.
    A broken line never hides the rest: the services are read as far as they make sense, also where the
    daemon would have given up.
    """
    if release not in RELEASES:
        raise KeyError(f"ldirectord {release}: {', '.join(RELEASES)} are known")
    era = RELEASES.index(release)
    draft = _Draft(era, era == 0 if quiescent is None else quiescent)
    _take_lines(document, draft)
    values = _effective(draft.globals, GLOBALS, OPTIONS, draft)
    fallback = _read_global_fallback(draft)
    virtuals: list[Virtual] = []
    seen: dict[tuple[str, int, str], Virtual] = {}
    for section in draft.sections:
        virtual = _read_virtual(section, values, fallback, draft)
        if virtual is None:
            continue
        first = seen.setdefault((virtual.protocol, virtual.family, virtual.name), virtual)
        if first is not virtual:
            code = "duplicate-virtual" if draft.era else "duplicate-virtual unseen"
            draft.notes.append(say(code, virtual.at, name=virtual.name, line=first.at.line))
        virtuals.append(virtual)
    settings = tuple(setting for setting, _ in draft.globals)
    notes = sorted(draft.notes, key=lambda note: (note.at.line or 0, note.at.column or 0))
    return Reading(
        format="ldirectord",
        at=document.at,
        encoding=document.encoding,
        facts=tuple(draft.facts),
        unparsed=tuple(draft.unparsed),
        diagnostics=tuple(notes),
        value=LdirectordCf(
            release=release,
            settings=settings,
            virtuals=tuple(virtuals),
            quiescent=_last(settings, "quiescent"),
            autoreload=_last(settings, "autoreload"),
            fallback=fallback,
            accepted=not any(note.severity == "error" for note in notes),
            at=document.at,
        ),
    )


def ldirectord_release(version: str) -> str:
    """The release whose reading fits a package version: ``"1.2.3"`` 2004, ``"2.1.4"`` and ``"3.9.5"`` 2009,
    ``"4.12.0"`` 4.12; the newest where the version says nothing."""
    major = re.match(r"(?:[0-9]+:)?([0-9]{1,4})", version)
    if major is None or int(major[1]) > 3:
        return "4.12"
    return "2004" if int(major[1]) < 2 else "2009"


def quiescent_by_default(version: str) -> bool:
    """What a package version takes where no line says it: yes as long as ldirectord came with heartbeat, before 3."""
    major = re.match(r"(?:[0-9]+:)?([0-9]{1,4})", version)
    return major is not None and int(major[1]) < 3


# -- lines ------------------------------------------------------------------


def _take_lines(document: Document, draft: _Draft) -> None:
    closed: Line | None = None
    stray = False
    line: Line | None = None
    if has_mark(document):
        draft.notes.append(say("byte-order-mark", place(document, 1, 1, 1)))
    for line in read_lines("ldirectord", document):
        match line.tag:
            case "VIRTUAL":
                draft.sections.append(_Section(line, _setting(line, None, draft)))
            case "OPTION":
                section = draft.sections[-1]
                section.options.append((_setting(line, section.virtual.value, draft), line))
            case "SETTING" | "SUPERVISED":
                draft.globals.append((_setting(line, None, draft), line))
            case "WIDE_BLANK":
                draft.notes.append(say("wide-blank-line", line.within(0, len(line.text))))
            case "BLANK":
                closed = line
            case "OTHER" | "STRAY":
                draft.unparsed.append(line.unparsed())
                if not stray:
                    draft.notes.append(_unknown_line(line, closed, draft))
        if line.tag != "COMMENT":
            stray = line.tag == "OTHER"
    if line is not None and line.tag == "VIRTUAL" and draft.era:
        draft.notes.append(say("virtual-at-end", line.at()))
    returned = document.text.find("\r\n")
    if returned >= 0:
        number = document.text.count("\n", 0, returned) + 1
        column = returned - document.text.rfind("\n", 0, returned)
        draft.notes.append(say("carriage-return", place(document, number, column, column + 1)))


def _setting(line: Line, section: str | None, draft: _Draft) -> Setting:
    value = line["value"].rstrip(BLANKS)
    start = line.span("value")[0]
    at = line.within(start, start + len(value)) if value else line.at("key")
    setting = Setting(key=line["key"], value=value, at=at, section=section)
    draft.facts.append(setting)
    return setting


def _unknown_line(line: Line, closed: Line | None, draft: _Draft) -> Diagnostic:
    """The first of a run of lines that no state of the daemon has a use for, and why."""
    lead = line.text.lstrip(BLANKS)[:1]
    if lead.isspace() or lead == "\N{ZERO WIDTH NO-BREAK SPACE}":
        return say("unknown-command wide", line.at(), sign=f"{ord(lead):04X}")
    indented = line.text.startswith((" ", "\t"))
    if line.tag == "STRAY" or not indented:
        fault = find_fault("ldirectord", "option" if line.tag == "STRAY" else "setting", line)
        return say("unknown-command", fault.at if fault else line.at(), text=line.text.strip(BLANKS))
    columns = _columns(line.text)
    if columns < 4:
        code = "indentation option" if draft.sections else "indentation global"
        return say(code, line.at(), columns=columns)
    if draft.sections and closed is not None and closed.number > draft.sections[-1].line.number:
        opened = draft.sections[-1].line.number
        return say("outside-virtual closed", line.at(), closed=closed.number, opened=opened)
    return say("outside-virtual", line.at())


def _columns(text: str) -> int:
    lead = text[: len(text) - len(text.lstrip(" \t"))]
    return len(lead) + 3 * lead.count("\t")


# -- values -----------------------------------------------------------------


def _raw(line: Line) -> str:
    """The value as the daemon's checks see it: an option's tabs have become blanks."""
    value = line["value"]
    return value.replace("\t", "    ") if "\t" in value and line.tag == "OPTION" else value


def _effective(
    lines: list[tuple[Setting, Line]], known: dict[str, Option], elsewhere: dict[str, Option], draft: _Draft
) -> dict[str, str]:
    """Last value of each key as the daemon uses it; keys that it refuses are missing."""
    values: dict[str, str] = {}
    release = RELEASES[draft.era]
    for setting, line in lines:
        option = known.get(setting.key)
        raw = _raw(line)
        if option is None or release not in option.releases:
            draft.notes.append(_unknown_key(line, known, elsewhere, draft.era))
        elif len(raw) > _LONGEST:
            draft.notes.append(say("too-long", setting.at, length=len(raw), limit=_LONGEST))
        else:
            supervised = line.tag == "SUPERVISED"
            checked = check_supervised(raw, draft.era) if supervised else option.check(raw)
            if checked.code == "quotes" and line.tag == "OPTION" and line.get("tail"):
                checked = checked._replace(code="comment-in-quotes")
            if _note(checked, setting, draft):
                values[setting.key] = checked.value
    return values


def _note(checked: Checked, setting: Setting, draft: _Draft) -> bool:
    """Keep what there is to say; whether the daemon takes the value."""
    if checked.code is not None:
        draft.notes.append(say(checked.code, setting.at, **{"key": setting.key, **checked.words}))
    return not checked.refused


def _unknown_key(line: Line, known: dict[str, Option], elsewhere: dict[str, Option], era: int) -> Diagnostic:
    key, at, release = line["key"], line.at("key"), RELEASES[era]
    if key in known:
        later = [name for name in known[key].releases if RELEASES.index(name) > era]
        if later:
            return say("newer-directive", at, key=key, release=release, first=later[0])
        return say("withdrawn-directive", at, key=key, release=release)
    if key in elsewhere or key in {"virtual", "virtual6"}:
        return say("wrong-place option" if known is GLOBALS else "wrong-place global", at, key=key)
    near = get_close_matches(key.lower()[:40], known, 1)
    if near:
        return say("unknown-directive near", at, key=key, near=near[0])
    return say("unknown-directive", at, key=key)


def _read_last(section: _Section, key: str, draft: _Draft, check: Callable[[str], Checked]) -> str | None:
    """The last good value of an option whose check depends on the release or on the service."""
    found: str | None = None
    for setting, line in section.options:
        if setting.key == key and len(line["value"]) <= _LONGEST:
            checked = check(_raw(line))
            if _note(checked, setting, draft):
                found = checked.value
    return found


# -- services ---------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Target:
    """What stands behind ``virtual=``: address and port, or a firewall mark."""

    name: str
    address: str | None
    port: int | None
    mark: int | None
    family: int


def _read_virtual(
    section: _Section, globals_: dict[str, str], fallback: Fallback | None, draft: _Draft
) -> Virtual | None:
    era = draft.era
    target = _read_target(section, draft)
    family = target.family if target is not None else 6 if section.virtual.key == "virtual6" else 4
    values = _effective(section.options, OPTIONS, GLOBALS, draft)
    checktype = _read_last(section, "checktype", draft, lambda raw: check_checktype(raw, era))
    service = _read_last(section, "service", draft, lambda raw: check_service(raw, era))
    netmask = _read_last(section, "netmask", draft, lambda raw: check_netmask(raw, family, era))
    own_fallback: Fallback | None = None
    reals: list[RealServer] = []
    for setting, line in section.options:
        if setting.key in {"real", "real6"} and _family_fits(setting, family, draft):
            reals += _read_reals(setting, line, family, draft)
        if setting.key in {"fallback", "fallback6"} and _family_fits(setting, family, draft):
            port = None if target is None else target.port
            own_fallback = _read_fallback(_raw(line), setting, family, draft, port=port)
    if target is None:
        return None
    protocol = _read_protocol(section, target, draft)
    if netmask is not None and "persistent" not in values:
        draft.notes.append(say("netmask-alone", section.last("netmask").at))
    if values.get("ops") == "yes" and protocol != "udp":
        draft.notes.append(say("ops-without-udp", section.last("ops").at))
    quiescent = values.get("quiescent", globals_.get("quiescent", "yes" if draft.quiescent else "no"))
    return Virtual(
        name=target.name,
        address=target.address,
        port=target.port,
        mark=target.mark,
        family=family,
        protocol=protocol,
        scheduler=values.get("scheduler", "wrr"),
        service=service or ("none" if target.port is None else default_service(target.port, era)),
        checktype=checktype or "negotiate",
        quiescent=quiescent == "yes",
        reals=tuple(reals),
        fallback=own_fallback or (fallback if family == 4 else None),
        settings=tuple(setting for setting, _ in section.options),
        at=section.virtual.at,
        persistent=int(values["persistent"]) if "persistent" in values else None,
        netmask=netmask,
        request=values.get("request"),
        receive=values.get("receive"),
        virtualhost=values.get("virtualhost"),
        checkport=int(values["checkport"]) if "checkport" in values else None,
        ops=values.get("ops") == "yes" and protocol == "udp",
    )


def _read_target(section: _Section, draft: _Draft) -> _Target | None:
    era, at, shown = draft.era, section.virtual.at, section.virtual.value
    key, value = section.virtual.key, section.line["value"]
    family = 6 if section.virtual.key == "virtual6" else 4
    if family == 6 and era < 2:
        words = {"key": "virtual6", "release": RELEASES[era], "first": "4.12"}
        draft.notes.append(say("newer-directive", section.line.at("key"), **words))
    port_word = r"[0-9A-Za-z_-]+" if era else r"[0-9A-Za-z]+"
    six = re.match(rf"(\[[0-9A-Fa-f:]+\]):({port_word})", value) if era else None
    if six is not None and family == 4:
        family = 6
        if era == 2:
            draft.notes.append(say("family virtual", at, value=shown))
    pair = six or re.match(rf"([0-9A-Za-z._+-]{{1,255}}):({port_word})", value)
    if pair is None:
        mark = re.match(r"[0-9]+", value)
        if mark is None:
            draft.notes.append(say("virtual", at, key=key, value=shown))
            return None
        if re.match(r"[0-9]+\.[0-9]", shown):
            draft.notes.append(say("mark-from-address", at, key=key, value=shown, mark=mark[0]))
        elif mark[0] != shown:
            draft.notes.append(say("value-cut mark", at, key=key, value=shown, used=mark[0]))
        return _Target(str(whole(mark[0])), None, None, whole(mark[0]), family)
    address = _host(pair[1], family)
    known, port = _port(pair[2])
    if address is None or not known:
        code = "virtual address" if address is None else "virtual port"
        draft.notes.append(say(code, at, key=key, value=shown))
        return None
    rest = shown[len(pair[0]) :].lstrip(BLANKS)
    if (rest and not rest.startswith("#")) or (family == 4 and address != pair[1]):
        draft.notes.append(say("value-cut", at, key=key, value=shown, used=f"{address}:{pair[2]}"))
    host = f"[{address}]" if family == 6 and ":" in address else address
    return _Target(f"{host}:{pair[2] if port is None else port}", address, port, None, family)


def _read_protocol(section: _Section, target: _Target, draft: _Draft) -> str:
    protocol = "fwm" if target.mark is not None else "tcp"
    names = "53|domain" if draft.era == 2 else "53"
    if target.port == 53 and re.search(rf":(?:{names})(?![0-9A-Za-z_-])", section.virtual.value):
        protocol = "udp"
    for setting, _ in section.options:
        if setting.key != "protocol":
            continue
        checked = check_protocol(setting.value)
        if checked.refused:
            continue
        if checked.value in ({"fwm"} if target.mark is not None else {"tcp", "udp"}):
            protocol = checked.value
        else:
            code = "protocol address" if target.mark is None else "protocol mark"
            draft.notes.append(say(code, setting.at, value=checked.value))
    return protocol


# -- servers ----------------------------------------------------------------

_WORD = r"[^ \t\r\f\v\n]+"
_REAL_HOST = r"[0-9]+\.[0-9]+\.[0-9]+\.[0-9]+|[A-Za-z0-9.-]+|\[[0-9A-Za-f:]+\]"
_REAL = re.compile(
    rf"(?<![A-Za-z0-9.-])(?P<first>{_REAL_HOST})(?:->(?P<last>{_REAL_HOST}))?"
    r"(?::(?P<port>[0-9]+|[A-Za-z0-9_-]+))?[ \t\r\f\v]+(?P<flags>[^\n]*)"
)
"""The daemons search for this anywhere; a match begins where a run of name characters begins."""


def _family_fits(setting: Setting, family: int, draft: _Draft) -> bool:
    """real6 and fallback6 belong to virtual6; only 4.12 tells them apart."""
    six = setting.key.endswith("6")
    if draft.era < 2:
        return not six
    if six != (family == 6):
        wanted = setting.key.removesuffix("6") + ("6" if family == 6 else "")
        draft.notes.append(say("family", setting.at, key=setting.key, wanted=wanted))
    return six == (family == 6)


def _at(line: Line, start: int, end: int) -> At:
    """The place of a part of ``_raw(line)``; of a part without extent, where it would stand."""
    value, begin = line["value"], line.span("value")[0]
    if line.tag == "OPTION" and "\t" in value:
        ends = [0]
        for sign in value:
            ends.append(ends[-1] + (4 if sign == "\t" else 1))
        start, end = bisect_left(ends, start), bisect_left(ends, end)
    return line.within(begin + start, begin + max(start, end))


def _read_reals(setting: Setting, line: Line, family: int, draft: _Draft) -> Iterator[RealServer]:
    raw = _raw(line)
    if len(raw) > _LONGEST:
        return
    match = _REAL.search(raw)
    if match is None:
        code = "forwarding missing" if re.fullmatch(_WORD, setting.value) else "real"
        draft.notes.append(say(code, setting.at, value=setting.value))
        return
    first_written, last_written, port_written, _ = match.groups()
    first = _host(first_written, family)
    last = _host(last_written, family) if last_written else first
    known, port = _port(port_written or "0")
    if first is None:
        draft.notes.append(say("real address", _at(line, *match.span("first")), value=first_written))
    if last_written and last is None:
        draft.notes.append(say("real address", _at(line, *match.span("last")), value=last_written))
    if not known:
        draft.notes.append(say("real port", _at(line, *match.span("port")), value=port_written))
    flags = _read_flags(match.start("flags"), raw, setting, line, draft)
    if first is None or last is None or not known or flags is None:
        return
    if match.start() and raw[: match.start()].strip(BLANKS):
        words = {"value": setting.value, "address": first, "used": first_written}
        draft.notes.append(say("real-cut", setting.at, **words))
    for address in _spread(first, last, setting, draft) if last_written else (first,):
        yield RealServer(address=address, port=port or None, at=setting.at, **flags)


_FORWARDING = re.compile(r"[A-Za-z0-9_]+")
_WRITTEN = re.compile(_WORD)
_WEIGHT = re.compile(r"(?<!\s)\s+([0-9]+)", re.ASCII)
_OWN_REQUEST = re.compile(r'(?<!\s)\s+"([^\n]*)"[, ]\s*"([^\n]*)"', re.ASCII)
_LIMITS = {name: re.compile(rf"(?<!\s)\s+{name[0]}:([0-9]+)", re.ASCII) for name in ("lower", "upper")}


def _read_flags(start: int, raw: str, setting: Setting, line: Line, draft: _Draft) -> dict[str, Any] | None:
    """Forwarding, weight, own request and answer, thresholds from ``raw[start:]``; None where the daemon refuses.

    The daemons search for each of them in what the one before left, and drop what they skip.
    """
    word = _FORWARDING.search(raw, start)
    if word is None or word[0] not in {"gate", "masq", "ipip"}:
        at = _at(line, *word.span()) if word else setting.at
        code = "forwarding" if word else "forwarding missing"
        draft.notes.append(say(code, at, value=word[0] if word else setting.value))
        return None
    place = behind = word.end()
    weight = 1
    number = _WEIGHT.search(raw, place)
    if number is not None:
        skipped, weight = raw[place : number.start()].strip(BLANKS), whole(number[1])
        if skipped:
            at = _at(line, place, number.start())
            draft.notes.append(say("weight-search", at, value=skipped, weight=weight))
        place = number.end()
    fields: dict[str, Any] = {"forwarding": word[0], "weight": weight}
    if not raw[place:].strip(BLANKS):
        return fields
    own = _OWN_REQUEST.search(raw, place)
    if own is not None:
        request, receive, place = own[1], own[2], own.end()
        if request.startswith("/"):
            # Looking for the slash, the daemons forget what they had found behind the request.
            lost = f'"{receive}"{raw[place:]}'.strip(BLANKS)
            at = _at(line, own.start(2) - 1, len(raw.rstrip(BLANKS)))
            draft.notes.append(say("own-answer-lost", at, value=lost))
            receive, place = None, len(raw)
        else:
            request = f"/{request}"
        fields |= {"request": request, "receive": receive}
    for name, expression in _LIMITS.items() if draft.era == 2 else ():
        limit = expression.search(raw, place)
        if limit is not None:
            fields[name], place = whole(limit[1]), limit.end()
    rest = raw[place:].strip(BLANKS)
    if rest:
        written = _WRITTEN.search(raw, behind)
        assert written is not None
        if re.fullmatch(r"[+-]?[0-9.]+", written[0]) and not re.fullmatch("[0-9]+", written[0]):
            draft.notes.append(say("weight", _at(line, *written.span()), value=written[0]))
        else:
            end = len(raw.rstrip(BLANKS))
            draft.notes.append(say("real-rest", _at(line, end - len(rest), end), value=rest))
        return None
    return fields


def _spread(first: str, last: str, setting: Setting, draft: _Draft) -> Iterator[str]:
    """The addresses of a range. The daemon compares them as strings of digits, so does this."""
    if ":" in first or ":" in last:
        draft.notes.append(say("range six", setting.at))
        return
    try:
        low, high = int(IPv4Address(first)), int(IPv4Address(last))
    except ValueError:
        yield from (first, last)
        return
    if low > high:
        draft.notes.append(say("range", setting.at, first=first, last=last))
        return
    if len(str(low)) != len(str(high)):
        draft.notes.append(say("range-lost", setting.at, first=first, last=last))
    number = low
    while str(number) <= str(high):
        if number - low == _WIDEST:
            draft.notes.append(say("range-cut", setting.at, limit=_WIDEST))
            return
        yield str(IPv4Address(number % 2**32))
        number += 1


def _read_global_fallback(draft: _Draft) -> Fallback | None:
    found: Fallback | None = None
    for setting, line in draft.globals:
        raw = line["value"]
        if setting.key == "fallback":
            raw = raw if draft.era else " ".join(re.findall(_WORD, raw)[:1])
            found = _read_fallback(raw, setting, 4, draft, port=None) or found
        elif setting.key == "fallback6" and draft.era == 2:
            _read_fallback(raw, setting, 6, draft, port=None)
    return found


def _read_fallback(
    raw: str, setting: Setting, family: int, draft: _Draft, *, port: int | None
) -> Fallback | None:
    """``host[:port] [method]``. Since 2009 the last two words of the line count, before the first two."""
    words = re.findall(_WORD, raw)
    words = words[-2:] if draft.era else words[:2]
    forwarding = words[1] if len(words) > 1 else "gate"
    if forwarding not in {"gate", "masq", "ipip"}:
        code = "forwarding comment" if "#" in raw else "forwarding fallback"
        draft.notes.append(say(code, setting.at, value=forwarding))
        return None
    host, colon, word = (words[0] if words else "")[:_LONGEST].rpartition(":")
    if not colon or not re.fullmatch(r"[A-Za-z0-9_-]+", word):
        host, word = f"{host}{colon}{word}", ""
    address = _host(host, family)
    known, number = _port(word or "0")
    if address is None or not known:
        code = "fallback address" if address is None else "fallback port"
        draft.notes.append(say(code, setting.at, value=setting.value))
        return None
    own = (number or None) if word else port
    return Fallback(address=address, port=own, forwarding=forwarding, at=setting.at)


# -- names ------------------------------------------------------------------


def _host(name: str, family: int) -> str | None:
    """The address as the resolver writes it, the name where only the director can resolve it, else None.

    What stands in brackets counts, whatever stands around them.
    """
    if USUAL.fullmatch(name):
        return name if family == 4 else None
    bare = name
    if "[" in name:
        opened, closed = name.find("["), name.rfind("]")
        bare = name[opened + 1 : closed] if opened < closed else name
    if ":" in bare:
        try:
            return str(IPv6Address(bare)) if family == 6 else None
        except ValueError:
            return None
    numeric = old_address(bare)
    if numeric is not None or re.fullmatch(r"[0-9.]+|0[xX][0-9A-Fa-f]+", bare):
        return numeric if family == 4 else None
    return bare if re.fullmatch(r"[A-Za-z0-9._+-]{1,255}", bare) else None


@lru_cache(maxsize=256)
def _port(word: str) -> tuple[bool, int | None]:
    """Whether there may be such a port, and its number; None for a name that only the director can look up."""
    if word.isdecimal() and word.isascii():
        return whole(word) < 65536, min(whole(word), 65535)
    return True, _PORT_OF_NAME.get(word)


_PORT_OF_NAME = {
    "ftp": 21,
    "ssh": 22,
    "telnet": 23,
    "smtp": 25,
    "domain": 53,
    "http": 80,
    "www": 80,
    "pop3": 110,
    "nntp": 119,
    "ntp": 123,
    "imap": 143,
    "imap2": 143,
    "ldap": 389,
    "https": 443,
    "submission": 587,
    "ldaps": 636,
    "imaps": 993,
    "pop3s": 995,
    "radius": 1812,
    "mysql": 3306,
    "sip": 5060,
    "postgresql": 5432,
    "http-alt": 8080,
    "webcache": 8080,
}
"""The names of /etc/services that directors use; another one stays a name."""


def _last(settings: tuple[Setting, ...], key: str) -> Setting | None:
    return next((setting for setting in reversed(settings) if setting.key == key), None)
