"""Reads commands of ipvsadm: the table that ``ipvsadm -S`` saves, and the words of one command."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache, partial
from ipaddress import IPv4Address, ip_address
from typing import NamedTuple

from auditor.model.facts import (
    Document,
    IpvsCommand,
    IpvsReal,
    IpvsRules,
    IpvsService,
    IpvsTimeouts,
    Reading,
    SyncDaemon,
)
from auditor.model.place import At
from auditor.parse.addresses import USUAL
from auditor.parse.draft import Draft
from auditor.parse.ipvsadm import name_endpoint
from auditor.parse.text import whole
from auditor.parse.words import Word, plain_words


def read_ipvsadm_rules(document: Document) -> Reading[IpvsRules]:
    """The table that ``ipvsadm -R`` makes of the commands. Semantics of ipvsadm 1.21 .. 1.31.

    A command that ipvsadm refuses is Unparsed, and ``accepted`` False: so are the words ``ops`` and ``pe`` without
    dashes, which 1.25 and 1.26 write and cannot read.
    """
    draft = Draft("ipvsadm-rules", document)
    commands: list[IpvsCommand] = []
    for line in draft.file_lines("ipvsadm-rules"):
        command = None
        if line.tag == "COMMAND" and len(line.text) <= _LONGEST:
            command = read_command(plain_words(line, "words"), line.at("words"))
        if command is not None:
            commands.append(command)
        elif line.tag not in {"BLANK", "COMMENT"}:
            draft.leave(line)
            draft.say(
                "error",
                "refused",
                line.at(),
                "ipvsadm refuses this command: what it would set is missing after a restore",
                "ipvsadm 拒绝该命令: 恢复后缺少它本应设置的内容",
            )
    services, stray = _apply(commands)
    for command in stray:
        draft.say(
            "warning",
            "no-such-service",
            command.at,
            f"{command.name} is not defined above: ipvsadm does not add this real server",
            f"上文没有定义 {command.name}: ipvsadm 不会添加该真实服务器",
        )
    draft.facts.extend(commands)
    value = IpvsRules(
        services=services,
        timeouts=next((one.timeouts for one in reversed(commands) if one.timeouts is not None), None),
        daemons=tuple(one.daemon for one in commands if one.daemon is not None),
        accepted=not draft.unparsed,
        at=document.at,
    )
    return draft.finish(value)


def read_command(words: Sequence[Word], at: At) -> IpvsCommand | None:
    """One command from the words behind ``ipvsadm``; None where ipvsadm refuses it.

    Names of hosts and ports stay as they are written. Defaults are those of ipvsadm: scheduler wlc, weight 1,
    gate; the port of a real server is the service's unless it is masq or the service a mark.
    """
    options = _options(words)
    verb = _VERBS.get(next(iter(options), "")) if options else None
    if options is None or verb is None:
        return None
    command = partial(IpvsCommand, verb=verb, words=tuple([word.text for word in words]), at=at)
    try:
        if verb in {"add-service", "edit-service"}:
            service = _service(options)
            return command(protocol=service.protocol, name=service.name, service=service)
        if verb in {"add-server", "edit-server", "delete-server"}:
            target, *_ = _target(options)
            return command(protocol=target.protocol, name=target.name, real=_real(options, target))
        if verb == "delete-service":
            target, *_ = _target(options)
            return command(protocol=target.protocol, name=target.name)
        if verb == "set":
            tcp, tcpfin, udp = (_number(word.text, 0, _MAX_TIMEOUT) for word in options["set"])
            return command(timeouts=IpvsTimeouts(tcp=tcp, tcpfin=tcpfin, udp=udp, at=at))
        if verb in {"start-daemon", "stop-daemon"}:
            return command(daemon=_daemon(options, at) if verb == "start-daemon" else None)
    except (ValueError, KeyError):
        return None
    return command()


_VERBS = {
    "A": "add-service",
    "E": "edit-service",
    "D": "delete-service",
    "a": "add-server",
    "e": "edit-server",
    "d": "delete-server",
    "C": "clear",
    "Z": "zero",
    "L": "list",
    "l": "list",
    "R": "restore",
    "S": "save",
    "set": "set",
    "start-daemon": "start-daemon",
    "stop-daemon": "stop-daemon",
}
_LONG = {
    **{long: short for short, long in _VERBS.items()},
    "list": "L",
    "tcp-service": "t",
    "udp-service": "u",
    "fwmark-service": "f",
    "scheduler": "s",
    "sched-flags": "b",
    "persistent": "p",
    "netmask": "M",
    "real-server": "r",
    "masquerading": "m",
    "ipip": "i",
    "gatewaying": "g",
    "weight": "w",
    "u-threshold": "x",
    "l-threshold": "y",
    "numeric": "n",
    "connection": "c",
    "exact": "X",
    "ipv6": "6",
    "ops": "o",
}
_VALUES = {
    **dict.fromkeys("tufsbMrwxy", 1),
    **dict.fromkeys(("sctp-service", "pe", "tun-type", "tun-port", "mcast-interface", "syncid"), 1),
    **dict.fromkeys(
        ("sync-maxlen", "mcast-group", "mcast-port", "mcast-ttl", "start-daemon", "stop-daemon"), 1
    ),
    "set": 3,
}
_FLAGS = frozenset("AEDaedCZLlRSmignXc6o") | {
    *("stats", "rate", "thresholds", "persistent-conn", "nosort", "sort", "timeout", "daemon"),
    *("tun-info", "tun-nocsum", "tun-csum", "tun-remcsum"),
}
_SHORT = re.compile(r"-(?P<flags>[AEDaedCZLlRSmignXc6o]*)(?P<last>[tufsbMrwxyp]?)=?(?P<value>.*)", re.DOTALL)
_LONGEST = 4096
"""Options stand once each: no command is longer."""
_MAX_TIMEOUT = 86400 * 31
_MAX_THRESHOLD = 2**31 - 1
_PORT_NAME = re.compile(r"[A-Za-z0-9_.+-]+")
_BRACKETED = re.compile(r"\[([^\]]*)\](?::(.*))?")
_HOST_NAME = re.compile(r"[A-Za-z0-9_.-]+")


def _options(words: Sequence[Word]) -> dict[str, tuple[Word, ...]] | None:
    """Options in order, by their short letter, else their long name, each with its values; None: refused."""
    options: dict[str, tuple[Word, ...]] = {}
    index = 0
    while index < len(words):
        word = words[index]
        names, value, wanted = _option(word.text)
        if not names or not options.keys().isdisjoint(names):
            return None
        for name in names:
            options[name] = ()
        index += 1
        if value:
            options[names[-1]] = (replace(word, text=value, start=word.end - len(value)),)
            wanted -= 1
        elif names[-1] == "p" and index < len(words) and not words[index].text.startswith("-"):
            wanted = 1
        if wanted > 0:
            options[names[-1]] += tuple(words[index : index + wanted])
            index += wanted
    return options if index == len(words) else None


@lru_cache(maxsize=256)
def _option(text: str) -> tuple[tuple[str, ...], str, int]:
    """The options that one word names, the value that it gives the last, and how many values that one wants.

    No names: refused. The files of all hosts have the same few words.
    """
    short = None if text.startswith("--") else _SHORT.fullmatch(text)
    if text.startswith("--"):
        long, _, value = text[2:].partition("=")
        names: tuple[str, ...] = (_LONG.get(long, long),)
    elif short is not None:
        names, value = (*short["flags"], *short["last"]), short["value"]
    else:
        return (), "", 0
    last = names[-1] if names else ""
    known = last in _VALUES or last == "p" or (last in _FLAGS and not value)
    return names if known else (), value, _VALUES.get(last, 0)


_PROTOCOLS = {"t": "tcp", "u": "udp", "sctp-service": "sctp", "f": "fwm"}


class _Target(NamedTuple):
    """The service that a command is about."""

    protocol: str
    address: str | None
    port: int | None
    mark: int | None
    name: str


@lru_cache(maxsize=256)
def _read_target(protocol: str, text: str) -> _Target:
    """A file of rules names each service once for every real server."""
    if protocol == "fwm":
        mark = _number(text, 1, 2**32 - 1)
        return _Target(protocol, None, None, mark, str(mark))
    address, port, name = _endpoint(text, 0)
    return _Target(protocol, address, port, None, name)


def _kind(options: dict[str, tuple[Word, ...]]) -> str:
    (kind,) = [name for name in _PROTOCOLS if name in options]
    return kind


def _target(options: dict[str, tuple[Word, ...]]) -> tuple[_Target, int, int | None, str | None]:
    """With family, persistence and netmask, which ipvsadm checks whatever the command.

    KeyError or ValueError where ipvsadm refuses, here and below.
    """
    kind = _kind(options)
    target = _read_target(_PROTOCOLS[kind], options[kind][0].text)
    family = 6 if ":" in (target.address or "") or "6" in options else 4
    persistent = None
    if "p" in options:
        persistent = _number(options["p"][0].text, 1, _MAX_TIMEOUT) if options["p"] else 360
    if target.port == 0 and persistent is None and {"A", "E"} & options.keys():
        raise ValueError("zero port specified for non-persistent service")
    if "o" in options and kind not in {"u", "f"}:
        raise ValueError("one-packet scheduling is only for UDP")
    netmask = _netmask(options["M"][0].text, family) if "M" in options else None
    return target, family, persistent, netmask


def _service(options: dict[str, tuple[Word, ...]]) -> IpvsService:
    target, family, persistent, netmask = _target(options)
    return IpvsService(
        name=target.name,
        address=target.address,
        port=target.port,
        mark=target.mark,
        family=family,
        protocol=target.protocol,
        scheduler=options["s"][0].text if "s" in options else "wlc",
        flags=tuple(options["b"][0].text.split(",")) if "b" in options else (),
        persistent=persistent,
        netmask=netmask,
        ops="o" in options,
        pe=options["pe"][0].text if "pe" in options else None,
        reals=(),
        at=options[_kind(options)][0].at,
    )


def _real(options: dict[str, tuple[Word, ...]], service: _Target) -> IpvsReal:
    (word,) = options["r"]
    forwardings = [name for letter, name in _FORWARDING.items() if letter in options]
    if len(forwardings) > 1:
        raise ValueError("two forwarding methods")
    forwarding = forwardings[0] if forwardings else "gate"
    address, port, _ = _endpoint(word.text, service.port)
    if service.mark is None and forwarding != "masq":
        port = service.port
    return IpvsReal(
        address=address,
        port=port,
        forwarding=forwarding,
        weight=_number(options["w"][0].text, 0, 65535) if "w" in options else 1,
        active=None,
        inactive=None,
        at=word.at,
        upper=_number(options["x"][0].text, 0, _MAX_THRESHOLD) if "x" in options else None,
        lower=_number(options["y"][0].text, 0, _MAX_THRESHOLD) if "y" in options else None,
        tunnel=_tunnel(options),
    )


_FORWARDING = {"g": "gate", "m": "masq", "i": "ipip"}


def _tunnel(options: dict[str, tuple[Word, ...]]) -> str | None:
    """As ``ipvsadm -L --tun-info`` shows it: ``ipip``, ``gue:6080:nocsum``, ``gre:csum``."""
    if "tun-type" not in options:
        return None
    parts = [options["tun-type"][0].text]
    if "tun-port" in options:
        parts.append(str(_number(options["tun-port"][0].text, 1, 65535)))
    parts += [name for name in ("nocsum", "csum", "remcsum") if f"tun-{name}" in options]
    return ":".join(parts)


def _daemon(options: dict[str, tuple[Word, ...]], at: At) -> SyncDaemon:
    (role,) = options["start-daemon"]
    if role.text not in {"master", "backup"}:
        raise ValueError("illegal start-daemon parameter")
    return SyncDaemon(
        role=role.text,
        interface=options["mcast-interface"][0].text if "mcast-interface" in options else "eth0",
        syncid=_number(options["syncid"][0].text, 0, 255) if "syncid" in options else 0,
        at=at,
    )


def _endpoint(text: str, default: int | None) -> tuple[str, int | None, str]:
    """Address, port and ``address:port``; a port that is a name is None, one that is not written the default."""
    bracketed = _BRACKETED.fullmatch(text)
    if bracketed is not None:
        host, written = bracketed[1], bracketed[2]
    elif text.count(":") > 1:
        host, written = text, None
    else:
        host, _, written = text.partition(":") if ":" in text else (text, "", None)
    port = default if written is None else _port(written)
    address = _address(host)
    name = name_endpoint(address, 0 if port is None else port)
    if written is not None and port is None:
        name = f"{name.rpartition(':')[0]}:{written}"
    return address, port, name


def _address(host: str) -> str:
    if USUAL.fullmatch(host) or (_HOST_NAME.fullmatch(host) and host.strip("0123456789.")):
        return host
    return str(ip_address(host))


def _port(written: str) -> int | None:
    if written.isascii() and written.isdecimal():
        return _number(written, 0, 65535)
    if not _PORT_NAME.fullmatch(written):
        raise ValueError(written)
    return None


def _netmask(text: str, family: int) -> str | None:
    """As ipvsadm lists it: a mask of one address is none."""
    if family == 6:
        length = _number(text, 1, 128)
        return None if length == 128 else str(length)
    mask = str(IPv4Address(text))
    return None if mask == "255.255.255.255" else mask


def _number(text: str, least: int, most: int) -> int:
    number = whole(text) if text.isascii() and text.isdecimal() else -1
    if not least <= number <= most:
        raise ValueError(text)
    return number


def _apply(commands: Sequence[IpvsCommand]) -> tuple[tuple[IpvsService, ...], tuple[IpvsCommand, ...]]:
    """The table after all commands, and the commands for real servers of services that are not there."""
    table: dict[
        tuple[str | None, str | None], tuple[IpvsService, dict[tuple[str, int | None], IpvsReal]]
    ] = {}
    stray = []
    for command in commands:
        key = command.protocol, command.name
        if command.service is not None:
            known = table[key][1] if key in table else {}
            if command.verb == "edit-service" or key not in table:
                table[key] = command.service, known
        elif command.real is not None and key not in table:
            stray.append(command)
        elif command.real is not None:
            place = command.real.address, command.real.port
            if command.verb == "delete-server":
                table[key][1].pop(place, None)
            else:
                table[key][1][place] = command.real
        elif command.verb == "delete-service":
            table.pop(key, None)
        elif command.verb == "clear":
            table.clear()
    services = (replace(service, reals=tuple(reals.values())) for service, reals in table.values())
    return tuple(services), tuple(stray)
