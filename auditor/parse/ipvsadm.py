"""Reads what ipvsadm lists: the table, counters, limits, timeouts and sync daemons."""

from __future__ import annotations

from dataclasses import replace

from auditor.model.facts import (
    Document,
    IpvsCounters,
    IpvsLimits,
    IpvsPersistence,
    IpvsRates,
    IpvsReal,
    IpvsService,
    IpvsTable,
    IpvsTimeouts,
    Reading,
    SyncDaemon,
)
from auditor.model.place import At
from auditor.parse.draft import Draft
from auditor.parse.grammar import Line, read_lines
from auditor.parse.rows import heading
from auditor.parse.text import whole

FORWARDING = {
    "Route": "gate",
    "Masq": "masq",
    "Tunnel": "ipip",
    "Local": "local",
    "FullNat": "fullnat",
    "(null)": "bypass",
}
"""The kernel's words, and ours."""


def read_ipvsadm(document: Document) -> Reading[IpvsTable]:
    """The table of ``ipvsadm -Ln``, its services in the order of the listing.

    Semantics of ipvsadm 1.21 .. 1.31. A listing without ``-n`` has names for addresses and ports.
    """
    draft = Draft("ipvsadm", document)
    table = TableDraft(draft)
    for line in read_lines("ipvsadm", document):
        match line.tag:
            case "VIRTUAL":
                table.add_service(_service(line))
            case "REAL":
                table.add_real(
                    IpvsReal(
                        address=line["address"].strip("[]"),
                        port=listed_port(line["port"]),
                        forwarding=FORWARDING[line["forward"]],
                        weight=listed_weight(line["weight"]),
                        active=whole(line["active"]),
                        inactive=whole(line["inactive"]),
                        at=line.at("address"),
                        tunnel=line["tunnel"] if line["tunnel"] not in {"", "n/a"} else None,
                    )
                )
            case "BLANK":
                pass
            case _:
                table.add_other(line)
    return draft.finish(table.finish())


def read_ipvsadm_stats(document: Document) -> Reading[tuple[IpvsCounters, ...]]:
    """The rows of ``ipvsadm -Ln --stats``; a suffix is multiplied out, by thousands, and noted.

    Semantics of ipvsadm 1.24 .. 1.31. Rates (``--rate``) are facts of their own kind and no part of the value.
    """
    draft = Draft("ipvsadm-stats", document)
    rows: list[IpvsCounters] = []
    name = ""
    rates = False
    for line in read_lines("ipvsadm-stats", document):
        match line.tag:
            case "VIRTUAL" | "REAL":
                name = _name(line) if line.tag == "VIRTUAL" else name
                real = _endpoint(line) if line.tag == "REAL" else None
                texts = [line[field] for field in _COUNTERS]
                numbers = dict(zip(_COUNTERS, map(_largenum, texts), strict=True))
                approximate = any(text[-1].isalpha() for text in texts)
                if rates:
                    draft.facts.append(
                        IpvsRates(name=name, real=real, approximate=approximate, at=line.at(), **numbers)
                    )
                else:
                    rows.append(
                        IpvsCounters(name=name, real=real, approximate=approximate, at=line.at(), **numbers)
                    )
                    draft.facts.append(rows[-1])
            case "VERSION" | "LOCAL" | "RATES" | "REMOTE":
                rates = line.tag == "RATES" or (rates and line.tag == "REMOTE")
                draft.facts.append(heading(line))
            case "BROKEN" | "OTHER":
                draft.leave(line)
    return draft.finish(tuple(rows))


def read_ipvsadm_persistent(document: Document) -> Reading[tuple[IpvsPersistence, ...]]:
    """The real servers of ``ipvsadm -Ln --persistent-conn``. Semantics of ipvsadm 1.24 .. 1.31."""
    draft = Draft("ipvsadm-persistent", document)
    rows: list[IpvsPersistence] = []
    name = ""
    for line in read_lines("ipvsadm-persistent", document):
        match line.tag:
            case "VIRTUAL":
                service = _service(line)
                name = service.name
                draft.facts.append(service)
            case "REAL":
                row = IpvsPersistence(
                    name=name,
                    real=_endpoint(line),
                    weight=listed_weight(line["weight"]),
                    persistent=whole(line["persistents"]),
                    active=whole(line["active"]),
                    inactive=whole(line["inactive"]),
                    at=line.at("address"),
                )
                rows.append(row)
                draft.facts.append(row)
            case "VERSION" | "LOCAL" | "REMOTE":
                draft.facts.append(heading(line))
            case "BROKEN" | "OTHER":
                draft.leave(line)
    return draft.finish(tuple(rows))


def read_ipvsadm_thresholds(document: Document) -> Reading[tuple[IpvsLimits, ...]]:
    """The real servers of ``ipvsadm -Ln --thresholds``, 0 being no limit. Semantics of ipvsadm 1.21 .. 1.31."""
    draft = Draft("ipvsadm-thresholds", document)
    rows: list[IpvsLimits] = []
    name = ""
    for line in read_lines("ipvsadm-thresholds", document):
        match line.tag:
            case "VIRTUAL":
                service = _service(line)
                name = service.name
                draft.facts.append(service)
            case "REAL":
                row = IpvsLimits(
                    name=name,
                    real=_endpoint(line),
                    upper=whole(line["upper"]),
                    lower=whole(line["lower"]),
                    active=whole(line["active"]),
                    inactive=whole(line["inactive"]),
                    at=line.at("address"),
                )
                rows.append(row)
                draft.facts.append(row)
            case "VERSION" | "LOCAL" | "REMOTE":
                draft.facts.append(heading(line))
            case "BROKEN" | "OTHER":
                draft.leave(line)
    return draft.finish(tuple(rows))


def read_ipvsadm_timeout(document: Document) -> Reading[IpvsTimeouts | None]:
    """Seconds; None when no line states them. Semantics of ipvsadm 1.21 .. 1.31."""
    draft = Draft("ipvsadm-timeout", document)
    value: IpvsTimeouts | None = None
    for line in read_lines("ipvsadm-timeout", document):
        if line.tag == "TIMEOUT":
            tcp, tcpfin, udp = (whole(line[field]) for field in ("tcp", "tcpfin", "udp"))
            value = IpvsTimeouts(tcp=tcp, tcpfin=tcpfin, udp=udp, at=line.at())
            draft.facts.append(value)
        elif line.tag == "OTHER":
            draft.leave(line)
    return draft.finish(value)


def read_ipvsadm_daemon(document: Document) -> Reading[tuple[SyncDaemon, ...]]:
    """None to two daemons; an empty output means that none runs. Semantics of ipvsadm 1.21 .. 1.31."""
    draft = Draft("ipvsadm-daemon", document)
    daemons: list[SyncDaemon] = []
    for line in read_lines("ipvsadm-daemon", document):
        if line.tag == "DAEMON":
            daemon = SyncDaemon(
                role=line["role"],
                interface=line["interface"],
                syncid=whole(line["syncid"]),
                at=line.at(),
            )
            daemons.append(daemon)
            draft.facts.append(daemon)
        elif line.tag == "OTHER":
            draft.leave(line)
    return draft.finish(tuple(daemons))


class TableDraft:
    """A table in the making: real servers go to the service that stands above them."""

    def __init__(self, draft: Draft) -> None:
        self._draft = draft
        self._heads: list[tuple[int, IpvsService]] = []
        self._reals: list[list[IpvsReal]] = []
        self._version: str | None = None
        self._size: int | None = None

    def add_service(self, service: IpvsService) -> None:
        self._heads.append((len(self._draft.facts), service))
        self._reals.append([])
        self._draft.facts.append(service)

    def add_real(self, real: IpvsReal) -> None:
        self._reals[-1].append(real)
        self._draft.facts.append(real)

    def add_other(self, line: Line) -> None:
        """A title, or a line that is not understood."""
        if line.tag == "VERSION":
            self._version, self._size = line["version"], whole(line["size"])
        if line.tag in {"BROKEN", "OTHER"}:
            self._draft.leave(line)
        else:
            self._draft.facts.append(heading(line))

    def finish(self) -> IpvsTable:
        services = []
        for (index, head), reals in zip(self._heads, self._reals, strict=True):
            service = replace(head, reals=tuple(reals))
            self._draft.facts[index] = service
            services.append(service)
        return IpvsTable(
            version=self._version, size=self._size, services=tuple(services), at=self._draft.document.at
        )


def name_endpoint(address: str, port: int) -> str:
    """``10.0.0.1:80``, ``[2001:db8::1]:80``."""
    return f"[{address}]:{port}" if ":" in address else f"{address}:{port}"


def listed_port(text: str) -> int | None:
    """0 where none is listed; None for a name, which stands in listings without ``-n``."""
    return whole(text or "0") if not text.strip("0123456789") else None


_COUNTERS = ("connections", "in_packets", "out_packets", "in_bytes", "out_bytes")
_FACTORS = {"K": 10**3, "M": 10**6, "G": 10**9, "T": 10**12}


def _service(line: Line) -> IpvsService:
    mark, address, options = line["mark"], line["address"], line["flags"]
    return IpvsService(
        name=_name(line),
        address=address.strip("[]") or None,
        port=None if mark else listed_port(line["port"]),
        mark=whole(mark) if mark else None,
        family=6 if line["ipv6"] or address.startswith("[") else 4,
        protocol="fwm" if mark else line["protocol"].lower(),
        scheduler=line["scheduler"],
        flags=tuple(options.split(",")) if options else (),
        persistent=whole(line["persistent"]) if line["persistent"] else None,
        netmask=line["netmask"] or None,
        ops=bool(line["ops"]),
        pe=line["pe"] or None,
        reals=(),
        at=_service_at(line),
    )


def _service_at(line: Line) -> At:
    return line.at("mark" if line["mark"] else "address")


def _name(line: Line) -> str:
    return str(whole(line["mark"])) if line["mark"] else _endpoint(line)


def _endpoint(line: Line) -> str:
    """``address:port`` as listed, the address of a port that has a name included."""
    address, port = line["address"].strip("[]"), listed_port(line["port"])
    return f"{address}:{line['port']}" if port is None else name_endpoint(address, port)


def listed_weight(text: str) -> int:
    """Negative where a patched kernel, or an overflow, made it so."""
    return -whole(text[1:]) if text.startswith("-") else whole(text)


def _largenum(text: str) -> int:
    return whole(text.rstrip("KMGT")) * _FACTORS.get(text[-1], 1)
