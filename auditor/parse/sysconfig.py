"""Reads the shell variables of /etc/sysconfig: the host's network, and one file an interface."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable
from dataclasses import replace

from auditor.model.facts import Document, Ifcfg, NetworkFile, Reading, Setting
from auditor.parse.grammar import Line
from auditor.parse.rows import read_rows


def read_sysconfig(document: Document) -> Reading[tuple[Setting, ...]]:
    """The variables of any other file of /etc/sysconfig, in order."""
    return read_rows("sysconfig", document, {"ASSIGNMENT": setting})


def read_network(document: Document) -> Reading[NetworkFile]:
    reading = read_rows("network", document, {"ASSIGNMENT": setting}, grammar="sysconfig")
    last = last_of(reading.facts)
    value = NetworkFile(
        settings=reading.value, hostname=last.get("HOSTNAME"), gateway=last.get("GATEWAY"), at=document.at
    )
    return replace(reading, value=value)  # type: ignore[arg-type, return-value]


def read_ifcfg(document: Document) -> Reading[Ifcfg]:
    """One interface or alias. Without a DEVICE line the file's own name tells, as ifup takes it."""
    reading = read_rows("ifcfg", document, {"ASSIGNMENT": setting}, grammar="sysconfig")
    last = last_of(reading.facts)
    path = document.at.source
    named = posixpath.basename(path).removeprefix("ifcfg-")
    value = Ifcfg(
        path=path,
        device=last["DEVICE"].value if "DEVICE" in last else named,
        settings=reading.value,
        address=last.get("IPADDR"),
        netmask=last.get("NETMASK"),
        prefix=last.get("PREFIX"),
        onboot=last.get("ONBOOT"),
        onparent=last.get("ONPARENT"),
        arp=last.get("ARP"),
        gateway=last.get("GATEWAY"),
        at=document.at,
    )
    return replace(reading, value=value)  # type: ignore[arg-type, return-value]


def last_of(settings: Iterable[object]) -> dict[str, Setting]:
    """The assignment that counts, by name."""
    return {setting.key: setting for setting in settings if isinstance(setting, Setting)}


def setting(line: Line) -> Setting:
    """One assignment, without its quotes. A carriage return at its end belongs to the value, as for the shell."""
    for quoted in ("double", "single", "plain"):
        value = line.get(quoted)
        if value is not None:
            place = line.at(quoted if value else "key")
            return Setting(key=line["key"], value=value + line["return"], at=place)
    return Setting(key=line["key"], value="", at=line.at("key"))
