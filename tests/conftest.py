"""What all tests share."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable

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


def require(missing: str) -> None:
    """Skip the test for what is missing here; under CI fail, since there it must be present."""
    if os.environ.get("CI"):
        pytest.fail(f"{missing}, and CI must have it")
    pytest.skip(missing)
