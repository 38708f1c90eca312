"""What a firewall has to let through, and the marks that a mark's service waits for."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from auditor.migrate.corosync import port
from auditor.migrate.design import Design, NewHost
from auditor.migrate.tell import Told, changed, decide, lost
from auditor.model.place import At

NFT = "etc/nftables.d/lvs.nft"
FIREWALLD = "etc/firewalld/services/lvs-cluster.xml"
MARKS = "etc/nftables.d/lvs-marks.nft"
NAMES = ("lvs.nft", "lvs-cluster.xml")


def path(design: Design) -> str:
    return NFT if design.debian else FIREWALLD


def write_firewall(design: Design, host: NewHost) -> Iterator[tuple[str, str]]:
    """Path and text: openings where the old host filtered, marks where a service waits for some."""
    if not design.serves(host):
        return
    if filters(host) and openings(design):
        yield path(design), _openings(design)
    marks = [text for line in _lines(host) if (text := mark_text(line)) is not None]
    if marks:
        body = "".join(f"        {text}\n" for text in marks)
        yield (
            MARKS,
            "table inet lvs_marks {\n    chain prerouting {\n"
            "        type filter hook prerouting priority mangle; policy accept;\n"
            f"{body}    }}\n}}\n",
        )


def openings(design: Design) -> list[str]:
    ports = [port(link.number) for link in design.links] if design.pacemaker else []
    lines = []
    if design.debian:
        lines += [f"udp dport {{ {', '.join(map(str, ports))} }} accept"] if ports else []
        lines += ["ip daddr 224.0.0.81 udp dport 8848 accept"] if design.sync is not None else []
    else:
        lines += [f'<port protocol="udp" port="{number}"/>' for number in ports]
        lines += ['<port protocol="udp" port="8848"/>'] if design.sync is not None else []
    return lines


def _openings(design: Design) -> str:
    if design.debian:
        body = "".join(f"        {line}\n" for line in openings(design))
        return f"table inet filter {{\n    chain input {{\n{body}    }}\n}}\n"
    body = "".join(f"  {line}\n" for line in openings(design))
    return (
        '<?xml version="1.0" encoding="utf-8"?>\n<service>\n  <short>lvs-cluster</short>\n'
        f"  <description>corosync and the IPVS synchronisation of the directors</description>\n{body}</service>\n"
    )


def _lines(host: NewHost) -> list[str]:
    artifact = host.evidence.snapshot.artifacts.get("iptables")
    if artifact is None or artifact.state != "read":
        return []
    return artifact.content.decode("utf-8", "replace").splitlines()


def filters(host: NewHost) -> bool:
    """Some rule or policy of the old host drops or refuses."""
    return any(
        re.match(
            r"-A INPUT .*-j (?:DROP|REJECT)|:INPUT DROP|-A RH-Firewall-1-INPUT .*-j (?:DROP|REJECT)", line
        )
        for line in _lines(host)
    )


_MARK = re.compile(
    r"-A PREROUTING"
    r"(?: -d (?P<daddr>[0-9.]+)(?:/32|/255\.255\.255\.255)?)?"
    r"(?: -i (?P<iif>[A-Za-z0-9._-]{1,15}))?"
    r" -p (?P<protocol>tcp|udp)(?: -m (?:tcp|udp))?"
    r"(?: -m multiport)?(?: --dports? (?P<ports>[0-9]{1,5}(?:[:,][0-9]{1,5})*))?"
    r" -j MARK --set-x?mark (?P<mark>0x[0-9a-fA-F]{1,8}|[0-9]{1,10})(?:/0xffffffff)?"
)


_FRAME = re.compile(r"\*|COMMIT|:\S+ (?:ACCEPT|-)(?: |$)")


def mark_text(line: str) -> str | None:
    """The nft rule for a rule of iptables-save that marks; None for all others."""
    match = _MARK.fullmatch(line.strip())
    if match is None:
        return None
    words = [f"iifname {match['iif']}"] if match["iif"] else []
    words += [f"ip daddr {match['daddr']}"] if match["daddr"] else []
    if match["ports"]:
        ports = match["ports"].replace(":", "-").split(",")
        words += [
            f"{match['protocol']} dport " + (ports[0] if len(ports) == 1 else f"{{ {', '.join(ports)} }}")
        ]
    else:
        words += [f"meta l4proto {match['protocol']}"]
    return " ".join((*words, f"meta mark set {int(match['mark'], 0)}"))


def tell_iptables(design: Design, host: NewHost) -> Iterator[Told]:
    """Each rule that runs."""
    for number, line in enumerate(_lines(host), 1):
        if line.startswith(("-A", ":")) and not _FRAME.match(line):
            told = tell_line(design, host, line)
            yield replace(told, at=At(host=host.name, source="iptables-save", line=number))


def tell_line(design: Design, host: NewHost, line: str) -> Told:
    """A line of the rules: marks are carried over, the rest is for people."""
    text = mark_text(line)
    if _FRAME.match(line):
        return lost(line, "firewall-frame")
    if text is not None and design.serves(host) and any(mark_text(one) == text for one in _lines(host)):
        return changed(line, MARKS, text, "mark")
    if re.search(r"(?:--dport 694|225\.0\.0\.|224\.0\.0\.81)", line):
        return lost(line, "heartbeat-port")
    return decide(line, "firewall-rule")
