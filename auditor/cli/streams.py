"""Data goes to standard output, everything else to standard error."""

from __future__ import annotations

import json
import os
import sys
from io import TextIOWrapper
from typing import Any


def say(text: str) -> None:
    """Lines on standard error; what a host or a file had a part in is made harmless first."""
    from auditor.render.visible import visible

    for line in text.split("\n"):
        print(visible(line), file=sys.stderr)


def write_json(value: Any) -> None:
    as_utf8()
    json.dump(value, sys.stdout, ensure_ascii=False, indent=2)
    sys.stdout.write("\n")


def as_utf8() -> None:
    """JSON and HTML are UTF-8 with plain newlines, whatever the locale."""
    if isinstance(sys.stdout, TextIOWrapper):
        sys.stdout.reconfigure(encoding="utf-8", newline="\n")


def open_all() -> None:
    """A standard stream that was closed would be taken by the next file or connection that is opened."""
    while (number := os.open(os.devnull, os.O_RDWR)) <= 2:
        pass
    os.close(number)
    sys.stdout = sys.stdout or open(1, "w", closefd=False)  # noqa: SIM115
    sys.stderr = sys.stderr or open(2, "w", closefd=False)  # noqa: SIM115
    if isinstance(sys.stdout, TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")


def drop_output() -> None:
    """Whoever reads our output has left; nothing may be written to it any more, not even by Python at its end."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except OSError:
            os.dup2(nowhere, stream.fileno())
    os.close(nowhere)
