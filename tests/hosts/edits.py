"""Small changes of a world of snapshots, as text: what tests say of a cluster that is not quite as it should be.

An edit names one host or several (``rs1, rs2:``) and says one of

    PATH                  with the new content below, each line behind "| "
    PATH s/OLD/NEW/       OLD is a regular expression that has to match
    mode 0644 PATH, owner NAME PATH, mtime TIME PATH
    link PATH             an entry of a boot directory
    remove PATH           not there any more
    unreadable PATH       there, but not for us
    unreachable           the whole host
    ssh legacy A,B        what the connection rests on; none by default

where ``$ PROBE`` in the place of PATH means the output of a command.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

from auditor.collect.probes import NAMES, PROBES
from auditor.model.snapshot import Artifact, HostError, HostSnapshot, Ssh

TIME = "2026-11-01T00:00:00Z"
SSH = Ssh(
    server="OpenSSH_9.2", kex="curve25519-sha256", host_key="ssh-ed25519", cipher="aes128-ctr", mac="hmac-sha2-256",
    fingerprint="SHA256:0",
)  # fmt: skip

World = dict[str, HostSnapshot]


@dataclass(frozen=True)
class Edit:
    """``content``: the lines below, for a PATH that gets a new one."""

    place: str
    hosts: tuple[str, ...]
    words: str
    content: bytes | None


_EDIT = re.compile(r"(?P<hosts>[\w-]+(?:, [\w-]+)*): (?P<words>.+)")


def read_edits(path: Path, lines: list[tuple[int, str]]) -> Iterator[Edit]:
    edits: list[tuple[int, str, list[str]]] = []
    for number, line in lines:
        if line.startswith("|"):
            edits[-1][2].append(line[2:])
        elif line and not line.startswith("#"):
            edits.append((number, line, []))
    for number, line, content in edits:
        match = _EDIT.fullmatch(line)
        assert match, f"{path}:{number}: not an edit: {line}"
        yield Edit(
            place=f"{path}:{number}",
            hosts=tuple(match["hosts"].split(", ")),
            words=match["words"],
            content="".join(f"{text}\n" for text in content).encode() if content else None,
        )


def apply(edit: Edit, world: World) -> None:
    for verb, change in VERBS:
        match = re.fullmatch(verb, edit.words, re.DOTALL)
        if match:
            for name in edit.hosts:
                assert name in world, f"{edit.place}: there is no host {name}"
                world[name] = change(world, name, match, edit)
            return
    raise AssertionError(f"{edit.place}: not an edit: {edit.words}")


def put(host: HostSnapshot, artifact: Artifact) -> HostSnapshot:
    return replace(host, artifacts={**host.artifacts, artifact.id: artifact})


def find(world: World, name: str, target: str, edit: Edit) -> Artifact:
    artifact = world[name].artifacts.get(target.removeprefix("$ "))
    assert artifact is not None, f"{edit.place}: {name} has no {target}"
    return artifact


def set_unreachable(world: World, name: str, match: re.Match[str], edit: Edit) -> HostSnapshot:
    error = HostError(host=name, stage="connect", code="unreachable", message="no route to host")
    return replace(world[name], status="unreachable", ssh=None, artifacts={}, errors=(error,))


def set_legacy(world: World, name: str, match: re.Match[str], edit: Edit) -> HostSnapshot:
    legacy = () if match[1] == "none" else tuple(match[1].split(","))
    return replace(world[name], ssh=replace(SSH, legacy=legacy))


def set_attribute(world: World, name: str, match: re.Match[str], edit: Edit) -> HostSnapshot:
    artifact = find(world, name, match[3], edit)
    return put(world[name], replace(artifact, **{match[1]: match[2]}))


def set_link(world: World, name: str, match: re.Match[str], edit: Edit) -> HostSnapshot:
    path = match[1]
    service = re.sub(r"^[SK]\d+", "", posixpath.basename(path))
    link = Artifact(
        id=path, probe=probe_of(path), kind="link", state="read", path=path, target=f"../init.d/{service}",
        mode="0777", owner="root", group="root", mtime=TIME,
    )  # fmt: skip
    return put(world[name], link)


def set_removed(world: World, name: str, match: re.Match[str], edit: Edit) -> HostSnapshot:
    artifact = find(world, name, match[1], edit)
    if artifact.kind == "link" and not artifact.content:  # an entry of a folder is there or is not listed
        rest = {key: kept for key, kept in world[name].artifacts.items() if key != artifact.id}
        return replace(world[name], artifacts=rest)
    gone = Artifact(
        id=artifact.id, probe=artifact.probe, kind=artifact.kind, state="absent", path=artifact.path
    )
    return put(world[name], gone)


def set_unreadable(world: World, name: str, match: re.Match[str], edit: Edit) -> HostSnapshot:
    artifact = find(world, name, match[1], edit)
    hidden = replace(
        artifact, state="unreadable", why="Permission denied", content=b"", exit_status=None, sha256=None
    )
    return replace(put(world[name], hidden), status="partial")


def set_substitute(world: World, name: str, match: re.Match[str], edit: Edit) -> HostSnapshot:
    artifact = find(world, name, match[1], edit)
    old, new = (part.replace("\\/", "/") for part in (match[2], match[3]))
    text, times = re.subn(old, new, artifact.content.decode())
    assert times, f"{edit.place}: {old} matches nothing on {name}"
    return put(world[name], replace(artifact, content=text.encode()))


def set_content(world: World, name: str, match: re.Match[str], edit: Edit) -> HostSnapshot:
    assert edit.content is not None, f"{edit.place}: no content stands below"
    target = match[1]
    if target.startswith("$ "):
        output = Artifact(
            id=target[2:], probe=target[2:], kind="command", state="read", argv=(target[2:],), exit_status=0,
            content=edit.content,
        )  # fmt: skip
        return put(world[name], output)
    fresh = Artifact(
        id=target, probe=probe_of(target), kind="file", state="read", path=target, mode="0644", owner="root",
        group="root", mtime=TIME, size=len(edit.content),
    )  # fmt: skip
    before = world[name].artifacts.get(target)
    folder = world[name].artifacts.get(posixpath.dirname(target))
    host = world[name]
    if folder is not None and folder.state == "absent":
        host = put(host, replace(folder, state="read"))
    return put(host, replace(before if before and before.state == "read" else fresh, content=edit.content))


TARGET = r"(\$ [\w-]+|/\S+)"
PART = r"((?:[^/\\]|\\.)*)"
VERBS: tuple[tuple[str, Callable[[World, str, re.Match[str], Edit], HostSnapshot]], ...] = (
    (r"unreachable", set_unreachable),
    (r"ssh legacy (\S+)", set_legacy),
    (rf"(mode|owner|mtime) (\S+) {TARGET}", set_attribute),
    (rf"link {TARGET}", set_link),
    (rf"remove {TARGET}", set_removed),
    (rf"unreadable {TARGET}", set_unreadable),
    (rf"{TARGET} s/{PART}/{PART}/", set_substitute),
    (TARGET, set_content),
)


@cache
def probe_of(path: str) -> str:
    """The probe that reads a path: by its name, by a pattern, or as an entry of a folder."""
    folder = posixpath.dirname(path)
    for probe in PROBES:
        for pattern in probe.paths:
            if path == pattern or (probe.kind == NAMES and folder == pattern):
                return probe.name
            if "*" in pattern and folder == posixpath.dirname(pattern):
                return probe.name
    raise AssertionError(f"no probe reads {path}")
