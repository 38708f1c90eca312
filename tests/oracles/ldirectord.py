"""The real ldirectord 4.12 of Debian 12, its parser alone, in one Perl process for all files of a test run."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Self

from tests.oracles import UNPACKED

PROGRAM = UNPACKED / "usr/sbin/ldirectord"


class Ldirectord:
    """``ask`` gives what ``ldirectord.pl`` prints for the bytes of one file."""

    def __init__(self) -> None:
        self._folder = TemporaryDirectory(prefix="ldirectord-")
        folder = Path(self._folder.name)
        folder.chmod(0o711)  # the process is nobody once it runs
        self._file = folder / "ldirectord.cf"
        self._perl = subprocess.Popen(
            ["perl", Path(__file__).with_suffix(".pl"), PROGRAM],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            cwd=folder,
            env={"PATH": "/usr/bin:/bin", "LC_ALL": "C"},
        )

    def ask(self, content: bytes) -> dict[str, Any]:
        self._file.write_bytes(content)
        assert self._perl.stdin is not None
        assert self._perl.stdout is not None
        self._perl.stdin.write(f"{self._file}\n".encode())
        self._perl.stdin.flush()
        answer: dict[str, Any] = json.loads(self._perl.stdout.readline().decode())
        return answer

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._perl.communicate(timeout=10)
        self._folder.cleanup()
