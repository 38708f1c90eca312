"""Reads kernel parameters, as they run and as files set them."""

from __future__ import annotations

import re
from dataclasses import replace

from auditor.model.facts import Document, Reading, Setting, Sysctl
from auditor.parse.grammar import Line
from auditor.parse.rows import read_rows
from auditor.parse.text import whole

_LEADING_NUMBER = re.compile(r"[ \t]*(-?)([0-9]+)")


def read_sysctl(document: Document) -> Reading[tuple[Sysctl, ...]]:
    """The output of ``sysctl -a`` or of ``grep . /proc/sys/...``; messages among the values are Unparsed."""
    return read_rows("sysctl", document, {"PATH": _running, "KEY": _setting})


def read_sysctl_conf(document: Document) -> Reading[tuple[Sysctl, ...]]:
    """Assignments of sysctl.conf(5), in order; a later one of the same key wins when they are applied.

    A key that is only taken out of globs is a ``Setting`` without a value, and no part of the reading's value.
    """
    kinds = {"ASSIGNMENT": _setting, "EXCLUSION": _exclusion}
    reading = read_rows("sysctl.conf", document, kinds, grammar="sysctl-conf")
    return replace(reading, value=tuple(one for one in reading.value if isinstance(one, Sysctl)))


def dotted(key: str) -> str:
    """One spelling for both: whichever of ``.`` and ``/`` comes first separates, the other is part of a name.

    ``net/ipv4/conf/eth0.10/rp_filter`` keeps its slashes, since a part of it has a dot.
    """
    slash, dot = key.find("/"), key.find(".")
    if slash >= 0 and (dot < 0 or slash < dot):
        parts = key.split("/")
    else:
        parts = [part.replace("/", ".") for part in key.split(".")]
    return ("/" if any("." in part for part in parts) else ".").join(parts)


def _running(line: Line) -> Sysctl:
    return _sysctl(line, dotted(line["path"]))


def _setting(line: Line) -> Sysctl:
    return _sysctl(line, dotted(line["key"]))


def _exclusion(line: Line) -> Setting:
    return Setting(key=dotted(line["key"]), value="", at=line.at("key"))


def _sysctl(line: Line, key: str) -> Sysctl:
    value = line["value"].strip(" \t\r")
    number = _LEADING_NUMBER.match(value)
    return Sysctl(
        key=key,
        value=value,
        number=None if number is None else (-1 if number[1] else 1) * whole(number[2]),
        at=line.at("value") if value else line.at(),
        ignore_error=bool(line.get("minus")),
    )
