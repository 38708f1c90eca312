"""Reads rules of iptables and arptables: what they mark, let pass, redirect and silence."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from auditor.model.facts import Document, FilterChain, FilterRule, FilterTable, Firewall, Reading
from auditor.model.place import At
from auditor.parse.draft import Draft
from auditor.parse.grammar import Line
from auditor.parse.rows import heading
from auditor.parse.text import whole
from auditor.parse.words import Word, unquote


def read_iptables(document: Document) -> Reading[Firewall]:
    """What iptables-save or ip6tables-save prints; an address tells which of the two, 4 where none stands."""
    return _read("iptables", "4", document)


def read_arptables(document: Document) -> Reading[Firewall]:
    """What arptables-save prints, that of arptables_jf too, whose chains are called IN and OUT."""
    return _read("arptables", "arp", document)


def read_rule(words: Sequence[Word], family: str, table: str, at: At) -> FilterRule | None:
    """One rule from the words behind the program's name; None where the command adds none, or is not understood.

    Words that no field of the record tells, such as other matches, stay in ``others``.
    """
    fields: dict[str, Any] = {"table": table}
    negated: set[str] = set()
    others: list[str] = []
    negation = False
    rest = iter(words)
    for word in rest:
        option, equals, text = word.text.partition("=")
        field = None if word.quoted else _FIELDS.get(option)
        if field is not None and not equals:
            text = _next(rest)
            if text == "!":
                negation, text = True, _next(rest)
        if field == "match":
            others += [] if text in _KNOWN_MATCHES else [option, text]
        elif field is not None:
            try:
                fields[field] = _VALUES.get(field, str)(text)
            except ValueError:
                return None
            if negation:
                negated.add(field)
        elif word.text != "!":
            others += ["!", word.text] if negation else [word.text]
        negation = field is None and word.text == "!"
    if not fields.get("chain"):
        return None
    if family == "4" and ":" in fields.get("source", "") + fields.get("destination", ""):
        family = "6"
    return FilterRule(
        **{"target": None, **fields},
        family=family,
        words=tuple(word.text for word in words),
        at=at,
        negated=frozenset(negated),
        others=tuple(others),
    )


def _next(words: Iterator[Word]) -> str:
    word = next(words, None)
    return "" if word is None else word.text


_WORD = re.compile(r'(?:[^ \t\r"\\]|\\[^\n]|"(?:[^"\\]|\\[^\n])*+"|["\\])++')
_LONGEST = 10240
"""iptables-restore refuses a longer line."""


def _read(format: str, family: str, document: Document) -> Reading[Firewall]:
    draft = Draft(format, document)
    table = "filter"
    chains: list[FilterChain] = []
    rules: list[FilterRule] = []
    for line in draft.file_lines("firewall"):
        match line.tag:
            case "TABLE":
                table = line["table"]
                draft.facts.append(FilterTable(name=table, at=line.at("table")))
            case "CHAIN":
                policy = None if line["policy"] == "-" else line["policy"]
                chain = FilterChain(table=table, name=line["chain"], policy=policy, at=line.at("chain"))
                chains.append(chain)
                draft.facts.append(chain)
            case "RULE" if len(line.text) <= _LONGEST and (rule := _rule(line, family, table)) is not None:
                rules.append(rule)
                draft.facts.append(rule)
            case "COMMIT":
                draft.facts.append(heading(line))
            case "BLANK" | "COMMENT":
                pass
            case _:
                draft.leave(line)
    return draft.finish(Firewall(chains=tuple(chains), rules=tuple(rules), at=document.at))


def _rule(line: Line, family: str, table: str) -> FilterRule | None:
    words = [
        Word(unquote(match[0]), line, match.start(), match.end())
        for match in _WORD.finditer(line.text, *line.span("words"))
    ]
    return read_rule(words, family, table, line.at("words"))


def _ports(text: str) -> tuple[tuple[int, int], ...]:
    """``80``, ``1024:`` and ``22,80,6000:6010``, well-known names among them."""
    return tuple(_span(part) for part in text.split(","))


def _span(text: str) -> tuple[int, int]:
    first, colon, last = text.partition(":")
    low = _port(first) if first or not colon else 0
    high = low if not colon else _port(last) if last else 65535
    return low, high


def _port(text: str) -> int:
    number = _PORTS[text] if text in _PORTS else whole(text) if text.isascii() and text.isdecimal() else -1
    if not 0 <= number <= 65535:
        raise ValueError(text)
    return number


_PORTS = {
    "ftp": 21,
    "ssh": 22,
    "telnet": 23,
    "smtp": 25,
    "domain": 53,
    "http": 80,
    "www": 80,
    "pop3": 110,
    "ntp": 123,
    "imap": 143,
    "snmp": 161,
    "https": 443,
    "syslog": 514,
    "ha-cluster": 694,
    "imaps": 993,
    "pop3s": 995,
    "mysql": 3306,
}


def _mark(text: str) -> int:
    """The mark before the mask; decimal, or hexadecimal behind 0x."""
    return min(int(text.partition("/")[0][:40], 0), 2**32 - 1)


_KNOWN_MATCHES = frozenset({"tcp", "udp", "state", "conntrack", "multiport", "mark"})
_FIELDS = {
    **dict.fromkeys(("-m", "--match"), "match"),
    **dict.fromkeys(("-A", "--append", "-I", "--insert"), "chain"),
    **dict.fromkeys(("-t", "--table"), "table"),
    **dict.fromkeys(("-j", "--jump", "-g", "--goto"), "target"),
    **dict.fromkeys(("-p", "--protocol", "--proto"), "protocol"),
    **dict.fromkeys(("-s", "--source", "--src", "--source-ip"), "source"),
    **dict.fromkeys(("-d", "--destination", "--dst", "--destination-ip"), "destination"),
    **dict.fromkeys(("-i", "--in-interface"), "in_interface"),
    **dict.fromkeys(("-o", "--out-interface"), "out_interface"),
    **dict.fromkeys(("--dport", "--destination-port", "--dports", "--destination-ports"), "ports"),
    **dict.fromkeys(("--sport", "--source-port", "--sports", "--source-ports"), "source_ports"),
    **dict.fromkeys(("--state", "--ctstate"), "states"),
    "--mark": "mark",
    **dict.fromkeys(("--set-mark", "--set-xmark", "--tproxy-mark"), "set_mark"),
    **dict.fromkeys(("--to-ports", "--to-destination", "--to-source", "--on-ip", "--on-port"), "to"),
    **dict.fromkeys(("--mangle-ip-s", "--mangle-ip-d"), "to"),
}
_VALUES: dict[str, Callable[[str], Any]] = {
    "ports": _ports,
    "source_ports": _ports,
    "states": lambda text: frozenset(text.split(",")),
    "mark": _mark,
    "set_mark": _mark,
}
