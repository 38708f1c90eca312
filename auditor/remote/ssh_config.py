"""The user's ssh config (ssh_config(5) of OpenSSH 9), as far as it says where a host is and who logs in.

Read, never run: ``Match exec`` does not hold, and nothing is looked up. Unknown keywords are passed over.
"""

from __future__ import annotations

import functools
import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from auditor.remote.known_hosts import matches


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What the config says about one host; None or empty where it says nothing.

    ``jump``: hops in order; empty tuple for ``ProxyJump none``. ``proxy_command``: what no hops can be read from.
    """

    host: str | None = None
    port: str | None = None
    user: str | None = None
    identities: tuple[Path, ...] = ()
    identities_only: bool = False
    key_alias: str | None = None
    jump: tuple[str, ...] | None = None
    proxy_command: str | None = None


def look_up(path: Path | None, alias: str, *, user: str | None, local_user: str) -> Settings:
    """The settings for what people call ``alias``; ``user``: whom they log in as, where they said so.

    A file that does not exist is empty. Raises OSError, and ValueError with ``file:line`` for a line that
    OpenSSH would stop at.
    """
    first: dict[str, tuple[str, ...]] = {}
    identities: list[str] = []
    for line in _lines(path) if path is not None else ():
        host = _expanded(first["hostname"][0], {"h": alias}) if "hostname" in first else alias
        remote = user or first.get("user", (local_user,))[0]
        if not all(condition.holds(alias, host, remote, local_user) for condition in line.conditions):
            continue
        if line.keyword == "identityfile":
            identities.append(line.words[0])
        elif line.keyword in {"proxyjump", "proxycommand"}:
            # Whichever comes first rules the other out.
            if not {"proxyjump", "proxycommand"} & first.keys():
                first[line.keyword] = line.words
        else:
            first.setdefault(line.keyword, line.words)
    host = _expanded(first["hostname"][0], {"h": alias}) if "hostname" in first else alias
    port = first.get("port", (None,))[0]
    remote = user or first.get("user", (local_user,))[0]
    tokens = {
        "d": str(Path.home()),
        "h": host,
        "n": alias,
        "p": port or "22",
        "r": remote,
        "u": local_user,
    }
    jump, command = _way(first, tokens)
    return Settings(
        host=host if "hostname" in first else None,
        port=port,
        user=first.get("user", (None,))[0],
        identities=tuple(
            Path(_environment(_expanded(name, tokens))).expanduser()
            for name in dict.fromkeys(identities)
            if name != "none"
        ),
        identities_only=first.get("identitiesonly", ("no",))[0] == "yes",
        key_alias=first.get("hostkeyalias", (None,))[0],
        jump=jump,
        proxy_command=command,
    )


# -- the file ---------------------------------------------------------------

_MAX_DEPTH = 16
_KEYWORDS = frozenset(
    {
        "hostname",
        "port",
        "user",
        "identityfile",
        "identitiesonly",
        "hostkeyalias",
        "proxyjump",
        "proxycommand",
    }
)
_LINE = re.compile(r"(?P<keyword>[A-Za-z0-9]+)(?:[ \t]*=[ \t]*|[ \t]+)(?P<rest>.*)")
_WORD = re.compile(r"""[ \t]*(?:"([^"]*)"|'([^']*)'|([^ \t"']+))""")
_SSH_JUMPS = (
    re.compile(r"(?:\S*/)?ssh(?: +-[qTax]+)* +-W +\[?%h\]?:%p(?: +-[qTax]+)* +([^-\s]\S*)"),
    re.compile(r"(?:\S*/)?ssh(?: +-[qTax]+)* +([^-\s]\S*) +-W +\[?%h\]?:%p"),
    re.compile(r"(?:\S*/)?ssh(?: +-[qTax]+)* +([^-\s]\S*) +(?:exec +)?(?:\S*/)?nc(?: +-w *\d+)? +%h +%p"),
)


@dataclass(frozen=True, slots=True)
class _Condition:
    """``kind``: host, originalhost, user, localuser, all, or never. ``wanted`` is False after a ``!``."""

    kind: str
    patterns: str
    wanted: bool = True

    def holds(self, alias: str, host: str, user: str, local_user: str) -> bool:
        if self.kind == "all":
            return self.wanted
        subject = {"originalhost": alias, "host": host, "user": user, "localuser": local_user}.get(self.kind)
        return subject is not None and matches(self.patterns, subject) is self.wanted


@dataclass(frozen=True, slots=True)
class _Setting:
    conditions: tuple[_Condition, ...]
    keyword: str
    words: tuple[str, ...]


def _lines(path: Path) -> tuple[_Setting, ...]:
    try:
        stat = path.stat()
    except FileNotFoundError:
        return ()
    return _read(path, stat.st_mtime_ns, stat.st_size)


@functools.lru_cache(maxsize=8)
def _read(path: Path, _mtime: int, _size: int) -> tuple[_Setting, ...]:
    return tuple(_settings(path, (), 0))


def _settings(path: Path, outer: tuple[_Condition, ...], depth: int) -> Iterator[_Setting]:
    conditions = outer
    for number, text in enumerate(path.read_bytes().decode("utf-8", "replace").split("\n"), 1):
        found = _LINE.fullmatch(text.strip())
        if found is None or text.lstrip().startswith("#"):
            continue
        keyword = found["keyword"].lower()
        # A command is the rest of its line, quotes and all.
        words = (found["rest"],) if keyword == "proxycommand" else _words(found["rest"], path, number)
        if not words:
            raise ValueError(f"{path}:{number}: {found['keyword']} without a value")
        if keyword == "host":
            conditions = (*outer, _Condition("originalhost", ",".join(words)))
        elif keyword == "match":
            conditions = (*outer, *_match(words))
        elif keyword == "include":
            if depth == _MAX_DEPTH:
                raise ValueError(f"{path}:{number}: Include goes too deep")
            for file in _included(words):
                yield from _settings(file, conditions, depth + 1)
        elif keyword in _KEYWORDS:
            if keyword == "port" and not (words[0].isdecimal() and 0 < int(words[0]) < 65536):
                raise ValueError(f"{path}:{number}: {words[0]} is not a port")
            yield _Setting(conditions, keyword, words)


def _words(rest: str, path: Path, number: int) -> tuple[str, ...]:
    words: list[str] = []
    at = 0
    while at < len(rest) and (found := _WORD.match(rest, at)):
        word = next(group for group in found.groups() if group is not None)
        if word.startswith("#") and found[3] is not None:
            return tuple(words)
        words.append(word)
        at = found.end()
    if rest[at:].strip():
        raise ValueError(f"{path}:{number}: a quote is never closed")
    return tuple(words)


def _match(words: Sequence[str]) -> Iterator[_Condition]:
    rest = iter(words)
    for word in rest:
        kind = word.lstrip("!").lower()
        wanted = not word.startswith("!")
        if kind == "all":
            yield _Condition("all", "", wanted)
        elif kind in {"host", "originalhost", "user", "localuser"}:
            yield _Condition(kind, next(rest, ""), wanted)
        else:
            # exec runs a program, canonical and final need look-ups; what is newer is not known.
            yield _Condition("never", "")


def _included(words: Sequence[str]) -> Iterator[Path]:
    home = Path.home()
    for word in words:
        pattern = Path(_environment(word)).expanduser()
        if not pattern.is_absolute():
            pattern = home / ".ssh" / pattern
        yield from sorted(
            file
            for file in Path(pattern.anchor).glob(str(pattern.relative_to(pattern.anchor)))
            if file.is_file()
        )


# -- values -----------------------------------------------------------------


def _way(
    first: dict[str, tuple[str, ...]], tokens: dict[str, str]
) -> tuple[tuple[str, ...] | None, str | None]:
    """The hops; or the command, unless it is only an older way to write a hop."""
    if "proxyjump" in first:
        text = _expanded(first["proxyjump"][0], tokens)
        return (() if text.lower() == "none" else tuple(text.split(","))), None
    command = first.get("proxycommand", (None,))[0]
    if command is None:
        return None, None
    if command.lower() == "none":
        return (), None
    for pattern in _SSH_JUMPS:
        if found := pattern.fullmatch(command.removeprefix("exec ").strip()):
            return (_expanded(found[1], tokens),), None
    return None, command


def _expanded(text: str, tokens: dict[str, str]) -> str:
    """With its %x replaced; a % that stands for nothing here stays."""
    return re.sub(r"%(.)", lambda found: {"%": "%", **tokens}.get(found[1], found[0]), text)


def _environment(text: str) -> str:
    return re.sub(r"\$\{(\w+)\}", lambda found: os.environ.get(found[1], found[0]), text)
