"""How far a scan is: a bar on a terminal, a line for each host elsewhere."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol, TextIO

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from auditor.model.snapshot import HostSnapshot
from auditor.render.visible import safe, visible


class Observer(Protocol):
    """What the collector tells: always from one thread."""

    def started(self, name: str) -> None: ...

    def finished(self, host: HostSnapshot) -> None: ...

    def done(self) -> None: ...


@contextmanager
def progress(total: int, stream: TextIO) -> Iterator[Observer]:
    """Show the visits to ``total`` hosts on ``stream``; nothing of the bar is left when they are over."""
    observer = _Bar(total, stream) if _can_move(stream) else _Lines(total, stream)
    try:
        yield observer
    finally:
        observer.done()


def _can_move(stream: TextIO) -> bool:
    return stream.isatty() and os.environ.get("TERM", "dumb") != "dumb"


class _Lines:
    def __init__(self, total: int, stream: TextIO) -> None:
        self._total = total
        self._stream = stream
        self._ended = 0

    def started(self, name: str) -> None:
        pass

    def finished(self, host: HostSnapshot) -> None:
        self._ended += 1
        print(visible(f"{self._ended}/{self._total} {_outcome(host)}"), file=self._stream, flush=True)

    def done(self) -> None:
        pass


class _Bar:
    def __init__(self, total: int, stream: TextIO) -> None:
        self._under_way: dict[str, None] = {}
        self._console = Console(file=stream, markup=False, highlight=False, emoji=False)
        self._bar = Progress(
            BarColumn(bar_width=24),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TextColumn("{task.description}", markup=False),
            console=self._console,
            transient=True,
            redirect_stdout=False,
            redirect_stderr=False,
        )
        self._task = self._bar.add_task("", total=total)
        self._bar.start()

    def started(self, name: str) -> None:
        self._under_way[name] = None
        self._describe()

    def finished(self, host: HostSnapshot) -> None:
        self._under_way.pop(host.name, None)
        if host.status != "ok":
            self._bar.console.print(safe(_outcome(host)), soft_wrap=True)
        self._bar.advance(self._task)
        self._describe()

    def done(self) -> None:
        self._bar.stop()

    def _describe(self) -> None:
        names = list(self._under_way)
        more = f" +{len(names) - 3}" if len(names) > 3 else ""
        self._bar.update(self._task, description=visible(", ".join(names[:3]), limit=60) + more)


def _outcome(host: HostSnapshot) -> str:
    """``ld1 ok``, or what is wrong, where, and what to do next."""
    if host.status == "ok":
        return f"{host.name} ok"
    message = host.errors[0].message if host.errors else host.status
    about = f"{host.name}: "
    return f"{host.name} {host.status}: {message.removeprefix(about)}"
