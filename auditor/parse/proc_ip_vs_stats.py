"""Reads the counters that the kernel keeps of the whole IPVS table."""

from __future__ import annotations

from auditor.model.facts import Document, IpvsRates, IpvsStats, IpvsTotals, Reading
from auditor.parse.draft import Draft
from auditor.parse.grammar import Line, read_lines
from auditor.parse.rows import heading

_FIELDS = ("connections", "in_packets", "out_packets", "in_bytes", "out_bytes")
_LARGEST = 2**63 - 1


def read_proc_ip_vs_stats(document: Document) -> Reading[IpvsStats]:
    """``totals`` is the row of all processors. Semantics of Linux 2.4 .. 6.x."""
    draft = Draft("proc-ip-vs-stats", document)
    totals: IpvsTotals | None = None
    rates: IpvsRates | None = None
    cpus: list[IpvsTotals] = []
    for line in read_lines("proc-ip-vs-stats", document):
        match line.tag:
            case "TOTALS" | "CPU":
                row = _totals(line)
                draft.facts.append(row)
                if row.cpu is None:
                    totals = row
                else:
                    cpus.append(row)
            case "RATES":
                rates = IpvsRates(**_counters(line), name=None, real=None, approximate=False, at=line.at())
                draft.facts.append(rates)
            case "TITLE" | "RATES_TITLE":
                draft.facts.append(heading(line))
            case "OTHER":
                draft.leave(line)
    return draft.finish(IpvsStats(totals=totals, rates=rates, cpus=tuple(cpus), at=document.at))


def _totals(line: Line) -> IpvsTotals:
    cpu = line.get("cpu")
    return IpvsTotals(
        **_counters(line), cpu=None if cpu in {None, "~"} else _number(line["cpu"]), at=line.at("connections")
    )


def _counters(line: Line) -> dict[str, int]:
    return {field: _number(line[field]) for field in _FIELDS}


def _number(digits: str) -> int:
    return min(int(digits, 16), _LARGEST)
