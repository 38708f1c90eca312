"""The snapshot as a folder that outlives tool versions: written host by host, read back with suspicion."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import hashlib
import json
import os
import re
import secrets
import shutil
import stat
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, fields, replace
from functools import cache
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator

from auditor import __version__
from auditor.model.inventory import Inventory, Target
from auditor.model.snapshot import Artifact, HostError, HostSnapshot, Snapshot, Ssh
from auditor.resources import REPORTS

SCHEMA_VERSION = "1.0"

_FILE_LIMIT = 64 << 20


class SnapshotError(Exception):
    """A snapshot that cannot be written or trusted: where, what, and what to do next."""

    def __init__(self, place: str, message: str, advice: str) -> None:
        super().__init__(f"{place}: {message}. {advice}")
        self.place = place
        self.message = message
        self.advice = advice


class SnapshotLocked(SnapshotError):
    """Another run is writing there."""


class Store:
    """A snapshot folder in the making; one process at a time.

    A host is there as a whole or not at all: it is written beside its place and then renamed. Folders are
    0700 and files 0600.
    """

    def __init__(self, path: Path, *, resume: bool = False) -> None:
        """Make the folder, or with ``resume`` go on with one that a broken-off run left.

        SnapshotError: there is something already, or nothing to resume; another run writes there; not writable.
        """
        self.path = path
        self._resume = resume
        self._snapshot: Snapshot | None = None
        with _writing(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.mkdir(mode=0o700, exist_ok=True)
            self._lock = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            os.close(self._lock)
            raise SnapshotLocked(
                str(path), "another run is writing here", "Wait for it, or choose another folder"
            ) from error
        there = (path / "snapshot.json").exists()
        if there and not resume:
            self.close()
            raise SnapshotError(
                str(path),
                "there is a snapshot already",
                "Choose another folder, or add --resume to go on with it",
            )
        if resume and not there:
            self.close()
            raise SnapshotError(str(path), "there is nothing to resume", "Leave --resume out")

    def begin(self, inventory: Inventory, started: str) -> frozenset[str]:
        """Write down who will be visited; the names of the hosts that need no second visit.

        A host with redacted secrets is visited again: the marks of two runs cannot be compared.
        """
        run_id, done = secrets.token_hex(8), set[str]()
        if self._resume:
            old = _read_index(self.path)
            run_id, started = old["run_id"], old["started"]
            done = {host["name"] for host in old["hosts"] if self._is_done(host["id"])}
        targets = inventory.targets
        self._snapshot = Snapshot(
            schema_version=SCHEMA_VERSION,
            tool_version=__version__,
            run_id=run_id,
            started=started,
            finished=None,
            hosts=tuple(_unvisited(target) for target in targets),
        )
        with _writing(self.path):
            (self.path / "hosts").mkdir(mode=0o700, exist_ok=True)
            for listed in self._snapshot.hosts:
                if listed.name not in done:
                    _remove(self.path / "hosts" / listed.id)
        self._write_index()
        return frozenset(done & {target.name for target in targets})

    def write(self, host: HostSnapshot) -> HostSnapshot:
        """Put one host there. The same host with ``stored`` and ``sha256`` filled in, and without the bytes."""
        place = self.path / "hosts" / host.id
        draft = self.path / "hosts" / f".{host.id}.{secrets.token_hex(4)}"
        with _writing(place):
            try:
                draft.mkdir(mode=0o700)
                written = replace(
                    host, artifacts={key: _put(draft, artifact) for key, artifact in host.artifacts.items()}
                )
                _write(draft / "host.json", _json(_host_to_json(written)))
                _remove(place)
                draft.rename(place)
            except BaseException:
                shutil.rmtree(draft, ignore_errors=True)
                raise
        return written

    def finish(self, finished: str) -> None:
        """Say that the run came to its end."""
        assert self._snapshot is not None
        with _writing(self.path):
            _sync(self.path / "hosts")
        self._snapshot = replace(self._snapshot, finished=finished)
        self._write_index()

    def load(self) -> Snapshot:
        """The snapshot as it now stands, as ``load_snapshot`` gives it; what this run wrote itself, or looked at
        when it was resumed, is not held against the schema again."""
        return _load(self.path, validate=False)

    def close(self) -> None:
        """Let others write here."""
        os.close(self._lock)

    def _is_done(self, host_id: str) -> bool:
        try:
            host = _read_host(self.path, host_id, validate=True)
        except (SnapshotError, FileNotFoundError):
            return False
        return host.status == "ok" and not any(artifact.redactions for artifact in host.artifacts.values())

    def _write_index(self) -> None:
        assert self._snapshot is not None
        snapshot = self._snapshot
        index = {
            "schema_version": snapshot.schema_version,
            "tool_version": snapshot.tool_version,
            "run_id": snapshot.run_id,
            "started": snapshot.started,
            "finished": snapshot.finished,
            "hosts": [_listed_to_json(host) for host in snapshot.hosts],
        }
        place = self.path / "snapshot.json"
        draft = self.path / f".snapshot.{secrets.token_hex(4)}"
        with _writing(place):
            try:
                _write(draft, _json(index))
                draft.rename(place)
                _sync(self.path)
            except BaseException:
                draft.unlink(missing_ok=True)
                raise


def load_snapshot(path: Path) -> Snapshot:
    """Read a snapshot with all its bytes.

    A host that was never visited is there, unreachable, with the error ``not_collected``.
    SnapshotError: no snapshot, of another schema version, not as the schema says, bytes that are not those
    that were written, or anything in it that is a link, a device or too large.
    """
    return _load(path, validate=True)


def host_id(name: str) -> str:
    """The folder of a host: its name where that is plain, else something like it that no other name gets."""
    if re.fullmatch(r"[a-z0-9][a-z0-9._-]{0,63}", name) and not re.search(r"-[0-9a-f]{8}$", name):
        return name
    plain = re.sub(r"[^a-z0-9._-]+", "-", name.lower()).strip(".-_")[:60] or "host"
    return f"{plain}-{hashlib.sha256(name.encode('utf-8', 'surrogatepass')).hexdigest()[:8]}"


# -- writing ----------------------------------------------------------------

_ADVICE = {
    errno.ENOSPC: "Make room, then go on with --resume",
    errno.EDQUOT: "Make room, then go on with --resume",
    errno.EROFS: "Choose a folder that can be written with -o",
    errno.EACCES: "Choose a folder that can be written with -o",
    errno.ELOOP: "Give the folder itself, not a link",
    errno.ENOTDIR: "Choose a folder with -o",
    errno.EEXIST: "Choose a folder with -o",
}


@contextlib.contextmanager
def _writing(place: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        advice = _ADVICE.get(
            error.errno or 0, "Nothing half-written was left; try again, or choose another folder with -o"
        )
        raise SnapshotError(
            str(place), f"cannot be written: {os.strerror(error.errno or 0)}", advice
        ) from error


def _put(folder: Path, artifact: Artifact) -> Artifact:
    """Write the bytes of an artifact, if it has any place for them."""
    whole = artifact.state == "read" and artifact.kind in {"file", "command"}
    if not whole and not artifact.content:
        return artifact
    if artifact.kind == "command":
        stored = f"commands/{_plain(artifact.id)}.txt"
    else:
        stored = "files" + "".join(f"/{_plain(part)}" for part in artifact.id.split("/") if part)
    target = folder / stored
    _make(target.parent)
    _write(target, artifact.content, sync=False)
    digest = hashlib.sha256(artifact.content).hexdigest()
    return replace(artifact, stored=stored, sha256=digest, content=b"")


def _plain(part: str) -> str:
    """A file name for one part of a path; different parts get different names.

    No colon, which archives and other systems do not take: ``ifcfg-lo%3A0``.
    """
    name = _UNSAFE.sub(_escape, part)
    if len(name) <= 200:
        return name
    return f"{name[:180]}^{hashlib.sha256(part.encode('utf-8', 'surrogatepass')).hexdigest()[:16]}"


_UNSAFE = re.compile(r"^\.|[^A-Za-z0-9_@+=,~.-]")


def _escape(match: re.Match[str]) -> str:
    return "".join(f"%{byte:02X}" for byte in match[0].encode("utf-8", "surrogatepass"))


def _make(folder: Path) -> None:
    if not folder.is_dir():
        _make(folder.parent)
        folder.mkdir(mode=0o700)


def _write(path: Path, content: bytes, *, sync: bool = True) -> None:
    # What is not synced here is still told from something torn by the sum in host.json.
    file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    with os.fdopen(file, "wb") as stream:
        stream.write(content)
        if sync:
            stream.flush()
            os.fsync(stream.fileno())


def _sync(folder: Path) -> None:
    file = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(file)
    finally:
        os.close(file)


def _remove(folder: Path) -> None:
    """Take a host away: first out of sight as a whole, then for good."""
    gone = folder.with_name(f".{folder.name}.{secrets.token_hex(4)}")
    with contextlib.suppress(FileNotFoundError):
        folder.rename(gone)
        shutil.rmtree(gone, ignore_errors=True)


def _unvisited(target: Target) -> HostSnapshot:
    return HostSnapshot(
        id=host_id(target.name),
        name=target.name,
        address=target.address or target.name,
        status="unreachable",
        roles=target.roles,
        cluster=target.cluster,
    )


# -- JSON -------------------------------------------------------------------

_ARTIFACT_FIELDS = tuple(field.name for field in fields(Artifact) if field.name != "content")


def _json(value: Mapping[str, Any]) -> bytes:
    """One member of a list a line. ASCII, so that nothing that a host said drives a terminal by way of cat."""
    return (
        "{\n" + ",\n".join(f" {json.dumps(key)}: {_item(item)}" for key, item in value.items()) + "\n}\n"
    ).encode()


def _item(value: object) -> str:
    if not isinstance(value, list) or not value:
        return json.dumps(value)
    return "[\n  " + ",\n  ".join(map(json.dumps, value)) + "\n ]"


def _listed_to_json(host: HostSnapshot) -> dict[str, Any]:
    listed = {"id": host.id, "name": host.name, "address": host.address, "roles": sorted(host.roles)}
    return listed | ({"cluster": host.cluster} if host.cluster else {})


def _host_to_json(host: HostSnapshot) -> dict[str, Any]:
    optional = {
        "user": host.user,
        "port": host.port,
        "jump": list(host.jump),
        "cluster": host.cluster,
        "os": host.os,
        "encoding": host.encoding,
        "ssh": asdict(host.ssh) if host.ssh else None,
    }
    return {
        "id": host.id,
        "name": host.name,
        "address": host.address,
        "status": host.status,
        "roles": sorted(host.roles),
        **{key: value for key, value in optional.items() if value},
        "artifacts": [_artifact_to_json(artifact) for artifact in host.artifacts.values()],
        "errors": [asdict(error) for error in host.errors],
    }


def _artifact_to_json(artifact: Artifact) -> dict[str, Any]:
    values = {name: getattr(artifact, name) for name in _ARTIFACT_FIELDS}
    return {
        name: value for name, value in values.items() if value is not None and (value or name != "redactions")
    }


# -- reading ----------------------------------------------------------------


def _load(path: Path, *, validate: bool) -> Snapshot:
    index = _read_index(path)
    hosts = []
    for listed in index["hosts"]:
        try:
            host = _read_host(path, listed["id"], validate=validate)
        except FileNotFoundError:
            host = _never_visited(listed)
        if host.name != listed["name"] or host.id != listed["id"]:
            raise _broken(f"hosts/{listed['id']}/host.json", f"it is of another host than {listed['name']}")
        hosts.append(host)
    return Snapshot(
        schema_version=index["schema_version"],
        tool_version=index["tool_version"],
        run_id=index["run_id"],
        started=index["started"],
        finished=index["finished"],
        hosts=tuple(hosts),
    )


def _read_index(path: Path) -> dict[str, Any]:
    try:
        index = _read_json(path, "snapshot.json")
    except FileNotFoundError as error:
        raise SnapshotError(
            str(path), "there is no snapshot.json here", "Give the folder that holds it"
        ) from error
    version = index.get("schema_version")
    if isinstance(version, str) and version != SCHEMA_VERSION:
        message = f"it is of schema version {version[:20]!r}; this lvsaudit reads {SCHEMA_VERSION}"
        raise SnapshotError(
            str(path / "snapshot.json"), message, "Use the lvsaudit that wrote it, or a newer one"
        )
    _validate(index, "", "snapshot.json")
    names = [host["name"] for host in index["hosts"]]
    if len({*names}) != len(names) or any(host["id"] != host_id(host["name"]) for host in index["hosts"]):
        raise _broken("snapshot.json", "a host stands there twice or under a folder that is not its own")
    return index


def _read_host(path: Path, host_id: str, *, validate: bool) -> HostSnapshot:
    """FileNotFoundError: it was never visited."""
    folder = f"hosts/{host_id}"
    host = _read_json(path, f"{folder}/host.json")
    if validate:
        _validate(host, "host", f"{folder}/host.json")
    artifacts: dict[str, Artifact] = {}
    for values in host["artifacts"]:
        content = b""
        if "stored" in values:
            place = f"{folder}/{values['stored']}"
            try:
                content = _read_bytes(path, place)
            except FileNotFoundError as error:
                raise _broken(place, "it is missing") from error
            if hashlib.sha256(content).hexdigest() != values["sha256"]:
                raise _broken(place, "its bytes are not those that were collected")
        if "argv" in values:
            values["argv"] = tuple(values["argv"])
        if values["id"] in artifacts:
            raise _broken(f"{folder}/host.json", f"{values['id']!r} stands there twice")
        artifacts[values["id"]] = Artifact(**values, content=content)
    ssh = host.get("ssh")
    return HostSnapshot(
        **{
            **host,
            "roles": frozenset(host["roles"]),
            "jump": tuple(host.get("jump", ())),
            "ssh": Ssh(**{**ssh, "legacy": tuple(ssh["legacy"])}) if ssh else None,
            "artifacts": artifacts,
            "errors": tuple(HostError(**error) for error in host["errors"]),
        }
    )


def _never_visited(listed: Mapping[str, Any]) -> HostSnapshot:
    message = "it was not visited: the run was broken off. Go on with --resume"
    return HostSnapshot(
        id=listed["id"],
        name=listed["name"],
        address=listed["address"],
        status="unreachable",
        roles=frozenset(listed["roles"]),
        cluster=listed.get("cluster"),
        errors=(HostError(host=listed["name"], stage="connect", code="not_collected", message=message),),
    )


def _read_json(root: Path, place: str) -> dict[str, Any]:
    try:
        value = json.loads(_read_bytes(root, place))
    except (ValueError, RecursionError) as error:
        raise _broken(place, "it is not JSON") from error
    if not isinstance(value, dict):
        raise _broken(place, "it is not a JSON object")
    return value


def _read_bytes(root: Path, place: str) -> bytes:
    """A plain file at its very place. FileNotFoundError passes; links, devices and giants are refused."""
    whole = f"{root}/{place}"
    try:
        if _has_link(str(root), place):
            raise _broken(place, "a link leads elsewhere")
        with os.fdopen(os.open(whole, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK), "rb") as stream:
            status = os.fstat(stream.fileno())
            if not stat.S_ISREG(status.st_mode):
                raise _broken(place, "it is not a plain file")
            if status.st_size > _FILE_LIMIT:
                raise _broken(place, f"it is larger than {_FILE_LIMIT} bytes")
            return stream.read(_FILE_LIMIT)
    except FileNotFoundError:
        raise
    except (OSError, RuntimeError) as error:
        reason = os.strerror(error.errno or 0) if isinstance(error, OSError) else "a link leads in circles"
        raise _broken(place, f"it cannot be read: {reason}") from error


def _has_link(path: str, place: str) -> bool:
    """Whether the file or a folder on the way to it is one; texts, since this is done for each of many files."""
    for part in place.split("/"):
        path = f"{path}/{part}"
        if stat.S_ISLNK(os.lstat(path).st_mode):
            return True
    return False


@cache
def _validators() -> Mapping[str, Draft202012Validator]:
    schema = json.loads((REPORTS / "schema" / "snapshot.json").read_bytes())
    host = {"$ref": "#/$defs/host", "$defs": schema["$defs"]}
    return {"": Draft202012Validator(schema), "host": Draft202012Validator(host)}


def _validate(value: object, kind: str, place: str) -> None:
    error = next(_validators()[kind].iter_errors(value), None)
    if error is not None:
        raise _broken(place, f"{_where(error.absolute_path)}: {error.message[:200]}")


def _where(steps: Sequence[object]) -> str:
    return (
        "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in steps).lstrip(".")
        or "the whole"
    )


def _broken(place: str, message: str) -> SnapshotError:
    return SnapshotError(place, message, "The snapshot was changed or damaged; collect again")
