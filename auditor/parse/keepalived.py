"""Reads keepalived.conf, for the inventory and the topology of sites that have half moved."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from auditor.model.facts import (
    Document,
    Heading,
    Keepalived,
    KeepalivedCheck,
    KeepalivedGroup,
    KeepalivedReal,
    KeepalivedVirtual,
    Reading,
    ResourceAddress,
    Setting,
    VrrpInstance,
)
from auditor.model.place import At
from auditor.parse.draft import Draft
from auditor.parse.grammar import Line
from auditor.parse.ipvsadm import name_endpoint
from auditor.parse.text import whole
from auditor.parse.words import unquote, word_place


def read_keepalived(document: Document) -> Reading[Keepalived]:
    """Virtual services, VRRP instances and everything else as settings. Semantics of keepalived 1.1 .. 2.2.

    keepalived passes over words that it does not know, and so does this reader; a brace too many is Unparsed.
    Files that are included are named, not read. Lines for some hosts only (``@id``) count as if they were for all.
    """
    draft = Draft("keepalived", document)
    root = _Block((), document.at)
    open_blocks = [root]
    includes: list[Setting] = []
    conditional: list[At] = []
    strange: list[Setting] = []
    for line in draft.file_lines("keepalived"):
        if line.tag in {"BLANK", "COMMENT"}:
            continue
        if len(line.text) > _LONGEST:
            draft.leave(line)
            draft.say(
                "error",
                "too-long",
                line.at(),
                f"the line has more than {_LONGEST} characters: keepalived takes the rest for another statement",
                f"该行超过 {_LONGEST} 个字符: keepalived 会把余下部分当作另一条语句",
            )
            continue
        written = _WORD.findall(line.text, *line.span("words")) if line.tag == "STATEMENT" else []
        words = [unquote(word) for word in written] if _QUOTING.search(line.text) else written
        if not words or not _fits(words, len(open_blocks) - 1):
            draft.leave(line)
            if words:
                draft.say("error", "brace", line.at(), "no block is open here", "此处没有未关闭的块")
            continue
        section = " ".join(open_blocks[-1].words) or None
        key = words[0]
        if key in _BRACES and len(words) == 1:
            draft.facts.append(Heading(text=key, at=line.at()))
        else:
            index = int(len(words) > 1)
            at = word_place(line, written, index, written[index])
            setting = Setting(key=key, value=" ".join(words[1:]), at=at, section=section)
            draft.facts.append(setting)
            if key.startswith("include") and len(words) > 1:
                includes.append(setting)
                continue
            if section is None and not key.startswith(("@", "$")) and key not in _BLOCKS:
                strange.append(setting)
                draft.say(
                    "warning",
                    "unknown-keyword",
                    word_place(line, written, 0, written[0]),
                    f"keepalived knows no {key[:60]!r} and passes over it",
                    f"keepalived 不认识 {key[:60]!r}, 会忽略它",
                )
        if key.startswith("@"):
            conditional.append(word_place(line, written, 0, written[0]))
        _add(line, words, written, open_blocks)
    for block in open_blocks[1:]:
        draft.say(
            "error",
            "brace",
            block.at,
            f"the block {' '.join(block.words)[:60]} is never closed",
            f"块 {' '.join(block.words)[:60]} 没有结束",
        )
    value = Keepalived(
        virtuals=tuple(_virtual(block) for block in root.blocks_of("virtual_server")),
        groups=tuple(_group(block) for block in root.blocks_of("virtual_server_group")),
        instances=tuple(_instance(block) for block in root.blocks_of("vrrp_instance")),
        includes=tuple(includes),
        conditional=tuple(conditional),
        strange=tuple(strange),
        at=document.at,
    )
    return draft.finish(value)


_BLOCKS = frozenset(
    (
        *(
            "global_defs",
            "net_namespace",
            "net_namespace_ipvs",
            "namespace_with_ipsets",
            "instance",
            "use_pid_dir",
        ),
        *(
            "vrrp_instance",
            "vrrp_sync_group",
            "vrrp_script",
            "vrrp_track_process",
            "vrrp_track_file",
            "track_file",
        ),
        *(
            "virtual_server",
            "virtual_server_group",
            "local_address_group",
            "SSL",
            "bfd_instance",
            "garp_group",
        ),
        *("static_ipaddress", "static_routes", "static_rules", "static_track_group", "track_group"),
        *("linkbeat_use_polling", "linkbeat_interfaces", "interface_up_down_delays", "child_wait_time"),
        *("{", "}"),
    )
)
"""What may stand outside of all blocks, keepalived 1.1 .. 2.2."""
_BRACES = frozenset("{}")
_QUOTING = re.compile(r"""["'\\]""")
_LONGEST = 1023
"""keepalived reads a longer line in pieces."""
_DEEPEST = 50
"""No keyword of keepalived stands in more blocks than a handful."""
_WORD = re.compile(
    r"""[{}]|(?:[^ \t\r\f\v"'\\{}]++|\\[^\n]|"(?:[^"\\]|\\[^\n])*+"|'(?:[^'\\]|\\[^\n])*+')++""", re.DOTALL
)


@dataclass(slots=True)
class _Block:
    """A block, or a statement without one: its words, and what stands inside."""

    words: tuple[str, ...]
    at: At
    inside: list[_Block] = field(default_factory=list)

    def blocks_of(self, name: str) -> list[_Block]:
        return [block for block in self.inside if block.words[0] == name]

    def settings(self) -> tuple[Setting, ...]:
        """All statements inside, those of inner blocks with the names of the blocks as their section."""
        found: list[Setting] = []
        self._gather(None, found)
        return tuple(found)

    def _gather(self, section: str | None, found: list[Setting]) -> None:
        for one in self.inside:
            key = one.words[0]
            found.append(Setting(key=key, value=" ".join(one.words[1:]), at=one.at, section=section))
            if one.inside:
                one._gather(f"{section} {key}" if section else key, found)

    def word(self, *names: str) -> str | None:
        """The first argument of the last statement with one of the names."""
        for one in reversed(self.inside):
            if one.words[0] in names and len(one.words) > 1:
                return one.words[1]
        return None

    def number(self, *names: str) -> int | None:
        word = self.word(*names)
        return whole(word) if word is not None and word.isascii() and word.isdecimal() else None

    def has(self, name: str) -> bool:
        return any(one.words[0] == name for one in self.inside)


def _fits(words: Sequence[str], depth: int) -> bool:
    """No brace closes a block that is not open, or opens one too deep."""
    if _BRACES.isdisjoint(words):
        return True
    for word in words:
        if word in _BRACES:
            depth += 1 if word == "{" else -1
            if not 0 <= depth <= _DEEPEST:
                return False
    return True


def _add(line: Line, words: Sequence[str], written: Sequence[str], open_blocks: list[_Block]) -> None:
    """Braces end a statement; an opening one without words of its own belongs to the statement above."""
    begin = 1 if words[0].startswith("@") else 0
    ends = [index for index, word in enumerate(words) if word in _BRACES]
    for index in (*ends, len(words)):
        brace = words[index] if index < len(words) else None
        inside = open_blocks[-1].inside
        if begin < index:
            at = word_place(line, written, begin, written[begin])
            inside.append(_Block(tuple(words[begin:index]), at))
        if brace == "{":
            if not inside:
                inside.append(_Block(("",), word_place(line, written, index, brace)))
            open_blocks.append(inside[-1])
        elif brace == "}":
            open_blocks.pop()
        begin = index + 1


def _virtual(block: _Block) -> KeepalivedVirtual:
    address, port, mark, group = None, None, None, None
    arguments = block.words[1:]
    if arguments[:1] == ("fwmark",):
        mark = _whole(arguments[1:2])
        name = str(mark) if mark is not None else " ".join(arguments)
    elif arguments[:1] == ("group",):
        group = " ".join(arguments[1:2])
        name = group
    else:
        address, port = " ".join(arguments[:1]), _whole(arguments[1:2])
        name = name_endpoint(address, port or 0)
    forwarding = _FORWARDING.get((block.word("lb_kind", "lvs_method") or "").upper())
    sorry = [_real(one, forwarding) for one in block.blocks_of("sorry_server") if len(one.words) > 1]
    timeout = block.number("persistence_timeout")
    return KeepalivedVirtual(
        name=name,
        address=address,
        port=port,
        mark=mark,
        group=group,
        protocol="fwm" if mark is not None else (block.word("protocol") or "tcp").lower(),
        scheduler=block.word("lb_algo", "lvs_sched"),
        forwarding=forwarding,
        persistent=360 if timeout is None and block.has("persistence_timeout") else timeout or None,
        netmask=block.word("persistence_granularity"),
        virtualhost=block.word("virtualhost"),
        ops=block.has("ops"),
        reals=tuple(_real(one, forwarding) for one in block.blocks_of("real_server") if len(one.words) > 1),
        fallback=sorry[-1] if sorry else None,
        settings=block.settings(),
        at=block.at,
    )


_FORWARDING = {"NAT": "masq", "DR": "gate", "TUN": "ipip"}


def _real(block: _Block, forwarding: str | None) -> KeepalivedReal:
    own = _FORWARDING.get((block.word("lb_kind", "lvs_method") or "").upper())
    weight = block.number("weight")
    return KeepalivedReal(
        address=block.words[1],
        port=_whole(block.words[2:3]),
        forwarding=own or forwarding,
        weight=1 if weight is None else weight,
        inhibit=block.has("inhibit_on_failure"),
        checks=tuple(
            KeepalivedCheck(
                kind=one.words[0], port=one.number("connect_port"), settings=one.settings(), at=one.at
            )
            for one in block.inside
            if one.words[0].endswith(("_CHECK", "_GET"))
        ),
        at=block.at,
    )


def _group(block: _Block) -> KeepalivedGroup:
    return KeepalivedGroup(
        name=" ".join(block.words[1:2]),
        members=tuple(" ".join(one.words) for one in block.inside),
        at=block.at,
    )


def _instance(block: _Block) -> VrrpInstance:
    interface = block.word("interface")
    syncd = [one.words for one in block.blocks_of("lvs_sync_daemon_interface")]
    return VrrpInstance(
        name=" ".join(block.words[1:2]),
        state=block.word("state"),
        interface=interface,
        router_id=block.number("virtual_router_id"),
        priority=block.number("priority"),
        preempt=not block.has("nopreempt"),
        sync_interface=syncd[-1][1] if syncd and len(syncd[-1]) > 1 else None,
        addresses=tuple(
            _address(one, interface)
            for name in ("virtual_ipaddress", "virtual_ipaddress_excluded")
            for inner in block.blocks_of(name)
            for one in inner.inside
        ),
        settings=block.settings(),
        at=block.at,
    )


def _address(block: _Block, interface: str | None) -> ResourceAddress:
    """``address[/prefix] [dev NAME] [label LABEL] [brd ADDRESS]``."""
    address, _, prefix = block.words[0].partition("/")
    following = dict(zip(block.words[1:], block.words[2:], strict=False))
    longest = 128 if ":" in address else 32
    return ResourceAddress(
        address=address,
        prefix=_whole([prefix]) if prefix else longest,
        interface=following.get("dev", interface),
        label=following.get("label"),
        broadcast=following.get("brd"),
        at=block.at,
    )


def _whole(words: Sequence[str]) -> int | None:
    return whole(words[0]) if words and words[0].isascii() and words[0].isdecimal() else None
