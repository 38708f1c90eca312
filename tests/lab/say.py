"""What the lab tells the one who waits for it."""

from __future__ import annotations

import sys
import time

_BEGUN = time.monotonic()


def say(text: str) -> None:
    print(f"lab {time.monotonic() - _BEGUN:6.1f} s  {text}", file=sys.stderr, flush=True)
