"""Two runs side by side: by meaning first, then the lines of files that meaning has nothing to say about."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from difflib import SequenceMatcher

from auditor.derive.meaning import without_tag
from auditor.model.difference import Blank, Change, Meaning, Statement, TextChange
from auditor.model.snapshot import Artifact, HostSnapshot, Snapshot
from auditor.parse.text import read_document

_CONTEXT = 2
_CONFIG = 500  # lines of a file that people write; of longer ones the commonest lines tie nothing together
# Lines beyond which only their number is told: comparing texts of a hostile host must come to an end.
_LONG = 5000
# Probes of files whose lines mean the same in any order; all that they say is among the statements.
_UNORDERED = frozenset({"ldirectord", "ifcfg", "network", "sysctl.conf", "sysctl.d"})
# Outputs without a reader of their own that are worth a look.
_OUTPUTS = frozenset({"iptables", "arptables", "ip-rule"})
_COUNTERS = re.compile(r"\[[0-9]+:[0-9]+\]")


def compare_meaning(old: Meaning, new: Meaning) -> tuple[tuple[Change, ...], tuple[Blank, ...]]:
    """What differs, in the order of the new run, and the areas where either run has a gap.

    In such an area only what both runs know is compared: what one could not see has not come or gone. Of a host
    that only one run visited it is said that it came or went, and no more.
    """
    before, after = _index(old), _index(new)
    blanks = tuple(dict.fromkeys((*new.blanks, *old.blanks)))
    unseen = {(blank.subject, blank.area) for blank in blanks}
    unread = {blank.subject for blank in blanks if blank.area == "host"}
    alone = _hosts(before) ^ _hosts(after)
    changes = []
    for key in (*after, *(key for key in before if key not in after)):
        one, other = before.get(key), after.get(key)
        blind = key[:2] in unseen or (key[0] in unread | alone and key[1:] != _STATUS)
        if (one is None or other is None) and blind:
            continue
        if one is None or other is None or one.value != other.value:
            changes.append(Change(before=one, after=other))
    return tuple(changes), blanks


def compare_texts(old: Snapshot, new: Snapshot, changes: Iterable[Change]) -> Iterator[TextChange]:
    """Files of which other lines changed than those that ``changes`` rest on."""
    told = {
        (statement.at.host, statement.at.source, statement.at.line, late)
        for change in changes
        for late, statement in enumerate((change.before, change.after))
        if statement is not None and statement.at is not None
    }
    earlier = {host.name: host for host in old.hosts}
    for host in new.hosts:
        if host.name not in earlier:
            continue
        for key, artifact in host.artifacts.items():
            other = earlier[host.name].artifacts.get(key)
            if (
                other is None
                or not (_is_text(artifact) and _is_text(other))
                or other.content == artifact.content
            ):
                continue
            lines = (_lines(earlier[host.name], other), _lines(host, artifact))
            source = artifact.source
            if max(map(len, lines)) > _LONG:
                size = f"@@ {len(lines[0])} → {len(lines[1])} @@"
                yield TextChange(host=host.name, path=source, lines=(size,))
                continue
            found = _differing(*lines, artifact.probe in _UNORDERED)
            if any((host.name, source, number, late) not in told for late, number in found):
                yield TextChange(host=host.name, path=source, lines=tuple(_unified(*lines)))


_STATUS = ("host", "status")


def _hosts(statements: Mapping[tuple[str, str, str], Statement]) -> set[str]:
    return {key[0] for key in statements if key[1:] == _STATUS}


def _index(meaning: Meaning) -> dict[tuple[str, str, str], Statement]:
    return {(one.subject, one.area, one.name): one for one in meaning.statements}


def _is_text(artifact: Artifact) -> bool:
    """Links to files carry the bytes of those, and the file itself is there as well."""
    if artifact.state != "read":
        return False
    return artifact.kind == "file" if artifact.kind != "command" else artifact.probe in _OUTPUTS


def _lines(host: HostSnapshot, artifact: Artifact) -> list[str]:
    document = read_document(artifact.content, source=artifact.source, host=host.name, encoding=host.encoding)
    lines = without_tag(document.text).removesuffix("\n").split("\n")
    if artifact.kind != "command":
        return lines
    return ["" if line.startswith("#") else _COUNTERS.sub("[0:0]", line) for line in lines]


def _differing(old: list[str], new: list[str], unordered: bool) -> set[tuple[int, int]]:
    """Lines that are not the same: 0 and the number in the old text, or 1 and the number in the new one.

    Blank ones do not count, nor blanks at the end; where order means nothing, neither do lines that moved.
    """
    gone, come = [], []
    for kind, a, b, c, d in _matcher(old, new).get_opcodes():
        if kind != "equal":
            gone += [number for number in range(a, b) if old[number].strip()]
            come += [number for number in range(c, d) if new[number].strip()]
    if unordered:
        moved = Counter(old[number].strip() for number in gone) & Counter(
            new[number].strip() for number in come
        )
        gone, come = _without(gone, old, moved), _without(come, new, moved)
    return {(0, number + 1) for number in gone} | {(1, number + 1) for number in come}


def _without(numbers: list[int], lines: list[str], moved: Counter[str]) -> list[int]:
    left, kept = Counter(moved), []
    for number in numbers:
        if left[lines[number].strip()] > 0:
            left[lines[number].strip()] -= 1
        else:
            kept.append(number)
    return kept


def _matcher(old: list[str], new: list[str]) -> SequenceMatcher[str]:
    """Blanks at the end of a line say nothing."""
    one, other = ([line.rstrip() for line in lines] for lines in (old, new))
    return SequenceMatcher(None, one, other, autojunk=len(one) > _CONFIG)


def _unified(old: list[str], new: list[str]) -> Iterator[str]:
    for group in _matcher(old, new).get_grouped_opcodes(_CONTEXT):
        first, last = group[0], group[-1]
        yield f"@@ -{first[1] + 1},{last[2] - first[1]} +{first[3] + 1},{last[4] - first[3]} @@"
        for kind, a, b, c, d in group:
            if kind == "equal":
                yield from (f" {line}" for line in old[a:b])
            else:
                yield from (f"-{line}" for line in old[a:b])
                yield from (f"+{line}" for line in new[c:d])
