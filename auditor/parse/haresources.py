"""Reads /etc/ha.d/haresources as ResourceManager does, and refuses what heartbeat refuses."""

from __future__ import annotations

import re
from collections.abc import Iterator
from ipaddress import IPv4Address, IPv4Network

from auditor.model.facts import Document, Group, Haresources, Node, Reading, Resource, ResourceAddress
from auditor.model.place import At, Diagnostic, Prose, Unparsed
from auditor.parse.grammar import Line, read_lines
from auditor.parse.text import has_mark, place, whole

_BARE_ADDRESS = re.compile(r"[0-9][^.]*\.[0-9][^.]*\.[0-9][^.]*\.[0-9].*")
_ADDRESS_SCRIPTS = ("IPaddr", "IPaddr2", "IPsrcaddr")

_LONGEST = 5118
"""heartbeat reads a longer line in pieces and takes the second one for another group."""


def read_haresources(document: Document) -> Reading[Haresources]:
    """Each group as a ``Group`` at its first physical line, continued lines joined as the shell joins them.

    Semantics of heartbeat 2.0 .. 3.0.6. Whether the node is one of ha.cf's is not this file's to know; a word
    that no node can be called is an error, because heartbeat refuses to start on it.
    """
    groups: list[Group] = []
    unparsed: list[Unparsed] = []
    notes: list[Diagnostic] = []
    keys: dict[str, Group] = {}
    if has_mark(document):
        notes.append(
            _note(
                "error",
                "byte-order-mark",
                place(document, 1, 1, 1),
                "a byte order mark stands before the first line and becomes part of the node's name",
                "文件以字节顺序标记 (BOM) 开头, 它会成为节点名的一部分",
            )
        )
    for line in read_lines("haresources", document):
        if line.tag not in {"GROUP", "OTHER"}:
            continue
        if max(map(len, line.text.split("\n"))) > _LONGEST:
            unparsed.append(line.unparsed())
            notes.append(_too_long(line))
            continue
        words = _words(line)
        if line.tag == "OTHER" or not words:
            unparsed.append(line.unparsed())
            continue
        group = _group(line, words)
        groups.append(group)
        notes += _check_joins(line)
        notes += _check_resources(group)
        if group.resources:
            first = keys.setdefault(group.resources[0].written, group)
            if first is not group:
                notes.append(
                    _note(
                        "warning",
                        "duplicate-key",
                        group.resources[0].at,
                        f"line {first.at.line} begins with the same resource, by which heartbeat tells groups apart",
                        f"第 {first.at.line} 行的第一个资源与此相同, 而它是组的标识: heartbeat 会混淆两组",
                    )
                )
    notes += _check_nodes(document)
    notes.sort(key=lambda note: (note.at.line or 0, note.at.column or 0))
    return Reading(
        format="haresources",
        at=document.at,
        encoding=document.encoding,
        facts=tuple(groups),
        unparsed=tuple(unparsed),
        diagnostics=tuple(notes),
        value=Haresources(
            groups=tuple(groups),
            addresses=tuple(address for group in groups for address in group.addresses),
            accepted=not any(note.severity == "error" for note in notes),
            at=document.at,
        ),
    )


def _words(line: Line) -> list[tuple[str, At]]:
    """The words of the joined line; a word glued together of two lines stands where it begins."""
    pieces: list[tuple[int, int]] = []
    physical = line.text.split("\n")
    offset = 0
    for index, text in enumerate(physical):
        end = len(text)
        if index == 0 and "#" in text:
            end = text.index("#")
        elif text.endswith("\\") and index + 1 < len(physical):
            end -= 1
        pieces.append((offset, offset + end))
        offset += len(text) + 1
    joined = "".join(line.text[start:end] for start, end in pieces)
    words: list[tuple[str, At]] = []
    piece, passed = 0, 0
    for match in re.finditer(r"[^ \t]+", joined):
        while match.start() >= passed + pieces[piece][1] - pieces[piece][0]:
            passed += pieces[piece][1] - pieces[piece][0]
            piece += 1
        start = pieces[piece][0] + match.start() - passed
        words.append((match[0], line.within(start, min(start + len(match[0]), pieces[piece][1]))))
    return words


def _group(line: Line, words: list[tuple[str, At]]) -> Group:
    written, at = words[0]
    resources = tuple(_resource(word, place) for word, place in words[1:])
    return Group(
        node=Node(name=written.lower(), written=written, at=at),
        resources=resources,
        addresses=tuple(address for resource in resources if (address := _address(resource)) is not None),
        at=line.at(),
    )


def _resource(word: str, at: At) -> Resource:
    if _BARE_ADDRESS.match(word):
        return Resource(script="IPaddr", args=(word,), written=word, at=at)
    script, *args = word.split("::")
    return Resource(script=script, args=tuple(args), written=word, at=at)


def _address(resource: Resource) -> ResourceAddress | None:
    """``ip[/mask[/nic[:label][/broadcast]]]`` of the first argument."""
    if resource.script.lower() not in {"ipaddr", "ipaddr2"} or not resource.args:
        return None
    parts = resource.args[0].strip("\r").split("/")
    address, mask, nic, broadcast = (*parts[:4], *("",) * (4 - len(parts[:4])))
    if re.fullmatch(r"[0-9]+\.[0-9]+\.[0-9]+\.[0-9]+", nic):
        nic, broadcast = "", nic
    interface = nic.split(":", 1)[0]
    return ResourceAddress(
        address=address,
        prefix=_prefix(mask),
        interface=interface or None,
        label=nic if ":" in nic else None,
        broadcast=broadcast or None,
        at=resource.at,
    )


def _prefix(mask: str) -> int | None:
    """From ``24`` or ``255.255.255.0``; None for what is neither."""
    if re.fullmatch(r"[0-9]{1,2}", mask):
        return whole(mask) if whole(mask) <= 32 else None
    try:
        return IPv4Network((0, str(IPv4Address(mask)))).prefixlen
    except ValueError:
        return None


def _check_nodes(document: Document) -> Iterator[Diagnostic]:
    """What heartbeat itself checks: the first word of each group, as it stands in the file.

    It does not know the comments that the shell cuts off, and follows a backslash that the shell takes for
    part of one.
    """
    joined, broken = False, None
    for number, text in enumerate(document.text.split("\n"), 1):
        head = _HEAD.match(text)
        if not joined and (head is None or head[1].startswith("#")):
            continue
        if head is not None and not joined:
            at = place(document, number, head.start(1) + 1, head.end(1) + 1)
            yield from _check_node(head[1], at, broken)
        joined = text.endswith("\\")
        broken = number if re.search(r"\\[ \t\r\f\v]+\Z", text) else None


_HEAD = re.compile(r"[ \t\r\f]*([^ \t\r\f]+)")


def _check_node(name: str, at: At, broken: int | None) -> Iterator[Diagnostic]:
    if not re.search(r'[:/,"$\\{}<>#]', name) and not _BARE_ADDRESS.fullmatch(name):
        return
    if broken is not None:
        yield _note(
            "error",
            "broken-continuation",
            at,
            f'"{_short(name)}" is read as a node: a blank or carriage return behind the backslash of line {broken} '
            "broke the continuation",
            f"“{_short(name)}” 被当作节点名: 第 {broken} 行的反斜杠后有空白或回车, 续行失效",
        )
        return
    yield _note(
        "error",
        "bad-node",
        at,
        f'"{_short(name)}" is read as a node, and no node can be called so: heartbeat refuses',
        f"“{_short(name)}” 位于节点名的位置, 而节点不可能叫这个名字: heartbeat 拒绝启动",
    )


def _check_joins(line: Line) -> list[Diagnostic]:
    notes: list[Diagnostic] = []
    physical = line.text.split("\n")
    trap = re.search(r"\\([ \t\r\f\v]+)\Z", line.text)
    if trap is not None:
        notes.append(
            _note(
                "warning",
                "backslash-blank",
                line.within(trap.start(), trap.end()),
                "a blank or carriage return stands behind the backslash: the next line is not joined",
                "反斜杠后有空白或回车: 下一行不会被接上",
            )
        )
    elif line.text.endswith("\r"):
        notes.append(
            _note(
                "warning",
                "carriage-return",
                line.within(len(line.text) - 1, len(line.text)),
                "the carriage return becomes part of the last resource's name",
                "回车符会成为最后一个资源名的一部分",
            )
        )
    elif physical[-1].endswith("\\") and not (len(physical) == 1 and "#" in physical[0]):
        notes.append(
            _note(
                "warning",
                "backslash-at-end",
                line.within(len(line.text) - 1, len(line.text)),
                "no line follows the backslash: it stays and becomes a resource, or part of one's name",
                "反斜杠之后没有下一行: 它会保留下来, 成为一个资源或资源名的一部分",
            )
        )
    if "#" in physical[0] and physical[0].endswith("\\"):
        start = physical[0].index("#")
        notes.append(
            _note(
                "warning",
                "backslash-in-comment",
                line.within(start, len(physical[0])),
                "the backslash belongs to the comment: ResourceManager does not join the next line",
                "反斜杠属于注释: ResourceManager 不会接上下一行",
            )
        )
    offset = len(physical[0]) + 1
    for text in physical[1:]:
        if "#" in text:
            start = offset + text.index("#")
            notes.append(
                _note(
                    "warning",
                    "comment-in-continuation",
                    line.within(start, offset + len(text)),
                    "no comment is cut off a continued line: these words become resources",
                    "续行上的注释不会被去掉: 其中的词会成为资源",
                )
            )
        offset += len(text) + 1
    return notes


def _check_resources(group: Group) -> list[Diagnostic]:
    notes: list[Diagnostic] = []
    for resource in group.resources:
        proper = next((name for name in _ADDRESS_SCRIPTS if name.lower() == resource.script.lower()), None)
        if proper is not None and proper != resource.script:
            notes.append(
                _note(
                    "warning",
                    "script-case",
                    resource.at,
                    f"{_short(resource.script)} is not the name of a script: {proper} is",
                    f"没有名为 {_short(resource.script)} 的脚本: 应为 {proper}",
                )
            )
    return notes


def _too_long(line: Line) -> Diagnostic:
    return _note(
        "error",
        "too-long",
        line.at(),
        f"the line has more than {_LONGEST} characters: heartbeat takes the rest for another group",
        f"该行超过 {_LONGEST} 个字符: heartbeat 会把余下部分当作另一组",
    )


def _short(text: str) -> str:
    return text if len(text) <= 60 else f"{text[:59]}…"


def _note(severity: str, code: str, at: At, en: str, zh: str) -> Diagnostic:
    return Diagnostic(severity=severity, code=code, message=Prose(en=en, zh=zh), at=at)
