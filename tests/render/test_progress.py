"""How far a scan is, on a terminal and elsewhere."""

from __future__ import annotations

import io

import pytest

from auditor.model.snapshot import HostError, HostSnapshot
from auditor.render.progress import Observer, progress
from tests.render.test_console import OURS, orders

GONE = HostError(host="rs4", stage="connect", code="timeout", message="rs4: no answer \x1b[2Jwithin 10 s")


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def visit(observer: Observer) -> None:
    for name in ("ld1", "rs4"):
        observer.started(name)
    observer.finished(HostSnapshot(id="ld1", name="ld1", address="10.0.0.1", status="ok"))
    observer.finished(
        HostSnapshot(id="rs4", name="rs4", address="10.0.0.4", status="timeout", errors=(GONE,))
    )


def test_a_line_for_each_host() -> None:
    out = io.StringIO()
    with progress(2, out) as observer:
        visit(observer)
    assert out.getvalue() == "1/2 ld1 ok\n2/2 rs4 timeout: no answer ␛[2Jwithin 10 s\n"


def test_a_terminal_that_cannot_move_gets_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "dumb")
    out = Terminal()
    with progress(2, out) as observer:
        visit(observer)
    assert out.getvalue().count("\n") == 2
    assert "\x1b" not in out.getvalue()


def test_a_bar_on_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("COLUMNS", "100")
    out = Terminal()
    with progress(2, out) as observer:
        visit(observer)
    text = out.getvalue()
    assert "2/2" in text
    assert "rs4 timeout: no answer ␛[2Jwithin 10 s" in text
    assert "ld1 ok" not in text
    moves = {"carriage_return", "cursor_up", "erase_in_line", "set_mode", "reset_mode"}
    assert orders(text) <= OURS | moves


def test_the_bar_ends_when_the_run_is_broken_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    out = Terminal()

    def broken_off() -> None:
        with progress(2, out) as observer:
            observer.started("ld1")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        broken_off()
    assert out.getvalue().rstrip().endswith("\x1b[2K") or "\x1b[?25h" in out.getvalue()
