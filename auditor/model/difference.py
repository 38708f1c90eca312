"""What is so on a host or in a cluster, statement by statement, and how two of those lists differ."""

from __future__ import annotations

from auditor.model.findings import Report
from auditor.model.place import At, Unknown
from auditor.model.record import record


@record
class Statement:
    """``value`` is what the thing called ``name`` is, in one line that is the same whenever it means the same.

    ``subject``: a host, or a cluster by its name. ``area``: a key of words.py with ``area_`` in front.
    """

    subject: str
    area: str
    name: str
    value: str
    at: At | None = None


@record
class Blank:
    """An area of a subject of which nothing, or not all, is known."""

    subject: str
    area: str
    why: Unknown


@record
class Meaning:
    """All that is known of a run, by meaning."""

    statements: tuple[Statement, ...]
    blanks: tuple[Blank, ...]


@record
class Change:
    """``before`` and ``after``: None where there is no such thing."""

    before: Statement | None
    after: Statement | None

    @property
    def about(self) -> Statement:
        found = self.after or self.before
        assert found is not None
        return found


@record
class TextChange:
    """A unified diff, without its head, of a file of which more than what was found to mean something else differs."""

    host: str
    path: str
    lines: tuple[str, ...]


@record
class Difference:
    """``new``: the later report, with the earlier one as its baseline. ``blanks``: what could not be compared."""

    new: Report
    changes: tuple[Change, ...]
    blanks: tuple[Blank, ...]
    texts: tuple[TextChange, ...]

    @property
    def found(self) -> bool:
        """Whether anything differs."""
        baseline = self.new.baseline
        moved = baseline is not None and (baseline.new or baseline.changed or baseline.fixed)
        return bool(self.changes or self.texts or moved)

    @property
    def complete(self) -> bool:
        return not self.blanks and not (self.new.baseline and self.new.baseline.unseen)
