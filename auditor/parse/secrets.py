"""Where secrets stand in a text, found by its grammar where there is one and by careful search everywhere."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from auditor.parse.authkeys import SAMPLE_KIND, is_sample
from auditor.parse.grammar import Line, read_lines

if TYPE_CHECKING:
    from auditor.model.facts import Document

MARKER = re.compile(r"«redacted:[a-z_-]{1,32}:len[0-9]{1,9}(?::[0-9]{1,9})?»")
"""What stands in place of a secret: one word, its kind, its length, and a tag by which equal ones are known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Secret:
    """``document.text[start:end]`` must not be kept. ``kind`` is one word of small letters."""

    kind: str
    start: int
    end: int


def secret_spans(format: str | None, document: Document) -> tuple[Secret, ...]:
    """All secrets of the text, in order, none overlapping, none holding a newline; markers are left alone.

    With every span replaced by a marker the readers find the same facts, apart from the secrets themselves.
    ``authkeys``, ``ldirectord`` and ``ha.cf`` are searched by their grammars, comments included; any other
    name, or None, gets the search that suits every text.
    """
    known = _FORMATS[format](document) if format in _FORMATS else iter(())
    found = [(secret, True) for secret in known if not _is_marker(secret, document.text)]
    found += [(secret, False) for secret in _search(document.text) if not _is_marker(secret, document.text)]
    found.sort(key=lambda pair: pair[0].start)
    spans: list[Secret] = []
    cluster: list[tuple[Secret, bool]] = []
    end = 0
    for secret, sure in found:
        if cluster and secret.start >= end:
            spans += _settle(cluster, document.text)
            cluster = []
        cluster.append((secret, sure))
        end = secret.end if len(cluster) == 1 else max(end, secret.end)
    return (*spans, *_settle(cluster, document.text))


def _is_marker(secret: Secret, text: str) -> bool:
    """Nothing but markers, and signs that never are a secret by themselves, stands there."""
    return not MARKER.sub("", text[secret.start : secret.end]).strip(_SIGNS)


_SIGNS = " \t\r\f\v#\"'"


def _settle(cluster: list[tuple[Secret, bool]], text: str) -> list[Secret]:
    """Of spans that overlap: those of the grammar if they cover all that matters, else one over all of them."""
    sure = [secret for secret, known in cluster if known]
    if not cluster or len(cluster) == len(sure) == 1:
        return sure
    start, end = cluster[0][0].start, max(secret.end for secret, _ in cluster)
    rest = []
    position = start
    for secret in sure:
        rest.append(text[position : max(position, secret.start)])
        position = max(position, secret.end)
    rest.append(text[position:end])
    if sure and not "".join(rest).strip(_SIGNS):
        return sure
    return [Secret(kind=(sure or [cluster[0][0]])[0].kind, start=start, end=end)]


# -- formats with a grammar -------------------------------------------------

_METHOD_LINE = re.compile(r"[#\s]*[0-9]+\s*(?:crc|md5|sha1)[ \t]+", re.IGNORECASE)
_WORD = re.compile(r"[^ \t\r\f\v\n]+")


def _in_authkeys(document: Document) -> Iterator[Secret]:
    """The key and every word behind it, for it may be the rest of the key; whole lines that are no key lines."""
    for line in read_lines("authkeys", document):
        if line.tag == "KEY" and line.get("key") is not None:
            yield from _words("authkey", line, line.span("key")[0])
        elif line.tag == "COMMENT":
            method = _METHOD_LINE.match(line.text)
            if method is not None:
                yield from _words("authkey", line, method.end())
        elif line.tag == "SELECTION" and line.get("tail"):
            yield from _words("authkey", line, line.span("tail")[0])
        elif line.tag == "OTHER":
            for secret in _words("authkey", line, 0):
                if line.text[secret.start - line.start : secret.end - line.start] not in _HARMLESS:
                    yield secret


_HARMLESS = frozenset({"auth", "crc", "md5", "sha1", *(str(number) for number in range(16))})


def _words(kind: str, line: Line, start: int) -> Iterator[Secret]:
    """Each word from here on; a number sign that leads stays, because it shows where somebody meant a comment."""
    for match in _WORD.finditer(line.text, start):
        lead = len(match[0]) - len(match[0].lstrip("#"))
        named = SAMPLE_KIND if kind == "authkey" and is_sample(match[0][lead:]) else kind
        yield Secret(kind=named, start=line.start + match.start() + lead, end=line.start + match.end())


_LDIRECTORD_SECRET = re.compile(r"[#\s]*(login|passwd|database|secret)[ \t]*=[ \t]*", re.IGNORECASE)


def _in_ldirectord(document: Document) -> Iterator[Secret]:
    """Values of login, passwd, database and secret, also in comments and in lines that are no options.

    A number sign ends the value for ldirectord, even inside quotes; what follows is part of the secret all
    the same, unless the quotes were closed before.
    """
    for line in read_lines("ldirectord", document):
        key = _LDIRECTORD_SECRET.match(line.text)
        if key is None:
            continue
        start, end = key.end(), len(line.text.rstrip(" \t\r\f\v"))
        commented = line.text.lstrip().startswith("#")
        cut = end if commented else line.text.find("#", start)
        pieces = [(start, end)] if cut < 0 else [(start, cut), (cut + 1, end)]
        if line.text.startswith('"', start):
            closing = line.text.rfind('"', start + 1, pieces[0][1])
            pieces = [(start + 1, closing)] if closing > start else [(start + 1, pieces[0][1]), *pieces[1:]]
        for begin, stop in pieces:
            bare = line.text[begin:stop].rstrip(" \t\r\f\v")
            yield Secret(kind=key[1].lower(), start=line.start + begin, end=line.start + begin + len(bare))


_STONITH = re.compile(r"[#\s]*(stonith(_host)?)[ \t]+")


def _in_ha_cf(document: Document) -> Iterator[Secret]:
    """The parameters behind the type of a stonith device, one by one; a path is left."""
    for line in read_lines("ha-cf", document):
        name = _STONITH.match(line.text)
        if name is None:
            continue
        end = line.text.find("#", name.end())
        words = list(_WORD.finditer(line.text, name.end(), end if end >= 0 else len(line.text)))
        for word in words[2 if name[2] else 1 :]:
            if not word[0].startswith("/"):
                yield Secret(kind="stonith", start=line.start + word.start(), end=line.start + word.end())


_FORMATS = {"authkeys": _in_authkeys, "ha.cf": _in_ha_cf, "ldirectord": _in_ldirectord}


# -- every text -------------------------------------------------------------
# All expressions begin with a fixed word and never look back, so that a long hostile line costs its length.

_NAMES = (
    r"(?:password|passwd|passphrase|passwort|auth_pass|secret(?!_interval)|token|credential|private[_-]?key|api[_-]?key"
    r"|access[_-]?key|fastopen_key|community|密码|密碼|口令|密钥)"
)
_VALUE = (
    r"""(?:"(?P<double>[^"\n]*)|'(?P<single>[^'\n]*)|(?P<bare>(?:\\[^\n]|[^\s"'\\])(?:\\[^\n]|[^\s\\])*))"""
)
_GAP = r"(?:[ \t]|\\\r?\n)"

_ASSIGNED = re.compile(
    rf"""{_NAMES}[\w.-]{{0,32}}["']?(?P<sign>[ \t]*(?:[:=：＝]|=>|为|是)[ \t]*){_VALUE}""", re.IGNORECASE
)
_NAMED = re.compile(
    rf"(?:auth_pass|shared-secret|requirepass|bindpw|chap-secret){_GAP}+{_VALUE}", re.IGNORECASE
)
_OPTION = re.compile(
    rf"(?<![^\s\"'=])(?:-P|--(?:password|passwd|pass|secret|token|community)){_GAP}*(?:{_GAP}|=){_GAP}*{_VALUE}"
)
_GLUED = re.compile(rf"--(?:password|passwd|pass|secret|token|community)={_VALUE}")
_TAGGED = re.compile(rf"<{_NAMES}>(?P<bare>[^<\n]+)", re.IGNORECASE)
_URL = re.compile(r"://[^\s/:@]*:(?P<bare>[^\s/]+)@")
_CRYPT = re.compile(
    r"(?P<bare>\$(?:1|2[abxy]?|5|6|7|y|gy|apr1|sha1|md5)\$(?:rounds=[0-9]+\$|[0-9]{2}\$)?"
    r"[./A-Za-z0-9]{0,64}\$?[./A-Za-z0-9]{20,})"
)
_COMMUNITY = re.compile(
    r"(?:r[ow]community6?|r[ow]user|trapcommunity|trap2?sink[ \t]+\S+|informsink[ \t]+\S+"
    r"|com2sec6?(?:[ \t]+-Cn[ \t]+\S+)?[ \t]+\S+[ \t]+\S+|createUser[ \t]+\S+[ \t]+\S+)[ \t]+"
    rf"{_VALUE}"
)
_SNMP_OPTION = re.compile(rf"(?<=\s)-[cAXaxlu][ \t]*{_VALUE}")
_MYSQL_OPTION = re.compile(r"(?<=\s)-p(?P<bare>[^\s]+)")
_PEM = re.compile(r"-----BEGIN [A-Z0-9 ]{1,64}-----")

_PLAIN = frozenset({"yes", "no", "none", "null", "true", "false", "on", "off", "files", "files,"})
"""Values that are settings, not secrets."""

_CHAINS = frozenset({"INPUT", "OUTPUT", "FORWARD", "PREROUTING", "POSTROUTING"})
"""iptables -P sets the policy of one of these."""


_HINTS = (
    *(
        "pass",
        "secret",
        "token",
        "credential",
        "private",
        "api",
        "access",
        "fastopen_key",
        "community",
        "bindpw",
    ),
    *("密码", "密碼", "口令", "密钥"),
)
"""A secret by its name has one of these in it, in whatever letters; most lines have none, which is cheap to see."""

_OPTION_HINTS = ("-P", "--pass", "--secret", "--token", "--community")


def _search(text: str) -> Iterator[Secret]:
    small = text.lower()
    # A few letters grow when they become small: places would not fit any more.
    named = _lines_with(text, small, _HINTS) if len(small) == len(text) else [(0, len(text))]
    everywhere = [(0, len(text))]
    for kind, expression, places in (
        ("secret", _NAMED, named),
        ("option", _GLUED, everywhere),
        ("secret", _TAGGED, everywhere),
        ("url", _URL, everywhere),
        ("crypt", _CRYPT, everywhere),
        ("community", _COMMUNITY, everywhere),
    ):
        for start, end in places:
            for match in expression.finditer(text, start, end):
                yield from _value(kind, match)
    for start, end in _lines_with(text, text, _OPTION_HINTS):
        for match in _OPTION.finditer(text, start, end):
            if match["bare"] not in _CHAINS:
                yield from _value("option", match)
    for start, end in named:
        for match in _ASSIGNED.finditer(text, start, end):
            yield from _assigned(match, text)
    yield from _in_commands(text)
    yield from _pem(text)


def _lines_with(text: str, small: str, hints: tuple[str, ...]) -> list[tuple[int, int]]:
    """Where lines with one of the hints begin and end, together with those that a backslash joins to them."""
    found: set[tuple[int, int]] = set()
    for hint in hints:
        place = small.find(hint)
        while place >= 0:
            start, end = _whole_line(text, place)
            found.add((start, end))
            place = small.find(hint, end)
    places: list[tuple[int, int]] = []
    for start, end in sorted(found):
        if not places or start >= places[-1][1]:
            places.append((start, end))
        elif end > places[-1][1]:
            places[-1] = places[-1][0], end
    return places


def _whole_line(text: str, place: int) -> tuple[int, int]:
    start = text.rfind("\n", 0, place)
    while start > 0 and text.endswith(("\\", "\\\r"), 0, start):
        start = text.rfind("\n", 0, start)
    end = text.find("\n", place)
    while end >= 0 and text.endswith(("\\", "\\\r"), 0, end):
        end = text.find("\n", end + 1)
    return start + 1, end + 1 if end >= 0 else len(text)


def _value(kind: str, match: re.Match[str]) -> Iterator[Secret]:
    name = next((name for name in ("double", "single") if match.groupdict().get(name) is not None), "bare")
    value = match[name]
    if value is not None and value.lower() not in _PLAIN and not re.fullmatch(r"\$\{?\w+\}?", value):
        yield Secret(kind=kind, start=match.start(name), end=match.end(name))


def _assigned(match: re.Match[str], text: str) -> Iterator[Secret]:
    """Behind a sign with blanks round it the secret goes on to the end of the line, for it may be a phrase."""
    kind = "community" if match[0].lower().startswith("community") else "secret"
    if match["bare"] is None or match["sign"] in {"=", "＝"}:
        yield from _value(kind, match)
        return
    for secret in _value(kind, match):
        end = text.find("\n", secret.end)
        line_end = secret.start + len(text[secret.start : end if end >= 0 else len(text)].rstrip())
        yield Secret(kind=kind, start=secret.start, end=line_end)


def _in_commands(text: str) -> Iterator[Secret]:
    """Options that hold a secret only behind certain commands."""
    if "mysql" not in text and "snmp" not in text:
        return
    start = 0
    for line in text.split("\n"):
        for word, expression, kind in (
            ("mysql", _MYSQL_OPTION, "option"),
            ("snmp", _SNMP_OPTION, "community"),
        ):
            if word in line:
                for match in expression.finditer(text, start, start + len(line)):
                    yield from _value(kind, match)
        start += len(line) + 1


def _pem(text: str) -> Iterator[Secret]:
    """Every line between the frames of a block; without a last frame, all lines to the end."""
    position = 0
    while (begin := _PEM.search(text, position)) is not None:
        stop = text.find("-----END", begin.end())
        stop = len(text) if stop < 0 else stop
        for match in _WORD.finditer(text, begin.end(), stop):
            yield Secret(kind="pem", start=match.start(), end=match.end())
        position = stop
