"""Formats in which every line is a row of its own kind and nothing more."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from auditor.model.facts import Document, Heading, Reading
from auditor.parse.draft import Draft
from auditor.parse.grammar import Line, read_lines

_SILENT = frozenset({"BLANK", "COMMENT"})


def read_rows(
    name: str, document: Document, rows: Mapping[str, Callable[[Line], Any]], *, grammar: str | None = None
) -> Reading[tuple[Any, ...]]:
    """Each line becomes what the function of its tag makes of it; None, and tags without one, mean Unparsed.

    A ``TITLE`` is a ``Heading``. The value is the rows, in order, without headings. ``grammar``: where it is not
    called like the format.
    """
    draft = Draft(name, document)
    made: list[Any] = []
    for line in read_lines(grammar or name, document):
        make = rows.get(line.tag)
        fact = make(line) if make is not None else None
        if fact is not None:
            made.append(fact)
            draft.facts.append(fact)
        elif line.tag.endswith("TITLE"):
            draft.facts.append(heading(line))
        elif line.tag not in _SILENT:
            draft.leave(line)
    return draft.finish(tuple(made))


def heading(line: Line) -> Heading:
    """A line that only names what stands below it."""
    return Heading(text=line.text.strip(), at=line.at())
