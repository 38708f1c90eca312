"""What a host of a snapshot says to the two programs: the other way round than ``auditor.collect.script``."""

from __future__ import annotations

import io
import posixpath
import re
import tarfile
from collections.abc import Iterable, Iterator
from datetime import datetime

from auditor.collect.probes import COMMAND, FILES, PROBES
from auditor.collect.script import commands_program, files_program
from auditor.model.snapshot import Artifact, HostSnapshot

_MARKER = re.compile(rb"N=([0-9a-zA-Z]+)\n")
_KINDS = {probe.name: probe.kind for probe in PROBES}
_PATTERNS = {posixpath.dirname(path): path for probe in PROBES for path in probe.paths if "*" in path}
_LETTERS = {"file": "f", "link": "l", "directory": "d"}
_NOTHING_THERE = "No such file or directory"


def answer(host: HostSnapshot, program: bytes) -> bytes | None:
    """The standard output of one of the two programs on that host; None for any other program.

    Reading it brings back the artifacts, except for the sizes of files that were redacted since.
    """
    match = _MARKER.match(program)
    marker = match[1].decode() if match is not None else ""
    if match is not None and program == files_program(marker):
        parts = _files([one for one in host.artifacts.values() if _KINDS.get(one.probe) != COMMAND])
    elif match is not None and program == commands_program(marker):
        parts = _commands([one for one in host.artifacts.values() if _KINDS.get(one.probe) == COMMAND])
    else:
        return None
    return b"".join(b"\n%s %s\n%s" % (marker.encode(), label.encode(), content) for label, content in parts)


def _files(artifacts: Iterable[Artifact]) -> Iterator[tuple[str, bytes]]:
    picked = [one for one in artifacts if one.kind == "directory" and one.id in _PATTERNS]
    lying = [one for one in artifacts if one not in picked]
    letters = {"read": "r", "unreadable": "u"}
    yield (
        "dirs",
        "".join(f"{letters[one.state]} {one.id}\n" for one in picked if one.state in letters).encode(),
    )
    yield "list", b"".join(_entry(one) for one in lying if one.mtime is not None or one.target is not None)
    yield "tar", _tar(one for one in lying if _KINDS.get(one.probe) == FILES and one.state == "read")
    yield "notes", "".join(f"{line}\n" for one in (*picked, *lying) for line in _complaint(one)).encode()
    yield "done", b""


def _entry(artifact: Artifact) -> bytes:
    """One record of find's listing."""
    target = (artifact.target or "").encode()
    size = len(target) if artifact.kind == "link" else artifact.size or 0
    letter = _LETTERS.get(artifact.kind, "o")
    lies = f"{letter} {artifact.mode or '0777'}\t{artifact.owner or ''}\t{artifact.group or ''}"
    return b"%s\t%d.0\t%d\t%s\n%s\0" % (lies.encode(), _seconds(artifact), size, target, artifact.id.encode())


def _tar(artifacts: Iterable[Artifact]) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.GNU_FORMAT) as archive:
        for artifact in artifacts:
            member = tarfile.TarInfo(artifact.id)
            member.size = len(artifact.content)
            member.mode = int(artifact.mode or "0", 8)
            member.uname, member.gname = artifact.owner or "", artifact.group or ""
            member.mtime = _seconds(artifact)
            archive.addfile(member, io.BytesIO(artifact.content))
    return out.getvalue()


def _seconds(artifact: Artifact) -> int:
    return int(datetime.fromisoformat(artifact.mtime).timestamp()) if artifact.mtime is not None else 0


def _complaint(artifact: Artifact) -> Iterator[str]:
    """What find and tar wrote of a path that is not there, or not for us."""
    path = _PATTERNS.get(artifact.id, artifact.id) if artifact.kind == "directory" else artifact.id
    if artifact.state == "absent":
        yield f"find: '{path}': {_NOTHING_THERE}"
    elif artifact.state == "unreadable":
        yield f"tar: {path}: {artifact.why or 'Permission denied'}"


def _commands(artifacts: Iterable[Artifact]) -> Iterator[tuple[str, bytes]]:
    notes: list[tuple[str, bytes]] = []
    for artifact in artifacts:
        name = artifact.id
        if artifact.state in {"absent", "skipped"}:
            yield f"skip {name}", b""
            continue
        yield f"begin {name}", artifact.content
        yield "end", b""
        status = 127 if artifact.state == "failed" else artifact.exit_status
        notes += [(f"stderr {name}", (artifact.why or "").encode()), (f"status {name} {status}", b"")]
    yield "notes", b""
    yield from notes
    yield "done", b""
