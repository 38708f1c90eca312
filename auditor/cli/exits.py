"""What the exit status says, in one place."""

from __future__ import annotations

OK = 0
FINDINGS = 1
USAGE = 2
INCOMPLETE = 3
REFUSED = 4
BUG = 5
INTERRUPTED = 130


class Failure(Exception):
    """The end of a verb: what went wrong, where, and what to do next; ``status`` for the shell."""

    def __init__(self, message: str, status: int = USAGE) -> None:
        super().__init__(message)
        self.message = message
        self.status = status
