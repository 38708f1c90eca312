"""Text to facts, one module a format.

How to add a format NAME:

1. ``grammars/NAME.lark``. Its header names file, manual page and the semantics relied on. One terminal a
   line, composed of named words and ended by EOL; ``start`` takes them in any order and always ``OTHER`` as
   well, so that any text parses. Values that matter are named groups: ``NUMBER: /(?P<number>[0-9]+)/``.
   Shared words: ``%import common.line (SP, EOL, BLANK, COMMENT, OTHER)``. An alternation inside an expression
   needs its own parentheses, ``/(?:a|b)/``; never ``\\s``; nothing that is quadratic on a long line.
   Priorities (``KEY.2``) say who wins where two terminals fit. Rules may give lines structure: the lexer
   then takes a line only where the rule allows it. A second rule in small letters, made of the same words,
   serves ``find_fault``.
2. ``auditor/parse/NAME.py`` with ``read_name(document) -> Reading[Record]``: ``for line in
   read_lines("NAME", document)``, ``match line.tag``, values by ``line["number"]``, places by
   ``line.at("number")``, numbers by ``text.whole``; ``OTHER`` becomes ``line.unparsed()``, and
   ``find_fault("NAME", "rule", line)`` says what was expected where. See ``authkeys.py``.
3. One line in ``READERS``, one line in ``tests/parse/test_totality.py``, and its cases in ``tests/parse``: what is
   understood, what is refused, what stays unknown, on one screen.

Every line that is neither blank nor comment becomes exactly one fact or one Unparsed, in order. A logical
line that spans several physical lines counts once, at the first of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from auditor.model.facts import Document, Reading


@dataclass(frozen=True, slots=True)
class Reader:
    """A reader whose module is loaded at its first use. ``grammar``: the file that finds the lines of the format."""

    module: str
    function: str
    grammar: str

    def __call__(self, document: Document) -> Reading[Any]:
        reading: Reading[Any] = getattr(import_module(f"auditor.parse.{self.module}"), self.function)(
            document
        )
        return reading


def read(format: str, document: Document) -> Reading[Any]:
    """Read a document with the reader of its format; KeyError for a format that has none."""
    return READERS[format](document)


def lay_out(reading: Reading[Any], document: Document) -> list[tuple[str, object | None]]:
    """The document's text in pieces, in order: the lines of each fact or Unparsed with it, all else with None.

    Joined they are the text again, to the last character: who changes a fact's piece leaves the rest as it was.
    """
    from auditor.parse.grammar import read_lines

    known: list[Any] = [*reading.facts, *reading.unparsed]
    facts = {fact.at.line: fact for fact in known}
    return [
        (document.text[line.start : line.start + len(line.text) + 1], facts.get(line.number))
        for line in read_lines(READERS[reading.format].grammar, document)
    ]


READERS: dict[str, Reader] = {
    "authkeys": Reader("authkeys", "read_authkeys", "authkeys"),
    "ha.cf": Reader("ha_cf", "read_ha_cf", "ha-cf"),
    "haresources": Reader("haresources", "read_haresources", "haresources"),
    "ldirectord": Reader("ldirectord", "read_ldirectord", "ldirectord"),
    "keepalived": Reader("keepalived", "read_keepalived", "keepalived"),
    "ifcfg": Reader("sysconfig", "read_ifcfg", "sysconfig"),
    "sysconfig": Reader("sysconfig", "read_sysconfig", "sysconfig"),
    "network": Reader("sysconfig", "read_network", "sysconfig"),
    "hosts": Reader("hosts", "read_hosts", "hosts"),
    "sysctl": Reader("sysctl", "read_sysctl", "sysctl"),
    "sysctl.conf": Reader("sysctl", "read_sysctl_conf", "sysctl-conf"),
    "rc.local": Reader("script", "read_script", "script"),
    "init-header": Reader("init_header", "read_init_header", "init-header"),
    "modprobe": Reader("modprobe", "read_modprobe", "modprobe"),
    "inittab": Reader("inittab", "read_inittab", "inittab"),
    "ipvsadm": Reader("ipvsadm", "read_ipvsadm", "ipvsadm"),
    "ipvsadm-stats": Reader("ipvsadm", "read_ipvsadm_stats", "ipvsadm-stats"),
    "ipvsadm-thresholds": Reader("ipvsadm", "read_ipvsadm_thresholds", "ipvsadm-thresholds"),
    "ipvsadm-timeout": Reader("ipvsadm", "read_ipvsadm_timeout", "ipvsadm-timeout"),
    "ipvsadm-daemon": Reader("ipvsadm", "read_ipvsadm_daemon", "ipvsadm-daemon"),
    "ipvsadm-rules": Reader("ipvsadm_rules", "read_ipvsadm_rules", "ipvsadm-rules"),
    "ipvsadm-persistent": Reader("ipvsadm", "read_ipvsadm_persistent", "ipvsadm-persistent"),
    "ipvsadm-connections": Reader("connections", "read_ipvsadm_connections", "ipvsadm-connections"),
    "proc-ip-vs-conn": Reader("connections", "read_proc_ip_vs_conn", "proc-ip-vs-conn"),
    "proc-ip-vs-stats": Reader("proc_ip_vs_stats", "read_proc_ip_vs_stats", "proc-ip-vs-stats"),
    "proc-net-tcp": Reader("proc_net_tcp", "read_proc_net_tcp", "proc-net-tcp"),
    "chkconfig": Reader("chkconfig", "read_chkconfig", "chkconfig"),
    "listing": Reader("listing", "read_listing", "listing"),
    "ifconfig": Reader("ifconfig", "read_ifconfig", "ifconfig"),
    "iptables": Reader("firewall", "read_iptables", "firewall"),
    "arptables": Reader("firewall", "read_arptables", "firewall"),
    "proc-ip-vs": Reader("proc_ip_vs", "read_proc_ip_vs", "proc-ip-vs"),
    "ip-addr": Reader("ip_addr", "read_ip_addr", "ip-addr"),
    "ip-route": Reader("ip_route", "read_ip_route", "ip-route"),
    "route": Reader("ip_route", "read_route", "route"),
    "date": Reader("date", "read_date", "date"),
    "log": Reader("log", "read_log", "log"),
    "modules": Reader("modules", "read_modules", "modules"),
    "packages": Reader("packages", "read_packages", "packages"),
    "uname": Reader("uname", "read_uname", "uname"),
    "ps": Reader("ps", "read_ps", "ps"),
    "release": Reader("release", "read_release", "release"),
}
