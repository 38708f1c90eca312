"""The two programs that a host runs, and what their answers say.

Each is one text on the standard input of /bin/sh: bash 3.0, dash or busybox with the tools of 2004. Neither
writes a file. A random marker stands between the parts of an answer, so that no banner, file or output can
pass for a part that it is not; it lives in the shell's memory and is never an argument of a program.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from fnmatch import fnmatchcase

from auditor.collect.probes import COMMANDS, FILE_CAP, FILES, NAMES, PROBES, Probe
from auditor.model.snapshot import Artifact

ANSWER_CAP = 64 << 20
BROKEN_OFF = "the answer broke off before this"

_NOTES_CAP = 64 << 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What one program said: raw bytes, not yet redacted. ``whole``: it came to its end."""

    artifacts: tuple[Artifact, ...]
    whole: bool


def files_program(marker: str) -> bytes:
    """List files and folders and send the files as one tar stream.

    ``marker``: letters and digits that nobody can guess. A link is listed as what it is and sent as the
    file that it leads to. tar and find look at each path themselves and open regular files only.
    """
    return _program(
        marker,
        f"""
set -- {" ".join(_paths(FILES))}
part dirs
for dir in {" ".join(_globbed())}; do
  if [ -r $dir ] && [ -x $dir ]; then echo "r $dir"; elif [ -d $dir ]; then echo "u $dir"; fi
done
part list
find "$@" {" ".join(_paths(NAMES))} -maxdepth 1 \\
  \\( -type f -printf f -o -type l -printf l -o -type d -printf d -o -printf o \\) \\
  -printf ' %m\\t%u\\t%g\\t%T@\\t%s\\t%l\\n' -print0
part tar
find "$@" -follow -maxdepth 0 -type f -size -{FILE_CAP + 1}c -print0 2>/dev/null |
  tar chPf - --null --no-recursion -T -
part links
for path in "$@"; do
  if [ -h "$path" ] && [ ! -e "$path" ]; then ls -dL "$path" >/dev/null; fi
done
""",
    )


def commands_program(marker: str) -> bytes:
    """Run the commands of the table one after the other."""
    return _program(marker, _WATCH + "".join(_run(probe) for probe in COMMANDS))


def read_files(answer: bytes, marker: str) -> Answer:
    """One artifact for every path of the table and for every name found there; never fails.

    What was not asked for is left out. ``absent`` needs the host's word that there is nothing.
    """
    parts = _parts(answer, marker)
    whole = parts is not None and "done" in parts
    if parts is None or "tar" not in parts:
        missing = (_artifact(probe, path, state="failed", why=BROKEN_OFF) for probe, path in _asked())
        return Answer(artifacts=tuple(missing), whole=False)
    listed = {entry.path: entry for entry in _entries(parts.get("list", b""))}
    members = dict(_members(parts["tar"]))
    folders = {line[2:].decode("latin-1"): line[:1] == b"r" for line in parts.get("dirs", b"").splitlines()}
    notes = _Notes(parts.get("notes") if whole else None)
    found: list[Artifact] = []
    for path, entry in listed.items():
        probe = _owner(path)
        if probe is not None and probe.kind == FILES:
            found.append(_file(probe, entry, members.get(path), notes))
        elif probe is not None:
            found.append(_name(probe, entry, notes))
    for probe, path in _asked():
        if path in folders and path not in listed:
            found.append(_folder(probe, path, readable=folders[path]))
        elif path not in listed:
            found.append(_not_listed(probe, path, notes))
    order = {probe.name: number for number, probe in enumerate(PROBES)}
    return Answer(
        artifacts=tuple(sorted(found, key=lambda artifact: (order[artifact.probe], artifact.id))), whole=whole
    )


def read_commands(answer: bytes, marker: str) -> Answer:
    """One artifact for every command of the table; never fails."""
    parts = _parts(answer, marker) or {}
    return Answer(artifacts=tuple(_command(probe, parts) for probe in COMMANDS), whole="done" in parts)


# -- the programs -----------------------------------------------------------

# Whoever has work to do goes first. stdout and stderr may be sockets or a terminal: the last cat makes a pipe of
# them, which all tools like.
_FRAME = """\
N={marker}
LC_ALL=C LANG=C TZ=UTC PATH=/sbin:/usr/sbin:/bin:/usr/bin
export LC_ALL LANG TZ PATH
renice 10 $$ >/dev/null 2>&1
part() {{ printf '\\n%s %s\\n' "$N" "$1"; }}
main() {{
{body}
}}
{{
  exec 5>&1
  notes=$(main </dev/null 2>&1 >&5 5>&- | {{ head -c {notes}; cat >/dev/null; }})
  part notes
  printf '%s\n' "$notes"
  part done
}} | cat
exit 0
"""

# Of the process just started, which ends the sleep $guard when it is done: end it and its own when that sleep
# comes to its end instead.
_WATCH = """
watch() {
  pid=$!
  wait $guard || return 0
  below=$(pgrep -P $pid)
  kill -9 $pid
  for child in $below; do kill -9 $child $(pgrep -P $child); done
  part "status $1 timeout" >&2
}
"""


def _program(marker: str, body: str) -> bytes:
    return _FRAME.format(marker=marker, body=body.strip("\n"), notes=_NOTES_CAP).encode()


def _run(probe: Probe) -> str:
    plain = not set(probe.command) & set("|;&")
    name = probe.name
    command = f'( {"exec " if plain else ""}{probe.command} ); part "status {name} $?" >&2'
    if probe.timeout is not None:
        sleep = f"sleep {probe.timeout} >/dev/null 2>&1 & guard=$!"
        command = f"{sleep}; ( {command}; kill $guard ) & watch {name}"
    run = (
        f"part 'begin {name}'; {{ part 'stderr {name}' >&2; {command}; }} | head -c {probe.cap + 1}; part end"
    )
    tests = [f"[ -e {probe.exists} ]"] if probe.exists else []
    tests += [f"[ ! -e {probe.unless} ]"] if probe.unless else []
    if not tests:
        return f"{run}\n"
    return f"if {' && '.join(tests)}; then {run}; else part 'skip {probe.name}'; fi\n"


def _paths(kind: str) -> list[str]:
    return [path for probe in PROBES if probe.kind == kind for path in probe.paths]


def _globbed() -> list[str]:
    return [posixpath.dirname(path) for path in _paths(FILES) if "*" in path]


# -- their answers ----------------------------------------------------------


def _parts(answer: bytes, marker: str) -> dict[str, bytes] | None:
    """Label to bytes, the one that the answer ends in included; None when there is no marker at all."""
    pieces = re.split(b"\n" + re.escape(marker.encode()) + b" ([^\n]*)\n", answer)[1:]
    labels = [label.decode("ascii", "replace") for label in pieces[::2]]
    return dict(zip(labels, pieces[1::2], strict=True)) if labels else None


_EXACT = {path: probe for probe in PROBES for path in probe.paths if "*" not in path}
_INSIDE = {path: probe for probe in PROBES if probe.kind == NAMES for path in probe.paths}
_MATCHING = {
    posixpath.dirname(path): (probe, posixpath.basename(path))
    for probe in PROBES
    for path in probe.paths
    if "*" in path
}


def _asked() -> Iterator[tuple[Probe, str]]:
    """Every path that must have an answer: each file by its name, each folder that is looked into."""
    for probe in PROBES:
        for path in probe.paths:
            yield probe, posixpath.dirname(path) if "*" in path else path


def _owner(path: str) -> Probe | None:
    """The probe that asked for a path; None: nobody did."""
    folder, name = posixpath.split(path)
    if folder in _MATCHING:
        probe, pattern = _MATCHING[folder]
        return probe if fnmatchcase(name, pattern) else None
    return _EXACT.get(path) or _INSIDE.get(folder)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Entry:
    """One path as find saw it, links not followed. ``kind``: f, l, d, or o for pipes, sockets and devices."""

    path: str
    kind: str
    mode: str
    owner: str
    group: str
    mtime: str | None
    size: int
    target: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Member:
    """One file of the tar stream, links followed."""

    content: bytes
    size: int
    mode: str
    owner: str
    group: str
    mtime: str | None


class _Notes:
    """What find, tar and ls complained of; nothing when the answer broke off before they could be told."""

    def __init__(self, notes: bytes | None) -> None:
        self.lines = [_text(line) for line in (notes or b"").splitlines() if line.strip()]
        self.whole = notes is not None
        others = (line for line in self.lines if not line.startswith(("find: ", "ls: ")))
        self.silence = next(others, "the host did not say why") if self.whole else BROKEN_OFF

    def about(self, path: str) -> str | None:
        """``No such file or directory`` and its like; the tools of 2004 put other quotes around a name."""
        for line in self.lines:
            before, there, after = line.partition(path)
            after = after.lstrip("'")
            if there and before.rstrip("`'") in _COMPLAINERS and after.startswith(": "):
                return after[2:]
        return None


_COMPLAINERS = {"find: ", "tar: ", "ls: ", "ls: cannot access "}
_NOTHING_THERE = {"No such file or directory", "Not a directory"}


def _file(probe: Probe, entry: _Entry, member: _Member | None, notes: _Notes) -> Artifact:
    """A file or link that was asked for with its content."""
    complaint = notes.about(entry.path)
    if member is not None:
        cut = len(member.content) < member.size
        shrank = complaint is not None and "shrank" in complaint
        return _artifact(
            probe,
            entry.path,
            kind="link" if entry.kind == "l" else "file",
            state="truncated" if cut or shrank else "read",
            why=complaint if shrank else BROKEN_OFF if cut else None,
            target=entry.target,
            lies=member,
            content=member.content,
        )
    if entry.kind == "d":
        return _artifact(probe, entry.path, kind="directory", state="skipped", why="a folder", lies=entry)
    if entry.kind == "o":
        why = "a pipe, socket or device; not read"
        return _artifact(probe, entry.path, state="unreadable", why=why, lies=entry)
    if entry.kind == "l" and complaint in _NOTHING_THERE:
        why = "the link leads nowhere"
        return _artifact(probe, entry.path, kind="link", state="absent", why=why, target=entry.target)
    if not complaint and not notes.whole:
        kind = "link" if entry.kind == "l" else "file"
        return _artifact(probe, entry.path, kind=kind, state="truncated", why=BROKEN_OFF, target=entry.target)
    if entry.kind == "l":
        why = (
            complaint
            or f"the link does not lead to a file of at most {FILE_CAP} bytes that this user may read"
        )
        return _artifact(probe, entry.path, kind="link", state="unreadable", why=why, target=entry.target)
    if entry.size > FILE_CAP:
        why = f"{entry.size} bytes; not more than {FILE_CAP} are read"
        return _artifact(probe, entry.path, state="truncated", why=why, lies=entry)
    why = complaint.removeprefix("Cannot open: ") if complaint else notes.silence
    return _artifact(probe, entry.path, state="unreadable", why=why, lies=entry)


def _name(probe: Probe, entry: _Entry, notes: _Notes) -> Artifact:
    """A folder whose names are wanted, or something in it."""
    if entry.kind == "l":
        return _artifact(probe, entry.path, kind="link", state="read", target=entry.target, lies=entry)
    if entry.path in probe.paths and entry.kind == "d":
        complaint = notes.about(entry.path)
        state = "unreadable" if complaint else "read" if notes.whole else "truncated"
        why = complaint if notes.whole else BROKEN_OFF
        return _artifact(probe, entry.path, kind="directory", state=state, why=why, lies=entry)
    kind = "directory" if entry.kind == "d" else "file"
    return _artifact(probe, entry.path, kind=kind, state="skipped", why="only its name is wanted", lies=entry)


def _folder(probe: Probe, path: str, *, readable: bool) -> Artifact:
    """A folder out of which files were picked by pattern."""
    if readable:
        return _artifact(probe, path, kind="directory", state="read")
    return _artifact(probe, path, kind="directory", state="unreadable", why="Permission denied")


def _not_listed(probe: Probe, path: str, notes: _Notes) -> Artifact:
    """A path that find did not see, or the folder of a pattern that matched nothing."""
    pattern = _MATCHING.get(path)
    complaint = notes.about(f"{path}/{pattern[1]}" if pattern else path)
    kind = "directory" if pattern or probe.kind == NAMES else "file"
    if complaint in _NOTHING_THERE:
        return _artifact(probe, path, kind=kind, state="absent")
    state = "unreadable" if complaint else "failed"
    return _artifact(probe, path, kind=kind, state=state, why=complaint or notes.silence)


def _artifact(
    probe: Probe,
    path: str,
    *,
    state: str,
    kind: str = "file",
    why: str | None = None,
    target: str | None = None,
    lies: _Entry | _Member | None = None,
    content: bytes = b"",
) -> Artifact:
    return Artifact(
        id=path,
        probe=probe.name,
        kind=kind,
        state=state,
        path=path,
        why=why,
        target=target,
        size=lies.size if lies else None,
        mode=lies.mode if lies else None,
        owner=lies.owner if lies else None,
        group=lies.group if lies else None,
        mtime=lies.mtime if lies else None,
        content=content,
    )


_ENTRY = re.compile(
    rb"(?P<kind>[flod]) (?P<mode>[0-7]{1,5})\t(?P<owner>[^\t\n]*)\t(?P<group>[^\t\n]*)"
    rb"\t(?P<mtime>-?[0-9]{1,18})(?:\.[0-9]*)?\t(?P<size>[0-9]{1,18})\t"
)


def _entries(listing: bytes) -> Iterator[_Entry]:
    """``KIND MODE..SIZE TARGET<newline>PATH<NUL>``; the size of a link tells where its target ends."""
    for record in listing.split(b"\0"):
        match = _ENTRY.match(record)
        if match is None:
            continue
        size = int(match["size"])
        rest = record[match.end() :]
        target = rest[:size] if match["kind"] == b"l" else b""
        if not rest.startswith(b"\n/", len(target)):
            target, _, _ = rest.partition(b"\n")
        yield _Entry(
            path=_text(rest[len(target) + 1 :]),
            kind=match["kind"].decode(),
            mode=f"{int(match['mode'], 8):04o}",
            owner=_text(match["owner"]),
            group=_text(match["group"]),
            mtime=_time(int(match["mtime"])),
            size=size,
            target=_text(target) if match["kind"] == b"l" else None,
        )


def _members(stream: bytes) -> Iterator[tuple[str, _Member]]:
    """The files of a tar stream as GNU tar writes it, up to its end or to the first thing that is none.

    Not tarfile: it follows what headers claim (sparse maps, backward offsets), and this needs none of it.
    """
    seen: dict[bytes, _Member] = {}
    long_name = b""
    offset = 0
    while len(header := stream[offset : offset + 512]) == 512 and header[0]:
        size = _number(header[124:136])
        if size is None or _number(header[148:156]) != sum(header[:148]) + 256 + sum(header[156:]):
            return
        data = stream[offset + 512 : offset + 512 + size]
        kind, name = header[156:157], long_name or header[:100].partition(b"\0")[0]
        long_name = b""
        offset += 512 + -(-size // 512) * 512
        if kind == b"L":
            long_name = data.rstrip(b"\0")
        elif kind in b"0\0":
            seen[name] = _Member(
                content=data,
                size=size,
                mode=f"{(_number(header[100:108]) or 0) & 0o7777:04o}",
                owner=_text(header[265:297].partition(b"\0")[0]) or str(_number(header[108:116])),
                group=_text(header[297:329].partition(b"\0")[0]) or str(_number(header[116:124])),
                mtime=_time(_number(header[136:148])),
            )
            yield _text(name), seen[name]
        elif kind == b"1" and (first := seen.get(header[157:257].partition(b"\0")[0])) is not None:
            seen[name] = first
            yield _text(name), first


def _number(field: bytes) -> int | None:
    """Octal digits, or GNU's binary form for large numbers."""
    if field[0] & 0x80:
        return int.from_bytes(field[1:], "big") if not field[0] & 0x7F else None
    digits = field.strip(b" \0")
    return int(digits, 8) if re.fullmatch(rb"[0-7]+", digits) else None


def _command(probe: Probe, parts: dict[str, bytes]) -> Artifact:
    """Output, exit status and complaints of one command."""
    begin, status = f"begin {probe.name}", f"status {probe.name}"
    output = parts.get(begin, b"")
    ended = next((label for label in parts if label.rpartition(" ")[0] == status), "").rpartition(" ")[2]
    said = _text(parts.get(f"stderr {probe.name}", b"").strip().partition(b"\n")[0][:300])
    state, why, code = "read", None, int(ended) if ended.isdigit() else None
    if f"skip {probe.name}" in parts:
        there = probe.source == probe.exists
        state = "absent" if there else "skipped"
        why = None if there else f"run only where {probe.exists} exists"
        why = why and (f"{why} and {probe.unless} does not" if probe.unless else why)
    elif begin not in parts:
        state, why = "failed", BROKEN_OFF
    elif len(output) > probe.cap:
        state, why = "truncated", f"not more than {probe.cap} bytes are read"
    elif ended == "timeout":
        state, why = "truncated", f"it did not end within {probe.timeout} s"
    elif code is None:
        state, why = "truncated", BROKEN_OFF
    elif code in {126, 127}:
        state, why = "failed", said or "the command does not exist"
    elif code and not output and (said or probe.root):
        state, why = "unreadable" if probe.root else "failed", said or f"exit status {code}"
    elif code:
        why = said or None
    path = probe.source if probe.source and probe.source.startswith("/") else None
    line = probe.source if probe.source and path is None else probe.command
    return Artifact(
        id=probe.name,
        probe=probe.name,
        kind="command",
        state=state,
        path=path,
        argv=tuple(line.split()),
        why=why,
        exit_status=code,
        size=min(len(output), probe.cap) if state in {"read", "truncated"} else None,
        content=output[: probe.cap] if state in {"read", "truncated"} else b"",
    )


def _text(name: bytes) -> str:
    return name.decode("utf-8", "backslashreplace")


def _time(seconds: int | None) -> str | None:
    """RFC 3339 UTC; None for what no calendar holds."""
    if seconds is None or not -62135596800 <= seconds <= 253402300799:
        return None
    return (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%SZ")
