"""What is so on a host or in a cluster, statement by statement, and how two of those lists differ."""

from __future__ import annotations

from dataclasses import dataclass

from auditor.model.findings import Report
from auditor.model.place import At, Unknown


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """``value`` is what the thing called ``name`` is, in one line that is the same whenever it means the same.

    ``subject``: a host, or a cluster by its name. ``area``: a key of words.py with ``area_`` in front.
    """

    subject: str
    area: str
    name: str
    value: str
    at: At | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Blank:
    """An area of a subject of which nothing, or not all, is known."""

    subject: str
    area: str
    why: Unknown


@dataclass(frozen=True, slots=True, kw_only=True)
class Meaning:
    """All that is known of a run, by meaning."""

    statements: tuple[Statement, ...]
    blanks: tuple[Blank, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """``before`` and ``after``: None where there is no such thing."""

    before: Statement | None
    after: Statement | None

    @property
    def about(self) -> Statement:
        found = self.after or self.before
        assert found is not None
        return found


@dataclass(frozen=True, slots=True, kw_only=True)
class TextChange:
    """A unified diff, without its head, of a file of which more than what was found to mean something else differs."""

    host: str
    path: str
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
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
