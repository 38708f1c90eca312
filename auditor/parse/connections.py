"""Reads the connections that IPVS knows, as ipvsadm and the kernel list them."""

from __future__ import annotations

from auditor.model.facts import Document, IpvsConnection, Reading
from auditor.parse.grammar import Line
from auditor.parse.ipvsadm import listed_port
from auditor.parse.proc_ip_vs import kernel_address
from auditor.parse.rows import read_rows
from auditor.parse.text import whole


def read_ipvsadm_connections(document: Document) -> Reading[tuple[IpvsConnection, ...]]:
    """The entries of ``ipvsadm -L -c``. Semantics of ipvsadm 1.21 .. 1.31."""
    return read_rows("ipvsadm-connections", document, {"CONNECTION": _listed})


def read_proc_ip_vs_conn(document: Document) -> Reading[tuple[IpvsConnection, ...]]:
    """The entries of /proc/net/ip_vs_conn, or _conn_sync, which tells their origin. Semantics of Linux 2.4 .. 6.x."""
    return read_rows("proc-ip-vs-conn", document, {"CONNECTION": _kernels})


def _listed(line: Line) -> IpvsConnection:
    return IpvsConnection(
        protocol=line["protocol"].lower(),
        state=line["state"],
        expires=whole(line["minutes"]) * 60 + int(line["seconds"]),
        client=line["client"].strip("[]"),
        client_port=listed_port(line["client_port"]),
        virtual=line["virtual"].strip("[]"),
        virtual_port=listed_port(line["virtual_port"]),
        real=line["real"].strip("[]"),
        real_port=listed_port(line["real_port"]),
        at=line.at("client"),
        pe=line["pe"] or None,
        pe_data=line["pe_data"] or None,
    )


def _kernels(line: Line) -> IpvsConnection | None:
    try:
        client, virtual, real = (kernel_address(line[side]) for side in ("client", "virtual", "real"))
    except ValueError:
        return None
    return IpvsConnection(
        protocol=line["protocol"].lower(),
        state=line["state"],
        expires=whole(line["expires"]),
        client=client,
        client_port=int(line["client_port"], 16),
        virtual=virtual,
        virtual_port=int(line["virtual_port"], 16),
        real=real,
        real_port=int(line["real_port"], 16),
        at=line.at("client"),
        origin=line["origin"].lower() or None,
        pe=line["pe"] or None,
        pe_data=line["pe_data"] or None,
    )
