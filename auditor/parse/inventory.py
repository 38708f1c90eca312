"""Reads HOSTS: every host to visit, with what the file says about it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from difflib import get_close_matches
from ipaddress import ip_address
from typing import Any

from auditor.model.facts import Document
from auditor.model.inventory import Inventory, Target
from auditor.model.place import At
from auditor.parse.grammar import Line, read_lines

RANGE_LIMIT = 65_536

_ALIASES = {
    "ansible_host": "addr",
    "ansible_user": "user",
    "ansible_port": "port",
    "ansible_ssh_private_key_file": "identity",
}
_GROUP_ROLES = dict.fromkeys(("directors", "director", "lb"), "director") | dict.fromkeys(
    ("realservers", "reals", "rs"), "real"
)
_SECRETS = frozenset({"password", "passwd", "pass", "ansible_password", "ansible_ssh_pass", "sudo_password"})
_WORD = re.compile(r"[^ \t\r]+")
_HOST = re.compile(
    r"(?:(?P<user>[^@\s]+)@)?(?:\[(?P<six>[0-9A-Fa-f:.%]*:[0-9A-Fa-f:.%]*:[^\]]*)\](?::(?P<port6>[^:]*))?"
    r"|(?P<bare>[0-9A-Fa-f.]*:[0-9A-Fa-f.]*:[0-9A-Fa-f:.%a-z]*)|(?P<host>(?:[^:\[\]]|\[[^\]]*\])*)(?::(?P<port>[^:]*))?)"
)
_RANGE = re.compile(r"\[(?P<first>[0-9]+|[A-Za-z]):(?P<last>[0-9]+|[A-Za-z])(?::(?P<step>[0-9]+))?\]")
_NAME = re.compile(r"[A-Za-z0-9_.][A-Za-z0-9_.-]*")


class InventoryError(Exception):
    """All that is wrong with HOSTS, one line each: ``file:line:column: what, and what to do``."""

    def __init__(self, problems: tuple[str, ...]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


@dataclass(frozen=True, slots=True)
class _Value:
    value: Any
    at: At


@dataclass(slots=True)
class _Group:
    """``hosts`` and ``children`` by name, in order."""

    hosts: dict[str, None] = field(default_factory=dict)
    children: dict[str, At] = field(default_factory=dict)
    keys: dict[str, _Value] = field(default_factory=dict)


class _Wrong(Exception):
    pass


def read_inventory(document: Document) -> Inventory:
    """Every host once, in the order in which it is first named. Raises InventoryError.

    What stands with the host wins over its group, that over the group around it.
    """
    draft = _Draft(document)
    for line in read_lines("inventory", document):
        draft.take(line)
    draft.check_children()
    targets = [draft.target(name) for name in draft.hosts]
    if not targets and not draft.problems:
        draft.problems.append(
            (0, 0, f"{document.at.source}: no host in it; write one a line, such as root@10.0.0.5:22")
        )
    if draft.problems:
        raise InventoryError(tuple(text for _, _, text in sorted(draft.problems)))
    return Inventory(source=document.at.source, targets=tuple(targets))


class _Draft:
    """HOSTS while it is read."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self.problems: list[tuple[int, int, str]] = []
        self.hosts: dict[str, dict[str, _Value]] = {}
        self.first_at: dict[str, At] = {}
        self.groups: dict[str, _Group] = {}
        self._group: str | None = None
        self._kind: str | None = None

    def take(self, line: Line) -> None:
        match line.tag:
            case "SECTION":
                self._group, self._kind = line["group"], line.get("kind")
                if self._kind not in {None, "vars", "children"}:
                    self.wrong(
                        line.at("kind"),
                        f"[{self._group}:{self._kind}] is no section; {_near(self._kind or '', ('vars', 'children'))}",
                    )
                self.groups.setdefault(self._group, _Group())
            case "ENTRY" if self._kind == "vars":
                self._keys_of(line, line.span("first")[0], self.groups[self._group or ""].keys)
            case "ENTRY" if self._kind == "children":
                self.groups[self._group or ""].children.setdefault(line["first"], line.at("first"))
            case "ENTRY":
                self._host(line)
            case "OTHER":
                self.wrong(
                    line.at(), "this is neither a host nor a section; write [user@]host[:port] key=value ..."
                )

    def wrong(self, at: At, what: str) -> None:
        self.problems.append((at.line or 0, at.column or 0, f"{at.source}:{at.line}:{at.column}: {what}"))

    def check_children(self) -> None:
        for group in self.groups.values():
            for name, at in group.children.items():
                if name not in self.groups:
                    self.wrong(at, f"there is no group {name}; {_near(name, self.groups)}")

    def target(self, name: str) -> Target:
        keys = dict(self.hosts[name])
        roles = set(keys["role"].value) if "role" in keys else set()
        seen: set[str] = set()
        level = [group for group, content in self.groups.items() if name in content.hosts]
        while level:
            own: dict[str, _Value] = {}
            for group in level:
                seen.add(group)
                roles |= (
                    {_GROUP_ROLES[group]}
                    if group in _GROUP_ROLES and "role" not in self.hosts[name]
                    else set()
                )
                for key, value in self.groups[group].keys.items():
                    if key not in keys:
                        self._merge(own, key, value, name)
            keys |= own
            level = [
                parent
                for parent, content in self.groups.items()
                if parent not in seen and any(group in content.children for group in level)
            ]
        if "role" in keys and not roles:
            roles = set(keys["role"].value)
        return Target(
            name=name,
            at=self.first_at[name],
            roles=frozenset(roles),
            **{field: keys[key].value for key, field in _FIELDS.items() if key in keys},
        )

    def _host(self, line: Line) -> None:
        start, end = line.span("first")
        offset = start - line.start
        try:
            names, keys = _split(line["first"])
        except _Wrong as error:
            self.wrong(line.at("first"), str(error))
            return
        at = line.within(offset, offset + end - start)
        written = {key: _Value(value, at) for key, value in keys.items()}
        self._keys_of(line, line.span("keys")[0], written)
        for name in names:
            self.first_at.setdefault(name, at)
            mine = self.hosts.setdefault(name, {})
            for key, value in written.items():
                self._merge(mine, key, value, name)
            if self._group is not None:
                self.groups[self._group].hosts[name] = None

    def _keys_of(self, line: Line, start: int, into: dict[str, _Value]) -> None:
        """The ``key=value`` words from an offset to the end of the line."""
        for word in _WORD.finditer(line.text, start - line.start):
            if word.group().startswith("#"):
                return
            at = line.within(*word.span())
            key, equals, value = word.group().partition("=")
            key = _ALIASES.get(key, key)
            if not equals:
                self.wrong(at, f"{key!r} is no key=value; one host a line, then its keys")
            elif key in _SECRETS:
                self.wrong(at, "no password is read from a file; use a key, ssh-agent, or --ask-pass")
            elif key not in _PARSERS:
                self.wrong(at, f"unknown key {key!r}; {_near(key, _PARSERS)}")
            else:
                try:
                    self._merge(into, key, _Value(_PARSERS[key](value.strip('"')), at), None)
                except _Wrong as error:
                    self.wrong(at, f"{key}={value}: {error}")

    def _merge(self, into: dict[str, _Value], key: str, value: _Value, name: str | None) -> None:
        old = into.get(key)
        if old is not None and old.value != value.value:
            whose = f" for {name}" if name else ""
            self.wrong(value.at, f"{key}{whose} is different in line {old.at.line}; keep one of the two")
        else:
            into[key] = value


def _split(word: str) -> tuple[list[str], dict[str, Any]]:
    """The names that a host word stands for, and what it says of user and port."""
    match = _HOST.fullmatch(word)
    if match is None:
        raise _Wrong(
            f"{word!r} is no host; write [user@]host[:port], an IPv6 address with a port in brackets"
        )
    keys: dict[str, Any] = {}
    if match["user"] is not None:
        keys["user"] = _plain(match["user"])
    port = match["port6"] if match["port6"] is not None else match["port"]
    if port is not None:
        keys["port"] = _port(port)
    address = match["six"] or match["bare"]
    if address:
        return [_address6(address)], keys
    names = list(_spread(match["host"]))
    for name in names:
        if not _NAME.fullmatch(name):
            raise _Wrong(f"{name!r} is no host name; letters, digits, dots and dashes, not a dash first")
    return names, keys


def _spread(pattern: str) -> Iterator[str]:
    """Ranges, both ends included, with their leading zeros."""
    match = _RANGE.search(pattern)
    if match is None:
        if "[" in pattern:
            raise _Wrong(f"{pattern!r}: a range is written [01:20] or [a:f], with a step [01:20:2]")
        yield pattern
        return
    first, last, step = match["first"], match["last"], int(match["step"] or 1)
    if first.isdigit() != last.isdigit() or step < 1:
        raise _Wrong(f"{match.group()} is no range: both ends are numbers or both are letters")
    low, high = (int(first), int(last)) if first.isdigit() else (ord(first), ord(last))
    if not low <= high < low + RANGE_LIMIT:
        raise _Wrong(
            f"{match.group()} is no range that can be visited: from low to high, at most {RANGE_LIMIT} hosts"
        )
    for number in range(low, high + 1, step):
        middle = str(number).zfill(len(first)) if first.isdigit() else chr(number)
        yield from _spread(pattern[: match.start()] + middle + pattern[match.end() :])


def _address6(text: str) -> str:
    try:
        return str(ip_address(text))
    except ValueError:
        raise _Wrong(f"{text!r} is no IPv6 address") from None


def _port(text: str) -> int:
    if not text.isdecimal() or not 0 < int(text[:6]) < 65536:
        raise _Wrong(f"{text!r} is no port: a number from 1 to 65535")
    return int(text)


def _plain(text: str) -> str:
    if not text or text.startswith("-"):
        raise _Wrong(f"{text!r} cannot be used: empty, or with a dash first")
    return text


def _roles(text: str) -> frozenset[str]:
    words = frozenset(filter(None, text.split(",")))
    for word in sorted(words - {"director", "real"}):
        raise _Wrong(f"unknown role {word!r}; {_near(word, ('director', 'real'))}")
    return words


def _flag(text: str) -> bool:
    if text.lower() not in {"true", "yes", "on", "1", "false", "no", "off", "0"}:
        raise _Wrong("true or false is wanted")
    return text.lower() in {"true", "yes", "on", "1"}


def _hops(text: str) -> tuple[str, ...]:
    return tuple(_plain(hop) for hop in text.split(","))


def _encoding(text: str) -> str:
    try:
        "".encode(text)
    except LookupError:
        raise _Wrong("no such encoding; utf-8, gb18030 and latin-1 are some") from None
    return text


_PARSERS: dict[str, Callable[[str], Any]] = {
    "addr": lambda text: _plain(text.strip("[]")),
    "user": _plain,
    "port": _port,
    "jump": _hops,
    "identity": _plain,
    "role": _roles,
    "cluster": _plain,
    "sudo": _flag,
    "encoding": _encoding,
    "os": _plain,
}
_FIELDS = {key: key for key in _PARSERS if key != "role"} | {"addr": "address"}


def _near(word: str, known: Any) -> str:
    near = get_close_matches(word, list(known), 1, 0.5)
    return f"did you mean {near[0]}?" if near else f"known: {', '.join(sorted(known))}"
