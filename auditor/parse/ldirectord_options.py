"""Which directives each release of ldirectord knows, and what it makes of their values."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import NamedTuple

from auditor.parse.ldirectord_words import is_refusal
from auditor.parse.text import BLANKS, whole

RELEASES = ("2004", "2009", "4.12")
"""1.77 of September 2004 (heartbeat 1.2), 1.186 of August 2009 (heartbeat 2 and 3), and Debian 12's."""


class Checked(NamedTuple):
    """The value as the daemon uses it, and the code and words of what there is to say about it."""

    value: str
    code: str | None = None
    words: Mapping[str, str] = MappingProxyType({})

    @property
    def refused(self) -> bool:
        return self.code is not None and is_refusal(self.code)


Check = Callable[[str], Checked]


@dataclass(frozen=True, slots=True)
class Option:
    """The releases that know a directive, and the check of its value."""

    releases: tuple[str, ...]
    check: Check


def check_checktype(value: str, era: int) -> Checked:
    digits = re.search(r"[0-9]+", value)
    if digits is not None:
        if value.strip(BLANKS) == digits[0]:
            return Checked("combined")
        return Checked("combined", "checktype-number", {"value": value.strip(BLANKS), "used": digits[0]})
    word = re.search(r"[A-Za-z0-9_]+" if era == 0 else r"[A-Za-z0-9_-]+", value)
    if word is None or word[0] not in _CHECKTYPES[era]:
        return _refuse_choice("checktype", value, (*_CHECKTYPES[era], "a number"))
    return _cut(value, word[0])


def check_service(value: str, era: int) -> Checked:
    word = re.search(r"[A-Za-z0-9_]+", value)
    if word is None or word[0] not in _SERVICES[era]:
        return _refuse_choice("service", value, _SERVICES[era])
    return _cut(value, word[0])


def check_netmask(value: str, family: int, era: int) -> Checked:
    if family == 6 and era == 2:
        if re.fullmatch(r"[0-9]+", value) and 1 <= whole(value) <= 128:
            return Checked(value)
        return Checked(value, "netmask prefix", {"value": value.strip(BLANKS)})
    expression = r"[0-9]+\.[0-9]+\.[0-9]+\.[0-9]+"
    quad = re.fullmatch(expression, value) if era == 2 else re.search(expression, value)
    return Checked(value, "netmask", {"value": value.strip(BLANKS)}) if quad is None else _cut(value, quad[0])


def check_protocol(value: str) -> Checked:
    word = re.search(r"[A-Za-z0-9_]+", value)
    if word is None:
        return _refuse_choice("protocol", value, ("tcp", "udp", "fwm"))
    return _cut(value, word[0])


def check_supervised(rest: str, era: int) -> Checked:
    """The line that begins with supervised and has no value."""
    if rest.strip(BLANKS) and era > 0:
        return Checked(rest, "yes-no", {"value": f"supervised{rest}".strip(BLANKS)})
    return Checked("yes", "bare-supervised")


def default_service(port: int | None, era: int) -> str:
    """What is checked where no service is given: by port, as far as the release knows the service."""
    service = _SERVICE_OF_PORT.get(port or 0, "none")
    return service if service in _SERVICES[era] else "none"


# -- checks of a value alone ------------------------------------------------


def _anything(value: str) -> Checked:
    return Checked(value)


def _something(value: str) -> Checked:
    return Checked(value) if value else Checked(value, "empty")


def _yes_no(value: str) -> Checked:
    if value in {"yes", "no"}:
        return Checked(value)
    bare = value.strip(BLANKS)
    commented = re.match(r"(yes|no)[ \t]*#", value)
    if commented is not None:
        return Checked(bare, "yes-no comment", {"value": commented[1]})
    return Checked(bare, "yes-no blank" if bare in {"yes", "no"} else "yes-no", {"value": bare})


def _number(value: str) -> Checked:
    """The first digits of all; 0 is false to Perl and 00 is not."""
    digits = re.search(r"[0-9]+", value)
    if digits is None or digits[0] == "0":
        return Checked(value, "number above", {"value": value.strip(BLANKS)})
    return _cut_number(value, digits[0])


def _number_above_zero(value: str) -> Checked:
    digits = re.search(r"[0-9]+", value)
    if digits is None or not digits[0].strip("0"):
        return Checked(value, "number above", {"value": value.strip(BLANKS)})
    return _cut_number(value, digits[0])


def _number_or_zero(value: str) -> Checked:
    digits = re.search(r"[0-9]+", value)
    return (
        Checked(value, "number", {"value": value.strip(BLANKS)})
        if digits is None
        else _cut_number(value, digits[0])
    )


def _leading_number(value: str) -> Checked:
    digits = re.match(r"[0-9]+", value)
    return (
        Checked(value, "number", {"value": value.strip(BLANKS)})
        if digits is None
        else _cut_number(value, digits[0])
    )


def _port(value: str) -> Checked:
    number = _number_or_zero(value)
    if number.refused or 0 < int(number.value) < 65536:
        return number
    return Checked(number.value, "port", {"value": number.value})


def _quoted(value: str) -> Checked:
    inner = _between_quotes(value)
    if inner is None:
        return Checked(value, "quotes", {"value": value.strip(BLANKS) or "nothing"})
    return Checked(inner) if inner else Checked(value, "empty")


def _quoted_or_empty(value: str) -> Checked:
    return Checked("") if value.startswith('""') else _quoted(value)


def _maybe_quoted(value: str) -> Checked:
    inner = _between_quotes(value)
    return _something(value if inner is None else inner)


def _load(value: str) -> Checked:
    inner = _quoted(value)
    if inner.refused:
        return inner
    word = re.search(r"[A-Za-z0-9_]+", inner.value)
    return Checked(value, "word", {"value": inner.value}) if word is None else Checked(word[0])


def _request(value: str) -> Checked:
    inner = _quoted(value)
    return inner if inner.refused or inner.value.startswith("/") else Checked(f"/{inner.value}")


def _virtualhost(value: str) -> Checked:
    host = value.removeprefix('"').split('"', 1)[0]
    return Checked(host) if host == host.strip(BLANKS) else Checked(host, "blank-in-host", {"value": host})


def _scheduler(value: str) -> Checked:
    word = re.search(r"[a-z]+", value)
    return (
        Checked(value, "scheduler", {"value": value.strip(BLANKS)}) if word is None else _cut(value, word[0])
    )


def _httpmethod(value: str) -> Checked:
    word = re.search(r"[A-Za-z0-9_]+", value)
    if word is None or word[0].upper() not in {"GET", "HEAD"}:
        return _refuse_choice("httpmethod", value, ("GET", "HEAD"))
    return Checked(word[0].upper())


def _schedflags(value: str) -> Checked:
    word = re.search(r"[^ \t\r\f\v\n]+", value)
    return Checked(value, "empty") if word is None else Checked(word[0])


def _smtp(value: str) -> Checked:
    host = re.match(r"[0-9A-Za-z._+-]+", value)
    return Checked(value, "word", {"value": value.strip(BLANKS)}) if host is None else _cut(value, host[0])


def _email(value: str) -> Checked:
    quoted = re.fullmatch(r'"([^"]*)"', value)
    return _something(quoted[1] if quoted else value)


def _email_status(value: str) -> Checked:
    words = re.split(r"(?<!\s)\s*,\s*", value, flags=re.ASCII)
    while words and not words[-1]:
        words.pop()
    for word in words:
        if word not in _STATUSES:
            return _refuse_choice("emailalertstatus", word, _STATUSES)
    return Checked(value, "emailalertstatus" if "none" in words and set(words) != {"none"} else None)


def _between_quotes(value: str) -> str | None:
    """From the first quote, which must lead, to the last one; what follows is ignored by the daemon."""
    last = value.rfind('"')
    return value[1:last] if value.startswith('"') and last > 0 else None


def _cut(value: str, used: str) -> Checked:
    bare = value.strip(BLANKS)
    return Checked(used) if bare == used else Checked(used, "value-cut", {"value": bare, "used": used})


def _cut_number(value: str, digits: str) -> Checked:
    bare, used = value.strip(BLANKS), str(whole(digits))
    return Checked(used) if bare == digits else Checked(used, "number-cut", {"value": bare, "used": digits})


def _refuse_choice(key: str, value: str, wanted: tuple[str, ...]) -> Checked:
    words = {
        "key": key,
        "value": value.strip(BLANKS),
        "either": "、".join(wanted).replace("a number", "数字"),
    }
    return Checked(value, "choice", {**words, "wanted": f"{', '.join(wanted[:-1])} or {wanted[-1]}"})


# -- tables -----------------------------------------------------------------

_ALL = RELEASES
_LATER = ("2009", "4.12")
_NEWEST = ("4.12",)
_OLDEST = ("2004",)

GLOBALS: dict[str, Option] = {
    "autoreload": Option(_ALL, _yes_no),
    "callback": Option(_ALL, _quoted_or_empty),
    "checkcount": Option(_LATER, _number),
    "checkinterval": Option(_ALL, _number),
    "checktimeout": Option(_ALL, _number_above_zero),
    "cleanstop": Option(_LATER, _yes_no),
    "connecttimeout": Option(_OLDEST, _number_above_zero),
    "emailalert": Option(_LATER, _email),
    "emailalertfreq": Option(_LATER, _leading_number),
    "emailalertfrom": Option(_LATER, _something),
    "emailalertstatus": Option(_LATER, _email_status),
    "execute": Option(_ALL, _anything),
    "failurecount": Option(_LATER, _number),
    "fallback": Option(_ALL, _anything),
    "fallback6": Option(_NEWEST, _anything),
    "fallbackcommand": Option(_LATER, _something),
    "fork": Option(_LATER, _yes_no),
    "logfile": Option(_ALL, _quoted_or_empty),
    "maintenancedir": Option(_LATER, _something),
    "negotiatetimeout": Option(_ALL, _number_above_zero),
    "quiescent": Option(_ALL, _yes_no),
    "readdquiescent": Option(_NEWEST, _yes_no),
    "smtp": Option(_LATER, _smtp),
    "supervised": Option(_ALL, _yes_no),
    "timeout": Option((), _anything),
}

OPTIONS: dict[str, Option] = {
    "checkcommand": Option(_LATER, _maybe_quoted),
    "checkcount": Option(_LATER, _number),
    "checkinterval": Option(_LATER, _number),
    "checkport": Option(_ALL, _port),
    "checktimeout": Option(_ALL, _number),
    "checktype": Option(_ALL, _anything),
    "cleanstop": Option(_LATER, _yes_no),
    "comment": Option(_NEWEST, _anything),
    "connecttimeout": Option(_OLDEST, _number),
    "database": Option(_ALL, _quoted),
    "emailalert": Option(_LATER, _email),
    "emailalertfreq": Option(_LATER, _leading_number),
    "emailalertstatus": Option(_LATER, _email_status),
    "failurecount": Option(_LATER, _number),
    "fallback": Option(_ALL, _anything),
    "fallback6": Option(_NEWEST, _anything),
    "fallbackcommand": Option(_LATER, _maybe_quoted),
    "httpmethod": Option(_LATER, _httpmethod),
    "load": Option(_ALL, _load),
    "login": Option(_ALL, _quoted),
    "monitorfile": Option(_LATER, _maybe_quoted),
    "negotiatetimeout": Option(_ALL, _number),
    "netmask": Option(_ALL, _anything),
    "ops": Option(_NEWEST, _yes_no),
    "passwd": Option(_ALL, _quoted),
    "persistent": Option(_ALL, _number_or_zero),
    "protocol": Option(_ALL, check_protocol),
    "quiescent": Option(_ALL, _yes_no),
    "real": Option(_ALL, _anything),
    "real6": Option(_NEWEST, _anything),
    "receive": Option(_ALL, _quoted),
    "request": Option(_ALL, _request),
    "schedflags": Option(_NEWEST, _schedflags),
    "scheduler": Option(_ALL, _scheduler),
    "secret": Option(_LATER, _quoted),
    "service": Option(_ALL, _anything),
    "servicename": Option(_NEWEST, _anything),
    "smtp": Option(_LATER, _smtp),
    "virtualhost": Option(_ALL, _virtualhost),
}
"""Of a virtual service. Those taken as anything here are judged where family and release are known."""

_STATUSES = ("none", "all", "starting", "running", "stopping", "reloading")

_CHECKTYPES = (
    ("connect", "negotiate", "off", "on"),
    ("connect", "negotiate", "ping", "off", "on", "external", "external-perl"),
    ("connect", "negotiate", "ping", "off", "on", "external", "external-perl"),
)

_SERVICES = (
    ("dns", "ftp", "http", "https", "imap", "ldap", "mysql", "nntp", "none", "pop", "smtp"),
    (
        *(
            "dns",
            "ftp",
            "http",
            "http_proxy",
            "https",
            "imap",
            "imaps",
            "ldap",
            "mysql",
            "nntp",
            "none",
            "oracle",
        ),
        *("pgsql", "pop", "pops", "radius", "simpletcp", "sip", "smtp"),
    ),
    (
        *(
            "dns",
            "ftp",
            "http",
            "http_proxy",
            "https",
            "imap",
            "imaps",
            "ldap",
            "ldaps",
            "mysql",
            "nntp",
            "none",
        ),
        *("oracle", "pgsql", "pop", "pops", "radius", "simpletcp", "sip", "smtp", "submission"),
    ),
)

_SERVICE_OF_PORT = {
    21: "ftp",
    25: "smtp",
    53: "dns",
    80: "http",
    110: "pop",
    119: "nntp",
    143: "imap",
    389: "ldap",
    443: "https",
    587: "submission",
    636: "ldaps",
    993: "imaps",
    995: "pops",
    1521: "oracle",
    1812: "radius",
    3128: "http_proxy",
    3306: "mysql",
    5060: "sip",
    5432: "pgsql",
}
