"""Reads rc.local and start scripts for the commands that the rules understand."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import IPv4Network, ip_address
from itertools import pairwise

from auditor.model.facts import Document, Reading, Script, ScriptCommand
from auditor.parse.grammar import Line
from auditor.parse.rows import read_rows
from auditor.parse.sysctl import dotted


def read_script(document: Document) -> Reading[Script]:
    """Addresses, kernel parameters, routes, ipvsadm and modules; every other command is Unparsed at its place."""
    reading = read_rows(
        "rc.local",
        document,
        {
            "IFCONFIG": _ifconfig,
            "IP_ADDR": _ip_addr,
            "ECHO": _echo,
            "SYSCTL": _sysctl,
            "ROUTE": lambda line: _command("route", line),
            "IPVSADM": lambda line: _command("ipvsadm", line),
            "MODULE": lambda line: _command("module", line),
        },
        grammar="script",
    )
    value = Script(commands=reading.value, at=document.at)
    return replace(reading, value=value)  # type: ignore[arg-type, return-value]


def _command(kind: str, line: Line) -> ScriptCommand:
    words = (line.get("words") or "").split()
    return ScriptCommand(kind=kind, text=line.text.strip(), at=line.at(), words=tuple(words))


def _ifconfig(line: Line) -> ScriptCommand | None:
    words = line["words"].split()
    following = dict(pairwise(words))
    prefix = int(line["prefix"]) if line["prefix"] else _prefix(following.get("netmask"))
    return _address(line, line["interface"], prefix)


def _ip_addr(line: Line) -> ScriptCommand | None:
    words = line["words"].split()
    following = dict(pairwise(words))
    longest = 128 if ":" in line["address"] else 32
    interface = following.get("label") or following.get("dev")
    return _address(line, interface, int(line["prefix"]) if line["prefix"] else longest)


def _address(line: Line, interface: str | None, prefix: int | None) -> ScriptCommand | None:
    try:
        ip_address(line["address"])
    except ValueError:
        return None
    return replace(
        _command("address", line),
        interface=interface,
        address=line["address"],
        prefix=prefix,
        at=line.at("address"),
    )


def _prefix(netmask: str | None) -> int | None:
    try:
        return IPv4Network(f"0.0.0.0/{netmask}").prefixlen if netmask else None
    except ValueError:
        return None


def _echo(line: Line) -> ScriptCommand:
    return _parameter(line, dotted(line["path"].removeprefix("/proc/sys/")))


def _sysctl(line: Line) -> ScriptCommand:
    return _parameter(line, dotted(line["key"]))


def _parameter(line: Line, key: str) -> ScriptCommand:
    return replace(
        _command("sysctl", line),
        key=key,
        value=line["value"].strip(),
        at=line.at("value" if line["value"] else None),
    )
