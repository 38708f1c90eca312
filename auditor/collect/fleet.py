"""Many hosts at once; each brings what it has to the store, and a failing one costs itself alone."""

from __future__ import annotations

import logging
import secrets
import threading
from collections import Counter, deque
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, Executor, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from typing import Protocol

from auditor.collect.probes import COMMANDS
from auditor.collect.redact import Redactor
from auditor.collect.script import (
    ANSWER_CAP,
    BROKEN_OFF,
    Answer,
    commands_program,
    files_program,
    read_commands,
    read_files,
)
from auditor.collect.store import Store, host_id
from auditor.model.inventory import Inventory, Target
from auditor.model.snapshot import Artifact, HostError, HostSnapshot, Snapshot
from auditor.remote.endpoint import Endpoint, resolve
from auditor.remote.policy import Policy, RemoteError, one_line
from auditor.remote.session import Output, Session, open_session

WIDTH = 32
# sshd turns logins away when too many of them are under way, and all of a bastion's hosts share its sshd.
PER_BASTION = 8
FILES_TIME = 120.0
COMMANDS_TIME = 240.0

_log = logging.getLogger(__name__)
_log.addHandler(logging.NullHandler())


class Observer(Protocol):
    """Told by the calling thread how far the run is; ``done`` comes at the end, or when it is broken off."""

    def started(self, name: str) -> None: ...

    def finished(self, host: HostSnapshot) -> None: ...

    def done(self) -> None: ...


def collect(
    inventory: Inventory,
    policy: Policy,
    store: Store,
    *,
    executor: Executor | None = None,
    width: int = WIDTH,
    observer: Observer | None = None,
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> Snapshot:
    """Visit every target that the store does not have whole yet, and give back what is then in the store.

    ``executor``: where visits run; without one, ``width`` threads. ``width``: visits under way at once, which
    bounds memory too: secrets are redacted and the host is written as soon as its visit ends.
    SnapshotError: the store cannot be written. KeyboardInterrupt: what is there is kept, for ``--resume``.
    """
    redactor = Redactor()
    done = store.begin(inventory, _stamp(now()))
    targets = {target.name: target for target in inventory.targets if target.name not in done}
    visits = _Visits(executor or ThreadPoolExecutor(width, thread_name_prefix="visit"), width)
    try:
        for target in targets.values():
            visits.add(target, inventory, policy)
        for name, host in visits.run(observer.started if observer else None):
            encoding = targets[name].encoding
            artifacts = {key: redactor.redact(one, encoding=encoding) for key, one in host.artifacts.items()}
            written = store.write(replace(host, artifacts=artifacts))
            if observer:
                observer.finished(written)
        store.finish(_stamp(now()))
    finally:
        visits.stop(shutdown=executor is None)
        if observer:
            observer.done()
    return store.load()


def visit(target: Target, endpoint: Endpoint, policy: Policy) -> HostSnapshot:
    """One host, one connection: what it has, not yet redacted. Every failure is in ``status`` and ``errors``."""
    host = replace(
        _host(target), address=endpoint.host, user=endpoint.user, port=endpoint.port, jump=_hops(endpoint)
    )
    try:
        session = open_session(endpoint, policy)
    except RemoteError as error:
        return _failed(host, error)
    with _known(session):
        artifacts: list[Artifact] = []
        errors: list[HostError] = []
        sudo = target.sudo
        for program, read, time in (
            (files_program, read_files, FILES_TIME),
            (commands_program, read_commands, COMMANDS_TIME),
        ):
            try:
                answer, trouble, sudo = _ask(session, program, read, time, sudo=sudo, name=target.name)
            except RemoteError as error:
                answer, trouble = read(b"", ""), [_error(target.name, error)]
            artifacts += answer.artifacts
            errors += trouble
        errors += _gaps(target.name, endpoint.user, artifacts, sudo=sudo)
    return replace(
        host,
        status="partial" if errors else "ok",
        ssh=session.ssh,
        artifacts={artifact.id: artifact for artifact in artifacts},
        errors=tuple(dict.fromkeys(errors)),
    )


# -- who is visited when ----------------------------------------------------


class _Visits:
    """The visits of one run: those that wait, by bastion, and those under way."""

    def __init__(self, executor: Executor, width: int) -> None:
        self._executor = executor
        self._width = width
        self._waiting: dict[tuple[str, int] | None, deque[tuple[Target, Endpoint, Policy]]] = {}
        self._refused: list[tuple[str, HostSnapshot]] = []
        self._under_way: dict[Future[HostSnapshot], tuple[Target, tuple[str, int] | None]] = {}
        self._busy: Counter[tuple[str, int] | None] = Counter()

    def add(self, target: Target, inventory: Inventory, policy: Policy) -> None:
        try:
            endpoint = resolve(target, inventory, policy)
        except RemoteError as error:
            self._refused.append((target.name, _failed(_host(target), error)))
            return
        bastion = (endpoint.via.host, endpoint.via.port) if endpoint.via else None
        self._waiting.setdefault(bastion, deque()).append((target, endpoint, policy))

    def run(self, started: Callable[[str], None] | None) -> Iterator[tuple[str, HostSnapshot]]:
        """Each host when its visit has ended."""
        yield from self._refused
        self._submit(started)
        while self._under_way:
            ended, _ = wait(self._under_way, return_when=FIRST_COMPLETED)
            for future in ended:
                target, bastion = self._under_way.pop(future)
                self._busy[bastion] -= 1
                yield target.name, _result(future, target)
            self._submit(started)

    def stop(self, *, shutdown: bool) -> None:
        """Hang up on those that are still being visited, and visit nobody else."""
        for future in self._under_way:
            future.cancel()
        if self._under_way:
            _hang_up()
        if shutdown:
            self._executor.shutdown(wait=False, cancel_futures=True)

    def _submit(self, started: Callable[[str], None] | None) -> None:
        for bastion, queue in self._waiting.items():
            while queue and len(self._under_way) < self._width:
                if bastion is not None and self._busy[bastion] >= PER_BASTION:
                    break
                target, endpoint, policy = queue.popleft()
                future = self._executor.submit(visit, target, endpoint, policy)
                self._under_way[future] = target, bastion
                self._busy[bastion] += 1
                if started:
                    started(target.name)


def _result(future: Future[HostSnapshot], target: Target) -> HostSnapshot:
    try:
        return future.result()
    except Exception as error:
        _log.exception("the visit of %s", target.name)
        message = (
            f"{target.name}: a fault of lvsaudit ({type(error).__name__}); please report it with the log"
        )
        broken = HostError(host=target.name, stage="collect", code="internal", message=message)
        return replace(_host(target), errors=(broken,))


# Sessions of this process that are open now, so that an interrupted run can end them.
_open: set[Session] = set()
_open_lock = threading.Lock()


@contextmanager
def _known(session: Session) -> Iterator[None]:
    with _open_lock:
        _open.add(session)
    try:
        with session:
            yield
    finally:
        with _open_lock:
            _open.discard(session)


def _hang_up() -> None:
    with _open_lock:
        sessions = list(_open)
    for session in sessions:
        session.close()


# -- one host ---------------------------------------------------------------


def _ask(
    session: Session,
    program: Callable[[str], bytes],
    read: Callable[[bytes, str], Answer],
    time: float,
    *,
    sudo: bool,
    name: str,
) -> tuple[Answer, list[HostError], bool]:
    """Run one program; without root where sudo refuses, which is better than nothing. RemoteError: no answer."""
    errors = []
    marker = secrets.token_hex(16)
    try:
        output = session.run(program(marker), timeout=time, limit=ANSWER_CAP, sudo=sudo)
    except RemoteError as error:
        if not sudo or error.code != "sudo_refused":
            raise
        errors.append(_error(name, error))
        sudo = False
        output = session.run(program(marker), timeout=time, limit=ANSWER_CAP)
    answer = read(output.stdout, marker)
    if not answer.whole:
        errors.append(_broken_off(name, output, time, heard=marker.encode() in output.stdout))
    return answer, errors, sudo


def _broken_off(name: str, output: Output, time: float, *, heard: bool) -> HostError:
    if output.ended == "timeout":
        code, what = (
            "timeout",
            f"it did not end within {time:.0f} s; look for a hanging file system or command there",
        )
    elif output.ended == "limit":
        code, what = "flood", f"it said more than {ANSWER_CAP >> 20} MiB; look for what is so large there"
    elif output.ended == "lost":
        code, what = "lost", "the connection broke; scan this host again"
    elif heard:
        code, what = "truncated", "its shell ended too early; scan this host again"
    else:
        said = one_line(output.stderr or output.stdout)
        code, what = (
            "garbage",
            f"/bin/sh did not do what it was told, but said {said!r}; is the login restricted?",
        )
    return HostError(host=name, stage="collect", code=code, message=f"{name}: {what}")


def _gaps(name: str, user: str, artifacts: list[Artifact], *, sudo: bool) -> list[HostError]:
    """What was looked for and could not be had, a line for each reason."""
    unreadable = [one for one in artifacts if one.state == "unreadable"]
    cut = [one for one in artifacts if one.state == "truncated" and one.why != BROKEN_OFF]
    missing = [
        one
        for one in artifacts
        if one.state == "failed" and one.why != BROKEN_OFF and one.id not in _OPTIONAL
    ]
    errors = []
    if unreadable:
        root = user == "root" or sudo
        advice = "see what they are" if root else "log in as root, or give sudo=true in HOSTS"
        errors.append(_gap(name, "unreadable", f"{user} cannot read", unreadable, advice))
    if cut:
        errors.append(
            _gap(name, "truncated", "not the whole of", cut, "look at their sizes and at the load there")
        )
    if missing:
        errors.append(
            _gap(name, "missing_tool", "could not get", missing, "install the tool that is missing")
        )
    return errors


_OPTIONAL = frozenset(probe.name for probe in COMMANDS if probe.exists)


def _gap(name: str, code: str, what: str, artifacts: list[Artifact], advice: str) -> HostError:
    shown = ", ".join(one_line(one.id) for one in artifacts[:3])
    more = f" and {len(artifacts) - 3} more" if len(artifacts) > 3 else ""
    why = f" ({one_line(artifacts[0].why or '')})"
    return HostError(
        host=name, stage="collect", code=code, message=f"{name}: {what} {shown}{more}{why}; {advice}"
    )


def _failed(host: HostSnapshot, error: RemoteError) -> HostSnapshot:
    if error.code.startswith("host_key"):
        status = "host_key_rejected"
    elif error.code == "timeout":
        status = "timeout"
    else:
        status = "auth_failed" if error.stage == "auth" else "unreachable"
    return replace(host, status=status, errors=(_error(host.name, error),))


def _error(name: str, error: RemoteError) -> HostError:
    return HostError(host=name, stage=error.stage, code=error.code, message=error.message)


def _host(target: Target) -> HostSnapshot:
    return HostSnapshot(
        id=host_id(target.name),
        name=target.name,
        address=target.address or target.name,
        status="unreachable",
        user=target.user,
        port=target.port,
        jump=target.jump,
        roles=target.roles,
        cluster=target.cluster,
        os=target.os,
        encoding=target.encoding,
    )


def _hops(endpoint: Endpoint) -> tuple[str, ...]:
    """The sshds on the way, the first one first."""
    if endpoint.via is None:
        return ()
    return (*_hops(endpoint.via), f"{endpoint.via.user}@{endpoint.via.host}:{endpoint.via.port}")


def _stamp(time: datetime) -> str:
    return time.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
