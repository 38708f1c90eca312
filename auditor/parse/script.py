"""Reads rc.local and start scripts for the commands that the rules understand."""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from ipaddress import IPv4Network, ip_address
from itertools import chain, pairwise

from auditor.model.facts import Document, Reading, Script, ScriptCommand, ScriptLine
from auditor.parse.draft import Draft
from auditor.parse.firewall import read_rule
from auditor.parse.ipvsadm_rules import read_command
from auditor.parse.shell import Command, Shell, expand
from auditor.parse.sysctl import dotted
from auditor.parse.text import place, whole
from auditor.parse.words import Word


def read_script(document: Document) -> Reading[Script]:
    """Addresses, links, routes, kernel parameters, modules, services, ipvsadm and packet filters.

    A line is a ``ScriptLine`` when something of it is understood, or when all that it does is steer the script:
    conditions, assignments, messages. Every other line is Unparsed, and so is all text of here-documents and of
    quotes over several lines, and everything below the place where the shell would stop over the syntax, or in a
    script whose first line ends with a carriage return.
    A variable counts where it can have one value only.
    """
    draft = Draft("rc.local", document)
    first = document.text.partition("\n")[0]
    shell = Shell(lost=first.startswith("#!") and first.endswith("\r"))
    if shell.lost:
        draft.say(
            "error",
            "carriage-return",
            place(document, 1, 1, len(first)),
            "the carriage return belongs to the interpreter's name: no program is called so, and nothing below runs",
            "回车符成为解释器名称的一部分: 没有这样的程序, 以下内容都不会执行",
        )
    walked = []
    for line in draft.file_lines("script"):
        lost = shell.lost
        walked.append((line, shell.read(line)))
        if shell.lost and not lost:
            draft.say(
                "error",
                "syntax",
                line.at(),
                "the shell stops here over the syntax, or this reader does: nothing below is understood",
                "shell 会因语法错误在此停止 (或本工具无法继续读取): 以下内容均未理解",
            )
    variables = _Variables([command for _, commands in walked for command in commands or ()], shell.blurred)
    found: list[ScriptCommand] = []
    for line, commands in walked:
        if line.tag in {"BLANK", "COMMENT"}:
            continue
        if commands is None:
            draft.leave(line)
            continue
        meanings = [_meaning(command, variables.at(command), shell.functions) for command in commands]
        known = tuple(chain.from_iterable(meaning for meaning in meanings if meaning is not None))
        others = tuple(
            _text(command) for command, meaning in zip(commands, meanings, strict=True) if meaning is None
        )
        if others and not known:
            draft.leave(line)
            continue
        found += known
        draft.facts.append(ScriptLine(text=line.text.strip(), commands=known, others=others, at=line.at()))
    return draft.finish(Script(commands=tuple(found), at=document.at))


class _Variables:
    """What variables hold at each command, as far as the order of the script decides it."""

    def __init__(self, commands: Sequence[Command], blurred: set[str]) -> None:
        self._now: dict[str, str | None] = {}
        self._everywhere: dict[str, str | None] = {}
        seen = set(blurred)
        for command in commands:
            for name, value in _assignments(command):
                alone = name not in seen and not command.where
                self._everywhere[name] = expand(value, self._everywhere) if alone else None
                seen.add(name)
        self._never = blurred | {
            name
            for command in commands
            if any(where.startswith("function") for where in command.where)
            for name, _ in _assignments(command)
        }

    def at(self, command: Command) -> Mapping[str, str | None]:
        """As its words see them; commands come in the order of the script."""
        alone = not command.where and (not command.words or command.words[0].text in _ASSIGNING)
        for name, value in _assignments(command):
            self._now[name] = expand(value, self._now) if alone and name not in self._never else None
        return self._everywhere if command.where else self._now


_ASSIGNING = frozenset({"export", "readonly", "local", "declare", "typeset", "read", "unset"})


def _assignments(command: Command) -> list[tuple[str, str]]:
    found = [(name, value.text) for name, value in command.assignments]
    if command.words and command.words[0].text in _ASSIGNING:
        for word in command.words[1:]:
            name, equals, value = word.text.partition("=")
            if equals or command.words[0].text not in {"export", "readonly"}:
                found.append((name, value if equals else "$"))
    return found


def _text(command: Command) -> str:
    """The command as written, joined lines as one."""
    words = [
        *(word for _, word in command.assignments),
        *command.words,
        *(word for _, word in command.redirects),
    ]
    start, end = min(word.start for word in words), max(word.end for word in words)
    return words[0].line.text[start:end].replace("\\\n", " ")


def _meaning(
    command: Command, variables: Mapping[str, str | None], functions: set[str]
) -> tuple[ScriptCommand, ...] | None:
    """What a command does; empty where it only steers or talks, None where it is not understood."""
    if len(command.words) > _MOST_WORDS:
        return None
    words = list(command.words)
    while words and words[0].text in _BEFORE_COMMANDS:
        del words[0]
    if not words:
        return () if all(operator in {"<", "<<", "<<-"} for operator, _ in command.redirects) else None
    texts = [expand(word.text, variables) for word in words]
    name = posixpath.basename(texts[0] or "")
    target = next((word for operator, word in command.redirects if operator in {">", ">>", ">|"}), None)
    if target is not None:
        path = expand(target.text, variables)
        if path is not None and path.startswith("/proc/sys/") and name in {"echo", "printf"}:
            return _echo(command, words, texts, path)
        if path != "/dev/null" and name in _TALKING:
            return None
    if name in _STEERING | _TALKING or words[0].text in functions:
        return ()
    if name in {".", "source"}:
        return () if texts[1:2] and texts[1] in _LIBRARIES else None
    if any(text is None or "\r" in text for text in texts):
        return None
    known = [replace(word, text=text or "") for word, text in zip(words, texts, strict=True)]
    if {"init.d", "resource.d"} & set(known[0].text.split("/")[:-1]):
        return (_command("service", command, [name, *(word.text for word in known[1:])], known[0]),)
    read = _READERS.get(name)
    return read(command, known[1:]) if read is not None else None


_MOST_WORDS = 999
_BEFORE_COMMANDS = frozenset({"sudo", "command", "nohup", "exec", "builtin"})
_STEERING = frozenset(
    {":", "true", "false", "[", "test", "[[", "exit", "return", "break", "continue", "shift", "set", "trap"}
    | {"wait", "sleep", "cd", "umask", "usleep"}
    | _ASSIGNING
)
_TALKING = frozenset({"echo", "printf", "logger", "success", "failure", "warning", "passed", "echo_success"})
_LIBRARIES = frozenset(
    {
        "/etc/init.d/functions",
        "/etc/rc.d/init.d/functions",
        "/lib/lsb/init-functions",
        "/etc/sysconfig/network",
    }
)


def _command(
    kind: str,
    command: Command,
    words: Sequence[str],
    place: Word,
    *,
    interface: str | None = None,
    address: str | None = None,
    prefix: int | None = None,
    key: str | None = None,
    value: str | None = None,
) -> ScriptCommand:
    return ScriptCommand(
        kind=kind,
        text=_text(command),
        at=place.at,
        where=command.where,
        words=tuple(words),
        interface=interface,
        address=address,
        prefix=prefix,
        key=key,
        value=value,
    )


def _echo(
    command: Command, words: Sequence[Word], texts: Sequence[str | None], path: str
) -> tuple[ScriptCommand, ...] | None:
    values = [
        (word, text)
        for word, text in zip(words[1:], texts[1:], strict=True)
        if text not in {"-n", "-e", "-ne"}
    ]
    if any(text is None or "\r" in text for _, text in values) or "\r" in path or not values:
        return None
    value = " ".join(text or "" for _, text in values).strip()
    key = dotted(path.removeprefix("/proc/sys/"))
    place = replace(values[0][0], end=values[-1][0].end)
    return (_command("sysctl", command, [value, path], place, key=key, value=value),)


def _ifconfig(command: Command, words: Sequence[Word]) -> tuple[ScriptCommand, ...] | None:
    texts = [word.text for word in words if word.text not in {"inet", "inet6"}]
    if len(texts) < 2 or texts[0].startswith("-"):
        return ()
    interface, arguments = texts[0], texts[1:]
    removes = arguments[0] == "del" or "down" in arguments
    if arguments[0] in {"add", "del"}:
        del arguments[0]
    place = next((word for word in words[1:] if word.text == (arguments or [""])[0]), words[0])
    address, prefix = _split(arguments[0]) if arguments else (None, None)
    if address is not None:
        following = dict(pairwise(arguments))
        return (
            _command(
                "no-address" if removes else "address",
                command,
                texts,
                place,
                interface=interface,
                address=address,
                prefix=_prefix(following.get("netmask")) if prefix is None else prefix,
            ),
        )
    kind = "no-address" if removes and ":" in interface else "link"
    known = all(word in _LINK_WORDS or word.isdecimal() for word in arguments)
    return (_command(kind, command, texts, words[0], interface=interface),) if known and arguments else None


_LINK_WORDS = frozenset(
    {"up", "down", "arp", "-arp", "mtu", "promisc", "-promisc", "multicast", "-multicast"}
)


def _ip(command: Command, words: Sequence[Word]) -> tuple[ScriptCommand, ...] | None:
    rest = list(words)
    while rest and rest[0].text.startswith("-"):
        del rest[0]
    texts = [word.text for word in rest]
    if not texts:
        return None
    if "address".startswith(texts[0]):
        return _ip_address(command, rest)
    if "link".startswith(texts[0]):
        if texts[1:2] != ["set"]:
            return _looks(texts)
        names = [word for word in rest[2:] if word.text != "dev"]
        return (_command("link", command, texts, names[0], interface=names[0].text),) if names else None
    if "route".startswith(texts[0]) or texts[0] in {"ru", "rule"}:
        return _looks(texts) if _looks(texts) is not None else (_command("route", command, texts, rest[0]),)
    return None


def _looks(texts: Sequence[str]) -> tuple[ScriptCommand, ...] | None:
    """Nothing happens where a list is only shown."""
    return () if texts[1:2] in ([], ["show"], ["list"], ["ls"], ["lst"], ["get"]) else None


def _ip_address(command: Command, rest: Sequence[Word]) -> tuple[ScriptCommand, ...] | None:
    texts = [word.text for word in rest]
    kind = next((kind for kind, verbs in _ADDRESS_VERBS if texts[1:2] and texts[1] in verbs), None)
    if kind is None:
        return _looks(texts)
    if texts[1] == "flush":
        return (_command(kind, command, texts, rest[1], interface=dict(pairwise(texts)).get("dev")),)
    following: dict[str, str] = {}
    place: Word | None = None
    arguments = iter(rest[2:])
    for word in arguments:
        if word.text in _ADDRESS_KEYS:
            value = next(arguments, None)
            following[word.text] = value.text if value is not None else ""
            place = value if word.text == "local" else place
        elif place is None:
            place = word
    address, prefix = _split(place.text) if place is not None else (None, None)
    if place is None or address is None:
        return None
    return (
        _command(
            kind,
            command,
            texts,
            place,
            interface=following.get("label") or following.get("dev"),
            address=address,
            prefix=(128 if ":" in address else 32) if prefix is None else prefix,
        ),
    )


_ADDRESS_VERBS = (
    ("address", frozenset({"add", "a", "ad", "replace", "repl", "change", "chg"})),
    ("no-address", frozenset({"del", "d", "de", "delete", "flush"})),
)
_ADDRESS_KEYS = frozenset(
    {"dev", "label", "brd", "broadcast", "scope", "peer", "local", "metric", "valid_lft", "preferred_lft"}
)


def _split(written: str) -> tuple[str | None, int | None]:
    """``10.0.0.9/32``: the address, and its prefix where there is one; nothing for what is no address."""
    address, slash, prefix = written.partition("/")
    try:
        ip_address(address)
        number = (
            (whole(prefix) if prefix.isdecimal() else IPv4Network(f"0.0.0.0/{prefix}").prefixlen)
            if slash
            else None
        )
    except ValueError:
        return None, None
    return address, number


def _prefix(netmask: str | None) -> int | None:
    try:
        return IPv4Network(f"0.0.0.0/{netmask}").prefixlen if netmask else None
    except ValueError:
        return None


def _sysctl(command: Command, words: Sequence[Word]) -> tuple[ScriptCommand, ...] | None:
    found = []
    for word in words:
        key, equals, value = word.text.partition("=")
        if equals and not key.startswith("-"):
            place = replace(word, start=word.end - len(value)) if not word.quoted and value else word
            texts = [one.text for one in words]
            found.append(_command("sysctl", command, texts, place, key=dotted(key), value=value.strip()))
    if found:
        return tuple(found)
    texts = [word.text for word in words]
    loads = any(
        text == "--system" or text.startswith(("-p", "--load", "-ep", "-qp", "-eq")) for text in texts
    )
    return (_command("sysctl-load", command, texts, words[0]),) if loads else ()


def _ipvsadm(command: Command, words: Sequence[Word]) -> tuple[ScriptCommand, ...] | None:
    texts = [word.text for word in words]
    if not words:
        return ()
    read = read_command(texts, words[0].at, lambda index, value: words[index].ending(value))
    return None if read is None else (replace(_command("ipvsadm", command, texts, words[0]), ipvs=read),)


def _filter(kind: str, family: str) -> Callable[[Command, Sequence[Word]], tuple[ScriptCommand, ...] | None]:
    def read(command: Command, words: Sequence[Word]) -> tuple[ScriptCommand, ...] | None:
        if not words or words[0].text in {"-L", "-S", "-nL", "-vnL", "--list"}:
            return ()
        rule = read_rule(words, family, "filter", words[0].at)
        texts = [word.text for word in words]
        return (replace(_command(kind, command, texts, words[0]), rule=rule),)

    return read


def _plain(kind: str) -> Callable[[Command, Sequence[Word]], tuple[ScriptCommand, ...] | None]:
    def read(command: Command, words: Sequence[Word]) -> tuple[ScriptCommand, ...] | None:
        texts = [word.text for word in words]
        return (_command(kind, command, texts, words[0] if words else command.words[0]),)

    return read


_READERS: dict[str, Callable[[Command, Sequence[Word]], tuple[ScriptCommand, ...] | None]] = {
    "ifconfig": _ifconfig,
    "ip": _ip,
    "route": _plain("route"),
    "sysctl": _sysctl,
    "ipvsadm": _ipvsadm,
    "ipvsadm-restore": _plain("ipvsadm"),
    "modprobe": _plain("module"),
    "insmod": _plain("module"),
    "rmmod": _plain("module"),
    "service": _plain("service"),
    "chkconfig": _plain("service"),
    "systemctl": _plain("service"),
    "iptables": _filter("iptables", "4"),
    "ip6tables": _filter("iptables", "6"),
    "arptables": _filter("arptables", "arp"),
    "iptables-restore": _plain("iptables"),
    "arptables-restore": _plain("arptables"),
}
