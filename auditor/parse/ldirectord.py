"""Reads ldirectord.cf as one of three generations of ldirectord does."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from difflib import get_close_matches
from ipaddress import IPv4Address, IPv6Address

from auditor.model.facts import Document, Fallback, LdirectordCf, Reading, RealServer, Setting, Virtual
from auditor.model.place import At, Diagnostic, Prose, Unparsed
from auditor.parse.grammar import Line, find_fault, read_lines
from auditor.parse.text import has_mark, place, whole

RELEASES = ("2004", "2009", "4.12")
"""1.77 of September 2004 (heartbeat 1.2), 1.186 of August 2009 (heartbeat 2 and 3), and Debian 12's."""


@dataclass(frozen=True, slots=True)
class _Note:
    severity: str
    code: str
    message: Prose


_Check = Callable[[str], "tuple[str, _Note | None]"]
"""What the daemon makes of a value, and what there is to say about it."""


@dataclass(slots=True)
class _Section:
    line: Line
    virtual: Setting
    options: list[tuple[Setting, Line]] = field(default_factory=list)


def read_ldirectord(document: Document, release: str = "4.12") -> Reading[LdirectordCf]:
    """Every line as a ``Setting``, the services they make as ``Virtual``, ranges of real servers spread out.

    Semantics of read_config in the given release; KeyError for a release that is not in ``RELEASES``.
    Names are taken to resolve, log and monitor files to be writable: that is the director's, not the file's.
    A broken line never hides the rest: the services are read as far as they make sense, also where the
    daemon would have given up.
    """
    era = RELEASES.index(release) if release in RELEASES else _unknown_release(release)
    facts: list[Setting] = []
    unparsed: list[Unparsed] = []
    notes: list[Diagnostic] = []
    globals_: list[tuple[Setting, Line]] = []
    sections: list[_Section] = []
    closed_at: Line | None = None
    last: Line | None = None
    stray = False
    if has_mark(document):
        notes.append(_mark(document))
    for line in read_lines("ldirectord", document):
        last = line
        if line.tag in {"OTHER", "STRAY"}:
            unparsed.append(line.unparsed())
            if not stray:
                notes.append(_unknown_line(line, sections, closed_at))
            stray = line.tag == "OTHER"
            continue
        if line.tag != "COMMENT":
            stray = False
        match line.tag:
            case "VIRTUAL":
                setting = _setting(line)
                sections.append(_Section(line, setting))
                facts.append(setting)
            case "OPTION":
                setting = _setting(line, sections[-1].virtual.value)
                sections[-1].options.append((setting, line))
                facts.append(setting)
            case "SETTING" | "SUPERVISED":
                setting = _setting(line)
                globals_.append((setting, line))
                facts.append(setting)
            case "WIDE_BLANK":
                notes.append(_wide_blank(line))
            case "BLANK":
                closed_at = line
    if era > 0 and last is not None and last.tag == "VIRTUAL":
        notes.append(_virtual_at_end(last))
    notes += _carriage_returns(document)
    effective = _effective(globals_, _GLOBAL, era, notes, where="global")
    fallback = _read_global_fallback(globals_, era, notes)
    virtuals: list[Virtual] = []
    seen: dict[tuple[str, int, str], Virtual] = {}
    for section in sections:
        virtual = _read_virtual(section, effective, fallback, era, notes)
        if virtual is None:
            continue
        first = seen.setdefault((virtual.protocol, virtual.family, virtual.name), virtual)
        if first is not virtual:
            notes.append(_duplicate(virtual, first, era))
        virtuals.append(virtual)
    settings = tuple(setting for setting, _ in globals_)
    notes.sort(key=lambda note: (note.at.line or 0, note.at.column or 0))
    return Reading(
        format="ldirectord",
        at=document.at,
        encoding=document.encoding,
        facts=tuple(facts),
        unparsed=tuple(unparsed),
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


# -- lines ------------------------------------------------------------------


def _setting(line: Line, section: str | None = None) -> Setting:
    written = line["value"] if line.tag in {"SETTING", "VIRTUAL"} else line["value"].rstrip(" \t\r\f\v")
    return Setting(
        key=line["key"],
        value=written.rstrip(" \t\r\f\v"),
        at=_value_at(line),
        section=section,
    )


def _value_at(line: Line) -> At:
    value = line.get("value")
    if not value or not value.strip():
        return line.at("key")
    start = line.text.index(value, len(line["key"]))
    return line.within(start, start + len(value.rstrip(" \t\r\f\v")))


def _unknown_line(line: Line, sections: list[_Section], closed_at: Line | None) -> Diagnostic:
    text = line.text.strip(" \t\r\f\v")
    if line.tag == "STRAY" or not line.text.startswith((" ", "\t")):
        fault = find_fault("ldirectord", "option" if line.tag == "STRAY" else "setting", line)
        at = fault.at if fault else line.at()
        en = f'"{_short(text)}" is a command that no ldirectord knows: key=value is wanted'
        zh = f"任何版本的 ldirectord 都不认识 “{_short(text)}”: 应写成 key=value"
        if line.tag == "OTHER" and re.match(r"\S+\s*=", text):
            at = line.at()
        return _diagnose("error", "unknown-command", at, en, zh)
    columns = _columns(line.text)
    if columns < 4:
        if sections:
            en = f"indented by {columns} columns and refused: an option of a virtual service stands at least 4 in"
            zh = f"缩进只有 {columns} 列: 虚拟服务的选项至少要缩进 4 列, 此行被拒绝"
        else:
            en = "a blank stands before a global line, which ldirectord refuses"
            zh = "全局指令前有空白, ldirectord 拒绝此行"
        return _diagnose("error", "indentation", line.at(), en, zh)
    if sections and closed_at is not None and closed_at.number > sections[-1].line.number:
        en = (
            f"the blank line {closed_at.number} ended the virtual service of line {sections[-1].line.number}; "
            "this line stands outside and is refused"
        )
        zh = f"第 {closed_at.number} 行的空行结束了第 {sections[-1].line.number} 行的虚拟服务; 此行落在服务之外, 被拒绝"
    else:
        en = "an indented line outside a virtual service is refused"
        zh = "缩进的行不在任何虚拟服务之内, 被拒绝"
    return _diagnose("error", "outside-virtual", line.at(), en, zh)


def _wide_blank(line: Line) -> Diagnostic:
    return _diagnose(
        "error",
        "wide-blank-line",
        line.within(0, len(line.text)),
        "a line of blanks only, five or more columns wide, is refused inside a virtual service",
        "虚拟服务内只含空白且达到五列的行会被拒绝",
    )


def _virtual_at_end(line: Line) -> Diagnostic:
    """At the end of the file the daemon forgets that it has read the line and takes it for a second service."""
    return _diagnose(
        "error",
        "virtual-at-end",
        line.at(),
        "a virtual= line that ends the file is read twice and refused as its own duplicate: add options below it",
        "位于文件末尾的 virtual= 行会被读取两次, 并作为自身的重复项被拒绝: 请在其下补上选项",
    )


def _mark(document: Document) -> Diagnostic:
    return _diagnose(
        "error",
        "byte-order-mark",
        place(document, 1, 1, 1),
        "a byte order mark stands before the first line, which every ldirectord refuses",
        "文件以字节顺序标记 (BOM) 开头, 任何版本的 ldirectord 都会拒绝第一行",
    )


def _carriage_returns(document: Document) -> list[Diagnostic]:
    first = document.text.find("\r\n")
    if first < 0:
        return []
    number = document.text.count("\n", 0, first) + 1
    column = first - document.text.rfind("\n", 0, first)
    return [
        _diagnose(
            "warning",
            "carriage-return",
            place(document, number, column, column + 1),
            "lines end with CR LF: the carriage return is part of the value; yes and no, and paths, do not survive it",
            "行尾为 CR LF: 回车符会成为值的一部分, yes/no 与路径都会因此失效",
        )
    ]


# -- values -----------------------------------------------------------------


def _effective(
    lines: list[tuple[Setting, Line]],
    known: dict[str, tuple[frozenset[str], _Check]],
    era: int,
    notes: list[Diagnostic],
    *,
    where: str,
) -> dict[str, str]:
    """Last value of each key as the daemon uses it; keys that it refuses are missing."""
    values: dict[str, str] = {}
    for setting, line in lines:
        entry = known.get(setting.key)
        if entry is None or RELEASES[era] not in entry[0]:
            notes.append(_unknown_key(setting, line, known, era, where))
            continue
        raw = line["value"]
        if where == "virtual":
            raw = raw.replace("\t", "    ")
        if len(raw) > _LONGEST:
            notes.append(_too_long(setting))
            continue
        value, note = entry[1](raw) if line.tag != "SUPERVISED" else _supervised(raw, era)
        if note is not None and note.code == "quotes" and line.tag == "OPTION" and line.get("tail"):
            note = _error(
                "comment-in-quotes",
                f'"#" begins a comment even inside quotes: only {setting.value} is left of the value, which is refused',
                f"# 即使在引号内也会开始注释: 值只剩下 {setting.value}, 因而被拒绝",
            )
        if note is not None:
            notes.append(
                Diagnostic(severity=note.severity, code=note.code, message=note.message, at=setting.at)
            )
            if note.severity == "error":
                continue
        values[setting.key] = value
    return values


def _unknown_key(
    setting: Setting, line: Line, known: dict[str, tuple[frozenset[str], _Check]], era: int, where: str
) -> Diagnostic:
    key = setting.key
    release = RELEASES[era]
    at = line.at("key")
    if key in known:
        first = next((name for name in RELEASES if name in known[key][0]), release)
        if RELEASES.index(first) > era:
            return _diagnose(
                "error",
                "newer-directive",
                at,
                f"{key} is refused by ldirectord {release}: it exists from {first} on",
                f"ldirectord {release} 拒绝 {key}: 自 {first} 起才有此指令",
            )
        return _diagnose(
            "error",
            "withdrawn-directive",
            at,
            f"{key} is refused by ldirectord {release}: checktimeout and negotiatetimeout took its place",
            f"ldirectord {release} 拒绝 {key}: 已由 checktimeout 和 negotiatetimeout 取代",
        )
    other = _SECTION if where == "global" else _GLOBAL
    if key in other or (where == "virtual" and key in {"virtual", "virtual6"}):
        en = (
            f"{key} belongs into a virtual service: indent it by four blanks or a tab below its virtual= line"
            if where == "global"
            else f"{key} is a global line: it must begin in the first column"
        )
        zh = (
            f"{key} 属于虚拟服务: 应写在 virtual= 行之下并缩进四个空格或一个制表符"
            if where == "global"
            else f"{key} 是全局指令: 必须从第一列开始"
        )
        return _diagnose("error", "wrong-place", at, en, zh)
    near = get_close_matches(key.lower()[:40], known, 1)
    hint_en = f"; {near[0]} is meant?" if near else ""
    hint_zh = f"; 是否应为 {near[0]}?" if near else ""
    return _diagnose(
        "error",
        "unknown-directive",
        at,
        f'"{_short(key)}" is a directive that no ldirectord knows{hint_en}',
        f"任何版本的 ldirectord 都不认识指令 “{_short(key)}”{hint_zh}",
    )


def _too_long(setting: Setting) -> Diagnostic:
    return _diagnose(
        "error",
        "too-long",
        setting.at,
        f"the value has {len(setting.value)} characters; more than {_LONGEST} are not read",
        f"该值有 {len(setting.value)} 个字符; 超过 {_LONGEST} 个字符的值不予解读",
    )


_LONGEST = 2048


def _error(code: str, en: str, zh: str) -> _Note:
    return _Note("error", code, Prose(en=en, zh=zh))


def _warning(code: str, en: str, zh: str) -> _Note:
    return _Note("warning", code, Prose(en=en, zh=zh))


def _diagnose(severity: str, code: str, at: At, en: str, zh: str) -> Diagnostic:
    return Diagnostic(severity=severity, code=code, message=Prose(en=en, zh=zh), at=at)


def _yes_no(value: str) -> tuple[str, _Note | None]:
    if value in {"yes", "no"}:
        return value, None
    bare = value.rstrip()
    if bare in {"yes", "no"}:
        return bare, _error(
            "yes-no",
            f"{value!r} has a blank or carriage return behind it: exactly yes or no is wanted",
            f"{value!r} 后面带有空白或回车: 只接受不带任何多余字符的 yes 或 no",
        )
    return value, _error(
        "yes-no",
        f'"{_short(value)}" is refused: exactly yes or no is wanted, with nothing behind it',
        f"“{_short(value)}” 被拒绝: 只接受 yes 或 no, 后面不能有任何内容",
    )


def _number(value: str, *, zero: bool = False, many_zeros: bool = True) -> tuple[str, _Note | None]:
    digits = re.search(r"[0-9]+", value)
    if digits is None or (not zero and (digits[0] == "0" or (not many_zeros and not digits[0].strip("0")))):
        return value, _error(
            "number",
            f'"{_short(value)}" is refused: a whole number{"" if zero else " above zero"} is wanted',
            f"“{_short(value)}” 被拒绝: 需要{'' if zero else '大于零的'}整数",
        )
    number = str(whole(digits[0]))
    if digits[0] != value.strip():
        return number, _warning(
            "number-cut",
            f'"{_short(value.strip())}" is read as {_short(digits[0])}: only the first digits count',
            f"“{_short(value.strip())}” 被读作 {_short(digits[0])}: 只取最先出现的数字",
        )
    return number, None


def _number_or_zero(value: str) -> tuple[str, _Note | None]:
    return _number(value, zero=True)


def _number_above_zero(value: str) -> tuple[str, _Note | None]:
    return _number(value, many_zeros=False)


def _port_number(value: str) -> tuple[str, _Note | None]:
    number, note = _number(value, zero=True)
    if (note is None or note.severity != "error") and not 0 < int(number) < 65536:
        return number, _error(
            "port",
            f"checkport {_short(number)} is refused: 1 to 65535 is wanted",
            f"checkport {_short(number)} 被拒绝: 应为 1 到 65535",
        )
    return number, note


def _quoted(value: str) -> tuple[str, _Note | None]:
    inner = _between_quotes(value)
    if inner is None:
        return value, _error(
            "quotes",
            f"{_short(value.strip()) or 'nothing'} is refused: the value must stand in double quotes",
            f"{_short(value.strip()) or '空值'} 被拒绝: 该值必须用双引号括起来",
        )
    if not inner:
        return value, _error("empty", '"" is refused: the value may not be empty', '"" 被拒绝: 该值不能为空')
    return inner, None


def _quoted_or_empty(value: str) -> tuple[str, _Note | None]:
    inner, note = _quoted(value)
    return ("", None) if note is not None and note.code == "empty" else (inner, note)


def _between_quotes(value: str) -> str | None:
    """From the first quote, which must lead, to the last one; what follows is ignored by the daemon."""
    last = value.rfind('"')
    return value[1:last] if value.startswith('"') and last > 0 else None


def _load(value: str) -> tuple[str, _Note | None]:
    inner, note = _quoted(value)
    word = re.search(r"[A-Za-z0-9_]+", inner)
    if note is None and word is None:
        return inner, _error("word", "load is refused: a word is wanted", "load 被拒绝: 需要一个单词")
    return word[0] if word else inner, note


def _request(value: str) -> tuple[str, _Note | None]:
    inner, note = _quoted(value)
    return inner if inner.startswith("/") or note is not None else f"/{inner}", note


def _maybe_quoted(value: str) -> tuple[str, _Note | None]:
    inner = _between_quotes(value)
    return _something(value if inner is None else inner)


def _something(value: str) -> tuple[str, _Note | None]:
    if not value:
        return value, _error("empty", "the value may not be empty", "该值不能为空")
    return value, None


def _anything(value: str) -> tuple[str, _Note | None]:
    return value, None


def _virtualhost(value: str) -> tuple[str, _Note | None]:
    inner = value.removeprefix('"')
    host = inner.split('"', 1)[0]
    if host != host.strip():
        return host, _warning(
            "blank-in-host",
            f"{host!r}: the blank or carriage return behind the name is sent in the Host header",
            f"{host!r}: 名称后面的空白或回车会被放进 Host 头",
        )
    return host, None


def _checktype(value: str, words: tuple[str, ...], dashes: bool) -> tuple[str, _Note | None]:
    digits = re.search(r"[0-9]+", value)
    if digits is not None:
        if value.strip() != digits[0]:
            return "combined", _warning(
                "checktype-number",
                f'"{_short(value.strip())}" holds a digit and so means {_short(digits[0])} connects a negotiation',
                f"“{_short(value.strip())}” 含有数字, 因而表示每 {_short(digits[0])} 次连接检查做一次协商检查",
            )
        return "combined", None
    word = re.search(r"[A-Za-z0-9_-]+" if dashes else r"[A-Za-z0-9_]+", value)
    if word is None or word[0] not in words:
        return value, _choice("checktype", value, (*words, "a number"), (*words, "数字"))
    return word[0], _cut(value, word[0])


def _choice(key: str, value: str, en: tuple[str, ...], zh: tuple[str, ...] | None = None) -> _Note:
    text = _short(value.strip())
    return _error(
        key,
        f'{key} "{text}" is refused: {", ".join(en[:-1])} or {en[-1]} is wanted',
        f"{key} “{text}” 被拒绝: 只能是 {'、'.join(zh or en)} 之一",
    )


def _cut(value: str, used: str) -> _Note | None:
    if value.strip() == used:
        return None
    return _warning(
        "value-cut",
        f'"{_short(value.strip())}" is read as {used}',
        f"“{_short(value.strip())}” 被读作 {used}",
    )


def _service(value: str, services: tuple[str, ...]) -> tuple[str, _Note | None]:
    word = re.search(r"[A-Za-z0-9_]+", value)
    if word is None or word[0] not in services:
        return value, _choice("service", value, services)
    return word[0], _cut(value, word[0])


def _scheduler(value: str) -> tuple[str, _Note | None]:
    word = re.search(r"[a-z]+", value)
    if word is None:
        return value, _error(
            "scheduler",
            f'scheduler "{_short(value)}" is refused: a name in small letters is wanted',
            f"scheduler “{_short(value)}” 被拒绝: 需要小写字母的名称",
        )
    return word[0], _cut(value, word[0])


def _protocol(value: str) -> tuple[str, _Note | None]:
    word = re.search(r"[A-Za-z0-9_]+", value)
    if word is None:
        return value, _choice("protocol", value, ("tcp", "udp", "fwm"))
    return word[0], _cut(value, word[0])


def _httpmethod(value: str) -> tuple[str, _Note | None]:
    word = re.search(r"[A-Za-z0-9_]+", value)
    if word is None or word[0].upper() not in {"GET", "HEAD"}:
        return value, _choice("httpmethod", value, ("GET", "HEAD"))
    return word[0].upper(), None


def _quad(value: str) -> tuple[str, _Note | None]:
    quad = re.search(r"[0-9]+\.[0-9]+\.[0-9]+\.[0-9]+", value)
    return (value, _netmask_refused(value)) if quad is None else (quad[0], _cut(value, quad[0]))


def _netmask(value: str) -> tuple[str, _Note | None]:
    """Of either family; which one fits is seen where the service's family is known."""
    return (
        (value, None)
        if re.fullmatch(r"[0-9]+(?:\.[0-9]+){3}|[0-9]+", value)
        else (value, _netmask_refused(value))
    )


def _netmask_refused(value: str) -> _Note:
    return _error(
        "netmask",
        f'netmask "{_short(value.strip())}" is refused: four numbers with dots are wanted',
        f"netmask “{_short(value.strip())}” 被拒绝: 需要点分四段的写法",
    )


def _schedflags(value: str) -> tuple[str, _Note | None]:
    words = value.split()
    return (words[0], None) if words else _something("")


def _smtp(value: str) -> tuple[str, _Note | None]:
    host = re.match(r"[0-9A-Za-z._+-]+", value)
    if host is None:
        return value, _error(
            "smtp", "smtp is refused: the name of a mail server is wanted", "smtp 被拒绝: 需要邮件服务器名"
        )
    return host[0], _cut(value, host[0])


def _email_frequency(value: str) -> tuple[str, _Note | None]:
    return (
        _number(value, zero=True) if re.match(r"[0-9]", value) else _number("x" if value else "", zero=True)
    )


def _email_status(value: str) -> tuple[str, _Note | None]:
    words = re.split(r"(?<!\s)\s*,\s*", value)
    while words and not words[-1]:
        words.pop()
    for word in words:
        if word not in _STATUSES:
            return value, _choice("emailalertstatus", word, _STATUSES)
    if "none" in words and set(words) != {"none"}:
        return value, _error(
            "emailalertstatus",
            "emailalertstatus is refused: none stands with another word",
            "emailalertstatus 被拒绝: none 不能与其他词并列",
        )
    return value, None


_STATUSES = ("none", "all", "starting", "running", "stopping", "reloading")


def _supervised(rest: str, era: int) -> tuple[str, _Note | None]:
    """The line that begins with supervised and has no value."""
    if rest.strip() and era > 0:
        return rest, _error(
            "yes-no",
            "supervised is refused: yes or no is wanted behind =",
            "supervised 被拒绝: = 后面应为 yes 或 no",
        )
    return "yes", _warning(
        "bare-supervised",
        "supervised without a value is read as yes; newer releases ask for supervised=yes",
        "不带值的 supervised 被读作 yes; 新版本要求写成 supervised=yes",
    )


_ALL = frozenset(RELEASES)
_LATER = frozenset({"2009", "4.12"})
_NEWEST = frozenset({"4.12"})
_OLDEST = frozenset({"2004"})

_GLOBAL: dict[str, tuple[frozenset[str], _Check]] = {
    "autoreload": (_ALL, _yes_no),
    "callback": (_ALL, _quoted_or_empty),
    "checkcount": (_LATER, _number),
    "checkinterval": (_ALL, _number),
    "checktimeout": (_ALL, _number_above_zero),
    "cleanstop": (_LATER, _yes_no),
    "connecttimeout": (_OLDEST, _number_above_zero),
    "emailalert": (_LATER, _something),
    "emailalertfreq": (_LATER, _email_frequency),
    "emailalertfrom": (_LATER, _something),
    "emailalertstatus": (_LATER, _email_status),
    "execute": (_ALL, _anything),
    "failurecount": (_LATER, _number),
    "fallback": (_ALL, _anything),
    "fallback6": (_NEWEST, _anything),
    "fallbackcommand": (_LATER, _something),
    "fork": (_LATER, _yes_no),
    "logfile": (_ALL, _quoted_or_empty),
    "maintenancedir": (_LATER, _something),
    "negotiatetimeout": (_ALL, _number_above_zero),
    "quiescent": (_ALL, _yes_no),
    "readdquiescent": (_NEWEST, _yes_no),
    "smtp": (_LATER, _smtp),
    "supervised": (_ALL, _yes_no),
    "timeout": (frozenset(), _anything),
}
"""Global directives: the releases that know them, and what becomes of their values."""

_SECTION: dict[str, tuple[frozenset[str], _Check]] = {
    "checkcommand": (_LATER, _maybe_quoted),
    "checkcount": (_LATER, _number),
    "checkinterval": (_LATER, _number),
    "checkport": (_ALL, _port_number),
    "checktimeout": (_ALL, _number),
    "checktype": (_ALL, _anything),
    "cleanstop": (_LATER, _yes_no),
    "comment": (_NEWEST, _anything),
    "connecttimeout": (_OLDEST, _number),
    "database": (_ALL, _quoted),
    "emailalert": (_LATER, _something),
    "emailalertfreq": (_LATER, _email_frequency),
    "emailalertstatus": (_LATER, _email_status),
    "failurecount": (_LATER, _number),
    "fallback": (_ALL, _anything),
    "fallback6": (_NEWEST, _anything),
    "fallbackcommand": (_LATER, _maybe_quoted),
    "httpmethod": (_LATER, _httpmethod),
    "load": (_ALL, _load),
    "login": (_ALL, _quoted),
    "monitorfile": (_LATER, _maybe_quoted),
    "negotiatetimeout": (_ALL, _number),
    "netmask": (_ALL, _anything),
    "ops": (_NEWEST, _yes_no),
    "passwd": (_ALL, _quoted),
    "persistent": (_ALL, _number_or_zero),
    "protocol": (_ALL, _protocol),
    "quiescent": (_ALL, _yes_no),
    "real": (_ALL, _anything),
    "real6": (_NEWEST, _anything),
    "receive": (_ALL, _quoted),
    "request": (_ALL, _request),
    "schedflags": (_NEWEST, _schedflags),
    "scheduler": (_ALL, _scheduler),
    "secret": (_LATER, _quoted),
    "service": (_ALL, _anything),
    "servicename": (_NEWEST, _anything),
    "smtp": (_LATER, _smtp),
    "virtualhost": (_ALL, _virtualhost),
}
"""Options of a virtual service, likewise."""

_SERVICES = (
    ("dns", "ftp", "http", "https", "imap", "ldap", "mysql", "nntp", "none", "pop", "smtp"),
    (
        *(
            "dns",
            "ftp",
            "http",
            "http_proxy",
            "https",
            "imap",
            "imaps",
            "ldap",
            "mysql",
            "nntp",
            "none",
            "oracle",
        ),
        *("pgsql", "pop", "pops", "radius", "simpletcp", "sip", "smtp"),
    ),
    (
        *(
            "dns",
            "ftp",
            "http",
            "http_proxy",
            "https",
            "imap",
            "imaps",
            "ldap",
            "ldaps",
            "mysql",
            "nntp",
            "none",
        ),
        *("oracle", "pgsql", "pop", "pops", "radius", "simpletcp", "sip", "smtp", "submission"),
    ),
)
"""By release."""

_CHECKTYPES = (
    ("connect", "negotiate", "off", "on"),
    ("connect", "negotiate", "ping", "off", "on", "external", "external-perl"),
    ("connect", "negotiate", "ping", "off", "on", "external", "external-perl"),
)

_SERVICE_OF_PORT = {
    21: "ftp",
    25: "smtp",
    53: "dns",
    80: "http",
    110: "pop",
    119: "nntp",
    143: "imap",
    389: "ldap",
    443: "https",
    587: "submission",
    636: "ldaps",
    993: "imaps",
    995: "pops",
    1521: "oracle",
    1812: "radius",
    3128: "http_proxy",
    3306: "mysql",
    5060: "sip",
    5432: "pgsql",
}
"""What 4.12 checks where no service is given; an older release only what it knows."""

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


# -- services ---------------------------------------------------------------


def _read_virtual(
    section: _Section, globals_: dict[str, str], fallback: Fallback | None, era: int, notes: list[Diagnostic]
) -> Virtual | None:
    target = _read_target(section, era, notes)
    options: list[tuple[Setting, Line]] = section.options
    values = _effective(options, _SECTION, era, notes, where="virtual")
    if target is None:
        return None
    protocol = _read_protocol(section, target, values, era, notes)
    checktype = _read_last(
        options, "checktype", notes, lambda raw: _checktype(raw, _CHECKTYPES[era], dashes=era > 0)
    )
    service = _read_last(options, "service", notes, lambda raw: _service(raw, _SERVICES[era]))
    netmask = _read_last(options, "netmask", notes, lambda raw: _family_netmask(raw, target.family, era))
    reals = tuple(
        real
        for setting, line in options
        if setting.key in {"real", "real6"}
        for real in _read_reals(setting, line, target.family, era, notes)
    )
    own_fallback: Fallback | None = None
    for setting, line in options:
        if setting.key in {"fallback", "fallback6"} and _family_fits(setting, target.family, era, notes):
            own_fallback = _read_fallback(
                line["value"].replace("\t", "    "), setting, target.family, era, notes, port=target.port
            )
    if service is None:
        service = "none" if target.mark is not None else _default_service(target.port, era)
    if netmask is not None and "persistent" not in values:
        notes.append(
            _diagnose(
                "warning",
                "netmask-alone",
                next(setting.at for setting, _ in reversed(options) if setting.key == "netmask"),
                "netmask has no effect without persistent",
                "没有 persistent 时 netmask 不起作用",
            )
        )
    quiescent = values.get("quiescent", globals_.get("quiescent", "yes" if era == 0 else "no"))
    return Virtual(
        name=target.name,
        address=target.address,
        port=target.port,
        mark=target.mark,
        family=target.family,
        protocol=protocol,
        scheduler=values.get("scheduler", "wrr"),
        service=service,
        checktype=checktype or "negotiate",
        quiescent=quiescent == "yes",
        reals=reals,
        fallback=own_fallback or (fallback if target.family == 4 else None),
        settings=tuple(setting for setting, _ in options),
        at=section.virtual.at,
        persistent=int(values["persistent"]) if "persistent" in values else None,
        netmask=netmask,
        request=values.get("request"),
        receive=values.get("receive"),
        virtualhost=values.get("virtualhost"),
        checkport=int(values["checkport"]) if "checkport" in values else None,
        ops=values.get("ops") == "yes" and protocol == "udp",
    )


@dataclass(frozen=True, slots=True)
class _Target:
    name: str
    address: str | None
    port: int | None
    mark: int | None
    family: int


def _read_target(section: _Section, era: int, notes: list[Diagnostic]) -> _Target | None:
    """What stands behind ``virtual=``: address and port, or a firewall mark."""
    key, at = section.virtual.key, section.virtual.at
    value = section.line["value"]
    family = 6 if key == "virtual6" else 4
    if family == 6 and era < 2:
        notes.append(
            _diagnose(
                "error",
                "newer-directive",
                section.line.at("key"),
                f"virtual6 is refused by ldirectord {RELEASES[era]}: it exists from 4.12 on",
                f"ldirectord {RELEASES[era]} 拒绝 virtual6: 自 4.12 起才有此指令",
            )
        )
    port_word = r"[0-9A-Za-z]+" if era == 0 else r"[0-9A-Za-z_-]+"
    six = re.match(rf"(\[[0-9A-Fa-f:]+\]):({port_word})", value) if era > 0 else None
    if six is not None and family == 4:
        if era == 2:
            notes.append(
                _diagnose(
                    "error",
                    "family",
                    at,
                    "an IPv6 address is refused behind virtual=: virtual6= is wanted",
                    "virtual= 后不接受 IPv6 地址: 应使用 virtual6=",
                )
            )
        family = 6
    pair = six or re.match(rf"([0-9A-Za-z._+-]{{1,255}}):({port_word})", value)
    if pair is None:
        mark = re.match(r"[0-9]+", value)
        if mark is None:
            notes.append(
                _diagnose(
                    "error",
                    "virtual",
                    at,
                    f'virtual "{_short(section.virtual.value)}" is refused: address:port or a firewall mark is wanted',
                    f"virtual “{_short(section.virtual.value)}” 被拒绝: 应为 地址:端口 或防火墙标记",
                )
            )
            return None
        if mark[0] != section.virtual.value:
            notes.append(
                _diagnose(
                    "warning",
                    "mark-from-address",
                    at,
                    f'without a port, "{_short(section.virtual.value)}" is read as the firewall mark {_short(mark[0])}',
                    f"没有端口, “{_short(section.virtual.value)}” 被读作防火墙标记 {_short(mark[0])}",
                )
            )
        return _Target(str(whole(mark[0])), None, None, whole(mark[0]), family)
    address = _host(pair[1], family)
    known, port = _port(pair[2])
    if address is None or not known:
        what_en, what_zh = ("address", "地址") if address is None else ("port", "端口")
        notes.append(
            _diagnose(
                "error",
                "virtual",
                at,
                f'virtual "{_short(section.virtual.value)}" is refused: its {what_en} does not exist',
                f"virtual “{_short(section.virtual.value)}” 被拒绝: {what_zh}不存在",
            )
        )
        return None
    if pair[0] != section.virtual.value or (address != pair[1] and family == 4):
        rest = section.virtual.value[len(pair[0]) :]
        if not rest.lstrip().startswith("#"):
            notes.append(
                _diagnose(
                    "warning",
                    "virtual-cut",
                    at,
                    f'"{_short(section.virtual.value)}" is read as {address}:{pair[2]}',
                    f"“{_short(section.virtual.value)}” 被读作 {address}:{pair[2]}",
                )
            )
    shown = f"[{address}]" if family == 6 and ":" in address else address
    return _Target(f"{shown}:{pair[2] if port is None else port}", address, port, None, family)


def _read_protocol(
    section: _Section, target: _Target, values: dict[str, str], era: int, notes: list[Diagnostic]
) -> str:
    if target.mark is not None:
        default = "fwm"
    else:
        dns = re.search(r":domain(?![0-9A-Za-z_-])", section.virtual.value) if era == 2 else None
        default = "udp" if dns or (target.port == 53 and ":53" in section.virtual.value) else "tcp"
    word = default
    for setting, _ in section.options:
        if setting.key != "protocol":
            continue
        found, note = _protocol(setting.value)
        if note is not None and note.severity == "error":
            continue
        if target.mark is not None and found != "fwm":
            notes.append(
                _diagnose(
                    "error",
                    "protocol",
                    setting.at,
                    f"protocol {_short(found)} is refused: the service is a firewall mark, whose protocol is fwm",
                    f"protocol {_short(found)} 被拒绝: 该服务是防火墙标记, 协议只能是 fwm",
                )
            )
        elif target.mark is None and found not in {"tcp", "udp"}:
            notes.append(
                _diagnose(
                    "error",
                    "protocol",
                    setting.at,
                    f"protocol {_short(found)} is refused: a service of address and port is tcp or udp",
                    f"protocol {_short(found)} 被拒绝: 地址加端口的服务只能是 tcp 或 udp",
                )
            )
        else:
            word = found
    if values.get("ops") == "yes" and word != "udp":
        notes.append(
            _diagnose(
                "warning",
                "ops-without-udp",
                next(setting.at for setting, _ in reversed(section.options) if setting.key == "ops"),
                "ops has an effect on udp services only",
                "ops 只对 udp 服务起作用",
            )
        )
    return word


def _read_last(
    options: list[tuple[Setting, Line]], key: str, notes: list[Diagnostic], check: _Check
) -> str | None:
    """The last good value of an option whose check depends on the release or on the service."""
    found: str | None = None
    for setting, line in options:
        if setting.key != key or len(line["value"]) > _LONGEST:
            continue
        value, note = check(line["value"].replace("\t", "    "))
        if note is not None:
            notes.append(
                Diagnostic(severity=note.severity, code=note.code, message=note.message, at=setting.at)
            )
        if note is None or note.severity != "error":
            found = value
    return found


def _family_netmask(raw: str, family: int, era: int) -> tuple[str, _Note | None]:
    if era < 2:
        return _quad(raw)
    if family == 4:
        return _netmask(raw) if "." in raw else (raw, _netmask_refused(raw))
    if re.fullmatch(r"[0-9]+", raw) and 1 <= whole(raw) <= 128:
        return raw, None
    return raw, _error(
        "netmask",
        f'netmask "{_short(raw.strip())}" is refused: a prefix length from 1 to 128 is wanted',
        f"netmask “{_short(raw.strip())}” 被拒绝: 需要 1 到 128 的前缀长度",
    )


def _default_service(port: int | None, era: int) -> str:
    service = _SERVICE_OF_PORT.get(port or 0, "none")
    return service if service in _SERVICES[era] else "none"


def _duplicate(virtual: Virtual, first: Virtual, era: int) -> Diagnostic:
    line = first.at.line
    if era == 0:
        return _diagnose(
            "warning",
            "duplicate-virtual",
            virtual.at,
            f"{virtual.name} stands in line {line} already; ldirectord 2004 does not notice, newer ones refuse",
            f"{virtual.name} 已在第 {line} 行出现; 2004 版 ldirectord 不会察觉, 新版本会拒绝",
        )
    return _diagnose(
        "error",
        "duplicate-virtual",
        virtual.at,
        f"{virtual.name} stands in line {line} already: a virtual service may stand once for each protocol",
        f"{virtual.name} 已在第 {line} 行出现: 同一协议的虚拟服务只能出现一次",
    )


# -- servers ----------------------------------------------------------------

_REAL_HOST = r"[0-9]+\.[0-9]+\.[0-9]+\.[0-9]+|[A-Za-z0-9.-]+|\[[0-9A-Za-f:]+\]"
_REAL = re.compile(
    rf"(?<![A-Za-z0-9.-])(?P<first>{_REAL_HOST})(?:->(?P<last>{_REAL_HOST}))?"
    r"(?::(?P<port>[0-9]+|[A-Za-z0-9_-]+))?[ \t\r\f\v]+(?P<flags>[^\n]*)"
)
"""The daemons search for this anywhere; a match begins where a run of name characters begins."""


def _read_reals(
    setting: Setting, line: Line, family: int, era: int, notes: list[Diagnostic]
) -> Iterator[RealServer]:
    raw = line["value"].replace("\t", "    ")
    if len(raw) > _LONGEST or not _family_fits(setting, family, era, notes):
        return
    match = _REAL.search(raw)
    if match is None:
        code, en, zh = _why_no_real(setting.value)
        notes.append(_diagnose("error", code, setting.at, en, zh))
        return
    if raw[: match.start()].strip():
        notes.append(
            _diagnose(
                "warning",
                "real-cut",
                setting.at,
                f'"{_short(setting.value)}" is read from "{_short(match[0].strip())}" on',
                f"“{_short(setting.value)}” 从 “{_short(match[0].strip())}” 处开始读取, 之前的内容被忽略",
            )
        )
    first = _host(match["first"], family)
    last = _host(match["last"], family) if match["last"] else first
    for name, address in ((match["first"], first), (match["last"], last)):
        if name and address is None:
            notes.append(_no_such(setting, "address", "地址", name))
    known, port = _port(match["port"] or "0")
    if not known:
        notes.append(_no_such(setting, "port", "端口", match["port"]))
    flags = _read_flags(match["flags"], setting, era, notes)
    if first is None or last is None or not known or flags is None:
        return
    for address in _spread(first, last if match["last"] else None, setting, family, notes):
        yield RealServer(
            address=address,
            port=port or None,
            forwarding=flags.forwarding,
            weight=flags.weight,
            at=setting.at,
            request=flags.request,
            receive=flags.receive,
            upper=flags.upper,
            lower=flags.lower,
        )


@dataclass(frozen=True, slots=True)
class _Flags:
    forwarding: str
    weight: int
    request: str | None
    receive: str | None
    upper: int | None
    lower: int | None


def _read_flags(text: str, setting: Setting, era: int, notes: list[Diagnostic]) -> _Flags | None:
    """Forwarding, weight, own request and answer, thresholds; None where the daemon refuses."""
    word = re.search(r"[A-Za-z0-9_]+", text)
    if word is None or word[0] not in {"gate", "masq", "ipip"}:
        found = _short(word[0]) if word else ""
        notes.append(
            _diagnose(
                "error",
                "forwarding",
                setting.at,
                f'forwarding "{found}" is refused: gate, masq or ipip is wanted',
                f"转发方式 “{found}” 被拒绝: 只能是 gate、masq 或 ipip",
            )
        )
        return None
    rest = text[word.end() :]
    weight = 1
    number = re.search(r"(?<!\s)\s+([0-9]+)", rest)
    if number is not None:
        before, rest = rest[: number.start()].strip(), rest[number.end() :]
        weight = whole(number[1])
        if before:
            notes.append(
                _diagnose(
                    "warning",
                    "weight-search",
                    setting.at,
                    f'"{_short(before)}" before the weight is ignored; the weight is {weight}',
                    f"权重之前的 “{_short(before)}” 被忽略; 权重为 {weight}",
                )
            )
    request = receive = None
    own = re.search(r'(?<!\s)\s+"([^\n]*)"[, ]\s*"([^\n]*)"', rest)
    if own is not None:
        request, receive = own[1] if own[1].startswith("/") else f"/{own[1]}", own[2]
        rest = rest[own.end() :]
    limits: dict[str, int] = {}
    if era == 2:
        for letter in ("l", "u"):
            limit = re.search(rf"(?<!\s)\s+{letter}:([0-9]+)", rest)
            if limit is not None:
                limits[letter], rest = whole(limit[1]), rest[limit.end() :]
    if rest.strip(" \t\r\f\v"):
        notes.append(_odd_rest(setting, text[word.end() :], rest.strip(" \t\r\f\v"), number))
        return None
    return _Flags(word[0], weight, request, receive, limits.get("u"), limits.get("l"))


def _odd_rest(setting: Setting, flags: str, rest: str, number: re.Match[str] | None) -> Diagnostic:
    tail = flags.split()
    wrote = tail[0] if tail else rest
    if re.fullmatch(r"[+-]?[0-9.]+", wrote) and (number is None or not wrote.isdigit()):
        return _diagnose(
            "error",
            "weight",
            setting.at,
            f'weight "{_short(wrote)}" is refused by every ldirectord: a whole number is wanted',
            f"任何版本的 ldirectord 都拒绝权重 “{_short(wrote)}”: 需要整数",
        )
    return _diagnose(
        "error",
        "real-rest",
        setting.at,
        f'"{_short(rest)}" at the end of the real server is refused',
        f"真实服务器行末的 “{_short(rest)}” 被拒绝",
    )


def _why_no_real(value: str) -> tuple[str, str, str]:
    if re.fullmatch(r"\S+", value):
        return (
            "forwarding",
            f'"{_short(value)}" has no forwarding method: gate, masq or ipip is wanted behind it',
            f"“{_short(value)}” 缺少转发方式: 后面应有 gate、masq 或 ipip",
        )
    return (
        "real",
        f'real "{_short(value)}" is refused: address[:port] and a forwarding method are wanted',
        f"real “{_short(value)}” 被拒绝: 应为 地址[:端口] 与转发方式",
    )


def _no_such(setting: Setting, en: str, zh: str, word: str) -> Diagnostic:
    return _diagnose(
        "error",
        "real",
        setting.at,
        f'{en} "{_short(word)}" does not exist: the real server is refused',
        f"{zh} “{_short(word)}” 不存在: 该真实服务器被拒绝",
    )


def _spread(
    first: str, last: str | None, setting: Setting, family: int, notes: list[Diagnostic]
) -> Iterator[str]:
    """The addresses of a range. The daemon compares them as strings of digits, so does this."""
    if last is None:
        yield first
        return
    if family == 6:
        notes.append(
            _diagnose(
                "error", "range", setting.at, "a range of IPv6 addresses is refused", "不支持 IPv6 地址范围"
            )
        )
        return
    try:
        low, high = int(IPv4Address(first)), int(IPv4Address(last))
    except ValueError:
        yield from (first, last)
        return
    if low > high:
        notes.append(
            _diagnose(
                "error",
                "range",
                setting.at,
                f"the range {first}->{last} is refused: it runs backwards",
                f"地址范围 {first}->{last} 被拒绝: 起点大于终点",
            )
        )
        return
    if len(str(low)) != len(str(high)):
        notes.append(
            _diagnose(
                "warning",
                "range-lost",
                setting.at,
                f"ldirectord compares the ends of {first}->{last} as text and does not get all of the range",
                f"ldirectord 按文本比较 {first}->{last} 的两端, 因而得不到完整的范围",
            )
        )
    number = low
    while str(number) <= str(high):
        if number - low == _WIDEST:
            notes.append(
                _diagnose(
                    "info",
                    "range-cut",
                    setting.at,
                    f"the range has more than {_WIDEST} addresses; the rest is not listed",
                    f"该范围超过 {_WIDEST} 个地址, 其余未列出",
                )
            )
            return
        yield str(IPv4Address(number % 2**32))
        number += 1


_WIDEST = 1024


def _family_fits(setting: Setting, family: int, era: int, notes: list[Diagnostic]) -> bool:
    """real6 and fallback6 belong to virtual6; only 4.12 tells them apart."""
    six = setting.key.endswith("6")
    if era < 2:
        return not six
    if six == (family == 6):
        return True
    wanted = setting.key.removesuffix("6") + ("6" if family == 6 else "")
    notes.append(
        _diagnose(
            "error",
            "family",
            setting.at,
            f"{setting.key} is refused in this virtual service: {wanted} is wanted",
            f"此虚拟服务中不接受 {setting.key}: 应使用 {wanted}",
        )
    )
    return False


def _read_global_fallback(
    lines: list[tuple[Setting, Line]], era: int, notes: list[Diagnostic]
) -> Fallback | None:
    found: Fallback | None = None
    for setting, line in lines:
        if setting.key == "fallback":
            raw = line["value"]
            if era == 0:
                raw = " ".join(raw.split()[:1])
            found = _read_fallback(raw, setting, 4, era, notes, port=None) or found
        elif setting.key == "fallback6" and era == 2:
            _read_fallback(line["value"], setting, 6, era, notes, port=None)
    return found


def _read_fallback(
    raw: str, setting: Setting, family: int, era: int, notes: list[Diagnostic], *, port: int | None
) -> Fallback | None:
    """``host[:port] [method]``. Since 2009 the last two words of the line count, before the first two."""
    words = raw.split()
    words = words[:2] if era == 0 else words[-2:]
    forwarding = words[1] if len(words) > 1 else "gate"
    if forwarding not in {"gate", "masq", "ipip"}:
        notes.append(
            _diagnose(
                "error",
                "forwarding",
                setting.at,
                f'fallback "{_short(setting.value)}" is refused: its last word must be gate, masq or ipip',
                f"fallback “{_short(setting.value)}” 被拒绝: 最后一个词必须是 gate、masq 或 ipip",
            )
        )
        return None
    whole_host = words[0] if words else ""
    pair = re.fullmatch(r"(?P<host>.*?)(?::(?P<port>[A-Za-z0-9_-]+))?", whole_host[:_LONGEST])
    host = pair["host"] if pair else whole_host
    word = pair["port"] if pair else None
    address = _host(host, family)
    known, number = _port(word or "0")
    if address is None or not known:
        notes.append(
            _diagnose(
                "error",
                "fallback",
                setting.at,
                f'fallback "{_short(setting.value)}" is refused: no such {"address" if address is None else "port"}',
                f"fallback “{_short(setting.value)}” 被拒绝: {'地址' if address is None else '端口'}不存在",
            )
        )
        return None
    own = (number or None) if word else port
    return Fallback(address=address, port=own, forwarding=forwarding, at=setting.at)


# -- names ------------------------------------------------------------------


def _host(name: str, family: int) -> str | None:
    """The address as the resolver writes it, the name itself where only the director can resolve it, else None."""
    bare = name[1:-1] if name.startswith("[") and name.endswith("]") else name
    if ":" in bare:
        try:
            return str(IPv6Address(bare)) if family == 6 else None
        except ValueError:
            return None
    if re.fullmatch(r"[0-9.]+|0[xX][0-9A-Fa-f]+", bare):
        return _old_address(bare) if family == 4 else None
    return bare if re.fullmatch(r"[A-Za-z0-9._+-]{1,255}", bare) else None


def _old_address(text: str) -> str | None:
    """One to four numbers with dots, the last one filling what is left, octal and hex too: as inet_aton reads."""
    parts = text.split(".")
    if not 1 <= len(parts) <= 4:
        return None
    numbers: list[int] = []
    for part in parts:
        if not part or len(part) > 20:
            return None
        try:
            numbers.append(int(part, 16 if part[:2] in {"0x", "0X"} else 8 if part[0] == "0" else 10))
        except ValueError:
            return None
    last_limit = 256 ** (5 - len(numbers))
    if any(number > 255 for number in numbers[:-1]) or numbers[-1] >= last_limit:
        return None
    total = sum(number << (24 - 8 * index) for index, number in enumerate(numbers[:-1])) + numbers[-1]
    return str(IPv4Address(total))


def _port(word: str) -> tuple[bool, int | None]:
    """Whether there may be such a port, and its number; None for a name that only the director can look up."""
    if word.isdigit():
        return whole(word) < 65536, min(whole(word), 65535)
    return True, _PORT_OF_NAME.get(word)


# -- small things -----------------------------------------------------------


def _last(settings: tuple[Setting, ...], key: str) -> Setting | None:
    return next((setting for setting in reversed(settings) if setting.key == key), None)


def _columns(text: str) -> int:
    lead = text[: len(text) - len(text.lstrip(" \t"))]
    return len(lead) + 3 * lead.count("\t")


def _short(text: str) -> str:
    return text if len(text) <= 60 else f"{text[:59]}…"


def _unknown_release(release: str) -> int:
    raise KeyError(f"ldirectord {release}: {', '.join(RELEASES)} are known")
