"""Programs run by real shells on a real tree: /etc and single tools of a mount namespace are ours."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

MARKER = "m4rk3rm4rk3rm4rk3rm4rk3rm4rk3r"
SHELLS = ("dash", "bash", "busybox")
NOBODY = 65534
TOOLS = ("awk", "cat", "date", "find", "grep", "head", "ip", "ls", "ps", "sed", "tar", "tr", "uname")

Run = Callable[..., bytes]


@pytest.fixture
def etc(tmp_path: Path) -> Path:
    """An empty /etc that still knows the names of users, and which awk is in use."""
    root = tmp_path / "etc"
    root.mkdir(mode=0o755)
    tmp_path.chmod(0o755)
    for name in ("passwd", "group"):
        shutil.copy(f"/etc/{name}", root / name)
    if Path("/etc/alternatives").is_dir():
        shutil.copytree("/etc/alternatives", root / "alternatives", symlinks=True)
    return root


@pytest.fixture
def run(etc: Path) -> Run:
    """Run a program with ``etc`` as /etc and the files of ``over`` in place of others; its standard output."""
    namespace = ["unshare", "--mount"] if os.geteuid() == 0 else ["unshare", "--map-root-user", "--mount"]
    if (
        shutil.which("unshare") is None
        or subprocess.run([*namespace, "true"], capture_output=True).returncode
    ):
        pytest.skip("needs unshare and the right to use it")

    def run_program(
        program: bytes, shell: str = "dash", *, over: Mapping[str, Path] = {}, user: int = 0, setup: str = ""
    ) -> bytes:
        if shutil.which(shell) is None:
            pytest.skip(f"{shell} is not installed")
        if user and os.geteuid() != 0:
            pytest.skip("only root can become somebody else")
        binds = "".join(f"mount --bind {shlex.quote(str(ours))} {theirs}\n" for theirs, ours in over.items())
        become = f"setpriv --reuid {user} --regid {user} --clear-groups " if user else ""
        if shell == "busybox":
            # Its shell, but not its own tools, which it would take in spite of PATH.
            shell = "busybox sh"
            ours = "".join(f'{tool}() {{ /usr/bin/env {tool} "$@"; }}\n' for tool in TOOLS)
            program = ours.encode() + program.replace(b"( exec ", b"( ")
        script = f"set -e\nmount --bind {shlex.quote(str(etc))} /etc\n{binds}{setup}\nexec {become}{shell} -s"
        answer = subprocess.run(
            [*namespace, "sh", "-c", script], input=program, capture_output=True, timeout=60
        )
        assert answer.returncode == 0, answer.stderr
        assert answer.stderr == b""
        return answer.stdout

    return run_program
