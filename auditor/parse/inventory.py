"""Reads HOSTS: every host to visit, with what the file says about it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from difflib import get_close_matches
from ipaddress import IPv4Address, ip_address
from itertools import islice
from typing import Any

from auditor.model.facts import Document
from auditor.model.inventory import Inventory, Target
from auditor.model.place import At
from auditor.parse.grammar import Line, read_lines

HOST_LIMIT = 65_536  # of one line

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
_KEYS_INSTEAD = "no password is read from a file; use a key, ssh-agent, or --ask-pass"
_WORD = re.compile(r"[^ \t\r\n]+")
_LOOSE = re.compile(r"[ \t]=|=[ \t]")
_HOST = re.compile(
    r"(?:(?P<user>[^@\s]+)@)?(?:\[(?P<six>[0-9A-Fa-f:.%]*:[0-9A-Fa-f:.%]*:[^\]]*)\](?::(?P<port6>[^:]*))?"
    r"|(?P<bare>[0-9A-Fa-f.]*:[0-9A-Fa-f.]*:[0-9A-Fa-f:.%a-z]*)|(?P<host>(?:[^:\[\]]|\[[^\]]*\])*)(?::(?P<port>[^:]*))?)"
)
_RANGE = re.compile(
    r"\[(?:(?P<first>[0-9]{1,9}):(?P<last>[0-9]{1,9})|(?P<from>[A-Za-z]):(?P<to>[A-Za-z]))(?::(?P<step>[1-9][0-9]{0,8}))?\]"
)
_NAME = re.compile(r"[A-Za-z0-9_.][A-Za-z0-9_.-]*")
_ADDRESS6 = re.compile(r"[0-9A-Fa-f:.]+(?:%[A-Za-z0-9_.-]+)?")


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


class _Wrong(ValueError):
    pass


def read_inventory(document: Document) -> Inventory:
    """Every host once, in the order in which it is first named. Raises InventoryError.

    What stands with the host wins over its group, that over the group around it, that over ``[all:vars]``. A
    group's name implies a role only where no key gives one.
    """
    draft = _Draft(document)
    for line in read_lines("inventory", document):
        draft.take(line)
    draft.check_groups()
    targets = [draft.target(name) for name in draft.hosts]
    if not targets and not draft.problems:
        draft.problems.append(
            (0, 0, f"{document.at.source}: no host in it; write one a line, such as root@10.0.0.5:22")
        )
    if draft.problems:
        raise InventoryError(tuple(text for _, _, text in sorted(draft.problems)))
    return Inventory(source=document.at.source, targets=tuple(targets))


def read_value(key: str, text: str) -> Any:
    """What the text means as a host's ``key``, one of those in HOSTS. Raises ValueError, which says what is wrong."""
    return _PARSERS[key](text)


class _Draft:
    """HOSTS while it is read."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self.problems: list[tuple[int, int, str]] = []
        self.hosts: dict[str, dict[str, _Value]] = {}
        self.first_at: dict[str, At] = {}
        self.groups: dict[str, _Group] = {"all": _Group()}
        self.vars: dict[str, dict[str, _Value]] = {}
        self.vars_at: dict[str, At] = {}
        self._group = "all"
        self._kind: str | None = None
        self._told: set[tuple[At, At]] = set()

    def take(self, line: Line) -> None:
        match line.tag:
            case "SECTION":
                self._section(line)
            case "ENTRY" if self._kind == "vars":
                self._keys_of(line, line.span("first")[0], self.vars[self._group])
            case "ENTRY" if self._kind == "children":
                self.groups[self._group].children.setdefault(line["first"], line.at("first"))
                if line["first"] == "all":
                    self.wrong(line.at("first"), "all is around every group already; take it out")
                if line["keys"]:
                    self.wrong(line.at("keys"), "only the name of a group stands here, one a line")
            case "ENTRY":
                self._host(line)
            case "OTHER":
                self.wrong(
                    line.at(), "this is neither a host nor a section; write [user@]host[:port] key=value ..."
                )

    def wrong(self, at: At, what: str) -> None:
        self.problems.append((at.line or 0, at.column or 0, f"{at.source}:{at.line}:{at.column}: {what}"))

    def check_groups(self) -> None:
        named = [
            *self.vars_at.items(),
            *(pair for one in self.groups.values() for pair in one.children.items()),
        ]
        for name, at in named:
            if name not in self.groups:
                self.wrong(at, f"there is no group {name}; {_near(name, self.groups)}")

    def target(self, name: str) -> Target:
        keys = dict(self.hosts[name])
        implied: set[str] = set()
        seen = {"all"}
        level = [group for group, content in self.groups.items() if name in content.hosts and group != "all"]
        while level:
            seen.update(level)
            implied.update(_GROUP_ROLES[group] for group in level if group in _GROUP_ROLES)
            self._inherit(keys, level, name)
            level = [
                parent
                for parent, content in self.groups.items()
                if parent not in seen and any(group in content.children for group in level)
            ]
        self._inherit(keys, ["all"], name)
        return Target(
            name=name,
            at=self.first_at[name],
            roles=keys["role"].value if "role" in keys else frozenset(implied),
            **{field: keys[key].value for key, field in _FIELDS.items() if key in keys},
        )

    def _inherit(self, keys: dict[str, _Value], groups: list[str], name: str) -> None:
        """What groups of one distance say, where nothing nearer has spoken."""
        given: dict[str, _Value] = {}
        for group in groups:
            for key, value in self.vars.get(group, {}).items():
                if key not in keys:
                    self._merge(given, key, value, name)
        keys |= given

    def _section(self, line: Line) -> None:
        self._group, self._kind = line["group"], line.get("kind")
        if self._kind == "vars":
            self.vars.setdefault(self._group, {})
            self.vars_at.setdefault(self._group, line.at("group"))
            return
        if self._kind not in {None, "children"}:
            near = _near(self._kind or "", ("vars", "children"))
            self.wrong(line.at("kind"), f"[{self._group}:{self._kind}] is no section; {near}")
        self.groups.setdefault(self._group, _Group())

    def _host(self, line: Line) -> None:
        try:
            names, keys = _split(line["first"])
        except _Wrong as error:
            self.wrong(line.at("first"), str(error))
            return
        at = line.at("first")
        written = {key: _Value(value, at) for key, value in keys.items()}
        self._keys_of(line, line.span("keys")[0], written)
        for name in names:
            self.first_at.setdefault(name, at)
            mine = self.hosts.setdefault(name, {})
            for key, value in written.items():
                self._merge(mine, key, value, name)
            self.groups[self._group].hosts[name] = None

    def _keys_of(self, line: Line, start: int, into: dict[str, _Value]) -> None:
        """The ``key=value`` words from an offset on."""
        end = line.span("keys")[1]
        loose = _LOOSE.search(line.text, start, end)
        if loose is not None:
            self.wrong(line.within(loose.start(), loose.end()), "write key=value, without a blank at the =")
            return
        for word in _WORD.finditer(line.text, start, end):
            at = line.within(*word.span())
            written, equals, text = word.group().partition("=")
            key = _ALIASES.get(written, written)
            if not equals:
                self.wrong(at, f"{written!r} is no key=value; one host a line, then its keys")
            elif key in _SECRETS:
                self.wrong(at, _KEYS_INSTEAD)
            elif key not in _PARSERS:
                self.wrong(at, f"unknown key {written!r}; {_near(written, _PARSERS, _ALIASES)}")
            else:
                try:
                    self._merge(into, key, _Value(read_value(key, _unquoted(text)), at), None)
                except _Wrong as error:
                    self.wrong(at, f"{written}: {error}")

    def _merge(self, into: dict[str, _Value], key: str, value: _Value, name: str | None) -> None:
        """A line that names many hosts can differ from another for each of them; that is one mistake."""
        old = into.setdefault(key, value)
        if old.value != value.value and (value.at, old.at) not in self._told:
            self._told.add((value.at, old.at))
            whose = f" for {name}" if name else ""
            self.wrong(value.at, f"{key}{whose} is different in line {old.at.line}; keep one of the two")


def _split(word: str) -> tuple[list[str], dict[str, Any]]:
    """The names that a host word stands for, and what it says of user and port."""
    match = _HOST.fullmatch(word)
    if match is None:
        shown = word.rpartition("@")[2]  # what stands before may hold a password
        raise _Wrong(
            f"{shown!r}: a bracket is open; write a section as [name], a range as [01:20]"
            if "[" in shown and "]" not in shown
            else f"{shown!r} is no host; write [user@]host[:port], an IPv6 address with a port in brackets"
        )
    keys: dict[str, Any] = {}
    if match["user"] is not None:
        keys["user"] = _user(match["user"])
    port = match["port6"] if match["port6"] is not None else match["port"]
    if port is not None:
        keys["port"] = _port(port)
    address = match["six"] or match["bare"]
    if address:
        return [_address6(address)], keys
    names = [_name(name) for name in islice(_spread(match["host"]), HOST_LIMIT + 1)]
    if len(names) > HOST_LIMIT:
        raise _Wrong(f"{word!r} stands for more than {HOST_LIMIT} hosts; write a smaller range")
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
    low, high = (int(first), int(last)) if first else (ord(match["from"]), ord(match["to"]))
    if low > high:
        raise _Wrong(f"{match.group()} is no range; write the lower end first")
    for number in range(low, high + 1, step):
        middle = str(number).zfill(len(first)) if first else chr(number)
        yield from _spread(pattern[: match.start()] + middle + pattern[match.end() :])


def _name(text: str) -> str:
    """A host name or an IPv4 address."""
    if not _NAME.fullmatch(text):
        raise _Wrong(f"{text!r} is no host name; letters, digits, dots, dashes and _, not a dash first")
    if "." in text and not text.strip("0123456789."):
        try:
            return str(IPv4Address(text))
        except ValueError:
            raise _Wrong(f"{text!r} is no IPv4 address; four numbers to 255, without leading zeros") from None
    return text


def _address(text: str) -> str:
    return _address6(text.removeprefix("[").removesuffix("]")) if ":" in text else _name(text)


def _address6(text: str) -> str:
    try:
        if _ADDRESS6.fullmatch(text):
            return str(ip_address(text))
    except ValueError:
        pass
    raise _Wrong(f"{text!r} is no IPv6 address")


def _port(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= 5 and 0 < int(text) < 65536):
        raise _Wrong(f"{text!r} is no port: a number from 1 to 65535")
    return int(text)


def _plain(text: str) -> str:
    if not text or text.startswith("-") or not text.isprintable():
        raise _Wrong(
            f"{text!r} cannot be used: empty, with a dash first, or with something that cannot be seen"
        )
    return text


def _user(text: str) -> str:
    if ":" in text:
        raise _Wrong(f"a login name has no colon; {_KEYS_INSTEAD}")
    return _plain(text)


def _roles(text: str) -> frozenset[str]:
    words = text.split(",")
    for word in words:
        if word not in {"director", "real"}:
            raise _Wrong(f"unknown role {word!r}; {_near(word, ('director', 'real'))}")
    return frozenset(words)


def _flag(text: str) -> bool:
    if text.lower() not in {"true", "yes", "on", "1", "false", "no", "off", "0"}:
        raise _Wrong(f"{text!r} is neither true nor false")
    return text.lower() in {"true", "yes", "on", "1"}


def _hops(text: str) -> tuple[str, ...]:
    """Each is one host, written as in HOSTS; ``none`` alone: directly, whatever the ssh config says."""
    hops = tuple(text.split(","))
    for hop in hops:
        if len(_split(hop)[0]) != 1:
            raise _Wrong(f"{hop!r} is more than one host; commas stand between the hops")
    return hops


def _encoding(text: str) -> str:
    try:
        "".encode(text)
    except (LookupError, ValueError):
        raise _Wrong(f"there is no encoding {text!r}; utf-8, gb18030 and latin-1 are some") from None
    return text


def _unquoted(text: str) -> str:
    if not text.startswith(("'", '"')):
        return text
    if len(text) < 2 or text[-1] != text[0]:
        raise _Wrong("the quote is not closed; a value holds no blank")
    return text[1:-1]


_PARSERS: dict[str, Callable[[str], Any]] = {
    "addr": _address,
    "user": _user,
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


def _near(word: str, known: Iterable[str], aliases: Iterable[str] = ()) -> str:
    near = get_close_matches(word, [*known, *aliases], 1, 0.5)
    return f"did you mean {near[0]}?" if near else f"known: {', '.join(sorted(known))}"
