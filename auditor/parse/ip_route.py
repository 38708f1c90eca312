"""Reads the routes that ip lists."""

from __future__ import annotations

from itertools import pairwise

from auditor.model.facts import Document, Reading, Route
from auditor.parse.grammar import Line
from auditor.parse.rows import read_rows
from auditor.parse.text import whole


def read_ip_route(document: Document) -> Reading[tuple[Route, ...]]:
    """Every route in order; a further hop of a multipath route counts as a route to the same destination."""
    last: list[Route] = []

    def route(line: Line) -> Route:
        last[:] = [_route(line, line["destination"], line["kind"] or "unicast")]
        return last[0]

    def hop(line: Line) -> Route | None:
        return _route(line, last[0].destination, last[0].kind) if last else None

    return read_rows("ip-route", document, {"ROUTE": route, "NEXTHOP": hop})


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
