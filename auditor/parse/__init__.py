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
3. One line in ``READERS``, one line in ``tests/parse/test_totality.py``.

Every line that is neither blank nor comment becomes exactly one fact or one Unparsed, in order. A logical
line that spans several physical lines counts once, at the first of them.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from auditor.model.facts import Document, Reading

Reader = Callable[["Document"], "Reading[Any]"]


def read(format: str, document: Document) -> Reading[Any]:
    """Read a document with the reader of its format; KeyError for a format that has none."""
    return READERS[format](document)


def _reader(module: str, function: str) -> Reader:
    """A reader whose module is loaded at its first use."""

    def read_lazily(document: Document) -> Reading[Any]:
        reading: Reading[Any] = getattr(import_module(f"auditor.parse.{module}"), function)(document)
        return reading

    return read_lazily


READERS: dict[str, Reader] = {
    "authkeys": _reader("authkeys", "read_authkeys"),
    "ha.cf": _reader("ha_cf", "read_ha_cf"),
    "haresources": _reader("haresources", "read_haresources"),
    "ldirectord": _reader("ldirectord", "read_ldirectord"),
    "keepalived": _reader("keepalived", "read_keepalived"),
    "ifcfg": _reader("sysconfig", "read_ifcfg"),
    "network": _reader("sysconfig", "read_network"),
    "hosts": _reader("hosts", "read_hosts"),
    "sysctl": _reader("sysctl", "read_sysctl"),
    "sysctl.conf": _reader("sysctl", "read_sysctl_conf"),
    "rc.local": _reader("script", "read_script"),
    "init-header": _reader("init_header", "read_init_header"),
    "modprobe": _reader("modprobe", "read_modprobe"),
    "inittab": _reader("inittab", "read_inittab"),
    "ipvsadm": _reader("ipvsadm", "read_ipvsadm"),
    "ipvsadm-stats": _reader("ipvsadm", "read_ipvsadm_stats"),
    "ipvsadm-thresholds": _reader("ipvsadm", "read_ipvsadm_thresholds"),
    "ipvsadm-timeout": _reader("ipvsadm", "read_ipvsadm_timeout"),
    "ipvsadm-daemon": _reader("ipvsadm", "read_ipvsadm_daemon"),
    "ipvsadm-rules": _reader("ipvsadm_rules", "read_ipvsadm_rules"),
    "ipvsadm-persistent": _reader("ipvsadm", "read_ipvsadm_persistent"),
    "ipvsadm-connections": _reader("connections", "read_ipvsadm_connections"),
    "proc-ip-vs-conn": _reader("connections", "read_proc_ip_vs_conn"),
    "proc-ip-vs-stats": _reader("proc_ip_vs_stats", "read_proc_ip_vs_stats"),
    "proc-net-tcp": _reader("proc_net_tcp", "read_proc_net_tcp"),
    "chkconfig": _reader("chkconfig", "read_chkconfig"),
    "ifconfig": _reader("ifconfig", "read_ifconfig"),
    "iptables": _reader("firewall", "read_iptables"),
    "arptables": _reader("firewall", "read_arptables"),
    "proc-ip-vs": _reader("proc_ip_vs", "read_proc_ip_vs"),
    "ip-addr": _reader("ip_addr", "read_ip_addr"),
    "ip-route": _reader("ip_route", "read_ip_route"),
    "modules": _reader("modules", "read_modules"),
    "packages": _reader("packages", "read_packages"),
    "uname": _reader("uname", "read_uname"),
    "ps": _reader("ps", "read_ps"),
    "release": _reader("release", "read_release"),
}
