"""Reads commands of ipvsadm: the table that ``ipvsadm -S`` saves, and the words of one command."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence, Set
from dataclasses import replace
from functools import lru_cache, partial
from ipaddress import IPv6Address
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
from auditor.parse.addresses import USUAL, old_address
from auditor.parse.draft import Draft
from auditor.parse.ipvsadm import name_endpoint
from auditor.parse.text import whole
from auditor.parse.words import plain_words, word_place


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
            words = plain_words(line, "words")
            command = read_command(words, line.at("words"), partial(word_place, line, words))
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


def read_command(words: Sequence[str], at: At, place: Callable[[int, str], At]) -> IpvsCommand | None:
    """One command from the words behind ``ipvsadm``; None where ipvsadm refuses it.

    Names of hosts and ports stay as they are written. Defaults are those of ipvsadm: scheduler wlc, weight 1,
    gate; the port of a real server is the service's unless it is masq or the service a mark.
    ``place(index, value)``: the place of a value that is ``words[index]`` or ends it.
    """
    options = _options(words)
    if options is None:
        return None
    verb = _VERBS[next(iter(options))]
    service = real = timeouts = daemon = None
    try:
        target = _target(options, verb)
        if target is not None and verb in {"add-service", "edit-service"}:
            service = _service(options, target, place)
        elif target is not None and verb in {"add-server", "edit-server", "delete-server"}:
            real = _real(options, target, place)
        elif verb == "set":
            value, index = options["set"]
            numbers = (value, *words[index + 1 : index + 3])
            tcp, tcpfin, udp = (_number(number, 0, _MAX_TIMEOUT) for number in numbers)
            timeouts = IpvsTimeouts(tcp=tcp, tcpfin=tcpfin, udp=udp, at=at)
        elif verb in {"start-daemon", "stop-daemon"}:
            running = _daemon(options, verb, at)
            daemon = running if verb == "start-daemon" else None
    except (ValueError, KeyError):
        return None
    return IpvsCommand(
        verb=verb,
        words=tuple(words),
        at=at,
        protocol=target.protocol if target is not None else None,
        name=target.name if target is not None else None,
        service=service,
        real=real,
        timeouts=timeouts,
        daemon=daemon,
    )


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
    **dict.fromkeys("tufsbMrwxyp", 1),
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
_SERVICE = frozenset(("t", "u", "f", "sctp-service", "6", "sort"))
_ADDED_SERVICE = _SERVICE | {"s", "b", "p", "M", "o", "pe"}
_TUNNEL = frozenset(("tun-type", "tun-port", "tun-nocsum", "tun-csum", "tun-remcsum"))
_ADDED_SERVER = _SERVICE | _TUNNEL | {"r", "g", "m", "i", "w", "x", "y"}
_LISTED = _SERVICE | {
    *("n", "c", "X", "stats", "rate", "thresholds", "persistent-conn", "nosort", "timeout"),
    *("daemon", "tun-info"),
}
_NONE = frozenset(("sort",))
_TAKES = {
    "A": _ADDED_SERVICE,
    "E": _ADDED_SERVICE,
    "D": _SERVICE,
    "a": _ADDED_SERVER,
    "e": _ADDED_SERVER,
    "d": _SERVICE | {"r"},
    "C": _NONE,
    "Z": _SERVICE,
    "L": _LISTED,
    "l": _LISTED,
    "R": _NONE,
    "S": frozenset(("n", "sort")),
    "set": _NONE,
    "start-daemon": frozenset(
        ("mcast-interface", "syncid", "sync-maxlen", "mcast-group", "mcast-port", "mcast-ttl", "sort")
    ),
    "stop-daemon": frozenset(("syncid", "sort")),
}
"""The options that each command takes, beside itself; --sort, which does nothing, stands with all of them."""
_SHORT = re.compile(r"-(?P<flags>[AEDaedCZLlRSmignXc6o]*)(?P<last>[tufsbMrwxyp]?)=?(?P<value>.*)", re.DOTALL)
_LONGEST = 4096
"""Options stand once each: no command is longer."""
_PERSISTENT = "360"
"""Seconds, where -p has no value: it alone may have none."""
_MAX_TIMEOUT = 86400 * 31
_MAX_THRESHOLD = 2**31 - 1
_NUMBER = re.compile(r"\+?[0-9]+")
_PORT_NAME = re.compile(r"[0-9_.+-]*[A-Za-z][A-Za-z0-9_.+-]*")
_BRACKETED = re.compile(r"\[([^\]]*)\]:(.*)")
_HOST_NAME = re.compile(r"[A-Za-z0-9_.][A-Za-z0-9_.-]*")

_Options = dict[str, tuple[str, int]]
"""By short letter, else long name, in order: its first value, and the index of the word that is or ends with it."""


def _options(words: Sequence[str]) -> _Options | None:
    """None: refused. A command in front and options that it takes, none of them twice, with their values."""
    options: _Options = {}
    takes: Set[str] = _VERBS.keys()
    index, count = 0, len(words)
    while index < count:
        names, value, wanted = _option(words[index])
        if not names:
            return None
        for name in names:
            if name not in takes or name in options or (name == "6" and "f" not in options):
                return None
            if not options:
                takes = _TAKES[name]
            options[name] = "", index
        at = index
        index += 1
        if value:
            wanted -= 1
        elif name == "p" and (index == count or words[index].startswith("-")):
            value, wanted = _PERSISTENT, 0
        elif wanted and index < count:
            value, at = words[index], index
        options[name] = value, at
        index += wanted
    return options if options and index == count else None


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
    known = last in _VALUES or (last in _FLAGS and not value)
    return names if known else (), value, _VALUES.get(last, 0)


_PROTOCOLS = {"t": "tcp", "u": "udp", "sctp-service": "sctp", "f": "fwm"}


class _Target(NamedTuple):
    """The service that a command is about."""

    protocol: str
    address: str | None
    port: int | None
    mark: int | None
    family: int
    name: str


def _target(options: _Options, verb: str) -> _Target | None:
    """KeyError or ValueError where ipvsadm refuses, here and below."""
    kinds = options.keys() & _PROTOCOLS.keys()
    if not kinds and verb not in _ABOUT_A_SERVICE:
        return None
    (kind,) = kinds
    return _read_target(_PROTOCOLS[kind], options[kind][0], "6" in options)


_ABOUT_A_SERVICE = frozenset(
    ("add-service", "edit-service", "delete-service", "add-server", "edit-server", "delete-server")
)


@lru_cache(maxsize=256)
def _read_target(protocol: str, text: str, six: bool) -> _Target:
    """A file of rules names each service once for every real server."""
    if protocol == "fwm":
        mark = _number(text, 1, 2**32 - 1)
        return _Target(protocol, None, None, mark, 6 if six else 4, str(mark))
    address, written = _endpoint(text)
    port = 0 if written is None else _port(written)
    name = name_endpoint(address, port or 0)
    if port is None:
        name = f"{name.rpartition(':')[0]}:{written}"
    return _Target(protocol, address, port, None, 6 if ":" in address else 4, name)


def _service(options: _Options, target: _Target, place: Callable[[int, str], At]) -> IpvsService:
    persistent = _number(options["p"][0], 1, _MAX_TIMEOUT) if "p" in options else None
    if target.port == 0 and persistent is None:
        raise ValueError("zero port specified for non-persistent service")
    if "o" in options and target.protocol not in {"udp", "fwm"}:
        raise ValueError("one-packet scheduling is only for UDP")
    scheduler = options["s"][0] if "s" in options else "wlc"
    flags = tuple(flag for flag in options["b"][0].split(",") if flag) if "b" in options else ()
    if any(flag not in _FLAGS_OF.get(scheduler, ()) for flag in flags if flag not in _PLAIN_FLAGS):
        raise ValueError("invalid or incompatible scheduler flag")
    written, index = next(options[kind] for kind in _PROTOCOLS if kind in options)
    return IpvsService(
        name=target.name,
        address=target.address,
        port=target.port,
        mark=target.mark,
        family=target.family,
        protocol=target.protocol,
        scheduler=scheduler,
        flags=flags,
        persistent=persistent,
        netmask=_netmask(options["M"][0], target.family) if "M" in options else None,
        ops="o" in options,
        pe=options["pe"][0] if "pe" in options else None,
        reals=(),
        at=place(index, written),
    )


_PLAIN_FLAGS = frozenset(("flag-1", "flag-2", "flag-3"))
_FLAGS_OF = {"sh": ("sh-fallback", "sh-port"), "mh": ("mh-fallback", "mh-port")}


def _real(options: _Options, service: _Target, place: Callable[[int, str], At]) -> IpvsReal:
    written, index = options["r"]
    forwardings = [letter for letter in _FORWARDING if letter in options]
    if len(forwardings) > 1:
        raise ValueError("two forwarding methods")
    forwarding = _FORWARDING[forwardings[0]] if forwardings else "gate"
    address, port_written = _endpoint(written)
    family = 6 if ":" in address else 4 if USUAL.fullmatch(address) else service.family
    if family != service.family and forwarding != "ipip" and "d" not in options:
        raise ValueError("different address families are for tunnels")
    port = service.port if port_written is None else _port(port_written)
    if service.mark is None and forwarding != "masq" and "d" not in options:
        port = service.port
    return IpvsReal(
        address=address,
        port=port,
        forwarding=forwarding,
        weight=_number(options["w"][0], 0, 65535) if "w" in options else 1,
        active=None,
        inactive=None,
        at=place(index, written),
        upper=_number(options["x"][0], 0, _MAX_THRESHOLD) if "x" in options else None,
        lower=_number(options["y"][0], 0, _MAX_THRESHOLD) if "y" in options else None,
        tunnel=None if _TUNNEL.isdisjoint(options) else _tunnel(options),
    )


_FORWARDING = {"g": "gate", "m": "masq", "i": "ipip"}


def _tunnel(options: _Options) -> str:
    """As ``ipvsadm -L --tun-info`` shows it: ``ipip``, ``gue:6080:nocsum``, ``gre:csum``."""
    kind = options["tun-type"][0] if "tun-type" in options else "ipip"
    port = options["tun-port"][0] if "tun-port" in options else None
    sums = [name for name in ("nocsum", "csum", "remcsum") if f"tun-{name}" in options]
    port_wanted, sums_allowed = _TUNNELS[kind]
    if (
        "i" not in options
        or (port is not None) != port_wanted
        or len(sums) > 1
        or not sums_allowed.issuperset(sums)
    ):
        raise ValueError("options of another kind of tunnel")
    return ":".join([kind, *([] if port is None else [str(_number(port, 1, 65535))]), *sums])


_TUNNELS = {
    "ipip": (False, frozenset[str]()),
    "gre": (False, frozenset(("nocsum", "csum"))),
    "gue": (True, frozenset(("nocsum", "csum", "remcsum"))),
}
"""Whether a kind of tunnel wants a port, and the checksums that it knows."""


def _daemon(options: _Options, verb: str, at: At) -> SyncDaemon:
    role, _ = options[verb]
    if role not in {"master", "backup"}:
        raise ValueError("illegal start-daemon parameter")
    return SyncDaemon(
        role=role,
        interface=options["mcast-interface"][0] if "mcast-interface" in options else "eth0",
        syncid=_number(options["syncid"][0], 0, 255) if "syncid" in options else 0,
        at=at,
    )


def _endpoint(text: str) -> tuple[str, str | None]:
    """Address, and the port as it is written; None where none is."""
    if "[" in text and (bracketed := _BRACKETED.fullmatch(text)) is not None:
        address = _address(bracketed[1])
        # Behind an IPv4 address in brackets ipvsadm reads no port.
        return address, bracketed[2] if ":" in address else None
    host, colon, written = text.partition(":")
    if not colon or ":" in written:
        return _address(text), None
    return _address(host), written


def _address(host: str) -> str:
    """As the table lists it; a name stays one."""
    if (address := old_address(host)) is not None:
        return address
    if ":" in host and "%" not in host:
        return str(IPv6Address(host))
    if not _HOST_NAME.fullmatch(host) or not host.strip("0123456789."):
        raise ValueError(host)
    return host


def _port(written: str) -> int | None:
    """None for a name."""
    if _NUMBER.fullmatch(written):
        return _number(written, 0, 65535)
    if not _PORT_NAME.fullmatch(written):
        raise ValueError(written)
    return None


def _netmask(text: str, family: int) -> str | None:
    """As ipvsadm lists it: a mask of one address is none."""
    if family == 6:
        length = _number(text, 1, 128)
        return None if length == 128 else str(length)
    mask = old_address(text)
    if mask is None:
        raise ValueError(text)
    return None if mask == "255.255.255.255" else mask


def _number(text: str, least: int, most: int) -> int:
    number = whole(text) if _NUMBER.fullmatch(text) else -1
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
