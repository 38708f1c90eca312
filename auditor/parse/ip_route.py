"""Reads the routes that ip lists, and those that route does."""

from __future__ import annotations

from ipaddress import IPv4Network
from itertools import pairwise

from auditor.model.facts import Document, Reading, Route
from auditor.parse.grammar import Line
from auditor.parse.rows import read_rows
from auditor.parse.text import whole

_ANY = "0.0.0.0"  # noqa: S104


def read_ip_route(document: Document) -> Reading[tuple[Route, ...]]:
    """Every route in order; a further hop of a multipath route counts as a route to the same destination."""
    last: list[Route] = []

    def route(line: Line) -> Route:
        last[:] = [_route(line, line["destination"], line["kind"] or "unicast")]
        return last[0]

    def hop(line: Line) -> Route | None:
        return _route(line, last[0].destination, last[0].kind) if last else None

    return read_rows("ip-route", document, {"ROUTE": route, "NEXTHOP": hop})


def read_route(document: Document) -> Reading[tuple[Route, ...]]:
    """The rows of route or netstat -r; a mask that is none leaves its line Unparsed."""
    return read_rows("route", document, {"ROUTE": _row})


def _row(line: Line) -> Route | None:
    try:
        prefix = IPv4Network(f"0.0.0.0/{line['mask']}").prefixlen
    except ValueError:
        return None
    default = line["destination"] in {"default", _ANY} and prefix == 0
    written = line["destination"]
    gateway, interface = line["gateway"], line["interface"]
    return Route(
        destination="default" if default else written if prefix == 32 else f"{written}/{prefix}",
        gateway=None if gateway in {_ANY, "*", "-"} else gateway,
        interface=None if interface == "-" else interface,
        kind="unreachable" if "!" in line["flags"] else "unicast",
        table=None,
        source=None,
        metric=None,
        at=line.at("destination"),
    )


def _route(line: Line, destination: str, kind: str) -> Route:
    words = [word for word in line["rest"].split() if word not in {"inet", "inet6"}]
    following = dict(pairwise(words))
    metric = following.get("metric", "")
    return Route(
        destination=destination,
        gateway=following.get("via"),
        interface=following.get("dev"),
        kind=kind,
        table=following.get("table"),
        source=following.get("src"),
        metric=whole(metric) if metric.isdecimal() else None,
        at=line.at("destination") if line.tag == "ROUTE" else line.at(),
    )
