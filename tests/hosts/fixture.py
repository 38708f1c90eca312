"""Fixtures: clusters of real servers. Tests that use them carry the marker ``sshd``."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterator, Mapping

import pytest

from tests.conftest import require
from tests.hosts.cluster import TOOLS, Cluster, start_cluster
from tests.hosts.runbook import cluster as describe


@pytest.fixture(scope="session")
def able_to_host(require_tool: Callable[[str], str]) -> None:
    """Root and the tools are there; else the test is skipped, and fails under CI."""
    for tool in TOOLS:
        require_tool(tool)
    if os.geteuid() != 0:
        require("only root can make namespaces")


@pytest.fixture(scope="session")
def cluster(able_to_host: None) -> Iterator[Cluster]:
    """The runbook's six hosts as printed, on CentOS 4. Shared by all tests: to be looked at, not to be changed."""
    with start_cluster(describe("printed")) as running:
        yield running


@pytest.fixture
def new_cluster(able_to_host: None) -> Iterator[Callable[..., Cluster]]:
    """Starts clusters for one test alone, which it may change: ``new_cluster("right", era="centos6")``."""
    with contextlib.ExitStack() as stack:

        def start(
            variant: str = "right", *, era: str | Mapping[str, str] = "centos4", only: str = ""
        ) -> Cluster:
            machines = [machine for machine in describe(variant) if not only or machine.name in only.split()]
            return stack.enter_context(start_cluster(machines, era=era))

        yield start
