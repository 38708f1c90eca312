"""Where a value stands, and what is said when there is none."""

from __future__ import annotations

from auditor.model.record import record


@record
class At:
    """A place in the evidence.

    ``source`` is a path or a command line. ``line`` and ``column`` count from 1,
    columns in characters of the decoded text; ``end_column`` is one past the last.
    """

    host: str
    source: str
    line: int | None = None
    column: int | None = None
    end_column: int | None = None

    def __str__(self) -> str:
        """``ld1:/etc/ha.d/ldirectord.cf:14``; without the parts that are not known."""
        place = f"{self.host}:{self.source}" if self.host else self.source
        return place if self.line is None else f"{place}:{self.line}"


@record
class Prose:
    """One sentence in both languages of the reports."""

    en: str
    zh: str


@record
class Unknown:
    """Could not look, or could not understand. A rule that meets one can only become unknown."""

    why: Prose
    at: At | None = None


@record
class Unparsed:
    """A line that is neither blank nor comment and that the grammar has no words for."""

    text: str
    at: At


@record
class Diagnostic:
    """What the reading daemon, or the reader, thinks of one place.

    ``error``: the daemon refuses; ``warning``: it reads something else than stands there;
    ``info``: accepted, but worth a word. ``code`` is stable and machine-readable.
    """

    severity: str
    code: str
    message: Prose
    at: At
