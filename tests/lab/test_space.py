"""Nothing of the lab outlives the program that holds it, however that ends."""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.sshd

HOLD = """
import sys
from pathlib import Path
from tests.lab.space import Space
space = Space(Path(sys.argv[1]))
print(space.pid, flush=True)
sys.stdin.read()
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_a_program_that_is_killed_leaves_nothing(able_to_host: None, tmp_path: Path, number: int) -> None:
    work = tmp_path / "work"
    work.mkdir()
    (work / "rs1.console").write_text("a node was here")
    command = [sys.executable, "-c", HOLD, str(work)]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL}
    with subprocess.Popen(command, **pipes) as holder:  # type: ignore[call-overload]
        first = os.pidfd_open(int(holder.stdout.readline()))
        holder.send_signal(number)
    with os.fdopen(first):
        assert select.select([first], [], [], 60)[0], "the first process of the namespaces is still there"
    assert not work.exists()
