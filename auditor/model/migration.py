"""The modern cluster that stands for a legacy one, and what became of every value of the old."""

from __future__ import annotations

from auditor.model.findings import Finding
from auditor.model.place import At, Prose
from auditor.model.record import record

TARGETS = ("debian-12", "el9")
FATES = ("decide", "invented", "lost", "changed", "kept")


@record
class Row:
    """One value of the old configuration and its fate, one of FATES.

    ``value``: as it was written; ``at``: where. An ``invented`` one has neither, since nothing of the old
    configuration says so. ``path`` and ``text``: the new file, below the output folder, and what stands in
    it word for word; both None where nothing does.
    """

    fate: str
    host: str
    value: str
    why: Prose | None
    at: At | None = None
    path: str | None = None
    text: str | None = None


@record
class NewFile:
    """``path``: below the output folder. ``mode``: octal; nothing is ever executable."""

    path: str
    text: str
    mode: str = "0644"


@record
class Hole:
    """A host that the new cluster needs and that nobody could read: it has no files here."""

    name: str
    why: Prose


@record
class Inhibitor:
    """A finding that makes a migration unsafe. Its state is fail, or unknown where nobody could tell."""

    finding: Finding
    reason: Prose


@record
class Aspect:
    """One thing about the cluster, as it is and as it will be."""

    name: Prose
    before: Prose
    after: Prose


@record
class Step:
    """``where``: hosts, or empty for wherever the operator sits. ``commands``: for people to read and then run."""

    title: Prose
    where: tuple[str, ...]
    commands: tuple[str, ...]


@record
class Migration:
    """All of one cluster. ``ha``: pacemaker or none. ``rows`` in the order of hosts, files and lines."""

    cluster: str
    target: str
    ha: str
    inhibitors: tuple[Inhibitor, ...]
    holes: tuple[Hole, ...]
    aspects: tuple[Aspect, ...]
    steps: tuple[Step, ...]
    verify: tuple[Step, ...]
    back: tuple[Step, ...]
    rows: tuple[Row, ...]
    files: tuple[NewFile, ...]
