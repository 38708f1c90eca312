"""Reads /etc/hosts."""

from __future__ import annotations

from ipaddress import ip_address

from auditor.model.facts import Document, HostsEntry, Reading
from auditor.parse.grammar import Line
from auditor.parse.rows import read_rows


def read_hosts(document: Document) -> Reading[tuple[HostsEntry, ...]]:
    """Every line with an address and a name; what the resolver would pass over is Unparsed."""
    return read_rows("hosts", document, {"ENTRY": _entry})


def _entry(line: Line) -> HostsEntry | None:
    try:
        ip_address(line["address"])
    except ValueError:
        return None
    return HostsEntry(address=line["address"], names=tuple(line["names"].split()), at=line.at("address"))
