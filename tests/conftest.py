"""What all tests share."""

from __future__ import annotations

import os
import shutil
import signal
from collections.abc import Callable, Iterator

import pytest

pytest_plugins = ["tests.hosts.fixture"]


@pytest.fixture(scope="session")
def require_tool() -> Callable[[str], str]:
    """The path of a program. Without it the test is skipped, but under CI it fails."""

    def find(name: str) -> str:
        path = shutil.which(name, path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin")
        if path is None:
            require(f"{name} is not installed")
        assert path is not None
        return path

    return find


@pytest.fixture
def linear() -> Iterator[None]:
    """Breaks the test off when it has used a minute of processor time, however busy the machine is: what is
    linear takes a second for a megabyte, what is quadratic takes hours."""

    def give_up(*_: object) -> None:
        pytest.fail("a minute of processor time: not linear")

    before = signal.signal(signal.SIGVTALRM, give_up)
    signal.setitimer(signal.ITIMER_VIRTUAL, 60)
    yield
    signal.setitimer(signal.ITIMER_VIRTUAL, 0)
    signal.signal(signal.SIGVTALRM, before)


def require(missing: str) -> None:
    """Skip the test for what is missing here; under CI fail, since there it must be present."""
    if os.environ.get("CI"):
        pytest.fail(f"{missing}, and CI must have it")
    pytest.skip(missing)
