"""The real heartbeat 3.0.6 of Debian 12 on a host of its own: does it start with these files?"""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Self

from tests.oracles import UNPACKED

PROGRAM = UNPACKED / "usr/libexec/heartbeat/heartbeat"

HA_CF = b"node h1 h2\nbcast eth0\nauto_failback on\n"
HARESOURCES = b"h1 10.0.0.9\n"
AUTHKEYS = b"auth 1\n1 crc\n"
"""Files that it starts with on the host h1, whose one interface is eth0."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """``said``: its messages up to the verdict. ``groups``: the words of each group as ResourceManager has them."""

    accepted: bool
    said: tuple[str, ...]
    groups: tuple[tuple[str, ...], ...]


class Heartbeat:
    """``ask`` starts it once, which takes a tenth of a second."""

    def __init__(self) -> None:
        self._folder = TemporaryDirectory(prefix="heartbeat-")
        command = ["sh", Path(__file__).with_suffix(".sh"), self._folder.name, UNPACKED]
        self._shell = subprocess.Popen(
            ["unshare", "--mount", "--net", "--pid", "--fork", "--uts", "--ipc", "--kill-child", *command],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C"},
        )

    def ask(
        self, *, ha_cf: bytes = HA_CF, haresources: bytes = HARESOURCES, authkeys: bytes = AUTHKEYS
    ) -> Verdict:
        for name, content in (("ha.cf", ha_cf), ("haresources", haresources), ("authkeys", authkeys)):
            (Path(self._folder.name) / name).write_bytes(content)
        assert self._shell.stdin is not None
        assert self._shell.stdout is not None
        self._shell.stdin.write(b"go\n")
        self._shell.stdin.flush()
        said: list[str] = []
        groups: list[tuple[str, ...]] = []
        while (line := self._shell.stdout.readline()) != b"===\n":
            if not line:
                raise RuntimeError(f"heartbeat's host is gone: {said}")
            text = line.decode("utf-8", "surrogateescape").removesuffix("\n")
            if text.startswith("== "):
                groups.append(tuple(word for word in text[3:].split(" ") if word))
            else:
                said.append(text)
        return Verdict(
            accepted="accepted" in said,
            said=tuple(said),
            groups=tuple(groups),
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        assert self._shell.stdin is not None
        self._shell.stdin.close()
        self._shell.wait(10)
        assert self._shell.stdout is not None
        self._shell.stdout.close()
        self._folder.cleanup()
