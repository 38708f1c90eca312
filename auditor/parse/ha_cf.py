"""Reads /etc/ha.d/ha.cf as heartbeat does."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from difflib import get_close_matches
from ipaddress import IPv4Address

from auditor.model.facts import (
    Directive,
    Document,
    Duration,
    HaCf,
    Medium,
    Node,
    Ping,
    Reading,
    Respawn,
    Setting,
)
from auditor.model.place import At, Diagnostic, Prose, Unparsed
from auditor.parse.addresses import old_address
from auditor.parse.grammar import Line, read_lines
from auditor.parse.text import has_mark, place, whole

_WHOLE_LINE = frozenset(
    {
        *("apiauth", "failfast", "hbaping", "mcast", "mcast6", "openais", "ping_group", "respawn", "stonith"),
        *("stonith_host", "tipc", "ucast"),
    }
)
"""Directives whose rest splits at blanks only; all others split at commas too. Quotes mean nothing."""

_PORT = 694
"""ha-cluster of services(5)."""

_SEVERAL = frozenset({"bcast", "env", "node", "ping", "serial", "udp"})
"""Directives that take every word of every line; of the others the last word wins."""

_LONGEST = 5119
"""heartbeat reads longer lines in pieces."""


@dataclass(slots=True)
class _Draft:
    """What the lines add up to so far."""

    document: Document
    notes: list[Diagnostic] = field(default_factory=list)
    nodes: list[Node] = field(default_factory=list)
    media: list[Medium] = field(default_factory=list)
    pings: list[Ping] = field(default_factory=list)
    respawns: list[Respawn] = field(default_factory=list)
    stonith: list[Directive] = field(default_factory=list)
    settings: dict[str, Setting] = field(default_factory=dict)
    times: dict[str, Duration] = field(default_factory=dict)
    ports: dict[str, int] = field(default_factory=dict)
    clients: set[str] = field(default_factory=set)

    def say(self, severity: str, code: str, at: At, en: str, zh: str) -> None:
        self.notes.append(Diagnostic(severity=severity, code=code, message=Prose(en=en, zh=zh), at=at))


def read_ha_cf(document: Document) -> Reading[HaCf]:
    """Every line as a ``Directive``; nodes, media and times as heartbeat uses them, defaults included.

    Semantics of heartbeat 2.0 .. 3.0.6. Whether devices, programs, users and names exist is the host's to
    know, not the file's; a placeholder that was left in is an error, because nothing can be called so.
    """
    draft = _Draft(document)
    directives: list[Directive] = []
    unparsed: list[Unparsed] = []
    if has_mark(document):
        draft.say(
            "error",
            "byte-order-mark",
            place(document, 1, 1, 1),
            "a byte order mark stands before the first line, which heartbeat refuses",
            "文件以字节顺序标记 (BOM) 开头, heartbeat 会拒绝",
        )
    for line in read_lines("ha-cf", document):
        if line.tag == "OTHER":
            unparsed.append(line.unparsed())
        if line.tag != "DIRECTIVE":
            continue
        directive = _directive(line)
        directives.append(directive)
        if len(line.text) > _LONGEST:
            draft.say(
                "warning",
                "too-long",
                line.at("name"),
                f"heartbeat reads at most {_LONGEST} characters as one line",
                f"heartbeat 一行最多读取 {_LONGEST} 个字符",
            )
        _take(directive, draft)
    _check_whole(draft)
    settings, times = draft.settings, draft.times
    keepalive = times.get("keepalive", Duration(ms=1000, at=None))
    deadtime = times.get("deadtime", Duration(ms=30000, at=None))
    return Reading(
        format="ha.cf",
        at=document.at,
        encoding=document.encoding,
        facts=tuple(directives),
        unparsed=tuple(unparsed),
        diagnostics=tuple(sorted(draft.notes, key=lambda note: (note.at.line or 0, note.at.column or 0))),
        value=HaCf(
            directives=tuple(directives),
            nodes=tuple(draft.nodes),
            node_names=frozenset(node.name for node in draft.nodes),
            media=tuple(draft.media),
            pings=tuple(draft.pings),
            respawns=tuple(draft.respawns),
            auto_failback=settings.get("auto_failback"),
            watchdog=settings.get("watchdog"),
            logfile=settings.get("logfile"),
            debugfile=settings.get("debugfile"),
            logfacility=settings.get("logfacility"),
            use_logd=settings.get("use_logd"),
            crm=settings.get("crm") or settings.get("pacemaker"),
            udpport=settings.get("udpport"),
            stonith=tuple(draft.stonith),
            keepalive=keepalive,
            deadtime=deadtime,
            warntime=times.get("warntime", Duration(ms=deadtime.ms // 2, at=None)),
            initdead=times.get("initdead", Duration(ms=_default_initdead(deadtime.ms), at=None)),
            accepted=not any(note.severity == "error" for note in draft.notes),
            at=document.at,
        ),
    )


# -- lines ------------------------------------------------------------------


def _directive(line: Line) -> Directive:
    name = line["name"]
    words: list[str] = []
    ats: list[At] = []
    value = line["value"][:_LONGEST]
    if value:
        start = line.span("value")[0]
        for match in re.finditer(r"[^ \t\r\f\v]+" if name in _WHOLE_LINE else r"[^ \t\r\f\v,]+", value):
            words.append(match[0])
            ats.append(line.within(start + match.start(), start + match.end()))
    return Directive(name=name, words=tuple(words), word_ats=tuple(ats), at=line.at("name"))


def _take(directive: Directive, draft: _Draft) -> None:
    reader = DIRECTIVES.get(directive.name)
    if reader is None:
        _refuse_name(directive, draft)
        return
    if not directive.words and directive.name not in _WHOLE_LINE:
        draft.say(
            "warning",
            "no-value",
            directive.at,
            f"{directive.name} has no value and is ignored",
            f"{directive.name} 没有值, 不起作用",
        )
        return
    if directive.name in _WHOLE_LINE or directive.name in _SEVERAL:
        reader(directive, draft)
        return
    for word, at in zip(directive.words, directive.word_ats, strict=True):
        one = Directive(name=directive.name, words=(word,), word_ats=(at,), at=directive.at)
        reader(one, draft)
    before = draft.settings.get(directive.name)
    if before is not None and before.at.line != directive.at.line:
        draft.say(
            "info",
            "repeated",
            directive.at,
            f"{directive.name} stands in line {before.at.line} already; the last one counts",
            f"{directive.name} 已在第 {before.at.line} 行出现; 以最后一次为准",
        )
    draft.settings[directive.name] = Setting(
        key=directive.name, value=directive.words[-1], at=directive.word_ats[-1]
    )


def _refuse_name(directive: Directive, draft: _Draft) -> None:
    name = _short(directive.name)
    lower = directive.name.lower()
    near = [lower] if lower in DIRECTIVES else get_close_matches(lower[:40], DIRECTIVES, 1)
    draft.say(
        "error",
        "unknown-directive",
        directive.at,
        f'"{name}" is a directive that heartbeat does not know' + (f"; {near[0]} is meant?" if near else ""),
        f"heartbeat 不认识指令 “{name}”" + (f"; 是否应为 {near[0]}?" if near else ""),
    )


# -- readers of single directives -------------------------------------------

_Reader = Callable[[Directive, _Draft], None]


def _any(directive: Directive, draft: _Draft) -> None:
    """Every value will do."""


def _plugin(directive: Directive, draft: _Draft) -> None:
    """A path that a plugin of its own reads: it counts as a path, and that is all that is known here."""
    draft.settings[directive.name] = Setting(
        key=directive.name, value=" ".join(directive.words), at=directive.at
    )


def _once(directive: Directive, draft: _Draft) -> None:
    if directive.name in draft.settings:
        draft.say(
            "error",
            "twice",
            directive.at,
            f"{directive.name} may stand once only",
            f"{directive.name} 只能出现一次",
        )


def _choice(*words: str) -> _Reader:
    def read(directive: Directive, draft: _Draft) -> None:
        if directive.words[0] not in words:
            _refuse(directive, draft, f"{', '.join(words[:-1])} or {words[-1]}", "、".join(words))

    return read


def _autojoin(directive: Directive, draft: _Draft) -> None:
    if directive.words[0].lower() not in {"none", "other", "any"}:
        _refuse(directive, draft, "none, other or any", "none、other、any")


def _boolean_or(*words: str) -> _Reader:
    def read(directive: Directive, draft: _Draft) -> None:
        if directive.words[0].lower() not in {*_TRUE, *_FALSE, *words}:
            also = ", ".join(("on", "off", *words[:-1]) if words else ("on",))
            _refuse(
                directive, draft, f"{also} or {(words or ('off',))[-1]}", "、".join(("on", "off", *words))
            )

    return read


_TRUE = frozenset({"true", "on", "yes", "y", "1"})
_FALSE = frozenset({"false", "off", "no", "n", "0"})


def _number_from(low: int, high: int) -> _Reader:
    def read(directive: Directive, draft: _Draft) -> None:
        number = _leading_number(directive.words[0])
        if not low <= number <= high:
            _refuse(directive, draft, f"a number from {low} to {high}", f"{low} 到 {high} 的数")

    return read


def _leading_number(word: str) -> int:
    """As atoi: 0 where no number leads."""
    match = re.match(r"[+-]?[0-9]+", word)
    if match is None:
        return 0
    return -whole(match[0][1:]) if match[0].startswith("-") else whole(match[0].removeprefix("+"))


def _time(low: int) -> _Reader:
    def read(directive: Directive, draft: _Draft) -> None:
        ms = _milliseconds(directive.words[0])
        if ms is None or ms < low:
            _refuse(
                directive,
                draft,
                "seconds, or a number with ms or us right behind it,",
                "秒数, 或紧跟 ms、us 的数",
            )
            return
        draft.times[directive.name] = Duration(ms=ms, at=directive.word_ats[0])

    return read


def _milliseconds(word: str) -> int | None:
    match = re.match(r"([0-9.]+)(.*)", word[:100], re.DOTALL)
    if match is None:
        return None
    unit = match[2].lower()
    number = re.match(r"[0-9]*\.?[0-9]*", match[1])
    value = float(number[0]) if number and number[0].strip(".") else 0.0
    if unit.startswith("ms"):
        return int(min(value, 1e15) + 0.5)
    if unit.startswith("us"):
        return int(min(value, 1e15) / 1000 + 0.5)
    return None if unit else int(min(value, 1e12) * 1000 + 0.5)


def _udpport(directive: Directive, draft: _Draft) -> None:
    port = _leading_number(directive.words[0])
    if port <= 0:
        _refuse(directive, draft, "a port number", "端口号")
        return
    late = sorted(draft.ports.items())
    if late:
        kinds = [kind for kind, _ in late]
        draft.say(
            "warning" if any(used != port for _, used in late) else "info",
            "udpport-late",
            directive.at,
            f"udpport stands behind the {' and '.join(kinds)} line, which stays at port {late[0][1]}",
            f"udpport 写在 {'、'.join(kinds)} 行之后, 该行仍使用端口 {late[0][1]}",
        )
    if port > 65535:
        draft.say(
            "warning",
            "port-range",
            directive.word_ats[0],
            f"port {port} does not exist; heartbeat takes it and uses {port % 65536}",
            f"端口 {port} 不存在; heartbeat 会接受并使用 {port % 65536}",
        )


def _bcast(directive: Directive, draft: _Draft) -> None:
    if directive.name == "udp":
        draft.say(
            "warning", "old-name", directive.at, "udp is the old name of bcast", "udp 是 bcast 的旧名称"
        )
    for word, at in zip(directive.words, directive.word_ats, strict=True):
        if _is_device(word, at, draft):
            draft.media.append(Medium(kind="bcast", interface=word, at=at, port=_port_of("bcast", draft)))


def _port_of(kind: str, draft: _Draft) -> int:
    """The port is fixed when the first line of a kind is read."""
    udpport = draft.settings.get("udpport")
    port = _leading_number(udpport.value) if udpport else _PORT
    return draft.ports.setdefault(kind, port % 65536)


def _serial(directive: Directive, draft: _Draft) -> None:
    for word, at in zip(directive.words, directive.word_ats, strict=True):
        draft.media.append(Medium(kind="serial", interface=word, at=at))


def _ucast(directive: Directive, draft: _Draft) -> None:
    if len(directive.words) < 2:
        _refuse_line(directive, draft, "an interface and the peer's address", "网卡与对端地址")
        return
    device, peer = directive.words[:2]
    port = _port_of("ucast", draft)
    if _is_device(device, directive.word_ats[0], draft) and _is_host(peer, directive.word_ats[1], draft):
        draft.media.append(Medium(kind="ucast", interface=device, at=directive.at, port=port, peer=peer))


def _mcast(directive: Directive, draft: _Draft) -> None:
    if len(directive.words) < 5:
        _refuse_line(
            directive, draft, "interface, group, port, TTL and loop", "网卡、组地址、端口、TTL 与 loop"
        )
        return
    device, group, port, ttl, loop = directive.words[:5]
    ats = directive.word_ats
    good = _is_device(device, ats[0], draft)
    try:
        multicast = IPv4Address(group).is_multicast
    except ValueError:
        multicast = False
    for fits, at, en, zh in (
        (
            multicast,
            ats[1],
            "a multicast address, 224.0.0.0 to 239.255.255.255,",
            "组播地址 224.0.0.0 到 239.255.255.255",
        ),
        (0 < _leading_number(port) < 65536, ats[2], "a port from 1 to 65535", "1 到 65535 的端口"),
        (0 <= _leading_number(ttl) <= 4, ats[3], "a TTL from 0 to 4", "0 到 4 的 TTL"),
        (_leading_number(loop) in {0, 1}, ats[4], "loop 0 or 1", "loop 0 或 1"),
    ):
        if not fits:
            good = False
            draft.say(
                "error", "mcast", at, f"mcast is refused: {en} is wanted here", f"mcast 被拒绝: 此处应为 {zh}"
            )
    if good:
        draft.media.append(
            Medium(
                kind="mcast",
                interface=device,
                at=directive.at,
                group=group,
                port=_leading_number(port),
                ttl=_leading_number(ttl),
                loop=_leading_number(loop),
            )
        )


def _ping(directive: Directive, draft: _Draft) -> None:
    for word, at in zip(directive.words, directive.word_ats, strict=True):
        if _is_host(word, at, draft):
            draft.pings.append(Ping(name=word, addresses=(word,), at=at))


def _ping_group(directive: Directive, draft: _Draft) -> None:
    if len(directive.words) < 2:
        _refuse_line(directive, draft, "a name and the addresses of the group", "组名与各成员地址")
        return
    members = list(zip(directive.words, directive.word_ats, strict=True))[1:]
    for word, at in members:
        if re.fullmatch(r"[0-9.]+", word) and old_address(word) is None:
            draft.say(
                "warning",
                "address",
                at,
                f'"{_short(word)}" is no IPv4 address: heartbeat starts, but does not ping it',
                f"“{_short(word)}” 不是 IPv4 地址: heartbeat 照常启动, 但不会 ping 它",
            )
    if all(_is_filled_in(word, at, draft) for word, at in members):
        draft.pings.append(
            Ping(name=directive.words[0], addresses=directive.words[1:], at=directive.word_ats[0])
        )


def _node(directive: Directive, draft: _Draft) -> None:
    for word, at in zip(directive.words, directive.word_ats, strict=True):
        _is_filled_in(word, at, draft)
        draft.nodes.append(Node(name=word.lower(), written=word, at=at))


def _respawn(directive: Directive, draft: _Draft) -> None:
    if len(directive.words) < 2 or not directive.words[1].startswith("/"):
        _refuse_line(directive, draft, "a user and the full path of a program", "用户与程序的完整路径")
        return
    user, path = directive.words[:2]
    draft.respawns.append(
        Respawn(user=user, path=path, program=path.rstrip("/").rpartition("/")[2], at=directive.at)
    )


def _apiauth(directive: Directive, draft: _Draft) -> None:
    grants = [word.partition("=")[0] for word in directive.words[1:]]
    if not grants or any(grant not in {"uid", "gid"} for grant in grants) or len(set(grants)) < len(grants):
        _refuse_line(
            directive,
            draft,
            "a client, then uid=users, gid=groups or both,",
            "客户端名, 其后为 uid=用户、gid=组 或二者",
        )
        return
    if directive.words[0] in draft.clients:
        draft.say(
            "error",
            "twice",
            directive.word_ats[0],
            f"apiauth for {_short(directive.words[0])} may stand once only",
            f"{_short(directive.words[0])} 的 apiauth 只能出现一次",
        )
    draft.clients.add(directive.words[0])


def _stonith(directive: Directive, draft: _Draft) -> None:
    draft.stonith.append(directive)
    if directive.name == "stonith" and len(directive.words) < 2:
        _refuse_line(directive, draft, "a device type and its configuration file", "设备类型与其配置文件")
    if directive.name == "stonith_host" and (
        not directive.words or (directive.words[0] == "*" and len(directive.words) < 3)
    ):
        _refuse_line(directive, draft, "a host, a device type and its parameters", "主机、设备类型与其参数")


def _nice_failback(directive: Directive, draft: _Draft) -> None:
    _boolean_or()(directive, draft)
    draft.say(
        "warning",
        "obsolete",
        directive.at,
        "nice_failback is obsolete: auto_failback on or off is wanted",
        "nice_failback 已废弃: 应使用 auto_failback on 或 off",
    )


def _normalpoll(directive: Directive, draft: _Draft) -> None:
    _boolean_or()(directive, draft)
    draft.say(
        "warning",
        "withdrawn-directive",
        directive.at,
        "normalpoll is refused by heartbeat 3, which no longer knows it",
        "heartbeat 3 已不认识 normalpoll, 会拒绝启动",
    )


def _baud(directive: Directive, draft: _Draft) -> None:
    _once(directive, draft)
    if _leading_number(directive.words[0]) not in {9600, 19200, 38400, 57600, 115200, 230400, 460800}:
        _refuse(
            directive,
            draft,
            "9600, 19200, 38400, 57600, 115200, 230400 or 460800",
            "9600 到 460800 的标准波特率",
        )


def _env(directive: Directive, draft: _Draft) -> None:
    for word, at in zip(directive.words, directive.word_ats, strict=True):
        if word.startswith("="):
            draft.say(
                "error", "value", at, "env is refused: NAME=value is wanted", "env 被拒绝: 应为 NAME=value"
            )


def _is_device(word: str, at: At, draft: _Draft) -> bool:
    if not _is_filled_in(word, at, draft):
        return False
    if "/" in word or len(word) > 15:
        draft.say(
            "error",
            "interface",
            at,
            f'"{_short(word)}" is refused: no interface can have this name',
            f"“{_short(word)}” 被拒绝: 网卡不可能叫这个名字",
        )
        return False
    return True


def _is_host(word: str, at: At, draft: _Draft) -> bool:
    if not _is_filled_in(word, at, draft):
        return False
    if re.fullmatch(r"[0-9.]+", word):
        meant = old_address(word)
        if meant is None:
            draft.say(
                "error",
                "address",
                at,
                f'"{_short(word)}" is refused: it is no IPv4 address',
                f"“{_short(word)}” 被拒绝: 不是 IPv4 地址",
            )
            return False
        if meant != word:
            draft.say(
                "warning",
                "address-form",
                at,
                f'"{_short(word)}" is read as {meant}: a part that begins with 0 is octal, and the last part fills up',
                f"“{_short(word)}” 被读作 {meant}: 以 0 开头的段按八进制计, 末段补足其余位",
            )
    return True


def _is_filled_in(word: str, at: At, draft: _Draft) -> bool:
    if not re.search(r"[${}<>]", word):
        return True
    draft.say(
        "error",
        "placeholder",
        at,
        f'"{_short(word)}" is a placeholder that was never filled in',
        f"“{_short(word)}” 是未替换的占位符",
    )
    return False


def _refuse(directive: Directive, draft: _Draft, en: str, zh: str) -> None:
    word = _short(directive.words[0])
    draft.say(
        "error",
        "value",
        directive.word_ats[0],
        f'{directive.name} "{word}" is refused: {en} is wanted',
        f"{directive.name} “{word}” 被拒绝: 应为 {zh}",
    )


def _refuse_line(directive: Directive, draft: _Draft, en: str, zh: str) -> None:
    draft.say(
        "error",
        "arguments",
        directive.at,
        f"{directive.name} is refused: {en.removesuffix(',')} are wanted",
        f"{directive.name} 被拒绝: 应给出 {zh}",
    )


_FACILITIES = (
    *(
        "auth",
        "authpriv",
        "cron",
        "daemon",
        "ftp",
        "kern",
        "lpr",
        "mail",
        "news",
        "none",
        "security",
        "syslog",
    ),
    *("user", "uucp", *(f"local{number}" for number in range(8))),
)

_CRM = _boolean_or("manual", "minimal", "respawn", "valgrind")

DIRECTIVES: dict[str, _Reader] = {
    "apiauth": _apiauth,
    "auto_failback": _boolean_or("legacy"),
    "autojoin": _autojoin,
    "baud": _baud,
    "bcast": _bcast,
    "cluster": _any,
    "compression": _choice("zlib", "bz2"),
    "compression_threshold": _number_from(1, 2**31 - 1),
    "conn_logd_time": _time(1),
    "coredumps": _boolean_or(),
    "coreroot": _any,
    "crm": _CRM,
    "deadping": _time(0),
    "deadtime": _time(0),
    "debug": _number_from(0, 255),
    "debugfile": _any,
    "enable_config_writes": _boolean_or(),
    "env": _env,
    "failfast": _respawn,
    "hbaping": _plugin,
    "hbgenmethod": _choice("file", "time"),
    "hopfudge": _number_from(0, 255),
    "initdead": _time(0),
    "keepalive": _time(1),
    "log_badpack": _boolean_or(),
    "logfacility": _choice(*_FACILITIES),
    "logfile": _any,
    "max_rexmit_delay": _number_from(1, 2**31 - 1),
    "mcast": _mcast,
    "mcast6": _plugin,
    "memreserve": _number_from(1, 2**31 - 1),
    "msgfmt": _choice("classic", "netstring"),
    "nice_failback": _nice_failback,
    "node": _node,
    "normalpoll": _normalpoll,
    "openais": _plugin,
    "pacemaker": _CRM,
    "ping": _ping,
    "ping_group": _ping_group,
    "quorum_server": _any,
    "realtime": _boolean_or(),
    "record_config_changes": _boolean_or(),
    "record_pengine_inputs": _boolean_or(),
    "respawn": _respawn,
    "rtprio": _number_from(1, 99),
    "serial": _serial,
    "stonith": _stonith,
    "stonith_host": _stonith,
    "syslogmsgfmt": _boolean_or(),
    "tipc": _plugin,
    "traditional_compression": _boolean_or(),
    "ucast": _ucast,
    "udp": _bcast,
    "udpport": _udpport,
    "use_apphbd": _boolean_or(),
    "use_logd": _boolean_or(),
    "uuidfrom": _choice("file", "nodename"),
    "warntime": _time(1),
    "watchdog": _once,
}


# -- what only the whole file shows -----------------------------------------


def _check_whole(draft: _Draft) -> None:
    for severity, code, at, en, zh in (*_missing(draft), *_bad_times(draft), *_bad_mixtures(draft)):
        draft.say(severity, code, at, en, zh)


_Remark = tuple[str, str, At, str, str]


def _missing(draft: _Draft) -> Iterator[_Remark]:
    at = draft.document.at
    others = any(
        note.code in {"arguments", "interface", "placeholder", "address", "mcast"} for note in draft.notes
    )
    if not draft.media and not draft.pings and not others and not _has_plugin_media(draft):
        yield (
            "error",
            "no-media",
            at,
            "no heartbeat path is given: bcast, ucast, mcast or serial",
            "没有给出心跳路径: bcast、ucast、mcast 或 serial",
        )
    join = draft.settings.get("autojoin")
    if not draft.nodes and (join is None or join.value.lower() != "any"):
        yield "error", "no-nodes", at, "no node is given", "没有给出任何 node"
    if len(draft.nodes) > 100:
        yield (
            "error",
            "too-many-nodes",
            draft.nodes[100].at,
            "more than 100 nodes are refused",
            "节点超过 100 个, 被拒绝",
        )
    if "auto_failback" not in draft.settings and "nice_failback" not in draft.settings and not _crm(draft):
        yield (
            "warning",
            "no-auto-failback",
            at,
            "without auto_failback the obsolete legacy mode is used",
            "没有 auto_failback 时使用已废弃的 legacy 模式",
        )


def _has_plugin_media(draft: _Draft) -> bool:
    return any(name in draft.settings for name in ("hbaping", "mcast6", "openais", "tipc"))


def _bad_times(draft: _Draft) -> Iterator[_Remark]:
    times = draft.times
    keepalive = times.get("keepalive", Duration(ms=1000, at=None))
    deadtime = times.get("deadtime", Duration(ms=30000, at=None))
    here = draft.document.at
    for name, limit in (("deadtime", deadtime), ("deadping", times.get("deadping"))):
        if limit is not None and limit.ms <= 2 * keepalive.ms:
            yield (
                "error",
                "times",
                limit.at or keepalive.at or here,
                f"{name} {limit.ms} ms is refused: more than twice keepalive, {keepalive.ms} ms, is wanted",
                f"{name} {limit.ms} 毫秒被拒绝: 必须大于 keepalive ({keepalive.ms} 毫秒) 的两倍",
            )
    initdead = times.get("initdead")
    if initdead is not None and initdead.ms < deadtime.ms:
        yield (
            "error",
            "times",
            initdead.at or here,
            f"initdead {initdead.ms} ms is refused: at least deadtime, {deadtime.ms} ms, is wanted",
            f"initdead {initdead.ms} 毫秒被拒绝: 不得小于 deadtime ({deadtime.ms} 毫秒)",
        )
    elif initdead is not None and initdead.ms < 10000:
        yield (
            "warning",
            "initdead-short",
            initdead.at or here,
            f"initdead {initdead.ms} ms may be too short for a slow network: 10 s or more is wanted",
            f"initdead {initdead.ms} 毫秒对启动慢的网络可能太短: 宜为 10 秒以上",
        )
    warntime = times.get("warntime")
    if warntime is not None and warntime.ms > deadtime.ms:
        yield (
            "info",
            "warntime-late",
            warntime.at or here,
            f"warntime {warntime.ms} ms is longer than deadtime: the node is dead before the warning",
            f"warntime {warntime.ms} 毫秒大于 deadtime: 告警之前节点已被判死",
        )


def _bad_mixtures(draft: _Draft) -> Iterator[_Remark]:
    settings = draft.settings
    join = settings.get("autojoin")
    if join is not None and join.value.lower() in {"other", "any"} and not _crm(draft):
        yield (
            "error",
            "autojoin",
            join.at,
            f"autojoin {join.value} is refused with haresources: none is wanted, or crm on",
            f"使用 haresources 时 autojoin {join.value} 被拒绝: 应为 none, 或启用 crm",
        )
    logd = settings.get("use_logd")
    logs = any(name in settings for name in ("logfile", "debugfile", "logfacility"))
    if logd is not None and logd.value.lower() in _FALSE and not logs:
        yield (
            "error",
            "no-log",
            logd.at,
            "use_logd is off and no log is given: heartbeat refuses",
            "use_logd 为关闭且没有任何日志指令: heartbeat 拒绝启动",
        )


def _crm(draft: _Draft) -> bool:
    crm = draft.settings.get("crm") or draft.settings.get("pacemaker")
    return crm is not None and crm.value.lower() not in _FALSE


def _default_initdead(deadtime_ms: int) -> int:
    if deadtime_ms > 10000:
        return deadtime_ms
    return 12000 if deadtime_ms < 6000 else 2 * deadtime_ms


def _short(text: str) -> str:
    return text if len(text) <= 60 else f"{text[:59]}…"
